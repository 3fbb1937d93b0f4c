from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.durations import envoy_duration, parse_go_duration
from fixtures.platforms.universal.standin.dp.http import Stream
from fixtures.platforms.universal.standin.naming import multi_zone_sni, service_sni

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
names = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from(list(UNITS))), min_size=1))
def test_a_go_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert parse_go_duration(text) == pytest.approx(sum(number * UNITS[unit] for number, unit in parts))


@given(st.floats(0, 1e6))
def test_envoys_form_of_a_duration_is_a_go_duration_too(seconds: float) -> None:
    assert parse_go_duration(envoy_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@given(names, names, names, st.integers(1, 65535), names)
def test_two_destinations_never_share_an_sni(name: str, namespace: str, mesh: str, port: int, zone: str) -> None:
    made = {
        multi_zone_sni(name, mesh, port),
        service_sni(name, "", mesh, zone, port),
        service_sni(name, "", mesh, "x" + zone, port),
        service_sni(name, namespace, mesh, zone, port),
        service_sni(name, "x" + namespace, mesh, zone, port),
    }
    assert len(made) == 5


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(), max_size=2)), st.data())
def test_a_stream_yields_its_messages_however_chunks_and_packets_fall(
    messages: list[dict[str, int]], data: st.DataObject
) -> None:
    import json
    import socket

    text = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    wire = b""
    while text:
        size = data.draw(st.integers(1, len(text)))
        wire += b"%x\r\n%s\r\n" % (size, text[:size])
        text = text[size:]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream, taken = Stream(ours, b""), []
        while wire:
            size = data.draw(st.integers(1, len(wire)))
            theirs.sendall(wire[:size])
            wire = wire[size:]
            taken += stream.take()
    assert taken == messages
