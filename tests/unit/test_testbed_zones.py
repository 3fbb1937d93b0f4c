"""``mesh-chaos testbed --zones``."""

from __future__ import annotations

import pytest

from chaos.errors import SettingsError
from fixtures.platforms.kubernetes.testbed.command import parse_zones


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("1", ("zone1",)),
        ("3", ("zone1", "zone2", "zone3")),
        ("east, west", ("east", "west")),
        ("eu-1", ("eu-1",)),
        ("a" * 63, ("a" * 63,)),
    ],
)
def test_a_number_or_names(text: str, zones: tuple[str, ...]) -> None:
    assert parse_zones(text) == zones


@pytest.mark.parametrize("text", ["", ",", "0", "56", "-1", "east,east", "east,global", "East", "-a", "a/b", "a" * 64])
def test_what_cannot_be_zones_is_refused(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^--zones: '.*' must be a number from 1 to 55, or as many different names"
    ):
        parse_zones(text)
