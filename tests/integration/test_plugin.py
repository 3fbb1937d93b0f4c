"""The suite as pytest's users meet it: help, plan, selection, exit codes."""

from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from chaos.errors import SettingsError
from fixtures.local.envoy import find_envoy
from fixtures.options import OPTIONS
from tests.integration.suite import ROOT, start_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.suite import Traces

PASSED, FAILED, INTERRUPTED, USAGE, NOTHING, INFRA, INVALID = 0, 1, 2, 4, 5, 10, 11
NOT_OURS = ("-o", "python_files=case_*.py", "-c", str(ROOT / "pyproject.toml"))
"""Lets a test of a user's own, anywhere, run with the suite's plugin."""


def said(
    traces: Traces, tmp_path: Path, *arguments: str | Path, code: int = PASSED, env: dict[str, str] | None = None
) -> str:
    run = start_pytest(traces, tmp_path / "artifacts", *arguments, **(env or {}))
    text = run.finish()
    assert run.code == code, text
    return text


def test_help_teaches_every_option_with_its_environment_variable(traces: Traces, tmp_path: Path) -> None:
    text = said(traces, tmp_path, "--help")
    own = text.partition("mesh-chaos: proves mesh failover:")[2].partition("[pytest] configuration options")[0]
    words = " ".join(own.split())

    for option in OPTIONS:
        assert re.search(rf"--{option.name}\b.*?\[env {option.variable}\]", words)
    assert "target=99.9 (%), window=30 (days)" in words
    assert all(option.key in text for option in OPTIONS)


def test_help_shows_a_per_cent_as_one(traces: Traces, tmp_path: Path) -> None:
    assert "%%" not in said(traces, tmp_path, "--help")


def test_the_markers_are_explained(traces: Traces, tmp_path: Path) -> None:
    text = said(traces, tmp_path, "--markers")
    for marker in ("failover", "disaster", "recovery", "control", "sabotage", "inject(*faults)"):
        assert f"@pytest.mark.{marker}: " in text


def test_the_plan_tells_everything_and_touches_nothing(traces: Traces, tmp_path: Path) -> None:
    text = said(traces, tmp_path, "-m", "failover", "--plan", "--fault=wrong-port", "--zone=zone2")

    experiments = re.findall(r"^scenarios/\S+\[(.*)\]$", text, re.MULTILINE)
    assert experiments == ["wrong-port-zone2-page", "wrong-port-zone2-hardened"]
    assert text.count("  inject  service echo in zone2: PUT every echo Dataplane") == 2
    assert text.count("  undo    service echo in zone2: PUT every echo Dataplane") == 2
    assert "mesh on 127." not in text
    assert not (tmp_path / "artifacts").exists()


def test_a_plan_for_which_nothing_is_selected_says_so(traces: Traces, tmp_path: Path) -> None:
    text = said(traces, tmp_path, "--plan", "-m", "kuma", code=NOTHING)
    assert "no scenario is selected: nothing would be injected" in text


def test_a_selection_that_runs_nothing_is_no_success(traces: Traces, tmp_path: Path) -> None:
    said(traces, tmp_path, "-m", "kuma", code=NOTHING)


def test_a_fault_of_which_no_scenario_is_selected_is_refused_with_the_test_that_has_it(
    traces: Traces, tmp_path: Path
) -> None:
    text = said(traces, tmp_path, "-m", "disaster", "--fault=wrong-port", code=USAGE)
    assert "wrong-port would not be run: no scenario that is selected has it; it is in scenarios/test_failover" in text


def test_what_no_user_of_one_gateway_could_tell_is_skipped_with_the_reason(traces: Traces, tmp_path: Path) -> None:
    text = said(traces, tmp_path, "-m", "failover", "--gateways=zone1", "--plan")
    assert "  skipped no user of a mesh with gateways in zone1 only could tell" in text
    assert "  inject  deployment echo in zone1" in text


@pytest.mark.parametrize(
    ("markers", "skipped"),
    [
        ("beyond", "double-fault-of-three needs zones zone1, zone2, zone3"),
        ("network", "no cut-link on platform kubernetes: "),
        ("sabotage", "platform kubernetes: your mesh is not made wrong on purpose"),
    ],
)
def test_what_a_mesh_of_clusters_cannot_bear_is_skipped_with_the_reason(
    traces: Traces, tmp_path: Path, markers: str, skipped: str
) -> None:
    names = ("zone1", "zone2", "global")
    contexts = [{"name": name, "context": {"cluster": name, "user": name}} for name in names]
    (tmp_path / "kubeconfig").write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "contexts": contexts}))
    where = (f"--kubeconfig={tmp_path / 'kubeconfig'}", *(f"--context={name}={name}" for name in names))
    allowed = f"--allow-context={','.join(names)}"
    text = said(traces, tmp_path, "-m", markers, "--platform=kubernetes", *where, allowed, "--plan")
    assert f"  skipped {skipped}" in text


def collected(traces: Traces, tmp_path: Path, *arguments: str, **env: str) -> list[str]:
    text = said(traces, tmp_path, "--collect-only", "-q", "-m", "failover", *arguments, env=env)
    return re.findall(r"^scenarios/.*::(\S+)$", text, re.MULTILINE)


def test_a_run_whose_every_scenario_is_skipped_is_no_success(traces: Traces, tmp_path: Path) -> None:
    case = tmp_path / "case_skipped.py"
    case.write_text("import pytest\ndef test_it(meshes):\n    pytest.skip('not here')\n")
    assert "1 skipped" in said(traces, tmp_path, *NOT_OURS, case, code=NOTHING)


def test_a_fault_that_the_platform_has_not_got_is_refused_with_those_that_it_has(
    traces: Traces, tmp_path: Path
) -> None:
    text = said(traces, tmp_path, "-m", "failover", "--fault=wrong-selector", code=USAGE)
    assert (
        "no wrong-selector on platform universal: a Dataplane has no service that would select it; the faults" in text
    )


def test_nothing_is_begun_while_there_is_a_stop_file(traces: Traces, tmp_path: Path) -> None:
    (tmp_path / "STOP").touch()
    text = said(traces, tmp_path, "-m", "control", f"--stop-file={tmp_path / 'STOP'}", code=INTERRUPTED)
    assert f"stopped: {tmp_path / 'STOP'} is there; remove it to run again" in text
    assert "engine standin" not in text, "no mesh was brought up"


def test_scenarios_are_chosen_by_fault_and_zone_and_both_may_come_from_the_environment(
    traces: Traces, tmp_path: Path
) -> None:
    reroutes = "test_the_mesh_reroutes_to_another_zone_and_comes_home"
    by_command_line = collected(traces, tmp_path, "--fault=delete-service", "--zones=3", "--zone=zone3")
    by_environment = collected(
        traces, tmp_path, MESH_CHAOS_FAULT="delete-service", MESH_CHAOS_ZONES="3", MESH_CHAOS_ZONE="zone3"
    )
    assert by_command_line == by_environment == [f"{reroutes}[delete-service-zone3-page]"]


def test_every_profile_has_all_faults_and_one_control_and_the_first_the_walkthrough(
    traces: Traces, tmp_path: Path
) -> None:
    found = collected(traces, tmp_path, "--profile=retry,page", "--zone=zone1")
    profiles = [name.rpartition("-")[2].rstrip("]") for name in found if "-zone1-" in name]
    assert profiles == ["retry"] * 5 + ["page"] * 5
    control = "test_nothing_is_found_where_nothing_is_broken"
    assert [name for name in found if "-zone1-" not in name] == [
        f"{control}[retry]",
        f"{control}[page]",
        "test_walkthrough",
    ]


def test_a_users_own_scenario_may_choose_its_profiles(traces: Traces, tmp_path: Path) -> None:
    (tmp_path / "case_own.py").write_text(
        dedent("""
            import pytest

            @pytest.mark.parametrize("replicas, profile", [(1, "page"), (2, "hardened")])
            def test_own(prove, mesh, profile, replicas):
                pass
        """)
    )
    text = said(traces, tmp_path, "--collect-only", "-q", "--profile=all", *NOT_OURS, str(tmp_path / "case_own.py"))
    assert re.findall(r"::(test_own\S*)", text) == ["test_own[1-page]", "test_own[2-hardened]"]


def test_collecting_makes_no_folder(traces: Traces, tmp_path: Path) -> None:
    assert len(collected(traces, tmp_path)) == 14
    assert not (tmp_path / "artifacts").exists()


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A test of a user's own for each way in which an experiment can end."""
    file = tmp_path / "case_ends.py"
    file.write_text(
        dedent("""
            import pytest
            from chaos.errors import InfraError, InvalidRun, KnownFalse, ObjectiveBroken

            def test_pass():
                pass

            def test_fail():
                raise ObjectiveBroken("FAIL: failover took too long")

            def test_infra():
                raise InfraError("INFRA: no steady state")

            def test_invalid():
                raise InvalidRun("INVALID: the probe lagged")

            def test_other():
                assert 1 + 1 == 3

            @pytest.fixture
            def up():
                raise InfraError("the mesh did not come up")

            def test_setup(up):
                pass

            @pytest.mark.xfail(raises=KnownFalse, strict=True)
            def test_known():
                raise KnownFalse("FAIL: as documented")

            @pytest.mark.xfail(raises=KnownFalse, strict=True)
            def test_known_but_more():
                raise ObjectiveBroken("FAIL: more than documented")

            @pytest.mark.xfail(raises=KnownFalse, strict=True)
            def test_surprise():
                pass
        """)
    )
    return file


@pytest.mark.parametrize(
    ("tests", "code"),
    [
        (("pass", "known"), PASSED),
        (("fail",), FAILED),
        (("infra",), INFRA),
        (("setup",), INFRA),
        (("invalid",), INVALID),
        (("invalid", "infra"), INFRA),
        (("invalid", "infra", "fail", "pass"), FAILED),
        (("invalid", "other"), FAILED),
        (("known_but_more",), FAILED),
        (("surprise",), FAILED),
    ],
)
def test_the_exit_code_tells_what_is_broken(
    traces: Traces, tmp_path: Path, case: Path, tests: tuple[str, ...], code: int
) -> None:
    said(traces, tmp_path, *NOT_OURS, *(f"{case}::test_{name}" for name in tests), code=code)


def test_workers_tell_the_same(traces: Traces, tmp_path: Path, case: Path) -> None:
    said(traces, tmp_path, *NOT_OURS, "-n", "2", f"{case}::test_invalid", f"{case}::test_pass", code=INVALID)


def test_an_experiment_that_did_not_pass_is_one_line_and_other_failures_keep_their_stack(
    traces: Traces, tmp_path: Path, case: Path
) -> None:
    ours = said(traces, tmp_path, *NOT_OURS, f"{case}::test_infra", f"{case}::test_setup", code=INFRA)
    assert re.search(r"^_+ test_infra _+$\nINFRA: no steady state$", ours, re.MULTILINE)
    assert re.search(r"^_+ ERROR at setup of test_setup _+$\nthe mesh did not come up$", ours, re.MULTILINE)
    assert "raise InfraError" not in ours

    other = said(traces, tmp_path, *NOT_OURS, f"{case}::test_other", code=FAILED)
    assert "assert 1 + 1 == 3" in other


def test_a_users_own_test_may_have_a_parameter_called_zone(traces: Traces, tmp_path: Path) -> None:
    (tmp_path / "case_own.py").write_text(
        dedent("""
            import pytest

            @pytest.mark.parametrize("zone", ["a", "b"])
            def test_own(zone):
                assert zone in "ab"
        """)
    )
    assert "2 passed" in said(traces, tmp_path, *NOT_OURS, str(tmp_path / "case_own.py"))


def test_options_work_in_a_folder_without_a_configuration_file(traces: Traces, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(settings):\n    assert settings.replicas == 1\n")
    said(traces, tmp_path, "--replicas=1", f"--rootdir={tmp_path}", tmp_path / "test_own.py")


def test_the_envoy_of_the_package_is_used_unless_another_is_named() -> None:
    packaged = find_envoy(None)
    assert packaged.path.is_file()
    assert find_envoy(str(packaged.path)) == packaged


def envoy(folder: Path, says: str) -> str:
    """A program that answers ``--version``."""
    file = folder / "envoy"
    file.write_text(f"#!/bin/sh\nprintf '{says}'\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("says", "complaint"),
    [
        ("envoy  version: 8/1.29.9/Clean/RELEASE/BoringSSL", "is Envoy 1.29.9, older than 1.30: name one with --envoy"),
        ("hello", "is not Envoy (it answers --version with 'hello')"),
        ("", "is not Envoy (it answers --version with '')"),
        ("\\377\\376", "is not Envoy"),
    ],
)
def test_what_is_no_envoy_or_an_old_one_is_told_apart(tmp_path: Path, says: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        find_envoy(envoy(tmp_path, says))
    assert complaint in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "says", ["envoy  version: 8/1.30.0/Clean/RELEASE/BoringSSL", "envoy version: 8/1.36.2-dev/x/y"]
)
def test_any_envoy_that_is_new_enough_will_do(tmp_path: Path, says: str) -> None:
    assert find_envoy(envoy(tmp_path, says)).path == tmp_path / "envoy"


@pytest.mark.parametrize("given", ["./envoy", "bin/envoy"])
def test_an_envoy_may_be_named_from_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    folder = (tmp_path / given).parent
    folder.mkdir(exist_ok=True)
    envoy(folder, "envoy  version: 8/1.36.0/Clean/RELEASE/BoringSSL")
    monkeypatch.chdir(tmp_path)
    assert find_envoy(given).path == folder / "envoy"
