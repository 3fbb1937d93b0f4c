"""A short soak of a real mesh: the faults that its seed chooses, a probe besides, everything as before after each."""

from __future__ import annotations

import json
import re
import signal
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from chaos.claims import QUIET
from chaos.growth import Quantity
from chaos.journal import read_journal
from chaos.model import NS_PER_S, Attribution, Verdict
from chaos.samples import read_samples
from fixtures.selection import soak_cases
from fixtures.soaking import shuffled
from fixtures.usage import ITSELF
from reports import archive, soaks
from tests.integration.suite import start_pytest, until
from tests.unit.made import settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

INTERRUPTED = 2
JUDGED = {0: Verdict.PASS, 11: Verdict.INVALID}
"""A machine that is too busy for a probe is not the question here."""
CHOSEN = {"fault": "delete-service,kill-egress", "zone": "zone1"}


def test_a_short_soak_tries_what_its_seed_says_and_finds_everything_as_before(traces: Traces, tmp_path: Path) -> None:
    options = [f"--{name}={value}" for name, value in CHOSEN.items()]
    run = start_pytest(traces, tmp_path, "-m", "soak", "--seed=4", "--duration=30s", *options)
    text = run.finish(180)

    assert run.code in JUDGED, text
    (file,) = soaks.files(tmp_path / "latest")
    soaked = soaks.read(file)
    assert soaked.verdict is JUDGED[run.code]
    order = shuffled(soak_cases(settings(**CHOSEN), "page"), 4)
    assert [(one.fault, one.zone) for one in soaked.tried] == list(islice(order, len(soaked.tried)))
    assert soaked.lasted_s >= 30 > max(one.begun_s for one in soaked.tried)
    assert re.search(r"soak \[page\] +(PASS|INVALID) +seed 4\n", text)

    seen = {(one.subject.name, one.subject.quantity) for one in soaked.growths}
    looked_at = {ITSELF, "fixtures.local.keeper", "chaos.probe", "envoy", "the mesh's folder"}
    assert looked_at <= {name for name, _ in seen} or soaked.verdict is Verdict.INVALID
    assert (ITSELF, Quantity.DESCRIPTORS) in seen or soaked.verdict is Verdict.INVALID
    if soaked.verdict is Verdict.PASS:
        assert_the_other_probe_never_stopped(file.parent, soaked.lasted_s)
        results = [archive.read(path) for path in (tmp_path / "latest").glob(f"*/{archive.FILE_NAME}")]
        assert [one.verdict for one in results if QUIET in one.claims] == [Verdict.PASS]


def assert_the_other_probe_never_stopped(folder: Path, lasted_s: float) -> None:
    attribution = Attribution(**json.loads((folder / "attribution-1.json").read_text()))
    every = read_samples(folder / "background-1.arrow", attribution)
    assert len(every) == 6, "three vantages in two lanes"
    for series in every.values():
        assert series.lost == 0
        assert (series.due_ns[-1] - series.due_ns[0]) / NS_PER_S >= lasted_s - 5


def test_after_ctrl_c_nothing_is_left_broken_and_what_was_tried_is_kept(traces: Traces, tmp_path: Path) -> None:
    run = start_pytest(traces, tmp_path, "-m", "soak", "--seed=4", "--fault=kill-egress", "--zone=zone1")
    until(lambda: run.journal_says("effective"), 180)
    run.kill(signal.SIGINT)
    text = run.finish()

    assert run.code == INTERRUPTED, text
    assert run.journal is not None
    assert not read_journal(run.journal).must_restore
    (file,) = soaks.files(tmp_path / "latest")
    assert (soaks.read(file).verdict, soaks.read(file).seed) == (None, 4)
    assert re.search(r"soak \[page\] +stopped +seed 4\n", text)


def test_a_soak_is_planned_with_what_it_chooses_among(traces: Traces, tmp_path: Path) -> None:
    run = start_pytest(traces, tmp_path, "-m", "soak", "--plan", "--seed=4", "--duration=10m", "--fault=wrong-port")
    text = run.finish()
    assert run.code == 0, text
    assert "  soak    for 600 s, in random order, each once before any comes again; seed: 4\n" in text
    assert re.findall(r"  choose  (.*)\n", text) == ["wrong-port in zone1 or zone2"]
