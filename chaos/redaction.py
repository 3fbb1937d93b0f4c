"""Taking secrets out of what is kept: evidence is copied from proxies and logs, and shown to everybody in a report."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOBase
    from pathlib import Path

PLACEHOLDER = "[redacted]"

_SECRETS = (
    # a JSON Web Token (RFC 7519), such as Kuma's tokens: Envoy's bootstrap has the one of its data plane proxy
    re.compile(r"()eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    # a private key in PEM (RFC 7468), with its lines as they are or joined by \n as in JSON
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL),
    # a URL's userinfo (RFC 3986, 3.2.1), a name or a password alone as well, and what its query calls a secret
    re.compile(r"(://)[^\s/?#\"<>\\]+(?=@)"),
    re.compile(
        r"(?i)([?&](?:access_token|token|api[_-]?key|key|password|passwd|secret|sig|signature)=)[^&\s\"'#<>\\]+"
    ),
    # HTTP headers (RFC 9110, 11.6.2; RFC 6265), as lines or as names and values in JSON
    re.compile(r"(?i)(bearer )[\w.~+/=-]+"),
    re.compile(r"(?i)(authorization\W{1,9}(?:value\W{1,9})?basic )[\w+/=-]+"),
    re.compile(r"(?i)(api-?key\W{1,9}(?:value\W{1,9})?)(?!redacted\]|value\b)[\w.~+/=-]+"),
    re.compile(r"(?i)(kong-admin-token\W{1,9}(?:value\W{1,9})?)(?!redacted\]|value\b)[\w.~+/=-]+"),
    re.compile(r"(?i)(cookie: )[^\s\"\\][^\n\"\\]*"),
    # the same base64-encoded, as kubeconfigs and Secrets have it; certificates and public keys are none
    re.compile(r"()LS0tLS1CRUdJTiB(?!DRVJU|QVUJM)[\w+/=]{20,}"),
    # what JSON, YAML or a shell's environment calls one: KONG_PG_PASSWORD=x, "client-key-data": "x"; the first letter
    # stands alone, for so the search is twice as fast, and evidence is megabytes
    re.compile(
        r"([aAbBcCpPsSwW](?i:(?<=p)ass(?:word|wd|phrase)|(?<=p)rivate[_-]?key|(?<=c)lient-key-data"
        r"|(?:(?<=c)lient|(?<=a)pp|(?<=w)ebhook)[_-]?secret"
        r"|(?:(?<=a)ccess|(?<=a)uth|(?<=a)pi|(?<=s)ecret|(?<=b)ot)[_-]?(?:key|token))"
        r"[\"'\\]{0,4}\s?[:=]\s?[\"'\\]{0,4})[^\s\"'\\,;:=&<>{}\[\]()][^\s\"'\\,;&<>{}\[\]()]{4,}"
    ),
    re.compile(r"(?i)(--[\w-]*(?:password|passwd|token|secret|api-key)[ =])[^\s\"'\\\[]{5,}"),
    re.compile(r"([tT](?i:oken)[\"'\\]{0,4}\s?[:=]\s?[\"'\\]{0,4})[\w.~+/-]{16,}=*"),
    # tokens that say themselves what they are: of Kong Konnect, GitHub, GitLab
    re.compile(r"()(?:[ks]pat_|gh[opsu]_|github_pat_|glpat-)[\w-]{16,}"),
)
"""Each keeps its first group: what says that a secret follows."""


def redacted(text: str) -> str:
    """``text`` with ``[redacted]`` in place of every token, private key and credential."""
    for secret in _SECRETS:
        text = secret.sub(rf"\g<1>{PLACEHOLDER}", text)
    return text


_PIECE = 4 << 20
_LONGEST_KEY = 1 << 16
"""Characters of a private key at most, from its first line to its last."""


def redact_file(file: Path) -> bool:
    """Replace a text file that nobody writes any more by one without secrets; False where it had none, and stays.

    Raises:
        OSError: it cannot be read, or the new one not written; it is as it was then.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with _text(file, "r") as source, _text(fresh, "x") as target:
            changed = False
            for piece in _pieces(source):
                shown = redacted(piece)
                changed |= shown != piece
                target.write(shown)
        if changed:
            fresh.chmod(file.stat().st_mode)
            fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    return changed


def _text(file: Path, mode: str) -> TextIOBase:
    """As text that any bytes are, and are again when they are written."""
    return file.open(mode, encoding="utf-8", errors="surrogateescape", newline="")  # type: ignore[return-value]


def _pieces(source: TextIOBase) -> Iterator[str]:
    """Megabytes at a time, each up to the end of a line, and of a private key."""
    held = ""
    while more := source.read(_PIECE):
        held += more
        end = held.rfind("\n") + 1
        begun = held.rfind("-----BEGIN", 0, end)
        if begun > held.rfind("-----END", 0, end) and len(held) - begun < _LONGEST_KEY:
            end = begun
        yield held[:end]
        held = held[end:]
    yield held
