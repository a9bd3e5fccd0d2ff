"""`trunkline host forget`: a host that is gone for good lets go of what it held."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tests.integration.cli.site import Site
from trunkline.orchestrator.intents import HostReport
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName, Inventory, SegmentName, SwitchName
from trunkline.orchestrator.planning import switch_intent
from trunkline.orchestrator.store import Owner
from trunkline.orchestrator.sync.holders import needs_on

H1, WEB, SW1 = HostName("h1"), SegmentName("web"), SwitchName("sw1")
CARRIED = "carries:GigabitEthernet1/0/1:10"
SOON = {"TRUNKLINE_SWEEP_SECONDS": "0.001"}
"""With so short a sweep every report is old."""


def current(site: Site) -> Inventory:
    stored = site.store.inventory.current()
    assert stored is not None
    return restore(stored[1])


def without_h1(site: Site) -> str:
    lines = site.inventory().splitlines()
    at = lines.index("  h1:")
    return "\n".join(lines[:at] + lines[at + 2 :]) + "\n"


@pytest.fixture
def gone(empty: Site) -> Site:
    """h1 held web with an address, reported it, was drained, and is out of the inventory by now."""
    empty.apply()
    inventory, store = current(empty), empty.store
    store.desired.hold("container:c1", host=H1, wanted=frozenset({WEB}), known=needs_on(inventory, H1))
    store.desired.hold("pin:ops", host=H1, wanted=frozenset({WEB}), known=needs_on(inventory, H1))
    store.devices.report(HostReport(host=H1, reported_at=store.now(), links=frozenset({WEB})))
    segment = inventory.segments[WEB]
    store.ledger.define(segment)
    owner = Owner(container_id=ContainerId("c1"), endpoint="web")
    store.ledger.allocate(segment, family=4, owner=owner, host=H1, name="web-1", wanted=None)
    store.desired.cordon(H1, who="test")
    store.devices.own(SW1, add=frozenset({CARRIED}))
    empty.apply(without_h1(empty))
    return empty


def removals(site: Site) -> int:
    """Count what the next sync of the switch would take away, with h2 reporting that it has nothing."""
    store = site.store
    store.devices.report(HostReport(host=HostName("h2"), reported_at=store.now()))
    intent = switch_intent(
        current(site),
        switch=SW1,
        attachments=store.desired.attachments(),
        owned=store.devices.owned(SW1),
        reports={each.host: each for each in store.devices.reports()},
        now=store.now(),
        stale_after_seconds=120,
        generation=1,
    )
    return len(intent.absent)


def test_what_a_gone_host_held_is_taken_down_and_its_addresses_rest(gone: Site) -> None:
    assert removals(gone) == 0
    before = gone.store.desired.generation(DeviceKey("switch:sw1"))

    said = gone.shell("host", "forget", "h1", "--yes", **SOON)

    assert said.status == 0, said.err
    assert said.out.splitlines() == [
        "- segment web, held by 2, requested",
        "- address 172.31.0.2 of web, container web-1",
        "- the mark that it is drained",
        "host h1 is forgotten; every switch is checked now",
    ]
    assert gone.store.desired.attachments() == ()
    assert gone.store.desired.holders_of(H1) == {}
    assert gone.store.desired.cordoned() == {}
    assert [lease.state for lease in gone.store.ledger.leases(current(gone).segments[WEB])] == ["QUARANTINE"]
    assert gone.store.desired.generation(DeviceKey("switch:sw1")) > before
    assert removals(gone) == 1


def test_what_its_networks_reserved_is_let_go_also_where_another_host_did_so_first(gone: Site) -> None:
    web, ledger = current(gone).segments[WEB], gone.store.ledger
    shared, own = ip_address("172.31.0.9"), ip_address("172.31.0.10")
    for address, hosts in ((shared, ("h2", "h1")), (own, ("h1",))):
        for host in hosts:
            ledger.reserve(web, address, by=f"host:{host}", why="auxiliary", host=HostName(host))
    said = gone.shell("host", "forget", "h1", "--yes", **SOON)
    assert {f"- address {address} of web, reserved" for address in (shared, own)} <= set(
        said.out.splitlines()
    )
    states = {lease.address: lease.state for lease in ledger.leases(web)}
    assert (states[shared], states[own]) == ("RESERVED", "QUARANTINE")
    assert ledger.unreserve(web, shared, by="host:h2")
    assert {lease.state for lease in ledger.leases(web)} == {"QUARANTINE"}


def test_forgetting_twice_or_somebody_unknown_says_that_there_is_nothing(gone: Site) -> None:
    gone.shell("host", "forget", "h1", "--yes", **SOON)

    for name in ("h1", "nobody"):
        said = gone.shell("host", "forget", name, "--yes", **SOON)
        assert (said.status, said.out) == (0, "")
        assert said.err == f"nothing on record belongs to host {name}\n"


def test_without_a_yes_nothing_is_let_go(gone: Site) -> None:
    for answer in ("n\n", ""):
        said = gone.shell("host", "forget", "h1", given=answer, **SOON)
        assert said.status == 1
        assert "Is h1 gone for good?" in said.err
        assert len(gone.store.desired.holders_of(H1)) == 2


@pytest.mark.parametrize("stamp", ["queue:host.h1", "agent:h1"])
def test_a_host_whose_worker_or_agent_lives_is_not_forgotten(gone: Site, stamp: str) -> None:
    gone.store.devices.heartbeat(stamp, 60)

    said = gone.shell("host", "forget", "h1", "--yes", **SOON)

    assert (said.status, said.out) == (1, "")
    assert f"host h1: shows signs of life ({stamp})" in said.err
    assert len(gone.store.desired.holders_of(H1)) == 2


def test_a_host_that_reported_lately_is_not_forgotten(gone: Site) -> None:
    said = gone.shell("host", "forget", "h1", "--yes")

    assert (said.status, said.out) == (1, "")
    assert "host h1: reported " in said.err
    assert "wait until it was silent for 120 s" in said.err
    assert len(gone.store.desired.holders_of(H1)) == 2


def test_a_host_of_the_inventory_is_not_forgotten(gone: Site) -> None:
    gone.apply()

    said = gone.shell("host", "forget", "h1", "--yes", **SOON)

    assert (said.status, said.out) == (1, "")
    assert "trunkline apply --force FILE" in said.err
    assert len(gone.store.desired.holders_of(H1)) == 2
