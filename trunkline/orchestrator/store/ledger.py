"""The ledger: who holds which address, for all hosts. Each change is one script, repeatable, owner-checked."""

from __future__ import annotations

import json

from trunkline.orchestrator.addressing import PoolSpec, place_of, pools
from trunkline.orchestrator.errors import (
    AddressError,
    GateClosed,
    LedgerClosed,
    PoolExhausted,
)
from trunkline.orchestrator.models import (
    Address,
    HostName,
    Network,
    Segment,
)
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.places import (
    IPV4,
    IPV6,
    address_at,
    contended,
    digest_of,
    event_from,
    forgetful_gateway,
    lease_from,
    moves_to,
    offer_of,
    owner_field,
    place_in,
    place_of_lease,
    rest_of,
    specs_of,
    taken,
    untold,
)
from trunkline.orchestrator.store.records import LedgerEvent, LedgerLease, Owner

LONGEST_NAME_BYTES = 100
"""Of a container's name, or a reservation's reason, so much counts."""
BUCKETS_AT_ONCE, EVENTS_AT_ONCE = 8, 1000
PATIENCE_SECONDS = 15.0
"""A ledger that was lost opens without hosts of which there was no sign of life for so long."""
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
        specs = specs_of(segment)
        digest = digest_of(specs)
        known = {
            "pools": [{"id": spec.id, "bits": spec.size if spec.family == IPV4 else 0} for spec in specs]
        }
        bitmaps = [spec.bitmap() for spec in specs if spec.family == IPV4]
        base = f"{PREFIX}ledger:{segment.name}:"
        for _ in range(MOST_DEFINITIONS):
            if self._connection.do("GET", f"{base}definition") == digest:
                return
            plan = known | {"moves": moves_to([place for place, _ in self._entries(segment)], specs)}
            if self._connection.script("define", segment.name, digest, json.dumps(plan), *bitmaps):
                return
        raise contended(segment)

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
            "definition": digest_of(specs_of(segment)),
            "family": family,
            "owner": owner_field(family, owner),
            "container": owner.container_id,
            "endpoint": owner.endpoint,
            "host": host,
            "name": _cut(name),
            "mac": mac,
            "kept": kept,
            "gated": gated,
            "known": known,
            "patience": PATIENCE_SECONDS,
            "lenient": segment.quarantine_seconds is None,
            "pools": [offer_of(spec, within) for spec in specs if spec.spans],
        }
        if (gateway := forgetful_gateway(segment)) is not None:
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
        raise contended(segment)

    def _granted(
        self, segment: Segment, specs: tuple[PoolSpec, ...], answer: list[str], wanted: Address | None
    ) -> LedgerLease:
        match answer:
            case ["ok", pool, offset, text]:
                if all(spec.id != pool for spec in specs):
                    raise AddressError(
                        f"is in no subnet of segment {segment.name} any more, but the container holds it",
                        subject=f"address {address_at(pool, offset)}",
                        fix="remove the container and start it again",
                    )
                return lease_from(segment.name, pool, offset, text)
            case ["taken", text]:
                raise taken(segment, wanted, text)
            case ["lost", *silent]:
                raise LedgerClosed(
                    untold(silent),
                    subject=f"segment {segment.name}",
                    fix="try again in a moment; see that `trunkline worker host` runs on every host",
                )
            case ["closed", state, cause]:
                raise GateClosed(segment.name, state, cause)
            case ["other", pool, offset]:
                raise AddressError(
                    f"cannot be had: the container holds {address_at(pool, offset)} already",
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
        return untold(self.awaited()) if self.is_closed() else ""

    def told(self, host: HostName) -> bool:
        """Record that a host has told all that its containers use; True when the ledger is open by then."""
        return bool(self._connection.script("told", host))

    def confirm(self, segment: Segment, *, owner: Owner, endpoint_id: str, mac: str) -> int:
        """Record that the owner uses its addresses, with Docker's endpoint id and MAC; returns how many."""
        fields = [owner_field(family, owner) for family in (IPV4, IPV6)]
        return int(self._connection.script("confirm", segment.name, endpoint_id, mac, *fields))

    def identify(self, lease: LedgerLease, *, owner: Owner, endpoint_id: str, name: str) -> bool:
        """Record whose endpoint uses an address that was handed out by its MAC.

        Returns:
            False when the address is not that MAC's any more.
        """
        answer = self._connection.script(
            "identify",
            lease.segment,
            place_of_lease(lease),
            lease.host,
            lease.mac,
            owner.container_id,
            owner.endpoint,
            endpoint_id,
            _cut(name),
        )
        return bool(answer)

    def release_endpoint(self, segment: Segment, *, address: Address, host: HostName, mac: str) -> bool:
        """Let an endpoint's address rest, or keep it for its container; only if it is that MAC's of that host.

        Returns:
            False when it is not, so that nothing changed.

        Raises:
            AddressError: no subnet of the segment has the address.
        """
        place, rest = place_in(segment, address), rest_of(segment)
        return bool(self._connection.script("release_endpoint", segment.name, place, host, mac, rest))

    def vacate(self, segment: Segment, lease: LedgerLease) -> bool:
        """Let the endpoint of a lease go as `release_endpoint` does, also where no subnet has the address any more."""
        place, rest = place_of_lease(lease), rest_of(segment)
        return bool(
            self._connection.script("release_endpoint", lease.segment, place, lease.host, lease.mac, rest)
        )

    def end(self, segment: Segment, lease: LedgerLease) -> bool:
        """Let the address of a lease rest; False when it is another endpoint's by now, so that nothing changed."""
        return bool(
            self._connection.script(
                "release_lease",
                segment.name,
                place_of_lease(lease),
                lease.owner.container_id,
                lease.owner.endpoint,
                lease.host,
                lease.mac,
                rest_of(segment),
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
        place, digest = place_in(segment, address), digest_of(specs_of(segment))
        for _ in range(MOST_DEFINITIONS):
            answer = self._connection.script(
                "reserve", segment.name, digest, place, by, host or "", _cut(why)
            )
            match answer:
                case ["ok"]:
                    return
                case ["taken", text]:
                    raise taken(segment, address, text)
                case _:
                    self.define(segment)
        raise contended(segment)

    def unreserve(self, segment: Segment, address: Address, *, by: str) -> bool:
        """Take a reservation back; False when ``by`` has none. The address rests when nobody else keeps it.

        Raises:
            AddressError: no subnet of the segment has the address.
        """
        place, rest = place_in(segment, address), rest_of(segment)
        return bool(self._connection.script("unreserve", segment.name, place, by, rest))

    def reservers(self, lease: LedgerLease) -> frozenset[str]:
        """Name those who keep an address from everybody, as `reserve` was told: ``operator``, ``host:h1``."""
        key = f"{PREFIX}ledger:{lease.segment}:reservers:{place_of_lease(lease)}"
        return frozenset(self._connection.do("SMEMBERS", key))

    def release(self, segment: Segment, owner: Owner, family: int | None = None) -> tuple[Address, ...]:
        """Let the owner's addresses rest; only the owner's own. Returns them."""
        families = (IPV4, IPV6) if family is None else (family,)
        fields = [owner_field(each, owner) for each in families]
        places = self._connection.script("release_address", segment.name, rest_of(segment), *fields)
        return tuple(
            address_at(pool, offset) for pool, _, offset in (place.rpartition("|") for place in places)
        )

    def leases(self, segment: Segment, host: HostName | None = None) -> tuple[LedgerLease, ...]:
        """Give every address that is held or rests, in order; strays of subnets that are gone too.

        Args:
            segment: Where.
            host: Only those of this host.
        """
        found = []
        for place, text in self._entries(segment, host or ""):
            pool, _, offset = place.rpartition("|")
            found.append(lease_from(segment.name, pool, offset, text))
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
        key, place = f"{PREFIX}ledger:{segment.name}:history", place_in(segment, address)
        found: list[LedgerEvent] = []
        last = "+" if before is None else str(int(before * 1000))
        while len(found) < most:
            entries = self._connection.do("XREVRANGE", key, last, "-", "COUNT", EVENTS_AT_ONCE)
            found += [
                event_from(identity, fields) for identity, fields in entries if fields["place"] == place
            ]
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


def _cut(text: str) -> str:
    """Cut a name between two characters: the scripts cut bytes, and half a character makes a lease unreadable."""
    return text.encode(errors="replace")[:LONGEST_NAME_BYTES].decode(errors="ignore")
