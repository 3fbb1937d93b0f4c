"""Which Kuma is used: the first place that there is; and everything that can be wrong with it is one clear line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from chaos.errors import SettingsError
from fixtures.platforms.universal.kuma.installation import Kuma, fetched_folder, find_kuma
from fixtures.platforms.universal.kuma.version import KumaVersion
from tests.unit.kuma_release import DETAILED, binary, unpacked


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's data folder with nothing fetched."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return fetched_folder()


def found(home: str | Path | None = None, **environment: str | Path) -> Kuma | None:
    return find_kuma(str(home) if home else None, {name: str(value) for name, value in environment.items()})


def version_of(kuma: Kuma | None) -> str:
    assert kuma is not None
    return str(kuma.version)


def complaint(home: str | Path | None = None, **environment: str | Path) -> str:
    with pytest.raises(SettingsError) as raised:
        found(home, **environment)
    assert len(str(raised.value).splitlines()) == 1
    assert "mesh-chaos kuma fetch" in str(raised.value)
    return str(raised.value)


def test_a_home_is_the_unpacked_release(tmp_path: Path) -> None:
    home = unpacked(tmp_path / "kuma", "2.13.10")

    assert found(home) == Kuma(
        home,
        home / "bin" / "kuma-cp",
        home / "bin" / "kuma-dp",
        home / "bin" / "envoy",
        KumaVersion("Kuma", (2, 13, 10), (2, 13, 10)),
    )


def test_a_home_may_be_the_folder_of_the_binaries(tmp_path: Path) -> None:
    binaries = unpacked(tmp_path / "kuma", "2.13.10") / "bin"

    kuma = found(binaries)

    assert kuma is not None
    assert (kuma.home, kuma.control_plane) == (binaries, binaries / "kuma-cp")


def test_what_was_found_is_found_again_by_its_home(tmp_path: Path) -> None:
    kuma = found(PATH=unpacked(tmp_path / "kuma", "2.13.10") / "bin")

    assert kuma is not None
    assert found(kuma.home) == kuma


def test_a_relative_home_means_the_same_wherever_it_is_used_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked(tmp_path / "kuma", "2.13.10")
    monkeypatch.chdir(tmp_path)

    kuma = found("kuma")

    assert kuma is not None
    assert kuma.control_plane == tmp_path / "kuma" / "bin" / "kuma-cp"


def test_kong_mesh_is_a_kuma(tmp_path: Path) -> None:
    printed = DETAILED.format(product="Kong Mesh", version="2.13.1") + "Based on Kuma: 2.13.10\n"
    for name in ("kuma-cp", "kuma-dp"):
        binary(tmp_path / name, printed)

    assert version_of(found(tmp_path)) == "Kong Mesh 2.13.1 (Kuma 2.13.10)"


def test_the_option_comes_before_kuma_home_before_path_before_what_was_fetched(tmp_path: Path, data: Path) -> None:
    option, variable, path = (
        unpacked(tmp_path / name, f"2.{minor}.0") for name, minor in (("o", 9), ("v", 10), ("p", 11))
    )
    unpacked(data / "kuma-2.12.0", "2.12.0")
    places = {"KUMA_HOME": variable, "PATH": path / "bin"}

    assert version_of(found(option, **places)) == "Kuma 2.9.0"
    assert version_of(found(**places)) == "Kuma 2.10.0"
    assert version_of(found(PATH=path / "bin")) == "Kuma 2.11.0"
    assert version_of(found()) == "Kuma 2.12.0"


def test_an_empty_name_is_none(tmp_path: Path) -> None:
    path = unpacked(tmp_path / "kuma", "2.11.0") / "bin"
    assert version_of(found("", KUMA_HOME="", PATH=path)) == "Kuma 2.11.0"


def test_nothing_named_and_nothing_there_is_no_kuma(tmp_path: Path) -> None:
    assert found(PATH=tmp_path) is None
    assert found() is None


def test_of_several_that_were_fetched_the_newest_counts(data: Path) -> None:
    for release in ("kuma-2.9.12", "kuma-2.13.2", "kuma-2.13.10", "kong-mesh-2.12.5"):
        unpacked(data / release, release.rpartition("-")[2])
    (data / ".fetching-x").mkdir()

    assert version_of(found()) == "Kuma 2.13.10"


def test_a_link_on_path_leads_to_its_release(tmp_path: Path) -> None:
    home, links = unpacked(tmp_path / "kuma", "2.13.10"), tmp_path / "links"
    links.mkdir()
    (links / "kuma-cp").symlink_to(home / "bin" / "kuma-cp")

    kuma = found(PATH=links)

    assert kuma is not None
    assert kuma.proxy == home / "bin" / "kuma-dp"


@pytest.mark.parametrize("mode", [None, 0o644], ids=["no envoy", "not executable"])
def test_a_kuma_may_come_without_envoy(tmp_path: Path, mode: int | None) -> None:
    envoy = unpacked(tmp_path, "2.13.10") / "bin" / "envoy"
    envoy.unlink() if mode is None else envoy.chmod(mode)

    kuma = found(tmp_path)

    assert kuma is not None
    assert kuma.envoy is None


@pytest.mark.parametrize("variable", [None, "KUMA_HOME"])
def test_a_place_that_was_named_must_have_one(tmp_path: Path, variable: str | None, data: Path) -> None:
    unpacked(data / "kuma-2.12.0", "2.12.0")  # which is not used instead
    gone, empty = tmp_path / "gone", tmp_path / "empty"
    empty.mkdir()
    for folder, problem in ((gone, "is no folder"), (empty, "has no kuma-cp")):
        said = complaint(**{variable: folder}) if variable else complaint(folder)
        assert said.startswith(f"{folder} ({variable or '--kuma-home'}) {problem}: ")


def test_a_release_without_its_proxy_says_which_file_is_missing(tmp_path: Path) -> None:
    home = unpacked(tmp_path, "2.13.10")
    (home / "bin" / "kuma-dp").unlink()

    assert complaint(home).startswith(f"{home}/bin/kuma-dp (--kuma-home) cannot be run (No such file or directory): ")


def test_a_binary_that_is_not_executable_says_so(tmp_path: Path) -> None:
    home = unpacked(tmp_path, "2.13.10")
    (home / "bin" / "kuma-cp").chmod(0o644)

    assert complaint(home).startswith(f"{home}/bin/kuma-cp (--kuma-home) cannot be run (Permission denied): ")


def test_a_binary_for_another_processor_says_so(tmp_path: Path) -> None:
    home = unpacked(tmp_path, "2.13.10")
    (home / "bin" / "kuma-cp").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(100))

    assert re.search(r"kuma-cp \(--kuma-home\) cannot be run \(Exec format error\): ", complaint(home))


def test_both_must_be_of_one_release(tmp_path: Path) -> None:
    home = unpacked(tmp_path, "2.13.10")
    binary(home / "bin" / "kuma-dp", DETAILED.format(product="Kuma", version="2.13.9"))

    said = complaint(home)

    assert "kuma-cp of Kuma 2.13.10 but kuma-dp of Kuma 2.13.9" in said
    assert "both must be of one release" in said


@pytest.mark.parametrize("version", ["2.8.9", "2.15.0", "3.0.0", "0.0.0-preview.v6f6e380ae"])
def test_an_unsupported_version_is_refused_with_those_that_are(tmp_path: Path, version: str) -> None:
    said = complaint(KUMA_HOME=unpacked(tmp_path, version))

    assert "kuma-cp (KUMA_HOME) is Kuma " + version.partition("-")[0] in said
    assert "supported is 2.9 to 2.14" in said


def test_what_is_not_kuma_is_told_by_its_answer(tmp_path: Path) -> None:
    home = unpacked(tmp_path, "2.13.10")
    binary(home / "bin" / "kuma-cp", "hello\n")

    assert "kuma-cp (--kuma-home) is not Kuma: it answers `version --detailed` with 'hello\\n'" in complaint(home)


def test_a_binary_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = unpacked(tmp_path, "2.13.10")
    (home / "bin" / "kuma-cp").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr("fixtures.platforms.universal.kuma.installation._ANSWER_LIMIT_S", 0.2)

    assert "printed no version within 0.2 s" in complaint(home)


@pytest.mark.kuma
def test_the_real_kuma_is_found() -> None:
    if not os.environ.get("KUMA_HOME"):
        pytest.skip("no real Kuma: KUMA_HOME is not set")

    kuma = find_kuma(None)

    assert kuma is not None
    assert kuma.version.supported
    assert kuma.home == Path(os.environ["KUMA_HOME"])
