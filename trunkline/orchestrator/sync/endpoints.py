"""Puts containers on their segments with an address of the ledger; gives it back when they are gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from trunkline.orchestrator.errors import AddressError
from trunkline.orchestrator.intents import ContainerFacts, Endpoint
from trunkline.orchestrator.models import Address, ContainerId, Segment, SegmentName
from trunkline.orchestrator.store import LedgerLease, Owner
from trunkline.orchestrator.sync.shims import tell_shims
from trunkline.orchestrator.sync.writes import write

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.hosts import Pass


def owner_of(facts: ContainerFacts, segment: SegmentName) -> Owner:
    """Name the endpoint of a container on a segment: Docker gives it a new id at every start, we do not."""
    return Owner(container_id=facts.id, endpoint=str(segment))


def attach(this: Pass, facts: ContainerFacts, segment: SegmentName) -> None:
    """Give the container its addresses and connect it, unless that is so already.

    Raises:
        AddressError: the address is taken, or the container holds another one than the ledger says.
        OrchestratorError: what Docker refused.
    """
    asked = this.wishes[facts.id].addresses.get(segment, ())
    there = facts.endpoints.get(segment)
    if there is not None and not there.endpoint_id and not there.addresses:
        return  # it was created on the network besides, and the plug-in will give it an address when it starts
    mac = "" if there is None else there.mac
    try:
        leases = _leases(this, facts, segment, asked if there is None else there.addresses or asked, mac)
    except AddressError:
        if there is not None and _has_by_itself(this, there, segment):
            return
        raise
    addresses = tuple(lease.address for lease in leases)
    if there is None:
        there = _connect(this, facts, segment, addresses)
    elif there.addresses and set(there.addresses) != set(addresses):
        has, should = ", ".join(map(str, there.addresses)), ", ".join(map(str, addresses))
        raise AddressError(
            f"has {has} on {segment}, but the ledger gave it {should}",
            subject=f"container {facts.name}",
            fix=f"run `docker network disconnect {segment} {facts.id[:12]}` and it is connected anew",
        )
    if there.endpoint_id:
        _confirm(this, facts, segment, there, leases)


def _has_by_itself(this: Pass, there: Endpoint, segment: SegmentName) -> bool:
    """Say whether the plug-in gave the endpoint its addresses: somebody started the container on the network too.

    `identify` tells the ledger whose they are.
    """
    leases = this.context.store.ledger.leases(this.inventory.segments[segment], this.machine.name)
    given = {lease.address for lease in leases if lease.mac == there.mac and not lease.kept}
    return bool(there.mac) and given.issuperset(there.addresses)


def _leases(
    this: Pass, facts: ContainerFacts, segment: SegmentName, asked: Sequence[Address], mac: str
) -> tuple[LedgerLease, ...]:
    """Give the container its addresses, or find those that it was started with: they are its MAC's."""
    ledger = this.context.store.ledger
    definition = this.inventory.segments[segment]
    families = sorted({subnet.network.version for subnet in definition.subnets})
    return tuple(
        ledger.allocate(
            definition,
            family=family,
            owner=owner_of(facts, segment),
            host=this.machine.name,
            name=facts.name,
            wanted=next((address for address in asked if address.version == family), None),
            mac=mac,
            kept=True,
        )
        for family in families
    )


def _connect(
    this: Pass, facts: ContainerFacts, segment: SegmentName, addresses: Sequence[Address]
) -> Endpoint:
    options = " ".join(f"--ip{6 if a.version == 6 else ''} {a}" for a in addresses)  # noqa: PLR2004
    first = this.wishes[facts.id].segments[0] == segment
    default_route = first and this.inventory.segments[segment].default_route
    return write(
        this,
        f"container {facts.id[:12]} wants segment {segment}",
        (f"docker network connect {options} {segment} {facts.id[:12]}",),
        lambda: this.machine.engine.connect(facts.id, segment, addresses, default_route=default_route),
    )


def _confirm(
    this: Pass,
    facts: ContainerFacts,
    segment: SegmentName,
    endpoint: Endpoint,
    leases: Sequence[LedgerLease],
) -> None:
    if all(lease.serves(endpoint.endpoint_id) and lease.mac == endpoint.mac for lease in leases):
        return
    this.context.store.ledger.confirm(
        this.inventory.segments[segment],
        owner=owner_of(facts, segment),
        endpoint_id=endpoint.endpoint_id,
        mac=endpoint.mac,
    )


def detach(this: Pass, facts: ContainerFacts, segment: SegmentName) -> None:
    """Disconnect a container that we connected and that no longer wants the segment; its addresses rest."""
    if segment not in facts.endpoints:
        return
    write(
        this,
        f"container {facts.id[:12]} no longer wants segment {segment}",
        (f"docker network disconnect {segment} {facts.id[:12]}",),
        lambda: this.machine.engine.disconnect(facts.id, segment),
    )
    definition = this.inventory.segments.get(segment) or this.context.former_segments(this.inventory).get(
        segment
    )
    if definition is not None:
        this.context.store.ledger.release(definition, owner_of(facts, segment))


def tell(this: Pass) -> None:
    """Put on record what this host and its running containers use, as long as the ledger waits for that.

    Docker is the truth of it, whatever labels and policy say by now. What two containers claim stays with the first
    one, and the other is told.
    """
    ledger = this.context.store.ledger
    if not ledger.is_closed():
        return
    for facts in this.containers:
        for segment, endpoint in facts.endpoints.items():
            if endpoint.endpoint_id:
                _tell(this, facts.name, SegmentName(segment), endpoint, owner_of(facts, SegmentName(segment)))
    for network in this.gated:
        for container, endpoint in network.endpoints.items():
            _tell(this, network.names.get(container, ""), network.segment, endpoint, None)
    tell_shims(this)
    ledger.told(this.machine.name)


def _tell(this: Pass, name: str, segment: SegmentName, endpoint: Endpoint, owner: Owner | None) -> None:
    """Tell one endpoint's addresses; without an owner they are its MAC's."""
    definition = this.inventory.segments.get(segment)
    if definition is None:
        return
    for address in endpoint.addresses:
        try:
            this.context.store.ledger.allocate(
                definition,
                family=address.version,
                owner=owner or Owner.by_mac(this.machine.name, endpoint.mac),
                host=this.machine.name,
                name=name,
                wanted=address,
                mac="" if owner else endpoint.mac,
                kept=owner is not None,
                known=True,
            )
        except AddressError as error:
            this.failed(f"container {name}", error)


UNCONFIRMED_SECONDS = 60.0
"""So long an address that the plug-in gave may wait for its endpoint to show."""
SETTLING_SECONDS = 10.0
"""So long Docker may show an endpoint whose address it has released."""


def identify(this: Pass) -> None:
    """Tell the ledger whose the addresses are that our plug-in gave, and let those rest that serve nobody.

    Docker named only a MAC when it asked; which container got it shows in the networks by now. What waits too long
    for its endpoint, and what belonged to an endpoint that is gone while nobody told of its release, rests.
    """
    ledger, now = this.context.store.ledger, this.context.store.now()
    networks = this.gated
    for name, segment in sorted(this.inventory.segments.items()):
        guests = {
            (endpoint.mac, address): (container, endpoint.endpoint_id, network.names.get(container, ""))
            for network in networks
            if network.segment == name
            for container, endpoint in network.endpoints.items()
            for address in endpoint.addresses
        }
        leases = ledger.leases(segment, this.machine.name)
        known = {(lease.mac, lease.address) for lease in leases if not _is_mistaken(this, lease)}
        _tell_strays(this, segment, guests.keys() - known, guests)
        for lease in leases:
            if lease.state not in {"PENDING", "ACTIVE"} or not lease.mac:
                continue
            guest = guests.get((lease.mac, lease.address))
            if guest is None and now - lease.since > UNCONFIRMED_SECONDS:
                _end(this, segment, lease)
            elif guest is not None and not lease.kept and not lease.serves(guest[1]):
                container, endpoint_id, label = guest
                owner = Owner(container_id=container, endpoint=str(name))
                ledger.identify(lease, owner=owner, endpoint_id=endpoint_id, name=label)


def _is_mistaken(this: Pass, lease: LedgerLease) -> bool:
    """Say whether an address rested before Docker was asked, so that an endpoint which Docker shows with it lives on.

    Docker releases an address also for a network or a second endpoint with the same MAC that it could not make.
    """
    return lease.state == "QUARANTINE" and lease.since < this.read_at - SETTLING_SECONDS


def _end(this: Pass, segment: Segment, lease: LedgerLease) -> None:
    """Let an address rest whose endpoint is gone; one that a label asked for waits for its container's next one.

    Unless that can never have it again: the segment may have other subnets by now.
    """
    ledger = this.context.store.ledger
    if not lease.kept or all(lease.address not in subnet.network for subnet in segment.subnets):
        ledger.end(segment, lease)
    elif lease.owner.container_id:
        ledger.vacate(segment, lease)


def _tell_strays(
    this: Pass,
    segment: Segment,
    strays: Iterable[tuple[str, Address]],
    guests: Mapping[tuple[str, Address], tuple[ContainerId, str, str]],
) -> None:
    """Put running endpoints on record that are not: the record lost them, or their host was cut off for long.

    Whose address somebody else has by now is told, in the status.
    """
    for mac, address in sorted(strays, key=str):
        name = guests[mac, address][2]
        endpoint = Endpoint(network="", network_id="", mac=mac, addresses=(address,))
        _tell(this, name, segment.name, endpoint, None)


def reap(this: Pass) -> None:
    """Release the addresses of containers that this pass's list no longer shows on their segment.

    The list was read from Docker at the start of the pass; a lease taken since then belongs to a container
    that was in it.
    """
    ledger = this.context.store.ledger
    known = {facts.id for facts in this.all_containers}
    for segment in this.inventory.segments.values():
        for lease in ledger.leases(segment, this.machine.name):
            container = lease.owner.container_id
            # Without a container only its MAC is known yet: `identify` sees to it.
            if not container or container in known:
                continue
            if lease.state in {"PENDING", "ACTIVE"} and this.machine.engine.inspect(container) is None:
                ledger.end(segment, lease)
