"""Kuma's versions: what is read from its own answer, which are supported, what each needs to be like the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.platforms.universal.kuma.version import (
    DIFFERENCES,
    NEWEST,
    OLDEST,
    SUPPORTED,
    KumaVersion,
    control_plane_settings,
    parse_version,
    proxy_folder,
    proxy_settings,
)

KUMA_2_13_10 = """\
Product:       Kuma
Version:       2.13.10
Git Tag:       v2.13.10
Git Commit:    b9b8c3f84ad8ff5fede09577439eb12cac518709
Build Date:    2026-07-30T09:42:54Z
"""
"""As the real kuma-cp and kuma-dp print it."""

ADMIN_SOCKET = "KUMA_BOOTSTRAP_SERVER_PARAMS_ENVOY_ADMIN_UNIX_SOCKET"
READINESS_SOCKET = "KUMA_READINESS_UNIX_SOCKET_DISABLED"
PROBE_PORT = "KUMA_APPLICATION_PROBE_PROXY_PORT"


def kuma(major: int, minor: int, patch: int = 0) -> KumaVersion:
    return KumaVersion("Kuma", (major, minor, patch), (major, minor, patch))


def detailed(product: str, version: str, base: str | None = None) -> str:
    """The answer of pkg/version/version.go (FormatDetailedProductInfo), which Kong Mesh uses as well."""
    lines = [f"Product:       {product}", f"Version:       {version}", "Git Tag:       ", "Git Commit:    unknown"]
    return "\n".join([*lines, "Build Date:    unknown", *([f"Based on Kuma: {base}"] if base else [])])


def test_what_kuma_prints_is_its_version() -> None:
    version = parse_version(KUMA_2_13_10)

    assert version == KumaVersion("Kuma", number=(2, 13, 10), kuma=(2, 13, 10))
    assert str(version) == "Kuma 2.13.10"


def test_kong_mesh_has_a_version_of_its_own_and_a_kuma() -> None:
    version = parse_version(detailed("Kong Mesh", "2.13.1", "2.13.10"))

    assert version == KumaVersion("Kong Mesh", number=(2, 13, 1), kuma=(2, 13, 10))
    assert str(version) == "Kong Mesh 2.13.1 (Kuma 2.13.10)"


def test_the_kuma_of_kong_mesh_decides_how_it_is_run() -> None:
    version = parse_version(detailed("Kong Mesh", "9.9.9", "v2.12.3"))

    assert version is not None
    assert version.supported
    assert version.line == (2, 12)
    assert READINESS_SOCKET in proxy_settings(version)


@pytest.mark.parametrize("base", [None, "0.0.0-preview.v6f6e380ae", "unknown"])
def test_kong_mesh_without_a_released_kuma_counts_by_its_own_number(base: str | None) -> None:
    version = parse_version(detailed("Kong Mesh", "2.14.2", base))

    assert version == KumaVersion("Kong Mesh", number=(2, 14, 2), kuma=(2, 14, 2))


@pytest.mark.parametrize(
    ("version", "number"), [("v2.13.10", (2, 13, 10)), ("2.14.0-rc1", (2, 14, 0)), ("0.0.0-preview.vabc", (0, 0, 0))]
)
def test_a_number_may_have_a_v_and_a_suffix(version: str, number: tuple[int, int, int]) -> None:
    parsed = parse_version(detailed("Kuma", version))
    assert parsed is not None
    assert parsed.number == number


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "Kuma: 2.13.10\n",
        "envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL",
        "Version: 2.13.10",
        "Product: Kuma\n",
        detailed("Kuma", "unknown"),
        detailed("", "2.13.10"),
    ],
)
def test_another_answer_is_not_kumas(printed: str) -> None:
    assert parse_version(printed) is None


def test_supported_is_2_9_to_2_14() -> None:
    assert (OLDEST, NEWEST, SUPPORTED) == ((2, 9), (2, 14), "2.9 to 2.14")
    assert [minor for minor in range(20) if kuma(2, minor).supported] == [9, 10, 11, 12, 13, 14]
    assert kuma(2, 14, 99).supported
    assert not kuma(1, 10).supported
    assert not kuma(3, 10).supported


@pytest.mark.parametrize(
    ("version", "control_plane", "proxy"),
    [
        (kuma(2, 9, 19), {}, {PROBE_PORT: "0"}),
        (kuma(2, 10), {}, {}),
        (kuma(2, 11, 18), {}, {}),
        (kuma(2, 12), {}, {READINESS_SOCKET: "true"}),
        (kuma(2, 13, 10), {}, {READINESS_SOCKET: "true"}),
        (kuma(2, 14, 3), {ADMIN_SOCKET: "false"}, {}),
    ],
    ids=str,
)
def test_each_version_gets_what_it_needs_to_be_like_the_others(
    version: KumaVersion, control_plane: dict[str, str], proxy: dict[str, str]
) -> None:
    assert control_plane_settings(version) == control_plane
    assert proxy_settings(version) == proxy


def test_every_difference_is_about_a_supported_version() -> None:
    assert all(OLDEST <= one.first <= one.last <= NEWEST for one in DIFFERENCES)


@pytest.mark.parametrize(
    ("version", "variables"),
    [
        (kuma(2, 9), ["KUMA_DATAPLANE_RUNTIME_CONFIG_DIR", "KUMA_DATAPLANE_RUNTIME_SOCKET_DIR", "KUMA_DNS_CONFIG_DIR"]),
        (
            kuma(2, 11),
            ["KUMA_DATAPLANE_RUNTIME_CONFIG_DIR", "KUMA_DATAPLANE_RUNTIME_SOCKET_DIR", "KUMA_DNS_CONFIG_DIR"],
        ),
        (kuma(2, 12), ["KUMA_DATAPLANE_RUNTIME_WORK_DIR", "KUMA_DNS_CONFIG_DIR"]),
        (kuma(2, 14), ["KUMA_DATAPLANE_RUNTIME_WORK_DIR", "KUMA_DNS_CONFIG_DIR"]),
    ],
    ids=str,
)
def test_a_proxy_keeps_all_its_files_in_one_folder(version: KumaVersion, variables: list[str]) -> None:
    assert proxy_folder(version, Path("/mesh/echo-1")) == dict.fromkeys(variables, "/mesh/echo-1")
