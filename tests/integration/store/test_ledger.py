"""The ledger on a real Redis: nobody gets what another has, and what was given back rests."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import a_segment, a_subnet
from tests.integration.store.conftest import Racers
from tests.integration.store.racer import CROWDED
from trunkline.orchestrator.errors import AddressError, PoolExhausted, StoreUnavailable
from trunkline.orchestrator.models import ContainerId, HostName, Segment
from trunkline.orchestrator.store import LedgerLease, Owner, Store, open_store
from trunkline.orchestrator.store.connection import Connection, source
from trunkline.orchestrator.store.ledger import Ledger

H1, H2 = HostName("h1"), HostName("h2")


def an_owner(number: int) -> Owner:
    return Owner(container_id=ContainerId(f"{number:064x}"), endpoint="web")


def give(store: Store, segment: Segment, number: int, family: int = 4, **words: object) -> LedgerLease:
    store.ledger.define(segment)
    name = str(words.pop("name", f"c{number}"))
    return store.ledger.allocate(
        segment,
        family=family,
        owner=an_owner(number),
        host=H1,
        name=name,
        **words,  # type: ignore[arg-type]  # wanted
    )


def test_asking_again_gives_the_same_address(store: Store) -> None:
    segment = a_segment()
    assert give(store, segment, 1) == give(store, segment, 1)


def test_network_broadcast_gateway_and_excluded_addresses_are_never_given(store: Store) -> None:
    subnet = a_subnet("10.0.0.0/29", "10.0.0.1")
    segment = a_segment(
        subnets=(a_subnet("10.0.0.0/29", "10.0.0.1", exclude=((subnet.network[3], subnet.network[4]),)),)
    )
    given = {str(give(store, segment, number).address) for number in range(3)}
    assert given == {"10.0.0.2", "10.0.0.5", "10.0.0.6"}
    with pytest.raises(PoolExhausted):
        give(store, segment, 9)
    for reserved in (0, 1, 3, 7):
        with pytest.raises(AddressError):
            give(store, segment, 10, wanted=subnet.network[reserved])


def test_clients_at_once_never_share_an_address(redis_url: str) -> None:
    segment = a_segment(subnets=(a_subnet("10.0.0.0/22", "10.0.0.1"), a_subnet("fd00::/64", "fd00::1")))

    def work(worker: int) -> list[str]:
        mine = open_store(redis_url)
        try:
            return [
                str(give(mine, segment, worker * 1000 + number, family).address)
                for number in range(40)
                for family in (4, 6)
            ]
        finally:
            mine.close()

    with ThreadPoolExecutor(8) as pool:
        given = [address for part in pool.map(work, range(8)) for address in part]
    assert len(given) == len(set(given)) == 640


def test_clients_with_different_inventories_never_share_an_address(redis_url: str) -> None:
    old = a_segment(subnets=(a_subnet("10.0.0.0/24", "10.0.0.1"), a_subnet("fd00::/64", "fd00::1")))
    new = a_segment(subnets=(a_subnet("10.0.0.0/23", "10.0.0.2"), a_subnet("fd00::/60", "fd00::2")))

    def work(worker: int) -> dict[Owner, str]:
        mine = open_store(redis_url)
        segment = (old, new)[worker % 2]
        given = {}
        for number in range(worker * 1000, worker * 1000 + 20):
            # Its own inventory's pools, whatever the others put on record meanwhile.
            lease = mine.ledger.allocate(segment, family=4, owner=an_owner(number), host=H1, name="")
            given[lease.owner] = str(lease.address)
        mine.close()
        return given

    with ThreadPoolExecutor(4) as pool:
        given = {owner: address for part in pool.map(work, range(4)) for owner, address in part.items()}
    assert len(set(given.values())) == 80
    store = open_store(redis_url)
    assert {lease.owner: str(lease.address) for lease in store.ledger.leases(new)} == given
    store.close()


def test_who_comes_after_a_client_that_was_killed_finds_everything_as_it_was_said(
    store: Store, racers: Racers
) -> None:
    said: dict[int, list[str]] = {}
    for enough in (25, 50, 75, 100):
        # Each begins where the one before was when it died: that container is done again.
        client = racers.start("none", "serve", str(max(said, default=0)))
        assert client.stdout is not None
        for line in client.stdout:
            number, *addresses = json.loads(line)
            assert said.setdefault(number, addresses) == addresses, "asking again gave another address"
            if len(said) >= enough:
                break
        client.kill()
        for line in client.stdout:
            if line.endswith("\n"):
                number, *addresses = json.loads(line)
                assert said.setdefault(number, addresses) == addresses
    given = [address for addresses in said.values() for address in addresses]
    assert len(said) >= 100
    assert len(set(given)) == len(given), "an address was given twice"
    held = {(lease.owner, str(lease.address)) for lease in store.ledger.leases(CROWDED)}
    assert {(an_owner(number), address) for number, found in said.items() for address in found} <= held
    assert len(held) <= len(given) + 2, "more is held than the one container that was under way could have"


def test_a_released_address_rests_and_only_its_owner_can_release_it(store: Store) -> None:
    segment = a_segment(subnets=(a_subnet("10.0.0.0/29", "10.0.0.1"),), quarantine_seconds=300)
    lease = give(store, segment, 1)
    assert store.ledger.release(segment, an_owner(2)) == ()
    assert store.ledger.release(segment, an_owner(1)) == (lease.address,)
    assert store.ledger.release(segment, an_owner(1)) == ()
    others = {give(store, segment, number).address for number in range(2, 6)}
    assert lease.address not in others
    with pytest.raises(
        PoolExhausted, match=r"no free address in 10\.0\.0\.0/29; 1 rest after their last use"
    ):
        give(store, segment, 7)
    with pytest.raises(AddressError, match="rests"):
        give(store, segment, 8, wanted=lease.address)


def test_after_its_rest_an_address_is_given_again(store: Store) -> None:
    segment = a_segment(subnets=(a_subnet("10.0.0.0/30", "10.0.0.1"),), quarantine_seconds=0)
    first = give(store, segment, 1)
    store.ledger.release(segment, an_owner(1))
    assert give(store, segment, 2, name="other").address == first.address


def test_a_container_of_the_same_name_gets_its_address_back(store: Store) -> None:
    segment = a_segment()
    first = give(store, segment, 1, name="db")
    store.ledger.release(segment, an_owner(1))
    give(store, segment, 2, name="other")
    assert give(store, segment, 3, name="db").address == first.address


def test_an_address_taken_back_from_its_rest_stays_taken(store: Store) -> None:
    segment = a_segment(subnets=(a_subnet("10.0.0.0/30", "10.0.0.1"),), quarantine_seconds=0.05)
    first = give(store, segment, 1, name="db")
    store.ledger.release(segment, an_owner(1))
    over = store.now() + 0.05
    assert give(store, segment, 2, name="db").address == first.address
    while store.now() <= over:
        pass
    with pytest.raises(PoolExhausted):
        give(store, segment, 3, name="other")


def test_an_address_rests_as_long_as_the_segment_says(store: Store) -> None:
    segment = a_segment(subnets=(a_subnet("10.0.0.0/30", "10.0.0.1"),), quarantine_seconds=0.2)
    give(store, segment, 1)
    released = store.now()
    store.ledger.release(segment, an_owner(1))
    deadline = time.monotonic() + 5
    while True:
        try:
            give(store, segment, 2)
            break
        except PoolExhausted:
            assert time.monotonic() < deadline
    assert store.now() - released >= 0.2


def test_a_wish_is_granted_unless_somebody_has_it(store: Store) -> None:
    segment = a_segment()
    wanted = segment.subnets[0].network[77]
    assert give(store, segment, 1, wanted=wanted).address == wanted
    with pytest.raises(AddressError, match="held by container c1 on h1"):
        give(store, segment, 2, wanted=wanted)
    far = segment.subnets[1].network[2**63]
    assert give(store, segment, 3, family=6, wanted=far).address == far


def test_narrower_ranges_keep_what_is_leased(store: Store) -> None:
    wide = a_segment(subnets=(a_subnet("10.0.0.0/24", "10.0.0.1"),))
    lease = give(store, wide, 1)
    network = wide.subnets[0].network
    narrow = a_segment(subnets=(a_subnet("10.0.0.0/24", "10.0.0.1", ranges=((network[100], network[101]),)),))
    given = {give(store, narrow, number).address for number in (2, 3)}
    assert given == {network[100], network[101]}
    assert give(store, narrow, 1).address == lease.address
    again = {give(store, wide, number).address for number in range(10, 30)}
    assert lease.address not in again


def test_a_subnet_that_grows_takes_its_leases_along(store: Store) -> None:
    small = a_segment(subnets=(a_subnet("10.0.0.0/29", "10.0.0.1"), a_subnet("fd00::/120", "fd00::1")))
    large = a_segment(subnets=(a_subnet("10.0.0.0/28", "10.0.0.14"), a_subnet("fd00::/112", "fd00::1")))
    held = {number: give(store, small, number).address for number in range(3)}
    six = give(store, small, 0, family=6).address
    others = {give(store, large, number).address for number in range(10, 20)}
    assert others.isdisjoint(held.values())
    assert {number: give(store, large, number).address for number in range(3)} == held
    assert give(store, large, 0, family=6).address == six
    assert give(store, large, 0).interface.network == large.subnets[0].network
    assert set(store.ledger.release(large, an_owner(0))) == {held[0], six}


def test_a_lease_of_a_subnet_that_is_gone_stays_visible_and_can_be_released(store: Store) -> None:
    before = a_segment(subnets=(a_subnet("10.0.0.0/29", "10.0.0.1"),))
    after = a_segment(subnets=(a_subnet("10.9.0.0/29", "10.9.0.1"),))
    stray = give(store, before, 1).address
    with pytest.raises(AddressError, match=f"{stray}: is in no subnet of segment web any more"):
        give(store, after, 1)
    assert [lease.address for lease in store.ledger.leases(after)] == [stray]
    assert store.ledger.release(after, an_owner(1)) == (stray,)
    assert give(store, after, 1).address in after.subnets[0].network


def test_ipv6_ranges_that_move_to_the_front_are_used(store: Store) -> None:
    network = a_subnet("fd00::/64", None).network
    for first in (100, 10):
        segment = a_segment(
            subnets=(a_subnet("fd00::/64", "fd00::1", ranges=((network[first], network[first + 1]),)),)
        )
        given = {give(store, segment, first + number, family=6).address for number in range(2)}
        assert given == {network[first], network[first + 1]}


def test_nobody_need_define_a_segment_first(store: Store) -> None:
    segment = a_segment(subnets=(a_subnet("10.0.0.0/30", "10.0.0.1"),))
    lease = store.ledger.allocate(segment, family=4, owner=an_owner(1), host=H1, name="c")
    assert str(lease.interface) == "10.0.0.2/30"


def test_confirming_records_who_uses_it(store: Store) -> None:
    segment = a_segment()
    give(store, segment, 1)
    give(store, segment, 1, family=6)
    assert store.ledger.confirm(segment, owner=an_owner(1), endpoint_id="e1", mac="02:00:00:00:00:01") == 2
    assert {(lease.state, lease.mac) for lease in store.ledger.leases(segment)} == {
        ("ACTIVE", "02:00:00:00:00:01")
    }


def test_a_dead_redis_is_a_readable_error_without_the_password() -> None:
    with pytest.raises(StoreUnavailable, match="start Redis") as caught:
        open_store("redis://:secret@127.0.0.1:1/1").now()
    assert "secret" not in str(caught.value)


C1, C2 = an_owner(1), an_owner(2)
UNSAID = a_segment(subnets=(a_subnet("10.0.0.0/30", "10.0.0.1"),))
"""One address can be had, and the segment does not say how long it rests."""


def rests_for(store: Store) -> float:
    """Say how many seconds the only resting address still has to rest."""
    [place] = store.connection.do("ZRANGE", "tl:ledger:web:rest", 0, -1)
    return float(store.connection.do("ZSCORE", "tl:ledger:web:rest", place)) - store.now()


@pytest.mark.parametrize(
    ("announces", "segment", "seconds"),
    [
        (True, UNSAID, 300),
        (False, UNSAID, 4 * 3600),
        (False, replace(UNSAID, quarantine_seconds=60.0), 60),
    ],
)
def test_an_address_rests_as_long_as_routers_may_remember_it_where_an_engine_does_not_announce_it(
    store: Store, segment: Segment, seconds: float, *, announces: bool
) -> None:
    store.traces.note_announcing(H2, announces=announces)
    store.ledger.allocate(segment, family=4, owner=C1, host=H1, name="c1")
    store.ledger.release(segment, C1)
    assert rests_for(store) == pytest.approx(seconds, abs=30)


def test_a_host_that_was_upgraded_or_forgotten_no_longer_makes_addresses_rest_long(store: Store) -> None:
    for host in (H1, H2):
        store.traces.note_announcing(host, announces=False)
    store.traces.note_announcing(H1, announces=True)
    store.devices.forget_host(H2)
    store.ledger.allocate(UNSAID, family=4, owner=C1, host=H1, name="c1")
    store.ledger.release(UNSAID, C1)
    assert rests_for(store) == pytest.approx(300, abs=30)


class Hurried(Connection):
    """A connection in whose scripts the usual rest is no time at all."""

    def script(self, name: str, *arguments: str | bytes | float) -> Any:
        """Run the script."""
        text, usual = source(name), "usual_rest, longest_rest = 300,"
        assert usual in text
        return self.do("EVAL", text.replace(usual, "usual_rest, longest_rest = 0,"), 0, *arguments)


def test_rather_than_none_an_address_is_given_that_rested_as_long_as_any_does(
    store: Store, redis_url: str
) -> None:
    store.traces.note_announcing(H1, announces=False)
    first = store.ledger.allocate(UNSAID, family=4, owner=C1, host=H1, name="c1")
    store.ledger.release(UNSAID, C1)
    with pytest.raises(PoolExhausted, match="1 rest after their last use"):
        store.ledger.allocate(UNSAID, family=4, owner=C2, host=H1, name="c2")
    with closing(Hurried(redis_url)) as connection:
        said = replace(UNSAID, quarantine_seconds=3600.0)
        with pytest.raises(PoolExhausted):
            Ledger(connection).allocate(said, family=4, owner=C2, host=H1, name="c2")
        second = Ledger(connection).allocate(UNSAID, family=4, owner=C2, host=H1, name="c2")
    assert second.address == first.address
    assert store.ledger.leases(UNSAID)[0].owner == C2


def test_that_address_is_found_among_any_number_of_others_that_rest(store: Store, redis_url: str) -> None:
    store.traces.note_announcing(H1, announces=False)
    both = replace(UNSAID, subnets=(*UNSAID.subnets, a_subnet("fd00:31::/64", None)))
    for number in range(2, 302):
        give(store, both, number, family=6, name="")
        store.ledger.release(both, an_owner(number))
    first = give(store, both, 1)
    store.ledger.release(both, C1)
    with closing(Hurried(redis_url)) as connection:
        second = Ledger(connection).allocate(both, family=4, owner=C2, host=H1, name="c2")
    assert second.address == first.address
