"""No secret gets into what is kept."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos import redaction
from chaos.redaction import redact_file, redacted

if TYPE_CHECKING:
    from pathlib import Path

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
        ("KONG_PG_PASSWORD=s3cret-x", "KONG_PG_PASSWORD=[redacted]"),
        ('{\\"password\\": \\"s3cret-x\\"}', '{\\"password\\": \\"[redacted]\\"}'),
        ('{"client_secret": "s3cret-x", "id": 1}', '{"client_secret": "[redacted]", "id": 1}'),
        ("stop --password s3cret-x zone1", "stop --password [redacted] zone1"),
        ("stop --api-key=s3cret-x zone1", "stop --api-key=[redacted] zone1"),
        ("    token: 0123456789abcdefg", "    token: [redacted]"),
        (f"client-key-data: {b64encode(KEY.encode()).decode()}", "client-key-data: [redacted]"),
        (b64encode(KEY.encode()).decode(), "[redacted]"),
        ("konnect says kpat_0123456789abcdefghij", "konnect says [redacted]"),
        (b64encode(b"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----").decode(),) * 2,
        ("the password: it is wrong; stream token=0; a token is needed; secret_name: identity_cert",) * 2,
        ("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",) * 2,
        ("http://127.20.1.10:8080/echo answers eye.jay.kay",) * 2,
        ("http://host:8080/to/image@sha256:1234 and mail to me@host",) * 2,
        ("basic authentication is not supported; the key= is missing; cookies: none",) * 2,
        ('{"cookie": {"name": "route", "ttl": "0s"}}',) * 2,
    ],
)
def test_secrets_go_and_all_else_stays(text: str, kept: str) -> None:
    assert redacted(text) == kept
    assert redacted(kept) == kept


@given(st.text(), st.text())
def test_a_token_is_found_wherever_it_is(before: str, after: str) -> None:
    assert TOKEN not in redacted(f"{before}{TOKEN}{after}")


def test_a_file_is_left_without_secrets_and_otherwise_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "gateway.log"
    around = b"caf\xc3\xa9 \xff\xfe\r\n" * 3
    file.write_bytes(around + f"token {TOKEN}\n{KEY}\n".encode() + around)
    file.chmod(0o640)

    assert redact_file(file)
    assert file.read_bytes() == around + b"token [redacted]\n[redacted]\n" + around
    assert file.stat().st_mode & 0o777 == 0o640
    assert not redact_file(file), "it has none any more"
    assert [path.name for path in tmp_path.iterdir()] == ["gateway.log"]


@pytest.mark.parametrize("size", [1, 2, 7, 40, 1000])
def test_a_secret_is_found_wherever_a_large_file_is_cut(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "_PIECE", size)
    file = tmp_path / "a.log"
    file.write_text(f"a line\ntoken {TOKEN}\n{KEY}\na last line with Bearer abc.def")

    assert redact_file(file)
    assert file.read_text() == "a line\ntoken [redacted]\n[redacted]\na last line with Bearer [redacted]"


def test_what_begins_like_a_key_and_never_ends_is_no_reason_to_hold_a_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "_PIECE", 1 << 16)
    file = tmp_path / "a.log"
    file.write_text("-----BEGIN PRIVATE KEY-----\n" + "a line\n" * 100_000 + "Bearer abc\n")

    assert redact_file(file)
    assert file.read_text().endswith("a line\nBearer [redacted]\n")
