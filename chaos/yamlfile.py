"""A YAML file that a user wrote, as plain data that knows where each part of it is written.

Loaded safely: no tag makes an object, and what a small text would blow up to is refused before it is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import ConstructorError

from chaos.errors import ChaosError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MOST_BYTES = 1 << 20
_MOST_WRITTEN = 20_000
"""Keys, values, lists and mappings that are written in a file, aliases too: PyYAML takes seconds for so many."""
_DEEPEST = 50
"""Levels of lists and mappings in each other; PyYAML goes through them by recursion."""
_TOO_DEEP = f"is nested deeper than {_DEEPEST} levels"
_MOST_NODES = 100_000
"""Of one document, each alias counted as all that it stands for: ten lines of aliases can stand for billions."""
_UNKNOWN = -1


@dataclass(frozen=True)
class Place:
    """Where in a file: both numbers count from 1."""

    line: int
    column: int

    @classmethod
    def of(cls, mark: yaml.Mark) -> Place:
        """The place of one of PyYAML's marks, which count from 0."""
        return cls(mark.line + 1, mark.column + 1)


class YamlFileError(ChaosError):
    """A file that cannot be read, or is no YAML that is accepted here; with the place, where there is one."""

    def __init__(self, reason: str, place: Place | None = None) -> None:
        super().__init__(reason)
        self.place = place


@dataclass(frozen=True)
class Written:
    """One document."""

    content: Any
    """None for an empty one."""
    _node: yaml.Node | None

    def place(self, path: Sequence[int | str], *, key: bool = False) -> Place:
        """Where what is at ``path`` is written, with ``key`` its key; of what is not written, what it should be in."""
        node, begin = self._node, Place(1, 1)
        for step in path:
            if (found := _within(node, step)) is None:
                break
            before, node = found
            begin = Place.of((before if key else node).start_mark)
        return begin if path or node is None else Place.of(node.start_mark)


def _within(node: yaml.Node | None, step: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key and the value at ``step``; an item of a list is its own key."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in node.value if pair[0].value == str(step)), None)
    return None


def read_text(file: Path) -> str:
    """The file's text.

    Raises:
        YamlFileError: it cannot be read, or is too large.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise YamlFileError(f"is larger than {_MOST_BYTES >> 20} MiB: nobody wrote that by hand")
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise YamlFileError("there is no such file; a path counts from the folder in which pytest is started") from None
    except OSError as error:
        raise YamlFileError(f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # no UTF-8, or a name that no file can have
        raise YamlFileError(f"cannot be read: {error}") from None


def parse(text: str) -> list[Written]:
    """The documents of a text, in order.

    Raises:
        YamlFileError: it is no YAML, has a key twice (PyYAML would keep the last in silence), is nested too deeply, or
            has or stands for too much.
    """
    _refuse_too_much(text)
    try:
        return [_written(node) for node in yaml.compose_all(text, yaml.SafeLoader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlFileError(error.problem or "no YAML", Place.of(mark) if mark else None) from None
    except RecursionError:
        raise YamlFileError(_TOO_DEEP) from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        # what PyYAML lets through of scalars that are not what they look like, such as !!int x
        raise YamlFileError(f"cannot be read as YAML: {error}") from None


def contents(file: Path) -> list[Any]:
    """What a file's documents hold, in order, without the empty ones.

    Raises:
        YamlFileError: as ``read_text`` and ``parse``; one line that says where, but not in which file.
    """
    try:
        return [document.content for document in parse(read_text(file)) if document.content is not None]
    except YamlFileError as error:
        where = f", line {error.place.line}, column {error.place.column}" if error.place else ""
        raise YamlFileError(f"{' '.join(str(error).split())}{where}", error.place) from None


def _refuse_too_much(text: str) -> None:
    """Look at the text's events, in a fifth of the time that its nodes take, up to the first that is too much."""
    written = depth = 0
    try:
        for event in yaml.parse(text, _Events):
            written += isinstance(event, yaml.NodeEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if written > _MOST_WRITTEN:
                raise YamlFileError(f"has more than {_MOST_WRITTEN:,} values", _begin(event))
            if depth > _DEEPEST:
                raise YamlFileError(_TOO_DEEP, _begin(event))
    except yaml.MarkedYAMLError as error:
        if "nesting" in str(error):  # libyaml reads ahead, and has a bound of its own, of a thousand
            raise YamlFileError(_TOO_DEEP, _begin(error)) from None
    except yaml.YAMLError:
        pass  # told with its place by who reads it whole


def _begin(found: Any) -> Place | None:
    """Where an event or an error is."""
    mark = getattr(found, "start_mark", None) or getattr(found, "problem_mark", None)
    return Place.of(mark) if mark else None


_Events = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where there is one: it is faster, and no recursion."""


def _written(node: yaml.Node) -> Written:
    if _size(node, {}) > _MOST_NODES:
        raise YamlFileError(f"stands for more than {_MOST_NODES:,} values", Place.of(node.start_mark))
    for key in _repeated(node):
        raise YamlFileError(f"the key {key.value!r} is there twice", Place.of(key.start_mark))
    return Written(_Constructor().construct_document(node), node)


class _Constructor(yaml.constructor.SafeConstructor):
    """Says where a scalar is that is not what its tag says, such as the date 2026-13-01."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyYAML's own
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise ConstructorError(None, None, f"cannot be read as YAML: {error}", node.start_mark) from None


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes it stands for once every alias is followed."""
    if id(node) not in known:
        known[id(node)] = _UNKNOWN
        known[id(node)] = 1 + sum(min(_size(inner, known), _MOST_NODES) for inner in _inside(node))
    if known[id(node)] == _UNKNOWN:
        raise YamlFileError("an alias stands for what it is in", Place.of(node.start_mark))
    return known[id(node)]


def _inside(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _repeated(root: yaml.Node) -> Iterator[yaml.ScalarNode]:
    nodes, visited = [root], set[int]()
    while nodes:
        node = nodes.pop()
        if id(node) in visited:
            continue  # several aliases may stand for it
        visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from _repeated_keys([key for key, _ in node.value])
        nodes += _inside(node)


def _repeated_keys(keys: list[yaml.Node]) -> Iterator[yaml.ScalarNode]:
    seen = set[str]()
    for key in keys:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key
            seen.add(key.value)
