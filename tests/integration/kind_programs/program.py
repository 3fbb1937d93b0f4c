"""What each program does when it is called."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.integration.kind_programs import FOLDER

_SHOWN = ("KUBECONFIG", "KIND_EXPERIMENTAL_DOCKER_NETWORK", "KIND_EXPERIMENTAL_PROVIDER", "KMESH_LICENSE_INLINE")
# as Docker Engine 28 answers (https://docs.docker.com/reference/cli/docker/network/inspect/)
_INSPECTED = {
    "Scope": "local", "Driver": "bridge", "EnableIPv4": True, "EnableIPv6": False,
    "IPAM": {"Driver": "default", "Options": {}, "Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]},
    "Internal": False, "Attachable": False, "Ingress": False, "ConfigFrom": {"Network": ""}, "ConfigOnly": False,
    "Containers": {}, "Options": {}, "Labels": {},
}  # fmt: skip


def main(program: str) -> int:
    folder, argv = Path(os.environ[FOLDER]), sys.argv[1:]
    call = {"program": program, "argv": argv, "pid": os.getpid(), "began_ns": time.monotonic_ns()}
    _log(folder, {**call, "environment": {name: os.environ[name] for name in _SHOWN if name in os.environ}})
    code = _obey(folder, " ".join((program, *argv)))
    if code is None:
        code = {"docker": docker, "kind": kind, "k3d": k3d, "helm": helm}[program](folder, argv)
    _log(folder, {"pid": os.getpid(), "ended_ns": time.monotonic_ns()})
    return code


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _log(folder: Path, entry: dict[str, Any]) -> None:
    with (folder / "calls.jsonl").open("a") as out:  # a line this short is written in one piece
        out.write(json.dumps(entry) + "\n")


def _obey(folder: Path, words: str) -> int | None:
    for file in sorted((folder / "rules").iterdir()):
        rule = json.loads(file.read_text())
        if rule["match"] not in words:
            continue
        if rule.get("hang"):
            signal.pause()
        sys.stderr.write(rule.get("stderr", ""))
        if "code" in rule:
            return int(rule["code"])
    return None


def _after(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


def docker(folder: Path, argv: list[str]) -> int:
    network = folder / "networks" / argv[-1]
    match argv[:2]:
        case ["info", *_]:
            say(json.dumps({"ServerVersion": "28.2.2"}))
        case ["network", "create"]:
            network.touch(exist_ok=False)
            say("e1f0" * 16)
        case ["network", "ls"]:
            say("\n".join(["bridge", "host", "none", *(entry.name for entry in network.parent.iterdir())]))
        case ["network", "inspect"]:
            say(json.dumps([{"Name": argv[-1], "Id": "e1f0" * 16, **_INSPECTED}], indent=4))
        case ["network", "rm"]:
            if (folder / "clusters").exists() and list((folder / "clusters").iterdir()):
                sys.stderr.write(
                    f"Error response from daemon: error while removing network: network {argv[-1]} has "
                    "active endpoints\n"
                )
                return 1
            network.unlink(missing_ok=True)
            say(argv[-1])
        case _:
            raise AssertionError(argv)
    return 0


def kind(folder: Path, argv: list[str]) -> int:
    match argv[:2]:
        case ["version"]:
            say("kind v0.32.0 go1.26.8 linux/amd64")
        case ["get", "clusters"]:
            names = [entry.name for entry in (folder / "clusters").iterdir()]
            if names:
                say("\n".join(names))
            else:
                sys.stderr.write("No kind clusters found.\n")
        case ["create", "cluster"]:
            network = folder / "networks" / os.environ["KIND_EXPERIMENTAL_DOCKER_NETWORK"]
            assert network.exists(), "kind would make a network here, each kind its own"
            _make(folder, _after(argv, "--name"), f"kind-{_after(argv, '--name')}", _after(argv, "--kubeconfig"))
        case ["export", "kubeconfig"]:
            _write(folder, f"kind-{_after(argv, '--name')}", _after(argv, "--kubeconfig"))
        case ["delete", "cluster"]:
            name = _after(argv, "--name")
            sys.stderr.write(f'Deleting cluster "{name}" ...\n')
            _delete(folder, name)
        case _:
            raise AssertionError(argv)
    return 0


def k3d(folder: Path, argv: list[str]) -> int:
    match argv[:2]:
        case ["cluster", "list"]:
            say(json.dumps([{"name": entry.name} for entry in (folder / "clusters").iterdir()]))
        case ["cluster", "create"]:
            assert "--kubeconfig-update-default=false" in argv
            assert (folder / "networks" / _after(argv, "--network")).exists()
            (folder / "clusters" / argv[2]).touch(exist_ok=False)
            _add_node(folder, f"k3d-{argv[2]}")
        case ["kubeconfig", "merge"]:
            _write(folder, f"k3d-{argv[2]}", _after(argv, "--output"))
        case ["cluster", "delete"]:
            _delete(folder, argv[2])
        case _:
            raise AssertionError(argv)
    return 0


def _make(folder: Path, name: str, context: str, kubeconfig: str) -> None:
    """Half of it is there while it is being made, and after it was killed."""
    (folder / "clusters" / name).touch(exist_ok=False)
    lock = Path(f"{kubeconfig}.lock")
    lock.touch(exist_ok=False)
    _write(folder, context, kubeconfig)
    lock.unlink()
    _add_node(folder, context)


def _member(context: str) -> str:
    return context.rpartition("-")[2]


def _write(folder: Path, context: str, kubeconfig: str) -> None:
    """A kubeconfig that leads to the real API server of the zone that the context ends with."""
    import yaml  # only here: most calls answer at once, as the real programs do

    source = yaml.safe_load((folder / "kubeconfig").read_text())
    member = next(one for one in source["contexts"] if one["name"] == _member(context))["context"]
    names = {"clusters": member["cluster"], "users": member["user"]}
    lists = {
        key: [{**one, "name": context} for one in source[key] if one["name"] == name] for key, name in names.items()
    }
    lists["contexts"] = [{"name": context, "context": {"cluster": context, "user": context}}]
    document = {"apiVersion": "v1", "kind": "Config", "current-context": context, **lists}
    Path(kubeconfig).write_text(yaml.safe_dump(document))


def _delete(folder: Path, name: str) -> None:
    made = folder / "clusters" / name
    if made.exists():
        made.unlink()
        for context in (f"kind-{name}", f"k3d-{name}"):
            (folder / "releases" / f"{context}.json").unlink(missing_ok=True)
        if (folder / "kubeconfig").exists():
            from tests.integration.kind_programs.cluster import empty

            empty(folder / "kubeconfig", _member(name))


def _add_node(folder: Path, context: str) -> None:
    from tests.integration.kind_programs.cluster import add_node

    add_node(folder / "kubeconfig", _member(context), f"{context.partition('-')[2]}-control-plane")


def helm(folder: Path, argv: list[str]) -> int:
    context = _after(argv, "--kube-context")
    releases = folder / "releases" / f"{context}.json"
    installed = json.loads(releases.read_text()) if releases.exists() else {}
    match argv[0]:
        case "list":
            name = _after(argv, "--filter").strip("^$")
            fields = {"name": name, "namespace": _after(argv, "--namespace"), "revision": "1", "status": "deployed"}
            say(json.dumps([{**fields, "chart": installed[name]}] if name in installed else []))
        case "upgrade":
            from tests.integration.kind_programs.cluster import install

            name = _after(argv, "--install")
            values = [argv[index + 1] for index, word in enumerate(argv) if word == "--set"]
            install(folder / "kubeconfig", _member(context), name, values)
            installed[name] = f"{name}-{_after(argv, '--version')}"
        case "uninstall":
            assert "--ignore-not-found" in argv
            installed.pop(argv[argv.index("--ignore-not-found") - 1], None)
        case _:
            raise AssertionError(argv)
    releases.write_text(json.dumps(installed))
    return 0
