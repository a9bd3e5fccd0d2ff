"""The way of a VLAN, compared with every simple path through small random networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import PORT_1, a_host, a_segment, a_switch, an_inventory
from trunkline.orchestrator.models import (
    ExternalGateway,
    Host,
    HostName,
    Inventory,
    Link,
    PortName,
    RouterGateway,
    Rule,
    SegmentName,
    SviGateway,
    SwitchName,
    Uplink,
)
from trunkline.orchestrator.planning import devices_of, path, switches_of, uplinks_of

WEB = SegmentName("web")


def a_link(one: str, other: str) -> Link:
    ends = [end.partition(":") for end in (one, other)]
    first, second = ((SwitchName(name), PortName(port)) for name, _, port in ends)
    return Link(ends=(first, second))


def a_network(switches: str, links: list[Link], hosts: dict[str, str], gateway: str) -> Inventory:
    """Build ``switches`` (names, routers start with r), hosts by name -> switch:port."""
    place = (
        RouterGateway(
            router=SwitchName(gateway.split(":", maxsplit=1)[0]), interface=PortName(gateway.split(":")[1])
        )
        if ":" in gateway
        else SviGateway(switch=SwitchName(gateway))
        if gateway
        else ExternalGateway()
    )
    return an_inventory(
        switches={
            SwitchName(name): a_switch(name, kind="router" if name[0] == "r" else "l3switch")
            for name in switches.split()
        },
        links=tuple(links),
        hosts={
            HostName(name): a_host(name, cable.split(":")[1], cable.split(":")[0])
            for name, cable in hosts.items()
        },
        segments={WEB: a_segment(gateway=place)},
    )


def test_a_host_on_the_gateway_switch_needs_its_own_port_only() -> None:
    inventory = a_network("sw1 sw2", [a_link("sw1:t1", "sw2:t1")], {"h1": "sw1:g1"}, "sw1")
    assert path(inventory, [HostName("h1")], WEB) == {"sw1": {"g1"}}


def test_both_ends_of_every_cable_to_the_gateway_carry_the_vlan() -> None:
    links = [a_link("sw1:t1", "sw2:t1"), a_link("sw2:t2", "sw3:t1"), a_link("sw2:t3", "sw4:t1")]
    inventory = a_network("sw1 sw2 sw3 sw4", links, {"h1": "sw3:g1"}, "sw1")
    assert path(inventory, [HostName("h1")], WEB) == {
        "sw1": {"t1"},
        "sw2": {"t1", "t2"},
        "sw3": {"t1", "g1"},
    }
    assert devices_of(inventory, HostName("h1"), WEB) == ("host:h1", "switch:sw1", "switch:sw2", "switch:sw3")


def test_a_router_on_a_stick_is_on_the_way_without_ports() -> None:
    inventory = a_network("sw1 r1", [a_link("sw1:t1", "r1:g0")], {"h1": "sw1:g1"}, "r1:g0")
    assert path(inventory, [HostName("h1")], WEB) == {"sw1": {"g1", "t1"}, "r1": set()}


def test_no_vlan_runs_through_a_router() -> None:
    links = [a_link("sw1:t1", "r1:g0"), a_link("sw2:t1", "r1:g1")]
    inventory = a_network("sw1 sw2 r1", links, {"h1": "sw1:g1", "h2": "sw2:g1"}, "r1:g0")
    assert path(inventory, [HostName("h2")], WEB) == {}
    assert uplinks_of(inventory, HostName("h2"), WEB) == ()
    assert path(inventory, [HostName("h1"), HostName("h2")], WEB) == {"sw1": {"g1", "t1"}, "r1": set()}


def test_with_an_external_gateway_the_way_joins_the_participants_only() -> None:
    links = [a_link("sw1:t1", "sw2:t1"), a_link("sw2:t2", "sw3:t1")]
    hosts = {"h1": "sw1:g1", "h3": "sw3:g1"}
    inventory = a_network("sw1 sw2 sw3", links, hosts, "")
    assert path(inventory, [HostName("h1")], WEB) == {"sw1": {"g1"}}
    assert path(inventory, [HostName("h1"), HostName("h3")], WEB) == {
        "sw1": {"g1", "t1"},
        "sw2": {"t1", "t2"},
        "sw3": {"g1", "t1"},
    }
    assert devices_of(inventory, HostName("h1"), WEB) == ("host:h1", "switch:sw1", "switch:sw2", "switch:sw3")
    assert switches_of(inventory, HostName("h1"), WEB) == ("sw1",)


def test_with_an_external_gateway_hosts_that_the_policy_keeps_out_concern_nobody() -> None:
    links = [a_link("sw1:t1", "sw2:t1")]
    inventory = a_network("sw1 sw2", links, {"h1": "sw1:g1", "h2": "sw2:g1"}, "")
    inventory = replace(inventory, policy=(Rule(hosts=frozenset({"h1"}), segments=frozenset({"*"})),))
    assert devices_of(inventory, HostName("h1"), WEB) == ("host:h1", "switch:sw1")


def test_two_cables_between_two_switches_both_carry_the_vlan() -> None:
    links = [a_link("sw1:t1", "sw2:t1"), a_link("sw1:t2", "sw2:t2")]
    inventory = a_network("sw1 sw2", links, {"h1": "sw2:g1"}, "sw1")
    assert path(inventory, [HostName("h1")], WEB) == {"sw1": {"t1", "t2"}, "sw2": {"t1", "t2", "g1"}}


def test_a_ring_that_hangs_off_the_way_stays_out_of_it() -> None:
    ring = [a_link("sw2:a", "sw3:a"), a_link("sw3:b", "sw4:a"), a_link("sw4:b", "sw2:b")]
    inventory = a_network("sw1 sw2 sw3 sw4", [a_link("sw1:t1", "sw2:t1"), *ring], {"h1": "sw2:g1"}, "sw1")
    assert path(inventory, [HostName("h1")], WEB) == {"sw1": {"t1"}, "sw2": {"t1", "g1"}}


def test_all_ports_of_one_bond_carry_the_vlan_and_other_nics_do_not() -> None:
    uplinks = (
        Uplink(nic="eth9", switch=SwitchName("sw9"), port=PORT_1),
        Uplink(nic="bond0", switch=SwitchName("sw1"), port=PortName("g1")),
        Uplink(nic="bond0", switch=SwitchName("sw2"), port=PortName("g1")),
        Uplink(nic="eth3", switch=SwitchName("sw1"), port=PortName("g3")),
    )
    inventory = an_inventory(
        switches={SwitchName(name): a_switch(name) for name in ("sw1", "sw2", "sw9")},
        links=(a_link("sw1:t1", "sw2:t1"),),
        hosts={HostName("h1"): Host(name=HostName("h1"), uplinks=uplinks)},
    )
    assert [each.nic for each in uplinks_of(inventory, HostName("h1"), WEB)] == ["bond0", "bond0"]
    assert path(inventory, [HostName("h1")], WEB) == {"sw1": {"t1", "g1"}, "sw2": {"t1", "g1"}}


@pytest.mark.parametrize(("host", "segment"), [("h9", "web"), ("h1", "gone"), ("h9", "gone")])
def test_names_that_left_the_inventory_concern_the_host_alone(host: str, segment: str) -> None:
    assert devices_of(an_inventory(), HostName(host), SegmentName(segment)) == (f"host:{host}",)


@st.composite
def networks(draw: st.DrawFn) -> Inventory:
    names = [f"sw{number}" for number in range(1, draw(st.integers(2, 5)) + 1)]
    pairs = [(one, other) for index, one in enumerate(names) for other in names[:index]]
    links = [
        a_link(f"{one}:p{index}", f"{other}:q{index}")
        for index, (one, other) in enumerate(draw(st.lists(st.sampled_from(pairs), max_size=7)))
    ]
    cables = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
    hosts = {f"h{index}": f"{name}:g{index}" for index, name in enumerate(cables)}
    return a_network(" ".join(names), links, hosts, draw(st.sampled_from(["", *names])))


def every_simple_path(links: tuple[Link, ...], start: str, goal: str) -> Iterator[list[Link]]:
    def walk(here: str, seen: frozenset[str], used: list[Link]) -> Iterator[list[Link]]:
        if here == goal:
            yield used
            return
        for link in links:
            (one, _), (other, _) = link.ends
            if here in {one, other}:
                there = other if here == one else one
                if there not in seen:
                    yield from walk(there, seen | {there}, [*used, link])

    yield from walk(start, frozenset({start}), [])


@settings(max_examples=300, deadline=None)
@given(networks(), st.data())
def test_the_way_is_exactly_all_simple_paths_between_participants(
    inventory: Inventory, data: st.DataObject
) -> None:
    hosts = data.draw(st.sets(st.sampled_from(sorted(inventory.hosts)), min_size=1))
    gateway = inventory.segments[WEB].gateway
    expected: dict[str, set[str]] = {}
    ends: set[str] = set()
    for host in hosts:
        uplink = inventory.hosts[host].uplinks[0]
        reaches = not isinstance(gateway, SviGateway) or any(
            True for _ in every_simple_path(inventory.links, uplink.switch, gateway.switch)
        )
        if reaches:
            expected.setdefault(uplink.switch, set()).add(uplink.port)
            ends.add(uplink.switch)
    if ends and isinstance(gateway, SviGateway):
        ends.add(gateway.switch)
        expected.setdefault(gateway.switch, set())
    for one in ends:
        for other in ends - {one}:
            for links in every_simple_path(inventory.links, one, other):
                for link in links:
                    for name, port in link.ends:
                        expected.setdefault(name, set()).add(port)
    assert path(inventory, hosts, WEB) == expected
