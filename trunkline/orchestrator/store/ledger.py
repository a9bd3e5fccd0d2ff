"""The ledger: who holds which address, for all hosts. Each change is one script, repeatable, owner-checked."""

from __future__ import annotations

import json
from hashlib import sha256

from trunkline.orchestrator.addressing import PoolSpec, place_of, pools
from trunkline.orchestrator.errors import AddressError, PoolExhausted
from trunkline.orchestrator.models import Address, ContainerId, HostName, Segment, SegmentName
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.records import LedgerLease, Owner

IPV4, IPV6 = 4, 6


class Ledger:
    """Addresses of segments. Time is Redis's own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._defined: dict[SegmentName, str] = {}

    def define(self, segment: Segment) -> None:
        """Tell the ledger which addresses a segment has. Ranges may change: live leases stay as they are."""
        specs = pools(segment, IPV4)
        digest = sha256(repr(specs).encode()).hexdigest()
        key = f"{PREFIX}ledger:{segment.name}:definition"
        if self._defined.get(segment.name) == digest and self._connection.do("GET", key) == digest:
            return
        for spec in specs:
            self._connection.script("define_pool", segment.name, spec.id, spec.bitmap())
        self._connection.do("SET", key, digest)
        self._defined[segment.name] = digest

    def allocate(
        self,
        segment: Segment,
        *,
        family: int,
        owner: Owner,
        host: HostName,
        name: str,
        wanted: Address | None = None,
    ) -> LedgerLease:
        """Give the owner one address of a family, the same one whenever it asks again.

        Args:
            segment: Where; `define` it first.
            family: 4 or 6.
            owner: Who gets it.
            host: Where the owner lives.
            name: The container's name; the address it had last is preferred.
            wanted: Exactly this one.

        Raises:
            AddressError: the wanted address is reserved, taken or resting, or the owner has another one.
            PoolExhausted: nothing is free.
        """
        specs = pools(segment, family)
        ask = {
            "family": family,
            "owner": _owner_field(family, owner),
            "container": owner.container_id,
            "endpoint": owner.endpoint,
            "host": host,
            "name": name,
            "pools": [
                {"id": spec.id, "bits": spec.size if family == IPV4 else 0, "ranges": list(spec.spans)}
                for spec in specs
                if spec.spans
            ],
        }
        if wanted is not None:
            place, offset = place_of(segment, wanted)
            ask |= {"pool": place.id, "offset": str(offset)}
        answer = self._connection.script("allocate", segment.name, json.dumps(ask))
        return self._granted(segment, specs, answer, wanted)

    def _granted(
        self, segment: Segment, specs: tuple[PoolSpec, ...], answer: list[str], wanted: Address | None
    ) -> LedgerLease:
        match answer:
            case ["ok", pool, offset, text]:
                spec = next(spec for spec in specs if spec.id == pool)
                return _lease(segment.name, spec, offset, text)
            case ["taken", text]:
                holder = json.loads(text)
                if holder["state"] == "QUARANTINE":
                    why = "rests after its last use"
                else:
                    who = holder["name"] or holder["owner"]["container"][:12]
                    why = f"is held by container {who} on {holder['host']}"
                raise AddressError(
                    why,
                    subject=f"address {wanted} of segment {segment.name}",
                    fix="ask for another one, or wait",
                )
            case ["other", pool, offset]:
                spec = next(spec for spec in specs if spec.id == pool)
                raise AddressError(
                    f"cannot be had: the container holds {spec.address(int(offset))} already",
                    subject=f"address {wanted} of segment {segment.name}",
                    fix="remove the container and start it again",
                )
            case _:
                free = ", ".join(spec.id for spec in specs) or "no subnet of that family"
                raise PoolExhausted(
                    f"no free address in {free}",
                    subject=f"segment {segment.name}",
                    fix="widen its ranges in the inventory, or remove containers",
                )

    def confirm(self, segment: Segment, *, owner: Owner, endpoint_id: str, mac: str) -> int:
        """Record that the owner uses its addresses, with Docker's endpoint id and MAC; returns how many."""
        fields = [_owner_field(family, owner) for family in (IPV4, IPV6)]
        return int(self._connection.script("confirm", segment.name, endpoint_id, mac, *fields))

    def release(self, segment: Segment, owner: Owner, family: int | None = None) -> tuple[Address, ...]:
        """Let the owner's addresses rest; only the owner's own. Returns them."""
        families = (IPV4, IPV6) if family is None else (family,)
        fields = [_owner_field(each, owner) for each in families]
        places = self._connection.script("release_address", segment.name, segment.quarantine_seconds, *fields)
        return tuple(
            spec.address(int(offset))
            for pool, _, offset in (place.rpartition("|") for place in places)
            for spec in _specs(segment)
            if spec.id == pool
        )

    def leases(self, segment: Segment) -> tuple[LedgerLease, ...]:
        """Give every address that is held or rests, in order."""
        entries = self._connection.do("HGETALL", f"{PREFIX}ledger:{segment.name}:leases")
        specs = {spec.id: spec for spec in _specs(segment)}
        found = [
            _lease(segment.name, specs[pool], offset, text)
            for (pool, _, offset), text in ((place.rpartition("|"), text) for place, text in entries.items())
            if pool in specs
        ]
        return tuple(sorted(found, key=lambda lease: (lease.address.version, int(lease.address))))


def _specs(segment: Segment) -> tuple[PoolSpec, ...]:
    return pools(segment, IPV4) + pools(segment, IPV6)


def _owner_field(family: int, owner: Owner) -> str:
    return f"{family}|{owner.container_id}|{owner.endpoint}"


def _lease(segment: SegmentName, spec: PoolSpec, offset: str, text: str) -> LedgerLease:
    raw = json.loads(text)
    return LedgerLease(
        segment=segment,
        address=spec.address(int(offset)),
        interface=spec.interface(int(offset)),
        state=raw["state"],
        owner=Owner(container_id=ContainerId(raw["owner"]["container"]), endpoint=raw["owner"]["endpoint"]),
        host=HostName(raw["host"]),
        name=raw["name"],
        mac=raw["mac"],
        endpoint_id=raw["endpoint_id"],
        since=raw["since"],
    )
