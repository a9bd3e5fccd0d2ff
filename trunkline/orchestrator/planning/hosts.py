"""What one Docker host should look like: inventory, holders, switch states -> HostIntent. Pure.

Called by `sync`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.intents import (
    Attachment,
    AttachmentIntent,
    HostIntent,
    LinkIntent,
    NetworkIntent,
)
from trunkline.orchestrator.models import HostName, Inventory, Segment, SegmentName, SwitchName
from trunkline.orchestrator.planning.claims import forbidden
from trunkline.orchestrator.planning.names import link_name
from trunkline.orchestrator.planning.need import is_needed, is_over
from trunkline.orchestrator.planning.topology import switches_of, uplinks_of

NOT_DECLARED = "the segment is no longer in the inventory"


def host_intent(
    inventory: Inventory,
    *,
    host: HostName,
    attachments: Sequence[Attachment],
    switch_status: Mapping[SwitchName, str | None],
    now: float,
    generation: int,
) -> HostIntent:
    """Plan one host.

    Args:
        inventory: What the operator declared.
        host: Which host.
        attachments: Attachments on record; those of other hosts are ignored.
        switch_status: Per switch None when it has applied what we need, else why not; a missing one counts as
            not synced yet.
        now: Seconds since the epoch, by the store's clock.
        generation: The host's generation that this intent stands for.
    """
    present: list[AttachmentIntent] = []
    absent: list[AttachmentIntent] = []
    waiting: dict[SegmentName, str] = {}
    for each in sorted((one for one in attachments if one.host == host), key=lambda one: one.segment):
        cause = _cause(inventory, host, each.segment, switch_status)
        if is_needed(each, now):
            if cause:
                waiting[each.segment] = cause
            else:
                present.append(attachment_intent(inventory, host, each.segment))
        elif is_over(each, now):
            absent += _withdrawn(inventory, host, each.segment)
    return HostIntent(
        host=host, generation=generation, present=tuple(present), absent=tuple(absent), waiting=waiting
    )


def attachment_intent(inventory: Inventory, host: HostName, segment: SegmentName) -> AttachmentIntent:
    """Say which sub-interface and which network ``segment`` needs on ``host``.

    Raises:
        ConfigError: the host or the segment is not in the inventory, or no uplink leads to the gateway.
    """
    uplinks = uplinks_of(inventory, host, segment)
    if not uplinks:
        raise ConfigError(
            "cannot be attached: not in the inventory, or no uplink leads to the gateway",
            subject=f"host {host} segment {segment}",
            fix="check hosts, links and segments in the inventory",
        )
    return _intent(inventory.segments[segment], uplinks[0].nic)


def declared_on(inventory: Inventory, host: HostName) -> frozenset[SegmentName]:
    """Name the segments whose Docker network is on ``host`` whether or not anything uses it."""
    return frozenset(
        name
        for name, segment in inventory.segments.items()
        if segment.networks == "declared"
        and inventory.allows(host, name)
        and uplinks_of(inventory, host, name)
    )


def _intent(segment: Segment, nic: str) -> AttachmentIntent:
    name = link_name(nic, segment.vlan)
    return AttachmentIntent(
        segment=segment.name,
        link=LinkIntent(name=name, parent=nic, vlan=segment.vlan, mtu_bytes=segment.mtu_bytes),
        network=NetworkIntent(segment=segment.name, parent=name, subnets=segment.subnets),
    )


def _withdrawn(inventory: Inventory, host: HostName, name: SegmentName) -> list[AttachmentIntent]:
    """Say what to take down; of a segment that left the inventory the host itself knows what is left over."""
    segment = inventory.segments.get(name)
    if segment is None or host not in inventory.hosts:
        return []
    uplinks = uplinks_of(inventory, host, name) or inventory.hosts[host].uplinks
    return [_intent(segment, uplinks[0].nic)] if uplinks else []


def _cause(
    inventory: Inventory, host: HostName, name: SegmentName, status: Mapping[SwitchName, str | None]
) -> str:
    """Say why the attachment cannot work yet; empty when it can."""
    if name not in inventory.segments:
        return NOT_DECLARED
    if host not in inventory.hosts:
        return "the host is no longer in the inventory"
    way = switches_of(inventory, host, name)
    if not way:
        return "no uplink of the host leads to the gateway"
    causes = [_switch_cause(inventory, switch, name, status) for switch in way]
    return "; ".join(cause for cause in causes if cause)


def _switch_cause(
    inventory: Inventory, switch: SwitchName, name: SegmentName, status: Mapping[SwitchName, str | None]
) -> str:
    device = inventory.switches[switch]
    reason = forbidden(device, inventory.segments[name].vlan)
    if reason:
        return reason
    if switch in status:
        reason = status[switch] or ""
    elif device.mode == "observe":
        reason = "in mode observe nothing is written; set mode: enforce in the inventory"
    else:
        reason = "not synced yet"
    return f"switch {switch}: {reason}" if reason else ""
