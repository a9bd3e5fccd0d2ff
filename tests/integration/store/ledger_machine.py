"""The ledger against a plain Python model of it: what a hypothesis machine may do, and what must always hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.builders import a_segment, a_subnet
from trunkline.orchestrator.errors import AddressError, PoolExhausted
from trunkline.orchestrator.models import Address, ContainerId, HostName, Segment, SegmentName, Subnet
from trunkline.orchestrator.store import LedgerLease, Owner, Store

SMALL_4 = a_subnet("10.0.0.0/29", "10.0.0.1", exclude=((ip_address("10.0.0.3"), ip_address("10.0.0.4")),))
SECOND_4 = a_subnet("10.0.1.0/30", "10.0.1.2")
SMALL_6 = a_subnet(
    "fd00::/124",
    "fd00::1",
    ranges=((ip_address("fd00::8"), ip_address("fd00::a")),),
    exclude=((ip_address("fd00::9"), ip_address("fd00::9")),),
)
INVENTORIES: tuple[tuple[Subnet, ...], ...] = (
    (SMALL_4, SECOND_4, SMALL_6),
    # The gateway, what is excluded and the ranges move; the IPv6 range moves to the front.
    (
        replace(SMALL_4, gateway=ip_address("10.0.0.2"), exclude=()),
        replace(SECOND_4, gateway=ip_address("10.0.1.1")),
        replace(
            SMALL_6, gateway=ip_address("fd00::a"), ranges=((ip_address("fd00::1"), ip_address("fd00::3")),)
        ),
    ),
    # The subnets grow over what is leased, one is gone, the order is another.
    (
        a_subnet("fd00::/123", "fd00::1", ranges=((ip_address("fd00::8"), ip_address("fd00::b")),)),
        a_subnet("10.0.0.0/28", "10.0.0.14", ranges=((ip_address("10.0.0.2"), ip_address("10.0.0.8")),)),
    ),
)
"""The same segment in inventories that follow each other, or that two processes have at once."""
SEGMENTS = (SegmentName("web"), SegmentName("db"))
HOSTS = (HostName("h1"), HostName("h2"))
MOSTLY_WEB = st.sampled_from((*SEGMENTS[:1] * 4, *SEGMENTS))
"""Clients get in each other's way on one segment; the other shows what they must leave alone."""
OWNERS = tuple(
    Owner(container_id=ContainerId(f"{number:064x}"), endpoint=endpoint)
    for number in range(4)
    for endpoint in ("web", "db")
)
ADDRESSES: tuple[Address, ...] = tuple(
    ip_address(text)
    for text in (*(f"10.0.0.{n}" for n in range(10)), "10.0.1.0", "10.0.1.1", "10.0.1.2", "192.0.2.9")
) + tuple(ip_address(f"fd00::{n:x}") for n in range(14))
NAMES = (("",), ("a", "b", "", ""))
FOR_A_LONG_TIME, NOT_AT_ALL = 3600.0, 0.0
RESTS = st.sampled_from((FOR_A_LONG_TIME, NOT_AT_ALL))


@dataclass(kw_only=True)
class Entry:
    """What the model knows of an address that is held or rests."""

    owner: Owner
    host: HostName
    name: str
    state: str = "PENDING"
    mac: str = ""
    endpoint_id: str = ""
    rested: bool = False
    """Its rest is over: the next allocation may find it free."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of allocate, to be repeated word for word."""

    segment: SegmentName
    inventory: int
    family: int
    owner: Owner
    host: HostName
    name: str
    wanted: Address | None


def usable(subnet: Subnet, address: Address) -> bool:
    """Say whether anybody may have the address at all."""
    network = subnet.network
    barred = {network.network_address, subnet.gateway}
    if network.version == 4:
        barred.add(network.broadcast_address)
    excluded = any(int(first) <= int(address) <= int(last) for first, last in subnet.exclude)
    return address in network and address not in barred and not excluded


def offered(subnet: Subnet) -> Iterator[Address]:
    """Give what may be handed out to somebody who asks for nothing special."""
    for address in subnet.network:
        inside = any(int(first) <= int(address) <= int(last) for first, last in subnet.ranges)
        if usable(subnet, address) and (inside or not subnet.ranges):
            yield address


class LedgerMachine(RuleBasedStateMachine):
    """Clients with inventories of different age allocate, confirm, release, repeat themselves and die."""

    def __init__(self, stores: Sequence[Store]) -> None:
        super().__init__()
        self.stores = stores
        stores[0].connection.do("FLUSHDB")
        self.entries: dict[tuple[SegmentName, Address], Entry] = {}
        self.favourites: dict[tuple[SegmentName, int, str], Address] = {}
        self.certain: set[tuple[SegmentName, int, str]] = set()
        self.inventories: dict[SegmentName, int] = {}
        self.calls: list[tuple[Call, Address]] = []

    def held(self, segment: SegmentName, family: int, owner: Owner) -> Address | None:
        """Give what the owner holds according to the model."""
        for (where, address), entry in self.entries.items():
            mine = where == segment and address.version == family and entry.owner == owner
            if mine and entry.state != "QUARANTINE":
                return address
        return None

    @rule(
        call=st.builds(
            Call,
            segment=MOSTLY_WEB,
            inventory=st.sampled_from((0, 0, 0, 0, 1, 2)),
            family=st.sampled_from((4, 4, 6)),
            owner=st.sampled_from(OWNERS),
            host=st.sampled_from(HOSTS),
            name=st.sampled_from(("", "a", "b")),
            wanted=st.none() | st.none() | st.sampled_from(ADDRESSES),
        ),
        client=st.integers(0, 1),
    )
    def allocate(self, call: Call, client: int) -> None:
        """Ask for an address, with or without a wish."""
        self.ask(call, client)

    def ask(self, call: Call, client: int) -> None:
        """Make a call and check what comes of it."""
        if call.wanted is not None:
            call = replace(call, family=call.wanted.version)
        if self.inventories.get(call.segment) != call.inventory:
            self.inventories[call.segment] = call.inventory
            # A place that is not leased any more is not carried over: the preference may be lost.
            self.certain = {each for each in self.certain if each[0] != call.segment}
        subnets = [each for each in INVENTORIES[call.inventory] if each.network.version == call.family]
        mine = self.held(call.segment, call.family, call.owner)
        if call.wanted is not None and not any(usable(subnet, call.wanted) for subnet in subnets):
            self.is_refused(call, client, "is in no subnet|is the network, broadcast, gateway or an excluded")
        elif mine is not None:
            self.ask_as_holder(call, client, mine, subnets)
        else:
            self.end_rests(call.segment)
            self.ask_as_newcomer(call, client, subnets)

    @precondition(lambda self: any(key[0] == SEGMENTS[0] for key in self.entries))
    @rule(
        number=st.integers(0, 99),
        namesake=st.booleans(),
        owner=st.sampled_from(OWNERS),
        client=st.integers(0, 1),
    )
    def wish_for_what_is_taken(self, *, number: int, namesake: bool, owner: Owner, client: int) -> None:
        """Somebody wants an address that is held or rests, perhaps with the name of who had it."""
        taken = [key for key in self.entries if key[0] == SEGMENTS[0]]
        key = taken[number % len(taken)]
        call = Call(
            segment=key[0],
            inventory=self.inventories[key[0]],
            family=key[1].version,
            owner=owner,
            host=HOSTS[1],
            name=self.entries[key].name if namesake else "c",
            wanted=key[1],
        )
        self.ask(call, client)

    @rule(
        inventory=st.sampled_from((0, 0, 0, 1, 2)),
        family=st.sampled_from((4, 6)),
        names=st.sampled_from(NAMES),
        size=st.integers(2, len(OWNERS)),
        client=st.integers(0, 1),
    )
    def a_crowd_comes(
        self, inventory: int, family: int, names: Sequence[str], size: int, client: int
    ) -> None:
        """Many want an address of the same segment, perhaps more than there are."""
        for number, owner in enumerate(OWNERS[:size]):
            call = Call(
                segment=SEGMENTS[0],
                inventory=inventory,
                family=family,
                owner=owner,
                host=HOSTS[0],
                name=names[number % len(names)],
                wanted=None,
            )
            self.ask(call, client)

    @rule(rest=RESTS, client=st.integers(0, 1))
    def everybody_leaves(self, rest: float, client: int) -> None:
        """The crowd goes home, and some who were never there say so too."""
        for owner in OWNERS:
            self.let_go(SEGMENTS[0], owner, None, rest, client)

    @rule(
        inventories=st.permutations(range(len(INVENTORIES))),
        family=st.sampled_from((4, 6)),
        names=st.sampled_from(NAMES),
        rest=RESTS,
        client=st.integers(0, 1),
    )
    def the_inventory_changes(
        self, inventories: Sequence[int], family: int, names: Sequence[str], rest: float, client: int
    ) -> None:
        """Who came with one inventory leaves, or not all do, and others come with the next one."""
        self.a_crowd_comes(inventories[0], family, names, len(OWNERS), client)
        if inventories[2]:
            self.everybody_leaves(rest, client)
        else:
            self.let_go(SEGMENTS[0], OWNERS[0], None, rest, client)
        self.a_crowd_comes(inventories[1], family, names, len(OWNERS), 1 - client)

    def end_rests(self, segment: SegmentName) -> None:
        """Forget what rested long enough."""
        for key, entry in list(self.entries.items()):
            if key[0] == segment and entry.rested:
                del self.entries[key]

    def ask_as_holder(self, call: Call, client: int, mine: Address, subnets: Sequence[Subnet]) -> None:
        """Whoever has an address gets the same one, or hears why not."""
        if call.wanted not in {None, mine}:
            self.is_refused(call, client, f"the container holds {mine} already")
        elif not any(mine in subnet.network for subnet in subnets):
            self.is_refused(call, client, f"{mine}: is in no subnet of segment {call.segment} any more")
        else:
            lease = self.do(call, client)
            assert lease.address == mine
            assert lease.interface.ip == mine
            assert lease.interface.network in {subnet.network for subnet in subnets}

    def ask_as_newcomer(self, call: Call, client: int, subnets: Sequence[Subnet]) -> None:
        """Whoever has none gets the wanted one, the last one, or the first pool's next one."""
        favourite = self.favourites.get((call.segment, call.family, call.name)) if call.name else None
        if favourite is not None and not any(favourite in offered(subnet) for subnet in subnets):
            favourite = None
        if favourite is not None and not self.is_open(call, favourite):
            favourite = None
        open_pools = [{a for a in offered(s) if (call.segment, a) not in self.entries} for s in subnets]
        choice = next((each for each in open_pools if each), set())
        if call.wanted is not None:
            if not self.is_open(call, call.wanted):
                self.is_refused(call, client, self.why_not(call))
                return
            choice = {call.wanted}
        elif favourite is not None and (call.segment, call.family, call.name) in self.certain:
            choice = {favourite}
        elif favourite is not None:
            choice = choice | {favourite}
        if not choice:
            with pytest.raises(PoolExhausted):
                self.do(call, client)
            return
        lease = self.do(call, client)
        assert lease.address in choice
        self.entries[call.segment, lease.address] = Entry(owner=call.owner, host=call.host, name=call.name)
        if call.name:
            self.favourites[call.segment, call.family, call.name] = lease.address
            self.certain.add((call.segment, call.family, call.name))
        self.calls.append((call, lease.address))

    def is_open(self, call: Call, address: Address) -> bool:
        """Say whether the caller may have it: nobody has, or it rests and the caller has the name it had."""
        entry = self.entries.get((call.segment, address))
        if entry is None:
            return True
        return entry.state == "QUARANTINE" and bool(call.name) and entry.name == call.name

    def why_not(self, call: Call) -> str:
        """Say which words must tell why the wanted address is not to be had."""
        assert call.wanted is not None
        entry = self.entries[call.segment, call.wanted]
        if entry.state == "QUARANTINE":
            return "rests after its last use"
        return f"is held by container {entry.name or entry.owner.container_id[:12]} on {entry.host}"

    def is_refused(self, call: Call, client: int, words: str) -> None:
        """Check that the call changes nothing and says why."""
        with pytest.raises(AddressError, match=words):
            self.do(call, client)

    def do(self, call: Call, client: int) -> LedgerLease:
        """Make the call on the real ledger."""
        return self.stores[client].ledger.allocate(
            segment_of(call.segment, call.inventory),
            family=call.family,
            owner=call.owner,
            host=call.host,
            name=call.name,
            wanted=call.wanted,
        )

    @precondition(lambda self: bool(self.calls))
    @rule(data=st.data(), client=st.integers(0, 1))
    def repeat(self, data: st.DataObject, client: int) -> None:
        """A client died, or the reply was lost: the call comes again, from the same client or its successor."""
        call, given = data.draw(st.sampled_from(self.calls))
        if self.held(call.segment, call.family, call.owner) != given:
            return
        if self.inventories[call.segment] != call.inventory:
            return
        assert self.do(call, client).address == given

    @rule(
        segment=MOSTLY_WEB,
        somebody=st.integers(0, 15),
        number=st.integers(0, 9),
        client=st.integers(0, 1),
        times=st.integers(1, 2),
    )
    def confirm(self, segment: SegmentName, somebody: int, number: int, client: int, times: int) -> None:
        """Docker connected somebody, and says so once or twice."""
        owner = self.holder_or_stranger(segment, somebody)
        mac, endpoint_id = f"02:00:00:00:00:0{number}", f"e{number}"
        mine = [self.held(segment, family, owner) for family in (4, 6)]
        for _ in range(times):
            confirmed = self.stores[client].ledger.confirm(
                segment_of(segment, 0), owner=owner, endpoint_id=endpoint_id, mac=mac
            )
            assert confirmed == sum(address is not None for address in mine)
        for address in mine:
            if address is not None:
                entry = self.entries[segment, address]
                entry.state, entry.mac, entry.endpoint_id = "ACTIVE", mac, endpoint_id

    @rule(
        segment=MOSTLY_WEB,
        somebody=st.integers(0, 15),
        family=st.sampled_from((None, 4, 6)),
        rest=RESTS,
        client=st.integers(0, 1),
    )
    def release(
        self, segment: SegmentName, somebody: int, family: int | None, rest: float, client: int
    ) -> None:
        """Somebody lets go, twice; who holds nothing there, a stranger, lets go of nothing."""
        self.let_go(segment, self.holder_or_stranger(segment, somebody), family, rest, client)

    def let_go(
        self, segment: SegmentName, owner: Owner, family: int | None, rest: float, client: int
    ) -> None:
        """Release for somebody, twice, and check what comes of it."""
        families = (4, 6) if family is None else (family,)
        mine = {address for each in families if (address := self.held(segment, each, owner)) is not None}
        definition = segment_of(segment, 0, quarantine_seconds=rest)
        ledger = self.stores[client].ledger
        assert set(ledger.release(definition, owner, family)) == mine
        assert ledger.release(definition, owner, family) == ()
        for address in mine:
            entry = self.entries[segment, address]
            entry.state, entry.rested = "QUARANTINE", rest == NOT_AT_ALL

    def holder_or_stranger(self, segment: SegmentName, number: int) -> Owner:
        """Choose somebody who holds an address of the segment for three numbers of four, if there is one."""
        entries = [entry for key, entry in self.entries.items() if key[0] == segment]
        holders = [entry.owner for entry in entries if entry.state != "QUARANTINE"]
        return holders[number % len(holders)] if holders and number % 4 else OWNERS[number % len(OWNERS)]

    @invariant()
    def the_record_says_what_the_model_says(self) -> None:
        """No address twice, none lost, none without its owner; what rested may be gone already."""
        for segment in SEGMENTS:
            leases = self.stores[0].ledger.leases(segment_of(segment, 0))
            found = {lease.address: lease for lease in leases}
            assert len(found) == len(leases), "an address is on record twice"
            expected = {key[1]: entry for key, entry in self.entries.items() if key[0] == segment}
            assert set(found) <= set(expected), "an address is held by somebody who was not given it"
            missing = {address for address, entry in expected.items() if not entry.rested} - set(found)
            assert not missing, "an address is lost"
            for address, lease in found.items():
                entry = expected[address]
                seen = (lease.owner, lease.host, lease.name, lease.state, lease.mac, lease.endpoint_id)
                wanted = (entry.owner, entry.host, entry.name, entry.state, entry.mac, entry.endpoint_id)
                assert seen == wanted

    def teardown(self) -> None:
        """Whoever held something may still let go of it."""
        for segment in SEGMENTS:
            for owner in OWNERS:
                mine = {self.held(segment, family, owner) for family in (4, 6)} - {None}
                assert set(self.stores[1].ledger.release(segment_of(segment, 0), owner)) == mine


def segment_of(name: SegmentName, inventory: int, quarantine_seconds: float = FOR_A_LONG_TIME) -> Segment:
    """Give the segment as one of the inventories has it."""
    return a_segment(name, subnets=INVENTORIES[inventory], quarantine_seconds=quarantine_seconds)
