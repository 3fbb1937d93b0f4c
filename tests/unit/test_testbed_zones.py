"""``mesh-chaos testbed --zones``."""

from __future__ import annotations

import pytest

from chaos.errors import SettingsError
from fixtures.option import zone_names
from fixtures.platforms.kubernetes.testbed.addresses import MOST_ZONES


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
    assert zone_names(text, 1, MOST_ZONES) == zones


@pytest.mark.parametrize("text", ["0", "56"])
def test_so_many_zones_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=f"^--zones: {text} is not between 1 and 55$"):
        zone_names(text, 1, MOST_ZONES)


@pytest.mark.parametrize("text", ["", ",", "-1", "east,east", "east,global", "East", "-a", "a/b", "a" * 64])
def test_what_cannot_be_zones_is_refused(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^--zones: '.*' must be a number from 1 to 55, or as many different DNS labels"
    ):
        zone_names(text, 1, MOST_ZONES)
