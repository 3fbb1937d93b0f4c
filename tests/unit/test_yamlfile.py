"""YAML of users: data with its places, and nothing that is more than it looks like."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from chaos.yamlfile import Place, YamlFileError, contents, parse, read_text

TEXT = """\
# an experiment
name: double
faults:
  - {fault: a, zone: zone1}
  - fault: b
    zone: zone2
"""


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        ((), False, (2, 1)),
        (("name",), False, (2, 7)),
        (("name",), True, (2, 1)),
        (("faults", 0), False, (4, 5)),
        (("faults", 0, "zone"), False, (4, 22)),
        (("faults", 1, "zone"), True, (6, 5)),
        (("faults", 1, "missing"), False, (5, 5)),
        (("faults", 7, "zone"), False, (4, 3)),
        (("missing",), False, (1, 1)),
    ],
)
def test_each_part_knows_where_it_is_written(path: tuple[str | int, ...], key: bool, place: tuple[int, int]) -> None:
    (document,) = parse(TEXT)
    assert document.place(path, key=key) == Place(*place)


def test_documents_are_told_apart_and_an_empty_one_is_none() -> None:
    assert [document.content for document in parse("a: 1\n---\n---\nb: 2\n")] == [{"a": 1}, None, {"b": 2}]


def test_a_billion_laughs_are_refused_before_they_are_built() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    began = time.monotonic()
    with pytest.raises(YamlFileError, match="stands for more than 100,000 values") as refused:
        parse("\n".join(lines))
    assert refused.value.place == Place(1, 1)
    assert time.monotonic() - began < 5, "found out by counting, not by building"


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "{a: " * 50_000, "".join(f"{' ' * n}a:\n" for n in range(1000)), "- " * 5000 + "a"]
)
def test_what_is_nested_too_deeply_is_refused_at_once_and_says_where(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(YamlFileError, match="is nested deeper than 50 levels") as refused:
        parse(text)
    assert refused.value.place is not None
    assert time.monotonic() - began < 2, "PyYAML itself takes 5 s to find out"


def test_fifty_levels_are_read() -> None:
    (document,) = parse("[" * 50 + "]" * 50)
    assert str(document.content) == "[" * 50 + "]" * 50


def test_more_than_anybody_writes_is_refused_before_it_is_built() -> None:
    began = time.monotonic()
    with pytest.raises(YamlFileError, match="has more than 20,000 values") as refused:
        parse("- a\n" * 200_000)
    assert refused.value.place == Place(20_000, 3)
    assert time.monotonic() - began < 2, "PyYAML itself takes 8 s"


def test_what_a_files_documents_hold_and_where_it_is_no_yaml(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1\n---\n---\nb: 2\n")
    assert contents(file) == [{"a": 1}, {"b": 2}]
    file.write_text("a: 1\na: 2\n")
    with pytest.raises(YamlFileError, match="the key 'a' is there twice, line 2, column 1"):
        contents(file)


def test_merges_that_double_each_time_are_refused_too() -> None:
    lines = ["a0: &a0 {k: 1}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40))]
    with pytest.raises(YamlFileError, match="stands for more than 100,000 values"):
        parse("\n".join(lines))


def test_a_few_aliases_and_merges_are_as_usual() -> None:
    (document,) = parse("base: &b {zone: zone1}\nlist: [*b, {<<: *b, fault: x}]\n")
    assert document.content["list"] == [{"zone": "zone1"}, {"zone": "zone1", "fault": "x"}]
    assert document.place(("list", 1, "zone")) == Place(1, 17), "where it is written, not where it is merged"


def test_no_tag_makes_an_object() -> None:
    with pytest.raises(YamlFileError, match="could not determine a constructor") as refused:
        parse("name: !!python/object/apply:os.system [true]\n")
    assert refused.value.place == Place(1, 7)


def test_a_key_twice_is_refused_where_it_is_again() -> None:
    with pytest.raises(YamlFileError, match="the key 'a' is there twice") as refused:
        parse("x:\n  - {a: 1, b: 2,\n     a: 3}\n")
    assert refused.value.place == Place(3, 6)


def test_what_only_looks_like_a_date_says_where() -> None:
    with pytest.raises(YamlFileError, match=r"cannot be read as YAML: month must be in 1\.\.12") as refused:
        parse("a: 1\nwhen: 2026-13-01\n")
    assert refused.value.place == Place(2, 7)


def test_a_file_that_nobody_wrote_by_hand_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text("a: 1\n" * 300_000)
    with pytest.raises(YamlFileError, match=re.escape("is larger than 1 MiB")):
        read_text(file)


def test_what_is_no_file_is_said() -> None:
    with pytest.raises(YamlFileError, match="there is no such file; a path counts from the folder"):
        read_text(Path("nowhere.yaml"))
