"""The documents of an OpenSLO file, read and told apart; every refusal names file, document and field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from chaos.errors import SettingsError
from chaos.openslo.schema import Head, Part
from chaos.wording import meant, path, reason
from chaos.yamlfile import YamlFileError, parse, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

P = TypeVar("P", bound=Part)


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
        return [document.content for document in parse(read_text(file))]
    except YamlFileError as error:
        place = error.place
        raise refusal(f"{file}: line {place.line}, column {place.column}" if place else file, str(error)) from None


def _validated(model: type[P], content: Any, where: str) -> P:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        place = path(detail["loc"])
        raise refusal(where, f"{place}: {_reason(detail)}" if place else _reason(detail)) from None


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return f"OpenSLO v1 has no such field{meant(str(detail['loc'][-1]), _fields())}"
    return reason(detail)


def _fields() -> set[str]:
    return {field.alias for model in Part.__subclasses__() for field in model.model_fields.values() if field.alias}
