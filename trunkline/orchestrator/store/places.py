"""How the record writes addresses and pools, and how its answers are read. Pure; called by the ledger.

A place is a subnet and an offset in it, ``172.31.0.0/16|1033``. Offsets stay decimal text: they may exceed 2^53.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import ip_interface, ip_network
from typing import Literal, get_args

from trunkline.orchestrator.addressing import PoolSpec, pools
from trunkline.orchestrator.errors import AddressError, StoreUnavailable
from trunkline.orchestrator.models import (
    Address,
    ContainerId,
    DeviceKey,
    HostName,
    Network,
    RouterGateway,
    Segment,
    SegmentName,
    SviGateway,
    switch_key,
)
from trunkline.orchestrator.store.records import LeaseState, LedgerEvent, LedgerLease, Owner, StaleNeighbor

IPV4, IPV6 = 4, 6
USUAL_REST_SECONDS = 300.0
"""So long an address rests where the inventory does not say and its gateway forgets who had it."""
_STATES: Mapping[str, LeaseState] = {state: state for state in get_args(LeaseState)}


def specs_of(segment: Segment) -> tuple[PoolSpec, ...]:
    """Give the pools of a segment, IPv4 first."""
    return pools(segment, IPV4) + pools(segment, IPV6)


def offer_of(spec: PoolSpec, within: Network | None) -> dict[str, object]:
    """Say what of a pool may be handed out unasked."""
    part = spec.subnet.network if within is None else within
    first, last = spec.offset(part[0]), spec.offset(part[-1])
    offer: dict[str, object] = {"id": spec.id}
    if spec.family == IPV4:
        return offer | {"bits": spec.size, "first": first, "last": last}
    spans = [(max(low, first), min(high, last)) for low, high in spec.spans]
    return offer | {"bits": 0, "ranges": [span for span in spans if span[0] <= span[1]]}


def digest_of(specs: tuple[PoolSpec, ...]) -> str:
    """Tell one definition of pools from another."""
    facts = [(spec.id, spec.size, spec.spans, spec.reserved) for spec in specs]
    return sha256(repr(facts).encode()).hexdigest()


def moves_to(places: list[str], specs: tuple[PoolSpec, ...]) -> dict[str, str]:
    """Say where each address of a pool that is gone lies now; empty when in no pool."""
    kept = {spec.id for spec in specs}
    moves = {}
    for place in places:
        pool, _, offset = place.rpartition("|")
        if pool in kept:
            continue
        address = address_at(pool, offset)
        moves[place] = next(
            (f"{spec.id}|{spec.offset(address)}" for spec in specs if address in spec.subnet.network), ""
        )
    return moves


def owner_field(family: int, owner: Owner) -> str:
    """Name an owner of one family, as the scripts do."""
    return f"{family}|{owner.container_id}|{owner.endpoint}"


def place_in(segment: Segment, address: Address) -> str:
    """Write an address of a segment as a place, reserved or not.

    Raises:
        AddressError: no subnet of the segment has it.
    """
    for spec in pools(segment, address.version):
        if address in spec.subnet.network:
            return f"{spec.id}|{spec.offset(address)}"
    raise AddressError(
        "is in no subnet of the segment", subject=f"address {address} of segment {segment.name}"
    )


def place_of_lease(lease: LedgerLease) -> str:
    """Write a lease's address as a place."""
    network = lease.interface.network
    return f"{network}|{int(lease.address) - int(network.network_address)}"


def address_at(pool: str, offset: str) -> Address:
    """Read a place."""
    return ip_network(pool).network_address + int(offset)


def lease_from(segment: SegmentName, pool: str, offset: str, text: str) -> LedgerLease:
    """Read a script's answer."""
    raw = json.loads(text)
    address = address_at(pool, offset)
    return LedgerLease(
        segment=segment,
        address=address,
        interface=ip_interface(f"{address}/{ip_network(pool).prefixlen}"),
        state=raw["state"],
        owner=Owner(container_id=ContainerId(raw["owner"]["container"]), endpoint=raw["owner"]["endpoint"]),
        host=HostName(raw["host"]),
        name=raw["name"],
        mac=raw["mac"],
        endpoint_id=raw["endpoint_id"],
        since=raw["since"],
        kept=raw["kept"],
    )


def event_from(identity: str, fields: Mapping[str, str]) -> LedgerEvent:
    """Read an entry of the history."""
    pool, _, offset = fields["place"].rpartition("|")
    return LedgerEvent(
        at=int(identity.partition("-")[0]) / 1000,
        address=address_at(pool, offset),
        state=_STATES[fields["state"]],
        host=HostName(fields["host"]),
        name=fields["name"],
        mac=fields["mac"],
        container_id=ContainerId(fields["container"]),
    )


def rest_of(segment: Segment) -> float | Literal[""]:
    """Say how long the segment lets addresses rest, in seconds; empty when the scripts decide."""
    if segment.quarantine_seconds is not None:
        return segment.quarantine_seconds
    return USUAL_REST_SECONDS if forgetful_gateway(segment) else ""


def forgetful_gateway(segment: Segment) -> DeviceKey | None:
    """Name the device that is to forget who had an address; None where the segment wants no such thing."""
    match segment.gateway:
        case SviGateway(switch=name) | RouterGateway(router=name) if segment.clear_neighbors:
            return switch_key(name)
        case _:
            return None


def stale_neighbor(member: str, wished_at: str) -> StaleNeighbor:
    """Read a wish and its moment."""
    segment, _, place = member.partition(" ")
    pool, _, offset = place.rpartition("|")
    return StaleNeighbor(
        segment=SegmentName(segment), address=address_at(pool, offset), wish=member, wished_at=wished_at
    )


def taken(segment: Segment, wanted: Address | None, text: str) -> AddressError:
    """Say who has an address that somebody else wants."""
    holder = json.loads(text)
    match holder["state"]:
        case "QUARANTINE":
            why, fix = "rests after its last use", "ask for another one, or wait"
        case "RESERVED":
            why = f"is reserved ({holder['name']})" if holder["name"] else "is reserved"
            fix = "ask for another one, or `trunkline ip release` it"
        case _:
            who = holder["name"] or holder["owner"]["container"][:12] or f"with MAC {holder['mac']}"
            why, fix = f"is held by container {who} on {holder['host']}", "ask for another one, or wait"
    return AddressError(why, subject=f"address {wanted} of segment {segment.name}", fix=fix)


def contended(segment: Segment) -> StoreUnavailable:
    """Say that others change the pools all the time."""
    return StoreUnavailable(
        "its pools change all the time",
        subject=f"segment {segment.name}",
        fix="see that every process has the newest inventory",
    )


def untold(silent: Iterable[str]) -> str:
    """Say for which hosts a closed ledger waits."""
    names = ", ".join(sorted(silent))
    who = f"{names} did not tell" if names else "there was little time to tell"
    return f"the record is new or was lost, and {who} yet which addresses are in use"
