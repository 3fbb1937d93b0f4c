from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reports.archive import ArchiveError, dump, load, read, write
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.result import Result


@pytest.mark.parametrize("result", samples.run(), ids=lambda r: f"{r.scenario}-{r.zone}-{r.profile}")
def test_what_is_read_is_what_was_written(result: Result) -> None:
    again = load(dump(result))
    assert again == result
    assert again.figures == result.figures
    assert {type(f.key) for f in again.figures} == {type(f.key) for f in result.figures}


def test_nanoseconds_stay_whole_numbers() -> None:
    document = json.loads(dump(samples.delete_deployment()))
    injected = document["result"]["injected"]["low_ns"]
    assert injected == samples.START_NS + 3 * 10**9
    assert isinstance(injected, int)


def test_infinity_and_nan_survive_as_json_that_every_reader_takes() -> None:
    result = samples.delete_deployment()
    strange = replace(result.figures[0], burn_rate=math.inf, latency_p50_ms=math.nan)
    text = dump(replace(result, figures=(strange,)))
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    figures = load(text).figures[0]
    assert figures.burn_rate == math.inf
    assert math.isnan(figures.latency_p50_ms)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not an archived result"),
        ('{"format": "mesh-chaos-result", "ver', r"or a part of one \(.*\): copy it again"),
        ("[]", "not an archived result"),
        ('{"format": "other"}', "its format is not"),
        ('{"format": "mesh-chaos-result", "version": 7}', "version 7"),
        ('{"format": "mesh-chaos-result", "version": 1}', "result: Field required"),
        (dump(samples.infra()).replace('"INFRA"', '"MAYBE"'), r"result\.verdict"),
    ],
)
def test_what_is_no_archive_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        load(text)


def test_a_result_from_before_blips_were_counted_is_read_and_has_none_of_them() -> None:
    document = json.loads(dump(samples.delete_deployment()))
    for figures in document["result"]["figures"]:
        del figures["blips"], figures["relapses"]
    assert {(one.blips, one.relapses) for one in load(json.dumps(document)).figures} == {(None, None)}


def test_a_wrong_interval_is_refused() -> None:
    document = json.loads(dump(samples.delete_deployment()))
    document["result"]["injected"] = {"low_ns": 2, "high_ns": 1}
    with pytest.raises(ArchiveError, match=r"injected: .*low end"):
        load(json.dumps(document))


def test_a_file_is_written_whole_and_read_again(tmp_path: Path) -> None:
    result = samples.wrong_port()
    path = write(result, tmp_path / "new" / "folder")
    assert path.name == "result.json"
    assert read(path) == result
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match=r"cannot be written: .*--artifacts"):
        write(samples.infra(), tmp_path / "file")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "result.json").mkdir()
    with pytest.raises(ArchiveError, match="cannot be written"):
        write(samples.infra(), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_missing_or_wrong_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"absent\.json cannot be read: No such file or directory$"):
        read(tmp_path / "absent.json")
    (tmp_path / "wrong.json").write_text("{}")
    with pytest.raises(ArchiveError, match=r"wrong\.json: not an archived result"):
        read(tmp_path / "wrong.json")
