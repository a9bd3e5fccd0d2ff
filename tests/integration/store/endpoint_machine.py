"""Endpoints that engines ask for by MAC, on two hosts, against a plain model: in any order, twice or late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.builders import a_segment, a_subnet
from trunkline.orchestrator.errors import AddressError, PoolExhausted
from trunkline.orchestrator.models import Address, ContainerId, HostName, Segment
from trunkline.orchestrator.store import LedgerLease, Owner, Store

HOSTS = (HostName("h1"), HostName("h2"))
MACS = tuple(f"02:00:00:00:00:0{number}" for number in range(4))
SUBNETS = (a_subnet("10.0.0.0/29", "10.0.0.1"), a_subnet("fd00::/125", "fd00::1"))
ADDRESSES: tuple[Address, ...] = tuple(subnet.network[offset] for subnet in SUBNETS for offset in range(8))
LONG, NOT_AT_ALL = 3600.0, 0.0
HOST, MAC, FAMILY = st.sampled_from(HOSTS), st.sampled_from(MACS), st.sampled_from((4, 6))


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the model knows of an address that is somebody's, or rests."""

    host: HostName
    mac: str
    state: str = "PENDING"
    container: str = ""
    reserved_by: frozenset[str] = frozenset()
    rested: bool = False


class EndpointMachine(RuleBasedStateMachine):
    """Two agents ask, identify, release, repeat what they said long ago, and lose what they knew."""

    def __init__(self, stores: Sequence[Store]) -> None:
        super().__init__()
        self.stores = stores
        stores[0].connection.do("FLUSHDB")
        self.known: dict[Address, Known] = {}
        self.seen: list[LedgerLease] = []
        """Every lease anybody ever saw: what comes late speaks of one of them."""

    def segment(self, rest: float = LONG) -> Segment:
        """Give the segment; how long addresses rest is part of it."""
        return a_segment(subnets=SUBNETS, quarantine_seconds=rest)

    def held(self, host: HostName, mac: str, family: int) -> Address | None:
        """Say which address an endpoint has (promise I2: one per family)."""
        mine = [
            address
            for address, known in self.known.items()
            if (known.host, known.mac) == (host, mac)
            and known.state in {"PENDING", "ACTIVE"}
            and address.version == family
        ]
        assert len(mine) <= 1
        return mine[0] if mine else None

    def is_open(self, address: Address, mac: str) -> bool:
        """Say whether an endpoint may have an address: nobody has it, or it rests after the same MAC."""
        known = self.known.get(address)
        return known is None or (known.state == "QUARANTINE" and known.mac == mac)

    def comes_back(self, address: Address, host: HostName) -> bool:
        """Say whether an endpoint may ask for an address that rests: one of the same host had it."""
        known = self.known.get(address)
        return (
            known is not None
            and known.state == "QUARANTINE"
            and (known.host, bool(known.mac)) == (host, True)
        )

    @rule(
        host=HOST,
        mac=MAC,
        family=FAMILY,
        wanted=st.none() | st.none() | st.sampled_from(ADDRESSES),
        client=st.integers(0, 1),
        times=st.integers(1, 2),
    )
    def ask(
        self, *, host: HostName, mac: str, family: int, wanted: Address | None, client: int, times: int
    ) -> None:
        """An engine asks, once or twice in a row: a reply may be lost (promise I1)."""
        if wanted is not None:
            family = wanted.version
        mine = self.held(host, mac, family)
        if mine is None and (wanted is None or self.usable(wanted)):
            # The ledger is asked, and frees what has rested.
            self.known = {address: known for address, known in self.known.items() if not known.rested}
        given = self.answer(host, mac, family, wanted, client)
        expected = self.expected(mine, host, mac, family, wanted)
        assert given in expected, f"{given} instead of one of {expected}"
        if given is None:
            return
        if mine is None:
            self.known[given] = Known(host=host, mac=mac)
        else:
            self.known[given] = replace(self.known[given], state="PENDING")
        for _ in range(times - 1):
            assert self.answer(host, mac, family, wanted, 1 - client) == given

    def expected(
        self, mine: Address | None, host: HostName, mac: str, family: int, wanted: Address | None
    ) -> set[Address | None]:
        """Say what may be answered."""
        if wanted is not None:
            right = wanted in {address for address in ADDRESSES if self.usable(address)}
            open_to_it = self.is_open(wanted, mac) or self.comes_back(wanted, host)
            fits = mine in {None, wanted} and (mine is not None or open_to_it)
            return {wanted} if right and fits else {None}
        if mine is not None:
            return {mine}
        there = [each for each in ADDRESSES if each.version == family and self.usable(each)]
        free: set[Address | None] = {each for each in there if each not in self.known}
        # Of those that rest after this MAC only the last one is remembered for sure.
        own: set[Address | None] = {each for each in there if self.is_open(each, mac)}
        return free | own if free else own | {None}

    def usable(self, address: Address) -> bool:
        """Say whether anybody may have the address at all."""
        subnet = next(each for each in SUBNETS if address in each.network)
        barred = {subnet.network[0], subnet.gateway} | (
            {subnet.network[-1]} if address.version == 4 else set()
        )
        return address not in barred

    def answer(
        self, host: HostName, mac: str, family: int, wanted: Address | None, client: int
    ) -> Address | None:
        """Ask the real ledger; None when it refuses."""
        try:
            lease = self.stores[client].ledger.allocate(
                self.segment(),
                family=family,
                owner=Owner.by_mac(host, mac),
                host=host,
                name="",
                wanted=wanted,
                mac=mac,
            )
        except (AddressError, PoolExhausted):
            return None
        self.seen.append(lease)
        return lease.address

    @precondition(lambda self: bool(self.seen))
    @rule(data=st.data(), container=st.sampled_from("abc"), client=st.integers(0, 1))
    def identify(self, *, data: st.DataObject, container: str, client: int) -> None:
        """A worker saw whose endpoint it is; perhaps long ago."""
        lease = data.draw(st.sampled_from(self.seen))
        owner = Owner(container_id=ContainerId(container * 64), endpoint="web")
        done = self.stores[client].ledger.identify(
            lease, owner=owner, endpoint_id=f"e{container}", name=f"n{container}"
        )
        known = self.known.get(lease.address)
        right = known is not None and (known.host, known.mac) == (lease.host, lease.mac)
        right = right and known is not None and known.state in {"PENDING", "ACTIVE"}
        assert done == right, "only the MAC's own lease becomes a container's"
        if known is not None and right:
            self.known[lease.address] = replace(known, state="ACTIVE", container=container * 64)
            self.seen.extend(each for each in self.leases(client) if each.address == lease.address)

    @precondition(lambda self: bool(self.seen))
    @rule(
        data=st.data(),
        rest=st.sampled_from((LONG, NOT_AT_ALL)),
        times=st.integers(1, 2),
        client=st.integers(0, 1),
    )
    def release(self, *, data: st.DataObject, rest: float, times: int, client: int) -> None:
        """An agent tells of a release, late or twice: only the endpoint's own address goes, and it rests (I14)."""
        lease = data.draw(st.sampled_from(self.seen))
        known = self.known.get(lease.address)
        right = known is not None and (known.host, known.mac) == (lease.host, lease.mac)
        right = right and known is not None and known.state in {"PENDING", "ACTIVE"}
        for turn in range(times):
            done = self.stores[client].ledger.release_endpoint(
                self.segment(rest), address=lease.address, host=lease.host, mac=lease.mac
            )
            assert done == (right and turn == 0)
        if known is not None and right:
            self.known[lease.address] = replace(known, state="QUARANTINE", rested=rest == NOT_AT_ALL)

    @precondition(lambda self: bool(self.seen))
    @rule(data=st.data(), client=st.integers(0, 1))
    def end(self, *, data: st.DataObject, client: int) -> None:
        """A worker ends a lease that it saw; somebody else's by now stays."""
        lease = data.draw(st.sampled_from(self.seen))
        known = self.known.get(lease.address)
        right = known is not None and known.state in {"PENDING", "ACTIVE"}
        right = right and known is not None and (known.host, known.mac) == (lease.host, lease.mac)
        right = right and known is not None and known.container == lease.owner.container_id
        assert self.stores[client].ledger.end(self.segment(), lease) == right
        if known is not None and right:
            self.known[lease.address] = replace(known, state="QUARANTINE")

    @rule(
        address=st.sampled_from(ADDRESSES),
        who=st.sampled_from(("operator", "host:h1")),
        client=st.integers(0, 1),
    )
    def reserve(self, *, address: Address, who: str, client: int) -> None:
        """Somebody keeps an address from everybody."""
        known = self.known.get(address)
        ledger = self.stores[client].ledger
        if known is not None and known.state in {"PENDING", "ACTIVE"}:
            with pytest.raises(AddressError, match="is held by"):
                ledger.reserve(self.segment(), address, by=who, why="w")
            return
        ledger.reserve(self.segment(), address, by=who, why="w")
        before = known.reserved_by if known is not None and known.state == "RESERVED" else frozenset()
        self.known[address] = Known(host=HostName(""), mac="", state="RESERVED", reserved_by=before | {who})

    @rule(
        address=st.sampled_from(ADDRESSES),
        who=st.sampled_from(("operator", "host:h1")),
        rest=st.sampled_from((LONG, NOT_AT_ALL)),
        client=st.integers(0, 1),
    )
    def unreserve(self, *, address: Address, who: str, rest: float, client: int) -> None:
        """Somebody takes a reservation back, perhaps one that is another's."""
        known = self.known.get(address)
        mine = known is not None and known.state == "RESERVED" and who in known.reserved_by
        assert self.stores[client].ledger.unreserve(self.segment(rest), address, by=who) == mine
        if known is not None and mine:
            left = known.reserved_by - {who}
            state = "RESERVED" if left else "QUARANTINE"
            self.known[address] = replace(
                known, state=state, reserved_by=left, rested=not left and rest == NOT_AT_ALL
            )

    def leases(self, client: int) -> tuple[LedgerLease, ...]:
        """Read the real ledger."""
        return self.stores[client].ledger.leases(self.segment())

    @invariant()
    def the_record_says_what_the_model_says(self) -> None:
        """No address is two endpoints' (I1), and none is lost."""
        found = {lease.address: lease for lease in self.leases(0)}
        expected = {address for address, known in self.known.items() if not known.rested}
        assert expected <= set(found) <= set(self.known)
        for address, lease in found.items():
            known = self.known[address]
            seen = (lease.state, lease.host, lease.mac, lease.owner.container_id)
            assert seen == (known.state, known.host, known.mac, known.container)

    def teardown(self) -> None:
        """The history's last word on every address is whose it is now."""
        for lease in self.leases(0):
            (event,) = self.stores[0].ledger.history(self.segment(), lease.address, 1)
            assert (event.host, event.mac) == (lease.host, lease.mac)
