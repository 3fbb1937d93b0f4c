"""The vendor's download server, on loopback: real HTTP, so that what the network does to a download can be done."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@dataclass(frozen=True)
class Answer:
    """What the server has at a path."""

    body: bytes = b""
    status: int = 200
    sent: int | None = None
    """Only so many bytes of the body are sent, whatever the length says."""
    location: str | None = None
    stalls: bool = False
    """The connection stays open after what was sent, until the server ends."""


@dataclass
class Vendor:
    """A running server."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """The targets asked for: paths, or whole URLs when it was asked as a proxy."""
    stalled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def source(self) -> str:
        return f"{self.url}/public"

    def publish(self, product: str, version: str, target: str, archive: bytes, listed: str | None = None) -> Answer:
        """Serve a release as Kong lays it out, with its SHA-256 (or ``listed``) in the provenance."""
        file = f"{product}-{version}-{target}.tar.gz"
        subjects = {"kuma-0.0.0-other.tar.gz": "0" * 64, file: listed or hashlib.sha256(archive).hexdigest()}
        self.answers[self._path(product, "security-assets", version, "security-assets.tar.gz")] = Answer(
            assets(product, subjects)
        )
        return self.serve(product, version, target, Answer(archive))

    def serve(self, product: str, version: str, target: str, answer: Answer) -> Answer:
        """Let this be the answer to whoever asks for the archive."""
        file = f"{product}-{version}-{target}.tar.gz"
        self.answers[self._path(product, f"{product}-{target}", version, file)] = answer
        return answer

    @staticmethod
    def _path(product: str, package: str, version: str, file: str) -> str:
        return f"/public/{product}-binaries-release/raw/names/{package}/versions/{version}/{file}"


def assets(product: str, subjects: dict[str, str], *, bundled: bool = True) -> bytes:
    """``security-assets.tar.gz``: other documents, and the provenance that lists archives and their SHA-256."""
    subject = [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()]
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "subject": subject, "predicate": {}}
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    envelope = {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{"sig": "c2ln"}]}
    line = (
        {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": envelope}
        if bundled
        else envelope
    )
    return archive({"./image-sbom.spdx.json": b"{}", f"./{product}.intoto.jsonl": json.dumps(line).encode() + b"\n"})


def archive(files: dict[str, bytes], *members: tarfile.TarInfo) -> bytes:
    """A .tar.gz of these files and further members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for member in members:
            tar.addfile(member)
    return out.getvalue()


class _Handler(BaseHTTPRequestHandler):
    vendor: Vendor
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.vendor.requests.append(self.path)
        answer = self.vendor.answers.get(urlsplit(self.path).path, Answer(b"not here", 404))
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        self.wfile.write(answer.body[: answer.sent])
        if answer.stalls:
            self.wfile.flush()
            self.vendor.stalled.set()
            self.vendor.ended.wait()
        self.close_connection = answer.sent is not None or answer.stalls

    def log_message(self, *_: object) -> None:
        """Tests look at ``requests``."""


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    """A server with nothing on it, until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {}))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    vendor = Vendor(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass.vendor = vendor  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield vendor
    finally:
        vendor.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
