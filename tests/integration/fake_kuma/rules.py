"""Which resources kuma-cp refuses, as far as that was recorded, and what it adds to those that it stores."""

from __future__ import annotations

from typing import Any

from tests.integration.fake_kuma.recorded import answer

Document = dict[str, Any]
_OF_GLOBAL = {"Mesh", "MeshMultiZoneService"}
_ORIGIN, _ZONE = "kuma.io/origin", "kuma.io/zone"


def reason(mode: str, path: str, resource: Document) -> str | None:
    """The recorded refusal that applies, None where the resource is taken."""
    kind = resource["type"]
    if mode == "global" and kind == "Dataplane":
        return "dataplane on global"
    if mode == "zone" and kind in _OF_GLOBAL:
        return "global resource on a zone"
    if resource["name"] != path.rpartition("/")[2]:
        return "name"
    if mode == "zone" and kind == "MeshHTTPRoute" and resource.get("labels", {}).get(_ORIGIN) != "zone":
        return "origin"
    return _of_dataplane(resource["networking"]) if kind == "Dataplane" else None


def _of_dataplane(networking: Document) -> str | None:
    if not networking.get("address"):
        return "address"
    for inbound in networking.get("inbound", []):
        if not 1 <= inbound.get("servicePort", inbound["port"]) <= 65535:
            return "port"
        if "kuma.io/service" not in inbound["tags"]:
            return "tag"
    return None


def stored(resource: Document, zone: str) -> Document:
    """A resource as kuma-cp gives it back."""
    if resource["type"] != "Dataplane":
        return resource
    recorded = answer("dataplane")
    set_by_server = {key: recorded[key] for key in ("creationTime", "modificationTime", "kri")}
    for inbound in resource["networking"].get("inbound", []):
        inbound["tags"][_ZONE] = zone
        inbound["health"] = {"ready": True}
    return {**resource, **set_by_server, "labels": {**recorded["labels"], _ZONE: zone}}


def overview(zone: str) -> Document:
    """A zone that is connected, as global shows it."""
    return {**answer("zone"), "name": zone}


def mesh_service(zone: str) -> Document:
    """The MeshService ``echo`` of a zone, as global has it."""
    found: Document = answer("meshservice")
    found["labels"][_ZONE] = zone
    return found
