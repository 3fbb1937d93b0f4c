"""The steps in which the test bed's gateway is re-programmed, seen by what asks for them as Envoy does."""

from __future__ import annotations

import json
import os
import selectors
import socket
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.platforms.kubernetes.testbed.gateway.backends import Backends, Target
from fixtures.platforms.kubernetes.testbed.gateway.discovery import GatewayDiscovery
from fixtures.platforms.kubernetes.testbed.gateway.envoy import Program, program
from fixtures.platforms.kubernetes.testbed.gateway.routing import Routing, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def leading_to(host: str) -> Program:
    backends = Backends(exist=True, targets=(Target(host, 1027, 1),))
    return program(Routing((8080,), (Rule(exact=False, path="/echo", backends=backends),)), "127.1.1.9")


OWN, ALL = leading_to("127.1.201.7"), leading_to("127.1.201.129")


class Subscription:
    """One of Envoy's: asks, and asks again with the version that it was given."""

    def __init__(self, path: str, kind: str, names: list[str]) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("\0" + path.removeprefix("@"))
        self.socket.settimeout(0)
        self.kind, self.names, self.version = kind, names, ""

    def ask(self) -> None:
        body = json.dumps({"version_info": self.version, "resource_names": self.names})
        self.socket.sendall(
            f"POST /v3/discovery:{self.kind} HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        )

    def answer(self) -> list[dict[str, Any]] | None:
        """The resources of the answer, None while there is none."""
        try:
            text = self.socket.recv(1 << 20).decode()
        except BlockingIOError:
            return None
        document = json.loads(text.partition("\r\n\r\n")[2])
        self.version = document["version_info"]
        found: list[dict[str, Any]] = document["resources"]
        return found


class Envoy:
    """What Envoy would have: takes every answer, and asks again only when it is told to."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.discovery = GatewayDiscovery(self.selector, os.getpid)
        self.clusters = Subscription(self.discovery.path, "clusters", [])
        self.listeners = Subscription(self.discovery.path, "listeners", [])
        self.routes = Subscription(self.discovery.path, "routes", ["kong"])
        self.known: set[str] = set()
        self.used: set[str] = set()

    def serve(self, wanted: Program) -> None:
        """As the gateway's loop does, until there is nothing to do."""
        while events := self.selector.select(0):
            for key, _ in events:
                key.data()
        self.discovery.advance(wanted)

    def take(self) -> None:
        """Read what was answered; a route must not lead where there is no cluster."""
        if (clusters := self.clusters.answer()) is not None:
            self.known = {one["name"] for one in clusters}
        self.listeners.answer()
        if (routes := self.routes.answer()) is not None:
            self.used = {one["route"]["cluster"] for one in routes[0]["virtual_hosts"][0]["routes"]}
        assert self.used <= self.known

    def settle(self, wanted: Program) -> None:
        for _ in range(6):
            for subscription in (self.clusters, self.listeners, self.routes):
                subscription.ask()
                self.serve(wanted)
                self.take()

    def close(self) -> None:
        for subscription in (self.clusters, self.listeners, self.routes):
            subscription.socket.close()
        self.serve(OWN)
        self.discovery.close()
        self.selector.close()


@pytest.fixture
def envoy() -> Iterator[Envoy]:
    made = Envoy()
    try:
        yield made
    finally:
        made.close()


def test_in_the_end_envoy_has_what_is_wanted_and_nothing_else(envoy: Envoy) -> None:
    for wanted in (OWN, ALL, OWN):
        envoy.settle(wanted)
        assert envoy.known == envoy.used == set(wanted.clusters)


def test_routes_wait_until_envoy_has_said_that_it_has_their_clusters(envoy: Envoy) -> None:
    envoy.settle(OWN)
    envoy.serve(ALL)
    envoy.take()
    assert envoy.known == {*OWN.clusters, *ALL.clusters}
    assert envoy.used == set(OWN.clusters)
    envoy.serve(ALL)
    envoy.take()
    assert envoy.used == set(OWN.clusters)
    envoy.clusters.ask()
    envoy.serve(ALL)
    envoy.take()
    assert envoy.used == set(ALL.clusters)


def test_former_clusters_wait_until_envoy_has_said_that_it_has_the_new_routes(envoy: Envoy) -> None:
    envoy.settle(OWN)
    envoy.serve(ALL)
    envoy.take()
    envoy.clusters.ask()
    envoy.serve(ALL)
    envoy.take()
    assert envoy.known == {*OWN.clusters, *ALL.clusters}
    envoy.routes.ask()
    envoy.serve(ALL)
    envoy.take()
    assert envoy.known == set(ALL.clusters)


def test_a_version_that_envoy_had_before_does_not_count_as_taken(envoy: Envoy) -> None:
    """There and back before Envoy has said anything: the routes that lead there may still be on their way."""
    envoy.settle(OWN)
    envoy.serve(ALL)
    envoy.take()
    envoy.clusters.ask()
    envoy.serve(ALL)  # the routes to ALL are sent, and not yet taken
    envoy.serve(OWN)
    envoy.clusters.ask()
    envoy.serve(OWN)
    envoy.take()
    assert set(ALL.clusters) <= envoy.known
    envoy.settle(OWN)
    assert envoy.known == set(OWN.clusters)
