"""One pass over a host whose Docker and kernel are played; Redis and the switch are real."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_segment, a_subnet, an_inventory
from tests.integration.jobs.played_host import CONTAINER, PlayedEngine, PlayedLinks, PlayedShims
from tests.integration.sync.site import H1, H2, WEB, Site, a_site
from trunkline.orchestrator.errors import GateClosed, LedgerClosed, PermanentError, TransientError
from trunkline.orchestrator.intents import (
    ContainerFacts,
    Endpoint,
    GatedNetwork,
    LinkIntent,
    Peer,
    ShimIntent,
)
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.models import ContainerId, ExternalGateway, PortName, Rule, SegmentName, host_key
from trunkline.orchestrator.store import LedgerLease, Owner
from trunkline.orchestrator.store import ledger as ledger_module
from trunkline.orchestrator.sync import endpoints, revival
from trunkline.orchestrator.sync.gate import OPEN, FabricGate
from trunkline.orchestrator.sync.holders import observe_container, resync_host
from trunkline.orchestrator.sync.hosts import Machine, sync_host
from trunkline.orchestrator.sync.plans import plan_host
from trunkline.orchestrator.verify import findings
from trunkline.orchestrator.vlans import Vid


@pytest.fixture
def site(redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(redis_url, tmp_path) as built:
        yield built


@pytest.fixture
def machine() -> Machine:
    return Machine(name=H1, engine=PlayedEngine(), links=PlayedLinks(), shims=PlayedShims(), boot_id="played")


def test_a_host_reports_what_it_calls_itself_its_nics_and_whom_it_hears(site: Site, machine: Machine) -> None:
    heard = Peer(port=PortName("eth0"), name="sw1", far_port="Gi1/0/1")
    sync_host(replace(machine, hostname="dock1", peers=lambda: (heard,)), context=site.context, force=True)
    report = site.store.devices.report_of(H1)
    assert report is not None
    assert (report.hostname, report.peers) == ("dock1", (heard,))
    assert report.nics == {"eth0": "02:00:00:00:00:01"}
    assert report.macs == {"02:00:00:00:00:01"}


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


@pytest.mark.parametrize("how", ["dropped", "forbidden"])
def test_a_container_of_two_segments_keeps_the_one_when_the_other_is_taken_from_it(
    site: Site, machine: Machine, how: str
) -> None:
    engine, db = machine.engine, SegmentName("db")
    assert isinstance(engine, PlayedEngine)
    inventory = site.context.inventory()
    external = a_segment("db", vlan=20, subnets=(a_subnet("172.30.0.0/16", None),), gateway=ExternalGateway())
    site.apply(replace(inventory, segments={**inventory.segments, db: external}))
    engine.container = replace(engine.container, labels={"trunkline.segment": "web,db"})
    observe_container(H1, CONTAINER, context=site.context, engine=engine)
    assert site.store.desired.holders_of(H1) == {f"container:{CONTAINER}": frozenset({WEB, db})}

    if how == "dropped":
        site.apply(inventory)
    else:
        rule = Rule(hosts=frozenset({"*"}), segments=frozenset({"web"}))
        site.apply(replace(site.context.inventory(), policy=(rule,)))
    resync_host(H1, context=site.context, engine=engine)
    assert site.store.desired.holders_of(H1) == {f"container:{CONTAINER}": frozenset({WEB})}

    engine.container = replace(engine.container, id=ContainerId("d" * 64))
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

    monkeypatch.setattr(machine.engine, "all_containers", broken)
    with pytest.raises(KeyError):
        sync_host(machine, context=site.context, force=True)
    status = site.store.devices.status(host_key(H1))
    assert "host h1: unforeseen KeyError" in status.error
    assert status.lease_holder == ""


def a_network(*guests: tuple[str, str, str]) -> GatedNetwork:
    """Describe a network of the plug-in; guests are container, MAC, address."""
    endpoints = {
        ContainerId(container): Endpoint(
            network="typed",
            network_id="n" * 64,
            endpoint_id=f"e-{container}-{mac}",
            mac=mac,
            addresses=(ip_address(address),),
        )
        for container, mac, address in guests
    }
    names = {container: f"name-{container}" for container in endpoints}
    return GatedNetwork(
        id="n" * 64,
        name="typed",
        segment=WEB,
        parent="eth0.10",
        endpoints=endpoints,
        names=names,
    )


def change_web(site: Site, **changes: Any) -> None:
    inventory = site.context.inventory()
    site.apply(replace(inventory, segments={WEB: replace(inventory.segments[WEB], **changes)}))


def test_a_network_of_the_plugin_holds_its_segment_and_gets_its_link_and_nothing_else(
    site: Site, machine: Machine
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    engine.networks_of_the_plugin = (a_network(),)
    change_web(site, prune="network")
    resync_host(H1, context=site.context, engine=engine)
    assert site.store.desired.holders_of(H1) == {f"network:{'n' * 64}": frozenset({WEB})}
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}
    attachment = site.attachment()
    assert attachment is not None
    assert attachment.state == "ready"
    assert list(machine.links.observe()) == ["eth0.10"]
    assert engine.networks() == {}, "the one that somebody typed is enough"

    engine.networks_of_the_plugin = ()
    resync_host(H1, context=site.context, engine=engine)
    assert site.store.desired.holders_of(H1) == {}
    sync_host(machine, context=site.context, force=True)
    site.sync()
    assert "switchport trunk allowed vlan 100" in site.port()


def test_with_prune_container_the_vlan_comes_and_goes_with_the_containers_and_the_network_stays(
    site: Site, machine: Machine
) -> None:
    engine, links = machine.engine, machine.links
    assert isinstance(engine, PlayedEngine)
    assert isinstance(links, PlayedLinks)
    change_web(site, networks="declared")
    engine.container = replace(engine.container, labels={})
    sync_host(machine, context=site.context, force=True)
    site.sync()
    assert list(engine.networks()) == [WEB], "there before anybody uses it"
    assert list(links.observe()) == ["eth0.10"]
    assert "allowed vlan 10,100" not in site.port()

    network = a_network()
    engine.networks_of_the_plugin = (replace(network, name="web"),)
    engine.container = replace(engine.container, running=False, endpoints={"web": an_endpoint()})
    resync_host(H1, context=site.context, engine=engine)
    assert site.store.desired.holders_of(H1) == {f"container:{CONTAINER}": frozenset({WEB})}
    site.sync()
    sync_host(machine, context=site.context, force=True)
    assert "allowed vlan 10,100" in site.port()

    engine.networks_of_the_plugin = (replace(network, name="web"),)
    engine.container = replace(engine.container, endpoints={})
    links.made["eth0.10"] = replace(links.made["eth0.10"], children=("0123456789ab",))
    resync_host(H1, context=site.context, engine=engine)
    sync_host(machine, context=site.context, force=True)
    site.sync()
    assert "allowed vlan 10,100" in site.port(), "somebody still sits on the link"
    links.made["eth0.10"] = replace(links.made["eth0.10"], children=())
    sync_host(machine, context=site.context, force=True)
    site.sync()
    assert "allowed vlan 10,100" not in site.port()
    assert (list(engine.networks()), list(links.observe())) == ([WEB], ["eth0.10"])
    assert site.attachment() is None


def test_a_network_that_is_no_longer_declared_goes_with_its_link(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    change_web(site, networks="declared")
    sync_host(machine, context=site.context, force=True)
    assert list(machine.links.observe()) == ["eth0.10"]
    change_web(site, networks="on-demand")
    assert sync_host(machine, context=site.context, force=True) == {}
    assert (engine.networks(), machine.links.observe()) == ({}, {})


def test_a_leftover_that_somebody_uses_keeps_no_other_one(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, links = machine.engine, machine.links
    assert isinstance(engine, PlayedEngine)
    assert isinstance(links, PlayedLinks)
    engine.container = replace(engine.container, labels={})
    for number, name in enumerate(("app", "db"), 20):
        intent = LinkIntent(name=f"eth0.{number}", parent="eth0", vlan=Vid(number), mtu_bytes=1500)
        links.ensure(intent)
        engine.made[SegmentName(name)] = {"Options": {"parent": intent.name}}
    remove = engine.remove_network

    def used(segment: SegmentName) -> bool:
        if segment == "app":
            raise PermanentError("should go, but is used by c1", subject="docker network app")
        return remove(segment)

    monkeypatch.setattr(engine, "remove_network", used)
    problems = sync_host(machine, context=site.context, force=True)
    assert problems == {"network app": "docker network app: should go, but is used by c1"}
    assert (list(engine.made), list(links.made)) == (["app"], ["eth0.20"])


def test_a_container_is_not_taken_off_somebody_elses_network_of_the_segments_name(
    site: Site, machine: Machine
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    site.hold(WEB, holder="container:another")
    site.sync()
    sync_host(machine, context=site.context, force=True)
    labels = {"trunkline.segment": "db"}
    engine.container = replace(engine.container, labels=labels, endpoints={"web": an_endpoint()})
    engine.made.clear()  # what is called web is a bridge that somebody made by hand
    site.hold(holder="container:another")
    sync_host(machine, context=site.context, force=True)
    assert list(engine.container.endpoints) == ["web"]


def test_a_declared_network_is_in_the_plan_until_it_is_there(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    change_web(site, networks="declared")
    plan = plan_host(site.context, site.context.inventory(), machine)
    *link, network = plan.lines
    assert link == [
        "ip link add link eth0 name eth0.10 mtu 1500 type vlan id 10",
        "ip link set eth0.10 up",
    ]
    assert network == (
        "docker network create -d macvlan -o parent=eth0.10 -o macvlan_mode=bridge "
        "--ipam-driver trunkline --ipam-opt segment=web --ipam-opt gate=address "
        "--subnet 172.31.0.0/16 --gateway 172.31.0.1 --subnet fd00:31::/64 --gateway fd00:31::1 --ipv6 "
        "--label trunkline.managed=true --label trunkline.segment=web web"
    )
    sync_host(machine, context=site.context, force=True)
    assert plan_host(site.context, site.context.inventory(), machine).lines == ()


def test_a_stopped_container_comes_along_when_its_network_was_pruned_and_is_made_again(
    site: Site, machine: Machine
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    change_web(site, networks="declared")
    former = replace(an_endpoint(), network_id="f" * 64)
    engine.container = replace(engine.container, labels={}, running=False, endpoints={"web": former})
    sync_host(machine, context=site.context, force=True)
    assert engine.container.endpoints["web"].network_id == "", "Docker finds it by its name"
    engine.container = replace(engine.container, running=True, endpoints={"web": former})
    sync_host(machine, context=site.context, force=True)
    assert engine.container.endpoints["web"] == former, "what runs is on a network that is there"


def test_a_link_under_a_network_that_somebody_typed_is_not_planned_away(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    engine.networks_of_the_plugin, engine.others = (a_network(),), {"eth0.10": "typed"}
    site.hold(WEB)
    site.sync()
    sync_host(machine, context=site.context, force=True)
    site.hold()
    assert plan_host(site.context, site.context.inventory(), machine).lines == ()
    sync_host(machine, context=site.context, force=True)
    assert list(machine.links.observe()) == ["eth0.10"]


def an_endpoint() -> Endpoint:
    return Endpoint(network="web", network_id="n" * 64)


def test_a_network_whose_segment_the_policy_forbids_holds_nothing(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.networks_of_the_plugin = (a_network(),)
    endpoints = {"typed": an_endpoint()}
    engine.container = replace(engine.container, labels={}, endpoints=endpoints)
    change_web(site, prune="network")
    site.apply(replace(site.context.inventory(), policy=()))
    resync_host(H1, context=site.context, engine=engine)
    assert site.store.desired.holders_of(H1) == {}


@pytest.mark.parametrize(("networks", "holds"), [("on-demand", False), ("declared", True)])
def test_a_network_that_was_made_for_a_label_does_not_hold_itself(
    site: Site, machine: Machine, networks: str, *, holds: bool
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    engine.networks_of_the_plugin = (replace(a_network(), name="web", ours=True),)
    change_web(site, prune="network", networks=networks)
    resync_host(H1, context=site.context, engine=engine)
    assert bool(site.store.desired.holders_of(H1)) is holds


def test_a_container_that_stopped_while_nobody_told_of_it_gets_its_address_again(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    sync_host(machine, context=site.context, force=True)
    segment, ledger = site.context.inventory().segments[WEB], site.store.ledger
    before = ledger.leases(segment)
    assert {(lease.state, lease.kept) for lease in before} == {("ACTIVE", True)}

    # Its release was lost, as when the agent was away; Docker shows it stopped, with the addresses it will ask for.
    stopped = replace(engine.container.endpoints["web"], endpoint_id="", mac="")
    engine.container = replace(engine.container, running=False, endpoints={"web": stopped})
    engine.networks_of_the_plugin = (replace(a_network(), name="web", ours=True),)
    monkeypatch.setattr(endpoints, "UNCONFIRMED_SECONDS", -1.0)
    assert sync_host(machine, context=site.context, force=True) == {}
    assert {(lease.state, lease.address) for lease in ledger.leases(segment)} == {
        ("PENDING", lease.address) for lease in before
    }
    mac = "02:00:00:00:00:09"
    for lease in before:
        again = ledger.allocate(
            segment,
            family=lease.address.version,
            owner=Owner.by_mac(H1, mac),
            host=H1,
            name="",
            mac=mac,
            wanted=lease.address,
        )
        assert again.owner == lease.owner
    assert site.store.traces.gone([H1]) == {H1: {before[0].mac}}


def test_an_address_of_a_subnet_that_the_segment_lost_rests_with_its_endpoint_and_stops_nobody(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    sync_host(machine, context=site.context, force=True)
    monkeypatch.setattr(endpoints, "UNCONFIRMED_SECONDS", -1.0)
    change_web(site, subnets=(a_subnet("172.30.0.0/16", "172.30.0.1"),))
    stopped = replace(engine.container.endpoints["web"], endpoint_id="", mac="", addresses=())
    engine.container = replace(engine.container, running=False, endpoints={"web": stopped})
    site.sync()
    sync_host(machine, context=site.context, force=True)
    leases = site.store.ledger.leases(site.context.inventory().segments[WEB])
    former = {lease.state for lease in leases if str(lease.address) != "172.30.0.2"}
    assert former == {"QUARANTINE"}
    assert "in no subnet" not in site.store.devices.status(host_key(H1)).error


def test_the_ledger_learns_whose_the_plugins_addresses_are_and_rests_those_of_nobody(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    segment = site.context.inventory().segments[WEB]

    def given(mac: str) -> str:
        lease = site.store.ledger.allocate(
            segment, family=4, owner=Owner.by_mac(H1, mac), host=H1, name="", mac=mac
        )
        return str(lease.address)

    used, lost = given("02:00:00:00:00:01"), given("02:00:00:00:00:02")
    engine.networks_of_the_plugin = (a_network((CONTAINER, "02:00:00:00:00:01", used)),)
    resync_host(H1, context=site.context, engine=engine)
    site.sync()

    def found() -> dict[str, tuple[str, str]]:
        leases = site.store.ledger.leases(segment)
        return {str(lease.address): (lease.state, lease.name) for lease in leases}

    sync_host(machine, context=site.context, force=True)
    assert found() == {used: ("ACTIVE", f"name-{CONTAINER}"), lost: ("PENDING", "")}
    monkeypatch.setattr(endpoints, "UNCONFIRMED_SECONDS", -1.0)
    sync_host(machine, context=site.context, force=True)
    assert found() == {used: ("ACTIVE", f"name-{CONTAINER}"), lost: ("QUARANTINE", "")}
    engine.networks_of_the_plugin = (a_network(),)
    sync_host(machine, context=site.context, force=True)
    assert found()[used][0] == "QUARANTINE", "its endpoint is gone, and nobody told of its release"


def test_the_gate_opens_when_switch_and_link_are_there_and_says_why_it_does_not(
    site: Site, machine: Machine
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    gate = FabricGate(host=H1, context=site.context)
    with pytest.raises(GateClosed, match="nobody made it so"):
        gate.open(WEB, 0.2)
    assert site.store.desired.holders_of(H1) == {}, "whoever was sent away holds nothing"

    def everybody(stop: threading.Event) -> None:
        while not stop.wait(0.05):
            site.sync()
            sync_host(machine, context=site.context, force=True)

    stop = threading.Event()
    workers = threading.Thread(target=everybody, args=(stop,))
    workers.start()
    try:
        gate.open(WEB, 20.0)
        attachment = site.attachment()
        assert attachment is not None
        assert attachment.state in OPEN, "the pass that opened it may not be over"
        assert "switchport trunk allowed vlan 10,100" in site.port()
        (holder,) = site.store.desired.holders_of(H1)
        assert holder.startswith("request:")
    finally:
        stop.set()
        workers.join()


def test_the_gate_of_a_drained_host_stays_closed(site: Site) -> None:
    site.store.desired.cordon(H1, who="root")
    gate = FabricGate(host=H1, context=site.context)
    with pytest.raises(GateClosed, match="h1 was drained by root; `trunkline jobs run drain -d h1 --undo`"):
        gate.open(WEB, 5.0)
    assert site.store.desired.attachments(H1) == (), "nobody held anything, not even for a moment"
    site.store.desired.uncordon(H1)
    with pytest.raises(GateClosed, match="nobody made it so"):
        gate.open(WEB, 0.2)


def test_the_gate_tells_at_once_what_the_switch_refused(site: Site, machine: Machine) -> None:
    del machine
    site.running.set_faults(
        events=[{"matching": "^ ?switchport trunk", "do": "reject", "text": "% Not today", "times": 0}]
    )
    gate = FabricGate(host=H1, context=site.context)
    sync = threading.Timer(0.3, site.sync)
    sync.start()
    started = time.monotonic()
    with pytest.raises(GateClosed, match="% Not today"):
        gate.open(WEB, 30.0)
    sync.join()
    assert time.monotonic() - started < 15
    assert site.store.desired.holders_of(H1) == {}


def test_what_docker_gave_up_on_is_started_once_its_segment_is_ready(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.networks_of_the_plugin = (replace(a_network(), name="web"),)
    stopped = replace(engine.container, labels={}, running=False, endpoints={"web": an_endpoint()})
    engine.container = stopped
    engine.given_up = {CONTAINER}
    resync_host(H1, context=site.context, engine=engine)
    sync_host(machine, context=site.context, force=True)
    assert engine.starts == [], "the switch is not ready yet"
    site.sync()
    engine.refuses_to_start = True
    problems = sync_host(machine, context=site.context, force=True)
    assert problems == {"container web-1": "container cccccccccccc: cannot be started"}
    sync_host(machine, context=site.context, force=True)
    assert engine.starts == [CONTAINER], "a second try waits"
    engine.refuses_to_start = False
    fails, _ = machine.revivals[CONTAINER]
    machine.revivals[CONTAINER] = (fails, 0.0)
    assert sync_host(machine, context=site.context, force=True) == {}
    assert engine.container.running
    sync_host(machine, context=site.context, force=True)
    assert (engine.starts, machine.revivals) == ([CONTAINER] * 2, {})


def test_more_containers_than_a_pass_starts_are_started_by_the_next_one_at_once(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    monkeypatch.setattr(revival, "MOST_AT_ONCE", 2)
    engine.networks_of_the_plugin = (replace(a_network(), name="web"),)
    stopped = replace(engine.container, labels={}, running=False, endpoints={"web": an_endpoint()})
    crowd = tuple(replace(stopped, id=ContainerId(letter * 64), name=letter) for letter in "abcde")
    monkeypatch.setattr(engine, "all_containers", lambda: crowd)
    engine.given_up = {facts.id for facts in crowd}
    resync_host(H1, context=site.context, engine=engine)
    site.sync()
    sync_host(machine, context=site.context, force=True)
    assert sorted(engine.starts) == [facts.id for facts in crowd]


def test_a_host_reports_though_docker_takes_long_to_refuse_each_of_many_containers(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    tried: list[ContainerId] = []

    def refuses(container: ContainerId, network: str, addresses: object, *, default_route: bool) -> Endpoint:
        del network, addresses, default_route
        tried.append(container)
        raise TransientError("its plug-in is away", subject=f"container {container[:12]}")

    crowd = tuple(replace(engine.container, id=ContainerId(letter * 64), name=letter) for letter in "abc")
    monkeypatch.setattr(engine, "all_containers", lambda: crowd)
    monkeypatch.setattr(engine, "connect", refuses)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    before = site.store.now()
    settings = site.context.settings.model_copy(update={"drain_deadline_seconds": 0.001})
    sync_host(machine, context=replace(site.context, settings=settings), force=True)
    assert tried == [crowd[0].id]
    report = site.store.devices.report_of(H1)
    assert report is not None
    assert report.reported_at > before
    dirty_at = site.store.devices.status(host_key(H1)).dirty_at
    assert dirty_at is not None
    assert dirty_at <= site.store.now(), "the others are not forgotten"


def test_a_container_with_a_label_that_was_started_on_the_network_besides_is_no_problem(
    site: Site, machine: Machine
) -> None:
    engine, ledger = machine.engine, site.store.ledger
    assert isinstance(engine, PlayedEngine)
    change_web(site, networks="declared")
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    web, mac = site.context.inventory().segments[WEB], "02:00:00:00:00:07"
    given = tuple(
        ledger.allocate(web, family=family, owner=Owner.by_mac(H1, mac), host=H1, name="", mac=mac).address
        for family in (4, 6)
    )
    there = replace(an_endpoint(), network_id="n-web", endpoint_id="e1", mac=mac, addresses=given)
    engine.container = replace(engine.container, endpoints={"web": there})
    guest = replace(there, network="web")
    network = replace(a_network(), id="n-web", name="web", ours=True, endpoints={CONTAINER: guest})
    engine.networks_of_the_plugin = (replace(network, names={CONTAINER: "web-1"}),)
    for _ in range(3):
        assert sync_host(machine, context=site.context, force=True) == {}
    held = {(lease.state, lease.address) for lease in ledger.leases(web)}
    assert held == {("ACTIVE", address) for address in given}

    engine.container = replace(engine.container, running=False, endpoints={"web": an_endpoint()})
    assert sync_host(machine, context=site.context, force=True) == {}
    assert {(lease.state, lease.address) for lease in ledger.leases(web)} == held, (
        "it will ask when it starts"
    )


def test_what_was_stopped_on_purpose_stays_so(site: Site, machine: Machine) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.networks_of_the_plugin = (replace(a_network(), name="web"),)
    engine.container = replace(engine.container, labels={}, running=False, endpoints={"web": an_endpoint()})
    resync_host(H1, context=site.context, engine=engine)
    site.sync()
    sync_host(machine, context=site.context, force=True)
    assert engine.starts == []


def test_docker_is_asked_once_a_window_whether_it_gave_up_however_often_a_pass_looks(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = 1e7  # none ends while this runs
    monkeypatch.setattr(revival, "WINDOW_SECONDS", window)
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.networks_of_the_plugin = (replace(a_network(), name="web"),)
    stopped = replace(engine.container, labels={}, running=False, endpoints={"web": an_endpoint()})
    engine.container = stopped
    resync_host(H1, context=site.context, engine=engine)
    site.sync()

    def looks_ahead() -> list[str]:
        sync_host(machine, context=site.context, force=True)
        alarms = site.store.connection.do("ZRANGE", "tl:alarms", 0, -1)
        return [alarm for alarm in alarms if alarm.startswith("host:h1@")]

    assert (looks_ahead(), engine.asked) == ([], [CONTAINER])
    end = (site.store.now() // window + 1) * window
    for _ in range(2):
        assert (looks_ahead(), engine.asked) == ([f"host:h1@{end:.6f}"], [CONTAINER])

    engine.container = replace(stopped, running=True)
    sync_host(machine, context=site.context, force=True)
    engine.container = stopped
    sync_host(machine, context=site.context, force=True)
    assert engine.asked == [CONTAINER] * 2, "it ran meanwhile"
    machine.revivals[CONTAINER] = (0, 0.0)  # the window is over
    sync_host(machine, context=site.context, force=True)
    assert engine.asked == [CONTAINER] * 3

    def refuses(intent: LinkIntent) -> bool:
        raise PermanentError("the kernel refused", subject=f"link {intent.name}")

    with monkeypatch.context() as broken:
        broken.setattr(machine.links, "ensure", refuses)
        sync_host(machine, context=site.context, force=True)
    engine.given_up = {CONTAINER}  # somebody started it while its segment was not ready
    sync_host(machine, context=site.context, force=True)
    assert (engine.asked, engine.starts) == ([CONTAINER] * 4, [CONTAINER])


def test_what_no_policy_wants_to_run_is_asked_for_rarely_and_nothing_looks_ahead_for_it(
    site: Site, machine: Machine
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.networks_of_the_plugin = (replace(a_network(), name="web"),)
    engine.container = replace(engine.container, labels={}, running=False, endpoints={"web": an_endpoint()})
    engine.unwanted = {CONTAINER}
    resync_host(H1, context=site.context, engine=engine)
    site.sync()
    for _ in range(3):
        sync_host(machine, context=site.context, force=True)
    assert (engine.asked, engine.starts) == ([CONTAINER], [])
    assert site.store.connection.do("ZRANGE", "tl:alarms", 0, -1) == []
    fails, not_before = machine.revivals[CONTAINER]
    assert (fails, not_before > site.store.now() + revival.UNWANTED_SECONDS) == (0, True)


def test_after_a_loss_of_the_record_nobody_gets_what_a_running_container_uses(
    site: Site, machine: Machine
) -> None:
    engine, ledger = machine.engine, site.store.ledger
    assert isinstance(engine, PlayedEngine)
    labelled = replace(an_endpoint(), endpoint_id="e1", mac="02:00:00:00:00:09")
    labelled = replace(labelled, addresses=(ip_address("172.31.0.2"), ip_address("fd00:31::2")))
    engine.container = replace(engine.container, endpoints={"web": labelled})
    engine.networks_of_the_plugin = (a_network(("d" * 64, "02:00:00:00:00:07", "172.31.0.3")),)
    inventory = site.context.inventory()
    web = inventory.segments[WEB]
    site.store.connection.do("FLUSHDB")
    site.store.inventory.put(dump(inventory), who="test", awaited=inventory.hosts)

    def newcomer(number: int) -> str:
        mac = f"02:00:00:00:01:{number:02x}"
        lease = ledger.allocate(web, family=4, owner=Owner.by_mac(H2, mac), host=H2, name="", mac=mac)
        return str(lease.address)

    with pytest.raises(LedgerClosed, match="segment web: the record is new or was lost"):
        newcomer(1)
    sync_host(machine, context=site.context, force=True)
    states = {str(lease.address): lease.host for lease in ledger.leases(web)}
    assert states == {"172.31.0.2": H1, "fd00:31::2": H1, "172.31.0.3": H1}
    site.store.devices.heartbeat("agent:h2", 60.0)
    with pytest.raises(LedgerClosed, match="h2 did not tell yet"):
        newcomer(1)
    assert ledger.told(H2)
    assert not ledger.is_closed()
    assert {newcomer(1), newcomer(2)}.isdisjoint(states)


def test_a_host_without_a_sign_of_life_keeps_a_lost_ledger_closed_for_a_while_only(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    del machine
    web = site.context.inventory().segments[WEB]
    site.store.connection.do("FLUSHDB")
    site.store.inventory.put(dump(an_inventory(segments={WEB: web})), who="test", awaited=(H1, H2))
    site.store.devices.heartbeat("agent:left-the-inventory", 60.0)
    owner = Owner.by_mac(H1, "02:00:00:00:00:01")
    with pytest.raises(LedgerClosed, match="there was little time to tell"):
        site.store.ledger.allocate(web, family=4, owner=owner, host=H1, name="")
    monkeypatch.setattr(ledger_module, "PATIENCE_SECONDS", 0.0)
    assert site.store.ledger.allocate(web, family=4, owner=owner, host=H1, name="").state == "PENDING"
    assert not site.store.ledger.is_closed()


def test_a_running_endpoint_without_a_lease_gets_its_own_or_is_told_who_has_it(
    site: Site, machine: Machine
) -> None:
    engine, ledger = machine.engine, site.store.ledger
    assert isinstance(engine, PlayedEngine)
    web = site.context.inventory().segments[WEB]
    other = Owner.by_mac(H2, "02:00:00:00:00:01")
    taken = ledger.allocate(web, family=4, owner=other, host=H2, name="theirs", mac="02:00:00:00:00:01")
    engine.container = replace(engine.container, labels={})
    engine.networks_of_the_plugin = (
        a_network(
            ("a" * 64, "02:00:00:00:00:07", "172.31.0.77"),
            ("b" * 64, "02:00:00:00:00:08", str(taken.address)),
        ),
    )
    problems = sync_host(machine, context=site.context, force=True)
    assert problems == {
        f"container name-{'b' * 64}": f"address {taken.address} of segment web: is held by container theirs on h2; "
        "ask for another one, or wait"
    }
    assert {str(lease.address): lease.host for lease in ledger.leases(web)} == {
        "172.31.0.77": H1,
        str(taken.address): H2,
    }


def test_a_host_has_an_address_of_its_own_where_the_segment_says_so_as_long_as_it_has_the_vlan(
    site: Site, machine: Machine
) -> None:
    shims = machine.shims
    assert isinstance(shims, PlayedShims)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}
    assert shims.made == {}, "nobody asked for it"
    change_web(site, host_access=True)
    site.sync()
    (line,) = plan_host(site.context, site.context.inventory(), machine).lines
    assert line.startswith("ip link add link eth0.10 name h-eth0.10 address 02:")
    assert sync_host(machine, context=site.context, force=True) == {}
    (shim,) = shims.made.values()
    assert (shim.name, shim.link) == ("h-eth0.10", "eth0.10")
    web = site.context.inventory().segments[WEB]
    own = {lease.address: lease.state for lease in site.store.ledger.leases(web) if lease.mac == shim.mac}
    assert own == {each.ip: "ACTIVE" for each in shim.addresses}
    assert [each for each in findings(site.store, site.context.settings) if not each.holds] == []
    assert [each.network.prefixlen for each in shim.addresses] == [32, 128]
    assert set(shim.routes) == {subnet.network for subnet in web.subnets}
    sync_host(machine, context=site.context, force=True)
    assert list(shims.made.values()) == [shim], "it keeps its address"

    shims.made.clear()  # the host reboots, and its containers do not come back
    site.hold(holder=f"container:{CONTAINER}")
    sync_host(machine, context=site.context, force=True)
    assert {each.state for each in site.store.ledger.leases(web) if each.mac == shim.mac} == {"QUARANTINE"}
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    sync_host(machine, context=site.context, force=True)
    assert list(shims.made.values()) == [shim], "it gets the address it had"
    assert {each.state for each in site.store.ledger.leases(web) if each.mac == shim.mac} == {"ACTIVE"}

    change_web(site, host_access=False)
    site.sync()
    sync_host(machine, context=site.context, force=True)
    assert shims.made == {}
    states = {lease.state for lease in site.store.ledger.leases(web) if lease.mac == shim.mac}
    assert states == {"QUARANTINE"}


def test_after_a_loss_of_the_record_a_host_keeps_its_own_address_and_nobody_else_gets_it(
    site: Site, machine: Machine
) -> None:
    shims, links, ledger = machine.shims, machine.links, site.store.ledger
    assert isinstance(shims, PlayedShims)
    assert isinstance(links, PlayedLinks)
    change_web(site, host_access=True)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    sync_host(machine, context=site.context, force=True)
    (shim,) = shims.made.values()
    links.made["eth0.10"] = replace(
        links.made["eth0.10"], children=(shim.name, shim.mac, "02:00:00:00:00:77")
    )
    inventory = site.context.inventory()
    site.store.connection.do("FLUSHDB")
    site.store.inventory.put(dump(inventory), who="test", awaited=inventory.hosts)
    sync_host(machine, context=site.context, force=True)
    web = inventory.segments[WEB]
    own = {
        lease.address
        for lease in ledger.leases(web, H1)
        if lease.mac == shim.mac and lease.state == "PENDING"
    }
    assert own == {each.ip for each in shim.addresses}
    assert list(shims.made.values()) == [shim], "a container is still there"

    links.made["eth0.10"] = replace(links.made["eth0.10"], children=(shim.name, shim.mac))
    sync_host(machine, context=site.context, force=True)
    assert shims.made == {}, "it is alone, and nobody wants it"


def test_a_shim_that_could_not_be_made_has_an_address_that_nobody_confirmed(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(intent: ShimIntent) -> bool:
        raise PermanentError("the kernel refused", subject=f"shim {intent.name}")

    monkeypatch.setattr(machine.shims, "ensure", refuses)
    change_web(site, host_access=True)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    problems = sync_host(machine, context=site.context, force=True)
    assert problems == {"shim h1/web": "shim h-eth0.10: the kernel refused"}
    web = site.context.inventory().segments[WEB]
    own = [lease.state for lease in site.store.ledger.leases(web) if lease.name == "(host h1)"]
    assert own == ["PENDING", "PENDING"]


def test_an_endpoint_that_never_showed_does_not_keep_its_containers_address_from_it(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host lost power after Docker got the address and before anybody put it on record as used."""
    engine, ledger = machine.engine, site.store.ledger
    assert isinstance(engine, PlayedEngine)
    web = site.context.inventory().segments[WEB]
    owner = Owner(container_id=CONTAINER, endpoint="web")
    kept = ledger.allocate(web, family=4, owner=owner, host=H1, name="web-1", kept=True)

    def asks(mac: str) -> LedgerLease:
        by_mac = Owner.by_mac(H1, mac)
        return ledger.allocate(web, family=4, owner=by_mac, host=H1, name="", mac=mac, wanted=kept.address)

    asks("02:00:00:00:00:08")
    monkeypatch.setattr(endpoints, "UNCONFIRMED_SECONDS", -1.0)
    sync_host(machine, context=site.context, force=True)
    assert asks("02:00:00:00:00:09").owner == owner


def test_a_kept_address_whose_subnet_is_gone_ends_no_pass(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}
    change_web(site, subnets=(a_subnet("10.9.0.0/24", "10.9.0.1"),))
    stopped = replace(engine.container.endpoints["web"], endpoint_id="", mac="")
    engine.container = replace(engine.container, running=False, endpoints={"web": stopped})
    site.sync()
    monkeypatch.setattr(endpoints, "UNCONFIRMED_SECONDS", -1.0)
    problems = sync_host(machine, context=site.context, force=True)
    assert problems is not None, site.store.devices.status(host_key(H1)).error


def test_a_container_with_a_label_that_was_started_on_the_network_has_its_address_by_right(
    site: Site, machine: Machine
) -> None:
    engine, ledger = machine.engine, site.store.ledger
    assert isinstance(engine, PlayedEngine)
    web, mac = site.context.inventory().segments[WEB], "02:00:00:00:00:07"
    given = [
        ledger.allocate(web, family=family, owner=Owner.by_mac(H1, mac), host=H1, name="", mac=mac)
        for family in (4, 6)
    ]
    endpoint = replace(
        an_endpoint(), endpoint_id="e7", mac=mac, addresses=tuple(each.address for each in given)
    )
    engine.container = replace(engine.container, endpoints={"web": endpoint})
    engine.networks_of_the_plugin = (
        replace(a_network(), name="web", ours=True, endpoints={CONTAINER: endpoint}),
    )
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    for _ in range(2):
        assert sync_host(machine, context=site.context, force=True) == {}
    owner = Owner(container_id=CONTAINER, endpoint="web")
    leases = ledger.leases(web)
    assert {(lease.state, lease.owner) for lease in leases} == {("ACTIVE", owner)}
    assert {lease.address for lease in leases} == {each.address for each in given}


def test_an_address_that_was_released_by_mistake_is_its_endpoints_again(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network with that auxiliary address, or another container with that MAC, could not be made."""
    engine, ledger = machine.engine, site.store.ledger
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    web, mac = site.context.inventory().segments[WEB], "02:00:00:00:00:07"
    lease = ledger.allocate(web, family=4, owner=Owner.by_mac(H1, mac), host=H1, name="", mac=mac)
    engine.networks_of_the_plugin = (a_network((CONTAINER, mac, str(lease.address))),)
    sync_host(machine, context=site.context, force=True)
    assert ledger.release_endpoint(web, address=lease.address, host=H1, mac=mac)

    def state() -> str:
        return ledger.leases(web)[0].state

    assert sync_host(machine, context=site.context, force=True) == {}
    assert state() == "QUARANTINE", "Docker may show for a moment what it has released"
    monkeypatch.setattr(endpoints, "SETTLING_SECONDS", 0.0)
    for _ in range(2):
        assert sync_host(machine, context=site.context, force=True) == {}
    assert state() == "ACTIVE"
    assert site.store.traces.gone([H1]) == {H1: frozenset()}


def test_a_host_gets_another_address_of_its_own_when_the_segment_gets_other_subnets(
    site: Site, machine: Machine
) -> None:
    shims = machine.shims
    assert isinstance(shims, PlayedShims)
    engine = machine.engine
    assert isinstance(engine, PlayedEngine)
    engine.container = replace(engine.container, labels={})
    change_web(site, host_access=True, gateway=ExternalGateway())
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}
    change_web(site, subnets=(a_subnet("10.9.0.0/24", "10.9.0.1"),))
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}
    (shim,) = shims.made.values()
    assert [str(address) for address in shim.addresses] == ["10.9.0.2/32"]


def test_a_shim_that_cannot_be_removed_keeps_its_addresses(
    site: Site, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(name: str) -> bool:
        raise PermanentError("the kernel refused", subject=f"shim {name}")

    shims = machine.shims
    assert isinstance(shims, PlayedShims)
    change_web(site, host_access=True)
    site.hold(WEB, holder=f"container:{CONTAINER}")
    site.sync()
    assert sync_host(machine, context=site.context, force=True) == {}
    change_web(site, host_access=False)
    site.sync()
    web = site.context.inventory().segments[WEB]

    def own() -> set[str]:
        return {each.state for each in site.store.ledger.leases(web) if each.name == "(host h1)"}

    with monkeypatch.context() as patched:
        patched.setattr(shims, "remove", refuses)
        assert sync_host(machine, context=site.context, force=True)
    assert own() == {"ACTIVE"}, "it still answers to them"
    assert sync_host(machine, context=site.context, force=True) == {}
    assert own() == {"QUARANTINE"}
