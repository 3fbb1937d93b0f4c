"""What is shipped in deploy/: held against what the suite asks for, and against itself."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml

from chaos.faults import fault, faults
from chaos.model import EXIT_CODES, Verdict
from fixtures.platforms.kubernetes.contexts import GLOBAL
from fixtures.platforms.kubernetes.rights import rights
from fixtures.platforms.kubernetes.settings import Install
from fixtures.platforms.kubernetes.survey import Surveyed
from fixtures.platforms.kubernetes.zonelease import TIMING
from fixtures.profiles import choose_profiles, load_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.kinds import Document

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
Grant = tuple[str, str, str, str, str]
"""Namespace, group, resource with its subresource, name, verb; a name of ``*`` is every one, no namespace is none."""

IRREGULAR = {
    "Mesh": "meshes",
    "MeshRetry": "meshretries",
    "GatewayClass": "gatewayclasses",
    "MeshLoadBalancingStrategy": "meshloadbalancingstrategies",
}
"""Real API servers hold the plurals against the definitions: test_kubernetes_rbac."""


def documents(name: str) -> list[Document]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def granted(*files: str) -> set[Grant]:
    """What the bindings of these files give to the ServiceAccount."""
    every = [document for file in files for document in documents(file)]
    roles = {key(one): one for one in every if one["kind"] in {"Role", "ClusterRole"}}
    bindings = [one for one in every if one["kind"].endswith("RoleBinding") or one["kind"] == "RoleBinding"]
    assert len(bindings) == len(roles)
    grants = set()
    for binding in bindings:
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "mesh-chaos", "namespace": "mesh-chaos"}]
        namespace = binding["metadata"].get("namespace", "")
        role = roles[binding["roleRef"]["kind"], namespace, binding["roleRef"]["name"]]
        grants |= set(expanded(role, namespace))
    return grants


def key(role: Document) -> tuple[str, str, str]:
    return role["kind"], role["metadata"].get("namespace", ""), role["metadata"]["name"]


def expanded(role: Document, namespace: str) -> Iterator[Grant]:
    for rule in role["rules"]:
        names = rule.get("resourceNames", ["*"])
        for group, resource, name, verb in product(rule["apiGroups"], rule["resources"], names, rule["verbs"]):
            yield namespace, group, resource, name, verb


def asked(place: str, install: Install, *named: str) -> set[Grant]:
    cluster = cast("Cluster", object())
    site = Surveyed({"zone1": cluster}, cluster, install=install, faults=tuple(map(fault, named)))
    return {
        (right.namespace or "", right.kind.group, plural(right.kind.kind, right.subresource), name, verb)
        for right in rights(site, place)
        for name, verb in product(right.names or ("*",), right.verbs)
    }


def plural(kind: str, subresource: str | None) -> str:
    word = IRREGULAR.get(kind, f"{kind.lower()}s")
    return f"{word}/{subresource}" if subresource else word


@pytest.mark.parametrize(
    ("place", "install", "files"),
    [
        ("zone1", Install.NOTHING, ["rbac-zone.yaml"]),
        (GLOBAL, Install.NOTHING, ["rbac-global.yaml"]),
        ("zone1", Install.WALKTHROUGH, ["rbac-zone.yaml", "rbac-zone-walkthrough.yaml"]),
        (GLOBAL, Install.WALKTHROUGH, ["rbac-global.yaml", "rbac-global-walkthrough.yaml"]),
    ],
)
def test_the_roles_allow_exactly_what_is_asked_for(place: str, install: Install, files: list[str]) -> None:
    assert granted(*files) == asked(place, install)


@pytest.mark.parametrize("where", ["zone", GLOBAL])
def test_those_beyond_the_walkthrough_are_asked_for_where_such_a_fault_is_named(where: str) -> None:
    place = GLOBAL if where == GLOBAL else "zone1"
    attached, every = asked(place, Install.NOTHING), asked(place, Install.NOTHING, *faults())
    assert granted(f"rbac-{where}-beyond.yaml") | attached == every
    assert asked(place, Install.NOTHING, "delete-gateway", "roll-echo", "upgrade-echo", "flap-echo") == attached


def test_a_fault_asks_for_no_rights_of_another() -> None:
    asked_for = asked("zone1", Install.NOTHING, "kill-ingress") - asked("zone1", Install.NOTHING)
    assert {name for *_, name, _ in asked_for} == {"*", "kuma-ingress", "kong-mesh-ingress"}
    assert not asked(GLOBAL, Install.NOTHING, "kill-ingress") - asked(GLOBAL, Install.NOTHING)
    assert asked(GLOBAL, Install.NOTHING, "kill-global") - asked(GLOBAL, Install.NOTHING)


@pytest.mark.parametrize("file", sorted(DEPLOY.glob("rbac-*.yaml")), ids=lambda file: file.stem)
def test_no_role_has_a_wildcard_or_reaches_secrets_or_roles(file: Path) -> None:
    for document in documents(file.name):
        for rule in document.get("rules", []):
            assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
            assert not {"secrets", "pods/exec", "roles", "rolebindings"} & set(rule["resources"])
            assert "namespaces" not in rule["resources"] or rule["verbs"] == ["get"]


def test_nothing_is_broken_in_global() -> None:
    verbs = {verb for *_, verb in granted("rbac-global.yaml")}
    assert verbs == {"get", "list", "watch"}


def test_every_policy_that_a_profile_of_the_suite_has_may_be_applied() -> None:
    may = {resource for _, _, resource, _, verb in granted("rbac-global-walkthrough.yaml") if verb == "create"}
    profiles = choose_profiles("all")
    assert len(profiles) > 4
    types = {resource["type"] for name in profiles for resource in load_profile(name).resources}
    assert "MeshRetry" in types
    brought = {one for one in types if one not in {"MeshGateway", "MeshHTTPRoute"}}  # the Gateway API's stand for them
    assert {plural(one, None) for one in brought} <= may


def test_another_namespace_is_one_command_away() -> None:
    text = (DEPLOY / "rbac-zone.yaml").read_text()
    command = re.search(r"sed 's/(?P<a>.*?)/(?P<b>.*?)/; s/(?P<c>.*?)/(?P<d>.*?)/'", text)
    assert command is not None
    moved = re.sub(command["c"], command["d"], text.replace(command["a"], command["b"]))
    body = "\n".join(line.partition("#")[0] for line in moved.splitlines())
    assert "kong}" not in body
    assert "[mine, kube-system]" in body
    assert re.findall(r"(\w+): \W?kong\b", body) == ["resourceNames"]  # the Gateway


def cronjob() -> dict[str, Any]:
    return next(dict(one["spec"]) for one in documents("cronjob.yaml") if one["kind"] == "CronJob")


def pod() -> dict[str, Any]:
    return dict(cronjob()["jobTemplate"]["spec"]["template"]["spec"])


def test_the_cronjob_never_hides_a_run_or_overlaps_one() -> None:
    spec = cronjob()
    job = spec["jobTemplate"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert (job["backoffLimit"], pod()["restartPolicy"]) == (0, "Never")
    assert 0 < job["activeDeadlineSeconds"] < 86_400
    assert pod()["terminationGracePeriodSeconds"] > 2 * TIMING.duration_s


def test_the_pod_can_write_only_where_something_is_mounted() -> None:
    volumes = {volume["name"]: volume for volume in pod()["volumes"]}
    for container in [*pod()["initContainers"], *pod()["containers"]]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        assert mounts.keys() == volumes.keys()
        assert mounts["kubeconfig"]["readOnly"] is True
        assert container["env"] == [{"name": "KUBECONFIG", "value": f"{mounts['kubeconfig']['mountPath']}/config"}]
    assert volumes["kubeconfig"]["secret"]["defaultMode"] == 0o440
    assert "emptyDir" in volumes["tmp"]


def test_the_image_has_all_that_the_suite_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert {*packages, "pyproject.toml", "requirements.lock", "README.md", "LICENSE", "conftest.py"} == set(copied)
    assert all((ROOT / path).exists() for path in copied)
    base = next(line for line in lines if line.startswith("FROM "))
    assert re.fullmatch(r"FROM python:3\.\d+\.\d+-slim-\w+", base)
    user = next(line for line in lines if line.startswith("USER ")).removeprefix("USER ")
    security = pod()["securityContext"]
    assert user == f"{security['runAsUser']}:{security['runAsGroup']}"
    version = project["project"]["version"]
    assert all(container["image"].endswith(f":{version}") for container in pod()["containers"])


@pytest.mark.parametrize("name", ["Dockerfile", "github-workflow.yaml"])
def test_nothing_is_installed_but_what_is_locked(name: str) -> None:
    text = (DEPLOY / name).read_text()
    installs = re.findall(r"pip install (.*?)(?: \\)?\n", text)
    assert installs == [
        "--require-hashes --only-binary :all: -r requirements.lock",
        "--no-deps --no-build-isolation --editable .",
    ]


def workflow() -> Document:
    return dict(yaml.load((DEPLOY / "github-workflow.yaml").read_text(), Loader=yaml.BaseLoader))  # "on" is no boolean


def test_the_workflow_runs_nightly_by_hand_and_never_twice_at_once() -> None:
    found = workflow()
    assert set(found["on"]) == {"schedule", "workflow_dispatch"}
    assert re.fullmatch(r"\d+ \d+ \* \* \*", found["on"]["schedule"][0]["cron"])
    assert found["concurrency"]["cancel-in-progress"] == "false"
    assert found["permissions"] == {"contents": "read"}
    steps = found["jobs"]["failover"]["steps"]
    for action in (step["uses"] for step in steps if "uses" in step):
        assert re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", action)
    assert "cancelled()" in next(step["if"] for step in steps if "mesh-chaos restore" in step.get("run", ""))
    assert next(step["if"] for step in steps if "upload-artifact" in step.get("uses", "")) == "always()"


def test_the_secret_goes_into_a_private_file_and_no_command_line() -> None:
    text = (DEPLOY / "github-workflow.yaml").read_text()
    steps = workflow()["jobs"]["failover"]["steps"]
    assert text.count("secrets.") == 1
    writing = next(step for step in steps if "env" in step)
    assert "umask 077" in writing["run"]
    assert "secrets." not in writing["run"]
    assert not [step for step in steps if "inputs." in step.get("run", "")]  # script injection
    assert steps[-1]["run"] == 'rm -f "$RUNNER_TEMP/kubeconfig"'


def test_every_document_says_what_the_exit_codes_are() -> None:
    failures = {verdict: code for verdict, code in EXIT_CODES.items() if verdict is not Verdict.PASS}
    for name in ("cronjob.yaml", "github-workflow.yaml", "README.md"):
        text = (DEPLOY / name).read_text()
        for verdict, code in failures.items():
            assert re.search(rf"{code}( \|)? {verdict.name}\b", text), (name, verdict)
