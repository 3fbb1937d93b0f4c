"""The stand-in behaves as real Kuma was measured: same order of events, and figures within the stated tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.model import EXIT_CODES, Verdict
from reports.fidelity import differences, felt, read_record, results_of
from tests.integration.suite import start_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

PLAIN, REMEDIES = ("--profile=page",), ("--profile=service-probe,retry", "--fault=wrong-port,delete-deployment")


@pytest.mark.parametrize("chosen", [PLAIN, REMEDIES], ids=["page", "remedies"])
def test_the_stand_in_does_what_was_recorded_on_kuma(traces: Traces, tmp_path: Path, chosen: tuple[str, ...]) -> None:
    run = start_pytest(
        traces,
        tmp_path,
        "-m",
        "failover and not walkthrough and not control",
        "--engine=standin",
        "--zone=zone1",
        *chosen,
    )
    said = run.finish(limit_s=900)  # alone on 2 cores it takes 100 s
    # what is judged here is whether the figures are Kuma's: a busy machine may break an objective on both
    assert run.code in (EXIT_CODES[Verdict.PASS], EXIT_CODES[Verdict.FAIL]), said
    engine, recorded = read_record()
    assert engine.startswith("Kuma 2.")
    kuma = {(one.fault, one.profile): one for one in recorded}
    now = felt(results_of([tmp_path / "latest"]))
    assert len(now) >= 4
    found = [f"{f.fault} [{f.profile}]: {d}" for f in now for d in differences(kuma[f.fault, f.profile], f)]
    assert not found, said
