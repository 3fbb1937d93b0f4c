from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.errors import SettingsError
from chaos.model import Lane, Vantage
from chaos.probe.config import Config

CONFIG = Config(
    vantages=(Vantage("load-balancer", "http://127.0.0.1/echo"), Vantage("zone1", "http://[::1]:80/", "zone1")),
    lanes=(Lane.FRESH, Lane.KEEPALIVE),
    rate_hz=20.0,
    timeout_s=2.0,
    path=Path("/tmp/samples.arrow"),
)


def test_survives_the_way_to_the_process() -> None:
    assert Config.loads(CONFIG.dumps()) == CONFIG
    assert "\n" not in CONFIG.dumps()


@pytest.mark.parametrize("field", ["rate_hz", "timeout_s", "flush_s"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_numbers_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(SettingsError, match=field):
        replace(CONFIG, **{field: value})  # type: ignore[arg-type]


def test_nothing_to_ask_and_ambiguous_names_are_refused() -> None:
    with pytest.raises(SettingsError, match="at least one"):
        replace(CONFIG, vantages=())
    with pytest.raises(SettingsError, match="same name"):
        replace(CONFIG, vantages=CONFIG.vantages * 2)


def test_descriptors_cover_all_requests_hanging() -> None:
    assert CONFIG.descriptors >= 20 * 2 * 4
