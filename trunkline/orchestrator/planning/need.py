"""Who needs what, and what cannot be ruled out: attachments and host reports -> sets of hosts. Pure.

There are three answers on purpose. *Needed* makes a claim present. *In doubt* keeps it as it is: a host
that is silent, or that still shows the link, may be using the VLAN whatever the record says (promise I11).
Only what is neither may be taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trunkline.orchestrator.intents import Attachment, HostReport
from trunkline.orchestrator.models import HostName, Inventory, SegmentName


def is_needed(attachment: Attachment, now: float) -> bool:
    """Say whether somebody holds the attachment, or its grace still runs at ``now`` (epoch seconds)."""
    if attachment.holders:
        return True
    return attachment.drain_at is not None and now < attachment.drain_at


def is_over(attachment: Attachment, now: float) -> bool:
    """Say whether the record proves that nobody needs the attachment any more.

    This is not the opposite of `is_needed`: without holders, but with a grace that never started, the
    record proves nothing.
    """
    if attachment.holders:
        return False
    if attachment.drain_at is None:
        return attachment.state == "absent"
    return attachment.drain_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything known about who uses what, at one moment.

    ``now`` is in seconds since the epoch by the store's clock, as are the reports.
    """

    inventory: Inventory
    attachments: Sequence[Attachment]
    reports: Mapping[HostName, HostReport]
    now: float
    stale_after_seconds: float

    def needing(self, segment: SegmentName) -> frozenset[HostName]:
        """Name the hosts of the inventory on which the segment must work."""
        hosts = {each.host for each in self._of(segment) if is_needed(each, self.now)}
        declared = self.inventory.segments.get(segment)
        if declared is not None and declared.trunk == "always":
            hosts |= {host for host in self.inventory.hosts if self.inventory.allows(host, segment)}
        return frozenset(hosts & self.inventory.hosts.keys())

    def in_doubt(self, segment: SegmentName) -> frozenset[HostName]:
        """Name the hosts of the inventory that need the segment or may still be using it."""
        unproven = {each.host for each in self._of(segment) if not is_over(each, self.now)}
        return self.needing(segment) | frozenset(
            host
            for host in self.inventory.hosts
            if not self.is_fresh(host) or segment in self._seen(host) or host in unproven
        )

    def in_doubt_about_undeclared(self) -> frozenset[HostName]:
        """Name the hosts that may be using a VLAN of a segment that is no longer in the inventory."""
        known = self.inventory.segments.keys()
        unproven = {
            each.host
            for each in self.attachments
            if each.segment not in known and not is_over(each, self.now)
        }
        return frozenset(
            host
            for host in self.inventory.hosts
            if not self.is_fresh(host) or self._seen(host) - known or host in unproven
        )

    def has_ghosts(self, segment: SegmentName | None) -> bool:
        """Say whether a host that is no longer in the inventory may be using the segment.

        Nobody knows where such a host is cabled. None asks about segments that left the inventory too.
        """
        return any(
            each.host not in self.inventory.hosts
            and not is_over(each, self.now)
            and (each.segment not in self.inventory.segments if segment is None else each.segment == segment)
            for each in self.attachments
        )

    def stations_of(self, host: HostName) -> int:
        """Count the MACs that will talk at a host's port at least: its own, and one per container."""
        holders = {
            holder
            for each in self.attachments
            if each.host == host
            for holder in each.holders
            if holder.startswith("container:")
        }
        return 1 + len(holders)

    def is_fresh(self, host: HostName) -> bool:
        """Say whether the host reported recently enough to prove anything."""
        report = self.reports.get(host)
        return report is not None and abs(self.now - report.reported_at) <= self.stale_after_seconds

    def _of(self, segment: SegmentName) -> list[Attachment]:
        return [each for each in self.attachments if each.segment == segment]

    def _seen(self, host: HostName) -> frozenset[SegmentName]:
        report = self.reports.get(host)
        return frozenset() if report is None else report.links | report.networks
