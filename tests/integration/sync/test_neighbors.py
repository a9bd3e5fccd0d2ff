"""An address goes to another MAC, and its gateway forgets the former one: real Redis, a switch over real SSH."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.builders import a_segment, a_switch, an_inventory
from tests.integration.sync.site import H1, SW1, WEB, Site, a_site
from trunkline.orchestrator.errors import PermanentError
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import PortName, RouterGateway, Segment, SegmentName, switch_key
from trunkline.orchestrator.store import Owner
from trunkline.orchestrator.sync import neighbors
from trunkline.orchestrator.sync.neighbors import forget_neighbors

OLD, NEW = "02:00:00:00:00:01", "02:00:00:00:00:02"
NINE = ip_address("172.31.0.9")


@pytest.fixture
def site(redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(redis_url, tmp_path) as built:
        change_web(built, clear_neighbors=True, quarantine_seconds=0.0)
        built.hold(WEB)
        built.sync()
        for last in ("8", "9"):
            built.running.resolve(
                f"172.31.0.{last}", interface="Vlan10", mac=f"0200.0000.000{last}", age_minutes=7
            )
        yield built


def change_web(site: Site, **changes: Any) -> Segment:
    inventory = site.context.inventory()
    segment = replace(inventory.segments[WEB], **changes)
    site.apply(replace(inventory, segments={WEB: segment}))
    return segment


def change_hands(site: Site, *macs: str) -> None:
    """Let an address be had by one MAC after the other."""
    segment, ledger = site.context.inventory().segments[WEB], site.store.ledger
    for mac in macs:
        ledger.allocate(
            segment, family=4, owner=Owner.by_mac(H1, mac), host=H1, name="", mac=mac, wanted=NINE
        )
        ledger.release_endpoint(segment, address=NINE, host=H1, mac=mac)


def remembers(site: Site) -> set[str]:
    table = site.running.show("show ip arp")
    return {word for word in table.split() if word in {"172.31.0.8", "172.31.0.9"}}


def test_the_gateway_forgets_the_former_mac_and_nothing_else(site: Site) -> None:
    change_hands(site, OLD)
    site.settle()
    assert remembers(site) == {"172.31.0.8", "172.31.0.9"}, "nobody else has it yet"
    change_hands(site, NEW)
    site.settle()
    assert remembers(site) == {"172.31.0.8"}
    written = site.store.operations.tail(1)[0]
    assert (written.why, written.lines) == (neighbors.WHY, ("clear ip arp 172.31.0.9",))
    assert site.error() == ""
    before = list(site.running.lines)
    site.sync()
    assert "clear" not in " ".join(site.running.lines[len(before) :]), "once is enough"


def test_in_observe_mode_it_keeps_what_it_knows(site: Site) -> None:
    inventory = site.context.inventory()
    observed: Literal["observe"] = "observe"
    site.apply(replace(inventory, switches={SW1: replace(inventory.switches[SW1], mode=observed)}))
    change_hands(site, OLD, NEW)
    site.sync()
    assert remembers(site) == {"172.31.0.8", "172.31.0.9"}


def test_a_refusal_shows_in_the_status_hurts_nobody_and_is_tried_again(site: Site) -> None:
    site.running.set_faults(
        events=[{"matching": "^clear", "do": "reject", "text": "Command authorization failed.", "times": 1}]
    )
    change_hands(site, OLD, NEW)
    site.sync()
    assert "Command authorization failed" in site.error()
    attachment = site.attachment()
    assert attachment is not None
    assert attachment.state == "switch-ready"
    assert remembers(site) == {"172.31.0.8", "172.31.0.9"}
    site.sync()
    assert site.error() == ""
    assert remembers(site) == {"172.31.0.8"}


def test_what_is_more_than_a_pass_takes_is_left_to_the_next_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbors, "MOST_AT_ONCE", 1)
    segment, ledger = site.context.inventory().segments[WEB], site.store.ledger
    for last in (8, 9):
        wanted = ip_address(f"172.31.0.{last}")
        for mac in (OLD, NEW):
            owner = Owner.by_mac(H1, mac)
            ledger.allocate(segment, family=4, owner=owner, host=H1, name="", mac=mac, wanted=wanted)
            ledger.release_endpoint(segment, address=wanted, host=H1, mac=mac)
    site.settle()
    assert remembers(site) == set()
    assert site.store.traces.stale(switch_key(SW1), 10) == ()


@dataclass
class PlayedDriver:
    """A router: the lab's has no segment in this site."""

    told: list[Neighbor] = field(default_factory=list)

    def forget(self, neighbors: Sequence[Neighbor], *, journal: object) -> tuple[str, ...]:
        del journal
        self.told += neighbors
        return ()


@dataclass
class RefusingDriver(PlayedDriver):
    """The interface of VLAN 10 is one whose neighbors cannot be cleared."""

    def forget(self, neighbors: Sequence[Neighbor], *, journal: object) -> tuple[str, ...]:
        if any(each.vlan == 10 for each in neighbors):
            raise PermanentError("172.31.0.9 cannot be forgotten", subject="switch sw1")
        return super().forget(neighbors, journal=journal)


def test_a_segment_whose_neighbors_cannot_be_cleared_keeps_nobody_elses(site: Site) -> None:
    change_hands(site, OLD, NEW)
    db = a_segment("db", vlan=20, clear_neighbors=True, quarantine_seconds=0.0)
    for mac in (OLD, NEW):
        owner = Owner.by_mac(H1, mac)
        site.store.ledger.allocate(db, family=4, owner=owner, host=H1, name="", mac=mac, wanted=NINE)
        site.store.ledger.release_endpoint(db, address=NINE, host=H1, mac=mac)
    inventory = an_inventory(segments={WEB: a_segment(), db.name: db})
    driver = RefusingDriver()
    said = forget_neighbors(site.context, inventory, a_switch(), driver, journal=None)  # type: ignore[arg-type]  # played
    assert said == "switch sw1: 172.31.0.9 cannot be forgotten"
    assert driver.told == [Neighbor(vlan=db.vlan, address=NINE)]
    assert [each.segment for each in site.store.traces.stale(switch_key(SW1), 10)] == [WEB]


def test_a_router_is_told_its_interface_and_what_is_not_its_own_is_dropped(site: Site) -> None:
    change_hands(site, OLD, NEW)
    parent = PortName("GigabitEthernet0/0")
    routed = a_segment(gateway=RouterGateway(router=SW1, interface=parent))
    inventory = an_inventory(segments={WEB: routed})
    driver = PlayedDriver()
    said = forget_neighbors(site.context, inventory, a_switch(), driver, journal=None)  # type: ignore[arg-type]  # played
    assert said == ""
    assert driver.told == [Neighbor(vlan=routed.vlan, address=NINE, parent=parent)]
    assert site.store.traces.stale(switch_key(SW1), 10) == ()

    change_hands(site, OLD)
    elsewhere = an_inventory(segments={SegmentName("db"): a_segment("db")})
    driver = PlayedDriver()
    assert forget_neighbors(site.context, elsewhere, a_switch(), driver, journal=None) == ""  # type: ignore[arg-type]  # played
    assert driver.told == []
    assert site.store.traces.stale(switch_key(SW1), 10) == ()
