"""What `trunkline verify` finds in a ledger that is as it should be, and in one that is not."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.builders import PORT_1, a_segment, a_subnet, an_inventory
from trunkline.orchestrator import verify
from trunkline.orchestrator.intents import Peer, Seen
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.models import HostName, Segment, SegmentName, Subnet, SwitchName
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import LedgerLease, Owner, Sighting, Store
from trunkline.orchestrator.verify import findings

H1, H2, WEB = HostName("h1"), HostName("h2"), SegmentName("web")
SMALL = a_segment(subnets=(a_subnet("172.31.0.0/24"),))


def applied(store: Store, segment: Segment = SMALL) -> None:
    """Store an inventory with this segment."""
    store.inventory.put(dump(an_inventory(segments={WEB: segment})), who="test")


def given(store: Store, number: int = 1, *, kept: bool = False, segment: Segment = SMALL) -> LedgerLease:
    """Give an endpoint of h1 an address."""
    mac = f"02:00:00:00:00:{number:02x}"
    owner = Owner.by_mac(H1, mac)
    return store.ledger.allocate(
        segment, family=4, owner=owner, host=H1, name=f"web-{number}", mac=mac, kept=kept
    )


def faults(store: Store) -> list[str]:
    """Give what is wrong, promise and detail."""
    return [f"{each.promise}: {each.detail}" for each in findings(store, Settings()) if not each.holds]


def test_a_ledger_with_every_kind_of_lease_holds_its_promises(store: Store) -> None:
    applied(store)
    given(store)
    store.ledger.confirm(SMALL, owner=given(store, 2).owner, endpoint_id="e" * 64, mac="02:00:00:00:00:02")
    store.ledger.end(SMALL, given(store, 3))
    store.ledger.reserve(SMALL, ip_address("172.31.0.77"), by="operator", why="printer")
    store.ledger.reserve(SMALL, ip_address("172.31.0.1"), by="host:h1", why="auxiliary address", host=H1)

    assert faults(store) == []
    details = {each.promise: each.detail for each in findings(store, Settings())}
    assert details["I1 no address is in two live endpoints"] == "2 live leases"
    assert details["I14 a released address rests"] == "1 addresses rest"
    assert details["a reserved address is so at somebody's word"] == "2 reserved addresses"
    assert details["an address that nobody uses rests"] == "1 wait for their endpoint"


def test_a_cable_where_another_machine_answers_is_found(store: Store) -> None:
    applied(store)
    cables = "declared cables lead where they should"

    def seen(name: str, age_hours: float = 0.0) -> str:
        peer = Peer(port=PORT_1, name=name, far_description="eth0")
        at = store.now() - age_hours * 3600
        store.sightings.keep(SwitchName("sw1"), Sighting(at=at, seen=Seen(peers=(peer,))))
        return next(each.detail for each in findings(store, Settings()) if each.promise == cables)

    assert seen("h1.example.net") == "2 ports with a cable, nobody announced himself on 1"
    assert "sw1 was asked 30 h ago" in seen("h1", age_hours=30)
    assert faults(store) == []
    seen("h9\x1b[31m")
    assert faults(store) == [
        f"{cables}: host h1 eth0 is declared at sw1:{PORT_1}, but h9\x1b[31m port eth0 (lldp) is there"
    ]


def test_an_address_that_is_held_and_reserved_is_found(store: Store) -> None:
    applied(store)
    wide = a_subnet()
    first = replace(SMALL, subnets=(*SMALL.subnets, wide))
    store.ledger.reserve(first, ip_address("172.31.0.2"), by="operator", why="")
    given(store, segment=replace(SMALL, subnets=(wide, *SMALL.subnets)))

    assert faults(store) == ["I1 no address is in two live endpoints: 172.31.0.2 of web is held and reserved"]


def test_a_reserved_address_that_nobody_keeps_is_found(store: Store) -> None:
    applied(store)
    address = ip_address("172.31.0.77")
    for reserver in ("operator", "host:h1"):
        store.ledger.reserve(SMALL, address, by=reserver, why="")
    (lease,) = store.ledger.leases(SMALL)
    assert store.ledger.reservers(lease) == {"operator", "host:h1"}
    store.ledger.unreserve(SMALL, address, by="host:h1")
    assert store.ledger.reservers(lease) == {"operator"}
    assert faults(store) == []
    store.connection.do("DEL", "tl:ledger:web:reservers:172.31.0.0/24|77")

    (fault,) = faults(store)
    assert fault.startswith(
        "a reserved address is so at somebody's word: 172.31.0.77 of web is reserved by nobody"
    )


@pytest.mark.parametrize(
    ("subnet", "what"),
    [
        (a_subnet("172.31.0.0/24", "172.31.0.3"), "the gateway"),
        (a_subnet("172.31.0.0/30", None), "the broadcast address"),
        (a_subnet("172.31.0.3/32", None), ""),
        (a_subnet("172.31.0.2/31", None), ""),
        (a_subnet("172.31.0.0/24", exclude=((ip_address("172.31.0.0"), ip_address("172.31.0.9")),)), ""),
    ],
    ids=["gateway", "last", "alone", "point to point", "excluded"],
)
def test_a_container_that_has_what_became_everybodys_is_found_and_one_that_was_excluded_is_not(
    store: Store, subnet: Subnet, what: str
) -> None:
    owner, third = Owner.by_mac(H1, "02:00:00:00:00:01"), ip_address("172.31.0.3")
    store.ledger.allocate(SMALL, family=4, owner=owner, host=H1, name="web-1", wanted=third)
    applied(store, replace(SMALL, subnets=(subnet,)))

    promise = "I1 no address is in two live endpoints"
    told = [f"{promise}: 172.31.0.3 of web is {what}, but held by web-1 on h1"] if what else []
    assert faults(store) == told


def test_an_address_that_waits_too_long_for_its_endpoint_is_found_unless_it_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(store)
    waits, kept = given(store), given(store, 2, kept=True)
    assert (waits.state, kept.state) == ("PENDING", "PENDING")
    assert faults(store) == []
    monkeypatch.setattr(verify, "LONGEST_PENDING_SECONDS", -1.0)

    assert faults(store) == [
        f"an address that nobody uses rests: {waits.address} of web waits for web-1 on h1 for 0 s"
    ]
    store.ledger.confirm(SMALL, owner=waits.owner, endpoint_id="e" * 64, mac=waits.mac)
    assert faults(store) == []


def test_a_closed_ledger_is_told_with_the_hosts_it_waits_for(store: Store) -> None:
    text = dump(an_inventory(segments={WEB: SMALL}))
    store.inventory.put(text, who="test", awaited=(H1, H2))
    promise = "the ledger knows what is in use: the record is new or was lost, and"

    assert store.ledger.awaited() == {H1, H2}
    assert faults(store) == [f"{promise} h1, h2 did not tell yet which addresses are in use"]
    store.ledger.told(H1)
    assert faults(store) == [f"{promise} h2 did not tell yet which addresses are in use"]
    store.ledger.told(H2)
    assert (store.ledger.awaited(), faults(store)) == (frozenset(), [])
