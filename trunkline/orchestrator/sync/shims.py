"""Gives a host an interface and an address of its own in segments that say so; they go with the VLAN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from trunkline.orchestrator.errors import AddressError, OrchestratorError
from trunkline.orchestrator.intents import AttachmentIntent, ShimIntent
from trunkline.orchestrator.models import Segment
from trunkline.orchestrator.planning import shim_mac, shim_name, uplinks_of
from trunkline.orchestrator.store import LedgerLease, Owner
from trunkline.orchestrator.sync.writes import shim_line, write

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.hosts import Pass


def raise_shims(this: Pass, led: Iterable[AttachmentIntent]) -> None:
    """See to the shims of segments whose link is there."""
    shims = this.machine.shims
    for each in led:
        segment = this.inventory.segments[each.segment]
        if not segment.host_access:
            continue
        try:
            leases = _leases(this, segment)
            intent = _intent(this, segment, each, leases)
            lines = (
                shim_line(link=intent.link, name=intent.name, mac=intent.mac),
                *(f"ip address add {address} dev {intent.name}" for address in intent.addresses),
            )
            if intent.name in shims.observe():
                shims.ensure(intent)
            else:
                write(
                    this,
                    f"segment {segment.name} gives its host access",
                    lines,
                    partial(shims.ensure, intent),
                )
            _confirm(this, segment, intent, leases)
        except OrchestratorError as error:
            this.failed(f"shim {this.machine.name}/{segment.name}", error)


def tell_shims(this: Pass) -> None:
    """Put on record which addresses this host itself has, for a record that was lost."""
    host, shims = this.machine.name, this.machine.shims
    there = shims.observe()
    for segment in this.inventory.segments.values():
        name, mac = _name(this, segment), shim_mac(host, segment.name)
        for address in sorted(shims.addresses(name), key=str) if name in there else ():
            try:
                this.context.store.ledger.allocate(
                    segment,
                    family=address.version,
                    owner=Owner.by_mac(host, mac),
                    host=host,
                    name=_title(this),
                    wanted=address,
                    mac=mac,
                    kept=True,
                    known=True,
                )
            except AddressError as error:
                this.failed(f"shim {host}/{segment.name}", error)


def lower_shims(this: Pass, wanted: Iterable[AttachmentIntent]) -> None:
    """Take down the shims of segments that are not wanted here any more; their addresses rest.

    A record that was lost wants nothing: what has company on its link stays until that is known to be unwanted.
    """
    shims = this.machine.shims
    names = {each.segment: shim_name(each.link.parent, each.link.vlan) for each in wanted}
    kept = {name for segment, name in names.items() if this.inventory.segments[segment].host_access}
    try:
        there = shims.observe()
        kept |= {
            name
            for name, link in there.items()
            if name not in names.values() and _has_company(this, name, link)
        }
        surplus = sorted(there.keys() - kept)
        for name in surplus:
            write(
                this,
                "no segment needs this shim any more",
                (f"ip link del {name}",),
                partial(shims.remove, name),
            )
        # Only now: whoever gets the addresses must not find them in use. Those of a shim that a pass before removed, or
        # a reboot, are still on record.
        for segment in _known(this).values():
            if _name(this, segment) not in kept:
                mac = shim_mac(this.machine.name, segment.name)
                this.context.store.ledger.release(segment, Owner.by_mac(this.machine.name, mac))
    except OrchestratorError as error:
        this.failed(f"shims of {this.machine.name}", error)


def _has_company(this: Pass, name: str, link: str) -> bool:
    """Say whether more than a shim sits on its link; the link's users are named by interface or by MAC."""
    itself = {name, *(shim_mac(this.machine.name, segment.name) for segment in _known(this).values())}
    return not itself.issuperset(this.machine.links.users(link))


def _known(this: Pass) -> Mapping[str, Segment]:
    """Give the segments a shim may have an address of, also those the inventory had before."""
    former = this.context.former_segments(this.inventory)
    return {str(name): segment for name, segment in (*former.items(), *this.inventory.segments.items())}


def _name(this: Pass, segment: Segment) -> str:
    uplinks = uplinks_of(this.inventory, this.machine.name, segment.name)
    return shim_name(uplinks[0].nic, segment.vlan) if uplinks else ""


def _title(this: Pass) -> str:
    return f"(host {this.machine.name})"


def _leases(this: Pass, segment: Segment) -> tuple[LedgerLease, ...]:
    families = sorted({subnet.network.version for subnet in segment.subnets})
    return tuple(_lease(this, segment, family) for family in families)


def _lease(this: Pass, segment: Segment, family: int) -> LedgerLease:
    host, mac = this.machine.name, shim_mac(this.machine.name, segment.name)
    owner, ledger = Owner.by_mac(host, mac), this.context.store.ledger

    def allocate() -> LedgerLease:
        return ledger.allocate(
            segment, family=family, owner=owner, host=host, name=_title(this), mac=mac, kept=True
        )

    try:
        return allocate()
    except AddressError:
        # Its subnet has left the segment: nobody would ever remove this host and start it again.
        ledger.release(segment, owner, family)
        return allocate()


def _intent(
    this: Pass, segment: Segment, attachment: AttachmentIntent, leases: Sequence[LedgerLease]
) -> ShimIntent:
    link = attachment.link
    return ShimIntent(
        name=shim_name(link.parent, link.vlan),
        link=link.name,
        mac=shim_mac(this.machine.name, segment.name),
        addresses=tuple(ip_interface(str(lease.address)) for lease in leases),
        routes=tuple(subnet.network for subnet in segment.subnets),
    )


def _confirm(this: Pass, segment: Segment, intent: ShimIntent, leases: Sequence[LedgerLease]) -> None:
    """Tell the ledger that the shim has its addresses: no Docker shows it, so nobody else would."""
    if any(lease.state != "ACTIVE" for lease in leases):
        owner = Owner.by_mac(this.machine.name, intent.mac)
        this.context.store.ledger.confirm(segment, owner=owner, endpoint_id="", mac=intent.mac)
