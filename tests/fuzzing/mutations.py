"""Damage: of bytes anywhere, and of a document's structure, which survives what only bytes would not."""

from __future__ import annotations

import copy
import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Mutation = Callable[[bytes, Random], bytes]

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, float("inf"), float("nan"),
    "", " ", "0", "-1", "null", "zone1", "echo", "a" * 5000, "\x00", "\ud800", "\n\r\x85\u2028", "é😀",
    "../../etc/passwd", "${jndi}", "{{7*7}}", "%s%n", "'; drop table runs;--", "<script>", "1e999", "9" * 5000,
    "2026-13-01", "10s", "-5s",
    [], {}, [[]], [None], {"": {}}, {"a": [{"b": None}]}, ["zone1"] * 50, {"type": "x", "name": "y"},
)  # fmt: skip
"""What stands in place of a value: of other types, at bounds of numbers, and texts that mean something elsewhere."""
_WRITTEN = (json.dumps(value) for value in STRANGE)
_TOKENS = (
    *(text.encode() for text in _WRITTEN if len(text) < 1000), b"\xff\xfe", b"\xef\xbb\xbf", b"&a ", b"*a", b"<<: ",
    b"!!python/object ", b"!!int x", b"---\n", b"\t", b"[" * 200, b"{a: " * 200,
)  # fmt: skip
_CHUNK, _CUT = 64, 0.05


def damaged_bytes(content: bytes, random: Random) -> bytes:
    """One to eight small damages anywhere."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 4, 8))):
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + random.randint(1, _CHUNK))
        was = bytes(data[at:end])
        damages = (
            bytes([was[0] ^ 1 << random.randrange(8)]) + was[1:] if was else b"",
            random.randbytes(1) + was[1:],
            b"",
            was * random.randint(2, 5),
            random.choice(_TOKENS),
            random.choice(_TOKENS) + was,
            random.randbytes(random.randint(1, 8)) + was,
        )
        data[at:end] = random.choice(damages)
        if random.random() < _CUT:
            del data[at:]
    return bytes(data)


def damaged_json(content: bytes, random: Random) -> bytes:
    """A document that is JSON still, with one to four other values, keys or items in it."""
    return _dumped(damaged_tree(json.loads(content), random))


def damaged_json_lines(content: bytes, random: Random) -> bytes:
    """The same of one line, with a new CRC-32 before it where it had one: what a journal's reader then believes."""
    lines = content.splitlines()
    number = random.randrange(len(lines))
    crc, _, text = lines[number].partition(b" ")
    if crc == f"{zlib.crc32(text):08x}".encode():
        text = _dumped(damaged_tree(json.loads(text), random))
        lines[number] = f"{zlib.crc32(text):08x} ".encode() + text
    return b"\n".join(lines) + b"\n"


def damaged_yaml(content: bytes, random: Random) -> bytes:
    """YAML still, of several documents maybe; as JSON often, which is YAML."""
    documents = list(yaml.safe_load_all(content)) or [None]
    number = random.randrange(len(documents))
    documents[number] = damaged_tree(documents[number], random)
    if random.random() < 0.1:
        documents.append(copy.deepcopy(random.choice(documents)))
    with suppress(ValueError, yaml.YAMLError, RecursionError):
        return yaml.safe_dump_all(documents, allow_unicode=True).encode("utf-8", "surrogatepass")
    return b"\n---\n".join(_dumped(document) for document in documents)


def damaged_tree(tree: Any, random: Random) -> Any:
    """A copy with one to four other values, keys or items in it."""
    root = [copy.deepcopy(tree)]
    for _ in range(random.choice((1, 1, 2, 4))):
        places = list(_places(root))
        holder, key = random.choice(places)
        match random.randrange(6):
            case 0 if isinstance(holder, dict):
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[str(random.choice(STRANGE))[:40]] = random.choice(STRANGE)
            case 2 if isinstance(holder, list) and holder is not root:
                holder.insert(random.randrange(len(holder) + 1), copy.deepcopy(random.choice(STRANGE)))
            case 3:
                other, elsewhere = random.choice(places)
                holder[key] = copy.deepcopy(other[elsewhere])
            case _:
                holder[key] = copy.deepcopy(random.choice(STRANGE))
    return root[0]


def _places(root: list[Any]) -> list[tuple[Any, Any]]:
    """Every value, by what holds it."""
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting and len(found) < 5000:
        holder = waiting.pop()
        keys: Sequence[Any] = list(holder) if isinstance(holder, dict) else range(len(holder))
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return found


def _dumped(document: Any) -> bytes:
    return json.dumps(document, default=str).encode()
