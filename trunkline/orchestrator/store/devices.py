"""Devices: who works on them, what was found there, what of it is ours, what is to be looked at."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal
from uuid import uuid4

from trunkline.orchestrator.errors import StoreUnavailable
from trunkline.orchestrator.intents import HostReport
from trunkline.orchestrator.models import DeviceKey, HostName, SegmentName, SwitchName
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.records import DeviceLease, DeviceStatus
from trunkline.orchestrator.store.sightings import load_peer

CLAIM_SECONDS = 10.0
POLL_SECONDS = 0.02


class Devices:
    """One hash per device, one lease per device, one ordered set of those to be looked at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._unreturned: set[tuple[DeviceKey, str]] = set()

    def acquire(self, device: DeviceKey, seconds: float) -> DeviceLease | None:
        """Take the device for ``seconds``; None when somebody else has it.

        A lease of ours that could not be given back because Redis was away is given back first.
        """
        for owed in [each for each in tuple(self._unreturned) if each[0] == device]:
            self._connection.script("release", *owed)
            self._unreturned.discard(owed)
        token = uuid4().hex
        try:
            fence = int(self._connection.script("acquire", device, token, int(seconds * 1000)))
        except StoreUnavailable:
            self._unreturned.add((device, token))  # it may have been taken, and the reply was lost
            raise
        return DeviceLease(device=device, token=token, fence=fence) if fence else None

    def renew(self, lease: DeviceLease, seconds: float = 60.0) -> bool:
        """Keep the device for another ``seconds``; False when the lease is lost."""
        return bool(self._connection.script("renew", lease.device, lease.token, int(seconds * 1000)))

    def release(self, lease: DeviceLease) -> None:
        """Let the device go, if it is still ours."""
        try:
            self._connection.script("release", lease.device, lease.token)
        except StoreUnavailable:
            self._unreturned.add((lease.device, lease.token))
            raise

    def status(self, device: DeviceKey) -> DeviceStatus:
        """Say where a device stands; an unknown one is new."""
        fields = self._connection.do("HGETALL", f"{PREFIX}device:{device}")
        dirty_at = self._connection.do("ZSCORE", f"{PREFIX}dirty", device)
        return DeviceStatus(
            generation=int(fields.get("generation", 0)),
            applied=int(fields.get("applied", -1)),
            marks=int(fields.get("marks", 0)),
            error=fields.get("error", ""),
            error_kind=fields.get("error_kind", ""),
            fails=int(fields.get("fails", 0)),
            dirty_at=None if dirty_at is None else float(dirty_at),
            synced_at=float(fields["synced_at"]) if fields.get("synced_at") else None,
            blocked_until=float(fields["blocked_until"]) if fields.get("blocked_until") else None,
            lease_holder=self._connection.do("GET", f"{PREFIX}lease:{device}") or "",
        )

    def applied(self, lease: DeviceLease, *, generation: int, marks: int, observed: str) -> bool:
        """Record a sync that left nothing to do.

        Args:
            lease: The right to say so.
            generation: What it was about.
            marks: `DeviceStatus.marks` as read before the device was; a mark that came since keeps it dirty.
            observed: What was found, JSON.

        Returns:
            False when the lease is lost; then nothing is recorded.
        """
        return bool(
            self._connection.script("applied", lease.device, lease.token, generation, marks, observed)
        )

    def failed(
        self,
        lease: DeviceLease,
        *,
        error: str,
        kind: Literal["transient", "permanent"],
        retry_at: float,
        observed: str | None = None,
        leave_alone: bool = False,
        marks: int | None = None,
    ) -> bool:
        """Record a sync that did not get everything done, to be tried again at ``retry_at``.

        With ``observed`` the device was read and only some of it is wrong: later wishes are tried at once.
        Without, or with ``leave_alone``, the whole device is left alone until ``retry_at``.
        With ``marks``, as for `applied`, a wish that came while it was worked on is tried at once as well.
        """
        blocks = "1" if observed is None or leave_alone else "0"
        return bool(
            self._connection.script(
                "failed",
                lease.device,
                lease.token,
                error,
                kind,
                f"{retry_at:.6f}",
                observed or "",
                blocks,
                "" if marks is None else marks,
            )
        )

    def observed(self, device: DeviceKey) -> str | None:
        """Give what the last sync found, JSON; None before the first."""
        text: str | None = self._connection.do("HGET", f"{PREFIX}device:{device}", "observed")
        return text

    def refused(self, device: DeviceKey) -> str:
        """Give the mark of the credentials that a device refused; empty when it refused none."""
        return self._connection.do("HGET", f"{PREFIX}device:{device}", "refused") or ""

    def refuse(self, device: DeviceKey, mark: str) -> None:
        """Remember which credentials a device refused, so that no process tries them again; empty forgets."""
        if mark:
            self._connection.do("HSET", f"{PREFIX}device:{device}", "refused", mark)
        else:
            self._connection.do("HDEL", f"{PREFIX}device:{device}", "refused")

    def due(self, most: int) -> list[DeviceKey]:
        """Claim devices to be looked at now; each comes up again after a while unless it is settled."""
        return [DeviceKey(name) for name in self._connection.script("due", most, CLAIM_SECONDS)]

    def mark_dirty(self, devices: Sequence[DeviceKey], *, at: float | None = None) -> None:
        """Have these devices looked at, now or at a time of the record's clock; nothing new is wanted of them."""
        if devices:
            self._connection.script("touch", "0", "" if at is None else f"{at:.6f}", *devices)

    def wait_applied(self, device: DeviceKey, generation: int, timeout_seconds: float) -> bool:
        """Wait until a read-back confirmed at least this generation; False when the time is over."""
        deadline = time.monotonic() + timeout_seconds
        key = f"{PREFIX}device:{device}"
        while int(self._connection.do("HGET", key, "applied") or -1) < generation:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def owned(self, switch: SwitchName) -> frozenset[str]:
        """Give the keys of what Trunkline itself added to a switch."""
        return frozenset(self._connection.do("SMEMBERS", f"{PREFIX}owned:{switch}"))

    def own(
        self,
        switch: SwitchName,
        *,
        add: frozenset[str] = frozenset(),
        remove: frozenset[str] = frozenset(),
    ) -> None:
        """Remember what is ours. It is a fact about the switch, so it is recorded even after a lost lease."""
        if add:
            self._connection.do("SADD", f"{PREFIX}owned:{switch}", *sorted(add))
        if remove:
            self._connection.do("SREM", f"{PREFIX}owned:{switch}", *sorted(remove))

    def report(self, report: HostReport) -> None:
        """Keep what a host last saw of itself; an older report than the one on record is dropped."""
        text = json.dumps(asdict(report), default=sorted)  # the sets in it
        self._connection.script("report", report.host, text)

    def report_of(self, host: HostName) -> HostReport | None:
        """Give a host's last report; None when it never sent one."""
        text = self._connection.do("HGET", f"{PREFIX}reports", host)
        return _report(text) if text else None

    def reports(self) -> tuple[HostReport, ...]:
        """Give the last report of every host that ever sent one."""
        return tuple(_report(text) for text in self._connection.do("HVALS", f"{PREFIX}reports"))

    def forget_host(self, host: HostName) -> None:
        """Drop what a host reported and every mark on it: it does not come back."""
        self._connection.script("forget_host", host)

    def heartbeat(self, process: str, seconds: float) -> None:
        """Record that a process is alive, and may be believed for ``seconds``."""
        self._connection.do("SET", f"{PREFIX}alive:{process}", "1", "PX", int(seconds * 1000))
        self._connection.do("SADD", f"{PREFIX}processes", process)

    def alive(self) -> frozenset[str]:
        """Give the processes whose heartbeat is still to be believed."""
        known = sorted(self._connection.do("SMEMBERS", f"{PREFIX}processes"))
        if not known:
            return frozenset()
        values = self._connection.do("MGET", *(f"{PREFIX}alive:{name}" for name in known))
        return frozenset(name for name, value in zip(known, values, strict=True) if value)


def _report(text: str) -> HostReport:
    raw = json.loads(text)
    return HostReport(
        host=HostName(raw["host"]),
        reported_at=raw["reported_at"],
        boot_id=raw["boot_id"],
        links=frozenset(map(SegmentName, raw["links"])),
        networks=frozenset(map(SegmentName, raw["networks"])),
        macs=frozenset(raw["macs"]),
        # Reports of earlier releases do not have these.
        hostname=raw.get("hostname", ""),
        nics=raw.get("nics", {}),
        peers=tuple(map(load_peer, raw.get("peers", ()))),
    )
