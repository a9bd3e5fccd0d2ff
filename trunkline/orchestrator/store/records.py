"""What the record holds, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trunkline.orchestrator.models import Address, ContainerId, DeviceKey, HostName, Interface, SegmentName

LeaseState = Literal["PENDING", "ACTIVE", "QUARANTINE", "RESERVED"]
SHOWN_DIGITS = 16
"""Of Docker's endpoint ids the record keeps so many digits."""
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentNeeds:
    """Which devices an attachment concerns, the host first, and its grace in seconds."""

    devices: tuple[DeviceKey, ...]
    grace_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldResult:
    """What changed for a holder, and the devices whose desired state changed with it."""

    added: tuple[SegmentName, ...]
    removed: tuple[SegmentName, ...]
    devices: tuple[DeviceKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLease:
    """The right to work on a device until it runs out. ``fence`` grows with every lease ever given."""

    device: DeviceKey
    token: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """Where a device stands.

    ``generation`` is what is wanted, ``applied`` what a read-back last confirmed, ``marks`` counts wishes to look
    at it. Times are seconds since the epoch; ``blocked_until`` is set while the whole device is to be left alone.
    """

    generation: int
    applied: int
    marks: int
    error: str = ""
    error_kind: str = ""
    fails: int = 0
    dirty_at: float | None = None
    synced_at: float | None = None
    blocked_until: float | None = None
    lease_holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds an address: a container's place on a segment, never a bare name."""

    container_id: ContainerId
    endpoint: str

    def __str__(self) -> str:
        return f"{self.container_id[:12]}/{self.endpoint}"

    @classmethod
    def by_mac(cls, host: HostName, mac: str) -> Owner:
        """Name an endpoint of which only its MAC is known yet."""
        return cls(container_id=ContainerId(""), endpoint=f"{host}/{mac}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLease:
    """An address in somebody's hands, resting after it was, or reserved: then ``name`` says why.

    ``kept``: it stays its container's while no endpoint uses it. ``endpoint_id``: the first digits of Docker's.
    """

    segment: SegmentName
    address: Address
    interface: Interface
    state: LeaseState
    owner: Owner
    host: HostName
    name: str
    mac: str
    endpoint_id: str
    since: float
    kept: bool = False

    def serves(self, endpoint_id: str) -> bool:
        """Say whether it is this endpoint's."""
        return self.endpoint_id == endpoint_id[:SHOWN_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """An address changed hands. ``at`` in seconds since the epoch, by Redis's clock."""

    at: float
    address: Address
    state: LeaseState
    host: HostName
    name: str
    mac: str
    container_id: ContainerId


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleNeighbor:
    """An address that went to another MAC, and whose former one a gateway may remember.

    ``wish`` and ``wished_at`` are the record's own words for it.
    """

    segment: SegmentName
    address: Address
    wish: str
    wished_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line of the audit trail. ``id``, ``at`` and what came back are filled in by the record."""

    who: str
    why: str
    device: str
    lines: tuple[str, ...]
    id: str = ""
    at: float = 0.0
    result: str = ""
    reply: str = ""
    finished_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Admin work somebody queued."""

    id: str
    kind: str
    who: str
    why: str
    arguments: Mapping[str, Any]  # JSON: each kind has its own
    dry_run: bool
    state: JobState = "queued"
    created_at: float = 0.0
    done: int = 0
    total: int = 0
    log: tuple[str, ...] = ()
    result: Mapping[str, Any] | None = field(default=None)
