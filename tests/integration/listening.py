"""Where the processes of a test listen, seen from outside: TCP, UDP and unix sockets of every one of them."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

if TYPE_CHECKING:
    from types import TracebackType

    from tests.integration.suite import Traces

_EVERY_S = 0.5


@dataclass(frozen=True, order=True)
class Socket:
    """Something that others may connect or send to."""

    program: str
    kind: str
    """tcp, udp or unix."""
    where: str
    """An IP address, or a path; an abstract one begins with @, an unnamed one is empty."""

    @property
    def private(self) -> bool:
        """Whether only this machine, and at a path only this user, can reach it."""
        if self.kind != "unix":
            return ipaddress.ip_address(self.where).is_loopback
        if not self.where.startswith("/"):
            return True  # abstract: a held name (a loopback block's lease), nobody accepts there
        file = Path(self.where)
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile
            return not file.parent.stat().st_mode & 0o077 or not file.stat().st_mode & 0o077
        return True


@dataclass
class Watching:
    """Looks again and again, in a thread of its own, at where a test's processes listen.

    A socket that lives for less than half a second may be missed.
    """

    traces: Traces
    seen: set[Socket] = field(default_factory=set)
    public: set[Socket] = field(default_factory=set)
    _ending: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ending.wait(_EVERY_S):
            for one in listening(self.traces) - self.seen:
                self.seen.add(one)
                if not one.private:
                    self.public.add(one)


def listening(traces: Traces) -> set[Socket]:
    """Every socket of a test's processes that listens, or is bound and takes what anybody sends."""
    found = set[Socket]()
    for process in traces.processes():
        with contextlib.suppress(psutil.Error):
            name = program(process)
            inet, unix = (process.net_connections(kind) for kind in ("inet", "unix"))
            found |= {Socket(name, _kind(one), one.laddr.ip) for one in inet if _open(one)}
            found |= {Socket(name, "unix", str(one.laddr)) for one in unix if str(one.laddr)}
    return found


def program(process: psutil.Process) -> str:
    """The module or the file that it runs."""
    words = process.cmdline()
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    return Path(words[0]).name if words else "?"


def _kind(one: Any) -> str:
    return "tcp" if one.type == socket.SOCK_STREAM else "udp"


def _open(one: Any) -> bool:
    """A connected UDP socket takes nothing from others; a TCP one that is only connected neither."""
    return bool(one.laddr) and (one.status == psutil.CONN_LISTEN or (_kind(one) == "udp" and not one.raddr))
