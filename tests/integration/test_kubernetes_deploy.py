"""The commands that are shipped in deploy/, run as they are there: each once, and nothing is touched."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fixtures.platforms.kubernetes.checks import checks
from fixtures.platforms.kubernetes.cluster import connect
from fixtures.platforms.kubernetes.connecting import check_known
from fixtures.platforms.kubernetes.contexts import parse_contexts
from fixtures.platforms.kubernetes.preflight import run as run_checks
from fixtures.platforms.kubernetes.survey import Surveyed
from tests.integration.suite import ROOT, start_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces


def workflow_steps() -> list[dict[str, Any]]:
    text = (ROOT / "deploy/github-workflow.yaml").read_text()
    return list(yaml.safe_load(text)["jobs"]["failover"]["steps"])


def in_workflow() -> list[str]:
    command = next(step["run"] for step in workflow_steps() if step.get("name") == "failover")
    words = shlex.split(command)
    assert words[:2] == ["exec", "pytest"]
    return words[2:]


def pod() -> dict[str, Any]:
    documents = yaml.safe_load_all((ROOT / "deploy/cronjob.yaml").read_text())
    job = next(one for one in documents if one["kind"] == "CronJob")
    return dict(job["spec"]["jobTemplate"]["spec"]["template"]["spec"])


def in_cronjob() -> list[str]:
    entry = next(
        line.removeprefix("ENTRYPOINT ")
        for line in (ROOT / "deploy/Dockerfile").read_text().splitlines()
        if line.startswith("ENTRYPOINT ")
    )
    words = [*yaml.safe_load(entry), *pod()["containers"][0]["args"]]
    assert words[0] == "pytest"
    return words[1:]


def in_readme() -> list[str]:
    text = " ".join((ROOT / "deploy/README.md").read_text().split())
    words = shlex.split(text.partition("Try it: `")[2].partition("`")[0])
    assert words[:2] == ["KUBECONFIG=mesh-chaos.kubeconfig", "pytest"]
    return words[2:]


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    contexts = [{"name": name, "context": {"cluster": name, "user": name}} for name in ("zone1", "zone2", "global")]
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": contexts}))
    return str(file)


@pytest.mark.parametrize("command", [in_workflow, in_cronjob, in_readme], ids=lambda command: command.__name__)
def test_pytest_takes_every_option_of_the_shipped_commands(
    command: Any, traces: Traces, tmp_path: Path, kubeconfig: str
) -> None:
    own = [word for word in command() if not word.startswith(("--artifacts", "--junit-xml"))]
    run = start_pytest(traces, tmp_path / "artifacts", *own, "--plan", KUBECONFIG=kubeconfig)
    text = run.finish()
    assert run.code == 0, text
    assert "zone1: context zone1, namespace kong" in text
    assert "DELETE Deployment kong/echo in zone1" in text


def test_without_the_allow_list_they_are_refused(traces: Traces, tmp_path: Path, kubeconfig: str) -> None:
    own = [word for word in in_cronjob() if not word.startswith(("--artifacts", "--junit-xml", "--allow-context"))]
    run = start_pytest(traces, tmp_path / "artifacts", *own, KUBECONFIG=kubeconfig)
    text = run.finish()
    assert run.code == 4, text
    assert "--allow-context=zone1,zone2,global" in text


def restores() -> list[tuple[str, list[str]]]:
    """What runs ``mesh-chaos restore`` for every journal that is left, and how it is run."""
    step = next(step["run"] for step in workflow_steps() if "mesh-chaos restore" in step.get("run", ""))
    (container,) = pod()["initContainers"]
    return [("workflow", ["bash", "-e", "-c", step]), ("cronjob", [*container["command"], *container["args"]])]


@pytest.mark.parametrize(("where", "argv"), restores(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_journal_that_is_left_is_restored_and_what_cannot_be_fails(
    where: str, argv: list[str], tmp_path: Path, traces: Traces
) -> None:
    artifacts = tmp_path / "artifacts"
    argv = [word.replace("/artifacts/latest", f"{artifacts}/latest") for word in argv]
    tool = tmp_path / "bin/mesh-chaos"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$1 $2" >> {tmp_path}/asked\ncase "$2" in *broken*) exit 10;; esac\n')
    tool.chmod(0o755)

    def run() -> int:
        environment = traces.environment(PATH=f"{tool.parent}:/usr/bin:/bin")
        return subprocess.run(argv, cwd=tmp_path, env=environment, check=False).returncode

    assert run() == 0, "nothing has been run yet"
    for name in ("a", "broken", "z z"):
        folder = artifacts / "20260101T000000" / name
        folder.mkdir(parents=True)
        (folder / "journal.jsonl").touch()
    (artifacts / "20260101T000000/allure-results").mkdir()
    (artifacts / "latest").symlink_to("20260101T000000")
    assert run() == 10
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.rpartition("latest/")[2] for line in asked] == [f"{n}/journal.jsonl" for n in ("a", "broken", "z z")]
    assert all(line.startswith("restore ") for line in asked), where


def in_readme_blocks(beginning: str) -> str:
    """The shell commands of the README's block that begins with these words."""
    blocks = (ROOT / "deploy/README.md").read_text().split("```")[1::2]
    return next(block for block in blocks if block.strip().startswith(beginning))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on this machine")
def test_the_commands_of_the_readme_make_a_kubeconfig_that_may_what_a_run_does(
    three_clusters: Clusters, tmp_path: Path
) -> None:
    def shell(commands: str) -> None:
        run = subprocess.run(
            ["sh", "-e", "-c", commands],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(three_clusters.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr

    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    shell("for zone in zone1 zone2; do kubectl --context $zone create namespace kong; done")
    shell(in_readme_blocks("kubectl --context zone1 apply"))
    shell(in_readme_blocks("for place in"))
    made = tmp_path / "mesh-chaos.kubeconfig"
    assert made.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "ca.crt").exists()
    contexts = parse_contexts("zone1=zone1,zone2=zone2,global=global")
    check_known(contexts, str(made))
    clusters = {name: connect(name, name, "kong", kubeconfig=str(made), log=print) for name in contexts.all}
    site = Surveyed({zone: clusters[zone] for zone in contexts.zones}, clusters["global"])
    asked = [check for check in checks() if check.name in {"reachable", "distinct clusters", "rights"}]
    assert run_checks(asked, site, print) == []
