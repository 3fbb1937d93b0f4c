"""What the fake has in Envoy's place: an admin interface, and a gateway to the echo of its own zone."""

from __future__ import annotations

import threading
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.integration.fake_kuma.recorded import clusters
from tests.integration.fake_kuma.serving import Handler, serve

if TYPE_CHECKING:
    from tests.integration.fake_kuma.dp import ControlPlane

ZONES = (1, 2)


class Admin(Handler):
    """Of a gateway: its zone's echo and the other's ingress; of an echo's proxy: what its inbounds lead to."""

    control_plane: ControlPlane
    resource: dict[str, Any]

    def get(self) -> None:
        page = self.path.partition("?")[0]
        if self.path == "/clusters?format=json":
            self.send(200, self._clusters())
        elif page == "/config_dump":  # Envoy's own has the token of its proxy too
            self.send(200, {"configs": [{"key": "authorization", "value": self.control_plane.token}]})
        else:
            self.send_bytes(200, "\n".join(f"c::{host}::health_flags::healthy" for host in self._hosts()).encode())

    def _hosts(self) -> list[str]:
        networking = self.resource["networking"]
        if "gateway" in networking:
            found = (
                host["address"]["socket_address"] for host in self._clusters()["cluster_statuses"][0]["host_statuses"]
            )
            return [f"{where['address']}:{where['port_value']}" for where in found]
        newest = self.control_plane.ask(f"/{self.resource['name']}") or self.resource
        inbounds = newest["networking"].get("inbound", [])
        return [f"{inbound['serviceAddress']}:{inbound['servicePort']}" for inbound in inbounds]

    def _clusters(self) -> Any:
        """As recorded, at this mesh's addresses."""
        found = clusters()
        _, block, zone, _ = self.resource["networking"]["address"].split(".")
        other = next(number for number in ZONES if number != int(zone))
        hosts = [f"127.{block}.{zone}.101", f"127.{block}.{other}.20"]
        for host, address in zip(found["cluster_statuses"][0]["host_statuses"], hosts, strict=True):
            host["address"]["socket_address"]["address"] = address
        return found


class Gateway(Handler):
    """Sends everything to the first echo of its own zone."""

    def get(self) -> None:
        own = str(self.connection.getsockname()[0]).rpartition(".")[0]
        try:
            with urllib.request.urlopen(f"http://{own}.101:8081{self.path}", timeout=2) as answer:
                self.send_bytes(200, answer.read())
        except OSError:
            self.send_bytes(503, b"no healthy upstream")


def run(resource: dict[str, Any], control_plane: ControlPlane, admin: str | None) -> None:
    """Listen where an Envoy would; at the address ``admin`` for its admin interface, unless that is a socket."""
    networking = resource["networking"]
    Admin.control_plane, Admin.resource = control_plane, resource
    if admin is not None:
        serve(admin, networking["admin"]["port"], Admin)
    if "gateway" in networking:
        serve(networking["address"], 8080, Gateway)
    elif resource["type"] == "ZoneIngress":
        serve(networking["address"], networking["port"], Handler)
    for inbound in networking.get("inbound", []):
        serve(networking["address"], inbound["port"], Gateway)
    threading.Event().wait()
