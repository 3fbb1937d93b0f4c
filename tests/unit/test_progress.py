"""What a user sees while an experiment runs: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from chaos.model import Lane, SeriesKey
from chaos.observer import Answering, Live, Observers
from fixtures.progress import Progress, describe, real_stderr

TITLE = "delete-service zone1 [page]"
BALANCER, GATEWAY = "load-balancer", "gateway-zone1"


def answering(vantage: str, fresh: str, keepalive: str | None = None) -> tuple[Answering, ...]:
    answers = {Lane.FRESH: fresh, Lane.KEEPALIVE: keepalive or fresh}
    return tuple(
        Answering(SeriesKey(vantage, lane), answer, answer.startswith("zone")) for lane, answer in answers.items()
    )


def live(elapsed_s: float = 1.0, *, phase: str = "failover", bad: int = 0, answers: tuple[Answering, ...] = ()) -> Live:
    return Live(TITLE, phase, elapsed_s, answers or answering(BALANCER, "zone1"), bad)


def plain(worker: str | None = None) -> tuple[Progress, StringIO]:
    """As in CI: no terminal."""
    stream = StringIO()
    return Progress(Console(file=stream, highlight=False, soft_wrap=True), worker), stream


def terminal(worker: str | None = None) -> tuple[Progress, StringIO]:
    stream = StringIO()
    capable = {"TERM": "xterm"}  # whatever the terminal is that the tests themselves run on
    console = Console(
        file=stream, force_terminal=True, color_system="standard", width=200, highlight=False, _environ=capable
    )
    return Progress(console, worker), stream


def without_escapes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (live(answers=answering(BALANCER, "zone2")), f"{TITLE}: failover 1.0 s: load-balancer zone2"),
        (
            live(12.34, bad=7, answers=answering(BALANCER, "zone2") + answering(GATEWAY, "503", "zone1")),
            f"{TITLE}: failover 12.3 s: load-balancer zone2, gateway-zone1 503/zone1, 7 bad",
        ),
        (Live(TITLE, "steady state", 0, (), 0), f"{TITLE}: steady state 0.0 s: no sample yet"),
    ],
)
def test_a_line_tells_the_phase_who_answers_at_each_vantage_and_the_errors(seen: Live, line: str) -> None:
    assert describe(seen) == line


def test_in_ci_an_experiment_is_plain_lines_without_escapes() -> None:
    progress, stream = plain()
    with progress.experiment(TITLE), progress.phase("inject"):
        progress.note("SIGKILL to the gateway of zone1")
        progress.live(live(0.1))
        progress.live(live(5.0))
    assert stream.getvalue().splitlines() == [
        f"{TITLE}: begins",
        "  SIGKILL to the gateway of zone1",
        f"{TITLE}: failover 5.0 s: load-balancer zone1",
    ]


def test_in_ci_a_long_phase_says_every_five_seconds_that_it_lasts() -> None:
    progress, stream = plain()
    with progress.phase("failover"):
        for tenth in range(170):
            progress.live(live(tenth / 10))
    seconds = re.findall(r"failover ([\d.]+) s", stream.getvalue())
    assert [float(second) for second in seconds] == [5.0, 10.0, 15.0]


def test_every_phase_counts_its_own_five_seconds() -> None:
    progress, stream = plain()
    for name in ("failover", "failback"):
        with progress.phase(name):
            progress.live(live(4.9, phase=name))
            progress.live(live(5.1, phase=name))
    assert len(stream.getvalue().splitlines()) == 2


def test_each_line_of_a_worker_says_whose_it_is() -> None:
    progress, stream = plain("gw1")
    progress.say("mesh up")
    progress.note("done")
    assert stream.getvalue() == "[gw1] mesh up\n[gw1]   done\n"


def test_what_looks_like_markup_is_printed_as_it_is() -> None:
    progress, stream = plain()
    progress.say("wrong-port zone1 [page]: [red]not red[/red]")
    assert stream.getvalue() == "wrong-port zone1 [page]: [red]not red[/red]\n"


def test_on_a_terminal_one_line_is_renewed_and_gone_at_the_end() -> None:
    progress, stream = terminal()
    with progress.experiment(TITLE), progress.phase("failover"):
        for tenth in range(3):
            progress.live(live(tenth / 10))
    text = stream.getvalue()
    assert all(f"failover 0.{tenth} s" in text for tenth in range(3))
    assert "\x1b[2K" in text
    assert "begins" not in text


def test_on_a_terminal_errors_are_red() -> None:
    progress, stream = terminal()
    with progress.experiment(TITLE):
        progress.live(live(answers=answering(BALANCER, "zone1")))
        assert "\x1b[31m" not in stream.getvalue()
        progress.live(live(answers=answering(BALANCER, "zone1", "503")))
        assert "\x1b[31m" in stream.getvalue()


def test_on_a_terminal_notes_stay_above_the_live_line() -> None:
    progress, stream = terminal()
    with progress.experiment(TITLE):
        progress.live(live())
        progress.note("in effect: it is gone")
    assert "  in effect: it is gone\n" in without_escapes(stream.getvalue()).replace("\r", "")


def test_workers_do_not_fight_over_one_line_of_a_terminal() -> None:
    progress, stream = terminal("gw0")
    with progress.experiment(TITLE):
        progress.live(live())
    assert without_escapes(stream.getvalue()) == f"[gw0] {TITLE}: begins\n"


def test_after_an_experiment_that_broke_off_lines_are_plain_again() -> None:
    progress, stream = terminal()

    def break_off() -> None:
        with progress.experiment(TITLE):
            progress.live(live())
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        break_off()
    stream.truncate(0)
    progress.live(live(6.0))
    assert f"{TITLE}: failover 6.0 s" in without_escapes(stream.getvalue())


def test_it_is_seen_although_pytest_captures_output(capfd: pytest.CaptureFixture[str]) -> None:
    console = real_stderr()
    Progress(console, None).say("mesh up")
    console.file.close()
    assert capfd.readouterr().err == "mesh up\n"


def test_several_can_look_on_as_one() -> None:
    (one, in_ci), (other, of_a_worker) = plain(), plain("gw1")
    both = Observers([one, other])
    with both.phase("failover"):
        both.note("done")
        both.live(live(5.0))
    line = f"{TITLE}: failover 5.0 s: load-balancer zone1"
    assert in_ci.getvalue() == f"  done\n{line}\n"
    assert of_a_worker.getvalue() == f"[gw1]   done\n[gw1] {line}\n"
