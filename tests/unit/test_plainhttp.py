"""Plain HTTP to this machine: no authority's certificates are read for it, nothing of the environment counts."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from fixtures.local import plainhttp

if TYPE_CHECKING:
    import pytest

    from fixtures.local.addresses import Endpoint
    from tests.unit.http_api import Api


def test_no_certificate_is_read(api: tuple[Api, Endpoint], monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("certificates were read")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", read)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", read)
    assert plainhttp.get(api[1].url, 5).is_success


def test_the_environments_proxies_are_not_used(api: tuple[Api, Endpoint], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert plainhttp.get(api[1].url, 5).is_success
