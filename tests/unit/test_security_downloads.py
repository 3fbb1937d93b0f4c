"""What a server sends is bounded and checked, whichever of the suite's programs fetches it."""

from __future__ import annotations

import ast
import gzip
import hashlib
import io
import tarfile
import time
from pathlib import Path

import pytest

from chaos.errors import InfraError
from fixtures.local import download
from fixtures.local.archives import DAMAGED, reading, unpack_file
from fixtures.local.download import Published, session
from tests.unit.kuma_vendor import Answer, archive, running

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


def quiet(what: str, done: int, total: int | None) -> None:
    return


def bomb(file: Path, name: str, mebibytes: int, kind: bytes = tarfile.REGTYPE) -> Path:
    """An archive of a thousandth of the size that it unpacks to."""
    info = tarfile.TarInfo(name)
    info.size, info.type = mebibytes * MIB, kind
    with gzip.open(file, "wb", compresslevel=1) as out:
        out.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(mebibytes):
            out.write(bytes(MIB))
    return file


def unpack(file: Path, into: Path) -> None:
    with reading(file, 4 * MIB) as tar:
        for member in tar:
            if member.name == "wanted":
                tar.extract(member, into, filter="data")


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("name", ["wanted", "skipped"])
def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, kind: bytes, name: str) -> None:
    """As a member that is wanted or skipped, and as a header, which tarfile reads into memory."""
    file = bomb(tmp_path / "a.tar.gz", name, 64, kind)
    began = time.monotonic()
    with pytest.raises(tarfile.ReadError, match="it unpacks to more than 4 MiB"):
        unpack(file, tmp_path / "into")
    assert time.monotonic() - began < 5
    assert sum(path.stat().st_size for path in tmp_path.rglob("into/*")) <= 4 * MIB


def test_a_member_of_less_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.tar.gz"
    file.write_bytes(archive({"first": b"1" * 5, "a/wanted": b"2" * MIB, "last": b"3"}))
    assert unpack_file(file, "a/wanted", tmp_path).read_bytes() == b"2" * MIB


@pytest.mark.parametrize("cut", range(0, 300, 7))
def test_an_archive_that_is_cut_is_damaged_and_nothing_else(tmp_path: Path, cut: int) -> None:
    packed = archive({"a": bytes(range(256)) * 40, "b": b"x"})
    file = tmp_path / "a.tar.gz"
    file.write_bytes(packed[:cut])
    with pytest.raises(DAMAGED):
        unpack_file(file, "b", tmp_path)


def test_a_download_without_end_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_MOST_BYTES", MIB)
    with running() as server:
        server.answers["/endless"] = Answer(bytes(8 * MIB))
        with session(server.url, "") as downloads, pytest.raises(InfraError, match="is larger than"):
            downloads.fetch(f"{server.url}/endless", tmp_path / "file", quiet)
    assert (tmp_path / "file").stat().st_size <= 2 * MIB


def test_a_download_is_checked_and_says_who_said_what_it_should_be(tmp_path: Path) -> None:
    right = Published(hashlib.sha256(b"content").hexdigest(), "--sha256")
    with running() as server:
        server.answers["/file"] = Answer(b"content")
        with session(server.url, "") as downloads:
            assert downloads.fetch_checked(f"{server.url}/file", tmp_path / "a", right, quiet) == right.sha256
            with pytest.raises(InfraError, match=r"has SHA-256 \w{64}, not (ab){32} \(somebody\): it was not used"):
                downloads.fetch_checked(f"{server.url}/file", tmp_path / "b", Published("ab" * 32, "somebody"), quiet)


@pytest.mark.parametrize("text", ["", "12", "g" * 64, "a" * 65, "<html>"])
def test_what_is_no_sha256_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits, not"):
        Published.parse(text, "somebody")
    assert Published.parse("AB" * 32, "somebody").sha256 == "ab" * 32


def test_archives_are_opened_nowhere_else() -> None:
    """So that none is read without its bounds."""
    found = {
        str(file.relative_to(ROOT))
        for folder in ("chaos", "fixtures", "reports")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {("tarfile", "open"), ("zipfile", "ZipFile"), ("shutil", "unpack_archive"), ("gzip", "GzipFile")}
    }
    assert found == {"fixtures/local/archives.py"}


def test_an_archive_of_another_compression_is_damaged(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:xz") as tar:
        tar.addfile(tarfile.TarInfo("a"))
    (tmp_path / "a.tar.gz").write_bytes(plain.getvalue())
    with pytest.raises(DAMAGED):
        unpack_file(tmp_path / "a.tar.gz", "a", tmp_path)
