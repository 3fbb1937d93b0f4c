"""The fake's kuma-dp: checks its files, its token and its control plane's certificate, then stands for Envoy."""

from __future__ import annotations

import argparse
import json
import os
import socket
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.integration.fake_kuma import Version, answer_version, end, envoy
from tests.integration.fake_kuma.recorded import error
from tests.integration.fake_kuma.serving import Handler, serve

FLAGS = (
    "cp-address", "ca-cert-file", "dataplane-file", "dataplane-token-file", "proxy-type", "binary-path", "concurrency",
    "dns-enabled", "drain-time",
)  # fmt: skip
"""Those of kuma-dp 2.9 to 2.14 that the engine uses; any other ends it, as it does the real one."""
READINESS_SOCKET = "kuma-readiness-reporter.sock"
_PAUSE_S = 0.2
"""Between two attempts to reach the control plane; 3 s in Kuma."""


def main(arguments: list[str], version: str) -> None:
    """``version --detailed`` or ``run FLAGS``."""
    number = answer_version(arguments, version)
    given = _flags(arguments[1:])
    resource = yaml.safe_load(_read(given.dataplane_file, "no resource file"))
    token = _token(given.dataplane_token_file)
    _read(given.ca_cert_file, "no CA file")
    control_plane = ControlPlane(given.cp_address, given.ca_cert_file, token)
    bootstrap = control_plane.ask("/bootstrap", resource)
    folder = _work_folder(number)
    (folder / "bootstrap.yaml").write_text(json.dumps({"authorization": token}))
    _report_readiness(number, folder)
    _serve_application_probes(number)
    control_plane.ask("/xds", resource)
    envoy.run(resource, control_plane, None if bootstrap["adminSocket"] else "127.0.0.1")


def _flags(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in FLAGS:
        parser.add_argument(f"--{flag}")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        sys.stderr.write(error("unknown flag", flag=unknown[0].partition("=")[0]) + "\n")
        end("Usage:\n  kuma-dp run [flags]")
    return given


def _read(file: str, otherwise: str) -> str:
    path = Path(file)
    return path.read_text() if path.exists() else end(error(otherwise, file=file))


def _token(file: str | None) -> str:
    if file is None:
        return ""
    token = _read(file, "no token file")
    if not token:
        end(error("empty token", file=file))
    return token if token.count(".") == 2 else end(error("no JWT"))


class ControlPlane:
    """A zone's control plane, known by its certificate."""

    def __init__(self, address: str, certificate: str, token: str) -> None:
        self._address = address
        self._certificate = certificate
        self.token = token

    def ask(self, path: str, document: Any = None) -> Any:
        """Its answer, however long that takes; ends where it says that it will never give one."""
        while True:
            try:
                return self._ask(path, document)
            except urllib.error.HTTPError as refused:
                self._told(refused)
            except urllib.error.URLError as problem:
                unknown = isinstance(problem.reason, ssl.SSLCertVerificationError)
                self._say(error("unknown CA", address=self._address) if unknown else str(problem.reason))
            time.sleep(_PAUSE_S)  # a client that tries again

    def _ask(self, path: str, document: Any) -> Any:
        tls = ssl.create_default_context(cafile=self._certificate)
        content = None if document is None else json.dumps(document).encode()
        headers = {"authorization": self.token} if self.token else {}
        request = urllib.request.Request(self._address + path, content, headers)
        with urllib.request.urlopen(request, timeout=5, context=tls) as answer:
            return json.load(answer)

    def _told(self, refused: urllib.error.HTTPError) -> None:
        said = refused.read().decode()
        if refused.code != 401:
            end(said)
        self._say(said)

    def _say(self, text: str) -> None:
        print(text, flush=True)  # noqa: T201 - its log


def _work_folder(version: Version) -> Path:
    """Its own, which stays behind when it is killed, unless it is told where to keep its files."""
    names = ["KUMA_DATAPLANE_RUNTIME_WORK_DIR"] if version.minor >= 12 else ["KUMA_DATAPLANE_RUNTIME_CONFIG_DIR"]
    names += [] if version.minor >= 12 else ["KUMA_DATAPLANE_RUNTIME_SOCKET_DIR"]
    named = [os.environ.get(name) or tempfile.mkdtemp(prefix="kuma-dp-") for name in (*names, "KUMA_DNS_CONFIG_DIR")]
    return Path(named[0])


def _report_readiness(version: Version, folder: Path) -> None:
    if version.minor not in (12, 13) or os.environ.get("KUMA_READINESS_UNIX_SOCKET_DISABLED") == "true":
        serve("127.0.0.1", int(os.environ["KUMA_READINESS_PORT"]), Handler)
        return
    reporter = socket.socket(socket.AF_UNIX)
    try:
        reporter.bind(str(folder / READINESS_SOCKET))
    except OSError:
        end(f"Error: listen unix {READINESS_SOCKET}: bind: address already in use")
    reporter.listen()


def _serve_application_probes(version: Version) -> None:
    port = int(os.environ.get("KUMA_APPLICATION_PROBE_PROXY_PORT", "9001"))
    if version.minor != 9 or not port:
        return
    try:
        serve("", port, Handler)
    except OSError:
        end(f"Error: listen tcp :{port}: bind: address already in use")
