"""Whatever becomes of input, a parser reads it or refuses it as documented: a little of what ``make fuzz`` tries."""

from __future__ import annotations

import random
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzing.parsers import PARSERS, Parser, tried

_LONGEST_S = 1.0
_BY_NAME = {parser.name: parser for parser in PARSERS}
_BINARY = st.binary(max_size=300)


@cache
def corpus(name: str) -> tuple[bytes, ...]:
    return tuple(_BY_NAME[name].corpus())


def try_in_time(parser: Parser, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        began = time.thread_time()
        tried(parser, content, Path(folder))
        assert time.thread_time() - began < _LONGEST_S, content[:500]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_what_the_suite_ships_or_writes_is_read(parser: Parser, tmp_path: Path) -> None:
    assert corpus(parser.name)
    assert all(tried(parser, content, tmp_path) for content in corpus(parser.name))


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_what_is_damaged_is_read_or_refused(parser: Parser, seed: int) -> None:
    chance = random.Random(seed)
    try_in_time(parser, chance.choice(parser.mutations)(chance.choice(corpus(parser.name)), chance))


@pytest.mark.parametrize("parser", [one for one in PARSERS if one.name != "pages"], ids=lambda parser: parser.name)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(content=_BINARY | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_what_is_anything_is_read_or_refused(parser: Parser, content: bytes) -> None:
    try_in_time(parser, content)
