"""Which program stands for an image, and how a container's environment becomes what it says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.platforms.kubernetes.testbed.addresses import ZoneAddresses
from fixtures.platforms.kubernetes.testbed.agent.options import Options
from fixtures.platforms.kubernetes.testbed.agent.programs import (
    GATEWAY_LABEL,
    NotRunnableError,
    Place,
    environment_of,
    program,
    repository,
)

OPTIONS = Options(
    kubeconfig=Path("/k/config"),
    context="zone2",
    node="mesh-zone2",
    addresses=ZoneAddresses(99, 2),
    control_plane="http://127.99.2.1:5681",
    envoy=Path("/bin/envoy"),
    folder=Path("/pods"),
)


def place(**metadata: Any) -> Place:
    pod = {
        "metadata": {"name": "echo-1", "namespace": "kong", "uid": "u-1", **metadata},
        "spec": {"serviceAccountName": "default"},
    }
    return Place(pod, "127.99.2.10", "127.99.102.10", Path("/pods/kong_echo-1"), OPTIONS)


def by_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("kong/go-echo", "kong/go-echo"),
        ("kong/go-echo:latest", "kong/go-echo"),
        ("docker.io/kong/go-echo:0.3.0@sha256:ab", "kong/go-echo"),
        ("localhost:5000/kong/go-echo", "kong/go-echo"),
        ("localhost/kong/go-echo", "kong/go-echo"),
        ("nginx:1.27", "nginx"),
        ("a/b/c:1", "a/b/c"),
    ],
)
def test_an_images_name_has_no_registry_tag_and_digest(image: str, name: str) -> None:
    assert repository(image) == name


def test_echo_listens_behind_the_proxy_and_says_what_its_environment_says() -> None:
    container = {
        "image": "kong/go-echo:latest",
        "ports": [{"containerPort": 1027}, {"containerPort": 1025}, {"containerPort": 1026, "protocol": "UDP"}],
        "env": [by_field("NODE_NAME", "spec.nodeName"), by_field("POD_IP", "status.podIP")],
    }
    made = program(place(), container)
    named = ("--node=mesh-zone2", "--pod=", "--namespace=", "--ip=127.99.2.10")
    assert made.argv == (
        *(sys.executable, "-m", "fixtures.echo", "--address=127.99.102.10"),
        *(*named, "--port=1025", "--port=1027"),
    )
    assert made.address == "127.99.102.10"
    assert made.ports == (1025, 1027)
    assert made.environment == {"NODE_NAME": "mesh-zone2", "POD_IP": "127.99.2.10"}


def test_echo_without_container_ports_listens_all_the_same() -> None:
    assert program(place(), {"image": "kong/go-echo"}).argv[-1] == "--port=1027"


def test_the_gateway_is_told_which_one_it_is_and_listens_at_the_pods_ip() -> None:
    made = program(place(labels={GATEWAY_LABEL: "kong"}), {"image": "kong/kong-gateway:3.9"})
    assert made.argv[2:] == (
        "fixtures.platforms.kubernetes.testbed.gateway",
        "--kubeconfig=/k/config",
        "--context=zone2",
        "--namespace=kong",
        "--pod=echo-1",
        "--gateway=kong",
        "--address=127.99.2.10",
        "--envoy=/bin/envoy",
        "--folder=/pods/kong_echo-1/gateway",
    )
    assert made.address == "127.99.2.10"


@pytest.mark.parametrize(
    ("container", "reason", "said"),
    [
        ({"image": "acme/shop:1"}, "ImagePullBackOff", "'acme/shop:1'"),
        ({"image": "kong/kong-gateway"}, "CreateContainerConfigError", GATEWAY_LABEL),
        ({"image": "kong/go-echo", "envFrom": [{}]}, "CreateContainerConfigError", "envFrom"),
        (
            {"image": "kong/go-echo", "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]},
            "CreateContainerConfigError",
            "env A: .* secretKeyRef",
        ),
        (
            {"image": "kong/go-echo", "env": [by_field("A", "metadata.labels['app']")]},
            "CreateContainerConfigError",
            r"env A: .* metadata\.labels\['app'\]",
        ),
    ],
)
def test_what_cannot_be_run_says_why(container: dict[str, Any], reason: str, said: str) -> None:
    with pytest.raises(NotRunnableError, match=said) as caught:
        program(place(), container)
    assert caught.value.reason == reason


def test_the_environment_has_values_and_every_field_that_the_walkthrough_asks_for() -> None:
    env = [
        {"name": "PLAIN", "value": "a b"},
        {"name": "EMPTY"},
        by_field("NAME", "metadata.name"),
        by_field("SPACE", "metadata.namespace"),
        by_field("HOST", "status.hostIP"),
    ]
    assert environment_of(place(), {"env": env}) == {
        "PLAIN": "a b",
        "EMPTY": "",
        "NAME": "echo-1",
        "SPACE": "kong",
        "HOST": "127.99.2.1",
    }
