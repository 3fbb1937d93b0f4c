from __future__ import annotations

import pytest

from chaos.probe.answer import Answer, parse

WHOLE = """\
Welcome, you are connected to node mesh-zone2.
Running on Pod echo-6bf5d86c87-6f6hg.
In namespace kong.
With IP address 10.244.0.36.
"""


def test_the_answer_of_the_walkthrough() -> None:
    assert parse(WHOLE.encode()) == Answer("mesh-zone2", "echo-6bf5d86c87-6f6hg", "kong", "10.244.0.36")


def test_values_may_hold_dots() -> None:
    answer = parse(b"Welcome, you are connected to node ip-10-0-0-1.ec2.internal.\nWith IP address fd00::1.")
    assert answer == Answer(node="ip-10-0-0-1.ec2.internal", address="fd00::1")


@pytest.mark.parametrize("left_out", range(4))
def test_any_line_may_be_missing(left_out: int) -> None:
    lines = WHOLE.splitlines(keepends=True)
    assert parse("".join(line for i, line in enumerate(lines) if i != left_out).encode()) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"Welcome",
        b"<html>It works!</html>",
        b"Running on Pod .\n",
        b"Running on Pod echo",
        b"Running on Pod \xff\xfe.",
        WHOLE.encode() + b"and more\n",
        b"HTTP\n" + WHOLE.encode(),
        WHOLE.encode() * 2,
        "".join(reversed(WHOLE.splitlines(keepends=True))).encode(),
        WHOLE.replace("\n", "\n\n").encode(),
    ],
)
def test_anything_else_is_no_answer(body: bytes) -> None:
    assert parse(body) is None
