"""Growth, whatever the numbers: a linear leak is found; noise, and what saturates, is not."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaos.growth import FEWEST, TOLERANCES, WARM_UP, Looks, Subject

SUBJECTS = st.sampled_from([Subject(owner, "x", "1", quantity) for owner, quantity in TOLERANCES])
LEAST = round(FEWEST / (1 - WARM_UP))
GAPS = st.lists(st.floats(1, 60), min_size=LEAST, max_size=200)
SEEDS = st.integers(0, 2**32 - 1)


def grows(subject: Subject, at_s: list[float], values: list[float]) -> bool:
    looks = Looks()
    for moment, value in zip(at_s, values, strict=True):
        looks.add(subject, moment, value)
    (growth,) = looks.growths()
    return growth.grows


@given(SUBJECTS, GAPS, st.floats(2, 100), st.floats(0, 1e9), SEEDS)
def test_a_linear_leak_is_found_in_noise_that_is_small_beside_it(
    subject: Subject, gaps: list[float], times: float, start: float, seed: int
) -> None:
    at_s = list(accumulate(gaps))
    tolerance = TOLERANCES[subject.owner, subject.quantity]
    judged_s = at_s[-len(at_s) // 8] - at_s[len(at_s) * 5 // 8]
    slope = times * max(tolerance.per_hour / 3600, 2 * tolerance.rise / judged_s)
    noise = np.random.default_rng(seed).uniform(-1, 1, len(at_s)) * slope * min(gaps) / 2.1
    assert grows(subject, at_s, [start + slope * moment + more for moment, more in zip(at_s, noise, strict=True)])


@given(SUBJECTS, GAPS, st.floats(0, 1e9), st.data())
def test_whatever_stays_within_what_is_not_worth_to_speak_of_is_no_growth(
    subject: Subject, gaps: list[float], start: float, data: st.DataObject
) -> None:
    rise = TOLERANCES[subject.owner, subject.quantity].rise
    values = data.draw(st.lists(st.floats(start, start + rise), min_size=len(gaps), max_size=len(gaps)))
    assert not grows(subject, list(accumulate(gaps)), values)


@given(SUBJECTS, st.integers(LEAST, 200), st.floats(1, 1e3), st.floats(0.005, 0.05))
def test_a_cache_that_saturates_is_no_growth(subject: Subject, looks: int, times: float, pace: float) -> None:
    """However large it is: it is full long before the warm-up is over."""
    rise = TOLERANCES[subject.owner, subject.quantity].rise
    at_s = [25.0 * number for number in range(looks)]
    values = [times * rise * (1 - np.exp(-number / (pace * looks))) for number in range(looks)]
    assert not grows(subject, at_s, values)


@given(SUBJECTS, GAPS, st.floats(1, 1e3), SEEDS)
def test_what_falls_is_no_growth(subject: Subject, gaps: list[float], slope: float, seed: int) -> None:
    noise = np.sort(np.random.default_rng(seed).uniform(0, slope, len(gaps)))
    at_s = list(accumulate(gaps))
    assert not grows(subject, at_s, [1e9 - slope * moment - more for moment, more in zip(at_s, noise, strict=True)])
