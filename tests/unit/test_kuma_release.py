"""Fetching Kuma: what is put in place is a whole release with the SHA-256 that was expected, or nothing is."""

from __future__ import annotations

import datetime
import hashlib
import os
import pty
import re
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner, Result

from chaos.cli import app
from chaos.errors import InfraError, SettingsError
from fixtures.platforms.universal.kuma.installation import fetched_folder, find_kuma
from fixtures.platforms.universal.kuma.release import Fetched, Release, fetch, release
from tests.unit.kuma_release import binary, packed, unpacked
from tests.unit.kuma_vendor import Answer, Vendor, archive, assets, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TARGET = "linux-amd64"
VERSION = "2.13.10"
PROVENANCE = "/public/kuma-binaries-release/raw/names/security-assets/versions/2.13.10/security-assets.tar.gz"
ARCHIVE = "/public/kuma-binaries-release/raw/names/kuma-linux-amd64/versions/2.13.10/kuma-2.13.10-linux-amd64.tar.gz"


@pytest.fixture(autouse=True)
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user with an empty data folder and an environment that names no proxy or Kuma, on linux-amd64."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "KUMA_HOME"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with running() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def packed_release(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return packed(tmp_path_factory.mktemp("packed"), VERSION).read_bytes()


@pytest.fixture
def published(vendor: Vendor, packed_release: bytes) -> Vendor:
    """The vendor, with Kuma 2.13.10."""
    vendor.publish("kuma", VERSION, TARGET, packed_release)
    return vendor


def got(vendor: Vendor, into: Path, sha256: str | None = None) -> Fetched:
    return fetch(Release("kuma", VERSION, TARGET, vendor.source), into, sha256, lambda *_: None)


def nothing_left(into: Path) -> bool:
    return not into.exists()


def test_the_addresses_are_those_of_kumas_own_installer() -> None:
    wanted = Release("kong-mesh", "2.5.1", "linux-arm64")

    assert wanted.url == (
        "https://packages.konghq.com/public/kong-mesh-binaries-release/raw/names/kong-mesh-linux-arm64/versions/2.5.1/"
        "kong-mesh-2.5.1-linux-arm64.tar.gz"
    )
    assert wanted.provenance_url == (
        "https://packages.konghq.com/public/kong-mesh-binaries-release/raw/names/security-assets/versions/2.5.1/"
        "security-assets.tar.gz"
    )


@pytest.mark.parametrize(
    ("system", "machine", "target"),
    [("Linux", "x86_64", "linux-amd64"), ("Linux", "aarch64", "linux-arm64"), ("Darwin", "arm64", "darwin-arm64")],
)
def test_the_release_is_the_one_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, target: str
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)

    assert release("kuma", None) == Release("kuma", "2.13.10", target)


@pytest.mark.parametrize(("system", "machine"), [("Linux", "riscv64"), ("Windows", "AMD64")])
def test_a_machine_that_kong_does_not_publish_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)

    with pytest.raises(SettingsError, match=rf"no binaries for {system} on {machine}: .* --kuma-home"):
        release("kuma", None)


@pytest.mark.parametrize(
    ("product", "version", "complaint"),
    [
        ("istio", None, "--product is kuma or kong-mesh, not 'istio'"),
        ("kuma", "latest", "--version is three numbers, as in 2.13.10, not 'latest'"),
        ("kuma", "2.13", "three numbers"),
        ("kuma", "2.13.10/../../x", "three numbers"),
        ("kuma", "2.8.8", "--version 2.8.8 is not supported, 2.9 to 2.14 are"),
        ("kong-mesh", "2.15.0", "not supported"),
    ],
)
def test_only_supported_releases_can_be_named(product: str, version: str | None, complaint: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(complaint)):
        release(product, version)


def test_a_release_is_put_in_its_place_and_runs(published: Vendor, packed_release: bytes, tmp_path: Path) -> None:
    into = tmp_path / "deep" / "into"

    fetched = got(published, into)

    assert str(fetched.kuma.version) == "Kuma 2.13.10"
    assert fetched.kuma.home == into / "kuma-2.13.10"
    assert fetched.kuma.envoy == into / "kuma-2.13.10" / "bin" / "envoy"
    assert fetched.sha256 == hashlib.sha256(packed_release).hexdigest()
    assert fetched.checked_against == published.url + PROVENANCE
    assert [file.name for file in into.iterdir()] == ["kuma-2.13.10"]
    assert find_kuma(str(fetched.kuma.home)) == fetched.kuma


def test_only_binaries_and_licences_are_kept(published: Vendor, tmp_path: Path) -> None:
    home = got(published, tmp_path).kuma.home

    assert {str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()} == {
        *("LICENSE", "NOTICE", "README"),
        *("bin/kuma-cp", "bin/kuma-dp", "bin/kumactl", "bin/envoy", "bin/coredns"),
    }


def test_what_was_fetched_into_the_data_folder_is_found(published: Vendor) -> None:
    fetched = got(published, fetched_folder())

    assert find_kuma(None, {}) == fetched.kuma


def test_what_is_there_already_is_used_without_asking_anybody(published: Vendor, tmp_path: Path) -> None:
    unpacked(tmp_path / "kuma-2.13.10", VERSION)

    fetched = got(published, tmp_path)

    assert str(fetched.kuma.version) == "Kuma 2.13.10"
    assert fetched.sha256 is None
    assert published.requests == []


@pytest.mark.parametrize("bundled", [True, False], ids=["sigstore bundle", "bare envelope"])
def test_both_forms_of_provenance_are_read(
    published: Vendor, packed_release: bytes, tmp_path: Path, *, bundled: bool
) -> None:
    subjects = {"kuma-2.13.10-linux-amd64.tar.gz": hashlib.sha256(packed_release).hexdigest().upper()}
    published.answers[PROVENANCE] = Answer(assets("kuma", subjects, bundled=bundled))

    assert got(published, tmp_path).kuma.home.is_dir()


def test_a_wrong_checksum_is_not_used(vendor: Vendor, packed_release: bytes, tmp_path: Path) -> None:
    vendor.publish("kuma", VERSION, TARGET, packed_release, listed="ab" * 32)
    found = hashlib.sha256(packed_release).hexdigest()

    with pytest.raises(InfraError, match=rf"has SHA-256 {found}, not (ab){{32}} \(.*security-assets.*not used"):
        got(vendor, tmp_path / "into")
    assert nothing_left(tmp_path / "into")


def test_the_users_own_checksum_is_what_counts(published: Vendor, packed_release: bytes, tmp_path: Path) -> None:
    digest = hashlib.sha256(packed_release).hexdigest()

    assert got(published, tmp_path, digest.upper()).checked_against == "--sha256"
    assert published.requests == [ARCHIVE], "the vendor's checksum was not asked for"


def test_an_archive_without_the_users_checksum_is_not_used(published: Vendor, tmp_path: Path) -> None:
    with pytest.raises(InfraError, match=r"not (cd){32} \(--sha256\)"):
        got(published, tmp_path / "into", "cd" * 32)
    assert nothing_left(tmp_path / "into")


@pytest.mark.parametrize("sha256", ["", "12", "x" * 64])
def test_what_is_no_checksum_is_wrong_usage(published: Vendor, tmp_path: Path, sha256: str) -> None:
    with pytest.raises(SettingsError, match="--sha256 is 64 hexadecimal digits"):
        got(published, tmp_path, sha256)
    assert published.requests == []


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (Answer(b"not here", 404), "no checksum is published"),
        (Answer(assets("kuma", {"kuma-2.13.10-darwin-arm64.tar.gz": "ab" * 32})), "has no checksum of"),
        (Answer(archive({"sbom.json": b"{}"})), r"cannot be read \(no \*.intoto.jsonl in it\)"),
        (Answer(archive({"kuma.intoto.jsonl": b"{}\n"})), "cannot be read"),
        (Answer(archive({"kuma.intoto.jsonl": b"no json\n"})), "cannot be read"),
        (Answer(b"<html>sign in</html>"), "cannot be read"),
        (Answer(assets("kuma", {})[:60]), "cannot be read"),
    ],
    ids=["none", "not of this archive", "no provenance", "empty", "no json", "no archive", "cut off"],
)
def test_an_archive_is_not_even_fetched_when_nothing_says_what_it_should_be(
    published: Vendor, tmp_path: Path, answer: Answer, complaint: str
) -> None:
    published.answers[PROVENANCE] = answer

    with pytest.raises(SettingsError, match=rf"{complaint}.*give it with --sha256; unchecked it is not used$"):
        got(published, tmp_path / "into")
    assert published.requests == [PROVENANCE]
    assert nothing_left(tmp_path / "into")


@pytest.mark.parametrize(
    ("answer", "error", "complaint"),
    [
        (Answer(b"not here", 404), SettingsError, r"there is no http.*\(HTTP 404\): is the version right\?"),
        (Answer(b"busy", 503), InfraError, r"cannot be fetched \(HTTP 503\): try again later"),
        (Answer(b"x" * 5000, sent=4000), InfraError, r"cannot be fetched \(peer closed connection .*received 4000"),
        (Answer(status=302, location=ARCHIVE), InfraError, r"cannot be fetched \(Exceeded maximum allowed redirects"),
    ],
    ids=["not found", "refused", "truncated", "redirected in a circle"],
)
def test_a_download_that_fails_leaves_nothing(
    published: Vendor, tmp_path: Path, answer: Answer, error: type[Exception], complaint: str
) -> None:
    published.serve("kuma", VERSION, TARGET, answer)

    with pytest.raises(error, match=complaint):
        got(published, tmp_path / "into")
    assert nothing_left(tmp_path / "into")


def test_a_redirect_is_followed(published: Vendor, packed_release: bytes, tmp_path: Path) -> None:
    published.answers["/cdn/file"] = Answer(packed_release)
    published.serve("kuma", VERSION, TARGET, Answer(status=302, location="/cdn/file"))

    assert got(published, tmp_path).kuma.home.is_dir()


def test_without_network_it_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = Vendor(f"http://127.0.0.1:{unused.getsockname()[1]}")

        with pytest.raises(InfraError) as raised:
            got(nobody, tmp_path / "into")

    assert re.search(
        r"cannot be fetched \(.*refused\): without network, .*--kuma-home; .*HTTPS_PROXY", str(raised.value)
    )
    assert len(str(raised.value).splitlines()) == 1
    assert nothing_left(tmp_path / "into")


def test_the_environments_proxy_is_asked(published: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", published.url)
    far = Vendor("http://vendor.invalid")

    assert got(far, tmp_path).kuma.home.is_dir()
    assert published.requests == [f"http://vendor.invalid{PROVENANCE}", f"http://vendor.invalid{ARCHIVE}"]


@pytest.mark.parametrize(("name", "value"), [("HTTPS_PROXY", "gopher://x"), ("SSL_CERT_FILE", "/no/such/file.pem")])
def test_an_environment_that_cannot_be_used_says_so(
    published: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match="a proxy or certificate variable of the environment cannot be used"):
        got(published, tmp_path / "into")
    assert nothing_left(tmp_path / "into")


@pytest.mark.parametrize("source", ["ftp://127.0.0.1/public", "packages.konghq.com", "http://[::1/public"])
def test_a_source_that_is_no_address_is_wrong_usage(tmp_path: Path, source: str) -> None:
    with pytest.raises(SettingsError, match="is not the address of a download"):
        fetch(Release("kuma", VERSION, TARGET, source), tmp_path / "into", None, lambda *_: None)
    assert nothing_left(tmp_path / "into")


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for 127.0.0.1, which the environment names as trusted, as behind a company's proxy."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")]),
    )
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file, pem = tmp_path / "certificate.pem", serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_the_environments_certificates_are_trusted(tls: ssl.SSLContext, packed_release: bytes, tmp_path: Path) -> None:
    with running(tls) as vendor:
        vendor.publish("kuma", VERSION, TARGET, packed_release)
        assert got(vendor, tmp_path / "into").kuma.home.is_dir()


def test_a_server_that_is_not_trusted_is_not_asked(
    tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with running(tls) as vendor, pytest.raises(InfraError, match="CERTIFICATE_VERIFY_FAILED"):
        got(vendor, tmp_path / "into")
    assert vendor.requests == []


def test_from_an_encrypted_source_no_plain_redirect_is_followed(
    tls: ssl.SSLContext, published: Vendor, tmp_path: Path
) -> None:
    with running(tls) as vendor:
        vendor.answers[PROVENANCE] = Answer(status=302, location=published.url + PROVENANCE)
        with pytest.raises(InfraError, match=r"redirects to http://.*, which is not encrypted: not followed"):
            got(vendor, tmp_path / "into")
    assert published.requests == []


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


@pytest.mark.parametrize(
    "evil",
    [
        archive({"kuma-2.13.10/bin/kuma-cp": b"x", "../evil": b"x"}),
        archive({"kuma-2.13.10/bin/../../../evil": b"x"}),
        archive({"/evil": b"x"}),
        archive({"evil": b"x"}),
        archive({"kuma-2.13.9/bin/kuma-cp": b"x"}),
        archive({}, link("kuma-2.13.10/bin", "/"), link("kuma-2.13.10/bin/evil", "/etc/passwd")),
        archive({}, link("kuma-2.13.10/bin/kuma-cp", "../../../evil", tarfile.LNKTYPE)),
        archive({}, link("kuma-2.13.10/bin/kuma-cp", "", tarfile.FIFOTYPE)),
    ],
    ids=["up", "up inside", "absolute", "beside", "of another release", "symbolic link", "hard link", "fifo"],
)
def test_an_archive_that_is_no_release_is_not_unpacked(vendor: Vendor, tmp_path: Path, evil: bytes) -> None:
    vendor.publish("kuma", VERSION, TARGET, evil)

    with pytest.raises(InfraError, match=r"is no archive of a release \(unexpected member .*nothing of it was used"):
        got(vendor, tmp_path / "into")
    assert nothing_left(tmp_path / "into")
    assert [file.name for file in tmp_path.rglob("*")] == []


@pytest.mark.parametrize("damage", [b"junk", b"", "half"], ids=["junk", "empty", "half"])
def test_a_damaged_archive_is_not_unpacked(
    vendor: Vendor, packed_release: bytes, tmp_path: Path, damage: bytes | str
) -> None:
    body = packed_release[: len(packed_release) // 2] if isinstance(damage, str) else damage
    vendor.publish("kuma", VERSION, TARGET, body)

    with pytest.raises(InfraError, match="is no archive of a release"):
        got(vendor, tmp_path / "into")
    assert nothing_left(tmp_path / "into")


def test_a_release_that_does_not_run_here_is_not_put_in_place(vendor: Vendor, tmp_path: Path) -> None:
    elsewhere = packed(tmp_path / "packed").parent / "kuma-2.13.10"
    (elsewhere / "bin" / "kuma-cp").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(100))
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(elsewhere, "kuma-2.13.10")
    vendor.publish("kuma", VERSION, TARGET, (tmp_path / "a.tar.gz").read_bytes())

    with pytest.raises(SettingsError, match="Exec format error"):
        got(vendor, tmp_path / "into")
    assert nothing_left(tmp_path / "into")


def test_a_release_that_is_not_the_one_asked_for_is_not_put_in_place(vendor: Vendor, tmp_path: Path) -> None:
    other = unpacked(tmp_path / "other", "2.12.3")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(other, "kuma-2.13.10")
    vendor.publish("kuma", VERSION, TARGET, (tmp_path / "a.tar.gz").read_bytes())

    with pytest.raises(InfraError, match=r"kuma-2.13.10-linux-amd64.tar.gz holds Kuma 2.12.3: it was not used"):
        got(vendor, tmp_path / "into")
    assert nothing_left(tmp_path / "into")


def test_a_folder_that_cannot_be_written_says_so(published: Vendor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InfraError, match=r"cannot be written \(Not a directory\): name another folder with --into"):
        got(published, tmp_path / "file" / "into")


def test_a_failure_leaves_what_was_in_the_folder(published: Vendor, tmp_path: Path) -> None:
    (tmp_path / "kuma-2.12.0").mkdir()
    with pytest.raises(InfraError):
        got(published, tmp_path, "cd" * 32)
    assert [file.name for file in tmp_path.iterdir()] == ["kuma-2.12.0"]


def test_progress_is_told_to_the_last_byte(published: Vendor, packed_release: bytes, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []

    fetch(Release("kuma", VERSION, TARGET, published.source), tmp_path, None, lambda *what: told.append(what))

    assert told[-1] == ("kuma-2.13.10-linux-amd64.tar.gz", len(packed_release), len(packed_release))


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["kuma", *(str(argument) for argument in arguments)])


def test_the_command_fetches_and_says_what_it_did(published: Vendor, packed_release: bytes) -> None:
    result = invoke("fetch", "--source", published.source)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"fetched {published.url}{ARCHIVE}",
        f"SHA-256 {hashlib.sha256(packed_release).hexdigest()}, as in {published.url}{PROVENANCE}",
        f"Kuma 2.13.10 is in {fetched_folder()}/kuma-2.13.10",
    ]
    assert result.stderr == "", "no progress in a log"


def test_the_command_fetches_kong_mesh(vendor: Vendor, tmp_path: Path) -> None:
    vendor.publish("kong-mesh", "2.12.5", TARGET, packed(tmp_path, "2.12.5", "kong-mesh").read_bytes())

    result = invoke("fetch", "--product", "kong-mesh", "--version", "2.12.5", "--source", vendor.source)

    assert result.exit_code == 0, result.output
    assert "Kong Mesh 2.12.5 (Kuma 2.12.5) is in " in result.stdout


def test_the_command_says_how_to_use_what_would_not_be_found(published: Vendor, tmp_path: Path) -> None:
    result = invoke("fetch", "--source", published.source, "--into", tmp_path / "mine")
    assert result.stdout.splitlines()[-1] == f"to use it: --kuma-home {tmp_path}/mine/kuma-2.13.10"


def test_the_command_says_that_it_is_there_already(published: Vendor) -> None:
    invoke("fetch", "--source", published.source)
    asked = len(published.requests)

    result = invoke("fetch", "--source", published.source)

    assert (
        result.stdout
        == f"Kuma 2.13.10 is in {fetched_folder()}/kuma-2.13.10 already; delete that folder to fetch it again\n"
    )
    assert len(published.requests) == asked


@pytest.mark.parametrize(
    ("arguments", "exit_code"), [(["--version", "2.8.0"], 2), (["--source", "http://127.0.0.1:1"], 10)]
)
def test_the_commands_errors_are_one_line(arguments: list[str], exit_code: int) -> None:
    result = invoke("fetch", *arguments)

    assert result.exit_code == exit_code
    assert result.stderr.startswith("mesh-chaos: ")
    assert len(result.stderr.splitlines()) == 1


def command(vendor: Vendor, into: Path, stderr: int) -> subprocess.Popen[bytes]:
    arguments = ["kuma", "fetch", "--source", vendor.source, "--into", str(into)]
    program = "import platform; platform.machine = lambda: 'x86_64'; from chaos.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=stderr)


def test_ctrl_c_leaves_nothing(published: Vendor, packed_release: bytes, tmp_path: Path) -> None:
    published.serve("kuma", VERSION, TARGET, Answer(packed_release, sent=len(packed_release) // 2, stalls=True))
    process = command(published, tmp_path / "into", subprocess.PIPE)
    assert published.stalled.wait(30)
    assert not nothing_left(tmp_path / "into"), "it had begun"

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)

    assert process.returncode != 0
    assert b"Traceback" not in said
    assert nothing_left(tmp_path / "into")


def test_on_a_terminal_progress_is_shown(published: Vendor, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = command(published, tmp_path / "into", theirs)
    os.close(theirs)
    shown = bytearray()
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    process.communicate(timeout=120)

    assert process.returncode == 0
    assert b"kuma-2.13.10-linux-amd64.tar.gz" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that nobody has the other end any more
        return b""


def test_show_says_which_kuma_is_used_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = unpacked(tmp_path / "kuma", "2.12.3")
    monkeypatch.setenv("KUMA_HOME", str(home))

    assert invoke("show").stdout.splitlines() == [
        f"Kuma 2.12.3 in {home} (from KUMA_HOME)",
        f"kuma-cp: {home}/bin/kuma-cp",
        f"kuma-dp: {home}/bin/kuma-dp",
        f"envoy: {home}/bin/envoy",
    ]
    assert invoke("show", "--kuma-home", home / "bin").stdout.startswith(
        f"Kuma 2.12.3 in {home}/bin (from --kuma-home)"
    )


def test_show_says_that_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = invoke("show")

    assert result.exit_code == 0
    assert result.stdout.startswith("no Kuma on this machine: the stand-in would run the mesh.")


def test_show_says_what_is_wrong_with_the_one_that_was_named(tmp_path: Path) -> None:
    home = unpacked(tmp_path / "kuma", "2.12.3")
    binary(home / "bin" / "kuma-dp", "hello\n")

    result = invoke("show", "--kuma-home", home)

    assert result.exit_code == 2
    assert "kuma-dp (--kuma-home) is not Kuma" in result.stderr
