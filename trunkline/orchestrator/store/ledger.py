"""The ledger: who holds which address, for all hosts. Each change is one script, repeatable, owner-checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from ipaddress import ip_interface, ip_network
from typing import Literal, get_args

from trunkline.orchestrator.addressing import PoolSpec, place_of, pools
from trunkline.orchestrator.errors import (
    AddressError,
    GateClosed,
    LedgerClosed,
    PoolExhausted,
    StoreUnavailable,
)
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
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.records import LeaseState, LedgerEvent, LedgerLease, Owner, StaleNeighbor

IPV4, IPV6 = 4, 6
_STATES: Mapping[str, LeaseState] = {state: state for state in get_args(LeaseState)}
LONGEST_NAME = 100
"""Of a container's name so much counts."""
BUCKETS_AT_ONCE, EVENTS_AT_ONCE = 8, 1000
PATIENCE_SECONDS = 15.0
"""A ledger that was lost opens without hosts of which there was no sign of life for so long."""
USUAL_REST_SECONDS = 300.0
"""So long an address rests where the inventory does not say and its gateway forgets who had it."""
MOST_DEFINITIONS = 64
"""Tries to find a segment's pools on record while others put theirs there: right after the inventory changed."""


class Ledger:
    """Addresses of segments. Time is Redis's own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def define(self, segment: Segment) -> None:
        """Put the addresses of a segment on record, unless they are.

        Ranges and subnets may change: what is leased stays with its owner. An address that a subnet of another
        size covers moves there, so that nobody else gets it; one that no subnet covers stays a stray.

        Raises:
            StoreUnavailable: Redis refuses, or others change the segment without end.
        """
        specs = _specs(segment)
        digest = _digest(specs)
        known = {
            "pools": [{"id": spec.id, "bits": spec.size if spec.family == IPV4 else 0} for spec in specs]
        }
        bitmaps = [spec.bitmap() for spec in specs if spec.family == IPV4]
        base = f"{PREFIX}ledger:{segment.name}:"
        for _ in range(MOST_DEFINITIONS):
            if self._connection.do("GET", f"{base}definition") == digest:
                return
            plan = known | {"moves": _moves([place for place, _ in self._entries(segment)], specs)}
            if self._connection.script("define", segment.name, digest, json.dumps(plan), *bitmaps):
                return
        raise _contended(segment)

    def allocate(
        self,
        segment: Segment,
        *,
        family: int,
        owner: Owner,
        host: HostName,
        name: str,
        wanted: Address | None = None,
        mac: str = "",
        kept: bool = False,
        gated: bool = False,
        known: bool = False,
        within: Network | None = None,
    ) -> LedgerLease:
        """Give the owner one address of a family, the same one whenever it asks again.

        An address that is kept for a container of the host is given to the endpoint that asks for it by MAC.

        Args:
            segment: Where. Its pools are put on record when they are not.
            family: 4 or 6.
            owner: Who gets it.
            host: Where the owner lives.
            name: The container's name; the address it had last is preferred.
            wanted: Exactly this one.
            mac: The endpoint's, when it is known by now; the address it had last is preferred.
            kept: The address stays the owner's while no endpoint uses it.
            gated: Only while the host's attachment to the segment is ready.
            known: The owner uses it already, and tells a record that was lost.
            within: Only from this subnet, or part of one.

        Raises:
            GateClosed: the attachment is not ready.
            LedgerClosed: the record was lost, and not every host that is there has told what it uses.
            AddressError: the wanted address is reserved, taken or resting, or the owner has another one.
            PoolExhausted: nothing is free.
            StoreUnavailable: Redis refuses, or processes with different inventories fight over the segment.
        """
        specs = tuple(
            spec
            for spec in pools(segment, family)
            if within is None or within.subnet_of(spec.subnet.network)  # type: ignore[arg-type]  # of one family
        )
        ask = {
            "definition": _digest(_specs(segment)),
            "family": family,
            "owner": _owner_field(family, owner),
            "container": owner.container_id,
            "endpoint": owner.endpoint,
            "host": host,
            "name": name[:LONGEST_NAME],
            "mac": mac,
            "kept": kept,
            "gated": gated,
            "known": known,
            "patience": PATIENCE_SECONDS,
            "lenient": segment.quarantine_seconds is None,
            "pools": [_offer(spec, within) for spec in specs if spec.spans],
        }
        if (gateway := _forgetful_gateway(segment)) is not None:
            ask["gateway"] = gateway
        if wanted is not None:
            place, offset = place_of(segment, wanted)
            ask |= {"pool": place.id, "offset": str(offset)}
        text = json.dumps(ask)
        for _ in range(MOST_DEFINITIONS):
            answer = self._connection.script("allocate", segment.name, text)
            if answer != ["undefined"]:
                return self._granted(segment, specs, answer, wanted)
            self.define(segment)
        raise _contended(segment)

    def _granted(
        self, segment: Segment, specs: tuple[PoolSpec, ...], answer: list[str], wanted: Address | None
    ) -> LedgerLease:
        match answer:
            case ["ok", pool, offset, text]:
                if all(spec.id != pool for spec in specs):
                    raise AddressError(
                        f"is in no subnet of segment {segment.name} any more, but the container holds it",
                        subject=f"address {_address(pool, offset)}",
                        fix="remove the container and start it again",
                    )
                return _lease(segment.name, pool, offset, text)
            case ["taken", text]:
                raise _taken(segment, wanted, text)
            case ["lost", *silent]:
                raise LedgerClosed(
                    _untold(silent),
                    subject=f"segment {segment.name}",
                    fix="try again in a moment; see that `trunkline worker host` runs on every host",
                )
            case ["closed", state, cause]:
                raise GateClosed(segment.name, state, cause)
            case ["other", pool, offset]:
                raise AddressError(
                    f"cannot be had: the container holds {_address(pool, offset)} already",
                    subject=f"address {wanted} of segment {segment.name}",
                    fix="remove the container and start it again",
                )
            case _:
                resting = int(answer[1])
                where = ", ".join(spec.id for spec in specs) or "no subnet of that family"
                rest = f"; {resting} rest after their last use" if resting else ""
                raise PoolExhausted(
                    f"no free address in {where}{rest}",
                    subject=f"segment {segment.name}",
                    fix="widen its ranges in the inventory, or remove containers",
                )

    def is_closed(self) -> bool:
        """Say whether the hosts are still to tell what their containers use."""
        return bool(self._connection.do("EXISTS", f"{PREFIX}closed"))

    def awaited(self) -> frozenset[HostName]:
        """Name the hosts that are still to tell; nobody when the ledger is open."""
        names = self._connection.do("SDIFF", f"{PREFIX}awaited", f"{PREFIX}told")
        return frozenset(HostName(name) for name in names)

    def why_closed(self) -> str:
        """Say for what the ledger waits before it gives out addresses; empty when it is open."""
        return _untold(self.awaited()) if self.is_closed() else ""

    def told(self, host: HostName) -> bool:
        """Record that a host has told all that its containers use; True when the ledger is open by then."""
        return bool(self._connection.script("told", host))

    def confirm(self, segment: Segment, *, owner: Owner, endpoint_id: str, mac: str) -> int:
        """Record that the owner uses its addresses, with Docker's endpoint id and MAC; returns how many."""
        fields = [_owner_field(family, owner) for family in (IPV4, IPV6)]
        return int(self._connection.script("confirm", segment.name, endpoint_id, mac, *fields))

    def identify(self, lease: LedgerLease, *, owner: Owner, endpoint_id: str, name: str) -> bool:
        """Record whose endpoint uses an address that was handed out by its MAC.

        Returns:
            False when the address is not that MAC's any more.
        """
        answer = self._connection.script(
            "identify",
            lease.segment,
            _place(lease),
            lease.host,
            lease.mac,
            owner.container_id,
            owner.endpoint,
            endpoint_id,
            name[:LONGEST_NAME],
        )
        return bool(answer)

    def release_endpoint(self, segment: Segment, *, address: Address, host: HostName, mac: str) -> bool:
        """Let an endpoint's address rest, or keep it for its container; only if it is that MAC's of that host.

        Returns:
            False when it is not, so that nothing changed.

        Raises:
            AddressError: no subnet of the segment has the address.
        """
        place, rest = _place_in(segment, address), _rest(segment)
        return bool(self._connection.script("release_endpoint", segment.name, place, host, mac, rest))

    def end(self, segment: Segment, lease: LedgerLease) -> bool:
        """Let the address of a lease rest; False when it is another endpoint's by now, so that nothing changed."""
        return bool(
            self._connection.script(
                "release_lease",
                segment.name,
                _place(lease),
                lease.owner.container_id,
                lease.owner.endpoint,
                lease.host,
                lease.mac,
                _rest(segment),
            )
        )

    def reserve(
        self, segment: Segment, address: Address, *, by: str, why: str, host: HostName | None = None
    ) -> None:
        """Keep an address from everybody, also one that rests. Several may do so; each lets go of its own.

        Args:
            segment: Where.
            address: Any of its subnets, reserved by the inventory or not.
            by: Who does: ``operator``, or ``host:h1`` for an auxiliary address of a Docker network there.
            why: For people.
            host: Whose network asks, if one does.

        Raises:
            AddressError: no subnet has it, or somebody holds it.
            StoreUnavailable: Redis refuses.
        """
        place, digest = _place_in(segment, address), _digest(_specs(segment))
        for _ in range(MOST_DEFINITIONS):
            answer = self._connection.script(
                "reserve", segment.name, digest, place, by, host or "", why[:LONGEST_NAME]
            )
            match answer:
                case ["ok"]:
                    return
                case ["taken", text]:
                    raise _taken(segment, address, text)
                case _:
                    self.define(segment)
        raise _contended(segment)

    def unreserve(self, segment: Segment, address: Address, *, by: str) -> bool:
        """Take a reservation back; False when ``by`` has none. The address rests when nobody else keeps it.

        Raises:
            AddressError: no subnet of the segment has the address.
        """
        place, rest = _place_in(segment, address), _rest(segment)
        return bool(self._connection.script("unreserve", segment.name, place, by, rest))

    def reservers(self, lease: LedgerLease) -> frozenset[str]:
        """Name those who keep an address from everybody, as `reserve` was told: ``operator``, ``host:h1``."""
        key = f"{PREFIX}ledger:{lease.segment}:reservers:{_place(lease)}"
        return frozenset(self._connection.do("SMEMBERS", key))

    def release(self, segment: Segment, owner: Owner, family: int | None = None) -> tuple[Address, ...]:
        """Let the owner's addresses rest; only the owner's own. Returns them."""
        families = (IPV4, IPV6) if family is None else (family,)
        fields = [_owner_field(each, owner) for each in families]
        places = self._connection.script("release_address", segment.name, _rest(segment), *fields)
        return tuple(
            _address(pool, offset) for pool, _, offset in (place.rpartition("|") for place in places)
        )

    def note_announcing(self, host: HostName, *, announces: bool) -> None:
        """Record whether a host's engine tells its neighbours of every address that it takes into use.

        While one does not, addresses rest longer, where their segment does not say how long.
        """
        self._connection.do("SREM" if announces else "SADD", f"{PREFIX}silent", host)

    def gone(self, hosts: Collection[HostName]) -> Mapping[HostName, frozenset[str]]:
        """Give the MACs of endpoints that left each of these hosts, for as long as a switch may remember them."""
        names = sorted(hosts)
        found = self._connection.script("gone", *names)
        return {host: frozenset(macs) for host, macs in zip(names, found, strict=True)}

    def stale(self, device: DeviceKey, most: int) -> tuple[StaleNeighbor, ...]:
        """Give addresses that went to another MAC and whose former one this gateway is to forget, the oldest first."""
        found = self._connection.script("stale", device, most)
        return tuple(_stale(*pair) for pair in zip(found[::2], found[1::2], strict=True))

    def forgotten(self, device: DeviceKey, neighbors: Iterable[StaleNeighbor]) -> int:
        """Record what a gateway forgot; returns how many are left. What was wished for again since is left."""
        words = [word for each in neighbors for word in (each.wish, each.wished_at)]
        return int(self._connection.script("forgotten", device, *words))

    def leases(self, segment: Segment, host: HostName | None = None) -> tuple[LedgerLease, ...]:
        """Give every address that is held or rests, in order; strays of subnets that are gone too.

        Args:
            segment: Where.
            host: Only those of this host.
        """
        found = []
        for place, text in self._entries(segment, host or ""):
            pool, _, offset = place.rpartition("|")
            found.append(_lease(segment.name, pool, offset, text))
        return tuple(sorted(found, key=lambda lease: (lease.address.version, int(lease.address))))

    def history(
        self, segment: Segment, address: Address, most: int, *, before: float | None = None
    ) -> tuple[LedgerEvent, ...]:
        """Give the newest changes of hands of an address, the newest first.

        Args:
            segment: Where.
            address: Which.
            most: How many.
            before: Only those up to this moment, in seconds since the epoch.

        Raises:
            AddressError: no subnet of the segment has the address.
        """
        key, place = f"{PREFIX}ledger:{segment.name}:history", _place_in(segment, address)
        found: list[LedgerEvent] = []
        last = "+" if before is None else str(int(before * 1000))
        while len(found) < most:
            entries = self._connection.do("XREVRANGE", key, last, "-", "COUNT", EVENTS_AT_ONCE)
            found += [_event(identity, fields) for identity, fields in entries if fields["place"] == place]
            if len(entries) < EVENTS_AT_ONCE:
                break
            last = f"({entries[-1][0]}"
        return tuple(found[:most])

    def _entries(self, segment: Segment, host: str = "") -> list[tuple[str, str]]:
        """Read the leases some buckets at a time: a full /16 in one piece would keep others waiting."""
        buckets = sorted(self._connection.do("SMEMBERS", f"{PREFIX}ledger:{segment.name}:buckets"))
        found: dict[str, str] = {}
        for first in range(0, len(buckets), BUCKETS_AT_ONCE):
            some = buckets[first : first + BUCKETS_AT_ONCE]
            found.update(self._connection.script("leases", segment.name, host, *some))
        return list(found.items())


def _specs(segment: Segment) -> tuple[PoolSpec, ...]:
    return pools(segment, IPV4) + pools(segment, IPV6)


def _rest(segment: Segment) -> float | Literal[""]:
    if segment.quarantine_seconds is not None:
        return segment.quarantine_seconds
    return USUAL_REST_SECONDS if _forgetful_gateway(segment) else ""


def _forgetful_gateway(segment: Segment) -> DeviceKey | None:
    match segment.gateway:
        case SviGateway(switch=name) | RouterGateway(router=name) if segment.clear_neighbors:
            return switch_key(name)
        case _:
            return None


def _stale(member: str, wished_at: str) -> StaleNeighbor:
    segment, _, place = member.partition(" ")
    pool, _, offset = place.rpartition("|")
    return StaleNeighbor(
        segment=SegmentName(segment), address=_address(pool, offset), wish=member, wished_at=wished_at
    )


def _offer(spec: PoolSpec, within: Network | None) -> dict[str, object]:
    """Say what of a pool may be handed out unasked."""
    part = spec.subnet.network if within is None else within
    first, last = spec.offset(part[0]), spec.offset(part[-1])
    offer: dict[str, object] = {"id": spec.id}
    if spec.family == IPV4:
        return offer | {"bits": spec.size, "first": first, "last": last}
    spans = [(max(low, first), min(high, last)) for low, high in spec.spans]
    return offer | {"bits": 0, "ranges": [span for span in spans if span[0] <= span[1]]}


def _digest(specs: tuple[PoolSpec, ...]) -> str:
    facts = [(spec.id, spec.size, spec.spans, spec.reserved) for spec in specs]
    return sha256(repr(facts).encode()).hexdigest()


def _moves(places: list[str], specs: tuple[PoolSpec, ...]) -> dict[str, str]:
    """Say where each address of a pool that is gone lies now; empty when in no pool."""
    kept = {spec.id for spec in specs}
    moves = {}
    for place in places:
        pool, _, offset = place.rpartition("|")
        if pool in kept:
            continue
        address = _address(pool, offset)
        moves[place] = next(
            (f"{spec.id}|{spec.offset(address)}" for spec in specs if address in spec.subnet.network), ""
        )
    return moves


def _untold(silent: Iterable[str]) -> str:
    names = ", ".join(sorted(silent))
    who = f"{names} did not tell" if names else "there was little time to tell"
    return f"the record is new or was lost, and {who} yet which addresses are in use"


def _contended(segment: Segment) -> StoreUnavailable:
    return StoreUnavailable(
        "its pools change all the time",
        subject=f"segment {segment.name}",
        fix="see that every process has the newest inventory",
    )


def _owner_field(family: int, owner: Owner) -> str:
    return f"{family}|{owner.container_id}|{owner.endpoint}"


def _taken(segment: Segment, wanted: Address | None, text: str) -> AddressError:
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


def _place_in(segment: Segment, address: Address) -> str:
    for spec in pools(segment, address.version):
        if address in spec.subnet.network:
            return f"{spec.id}|{spec.offset(address)}"
    raise AddressError(
        "is in no subnet of the segment", subject=f"address {address} of segment {segment.name}"
    )


def _event(identity: str, fields: Mapping[str, str]) -> LedgerEvent:
    pool, _, offset = fields["place"].rpartition("|")
    return LedgerEvent(
        at=int(identity.partition("-")[0]) / 1000,
        address=_address(pool, offset),
        state=_STATES[fields["state"]],
        host=HostName(fields["host"]),
        name=fields["name"],
        mac=fields["mac"],
        container_id=ContainerId(fields["container"]),
    )


def _place(lease: LedgerLease) -> str:
    network = lease.interface.network
    return f"{network}|{int(lease.address) - int(network.network_address)}"


def _address(pool: str, offset: str) -> Address:
    return ip_network(pool).network_address + int(offset)


def _lease(segment: SegmentName, pool: str, offset: str, text: str) -> LedgerLease:
    raw = json.loads(text)
    address = _address(pool, offset)
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
