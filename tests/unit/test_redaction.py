"""No secret gets into what is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.redaction import redacted

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJOYW1lIjoiZWNobyJ9.c2lnbmF0dXJl-_x"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f'{{"key": "authorization", "value": "{TOKEN}"}}', '{"key": "authorization", "value": "[redacted]"}'),
        (f"a\n{KEY}\nb", "a\n[redacted]\nb"),
        (KEY.replace("\n", "\\n"), "[redacted]"),
        ("GET http://me:secret@host/echo", "GET http://[redacted]@host/echo"),
        ("http://token@host/echo http://:secret@host", "http://[redacted]@host/echo http://[redacted]@host"),
        ("https://me:p@ss'w0rd!@host:1", "https://[redacted]@host:1"),
        ('{"url":"http://me:secret@host","to":"a@b"}', '{"url":"http://[redacted]@host","to":"a@b"}'),
        ("http://host/echo?zone=1&token=secret#x", "http://host/echo?zone=1&token=[redacted]#x"),
        ("Authorization: Bearer abc.def=", "Authorization: Bearer [redacted]"),
        ("authorization: Basic bWU6c2VjcmV0", "authorization: Basic [redacted]"),
        (
            '{"key": "authorization", "value": "Basic bWU6c2VjcmV0"}',
            '{"key": "authorization", "value": "Basic [redacted]"}',
        ),
        ('{"key": "x-api-key", "value": "secret"}', '{"key": "x-api-key", "value": "[redacted]"}'),
        ("Cookie: session=secret; b=c\nHost: x", "Cookie: [redacted]\nHost: x"),
        ("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",) * 2,
        ("http://127.20.1.10:8080/echo answers eye.jay.kay",) * 2,
        ("http://host:8080/to/image@sha256:1234 and mail to me@host",) * 2,
        ("basic authentication is not supported; the key= is missing; cookies: none",) * 2,
        ('{"cookie": {"name": "route", "ttl": "0s"}}',) * 2,
    ],
)
def test_secrets_go_and_all_else_stays(text: str, kept: str) -> None:
    assert redacted(text) == kept


@given(st.text(), st.text())
def test_a_token_is_found_wherever_it_is(before: str, after: str) -> None:
    assert TOKEN not in redacted(f"{before}{TOKEN}{after}")
