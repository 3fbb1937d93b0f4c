"""What the mesh logged: found by its addresses, its times read as each program writes them, secrets taken out."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from reports.html.envoys import beliefs
from reports.html.events import MOST, Event, Source, events_of, foremost
from reports.html.folder import Folder
from reports.html.moments import Moments
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.run_folders import run_of

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.result import Result

BEGAN = 1_790_000_000.25
"""When the experiment of ``samples_of_results`` began."""


def stamp(after_s: float, form: str) -> str:
    return datetime.fromtimestamp(BEGAN + after_s).astimezone().strftime(form)[:-3]


def prepared(folder: Path, block: str = "127.9") -> tuple[Result, Folder, Path]:
    """A run of one experiment in the mesh with addresses in ``block``, and that mesh's folder of logs."""
    (result,) = run_of(folder, samples.delete_deployment()).results
    experiment = Folder.of(result, folder)
    assert experiment.path
    names = {"pods": {}, "nodes": {}, "gateways": {f"{block}.1.10:8080": "zone1"}}
    (experiment.path / "attribution.json").write_text(json.dumps(names))
    logs = folder / "mesh-gw0" / "1"
    logs.mkdir(parents=True)
    (logs / "zone1-cp.log").write_text("00:00:00.001 zone1 INFO starting address=127.9.1.1:5681\n")
    return result, experiment, logs


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%H:%M:%S.%f", "zone1 INFO status"),
        ("[%Y-%m-%d %H:%M:%S.%f", "[12][info] status"),
        ("%Y-%m-%dT%H:%M:%S.%f", "INFO status"),
    ],
)
def test_times_are_read_as_the_stand_in_envoy_and_kuma_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, text: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        result, folder, logs = prepared(tmp_path)
        (logs / "edge-zone1.log").write_text(f"{stamp(12.5, form)}{']' if '[' in form else ' '}{text}\n")
        (event,), _ = events_of(result, folder, Moments.of(result))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (event.at_ns - result.started_ns) / 1e9 == pytest.approx(12.5, abs=0.002)
    assert (event.who, event.source, event.text) == ("edge-zone1", Source.PROXY, text)


def test_a_time_zone_that_is_written_counts(tmp_path: Path) -> None:
    result, folder, logs = prepared(tmp_path)
    told = datetime.fromtimestamp(BEGAN + 3).astimezone().astimezone(tz=None)
    (logs / "global-cp.log").write_text(f"{told.isoformat(timespec='milliseconds')}\tWARN\tstore\tslow\n")
    (event,), _ = events_of(result, folder, Moments.of(result))
    assert (event.source, event.level) == (Source.CONTROL_PLANE, "warning")


def test_only_the_mesh_that_answered_and_only_the_experiments_time_count(tmp_path: Path) -> None:
    result, folder, logs = prepared(tmp_path, block="127.8")
    (logs / "edge-zone1.log").write_text(f"{stamp(3, '%H:%M:%S.%f')} edge-zone1 INFO other mesh\n")
    assert events_of(result, folder, Moments.of(result))[0] == []
    result, folder, logs = prepared(tmp_path / "other")
    (logs / "edge-zone1.log").write_text(f"{stamp(3600, '%H:%M:%S.%f')} edge-zone1 INFO an hour later\n")
    assert events_of(result, folder, Moments.of(result))[0] == []


def test_secrets_in_logs_are_not_told(tmp_path: Path) -> None:
    result, folder, logs = prepared(tmp_path)
    (logs / "edge-zone1.log").write_text(f"{stamp(3, '%H:%M:%S.%f')} Bearer abcdef.ghijk\n")
    (event,), _ = events_of(result, folder, Moments.of(result))
    assert "abcdef" not in event.text


def test_of_many_events_the_worst_are_kept() -> None:
    calm = [Event(at, Source.PROXY, "edge", "info", "") for at in range(MOST + 5)]
    error = Event(MOST + 9, Source.PROXY, "edge", "error", "")
    kept, left_out = foremost([*calm, error])
    assert (len(kept), left_out) == (MOST, 6)
    assert error in kept


def test_what_envoy_believed_is_told_and_what_is_no_answer_of_envoy_too(tmp_path: Path) -> None:
    _, folder, _ = prepared(tmp_path)
    assert beliefs(folder) is None
    assert folder.path
    evidence = folder.path / "evidence"
    evidence.mkdir()
    host = {
        "address": {"socket_address": {"address": "127.9.1.101", "port_value": 1027}},
        "stats": [{"name": "rq_total", "value": "7"}, {"name": "rq_error"}],
        "health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": True},
        "priority": 1,
        "locality": {"zone": "zone1"},
    }
    cluster = {"name": "echo", "added_via_api": True, "host_statuses": [host]}
    empty = {"name": "none", "added_via_api": True}
    (evidence / "gateway-zone1-clusters.json").write_text(json.dumps({"cluster_statuses": [cluster, empty]}))
    (evidence / "gateway-zone2-clusters.json").write_text("connection refused\n")
    table = beliefs(folder)
    assert table
    assert table.rows[0] == (
        "gateway-zone1",
        "echo",
        "127.9.1.101:1027",
        "zone1",
        "1",
        "failed_outlier_check",
        "7",
        "0",
    )
    assert table.rows[1][:3] == ("gateway-zone1", "none", "no host")
    assert table.rows[2][:2] == ("gateway-zone2", "could not be asked: see the evidence")
