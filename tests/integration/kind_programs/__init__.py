"""Stand-ins for docker, kind, k3d and helm: they record how they are called, and do to real API servers what charts do.

They are put first on PATH. No container is ever made: a "cluster" that kind makes here is one of the test bed's real
API servers (etcd, kube-apiserver, kube-controller-manager) under another name, and the pods of what helm "installs"
are reported ready by the stand-in, as a kubelet would. What they answer has the form of the real programs' answers.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

FOLDER = "KIND_PROGRAMS"
"""The variable that names the folder in which the programs keep what they know."""
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Call:
    """One call of a program."""

    program: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    """Of the variables that matter."""
    began_ns: int
    ended_ns: int | None
    """None while it runs, or where it was killed."""
    pid: int

    def __str__(self) -> str:
        return " ".join((self.program, *self.argv))


@dataclass(frozen=True)
class Programs:
    """The programs, as a test sees them."""

    folder: Path

    @classmethod
    def install(cls, folder: Path, clusters: Clusters | None = None) -> Programs:
        """Scripts in ``folder/bin``; ``clusters`` are the API servers that a new cluster turns out to be."""
        (folder / "bin").mkdir(parents=True)
        for name in ("networks", "clusters", "releases", "rules"):
            (folder / name).mkdir()
        if clusters:
            (folder / "kubeconfig").symlink_to(clusters.kubeconfig)
        for name in ("docker", "helm", "kind", "k3d"):
            script = folder / "bin" / name
            script.write_text(
                f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
                "from tests.integration.kind_programs.program import main\n"
                f"sys.exit(main({name!r}))\n"
            )
            script.chmod(0o755)
        return cls(folder)

    def environment(self) -> dict[str, str]:
        """What makes them be found; nothing else of the user's is asked or written to."""
        home = self.folder / "home"
        (home / ".kube").mkdir(parents=True, exist_ok=True)
        (home / ".kube" / "config").write_text("the user's own")
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            FOLDER: str(self.folder),
            "HOME": str(home),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "KUBECONFIG": "",
            "DOCKER_HOST": "tcp://elsewhere",  # the limits of this machine's kernel are not looked at then
        }

    def rule(self, match: str, **what: Any) -> None:
        """Calls whose words contain ``match``: ``code`` and ``stderr`` to fail, ``hang`` to go on until ended."""
        file = self.folder / "rules" / str(len(list((self.folder / "rules").iterdir())))
        file.write_text(json.dumps({"match": match, **what}))

    def obey(self) -> None:
        """Forget every rule."""
        for file in (self.folder / "rules").iterdir():
            file.unlink()

    def calls(self, match: str = "") -> list[Call]:
        """Every call so far whose words contain ``match``, in the order in which they began."""
        found: dict[int, dict[str, Any]] = {}
        file = self.folder / "calls.jsonl"
        for line in file.read_text().splitlines() if file.exists() else []:
            entry = json.loads(line)
            found.setdefault(entry["pid"], {"ended_ns": None}).update(entry)
        calls = [Call(**{**entry, "argv": tuple(entry["argv"])}) for entry in found.values()]
        return [call for call in calls if match in str(call)]

    @property
    def clusters(self) -> set[str]:
        """Those that have been made and not deleted."""
        return {entry.name for entry in (self.folder / "clusters").iterdir()}

    @property
    def networks(self) -> set[str]:
        """Those that have been made and not deleted."""
        return {entry.name for entry in (self.folder / "networks").iterdir()}

    @property
    def state(self) -> Path:
        """Where --platform kind keeps its folders."""
        return self.folder / "state" / "mesh-chaos" / "kind"

    def assert_user_untouched(self) -> None:
        """The user's own kubeconfig is as it was."""
        config = self.folder / "home" / ".kube" / "config"
        assert config.read_text() == "the user's own"
        assert list(config.parent.iterdir()) == [config]
