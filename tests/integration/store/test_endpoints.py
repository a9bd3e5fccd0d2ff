"""Addresses that an engine asks for by MAC: the ledger learns later whose they are."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
import redis

from tests.builders import a_segment, a_subnet
from trunkline.orchestrator.errors import AddressError, GateClosed, PoolExhausted
from trunkline.orchestrator.models import (
    Address,
    ContainerId,
    DeviceKey,
    ExternalGateway,
    HostName,
    Segment,
    SwitchName,
    switch_key,
)
from trunkline.orchestrator.store import LedgerLease, Owner, SegmentNeeds, Store

H1, H2 = HostName("h1"), HostName("h2")
MAC, OTHER, THIRD = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
SEGMENT = a_segment(quarantine_seconds=300.0)
C1 = Owner(container_id=ContainerId("1" * 64), endpoint="web")


def ask(
    store: Store,
    mac: str = MAC,
    *,
    host: HostName = H1,
    wanted: Address | None = None,
    segment: Segment = SEGMENT,
    gated: bool = False,
) -> LedgerLease:
    """Ask as the plugin does."""
    return store.ledger.allocate(
        segment,
        family=4,
        owner=Owner.by_mac(host, mac),
        host=host,
        name="",
        wanted=wanted,
        mac=mac,
        gated=gated,
    )


def keep(store: Store, owner: Owner = C1, name: str = "c1") -> LedgerLease:
    """Keep an address for a container, as its host's worker does before it connects it."""
    return store.ledger.allocate(SEGMENT, family=4, owner=owner, host=H1, name=name, kept=True)


def lease_of(store: Store, address: Address) -> LedgerLease:
    return next(lease for lease in store.ledger.leases(SEGMENT) if lease.address == address)


def let_go(store: Store, address: Address, mac: str = MAC, host: HostName = H1) -> bool:
    return store.ledger.release_endpoint(SEGMENT, address=address, host=host, mac=mac)


def test_the_same_mac_gets_the_same_address_and_another_one_another(store: Store) -> None:
    assert ask(store).address == ask(store).address
    assert len({ask(store).address, ask(store, OTHER).address, ask(store, host=H2).address}) == 3


def test_a_new_endpoint_of_the_same_mac_has_as_long_to_show_as_any_other(store: Store) -> None:
    lease = ask(store)
    store.ledger.identify(lease, owner=C1, endpoint_id="e1", name="web-1")
    again = ask(store)
    assert (again.address, again.state, again.endpoint_id) == (lease.address, "PENDING", "")
    assert again.since > lease.since


def test_an_address_is_its_containers_once_it_is_known_whose_it_is(store: Store) -> None:
    lease = ask(store)
    assert store.ledger.identify(lease, owner=C1, endpoint_id="e1", name="web-1")
    known = lease_of(store, lease.address)
    assert (known.state, known.owner, known.name) == ("ACTIVE", C1, "web-1")
    assert (known.endpoint_id, known.mac) == ("e1", MAC)
    assert ask(store).address == lease.address  # the engine asks again, and it is still that MAC's
    assert store.ledger.identify(lease, owner=C1, endpoint_id="e1", name="web-1")
    assert store.ledger.end(SEGMENT, lease_of(store, lease.address))
    assert ask(store, OTHER).address != lease.address
    back = ask(store)
    assert (back.address, back.state) == (lease.address, "PENDING")


def test_nobody_else_s_address_becomes_a_containers(store: Store) -> None:
    lease = ask(store)
    mine = keep(store)
    assert let_go(store, lease.address)
    other = Owner(container_id=ContainerId("2" * 64), endpoint="web")
    assert not store.ledger.identify(lease, owner=other, endpoint_id="e2", name="c2")
    assert [each.state for each in store.ledger.leases(SEGMENT)].count("QUARANTINE") == 1
    assert lease_of(store, mine.address).owner == C1


def test_only_the_endpoint_itself_lets_go(store: Store) -> None:
    lease = ask(store)
    assert not let_go(store, lease.address, mac=OTHER)
    assert not let_go(store, lease.address, host=H2)
    assert not let_go(store, lease.address + 1)
    assert lease_of(store, lease.address).state == "PENDING"
    assert let_go(store, lease.address)
    assert lease_of(store, lease.address).state == "QUARANTINE"
    assert not let_go(store, lease.address)


def test_a_late_release_does_not_end_who_has_the_address_by_now(store: Store) -> None:
    at_once = a_segment(quarantine_seconds=0.0)
    address = ask(store, segment=at_once).address
    assert store.ledger.release_endpoint(at_once, address=address, host=H1, mac=MAC)
    assert ask(store, OTHER, wanted=address, segment=at_once).address == address
    assert not let_go(store, address)
    assert lease_of(store, address).mac == OTHER


def test_a_kept_address_goes_to_the_endpoint_of_its_host_that_asks_for_it(store: Store) -> None:
    kept = keep(store)
    with pytest.raises(AddressError, match="is held by container c1 on h1"):
        ask(store, host=H2, wanted=kept.address)
    assert ask(store, wanted=kept.address).address == kept.address
    assert ask(store, wanted=kept.address).address == kept.address
    with pytest.raises(AddressError, match="is held by container c1"):
        ask(store, OTHER, wanted=kept.address)
    assert lease_of(store, kept.address).owner == C1


def test_an_address_that_is_not_kept_is_its_owners_alone(store: Store) -> None:
    lease = store.ledger.allocate(SEGMENT, family=4, owner=C1, host=H1, name="c1")
    with pytest.raises(AddressError, match="is held by container c1"):
        ask(store, wanted=lease.address)


def test_a_kept_address_stays_its_containers_when_the_endpoint_goes(store: Store) -> None:
    kept = keep(store)
    ask(store, wanted=kept.address)
    store.ledger.confirm(SEGMENT, owner=C1, endpoint_id="e1", mac=MAC)
    assert let_go(store, kept.address)
    after = lease_of(store, kept.address)
    assert (after.owner, after.state, after.mac, after.endpoint_id) == (C1, "PENDING", MAC, "")
    assert ask(store).address != kept.address  # who asks for nothing special gets a free one
    assert ask(store, OTHER, wanted=kept.address).address == kept.address  # a restart makes a new MAC


def test_a_kept_address_that_docker_shows_in_use_goes_to_no_other_mac(store: Store) -> None:
    kept = keep(store)
    store.ledger.confirm(
        SEGMENT, owner=C1, endpoint_id="e1", mac=MAC
    )  # on a network with Docker's own addresses
    with pytest.raises(AddressError, match="is held by container c1"):
        ask(store, OTHER, wanted=kept.address)


def test_a_mac_keeps_its_new_address_when_the_one_it_had_before_is_let_go_late(store: Store) -> None:
    kept = keep(store)
    ask(store, wanted=kept.address)
    assert let_go(store, kept.address)
    newer = ask(store).address
    assert let_go(store, kept.address), "the same release once more"
    assert ask(store).address == newer
    assert store.ledger.release(SEGMENT, C1) == (kept.address,)
    assert ask(store).address == newer


def test_a_mac_gets_back_the_address_it_had_and_a_name_too(store: Store) -> None:
    first = ask(store)
    assert let_go(store, first.address)
    again = ask(store)
    assert (again.address, again.state) == (first.address, "PENDING")
    other = ask(store, OTHER)
    store.ledger.identify(other, owner=C1, endpoint_id="e1", name="web-1")
    assert let_go(store, other.address, OTHER)
    elsewhere = store.ledger.allocate(
        SEGMENT,
        family=4,
        owner=Owner.by_mac(H2, "02:00:00:00:00:03"),
        host=H2,
        name="web-1",
        mac="02:00:00:00:00:03",
    )
    assert elsewhere.address == other.address


def test_a_resting_address_is_given_to_no_other_mac_unless_its_host_asks_for_that_one(store: Store) -> None:
    address = ask(store).address
    assert let_go(store, address)
    with pytest.raises(AddressError, match="rests after its last use"):
        ask(store, OTHER, host=H2, wanted=address)
    assert ask(store, OTHER).address != address
    assert ask(store, THIRD, wanted=address).address == address, "a start of `--ip` comes anew"


def test_no_address_is_given_while_the_attachment_is_not_ready(store: Store) -> None:
    with pytest.raises(GateClosed, match=r"segment web: is not ready here \(absent\)"):
        ask(store, gated=True)
    needs = {SEGMENT.name: SegmentNeeds(devices=(DeviceKey("switch:sw1"),), grace_seconds=0.0)}
    store.desired.hold("pin:test", host=H1, wanted=frozenset({SEGMENT.name}), known=needs)
    store.desired.set_state(H1, SEGMENT.name, "failed", "switch sw1 does not answer")
    with pytest.raises(GateClosed, match=r"\(failed\): switch sw1 does not answer"):
        ask(store, gated=True)
    assert store.ledger.leases(SEGMENT) == ()
    store.desired.set_state(H1, SEGMENT.name, "ready", "")
    lease = ask(store, gated=True)
    store.desired.set_state(H1, SEGMENT.name, "failed", "")
    assert ask(store, gated=True).address == lease.address  # what is handed out stays so


def test_an_endpoint_s_address_moves_along_when_its_subnet_grows(store: Store) -> None:
    small = a_segment(subnets=(a_subnet("10.0.0.0/29", "10.0.0.1"),))
    large = a_segment(subnets=(a_subnet("10.0.0.0/24", "10.0.0.1"),))
    lease = ask(store, segment=small)
    assert store.ledger.identify(lease, owner=C1, endpoint_id="e1", name="web-1")
    again = ask(store, segment=large)
    assert again.address == lease.address
    assert store.ledger.release_endpoint(large, address=lease.address, host=H1, mac=MAC)


@pytest.mark.parametrize(
    ("within", "addresses"),
    [
        ("10.0.0.32/29", [f"10.0.0.{n}" for n in range(32, 40)]),
        ("10.0.0.36/30", [f"10.0.0.{n}" for n in range(36, 40)]),
        ("10.0.0.0/30", ["10.0.0.2", "10.0.0.3"]),
        ("10.0.0.60/30", ["10.0.0.60", "10.0.0.61", "10.0.0.62"]),
        ("10.0.0.34/32", ["10.0.0.34"]),
        ("fd00::20/126", ["fd00::20", "fd00::21", "fd00::22", "fd00::23"]),
    ],
)
def test_a_part_of_a_subnet_gives_its_own_addresses_all_of_them_and_no_other(
    store: Store, within: str, addresses: list[str]
) -> None:
    segment = a_segment(
        subnets=(
            a_subnet("10.0.0.0/26", "10.0.0.1"),
            a_subnet("fd00::/64", "fd00::1"),
            a_subnet("10.9.0.0/24", None),
        )
    )
    part = ip_network(within)

    def give(number: int) -> str:
        mac = f"02:00:00:00:01:{number:02x}"
        owner = Owner.by_mac(H1, mac)
        lease = store.ledger.allocate(
            segment, family=part.version, owner=owner, host=H1, name="", mac=mac, within=part
        )
        return str(lease.address)

    store.ledger.allocate(segment, family=4, owner=C1, host=H1, name="", wanted=ip_address("10.0.0.20"))
    assert sorted(give(number) for number in range(len(addresses))) == addresses
    with pytest.raises(PoolExhausted):
        give(99)


def test_what_was_seen_ends_only_while_it_is_the_same_endpoints(store: Store) -> None:
    seen = ask(store)
    store.ledger.identify(seen, owner=C1, endpoint_id="e1", name="web-1")
    assert not store.ledger.end(SEGMENT, seen), "it is a container's by now"
    known = lease_of(store, seen.address)
    assert not store.ledger.end(SEGMENT, replace(known, mac=OTHER))
    assert store.ledger.end(SEGMENT, known)
    assert not store.ledger.end(SEGMENT, known)
    assert lease_of(store, seen.address).state == "QUARANTINE"


def test_whose_an_address_is_stays_readable_for_long_ids_and_strange_names(store: Store) -> None:
    container = ContainerId("0123456789abcdef" * 4)
    owner = Owner(container_id=container, endpoint="web")
    lease = ask(store)
    for name in ("", "deadbeef", "Webé-1", "n" * 300):
        assert store.ledger.identify(lease, owner=owner, endpoint_id="fedcba9876543210" * 4, name=name)
        known = lease_of(store, lease.address)
        assert (known.owner, known.name, known.mac, known.host) == (owner, name[:100], MAC, H1)
        assert known.endpoint_id == "fedcba9876543210"
        assert known.serves("fedcba9876543210" * 4)
        assert not known.serves("0123456789abcdef" * 4)


def test_a_long_reason_in_any_language_leaves_the_leases_readable(store: Store) -> None:
    store.ledger.reserve(SEGMENT, ip_address("172.31.0.50"), by="operator", why="ü" * 80)
    (lease,) = store.ledger.leases(SEGMENT)
    assert lease.name == "ü" * 50
    (event,) = store.ledger.history(SEGMENT, lease.address, 1)
    assert event.name == lease.name


def test_a_reserved_address_is_nobodys_until_all_who_reserved_it_let_go(store: Store) -> None:
    small = a_segment(quarantine_seconds=0.0, subnets=(a_subnet("172.31.0.0/29", "172.31.0.1"),))
    address = ip_address("172.31.0.2")
    for who in ("operator", "host:h1", "operator"):
        store.ledger.reserve(small, address, by=who, why="a printer")
    given = [ask(store, f"02:00:00:00:01:0{number}", segment=small).address for number in range(4)]
    assert address not in given
    with pytest.raises(PoolExhausted):
        ask(store, segment=small)
    with pytest.raises(AddressError, match=r"172\.31\.0\.2 .*is reserved \(a printer\)"):
        ask(store, wanted=address, segment=small)
    assert not store.ledger.release_endpoint(small, address=address, host=HostName(""), mac="")
    assert not store.ledger.unreserve(small, address, by="host:h2")
    assert store.ledger.unreserve(small, address, by="operator")
    with pytest.raises(AddressError, match="is reserved"):
        ask(store, wanted=address, segment=small)
    assert store.ledger.unreserve(small, address, by="host:h1")
    assert ask(store, segment=small).address == address


def test_only_what_nobody_holds_is_reserved(store: Store) -> None:
    at_once = a_segment(quarantine_seconds=0.0)
    lease = ask(store, segment=at_once)
    with pytest.raises(AddressError, match=f"is held by container with MAC {MAC} on h1"):
        store.ledger.reserve(at_once, lease.address, by="operator", why="")
    assert store.ledger.end(at_once, lease)
    store.ledger.reserve(at_once, lease.address, by="operator", why="")
    ask(store, OTHER, segment=at_once)
    assert lease_of(store, lease.address).state == "RESERVED", "it rests no more"
    with pytest.raises(AddressError, match="in no subnet"):
        store.ledger.reserve(at_once, ip_address("192.0.2.1"), by="operator", why="")


def test_the_history_tells_who_had_an_address_and_when(store: Store) -> None:
    before = store.now()
    lease = ask(store)
    ask(store, OTHER)
    store.ledger.identify(lease, owner=C1, endpoint_id="e1", name="web-1")
    store.ledger.identify(lease, owner=C1, endpoint_id="e1", name="web-1")
    let_go(store, lease.address)
    events = store.ledger.history(SEGMENT, lease.address, 10)
    told = [(event.state, event.name, event.mac, event.host) for event in events]
    assert told == [
        ("QUARANTINE", "web-1", MAC, H1),
        ("ACTIVE", "web-1", MAC, H1),
        ("PENDING", "", MAC, H1),
    ]
    assert {event.address for event in events} == {lease.address}
    assert before - 0.001 <= events[-1].at <= events[0].at <= store.now()
    assert store.ledger.history(SEGMENT, lease.address, 1) == events[:1]


def test_leases_of_one_host_are_read_alone(store: Store) -> None:
    mine, theirs = ask(store), ask(store, host=H2)
    assert store.ledger.leases(SEGMENT, H1) == (mine,)
    assert store.ledger.leases(SEGMENT) == (mine, theirs)


def test_the_macs_that_left_a_host_are_known_until_they_come_back(store: Store) -> None:
    first = ask(store)
    assert store.traces.gone([H1, H2]) == {H1: frozenset(), H2: frozenset()}
    let_go(store, first.address)
    assert store.traces.gone([H1, H2]) == {H1: {MAC}, H2: frozenset()}
    ask(store)
    assert store.traces.gone([H1]) == {H1: frozenset()}
    store.ledger.end(SEGMENT, lease_of(store, first.address))
    assert store.traces.gone([H1]) == {H1: {MAC}}
    store.devices.forget_host(H1)
    assert store.traces.gone([H1]) == {H1: frozenset()}
    assert store.traces.gone([]) == {}


def test_every_mac_that_a_kept_address_ever_had_is_known_to_be_gone(store: Store) -> None:
    kept = keep(store)
    ask(store, MAC, wanted=kept.address)
    let_go(store, kept.address, MAC)
    ask(store, OTHER, wanted=kept.address)
    store.ledger.confirm(SEGMENT, owner=C1, endpoint_id="e", mac=THIRD)
    assert store.traces.gone([H1]) == {H1: {MAC, OTHER}}
    store.ledger.release(SEGMENT, C1)
    assert store.traces.gone([H1]) == {H1: {MAC, OTHER, THIRD}}


def test_a_mac_is_known_to_be_gone_for_some_hours_and_the_list_has_an_end(
    store: Store, redis_url: str
) -> None:
    with closing(redis.Redis.from_url(redis_url)) as client:
        client.zadd("tl:gone:h1", {"old": store.now() - 6 * 3600, "newer": store.now() - 3600})
        assert store.traces.gone([H1]) == {H1: {"newer"}}
        client.zadd("tl:gone:h1", {f"m{number}": store.now() for number in range(10_000)})
        let_go(store, ask(store).address)
        assert client.zcard("tl:gone:h1") == 10_000
    gone = store.traces.gone([H1])[H1]
    assert MAC in gone
    assert not {"old", "newer"} & gone


FORGETFUL = a_segment(quarantine_seconds=0.0, clear_neighbors=True)
SW1 = switch_key(SwitchName("sw1"))


def stale(store: Store) -> list[str]:
    return [f"{each.segment} {each.address}" for each in store.traces.stale(SW1, 100)]


def test_an_address_that_goes_to_another_mac_is_to_be_forgotten_by_its_gateway(store: Store) -> None:
    resting = replace(FORGETFUL, quarantine_seconds=300.0)
    first = ask(store, segment=FORGETFUL)
    assert stale(store) == []
    store.ledger.release_endpoint(resting, address=first.address, host=H1, mac=MAC)
    ask(store, segment=FORGETFUL, wanted=first.address)
    assert stale(store) == [], "the same MAC has it again"
    store.ledger.release_endpoint(FORGETFUL, address=first.address, host=H1, mac=MAC)
    ask(store, THIRD, segment=FORGETFUL)  # ends what has rested
    before = store.devices.status(SW1)
    ask(store, OTHER, segment=FORGETFUL, wanted=first.address)
    assert stale(store) == [f"web {first.address}"]
    after = store.devices.status(SW1)
    assert (after.generation, after.marks) == (before.generation, before.marks + 1)
    assert after.dirty_at is not None


def test_a_kept_address_that_its_container_has_with_another_mac_is_to_be_forgotten(store: Store) -> None:
    owner = C1
    kept = store.ledger.allocate(FORGETFUL, family=4, owner=owner, host=H1, name="c1", kept=True)
    ask(store, segment=FORGETFUL, wanted=kept.address)
    assert stale(store) == []
    store.ledger.release_endpoint(FORGETFUL, address=kept.address, host=H1, mac=MAC)
    ask(store, segment=FORGETFUL, wanted=kept.address)
    assert stale(store) == []
    store.ledger.release_endpoint(FORGETFUL, address=kept.address, host=H1, mac=MAC)
    ask(store, OTHER, segment=FORGETFUL, wanted=kept.address)
    assert stale(store) == [f"web {kept.address}"]


def test_where_the_segment_does_not_say_so_or_nobody_of_ours_routes_nothing_is_to_be_forgotten(
    store: Store,
) -> None:
    for segment in (
        replace(FORGETFUL, clear_neighbors=False),
        replace(FORGETFUL, gateway=ExternalGateway()),
    ):
        first = ask(store, segment=segment)
        store.ledger.release_endpoint(segment, address=first.address, host=H1, mac=MAC)
        ask(store, OTHER, segment=segment, wanted=first.address)
        store.ledger.release_endpoint(segment, address=first.address, host=H1, mac=OTHER)
        assert store.connection.do("KEYS", "tl:stale:*") == []


def test_what_was_forgotten_is_wished_for_no_more_unless_it_changed_hands_again(store: Store) -> None:
    def change_hands(*macs: str) -> None:
        for mac in macs:
            lease = ask(store, mac, segment=FORGETFUL, wanted=address)
            store.ledger.release_endpoint(FORGETFUL, address=lease.address, host=H1, mac=mac)

    address = ip_address("172.31.0.9")
    change_hands(MAC, OTHER)
    wishes = store.traces.stale(SW1, 100)
    assert len(wishes) == 1
    change_hands(THIRD)
    assert store.traces.forgotten(SW1, wishes) == 1
    assert store.traces.forgotten(SW1, store.traces.stale(SW1, 100)) == 0
    assert stale(store) == []


def test_a_wish_is_granted_as_soon_as_its_address_has_rested_however_many_others_have(store: Store) -> None:
    at_once = a_segment(quarantine_seconds=0.0)
    for number in range(100):
        ask(store, f"02:00:00:00:09:{number:02x}", segment=at_once)
    leases = store.ledger.leases(at_once)
    for lease in leases:
        assert store.ledger.end(at_once, lease)
    last = leases[-1].address
    assert ask(store, wanted=last, segment=at_once).address == last


def test_a_pool_is_not_full_because_many_of_another_have_rested_longer(store: Store) -> None:
    subnets = (a_subnet("172.31.0.0/29", "172.31.0.1"), a_subnet("fd00:31::/64", None))
    at_once = a_segment(quarantine_seconds=0.0, subnets=subnets)
    given = {ask(store, f"02:00:00:00:09:0{number}", segment=at_once).address for number in range(5)}
    for number in range(100):
        owner = Owner.by_mac(H1, f"02:00:00:00:06:{number:02x}")
        store.ledger.allocate(at_once, family=6, owner=owner, host=H1, name="")
    for lease in reversed(store.ledger.leases(at_once)):
        assert store.ledger.end(at_once, lease)
    assert ask(store, segment=at_once).address in given


def test_a_kept_address_is_free_again_when_an_endpoint_never_showed(store: Store) -> None:
    kept = keep(store)
    ask(store, wanted=kept.address)
    with pytest.raises(AddressError, match="is held by container c1"):
        ask(store, OTHER, wanted=kept.address)
    assert let_go(store, kept.address)
    since = lease_of(store, kept.address)
    gone = store.connection.do("ZRANGE", "tl:gone:h1", 0, -1, "WITHSCORES")
    assert let_go(store, kept.address), "as often as somebody looks"
    assert lease_of(store, kept.address) == since
    assert store.connection.do("ZRANGE", "tl:gone:h1", 0, -1, "WITHSCORES") == gone
    assert ask(store, OTHER, wanted=kept.address).address == kept.address


def test_an_endpoint_that_a_container_has_already_is_its_own(store: Store) -> None:
    lease = ask(store)

    def claim(mac: str, host: HostName = H1) -> LedgerLease:
        return store.ledger.allocate(
            SEGMENT, family=4, owner=C1, host=host, name="c1", mac=mac, kept=True, wanted=lease.address
        )

    assert (claim(MAC).address, claim(MAC).kept) == (lease.address, False)
    store.ledger.identify(lease, owner=C1, endpoint_id="e1", name="c1")
    assert claim(MAC).address == lease.address
    for mac, host in ((OTHER, H1), ("", H1), (MAC, H2)):
        with pytest.raises(AddressError, match="is held by container c1"):
            claim(mac, host)


def test_what_is_in_use_is_put_on_record_though_it_rests_for_somebody_else(store: Store) -> None:
    lease = ask(store)
    assert store.ledger.end(SEGMENT, lease)
    with pytest.raises(AddressError, match="rests"):
        ask(store, OTHER, host=H2, wanted=lease.address)
    owner = Owner.by_mac(H2, OTHER)
    words = {"family": 4, "host": H2, "name": "", "wanted": lease.address, "mac": OTHER, "known": True}
    assert store.ledger.allocate(SEGMENT, owner=owner, **words).mac == OTHER  # type: ignore[arg-type]  # of several types
    assert lease_of(store, lease.address).state == "PENDING"
