"""Fetching the clusters' programs: all of them, as they are published, or nothing."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from chaos.cli import app
from chaos.errors import InfraError, SettingsError
from fixtures.platforms.kubernetes.testbed import building, official, toolchain
from fixtures.platforms.kubernetes.testbed.official import ETCD, KUBERNETES, Sources, fetch, fetched
from tests.unit.kuma_vendor import Answer, Vendor, archive, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KUBE = f"/release/v{KUBERNETES}/bin/linux/amd64/"
ETCD_NAME = f"etcd-v{ETCD}-linux-amd64"


def program(says: str) -> bytes:
    return f"#!/bin/sh\necho '{says}' \"$@\"\n".encode()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    for module in (building, official, toolchain):
        monkeypatch.setattr(module, "cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def projects() -> Iterator[Vendor]:
    """Where both projects publish, with what this test bed needs."""
    with running() as vendor:
        for name in ("kube-apiserver", "kube-controller-manager"):
            put(vendor, KUBE + name, program(f"Kubernetes v{KUBERNETES}"))
        packed = archive({f"{ETCD_NAME}/etcd": program(f"etcd Version: {ETCD}"), f"{ETCD_NAME}/etcdctl": b"another"})
        sums = f"{'0' * 64}  another.zip\n{hashlib.sha256(packed).hexdigest()}  {ETCD_NAME}.tar.gz\n"
        vendor.answers[f"/etcd/v{ETCD}/{ETCD_NAME}.tar.gz"] = Answer(packed)
        vendor.answers[f"/etcd/v{ETCD}/SHA256SUMS"] = Answer(sums.encode())
        yield vendor


def put(vendor: Vendor, path: str, body: bytes) -> None:
    vendor.answers[path] = Answer(body)
    vendor.answers[f"{path}.sha256"] = Answer(hashlib.sha256(body).hexdigest().encode())


def sources(projects: Vendor) -> Sources:
    return Sources(f"{projects.url}/release", f"{projects.url}/etcd")


def quiet(what: str, done: int, total: int | None) -> None:
    return


def test_what_was_fetched_is_called_as_what_was_built(projects: Vendor) -> None:
    kube = fetch(sources(projects), quiet)
    said = subprocess.run([kube, "kube-apiserver", "--one", "two words"], capture_output=True, text=True, check=True)
    assert said.stdout == f"Kubernetes v{KUBERNETES} --one two words\n"
    assert subprocess.run([kube, "etcd"], capture_output=True, text=True, check=True).stdout.startswith("etcd Version")
    assert sorted(file.name for file in kube.parent.iterdir()) == [
        "etcd", "kube", "kube-apiserver", "kube-controller-manager",
    ]  # fmt: skip


def test_what_was_fetched_is_used_where_nothing_was_built(projects: Vendor) -> None:
    assert fetch(sources(projects), quiet) == building.kube(lambda _: None)


def test_what_is_there_is_not_fetched_again(projects: Vendor) -> None:
    fetch(sources(projects), quiet)
    projects.requests.clear()
    fetch(sources(projects), quiet)
    assert projects.requests == []


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (
            f"{KUBE}kube-apiserver",
            b"tampered with",
            r"kube-apiserver has SHA-256 .*, not .*sha256\): it was not used",
        ),
        (f"/etcd/v{ETCD}/SHA256SUMS", b"", r"no SHA-256 of etcd-.* is published at .*SHA256SUMS"),
        (f"{KUBE}kube-apiserver.sha256", b"\xff\xfe\x00", r"no SHA-256 of kube-apiserver is published at"),
        (f"{KUBE}kube-apiserver.sha256", b"<html>not found</html>", r"no SHA-256 of kube-apiserver is published at"),
        (f"/etcd/v{ETCD}/{ETCD_NAME}.tar.gz", b"tampered with", "SHA-256"),
    ],
)
def test_what_is_not_what_was_published_is_not_used(
    projects: Vendor, cache: Path, path: str, body: bytes, reason: str
) -> None:
    projects.answers[path] = Answer(body)
    with pytest.raises(InfraError, match=reason):
        fetch(sources(projects), quiet)
    assert list((cache / "kube").iterdir()) == []


def link(to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"{ETCD_NAME}/etcd")
    info.type, info.linkname = kind, to
    return info


@pytest.mark.parametrize(
    "packed",
    [
        archive({f"{ETCD_NAME}/README.md": b"nothing"}),
        archive({f"../{ETCD_NAME}/etcd": b"beside"}),
        archive({}, link("/bin/sh")),
        archive({}, link("../../../bin/sh", tarfile.LNKTYPE)),
        archive({}, link("", tarfile.FIFOTYPE)),
        archive({f"{ETCD_NAME}/etcd": b"x"})[:60],
        b"no archive",
    ],
    ids=["nothing", "beside", "symbolic link", "hard link", "fifo", "half", "junk"],
)
def test_an_archive_without_etcd_is_not_used(projects: Vendor, cache: Path, packed: bytes) -> None:
    projects.answers[f"/etcd/v{ETCD}/{ETCD_NAME}.tar.gz"] = Answer(packed)
    sums = f"{hashlib.sha256(packed).hexdigest()}  {ETCD_NAME}.tar.gz"
    projects.answers[f"/etcd/v{ETCD}/SHA256SUMS"] = Answer(sums.encode())
    with pytest.raises(InfraError, match="has no program"):
        fetch(sources(projects), quiet)
    assert list((cache / "kube").iterdir()) == []


@pytest.mark.parametrize("body", [program("Kubernetes v1.2.3"), b"\x7fELF of another machine", b"#!/bin/sh\nexit 3\n"])
def test_a_program_of_another_version_or_machine_is_not_used(projects: Vendor, cache: Path, body: bytes) -> None:
    put(projects, f"{KUBE}kube-controller-manager", body)
    with pytest.raises(InfraError, match=f"kube-controller-manager is not version {KUBERNETES} or does not run here"):
        fetch(sources(projects), quiet)
    assert list((cache / "kube").iterdir()) == []


def test_without_a_network_it_says_that_they_can_be_built() -> None:
    with running() as vendor:
        gone = vendor.url
    with pytest.raises(InfraError, match=r"cannot be fetched .*mesh-chaos testbed build"):
        fetch(Sources(gone, gone), quiet)


def test_a_machine_for_which_nothing_is_published_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SettingsError, match="riscv64"):
        fetch(Sources(), quiet)


def test_the_command_prints_where_they_are(projects: Vendor) -> None:
    at = sources(projects)
    done = CliRunner().invoke(app, ["testbed", "fetch", f"--source={at.kubernetes}/", f"--etcd-source={at.etcd}"])
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{fetched()}\n"


def test_the_versions_are_those_that_would_be_built() -> None:
    required = (building.SOURCE / "go.mod").read_text()
    assert f"k8s.io/kubernetes v{KUBERNETES}\n" in required
    assert f"go.etcd.io/etcd/server/v3 v{ETCD}\n" in required
