"""A cluster's certificates, and the kubeconfig that they go into."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography import x509
from kubernetes.config import new_client_from_config

from fixtures.local.addresses import Endpoint
from fixtures.platforms.kubernetes.testbed import kubeconfig
from fixtures.platforms.kubernetes.testbed.certificates import Authority, Pair

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"


def handshake(folder: Path, server: Pair, client: Pair, authority: Authority) -> dict[str, str]:
    """Both ends verify the other with ``authority``; what the server knows of the client then."""
    at_server, at_client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    at_server.verify_mode = ssl.CERT_REQUIRED
    for context, pair in ((at_server, server), (at_client, client)):
        (folder / "pair.pem").write_text(pair.certificate + pair.key)
        context.load_cert_chain(folder / "pair.pem")
        context.load_verify_locations(cadata=authority.certificate)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = socket.socketpair()

    def connect() -> None:
        with contextlib.suppress(ssl.SSLError), at_client.wrap_socket(there, server_hostname=HOST) as encrypted:
            encrypted.recv(1)

    thread = threading.Thread(target=connect)
    thread.start()
    try:
        with at_server.wrap_socket(here, server_side=True) as encrypted:
            found: Any = encrypted.getpeercert()
            encrypted.send(b".")
    finally:
        thread.join()
    return {name: value for part in found["subject"] for name, value in part}


def test_server_and_client_verify_each_other(tmp_path: Path) -> None:
    authority = Authority("test")
    server, client = authority.server([HOST], ["localhost"]), authority.client("someone", "some-group")
    subject = handshake(tmp_path, server, client, authority)
    assert subject == {"commonName": "someone", "organizationName": "some-group"}


def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    authority, other = Authority("test"), Authority("test")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, authority.server([HOST], ["localhost"]), other.client("someone"), authority)


def test_a_server_is_known_by_its_addresses_and_names() -> None:
    pair = Authority("test").server([HOST, "127.9.0.2"], ["localhost", "kubernetes"])
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "kubernetes"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == [HOST, "127.9.0.2"]


def test_a_key_is_not_shown() -> None:
    pair = Authority("test").client("someone")
    context = kubeconfig.Context("zone1", Endpoint(HOST, 1), "", pair)
    assert "PRIVATE KEY" in pair.key
    assert "PRIVATE KEY" not in f"{pair!r} {context!r}"
    assert "t0ken" not in repr(kubeconfig.Context("zone1", Endpoint(HOST, 1), "", "t0ken"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    authority = Authority("test")
    one = kubeconfig.Context("zone1", Endpoint("127.9.1.2", 6443), authority.certificate, authority.client("someone"))
    other = kubeconfig.Context("bot", Endpoint("127.9.1.2", 6443), authority.certificate, "t0ken", "kong")
    kubeconfig.write(tmp_path / "kubeconfig", [one, other])
    return tmp_path / "kubeconfig"


def test_a_kubeconfig_is_private_and_the_client_understands_it(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    with new_client_from_config(str(file), "zone1") as certified, new_client_from_config(str(file), "bot") as bearer:
        assert certified.configuration.host == "https://127.9.1.2:6443"
        assert certified.configuration.verify_ssl
        assert certified.configuration.cert_file
        assert list(bearer.configuration.api_key.values()) == ["Bearer t0ken"]


def test_the_first_context_is_the_current_one(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    assert document["current-context"] == "zone1"
    assert [one["context"]["namespace"] for one in document["contexts"]] == ["default", "kong"]


def test_writing_replaces_the_file_in_one_step(file: Path) -> None:
    held = file.open()
    kubeconfig.write(file, [kubeconfig.Context("new", Endpoint(HOST, 1), "", "t0ken")])
    assert "zone1" in held.read()
    assert "zone1" not in file.read_text()
    assert [entry.name for entry in file.parent.iterdir()] == ["kubeconfig"]
    held.close()
