"""What is kept of a mesh that did not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.platforms.universal import evidence

if TYPE_CHECKING:
    from pathlib import Path


def test_the_end_of_every_log_is_kept(tmp_path: Path) -> None:
    (tmp_path / "zone1-cp.log").write_text("x" * 300_000 + "\nlast line\n")
    (tmp_path / "echo.log").write_bytes(b"one line \xff\n")
    kept = evidence.of_logs(tmp_path)
    assert list(kept) == ["echo.log", "zone1-cp.log"]
    assert kept["echo.log"] == "one line \N{REPLACEMENT CHARACTER}\n"
    assert kept["zone1-cp.log"].endswith("\nlast line\n")
    assert len(kept["zone1-cp.log"]) == 256 * 1024


def test_an_envoy_that_does_not_answer_is_evidence_too() -> None:
    assert "does not answer" in evidence._page("http://127.0.0.1:1/stats")
