"""What each gateway's Envoy believed while the fault lasted, out of the evidence: its hosts, priorities and health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, JsonValue, ValidationError

from reports.html.page import Table
from reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reports.html.folder import Folder

_MOST = 100
_HEADING = ("Envoy", "cluster", "host", "zone", "priority", "health", "requests", "errors")


class _Stat(BaseModel):
    name: str = ""
    value: int = 0


class _Socket(BaseModel):
    address: str = ""
    port_value: int = 0


class _Address(BaseModel):
    socket_address: _Socket | None = None


class _Locality(BaseModel):
    zone: str = ""


class _Host(BaseModel):
    """One entry of ``host_statuses`` (Envoy's admin interface, ``/clusters?format=json``)."""

    address: _Address = Field(default_factory=_Address)
    stats: tuple[_Stat, ...] = ()
    health_status: dict[str, JsonValue] = Field(default_factory=dict)
    priority: int = 0
    locality: _Locality = Field(default_factory=_Locality)


class _Cluster(BaseModel):
    name: str = ""
    added_via_api: bool = False
    host_statuses: tuple[_Host, ...] = ()


class _Clusters(BaseModel):
    cluster_statuses: tuple[_Cluster, ...] = ()


def beliefs(folder: Folder) -> Table | None:
    """The table; None without evidence."""
    pages = folder.files("evidence", pattern="*clusters.json")
    if not pages:
        return None
    rows = [row for page in pages for row in _rows(page)]
    note = f"{len(rows) - _MOST} more: see the evidence" if len(rows) > _MOST else ""
    return Table("What the gateways' Envoys believed while the fault lasted", _HEADING, tuple(rows[:_MOST]), note=note)


def _rows(page: Path) -> Iterator[tuple[str, ...]]:
    who = plain(page.name.removesuffix("-clusters.json"))
    try:
        clusters = _Clusters.model_validate_json(page.read_bytes()).cluster_statuses
    except (OSError, ValidationError):
        yield (who, "could not be asked: see the evidence", *[""] * (len(_HEADING) - 2))
        return
    for cluster in clusters:
        hosts = cluster.host_statuses if cluster.added_via_api else ()
        yield from ((who, plain(cluster.name), *_host(host)) for host in hosts)
        if cluster.added_via_api and not hosts:
            yield (who, plain(cluster.name), "no host", *[""] * (len(_HEADING) - 3))


def _host(host: _Host) -> tuple[str, ...]:
    socket, counted = host.address.socket_address, {stat.name: stat.value for stat in host.stats}
    return (
        plain(f"{socket.address}:{socket.port_value}") if socket else "not a socket",
        plain(host.locality.zone),
        str(host.priority),
        _health(host.health_status),
        f"{counted.get('rq_total', 0):,}",
        f"{counted.get('rq_error', 0):,}",
    )


def _health(status: dict[str, JsonValue]) -> str:
    """``healthy``, or what is against it: ``failed_outlier_check``."""
    believed = str(status.get("eds_health_status", "HEALTHY"))
    against = [] if believed in ("HEALTHY", "UNKNOWN") else [believed.lower()]
    against += [name for name, value in status.items() if value is True]
    return plain(", ".join(against) or "healthy")
