"""The fake's kuma-dp: checks its flags, its token and its control plane's certificate, then stands for Envoy."""

from __future__ import annotations

import argparse
import os
import ssl
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from tests.integration.fake_kuma import DETAILED
from tests.integration.fake_kuma.events import event

FLAGS = (
    "cp-address", "ca-cert-file", "dataplane-file", "dataplane-token-file", "proxy-type", "binary-path", "concurrency",
    "dns-enabled", "drain-time",
)  # fmt: skip
"""Those of kuma-dp 2.9 to 2.14 that the engine uses; any other ends it, as it does the real one."""


class Admin(BaseHTTPRequestHandler):
    """Envoy's admin interface: every zone's ingress is an endpoint."""

    def do_GET(self) -> None:
        hosts = (f"127.{b}.{zone}.20:10001" for b in range(20, 220) for zone in (1, 2))
        content = "\n".join(f"c::{host}::health_flags::healthy" for host in hosts).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


class Gateway(BaseHTTPRequestHandler):
    """Sends everything to the first echo of its own zone."""

    def do_GET(self) -> None:
        own = str(self.connection.getsockname()[0]).rpartition(".")[0]
        with urllib.request.urlopen(f"http://{own}.101:8081{self.path}", timeout=2) as answer:
            content = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


def main(arguments: list[str]) -> int:
    """``version --detailed`` or ``run FLAGS``."""
    if arguments == ["version", "--detailed"]:
        sys.stdout.write(DETAILED)
        return 0
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in FLAGS:
        parser.add_argument(f"--{flag}", required=True)
    given = parser.parse_args(arguments[1:])
    resource = yaml.safe_load(Path(given.dataplane_file).read_text())
    _be_let_in(given)
    event(f"{resource['name']} is let in")
    _stand_for_envoy(resource["networking"])
    return 0


def _be_let_in(given: argparse.Namespace) -> None:
    token = Path(given.dataplane_token_file)
    assert token.stat().st_mode & 0o777 == 0o600, "the token can be read by others"
    assert token.read_text() not in " ".join(sys.argv), "the token is in the process list"
    verified = ssl.create_default_context(cafile=given.ca_cert_file)
    request = urllib.request.Request(
        f"{given.cp_address}/bootstrap", method="POST", headers={"authorization": token.read_text()}
    )
    urllib.request.urlopen(request, timeout=5, context=verified).close()


def _stand_for_envoy(networking: dict[str, object]) -> None:
    readiness = ThreadingHTTPServer(("127.0.0.1", int(os.environ["KUMA_READINESS_PORT"])), Admin)
    admin = networking["admin"]
    assert isinstance(admin, dict)
    threading.Thread(target=readiness.serve_forever, daemon=True).start()
    if "gateway" in networking:
        gateway = ThreadingHTTPServer((str(networking["address"]), 8080), Gateway)
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", admin["port"]), Admin).serve_forever()
