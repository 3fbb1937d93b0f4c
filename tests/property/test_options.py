"""Any text for any option is either settings that make sense or one line that says what would."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import SettingsError
from chaos.faults import faults
from fixtures.options import OPTIONS, parse_settings
from tests.unit.made import settings, texts

NAMES = [option.name for option in OPTIONS]
NUMBERISH = st.from_regex(r"\A[-+]?[0-9_]{0,6}[.e]?[0-9]{0,3}\Z") | st.sampled_from(["nan", "inf", "-inf", "²", "٣"])
WORDS = st.sampled_from(
    ["zone1", "zone2", "east,west", "wrong-port", "delete-service,", "page", "deep", "yes", "no", ","]
)
TEXTS = st.text(max_size=20) | NUMBERISH | WORDS
STARTS = {"fault": ("no fault ",), "probe-rate": ("--probe-rate: ", "--slo: "), "zones": ("--zones: ", "--zone: ")}
"""How a refusal begins: with the option, but for a rate too low for the objectives."""
LABELS = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\Z")


@given(st.sampled_from(NAMES), TEXTS)
def test_one_strange_value(name: str, text: str) -> None:
    given_ = {**texts(), name: text.strip()}
    refusal, found = "", None
    try:
        found = parse_settings(given_)
    except SettingsError as error:
        refusal = str(error)
    if found is None:
        assert len(refusal.splitlines()) == 1
        told_by_place = name == "experiment" and re.match(r".*:\d+:\d+: ", refusal)  # what is wrong with a file
        assert told_by_place or refusal.startswith(STARTS.get(name, (f"--{name}: ",)))
    else:
        assert len(set(found.zones)) == len(found.zones) >= 2
        assert found.fault_zones <= set(found.zones)
        assert found.faults <= faults().keys()
        assert 1 <= found.replicas <= 50
        assert 1 <= found.probe_rate_hz <= 1000
        assert 0.1 <= found.probe_timeout_s <= 60
        assert found.block is None or 20 <= found.block <= 219
        assert found.artifacts.is_absolute()


@given(st.lists(LABELS, min_size=2, max_size=5, unique=True).filter(lambda names: "global" not in names))
def test_zones_keep_their_names_and_order(names: list[str]) -> None:
    assert settings(zones=" , ".join(names)).zones == tuple(names)


@given(st.integers(2, 20))
def test_a_number_of_zones_names_them(count: int) -> None:
    assert settings(zones=str(count)).zones == tuple(f"zone{number}" for number in range(1, count + 1))


@given(st.lists(st.sampled_from(sorted(faults())), min_size=1), st.sampled_from([",", " , ", ",,"]))
def test_faults_may_be_listed_in_any_order_and_repeated(names: list[str], comma: str) -> None:
    assert settings(fault=comma.join(names)).faults == set(names)
