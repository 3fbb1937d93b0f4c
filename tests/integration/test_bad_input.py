"""What cannot be used is one clear line that says what to do and a documented exit code; nothing is left behind.

Exit codes: 4 wrong usage, 10 INFRA, 11 INVALID, 1 FAIL.
"""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from fixtures.local.addresses import BLOCKS
from tests.integration.suite import start_pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.suite import Traces

USAGE, INFRA = 4, 10
ONE = ("-m", "failover", "--fault=delete-service", "--zone=zone1")
"""One experiment."""


def refused(traces: Traces, tmp_path: Path, *arguments: str, code: int, **environment: str) -> str:
    """What a run says, which must end with ``code`` and have no stack trace."""
    run = start_pytest(traces, tmp_path / "artifacts", *ONE, *arguments, **environment)
    text = run.finish()
    assert run.code == code, text
    assert "Traceback" not in text
    assert ".py:" not in text.replace(".py::", "")
    return text


def complaint(text: str) -> str:
    """The one line after ERROR."""
    lines = [line.removeprefix("ERROR: ") for line in text.splitlines() if line.startswith("ERROR: ")]
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("argument", "line"),
    [
        ("--fault=delete-moon", "no fault 'delete-moon'; the faults are: "),
        ("--zone=zone9", "--zone: 'zone9' is none of zone1, zone2"),
        ("--slo=target=100", "--slo: target=100 % is no objective; choose between 0 and 100 (say 99.9)"),
        (
            "--slo=outage=0.01",
            "--slo: outage=0.01 s cannot be measured with a sample every 0.05 s; choose at least 0.1",
        ),
        ("--envoy=/nowhere/envoy", "no Envoy can be run at /nowhere/envoy"),
        ("--envoy=/bin/true", "/bin/true is not Envoy"),
        ("--profile=moon", "no profile 'moon': neither one of hardened, health-check, outlier-detection, page, "),
        ("--engine=moon", "no engine 'moon'; the engines are: "),
        ("--artifacts=/proc/nothing", "cannot be used (No such file or directory); choose another folder"),
    ],
)
def test_a_value_that_cannot_be_used_is_wrong_usage_before_anything_is_begun(
    traces: Traces, tmp_path: Path, argument: str, line: str
) -> None:
    text = refused(traces, tmp_path, argument, code=USAGE)
    assert line in complaint(text)
    assert "mesh on 127." not in text


def test_a_value_from_the_environment_is_refused_alike(traces: Traces, tmp_path: Path) -> None:
    text = refused(traces, tmp_path, code=USAGE, MESH_CHAOS_REPLICAS="many")
    assert complaint(text) == "--replicas: 'many' is not a whole number"


def test_a_value_that_pytest_takes_for_a_test_path_is_explained(traces: Traces, tmp_path: Path) -> None:
    (tmp_path / "envoy").touch()
    text = refused(traces, tmp_path, "--envoy", str(tmp_path / "envoy"), code=USAGE)
    assert "write the value after an equals sign, --" in complaint(text)


@pytest.mark.parametrize("arguments", [["-m", "control"], ["nowhere.py"], ["--markers"]])
def test_what_never_began_is_no_run_and_not_the_latest(traces: Traces, tmp_path: Path, arguments: list[str]) -> None:
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    (artifacts / "latest").symlink_to("the-one-before")
    code = 0 if arguments == ["--markers"] else USAGE
    text = refused(traces, tmp_path, "--fault=wrong-port", *arguments, code=code)
    assert "report: " not in text
    assert [(file.name, str(file.readlink())) for file in artifacts.iterdir()] == [("latest", "the-one-before")]


def test_what_only_workers_can_refuse_is_said_as_without_them(traces: Traces, tmp_path: Path) -> None:
    text = refused(traces, tmp_path, "-n", "2", "-m", "control", "--fault=wrong-port", code=USAGE)
    assert complaint(text).startswith("--fault: wrong-port would not be run")


def test_with_workers_it_is_said_once(traces: Traces, tmp_path: Path) -> None:
    text = refused(traces, tmp_path, "-n", "2", "--slo=target=100", code=USAGE)
    assert "target=100 % is no objective" in complaint(text)


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("policy.yaml", "type: [", r"policy\.yaml cannot be read: .* line 1, column 8"),
        (
            "policy.yaml",
            "type: MeshRetry\n",
            r"policy\.yaml, document 1: a Kuma resource needs the fields type and name",
        ),
    ],
)
def test_a_profile_that_is_no_kuma_yaml_is_wrong_usage(
    traces: Traces, tmp_path: Path, file: str, content: str, line: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / file).write_text(content)
    text = refused(traces, tmp_path, f"--profile={tmp_path / 'mine'}", code=USAGE)
    assert re.search(line, complaint(text))


def reason(text: str) -> list[str]:
    """What stands between the failed test's headline and where reports are named."""
    found = re.search(
        r"^_+ ERROR at setup of .*?_+$\n(.*?)^(?:-+ generated xml|report: )", text, re.MULTILINE | re.DOTALL
    )
    assert found, text
    return found[1].splitlines()


@pytest.mark.envoy
def test_a_wrong_field_is_infra_and_named_by_the_control_plane(traces: Traces, tmp_path: Path) -> None:
    retry = {"targetRef": {"kind": "Mesh"}, "default": {"http": {"numRetires": 3}}}
    document = {"targetRef": {"kind": "Mesh"}, "to": [retry]}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "retry.yaml").write_text(f"type: MeshRetry\nname: retry\nmesh: default\nspec: {document}\n")

    text = refused(traces, tmp_path, f"--profile={tmp_path / 'mine'}", code=INFRA)

    (line,) = reason(text)
    assert line.startswith("the global control plane refuses PUT /meshes/default/meshretries/retry: ")
    assert "spec.to[0].default.http.numRetires: not a field of MeshRetry" in line


@contextmanager
def listener() -> Iterator[int]:
    """A socket that listens where the gateway of some block's first zone would, and the block."""
    with socket.socket() as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for block in reversed(BLOCKS):
            with suppress(OSError):  # a mesh of somebody else's has it
                ours.bind((f"127.{block}.1.10", 8080))
                ours.listen()
                break
        yield block


@pytest.mark.envoy
def test_a_busy_port_is_infra_and_says_whose_it_is(traces: Traces, tmp_path: Path) -> None:
    with listener() as block:
        text = refused(traces, tmp_path, f"--loopback-block={block}", code=INFRA)
    (line,) = reason(text)
    assert re.fullmatch(
        rf"127\.{block}\.1\.10:8080 is busy: pid \d+ \(.+\) listens there; "
        r"stop it, or leave --loopback-block out to use any free block",
        line,
    )


@pytest.mark.envoy
def test_an_envoy_that_cannot_do_its_work_is_infra_and_its_last_words_are_told(traces: Traces, tmp_path: Path) -> None:
    false_envoy = tmp_path / "envoy"
    version = "envoy  version: 84813effd51eb2c1/1.36.0/Clean/RELEASE/BoringSSL"
    false_envoy.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit 0\necho "no CPU for this" >&2\nexit 1\n'
    )
    false_envoy.chmod(0o755)

    text = refused(traces, tmp_path, f"--envoy={false_envoy}", code=INFRA)

    (line,) = reason(text)
    assert re.search(r"ended while the mesh came up: .*\(whole log: .*\.log\)", line)
