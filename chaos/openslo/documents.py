"""The documents of an OpenSLO file, read and told apart; every refusal names file, document and field."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import ValidationError

from chaos.errors import SettingsError
from chaos.openslo.schema import Head, Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails

P = TypeVar("P", bound=Part)
_LONGEST_ECHO = 60


def refusal(where: object, reason: str) -> SettingsError:
    """Why a file cannot be used, on one line whatever is in it."""
    return SettingsError("".join(c if c.isprintable() else " " for c in f"--slo: {where}: {reason}"))


@dataclass(frozen=True)
class Document:
    """One document whose kind and name are known."""

    file: Path
    content: Any
    head: Head

    def __str__(self) -> str:
        return f"{self.file}: {self.head.kind} {self.head.metadata.name}"

    def read(self, model: type[P]) -> P:
        """The document as what it is.

        Raises:
            SettingsError: it is not that, or has what is not supported.
        """
        return _validated(model, self.content, str(self))


def read_documents(file: Path) -> tuple[Document, ...]:
    """The documents in a YAML file, in order.

    Raises:
        SettingsError: it cannot be read, is no YAML, has nothing in it, or what is in it is not OpenSLO v1.
    """
    contents = [(n, content) for n, content in enumerate(_parsed(file), 1) if content is not None]
    if not contents:
        raise refusal(file, "it is empty; docs/examples/echo-slo.yaml is an example of an SLO")
    return tuple(_document(file, number, content) for number, content in contents)


def _document(file: Path, number: int, content: Any) -> Document:
    if not isinstance(content, dict):
        wanted = "must be a mapping with apiVersion, kind, metadata and spec; --- separates documents"
        raise refusal(f"{file}: document {number}", wanted)
    return Document(file, content, _validated(Head, content, f"{file}: {_called(content) or f'document {number}'}"))


def _called(content: dict[Any, Any]) -> str:
    """Kind and name of a document that may have neither."""
    metadata = content.get("metadata")
    kind, name = content.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None
    return f"{kind} {name}" if isinstance(kind, str) and isinstance(name, str) and name else ""


def _parsed(file: Path) -> list[Any]:
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise refusal(file, "there is no such file; a path counts from the folder in which pytest is started") from None
    except OSError as error:
        raise refusal(file, f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # no UTF-8, or a name that no file can have
        raise refusal(file, f"cannot be read: {error}") from None
    try:
        return _loaded(file, text)
    except yaml.MarkedYAMLError as error:
        raise refusal(_place(file, error.problem_mark or error.context_mark), error.problem or "no YAML") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # what PyYAML lets through of scalars that are not what they look like, such as !!int x, and of deep nesting
        raise refusal(file, f"cannot be read as YAML: {error}") from None


def _place(file: Path, mark: yaml.Mark | None) -> str:
    return f"{file}: line {mark.line + 1}, column {mark.column + 1}" if mark else str(file)


def _loaded(file: Path, text: str) -> list[Any]:
    """The documents as plain data; a key that is there twice is refused: PyYAML would keep the last in silence."""
    for key in _repeated(text):
        raise refusal(_place(file, key.start_mark), f"the key {key.value!r} is there twice")
    return list(yaml.safe_load_all(text))


def _repeated(text: str) -> Iterator[yaml.ScalarNode]:
    nodes: list[yaml.Node] = list(yaml.compose_all(text, yaml.SafeLoader))
    visited = set[int]()
    while nodes:
        node = nodes.pop()
        if id(node) in visited or not isinstance(node, yaml.CollectionNode):
            continue  # an alias may lead back to what it is in
        visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from _repeated_keys([key for key, _ in node.value])
            nodes += [value for _, value in node.value]
        else:
            nodes += node.value


def _repeated_keys(keys: list[yaml.Node]) -> Iterator[yaml.ScalarNode]:
    seen = set[str]()
    for key in keys:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key
            seen.add(key.value)


def _validated(model: type[P], content: Any, where: str) -> P:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise refusal(where, f"{_path(detail['loc'])}{_reason(detail)}") from None


def _path(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return f"{path}: " if path else ""


def _reason(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"OpenSLO v1 has no such field{_meant(str(detail['loc'][-1]))}"
        case "string_type":
            return "must be text; put it in quotes"
        case "literal_error" | "enum":
            return f"must be {detail['ctx']['expected']}, not {_shown(detail['input'])}"
        case _:
            return detail["msg"].replace("Input should be", "must be")


def _meant(name: str) -> str:
    known = {field.alias for model in Part.__subclasses__() for field in model.model_fields.values() if field.alias}
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_ECHO else f"{shown[:_LONGEST_ECHO]}..."
