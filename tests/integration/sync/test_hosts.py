"""One pass over a host whose Docker and kernel are played; Redis and the switch are real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.jobs.played_host import CONTAINER, PlayedEngine, PlayedLinks
from tests.integration.sync.site import H1, WEB, Site, a_site
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.models import host_key
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
