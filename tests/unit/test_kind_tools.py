"""What --platform kind needs, and what it says where that is missing. Docker's answers are the real command's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chaos.errors import SettingsError
from fixtures.platforms.kind.makers import K3d, Kind, node_image
from fixtures.platforms.kind.tools import check_inotify, find_tools
from fixtures.platforms.kubernetes.install.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable

    Offer = Callable[..., None]

DOCKER = shutil.which("docker")


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Offer:
    """Puts programs on an otherwise empty PATH: a script each, or a link to a real one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KIND_EXPERIMENTAL_PROVIDER", raising=False)
    monkeypatch.setenv("DOCKER_HOST", "ssh://elsewhere")  # whose kernel limits are not ours to look at

    def put(**programs: str) -> None:
        for name, text in programs.items():
            file = tmp_path / name
            if text.startswith("/"):
                file.symlink_to(text)
            else:
                file.write_text(f"#!/bin/sh\n{text}\n")
                file.chmod(0o755)

    return put


def complaint() -> str:
    with pytest.raises(SettingsError) as caught:
        find_tools(Versions())
    (line,) = str(caught.value).splitlines()
    return line


KIND = "echo kind v0.32.0 go1.26.8 linux/amd64"


def test_no_docker(offer: Offer) -> None:
    assert complaint() == "docker is not installed: https://docs.docker.com/engine/install/"


@pytest.mark.skipif(DOCKER is None, reason="the real docker command is not installed")
def test_the_real_docker_without_its_daemon(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert DOCKER is not None
    offer(docker=DOCKER)
    nowhere = tmp_path_factory.mktemp("docker") / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{nowhere}")
    line = complaint()
    assert line.startswith("the clusters of --platform kind need docker, which says: ")
    assert re.search("(?i)cannot connect to the docker daemon|failed to connect to the docker API", line)
    assert str(nowhere) in line


def test_neither_kind_nor_k3d(offer: Offer) -> None:
    offer(docker="exit 0")
    assert complaint() == (
        "kind is not installed: https://kind.sigs.k8s.io/docs/user/quick-start/#installation, or k3d: "
        "https://k3d.io/#installation"
    )


def test_podman_needs_kind(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", "podman")
    offer(podman="exit 0", k3d="exit 0")
    assert complaint() == "kind is not installed: https://kind.sigs.k8s.io/docs/user/quick-start/#installation"
    offer(kind=KIND, helm="exit 0")
    assert find_tools(Versions()).maker == Kind("v1.36.1", "podman")


def test_no_helm(offer: Offer) -> None:
    offer(docker="exit 0", kind=KIND)
    assert complaint() == "helm is not installed: https://helm.sh/docs/intro/install/"


def test_a_program_that_cannot_be_run(offer: Offer, tmp_path: Path) -> None:
    offer(docker="exit 0")
    (tmp_path / "docker").write_bytes(b"\x7fELF of another machine")
    assert complaint() == "docker cannot be run (Exec format error): https://docs.docker.com/engine/install/"


def test_the_node_image_goes_with_the_version_of_kind(offer: Offer) -> None:
    offer(docker="exit 0", kind="echo kind v0.30.0 go1.24.6 linux/amd64", helm="exit 0", k3d="exit 0")
    assert find_tools(Versions()).maker == Kind("v1.34.0")
    assert find_tools(Versions(others={"node": "v1.33.4"})).maker == Kind("v1.33.4")


def test_k3d_where_kind_is_not_there(offer: Offer) -> None:
    offer(docker="exit 0", helm="exit 0", k3d="exit 0")
    assert find_tools(Versions()).maker == K3d("v1.35.3-k3s1")


def test_a_kind_that_is_too_old() -> None:
    with pytest.raises(SettingsError, match=r"kind 0\.20 is too old: 0\.29 or newer"):
        node_image("kind v0.20.0 go1.20.4 linux/amd64")
    assert node_image("kind v0.99.0 go1.30 linux/amd64") == "v1.36.1"


@pytest.fixture
def limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return tmp_path


def set_limits(folder: Path, instances: int, watches: int) -> None:
    (folder / "max_user_instances").write_text(f"{instances}\n")
    (folder / "max_user_watches").write_text(f"{watches}\n")


def test_low_inotify_limits_are_told_with_the_command_that_raises_them(limits: Path) -> None:
    set_limits(limits, 128, 8192)
    with pytest.raises(SettingsError) as caught:
        check_inotify(limits)
    assert str(caught.value) == (
        "fs.inotify.max_user_instances is 128, fs.inotify.max_user_watches is 8192, too low for several clusters: "
        "sudo sysctl fs.inotify.max_user_instances=8192 fs.inotify.max_user_watches=524288"
    )
    set_limits(limits, 128, 524288)
    with pytest.raises(SettingsError, match=r"sudo sysctl fs\.inotify\.max_user_instances=8192$"):
        check_inotify(limits)


def test_sufficient_inotify_limits_and_those_of_another_machine(limits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_limits(limits, 8192, 524288)
    check_inotify(limits)
    set_limits(limits, 1, 1)
    monkeypatch.setenv("DOCKER_HOST", "ssh://elsewhere")
    check_inotify(limits)


def test_this_machine_s_limits_can_be_read(limits: Path) -> None:
    sufficient = all(
        int(Path(f"/proc/sys/fs/inotify/{name}").read_text()) >= least
        for name, least in (("max_user_instances", 8192), ("max_user_watches", 524288))
    )
    if sufficient:
        check_inotify()
    else:
        with pytest.raises(SettingsError, match="sudo sysctl"):
            check_inotify()
