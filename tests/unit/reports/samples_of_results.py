"""Results as a run on a real mesh gives them, made without one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from chaos.model import NS_PER_S, Interval, Lane, Outcome, SeriesKey, Verdict
from chaos.result import (
    Expectation,
    Figures,
    Finding,
    LogEntry,
    Outage,
    ProbeHealth,
    Result,
    Segment,
    total,
)
from chaos.slo import Availability, Objectives

PERIOD_NS = NS_PER_S // 20
START_NS = 81_234_567_890_123
INJECT_S = 3.0
RESTORE_S = 15.0
LENGTH_S = 25.0
BUDGET_S = 2_592.0
_OUTCOMES = {"REFUSED": Outcome.REFUSED, "TIMEOUT": Outcome.TIMEOUT, "RESET": Outcome.RESET}


@dataclass(frozen=True)
class Stretch:
    """What came until ``until_s``: the answers in turn."""

    until_s: float
    answers: tuple[str, ...]


def stretch(until_s: float, *answers: str) -> Stretch:
    return Stretch(until_s, answers)


def outcome(answer: str) -> Outcome:
    return Outcome.HTTP_ERROR if answer.isdigit() else _OUTCOMES.get(answer, Outcome.OK)


def answers_of(plan: tuple[Stretch, ...]) -> list[str]:
    """One answer a sample."""
    told: list[str] = []
    for part in plan:
        while len(told) * PERIOD_NS < part.until_s * NS_PER_S:
            told.append(part.answers[len(told) % len(part.answers)])
    return told


def segments_of(answers: list[str], home: str | None) -> tuple[Segment, ...]:
    found, position = [], 0
    for answer, run in groupby(answers):
        length = len(list(run))
        away = home is not None and outcome(answer) is Outcome.OK and answer != home
        first = START_NS + position * PERIOD_NS
        last = first + (length - 1) * PERIOD_NS
        found.append(Segment(answer, outcome(answer), first, last, length, away))
        position += length
    return tuple(found)


def outages_of(answers: list[str]) -> tuple[Outage, ...]:
    found, position = [], 0
    for bad, run in groupby(answers, key=lambda a: outcome(a) is not Outcome.OK):
        length = len(list(run))
        first = START_NS + position * PERIOD_NS
        if bad:
            span = Interval((length - 1) * PERIOD_NS, (length + 1) * PERIOD_NS)
            found.append(Outage(first, first + (length - 1) * PERIOD_NS, span, length))
        position += length
    return tuple(found)


def figures(
    vantage: str,
    lane: Lane,
    *plan: Stretch,
    home: str | None = None,
    expectation: Expectation = Expectation.FAILS_OVER,
    detect: Interval | None = None,
    failover: Interval | None = None,
    failback: Interval | None = None,
) -> Figures:
    answers = answers_of(plan)
    outages = outages_of(answers)
    bad = sum(outcome(a) is not Outcome.OK for a in answers)
    length = total(o.length for o in outages)
    good = 1 - bad / len(answers)
    return Figures(
        key=SeriesKey(vantage, lane),
        expectation=expectation,
        samples=len(answers),
        bad=bad,
        away=sum(home is not None and outcome(a) is Outcome.OK and a != home for a in answers),
        lost=0,
        detect=detect,
        failover=failover,
        failback=failback,
        outages=outages,
        bad_after_failover=0,
        faulty_after_failover=0,
        late_away=0,
        return_outage=Interval(0, 0),
        availability=Availability(good, good, good),
        burn_rate=(1 - good) / 0.001,
        budget_cost=(length.low_s / BUDGET_S, length.high_s / BUDGET_S),
        latency_p50_ms=2.1,
        latency_p99_ms=14.7,
        segments=segments_of(answers, home),
    )


def seconds(low: float, high: float) -> Interval:
    return Interval(round(low * NS_PER_S), round(high * NS_PER_S))


def moment(low: float, high: float) -> Interval:
    return Interval(START_NS + round(low * NS_PER_S), START_NS + round(high * NS_PER_S))


def load_balancer(lane: Lane, *during: Stretch, back_s: float = 16.4, **more: Any) -> Figures:
    return figures(
        "load-balancer",
        lane,
        stretch(INJECT_S, "zone1", "zone2"),
        *during,
        stretch(back_s, "zone2"),
        stretch(LENGTH_S, "zone1", "zone2"),
        **more,
    )


def gateway1(lane: Lane, *during: Stretch, back_s: float = 16.4, **more: Any) -> Figures:
    return figures(
        "gateway-zone1",
        lane,
        stretch(INJECT_S + 0.1, "zone1"),
        *during,
        stretch(back_s, "zone2"),
        stretch(LENGTH_S, "zone1"),
        home="zone1",
        **more,
    )


def gateway2(lane: Lane) -> Figures:
    return figures("gateway-zone2", lane, stretch(LENGTH_S, "zone2"), home="zone2", expectation=Expectation.UNTOUCHED)


def result(*found: Figures, verdict: Verdict = Verdict.PASS, **changes: Any) -> Result:
    """A finished ``delete-deployment`` of zone1; ``changes`` replace fields."""
    base = Result(
        scenario="delete-deployment",
        fault="delete-deployment",
        zone="zone1",
        profile="page",
        platform="universal",
        engine="standin",
        claims=("delete-deployment-reroutes", "comes-home"),
        objectives=Objectives(),
        verdict=verdict,
        findings=(),
        figures=found,
        injected=moment(INJECT_S, INJECT_S + 0.31),
        restored=moment(RESTORE_S, RESTORE_S + 0.62),
        effect="no echo pod of zone1 is left (was 2)",
        probe=ProbeHealth(3000, 0, 1.2, 4.8),
        log=(
            LogEntry(START_NS, "steady state", "all vantages answered by home for 3 s"),
            LogEntry(START_NS + 3 * NS_PER_S, "inject", "delete deployment echo in zone1"),
        ),
        started_ns=START_NS,
        ended_ns=START_NS + round(LENGTH_S * NS_PER_S),
        started_unix_s=1_790_000_000.25,
        artifacts="/tmp/artifacts/delete-deployment-zone1-page",
    )
    return replace(base, **changes)


def delete_deployment(**changes: Any) -> Result:
    """The usual story: errors until outlier detection, then the other zone, then home."""
    marks: dict[str, Any] = {
        "detect": seconds(0.0, 0.15),
        "failover": seconds(10.1, 10.45),
        "failback": seconds(0.8, 1.45),
    }
    return result(
        load_balancer(Lane.FRESH, stretch(8.0, "503", "zone2"), **marks),
        load_balancer(Lane.KEEPALIVE, stretch(8.4, "503", "zone2"), **marks),
        gateway1(Lane.FRESH, stretch(13.4, "503"), **marks),
        gateway1(Lane.KEEPALIVE, stretch(4.0, "RESET"), stretch(13.5, "503"), back_s=18.0, **marks),
        gateway2(Lane.FRESH),
        gateway2(Lane.KEEPALIVE),
        **changes,
    )


def smooth(**changes: Any) -> Result:
    """The hardened story: a blip, then the other zone."""
    marks: dict[str, Any] = {
        "detect": seconds(0.0, 0.15),
        "failover": seconds(0.2, 0.55),
        "failback": seconds(0.8, 1.45),
    }
    return result(
        *(load_balancer(lane, stretch(3.3, "503", "zone2"), **marks) for lane in Lane),
        *(gateway1(lane, stretch(3.3, "503"), **marks) for lane in Lane),
        *(gateway2(lane) for lane in Lane),
        **{"profile": "hardened", **changes},
    )


def wrong_port(**changes: Any) -> Result:
    """Known to be false with default policies: errors until the repair."""
    gone: dict[str, Any] = {"detect": seconds(0.0, 0.15), "failback": seconds(0.1, 0.5)}
    return result(
        *(load_balancer(lane, stretch(15.2, "503", "zone2"), back_s=15.2, **gone) for lane in Lane),
        *(gateway1(lane, stretch(15.4, "503"), back_s=15.4, **gone) for lane in Lane),
        *(gateway2(lane) for lane in Lane),
        **{
            "scenario": "wrong-port",
            "fault": "wrong-port",
            "claims": ("wrong-port-reroutes", "comes-home"),
            "verdict": Verdict.FAIL,
            "findings": (
                Finding(
                    Verdict.FAIL,
                    "no failover within 15.0 s of the injection: 241 bad samples",
                    SeriesKey("gateway-zone1", Lane.FRESH),
                    "wrong-port-reroutes",
                ),
            ),
            "effect": "the service's target port is 8081, where nothing listens",
            "artifacts": "/tmp/artifacts/wrong-port-zone1-page",
            **changes,
        },
    )


def delete_gateway(**changes: Any) -> Result:
    """Its own gateway is gone: refused there, a blip at the load balancer."""
    blip: dict[str, Any] = {"detect": seconds(0.0, 0.2), "failover": seconds(1.2, 1.6), "failback": seconds(1.1, 1.7)}
    return result(
        load_balancer(Lane.FRESH, stretch(4.2, "REFUSED", "zone2"), **blip),
        load_balancer(Lane.KEEPALIVE, stretch(3.1, "RESET"), stretch(3.2, "zone2"), stretch(4.1, "TIMEOUT"), **blip),
        *(
            figures(
                "gateway-zone1",
                lane,
                stretch(3.1, "zone1"),
                stretch(15.5, "REFUSED"),
                stretch(LENGTH_S, "zone1"),
                home="zone1",
                expectation=Expectation.MAY_DIE,
                detect=seconds(0.0, 0.2),
                failback=seconds(0.2, 0.6),
            )
            for lane in Lane
        ),
        *(gateway2(lane) for lane in Lane),
        **{
            "scenario": "delete-gateway",
            "fault": "delete-gateway",
            "claims": ("delete-gateway-moves", "comes-home"),
            "artifacts": "/tmp/artifacts/delete-gateway-zone1-page",
            **changes,
        },
    )


def infra(**changes: Any) -> Result:
    """Nothing was injected, because the mesh was never steady."""
    return result(
        **{
            "scenario": "delete-service",
            "fault": "delete-service",
            "zone": "zone2",
            "claims": ("delete-service-reroutes", "comes-home"),
            "verdict": Verdict.INFRA,
            "findings": (Finding(Verdict.INFRA, "steady state was not reached in 30 s: zone2 answers 503"),),
            "injected": None,
            "restored": None,
            "effect": "",
            "probe": None,
            "log": (),
            "artifacts": "/tmp/artifacts/delete-service-zone2-page",
            **changes,
        }
    )


def run() -> tuple[Result, ...]:
    """A whole night."""
    return (
        delete_deployment(),
        delete_deployment(zone="zone2", artifacts="/tmp/artifacts/delete-deployment-zone2-page"),
        smooth(artifacts="/tmp/artifacts/delete-deployment-zone1-hardened"),
        wrong_port(),
        smooth(
            scenario="wrong-port",
            fault="wrong-port",
            claims=("wrong-port-reroutes", "comes-home"),
            artifacts="/tmp/artifacts/wrong-port-zone1-hardened",
        ),
        delete_gateway(),
        infra(),
    )
