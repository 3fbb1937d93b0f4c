"""Any text is either an experiment that is read as it is written, or one line that says where it is not."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from hypothesis import given
from hypothesis import strategies as st

from chaos.claims import CLAIMS
from chaos.composition import Composition, read_composition
from chaos.composition.contradictions import contradiction
from chaos.errors import SettingsError
from chaos.fault import Stage
from chaos.faults import fault, faults

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(lambda name: name not in faults())
ZONES = st.sampled_from(["zone1", "zone2", "zone3"])
STAGES = st.lists(st.tuples(st.sampled_from(sorted(faults())), ZONES), min_size=1, max_size=5)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | ZONES | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("name", "description", "zones", "replicas", "profile", "faults", "claims", "objectives", "other")


def read(content: str | bytes) -> tuple[str, Composition | SettingsError]:
    """The file's name, and what is in it or how it is refused."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "experiment.yaml"
        file.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        try:
            return str(file), read_composition(file)
        except SettingsError as refused:
            return str(file), refused


def check(content: str | bytes) -> bool:
    """Whether it was read; else it must have been refused in one line, with its place."""
    file, found = read(content)
    if isinstance(found, Composition):
        assert found.name
        assert found.stages
        return True
    place = re.match(re.escape(f"{file}:") + r"(\d+):(\d+): .", str(found))
    assert place, found
    assert len(str(found).splitlines()) == 1
    assert 1 <= int(place[1]) <= len(content) + 1
    return False


@given(st.binary(max_size=60) | st.text(max_size=60) | st.text(alphabet="{}[]:,-&*!|>'\"#%@ \n\tab1", max_size=60))
def test_any_bytes(content: str | bytes) -> None:
    check(content)


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=6))
def test_any_fields_with_anything_in_them(content: dict[str, object]) -> None:
    check(yaml.safe_dump(content))


@given(
    name=NAMES,
    told=STAGES,
    claims=st.lists(st.sampled_from(sorted(CLAIMS)), min_size=1, max_size=3),
    bound=st.floats(0.5, 1e6) | st.integers(1, 10**6),
)
def test_what_may_be_written_is_read_as_it_is_written(
    name: str, told: list[tuple[str, str]], claims: list[str], bound: float
) -> None:
    faults_ = [{"fault": one, "zone": zone} for one, zone in told]
    text = yaml.safe_dump({"name": name, "faults": faults_, "claims": claims, "objectives": {"failover": bound}})
    stages = [Stage(fault(one), zone) for one, zone in told]
    assert check(text) is (contradiction(stages) is None)
