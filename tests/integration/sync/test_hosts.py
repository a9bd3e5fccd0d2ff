"""One pass over a host whose Docker and kernel are played; Redis and the switch are real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.integration.jobs.played_host import CONTAINER, PlayedEngine, PlayedLinks
from tests.integration.sync.site import H1, WEB, Site, a_site
from trunkline.orchestrator.intents import ContainerFacts
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.models import ContainerId, host_key
from trunkline.orchestrator.sync.holders import observe_container, resync_host
from trunkline.orchestrator.sync.hosts import Machine, sync_host


@pytest.fixture
def site(redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(redis_url, tmp_path) as built:
        yield built


@pytest.fixture
def machine() -> Machine:
    return Machine(name=H1, engine=PlayedEngine(), links=PlayedLinks(), boot_id="played")


def test_a_ready_switch_gives_the_host_its_network_and_the_container_its_endpoint(
    site: Site, machine: Machine
) -> None:
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}
    assert list(machine.engine.networks()) == [WEB]
    assert list(machine.engine.containers()[0].endpoints) == [WEB]


def test_a_host_that_left_the_inventory_is_left_as_it_is_and_is_no_error(
    site: Site, machine: Machine
) -> None:
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    sync_host(machine, context=site.context, force=True)
    before = machine.engine.networks(), machine.engine.containers(), machine.links.observe()

    inventory = site.context.inventory()
    hosts = {name: host for name, host in inventory.hosts.items() if name != H1}
    site.store.inventory.put(dump(replace(inventory, hosts=hosts)), who="test")
    site.store.desired.touch([host_key(H1)])

    assert sync_host(machine, context=site.context) is None
    assert (machine.engine.networks(), machine.engine.containers(), machine.links.observe()) == before
    status = site.store.devices.status(host_key(H1))
    assert (status.error, status.dirty_at) == ("", None)


def test_an_address_that_is_reserved_later_cuts_off_nobody_who_has_it(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    labels = {"trunkline.segment": "web", "trunkline.ip.web": "172.31.0.7"}
    engine.container = replace(engine.container, labels=labels)
    observe_container(H1, CONTAINER, context=site.context, engine=engine)
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}

    inventory = site.context.inventory()
    web = inventory.segments[WEB]
    low, high = ip_address("172.31.0.0"), ip_address("172.31.0.255")
    subnets = tuple(
        replace(each, exclude=((low, high),)) if each.network.version == 4 else each for each in web.subnets
    )
    site.apply(replace(inventory, segments={WEB: replace(web, subnets=subnets)}))
    resync_host(H1, context=site.context, engine=engine)
    site.sync()
    problems = sync_host(machine, context=site.context, force=True)
    assert problems is not None
    assert "is excluded" in "".join(problems.values()), "the operator is told"
    assert list(engine.container.endpoints) == [WEB]
    assert "switchport trunk allowed vlan 10,100" in site.port()

    engine.container = replace(engine.container, id=ContainerId("d" * 64), endpoints={})
    observe_container(H1, engine.container.id, context=site.context, engine=engine)
    assert f"container:{engine.container.id}" not in site.store.desired.holders_of(H1), (
        "a new one gets nothing"
    )


def test_a_link_with_somebody_elses_network_on_it_stays(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    sync_host(machine, context=site.context, force=True)
    (link,) = machine.links.observe()
    engine.others[link] = "by-hand"
    engine.container = replace(engine.container, labels={}, endpoints={})
    site.hold(holder=f"container:{CONTAINER}")
    problems = sync_host(machine, context=site.context, force=True)
    assert problems is not None
    assert "the docker network by-hand sits on it" in "".join(problems.values())
    assert link in machine.links.observe()
    engine.others.clear()
    assert sync_host(machine, context=site.context, force=True) == {}
    assert not machine.links.observe()


def test_a_defect_shows_in_the_status(site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> tuple[ContainerFacts, ...]:
        raise KeyError("x")

    monkeypatch.setattr(machine.engine, "containers", broken)
    with pytest.raises(KeyError):
        sync_host(machine, context=site.context, force=True)
    status = site.store.devices.status(host_key(H1))
    assert "host h1: unforeseen KeyError" in status.error
    assert status.lease_holder == ""
