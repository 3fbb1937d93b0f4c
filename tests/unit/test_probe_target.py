from __future__ import annotations

import socket

import pytest

from chaos.errors import SettingsError
from chaos.model import Lane, Vantage
from chaos.probe.target import request, target


@pytest.mark.parametrize(
    ("url", "family", "address"),
    [
        ("http://127.0.0.1:8080/echo", socket.AF_INET, ("127.0.0.1", 8080)),
        ("http://127.0.0.1", socket.AF_INET, ("127.0.0.1", 80)),
        ("http://[::1]:8080/echo", socket.AF_INET6, ("::1", 8080)),
        ("HTTP://127.0.0.1:8080/", socket.AF_INET, ("127.0.0.1", 8080)),
    ],
)
def test_addresses(url: str, family: int, address: tuple[str, int]) -> None:
    found = target(Vantage("v", url))
    assert (found.family, found.address) == (family, address)


def test_a_name_is_resolved() -> None:
    assert target(Vantage("v", "http://localhost:1234/")).address[1] == 1234


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "ftp://127.0.0.1/",
        "127.0.0.1:80",
        "http://",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:port/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/\u00e9",
        "http://127.0.0.1/" + "x" * 3000,
        "",
    ],
)
def test_what_cannot_be_asked_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"vantage v:.*http://host"):
        target(Vantage("v", url))


def test_a_name_that_does_not_resolve_is_named() -> None:
    with pytest.raises(SettingsError, match=r"host nowhere\.invalid does not resolve"):
        target(Vantage("v", "http://nowhere.invalid/"))


def test_requests_say_whether_the_connection_is_kept() -> None:
    vantage = Vantage("v", "http://127.0.0.1:8080/echo?details=true")
    fresh, kept = request(vantage, Lane.FRESH), request(vantage, Lane.KEEPALIVE)
    assert fresh.startswith(b"GET /echo?details=true HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n")
    assert b"\r\nConnection: close\r\n" in fresh
    assert b"\r\nConnection: keep-alive\r\n" in kept
    assert request(Vantage("v", "http://h"), Lane.FRESH).startswith(b"GET / HTTP/1.1\r\nHost: h\r\n")
