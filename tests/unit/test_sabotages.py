"""The sabotages as data: each can be found, says what is wrong, and is tried by an experiment that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.diagnosis.cause import Cause
from chaos.errors import SettingsError
from chaos.faults import fault
from fixtures.platforms.universal.gateways import find_gateway
from fixtures.platforms.universal.possible import refusal
from fixtures.platforms.universal.sabotages import sabotage, sabotage_names, sabotages
from fixtures.profiles import load_profile
from tests.unit.made import settings

if TYPE_CHECKING:
    from fixtures.platforms.universal.sabotage import Sabotage

EVERY = [pytest.param(one, id=name) for name, one in sabotages().items()]
PHASES = {"", "inject", "effective", "failover", "restore", "failback", "settle"}


def test_every_module_is_a_sabotage_by_its_name() -> None:
    assert tuple(sorted(sabotages())) == sabotage_names()


def test_every_cause_that_can_be_named_has_a_sabotage() -> None:
    assert {one.cause for one in sabotages().values()} == set(Cause) - {Cause.UNKNOWN}


@pytest.mark.parametrize("one", EVERY)
def test_it_is_tried_by_an_experiment_that_there_is(one: Sabotage) -> None:
    used = fault(one.fault)
    assert refusal(used.kind, used.action) is None
    assert one.zone in one.zones
    assert one.zone not in one.forgotten
    assert set(one.forgotten) < set(one.zones)
    assert one.phase in PHASES
    load_profile(one.profile)
    find_gateway(one.gateway)


@pytest.mark.parametrize("one", EVERY)
def test_it_says_what_people_did_and_where_that_is_known_from(one: Sabotage) -> None:
    assert one.mistake[0].islower() or one.mistake[0] in "Ml", "continues a sentence"
    assert not one.mistake.endswith(".")
    assert one.source


def test_a_name_that_is_none_is_told_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match=r"no sabotage 'tls-off'; the sabotages are: answers-from-cache, "):
        sabotage("tls-off")


def test_the_option_chooses() -> None:
    assert settings(sabotage="mtls-off, ingress-down").sabotages == {"mtls-off", "ingress-down"}
    assert settings().sabotages == frozenset()
    with pytest.raises(SettingsError, match=r"--sabotage: 'tls-off' is none of answers-from-cache, "):
        settings(sabotage="tls-off")
