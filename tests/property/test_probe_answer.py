from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chaos.probe.answer import Answer, parse

LINES = (
    "Welcome, you are connected to node {}.",
    "Running on Pod {}.",
    "In namespace {}.",
    "With IP address {}.",
)
names = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1)


@given(st.binary())
def test_bytes_never_raise(body: bytes) -> None:
    parse(body)


@given(st.lists(st.one_of(st.sampled_from(LINES), st.text()), max_size=8))
def test_near_answers_never_raise(lines: list[str]) -> None:
    answer = parse("\n".join(lines).encode(errors="surrogatepass"))
    assert answer is None or answer != Answer()


@given(st.lists(st.one_of(st.just(""), names), min_size=4, max_size=4).filter(any))
def test_what_an_echo_says_is_read_back(values: list[str]) -> None:
    said = [line.format(value) for line, value in zip(LINES, values, strict=True) if value]
    assert parse("\n".join(said).encode()) == Answer(*values)
    assert parse(("\n".join(said) + "\n").encode()) == Answer(*values)
