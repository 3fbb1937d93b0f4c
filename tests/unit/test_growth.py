"""What counts as growth: a steady rise of one process's life, by more than is borne."""

from __future__ import annotations

import numpy as np
import pytest

from chaos.growth import FEWEST, TOLERANCES, WARM_UP, Looks, Owner, Quantity, Subject, trend, worst

MIB = 1 << 20
EVERY_S = 25.0
"""An experiment takes about as long."""
HOUR = 144
"""Looks in one."""
PYTEST = Subject(Owner.OURS, "pytest", "1", Quantity.MEMORY)


def grows(values: list[float], subject: Subject = PYTEST) -> bool:
    looks = Looks()
    for number, value in enumerate(values):
        looks.add(subject, number * EVERY_S, value)
    (growth,) = looks.growths()
    return growth.grows


def of(quantity: Quantity, owner: Owner = Owner.OURS) -> Subject:
    return Subject(owner, "x", "1", quantity)


def test_a_leak_of_150_kib_an_experiment_is_found_within_the_hour_in_the_noise_of_an_allocator() -> None:
    noise = np.random.default_rng(1).normal(0, 0.5 * MIB, HOUR)
    assert grows([150 * MIB + number * 150 * 1024 + noise[number] for number in range(HOUR)])
    assert not grows([150 * MIB + noise[number] for number in range(HOUR)])


@pytest.mark.parametrize("quantity", [Quantity.THREADS, Quantity.DESCRIPTORS, Quantity.FILES])
def test_one_thread_descriptor_or_file_that_is_left_by_each_tenth_experiment_is_found(quantity: Quantity) -> None:
    assert grows([20.0 + number // 10 for number in range(HOUR)], of(quantity))


@pytest.mark.parametrize("quantity", [Quantity.THREADS, Quantity.DESCRIPTORS, Quantity.FILES])
def test_one_more_for_good_is_no_growth(quantity: Quantity) -> None:
    assert not grows([20.0 + (number > HOUR * 0.7) for number in range(HOUR)], of(quantity))


def test_what_is_filled_once_is_no_growth() -> None:
    assert not grows([150 * MIB + 80 * MIB * (1 - np.exp(-number / 15)) for number in range(HOUR)])


def test_what_becomes_less_is_no_growth() -> None:
    assert not grows([900 * MIB - number * MIB for number in range(HOUR)])


def test_a_single_high_look_moves_nothing() -> None:
    values = [150.0 * MIB] * HOUR
    values[100] = values[143] = 900.0 * MIB
    assert not grows(values)


def test_more_is_borne_of_the_meshs_own_memory() -> None:
    values = [150 * MIB + number * 300 * 1024.0 for number in range(HOUR)]
    assert grows(values)
    assert not grows(values, of(Quantity.MEMORY, Owner.MESH))
    assert grows([value * 4 for value in values], of(Quantity.MEMORY, Owner.MESH))


def test_a_steady_rise_that_is_not_worth_to_speak_of_is_none() -> None:
    """Through twelve looks within five minutes a few pages are many megabytes an hour."""
    assert not grows([150 * MIB + number * 0.1 * MIB for number in range(24)])


def test_fewer_looks_than_are_judged_give_no_trend() -> None:
    least = round(FEWEST / (1 - WARM_UP))
    assert trend(range(least - 1), [float(n) for n in range(least - 1)]) is None
    found = trend(range(least), [float(n) for n in range(least)])
    assert found is not None
    assert (found.looks, found.span_s) == (FEWEST, FEWEST - 1)
    assert (found.slope, found.low, found.high) == pytest.approx((3600, 3600, 3600))


def test_a_process_that_was_started_again_begins_anew() -> None:
    """Of two lives the first one ends higher than the second begins: neither grows."""
    looks = Looks()
    for number in range(2 * HOUR):
        life = Subject(Owner.OURS, "keeper", str(number // HOUR), Quantity.MEMORY)
        looks.add(life, number * EVERY_S, (300 if number // HOUR else 100) * MIB)
    assert [growth.grows for growth in looks.growths()] == [False, False]


def test_of_several_processes_the_one_that_grows_is_shown_and_ours_come_first() -> None:
    looks = Looks()
    for number in range(HOUR):
        for owner, name, life, slope in (
            (Owner.MESH, "envoy", "a", 0),
            (Owner.MESH, "envoy", "b", 10),
            (Owner.OURS, "pytest", "c", 0),
        ):
            looks.add(Subject(owner, name, life, Quantity.MEMORY), number * EVERY_S, number * slope * MIB)
    looks.add(Subject(Owner.MESH, "envoy", "short", Quantity.MEMORY), 0, 1e12)

    shown = [(growth.subject.life, growth.grows, judged, lives) for growth, judged, lives in worst(looks.growths())]
    assert shown == [("c", False, 1, 1), ("b", True, 2, 3)]


def test_every_quantity_that_is_looked_at_has_a_tolerance() -> None:
    of_processes = {Quantity.MEMORY, Quantity.THREADS, Quantity.DESCRIPTORS}
    assert {(owner, quantity) for owner in Owner for quantity in of_processes} <= TOLERANCES.keys()
    assert {(Owner.OURS, Quantity.FILES), (Owner.OURS, Quantity.BYTES)} <= TOLERANCES.keys()
