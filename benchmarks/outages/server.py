"""The server with the scripted outages: a process of its own, told what to do on its standard input.

``seen`` answers how many requests each door has read; ``play SCRIPT`` breaks every door as the script says and answers,
when that is over, what happened. The end of its input ends it.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import uvloop

from benchmarks.outages import script
from benchmarks.outages.door import Door
from chaos.model import Lane
from chaos.probe.priority import go_first
from fixtures.lifeline import die_with_parent

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from benchmarks.outages.script import Happened, Planned

ROOT = Path(__file__).parents[2]
PORT = 18231
"""Below what the kernel gives to clients, so that nobody can be connected to itself while a door is closed."""


@dataclass(frozen=True)
class Told:
    """What happened at one door."""

    outages: tuple[Happened, ...]
    away: dict[Lane, int]
    """How many answers were another zone's."""


class Server:
    """The running server, with so many doors."""

    def __init__(self, doors: int) -> None:
        hosts = [f"127.231.{os.getpid() % 256}.{number + 1}" for number in range(doors)]  # two runs may go on at once
        self.urls = [f"http://{host}:{PORT}/echo" for host in hosts]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, *hosts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - what it calls takes no lock
        )
        self._ask("seen")

    def _ask(self, words: str) -> bytes:
        self.say(words)
        return self.answer()

    def say(self, words: str) -> None:
        """Send a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(words.encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> bytes:
        """The answer to the oldest command that has none yet.

        Raises:
            RuntimeError: the server has ended.
        """
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line
        raise RuntimeError("the scripted server has ended: its address is taken, or see above")

    def seen(self) -> list[int]:
        """How many requests each door has read."""
        counts: list[int] = json.loads(self._ask("seen"))
        return counts

    def play(self, outages: Sequence[Planned]) -> list[Told]:
        """Break every door as scripted; what happened at each."""
        said = json.loads(self._ask(f"play {script.dumps(outages)}"))
        return [
            Told(script.happened(one["outages"]), {Lane(lane): count for lane, count in one["away"].items()})
            for one in said
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


class _Stage:
    """The server's own end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hosts: Sequence[str]) -> None:
        self._loop = loop
        self._doors = [Door(loop, (host, PORT)) for host in hosts]
        self._happened: list[list[Happened]] = [[] for _ in self._doors]

    def command(self) -> None:
        os.set_blocking(sys.stdin.fileno(), True)  # the loop has made it not so: a long script would come in pieces
        name, _, rest = sys.stdin.readline().partition(" ")
        if not name:
            self._loop.stop()
        elif name == "play":
            self._play(script.planned(rest))
        else:
            _tell([door.requests for door in self._doors])

    def _play(self, outages: Sequence[Planned]) -> None:
        for one in outages:
            self._loop.call_later(one.start_s, self._begin, one)
            self._loop.call_later(one.start_s + one.length_s, self._end)
        self._loop.call_later(script.length_s(outages), self._over)

    def _begin(self, one: Planned) -> None:
        for door in self._doors:
            door.begin(one.kind)

    def _end(self) -> None:
        for door, happened in zip(self._doors, self._happened, strict=True):
            happened.append(door.end())

    def _over(self) -> None:
        told = zip(self._doors, self._happened, strict=True)
        _tell([{"outages": script.dumps(happened), "away": door.away} for door, happened in told])


def _tell(words: object) -> None:
    print(json.dumps(words), flush=True)  # noqa: T201 - that is how it answers


def main() -> None:
    """Serve until standard input ends."""
    loop = uvloop.new_event_loop()
    stage = _Stage(loop, sys.argv[1:])
    loop.add_reader(sys.stdin.fileno(), stage.command)
    gc.collect()
    gc.freeze()
    go_first()  # an edge is known to the microsecond only if nobody can hold it up
    loop.run_forever()


if __name__ == "__main__":
    main()
