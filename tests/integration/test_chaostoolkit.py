"""The Chaos Toolkit drives ours: its own program, over a mesh of real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chaos.errors import JournalError, SettingsError
from fixtures import chaostoolkit
from tests.integration.suite import ROOT, brought_up
from tests.integration.test_universal import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

EXAMPLE = ROOT / "docs" / "examples" / "chaostoolkit.json"


@pytest.fixture(scope="module")
def up(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    with brought_up(lasting_traces, settings(tmp_path_factory.mktemp("logs"))) as mesh:
        yield mesh


def folder(up: Universal) -> str:
    return up.locator()["folder"]


def chaos_run(experiment: dict[str, Any], up: Universal, traces: Traces, here: Path) -> tuple[int, dict[str, Any]]:
    """``chaos run``: its exit code and its journal."""
    file, journal = here / "experiment.json", here / "journal.json"
    file.write_text(json.dumps(experiment))
    program = [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "run"]
    done = subprocess.run(
        [*program, "--rollback-strategy=always", f"--journal-path={journal}", str(file)],
        cwd=here,
        env=traces.environment(MESH=folder(up), JOURNAL=str(here / "undo"), HOME=str(here), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert journal.exists(), done.stdout + done.stderr
    return done.returncode, json.loads(journal.read_text())


def example() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXAMPLE.read_text())
    return found


def probed(journal: dict[str, Any], when: str) -> list[tuple[str, bool]]:
    return [(one["output"], one["tolerance_met"]) for one in journal["steady_states"][when]["probes"]]


def at_home(up: Universal) -> bool:
    return all(chaostoolkit.answered_by(folder(up), f"gateway-{z}", within=15, zones=[z]) == z for z in up.zones)


def test_the_example_passes_over_the_fault_and_puts_it_back(up: Universal, traces: Traces, tmp_path: Path) -> None:
    code, journal = chaos_run(example(), up, traces, tmp_path)

    assert (code, journal["status"], journal["deviated"]) == (0, "completed", False), journal
    assert probed(journal, "before") == [("zone1", True), ("zone2", True)]
    assert probed(journal, "after") == [("zone2", True), ("zone2", True)], "another zone answers zone1's users"
    (injected,) = journal["run"]
    assert "zone1" in injected["output"]["effect"]
    (rollback,) = journal["rollbacks"]
    assert (rollback["status"], rollback["output"]["restored"]) == ("succeeded", ["deployment echo in zone1"])
    assert at_home(up)


def test_a_tolerance_that_is_not_met_deviates_and_is_put_back(up: Universal, traces: Traces, tmp_path: Path) -> None:
    strict = example()
    strict["steady-state-hypothesis"]["probes"][0]["tolerance"] = "zone1"

    code, journal = chaos_run(strict, up, traces, tmp_path)

    assert (code, journal["status"], journal["deviated"]) == (1, "completed", True)
    assert probed(journal, "after")[0] == ("zone2", False)
    assert [one["status"] for one in journal["rollbacks"]] == ["succeeded"]
    assert at_home(up)
    assert chaostoolkit.restore(str(tmp_path / "undo")) == {"restored": []}, "again: nothing is left to do"


def test_one_of_our_experiments_is_an_action_with_its_verdict(up: Universal, traces: Traces, tmp_path: Path) -> None:
    arguments = {"mesh": "${mesh}", "fault": "delete-deployment", "zone": "zone2", "profile": "hardened"}
    provider = {"type": "python", "module": "fixtures.chaostoolkit", "func": "run_experiment"}
    given = {**arguments, "artifacts": str(tmp_path / "artifacts")}
    whole = {**example(), "rollbacks": []}
    whole["method"] = [{"name": "ours", "type": "action", "provider": {**provider, "arguments": given}}]

    code, journal = chaos_run(whole, up, traces, tmp_path)

    (ours,) = journal["run"]
    assert ours["status"] == "succeeded", ours.get("exception")
    assert code == 0
    found = ours["output"]
    assert chaostoolkit.passed(found), found["findings"]
    assert found["identity"]["fault"] == "delete-deployment"
    moved = [one for one in found["series"] if one["vantage"] == "gateway-zone2"]
    assert all(0 < one["failover"]["high_s"] < 15 for one in moved)
    assert (Path(found["artifacts"]) / "samples.arrow").exists()


def test_an_injection_is_not_begun_over_one_that_is_not_restored(up: Universal, tmp_path: Path) -> None:
    undo = str(tmp_path / "undo")
    chaostoolkit.inject(folder(up), "wrong-port", "zone1", undo)
    try:
        with pytest.raises(JournalError, match="File exists"):
            chaostoolkit.inject(folder(up), "delete-service", "zone2", undo)
    finally:
        assert chaostoolkit.restore(undo) == {"restored": ["service echo in zone1"]}
    assert at_home(up)


def test_what_cannot_be_done_is_one_line(up: Universal, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no wrong-selector on platform universal: a Dataplane has no service"):
        chaostoolkit.inject(folder(up), "wrong-selector", "zone1", str(tmp_path / "undo"))
    with pytest.raises(SettingsError, match=r"no zone 'zone9' in the mesh; there are: zone1, zone2"):
        chaostoolkit.inject(folder(up), "wrong-port", "zone9", str(tmp_path / "undo"))
    with pytest.raises(SettingsError, match=r"no vantage 'moon'; there are: load-balancer, gateway-zone1"):
        chaostoolkit.answered_by(folder(up), "moon")
    with pytest.raises(JournalError, match="no journal there"):
        chaostoolkit.restore(str(tmp_path / "nowhere"))
