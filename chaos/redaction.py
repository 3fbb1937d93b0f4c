"""Taking secrets out of what is kept: evidence is copied from proxies and logs, and shown to everybody in a report."""

from __future__ import annotations

import re

PLACEHOLDER = "[redacted]"

_SECRETS = (
    # a JSON Web Token (RFC 7519), such as Kuma's tokens: Envoy's bootstrap has the one of its data plane proxy
    re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    # a private key in PEM (RFC 7468), with its lines as they are or joined by \n as in JSON
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL),
    # credentials in a URL (RFC 3986, userinfo) and in an HTTP header (RFC 9110, 11.6.2)
    re.compile(r"(?<=://)[^/\s:@\"]+:[^/\s@\"]+(?=@)"),
    re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]+"),
)


def redacted(text: str) -> str:
    """``text`` with ``[redacted]`` in place of every token, private key and credential."""
    for secret in _SECRETS:
        text = secret.sub(PLACEHOLDER, text)
    return text
