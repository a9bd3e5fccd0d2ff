"""The record in Redis: inventory, desired state, devices, addresses, audit trail, jobs.

The only package that imports redis. `open_store` gives a `Store`; nothing connects before the first use, and
every failure of Redis is a `StoreUnavailable`.
"""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.orchestrator.store.backups import Backup, Backups
from trunkline.orchestrator.store.connection import Connection
from trunkline.orchestrator.store.desired import Desired
from trunkline.orchestrator.store.devices import Devices
from trunkline.orchestrator.store.inventories import Inventories
from trunkline.orchestrator.store.jobs import Jobs
from trunkline.orchestrator.store.ledger import Ledger
from trunkline.orchestrator.store.operations import Operations
from trunkline.orchestrator.store.records import (
    DeviceLease,
    DeviceStatus,
    HoldResult,
    Job,
    LedgerEvent,
    LedgerLease,
    Operation,
    Owner,
    SegmentNeeds,
    StaleNeighbor,
)
from trunkline.orchestrator.store.sightings import Sighting, Sightings
from trunkline.orchestrator.store.traces import Traces

__all__ = [
    "Backup",
    "DeviceLease",
    "DeviceStatus",
    "HoldResult",
    "Job",
    "LedgerEvent",
    "LedgerLease",
    "Operation",
    "Owner",
    "SegmentNeeds",
    "Sighting",
    "StaleNeighbor",
    "Store",
    "open_store",
]

OLDEST_REDIS = (6, 2)


@dataclass(frozen=True, slots=True)
class Store:
    """The record's parts."""

    connection: Connection
    inventory: Inventories
    desired: Desired
    devices: Devices
    ledger: Ledger
    traces: Traces
    operations: Operations
    jobs: Jobs
    sightings: Sightings
    backups: Backups

    def now(self) -> float:
        """Read Redis's clock, in seconds since the epoch: the only clock that all machines share."""
        seconds, microseconds = self.connection.do("TIME")
        return int(seconds) + int(microseconds) / 1e6

    def check(self) -> list[str]:
        """Say what is unsafe about this Redis as a record; empty when nothing is."""
        found = []
        server = self.connection.do("INFO")
        version = str(server.get("redis_version", "0.0"))
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
            found.append(f"Redis {version} is too old; use 6.2 or newer")
        if not server.get("aof_enabled"):
            found.append(
                "Redis has no append-only file; set appendonly yes, or a restart forgets who has what"
            )
        if server.get("maxmemory_policy") not in {"noeviction", None}:
            found.append("Redis may evict keys when it is full; set maxmemory-policy noeviction")
        return found

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()


def open_store(url: str, *, password: str | None = None) -> Store:
    """Open the record at a ``redis://`` URL.

    Raises:
        StoreUnavailable: the URL is no Redis URL.
    """
    connection = Connection(url, password=password)
    return Store(
        connection=connection,
        inventory=Inventories(connection),
        desired=Desired(connection),
        devices=Devices(connection),
        ledger=Ledger(connection),
        traces=Traces(connection),
        operations=Operations(connection),
        jobs=Jobs(connection),
        sightings=Sightings(connection),
        backups=Backups(connection),
    )
