"""Whatever is sent, in whatever pieces, arrives whole and in order, however bad the network that delays it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.local.addresses import Endpoint
from fixtures.local.relay import Relay, Weather

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
PIECES = st.lists(st.binary(min_size=1, max_size=3000), max_size=30)


@contextlib.asynccontextmanager
async def relayed(weather: Weather) -> AsyncIterator[Endpoint]:
    """Where a relay listens, with a server behind it that says back all that it is told."""

    async def say_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while told := await reader.read(1000):
            writer.write(told)
        writer.close()

    async with await asyncio.start_server(say_back, HOST, 0) as there:
        relay = Relay(endpoint(there), weather)
        async with await asyncio.start_server(relay.accept, HOST, 0) as here:
            yield endpoint(here)


def endpoint(server: asyncio.Server) -> Endpoint:
    return Endpoint(HOST, server.sockets[0].getsockname()[1])


async def said_back(pieces: list[bytes], weather: Weather) -> bytes:
    async with relayed(weather) as to:
        reader, writer = await asyncio.open_connection(to.host, to.port)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        writer.write_eof()
        whole = await reader.read()
        writer.close()
        return whole


@settings(max_examples=40)
@given(PIECES, st.integers(0, 15))
def test_what_is_sent_arrives_whole_and_in_order(pieces: list[bytes], delay_ms: int) -> None:
    assert asyncio.run(said_back(pieces, Weather(delay_ms=delay_ms))) == b"".join(pieces)
