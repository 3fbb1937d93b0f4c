"""What is kept of a mesh that did not pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from fixtures.local.addresses import Endpoint
from fixtures.platforms.kubernetes.evidence import of_gateway
from fixtures.platforms.kubernetes.problems import Problem, Unanswered
from fixtures.platforms.universal import evidence

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.platforms.kubernetes.running import Running as InClusters
    from fixtures.platforms.universal.running import Running


def test_the_end_of_every_log_is_kept(tmp_path: Path) -> None:
    (tmp_path / "zone1-cp.log").write_text("x" * 300_000 + "\nlast line\n")
    (tmp_path / "echo.log").write_bytes(b"one line \xff\n")
    kept = evidence.of_logs(tmp_path)
    assert list(kept) == ["echo.log", "zone1-cp.log"]
    assert kept["echo.log"] == "one line \N{REPLACEMENT CHARACTER}\n"
    assert kept["zone1-cp.log"].endswith("\nlast line\n")
    assert len(kept["zone1-cp.log"]) == 256 * 1024


def test_an_envoy_that_does_not_answer_is_evidence_too() -> None:
    mesh = cast("Running", SimpleNamespace(admin=lambda host: Endpoint(host, 1)))
    assert "does not answer" in evidence._page(mesh, "127.0.0.1", "/stats")


def test_a_cluster_that_has_no_address_any_more_is_evidence_too() -> None:
    class Gone:
        def silence(self) -> None:
            raise Unanswered("its host name is not known here", Problem("unknown", passing=False))

    mesh = cast("InClusters", SimpleNamespace(clusters={"zone1": Gone()}))
    assert of_gateway(mesh, "zone1") == {"gateway-zone1.txt": "its host name is not known here\n"}
