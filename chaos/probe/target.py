"""Where a request goes: a vantage's URL, made ready to be sent."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from chaos.errors import SettingsError
from chaos.model import Lane

if TYPE_CHECKING:
    from chaos.model import Vantage

_LONGEST_URL = 2048
"""Characters; a request must fit a socket's send buffer whole, and that is 4 KiB at the least."""


@dataclass(frozen=True)
class Target:
    """A socket address and its family."""

    family: int
    address: tuple[str, int]


def target(vantage: Vantage) -> Target:
    """The address of ``vantage``.

    A host name is resolved here, once, and its first address kept: the probe watches one address, and a
    resolver that hangs must not look like an outage.

    Raises:
        SettingsError: the URL cannot be asked: not http, no host, or a host that does not resolve.
    """
    url = _split(vantage)
    try:
        found = socket.getaddrinfo(url.hostname, url.port or 80, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SettingsError(
            f"vantage {vantage.name}: host {url.hostname} does not resolve ({error.strerror})"
        ) from error
    family, _, _, _, address = found[0]
    return Target(family, (str(address[0]), int(address[1])))


def request(vantage: Vantage, lane: Lane) -> bytes:
    """What is sent to ``vantage`` through ``lane``, whole."""
    url = _split(vantage)
    lines = [
        f"GET {url.path or '/'}{'?' * bool(url.query)}{url.query} HTTP/1.1",
        f"Host: {url.netloc}",
        "User-Agent: mesh-chaos-probe",
        "Accept: text/plain, */*",
        f"Connection: {'close' if lane is Lane.FRESH else 'keep-alive'}",
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _split(vantage: Vantage) -> SplitResult:
    try:
        url = urlsplit(vantage.url)
        usable = url.scheme == "http" and bool(url.hostname) and url.port != 0 and "@" not in url.netloc
    except ValueError:  # a port that is no number, an unfinished IPv6 address
        usable = False
    if not usable or len(vantage.url) > _LONGEST_URL or not vantage.url.isascii() or " " in vantage.url:
        raise SettingsError(
            f"vantage {vantage.name}: {vantage.url!r} cannot be probed; "
            "give http://host[:port]/path (https is not supported)"
        )
    return url
