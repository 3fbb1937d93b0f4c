"""Taking secrets out of what is kept: evidence is copied from proxies and logs, and shown to everybody in a report."""

from __future__ import annotations

import re

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
    re.compile(r"(?i)(api-?key\W{1,9}(?:value\W{1,9})?)[\w.~+/=-]+"),
    re.compile(r"(?i)(kong-admin-token\W{1,9}(?:value\W{1,9})?)[\w.~+/=-]+"),
    re.compile(r"(?i)(cookie: )[^\s\"\\][^\n\"\\]*"),
)
"""Each keeps its first group: what says that a secret follows."""


def redacted(text: str) -> str:
    """``text`` with ``[redacted]`` in place of every token, private key and credential."""
    for secret in _SECRETS:
        text = secret.sub(rf"\g<1>{PLACEHOLDER}", text)
    return text
