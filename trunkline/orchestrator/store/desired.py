"""Who needs what: holders, attachments, generations and the marks that say which device to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.intents import Attachment, AttachmentState
from trunkline.orchestrator.models import DeviceKey, HostName, SegmentName
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.records import HoldResult, SegmentNeeds

_CORDONED = f"{PREFIX}cordoned"
STATES_PER_SCRIPT = 500
"""Nobody else is served while a script runs."""


class Desired:
    """Desired state. A holder is a name in a set, never a count."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(
        self,
        holder: str,
        *,
        host: HostName,
        wanted: frozenset[SegmentName],
        known: Mapping[SegmentName, SegmentNeeds],
        deadline_seconds: float | None = None,
    ) -> HoldResult:
        """Make the holder hold exactly these segments on this host; the same call twice changes nothing.

        Args:
            holder: Its name, e.g. ``container:<id>``.
            host: Where.
            wanted: Segments, each in ``known``.
            known: For every segment of the inventory which devices it concerns from this host.
            deadline_seconds: A holder like ``request:<uuid>`` lets go by itself after this long.

        Raises:
            ConfigError: a wanted segment is not among the known ones; nothing was changed.
        """
        if unknown := sorted(wanted - known.keys()):
            raise ConfigError(
                f"wants what is not in the inventory: {', '.join(unknown)}",
                subject=f"holder {holder} on {host}",
                fix="add it to the inventory, or correct the label",
            )
        request = {
            "wanted": sorted(wanted),
            "known": {
                name: {"devices": list(need.devices), "grace": need.grace_seconds}
                for name, need in known.items()
            },
        }
        added, removed, devices = self._connection.script(
            "hold", host, holder, json.dumps(request), "" if deadline_seconds is None else deadline_seconds
        )
        return HoldResult(
            added=tuple(map(SegmentName, added)),
            removed=tuple(map(SegmentName, removed)),
            devices=tuple(map(DeviceKey, devices)),
        )

    def expire(self) -> int:
        """Let go of holders whose deadline is over; returns how many."""
        return int(self._connection.script("expire"))

    def holders_of(self, host: HostName) -> dict[str, frozenset[SegmentName]]:
        """Give each holder on a host with what it holds."""
        return {
            holder: frozenset(map(SegmentName, segments))
            for holder, segments in self._connection.script("holders_of", host)
        }

    def attachments(self, host: HostName | None = None) -> tuple[Attachment, ...]:
        """Give every attachment on record, or those of one host, sorted; all as of one moment."""
        return tuple(
            _attachment(*entry) for entry in sorted(self._connection.script("attachments", host or ""))
        )

    def set_state(
        self, host: HostName, segment: SegmentName, state: AttachmentState, cause: str = ""
    ) -> None:
        """Record where an attachment stands; one that is not on record is left alone."""
        self.set_states([(host, segment, state, cause)])

    def set_states(self, states: Sequence[tuple[HostName, SegmentName, AttachmentState, str]]) -> None:
        """Record where several attachments stand, each with its cause, as `set_state`."""
        for start in range(0, len(states), STATES_PER_SCRIPT):
            some = states[start : start + STATES_PER_SCRIPT]
            self._connection.script("set_state", *(word for state in some for word in state))

    def forget(self, host: HostName, segment: SegmentName, *, only_over: bool = False) -> bool:
        """Drop an attachment that nobody holds; False when somebody does or it is not there.

        With ``only_over`` also when its grace still runs: somebody may have come and gone since it was looked at.
        """
        return bool(self._connection.script("forget", host, segment, "1" if only_over else "0"))

    def end_grace(self, host: HostName) -> int:
        """End the grace of every attachment of this host that nobody holds; returns how many."""
        return int(self._connection.script("end_grace", host))

    def touch(self, devices: Sequence[DeviceKey], *, at: float | None = None) -> None:
        """Raise the generation of these devices now and have them looked at, now or at a time of the record's clock.

        For what an operator did: a device that was left alone after a failure is tried again at once.
        """
        if devices:
            self._connection.script("touch", "1", "" if at is None else f"{at:.6f}", *devices)

    def generation(self, device: DeviceKey) -> int:
        """Give the generation of what is wanted of a device; 0 before the first wish."""
        return int(self._connection.do("HGET", f"{PREFIX}device:{device}", "generation") or 0)

    def cordon(self, host: HostName, *, who: str) -> None:
        """Let no container of this host hold anything until `uncordon`."""
        self._connection.do("HSET", _CORDONED, host, who)

    def uncordon(self, host: HostName) -> None:
        """Take a host back into use."""
        self._connection.do("HDEL", _CORDONED, host)

    def cordoned(self) -> Mapping[HostName, str]:
        """Give the cordoned hosts, each with who did it."""
        return {HostName(host): who for host, who in self._connection.do("HGETALL", _CORDONED).items()}


def _attachment(host: str, segment: str, fields: Sequence[str], holders: Sequence[str]) -> Attachment:
    state, cause, since, drain_at = fields
    # Written by our scripts alone, from AttachmentState.
    known = cast("AttachmentState", state or "absent")
    return Attachment(
        host=HostName(host),
        segment=SegmentName(segment),
        holders=frozenset(holders),
        state=known,
        cause=cause,
        since=float(since or 0),
        drain_at=float(drain_at) if drain_at else None,
    )
