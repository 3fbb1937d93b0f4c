"""Any file is either an SLO that is read as it is written, or one line that names it."""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import SettingsError
from chaos.openslo import read_objectives
from chaos.slo import BOUNDS, BudgetingMethod, Objectives

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "echo-slo.yaml"
DOCUMENTS = list(yaml.safe_load_all(EXAMPLE.read_text()))
DAYS = {"m": 1 / 1_440, "h": 1 / 24, "d": 1, "w": 7, "M": 30, "Q": 90, "Y": 365}
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.dates(),
    st.sampled_from(["30d", "1m", "Timeslices", "SLO", "SLI", "echo-answers", 0.5, 99.9]),
)  # fmt: skip
PERIOD_S = 0.05


def read(content: str | bytes, name: str = "") -> Objectives:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "slo.yaml"
        file.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return read_objectives(f"{file}{name}", sample_period_s=PERIOD_S)


def check(content: str | bytes, name: str = "") -> None:
    refusal, found = "", None
    try:
        found = read(content, name)
    except SettingsError as error:
        refusal = str(error)
    if found is None:
        assert refusal.startswith("--slo: ")
        assert "slo.yaml: " in refusal
        assert len(refusal.splitlines()) == 1
    else:
        assert 0 < found.target < 100
        assert 0 < found.allowance <= 1
        assert 0 < found.slice_ratio <= 1
        assert PERIOD_S <= found.timeslice <= max(1, found.window * 86_400)
        assert all(2 * PERIOD_S <= getattr(found, bound) < float("inf") for bound in BOUNDS)


@given(st.binary(max_size=60) | st.text(max_size=60) | st.text(alphabet="{}[]:,-&*!|>'\"#%@ \n\tab1", max_size=60))
def test_any_bytes(content: str | bytes) -> None:
    check(content)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in nested mappings and lists."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inside for place in places(value, (*path, key)))][bool(not path) :]


@given(st.data(), st.sampled_from(["echo-availability", "echo-minutes", "echo-mean-minute"]))
def test_an_slo_with_something_missing_changed_or_too_much(data: st.DataObject, name: str) -> None:
    documents = copy.deepcopy(DOCUMENTS)
    *way, last = data.draw(st.sampled_from(places(documents)))
    parent = documents
    for step in way:
        parent = parent[step]
    change = data.draw(st.sampled_from(["missing", "changed", "more"]))
    if change == "missing":
        del parent[last]
    elif change == "changed" or isinstance(parent, list):
        parent[last] = data.draw(VALUES)
    else:
        parent[data.draw(VALUES.filter(lambda key: not isinstance(key, list | dict)))] = data.draw(VALUES)
    check(yaml.safe_dump_all(documents), f"#{name}")


@given(
    percent=st.decimals(1, "99.9999", places=4),
    share=st.booleans(),
    window=st.tuples(st.integers(1, 999), st.sampled_from(sorted(DAYS))),
    method=st.sampled_from(BudgetingMethod),
    slice_percent=st.decimals("0.01", 100, places=2),
    bounds=st.dictionaries(st.sampled_from(BOUNDS), st.integers(1, 10**6)),
)
def test_what_is_promised_is_read_as_it_is_written(
    *, percent: Any, share: bool, window: tuple[int, str], method: BudgetingMethod, slice_percent: Any, bounds: Any
) -> None:
    slo = copy.deepcopy(DOCUMENTS[2])
    slo["metadata"]["annotations"] = {f"mesh-chaos/{name}": f"{bound}s" for name, bound in bounds.items()}
    slo["spec"]["timeWindow"][0]["duration"] = f"{window[0]}{window[1]}"
    slo["spec"]["budgetingMethod"] = str(method)
    target = {"target": float(percent / 100)} if share else {"targetPercent": float(percent)}
    slo["spec"]["objectives"] = [{**target, "timeSliceTarget": float(slice_percent / 100), "timeSliceWindow": "1m"}]

    found = read(yaml.safe_dump(slo))

    assert found.window == pytest.approx(window[0] * DAYS[window[1]])
    assert found == Objectives(
        **bounds,
        target=float(percent),
        window=found.window,
        method=method,
        timeslice=60,
        timeslice_target=float(slice_percent),
        name="echo-availability",
    )
