"""What switches saw, and what they were before sessions, in the record."""

from __future__ import annotations

import pytest

from tests.builders import PORT_1, a_segment, a_switch, an_inventory
from trunkline.orchestrator.cli.cables import picture
from trunkline.orchestrator.discovery.faults import OLD_SECONDS
from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.intents import Peer, Seen
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.models import ExternalGateway, PortName, SegmentName, SwitchName
from trunkline.orchestrator.store import Sighting, Store
from trunkline.orchestrator.store.backups import KEPT, LONGEST_BYTES
from trunkline.orchestrator.vlans import Vid

SW1, SW2 = SwitchName("sw1"), SwitchName("sw2")


def test_what_a_switch_saw_comes_back_whole_and_the_newest_counts(store: Store) -> None:
    peer = Peer(port=PORT_1, name="h1", capabilities=frozenset({"station", "router"}), via="cdp")
    seen = Seen(peers=(peer,), stations={(PORT_1, Vid(10)): frozenset({"02:00:00:00:00:01"})})
    assert store.sightings.of(SW1) is None
    store.sightings.keep(SW1, Sighting(at=1.5, seen=Seen()))
    store.sightings.keep(SW1, Sighting(at=2.5, seen=seen))
    assert store.sightings.of(SW1) == Sighting(at=2.5, seen=seen)
    assert store.sightings.of(SW2) is None


def test_the_newest_backups_and_the_very_first_are_kept_per_switch_and_their_numbers_stay(
    store: Store,
) -> None:
    numbers = [store.backups.add(SW1, f"vlan {each}", "segment web") for each in range(KEPT + 2)]
    assert numbers == list(range(1, KEPT + 3))
    assert store.backups.add(SW2, "vlan 9", "") == 1
    assert [each.number for each in store.backups.list(SW2)] == [1]
    *newest, first = store.backups.list(SW1)
    assert [each.number for each in newest] == numbers[:1:-1]
    assert store.backups.get(SW1, 3) == newest[-1]
    assert store.backups.get(SW1, 1) == first
    assert (first.text, first.why, first.cut) == ("vlan 0", "segment web", 0), "before Trunkline came"
    assert abs(first.at - store.now()) < 60
    with pytest.raises(
        ConfigError, match=r"sw1: has no session backup 2; there are: 12, 11, 10, 9, .*, 3, 1"
    ):
        store.backups.get(SW1, 2)


def test_a_backup_that_says_what_the_newest_says_pushes_none_out(store: Store) -> None:
    before = store.backups.add(SW1, "vlan 1", "segment web")
    numbers = [store.backups.add(SW1, "vlan 2", "tried again") for _ in range(KEPT + 1)]
    assert set(numbers) == {before + 1}
    assert [each.text for each in store.backups.list(SW1)] == ["vlan 2", "vlan 1"]
    assert store.backups.add(SW1, "vlan 1", "") == before + 2, "what is so again is news"


def test_a_backup_holds_no_secret_and_says_how_much_of_it_was_cut(store: Store) -> None:
    line = " description \u00e9\n"
    text = "enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0\n" + line * LONGEST_BYTES
    store.backups.add(SW1, text, "")
    (kept,) = store.backups.list(SW1)
    assert kept.text.startswith("enable secret <removed>\n")
    assert kept.text.endswith(line), "whole lines"
    assert LONGEST_BYTES - 20 < len(kept.text.encode()) <= LONGEST_BYTES
    assert kept.cut == len(line.encode()) * (LONGEST_BYTES - kept.text.count(line))
    assert "mERr" not in str(store.connection.do("LRANGE", "tl:backups:sw1", 0, -1))


def test_what_another_switch_saw_long_ago_proposes_nothing_and_is_said_to_be_old(store: Store) -> None:
    switches = {SW1: a_switch("sw1"), SW2: a_switch("sw2", address="127.0.0.2")}
    web = {SegmentName("web"): a_segment(gateway=ExternalGateway())}
    store.inventory.put(dump(an_inventory(switches=switches, segments=web)), who="test")
    seven = PortName("GigabitEthernet1/0/7")
    there = Seen(
        peers=(Peer(port=seven, name="dock", far_description="eth0", capabilities=frozenset({"station"})),)
    )

    store.sightings.keep(SW1, Sighting(at=store.now(), seen=Seen()))
    store.sightings.keep(SW2, Sighting(at=store.now() - OLD_SECONDS - 3600, seen=there))
    old = picture(store, [SW1], {})
    asked = picture(store, [SW2], {"sw2": "does not answer"})
    store.sightings.keep(SW2, Sighting(at=store.now() - OLD_SECONDS + 3600, seen=there))
    young = picture(store, [SW1], {})

    remark = "what sw2 saw 25 h ago is not counted; run `trunkline discover sw2`"
    assert (old["proposal"], old["remarks"]) == ({"hosts": {}, "links": []}, [remark])
    assert asked["proposal"]["hosts"] == {}, "the error tells why"
    assert list(young["proposal"]["hosts"]) == ["dock"]
    assert young["remarks"] == []
