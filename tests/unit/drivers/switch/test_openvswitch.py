"""The dialect of Open vSwitch on what ovs-vsctl prints: what it reads, and every line that it writes."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from tests.builders import a_switch, a_switch_intent
from trunkline.drivers.switch.claims import Change, diff, holds
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.guards import check_blocks, check_commands
from trunkline.drivers.switch.linux_interfaces import FORWARDING, LINKS
from trunkline.drivers.switch.obstacles import why_not_add, why_not_remove
from trunkline.drivers.switch.openvswitch import GRAMMAR, OpenVswitch
from trunkline.drivers.switch.openvswitch_tables import BRIDGES, INTERFACES, PORTS, macs_of
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.untouched import untouched
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, Neighbor, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

P1, P2, BR0 = PortName("p1"), PortName("p2"), PortName("br0")
VLAN = Vid(10)
GATEWAY = Gateway(vlan=VLAN, addresses=(ip_interface("10.10.0.254/24"), ip_interface("fd00:10::ff/64")))
SCOPE = Scope(
    switch=a_switch(driver="openvswitch"),
    vlans=frozenset({VLAN}),
    ports=(P1, P2),
    gateways=((None, VLAN),),
    removals=((P1, VLAN),),
)
NONE: list[Any] = ["set", []]
MACS = " port  VLAN  MAC                Age\n"


def a_set(*values: int) -> object:
    """Write a set as the database does: one of one is that one."""
    return values[0] if len(values) == 1 else ["set", list(values)]


def tables(**ports: tuple[object, object, object]) -> dict[str, str]:
    """Give the tables of one bridge with these ports: tag, trunks and vlan_mode of each."""
    names = ["br0", *ports]
    port_rows = [
        [["uuid", f"p-{name}"], name, *ports.get(name, (NONE, NONE, NONE)), ["uuid", f"i-{name}"]]
        for name in names
    ]
    interfaces = [[["uuid", f"i-{name}"], name, index or 65534] for index, name in enumerate(names)]
    bridges = [["br0", ["set", [["uuid", f"p-{name}"] for name in names]]]]

    def table(headings: str, rows: list[list[Any]]) -> str:
        return json.dumps({"data": rows, "headings": headings.split()})

    return {
        PORTS: table("_uuid name tag trunks vlan_mode interfaces", port_rows),
        INTERFACES: table("_uuid name ofport", interfaces),
        BRIDGES: table("name ports", bridges),
        macs_of(BR0): MACS,
        LINKS: "[]",
        FORWARDING: "1\n1",
    }


def read(*, macs: str = "", links: str = "[]", **ports: tuple[object, object, object]) -> SwitchState:
    outputs = tables(**ports) | {macs_of(BR0): MACS + macs, LINKS: links}
    return OpenVswitch().parse(outputs, SCOPE)


def an_intent(**changes: Any) -> SwitchIntent:
    rules = {P1: PortRule(port=P1, adopt=True), P2: PortRule(port=P2)}
    return replace(a_switch_intent(switch=SCOPE.switch, ports=rules), **changes)


def lines(*changes: Change, state: SwitchState) -> list[str]:
    """Render, let the guard look, give every line."""
    blocks = OpenVswitch().render(changes, state, an_intent().ports)
    vlans = frozenset(change.claim.vlan for change in changes)
    check_blocks(blocks, GRAMMAR, intent=an_intent(), vlans=vlans, before=state)
    return [line for block in blocks for line in (block.enter, *block.lines)]


@pytest.mark.parametrize(
    ("port", "mode", "allowed", "native"),
    [
        ((NONE, NONE, NONE), "trunk", VlanSet.every(), None),
        ((NONE, a_set(10, 20), NONE), "trunk", VlanSet([10, 20]), None),
        ((NONE, a_set(4095), "trunk"), "trunk", VlanSet(), None),
        ((5, a_set(0, 10), "native-untagged"), "trunk", VlanSet([5, 10]), 5),
        ((5, NONE, "native-tagged"), "trunk", VlanSet.every(), 5),
        ((5, NONE, NONE), "access", VlanSet(), None),
        ((5, NONE, "access"), "access", VlanSet(), None),
        ((5, a_set(10), "access"), "special", VlanSet([10]), None),
        ((NONE, NONE, "access"), "special", VlanSet(), None),
        ((NONE, NONE, "native-untagged"), "special", VlanSet(), None),
        ((5, NONE, "dot1q-tunnel"), "special", VlanSet(), None),
    ],
)
def test_what_a_port_is(
    port: tuple[object, object, object], mode: str, allowed: VlanSet, native: int | None
) -> None:
    row = read(p1=port).ports[P1]
    assert (row.mode, row.allowed, row.native_vlan) == (mode, allowed, native)


def test_a_port_that_is_not_there_is_named() -> None:
    assert "there is no port p2" in why_not_add(
        Carries(port=P2, vlan=VLAN), an_intent(), read(p1=(5, NONE, NONE))
    )


def test_a_trunk_without_a_list_carries_every_vlan_and_nothing_is_taken_from_it() -> None:
    state = read(p1=(NONE, NONE, NONE))
    claim = Carries(port=P1, vlan=VLAN)
    assert holds(claim, state)
    assert "carries every VLAN" in why_not_remove(claim, an_intent(), state)


def test_a_vlan_is_added_only_to_a_list_and_leaves_one_behind() -> None:
    state = read(p1=(NONE, a_set(20), NONE))
    claim = Carries(port=P1, vlan=VLAN)
    assert lines(Change(op="add", claim=claim), state=state) == [
        "ovs-vsctl --timeout=5 wait-until port p1 trunks!=[] -- add port p1 trunks 10"
    ]
    assert lines(Change(op="remove", claim=claim), state=state) == [
        "ovs-vsctl --timeout=5 wait-until port p1 trunks!=[] -- add port p1 trunks 4095 -- remove port p1 trunks 10"
    ]
    assert lines(Change(op="add", claim=HasVlan(vlan=VLAN, name="tl-web")), state=state) == []


def test_an_access_port_is_adopted_in_one_transaction_and_can_be_put_back() -> None:
    before, after = read(p1=(5, NONE, NONE)), read(p1=(5, a_set(10, 11), "native-untagged"))
    claims = [Carries(port=P1, vlan=Vid(vlan)) for vlan in (10, 11)]
    changes, problems = diff(an_intent(present=frozenset(claims)), before)
    assert not problems
    assert lines(*changes, state=before) == [
        "ovs-vsctl --timeout=5 add port p1 trunks 10 -- set port p1 vlan_mode=native-untagged",
        "ovs-vsctl --timeout=5 wait-until port p1 trunks!=[] -- add port p1 trunks 11",
    ]
    assert list(untouched(before, after, changes)) == []
    back = OpenVswitch().restore(P1, before.ports[P1])
    assert back.enter == "ovs-vsctl --timeout=5 clear port p1 vlan_mode trunks"
    check_blocks([back], GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=before)
    with pytest.raises(GuardRefused, match="adopted"):
        check_blocks([back], GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=after)


def test_who_talks_on_a_port_keeps_its_vlan_and_an_unknown_port_is_every_port() -> None:
    macs = "".join(
        f"{port:>5} {vlan:>5}  {mac}    1\n"
        for port, vlan, mac in (
            ("1", 10, "02:00:00:00:00:01"),
            ("1", 11, "02:00:00:00:00:02"),
            ("2", 10, "02:00:00:00:00:03"),
            ("LOCAL", 10, "02:00:00:00:00:04"),
            ("9", 10, "02:00:00:00:00:05"),
            ("1", 10, "01:00:5e:00:00:01"),
        )
    )
    ports = {"p1": (NONE, a_set(10), NONE), "p2": (NONE, a_set(10), NONE)}
    state = read(macs=macs, **ports)  # type: ignore[arg-type]  # a port is a tuple of three
    assert state.macs == {(P1, VLAN): frozenset({"02:00:00:00:00:01", "02:00:00:00:00:05"})}


def test_the_bridges_of_removals_are_asked_who_talks_there() -> None:
    outputs = tables(p1=(NONE, a_set(10), NONE))
    (query,) = OpenVswitch().more_queries(outputs, SCOPE)
    assert query.command == "ovs-appctl fdb/show br0"
    assert query.answer.search(MACS)
    assert not query.answer.search("ovs-appctl: no such bridge\nexit status 2")
    assert OpenVswitch().more_queries(outputs, replace(SCOPE, removals=())) == []
    strange = {**outputs, BRIDGES: outputs[BRIDGES].replace('"br0"', '"br0 br1"')}
    with pytest.raises(ValueError, match="is not sent"):
        OpenVswitch().more_queries(strange, SCOPE)


def test_a_gateway_is_an_internal_port_with_the_vlan_as_its_tag() -> None:
    state = read(p1=(NONE, a_set(10), NONE))
    assert lines(Change(op="add", claim=GATEWAY), state=state) == [
        "ovs-vsctl --timeout=5 add-port br0 gl10 tag=10 -- set interface gl10 type=internal",
        "ip address add 10.10.0.254/24 dev gl10",
        "ip address add fd00:10::ff/64 dev gl10",
        "ip link set dev gl10 up",
    ]
    addresses = [{"local": str(each.ip), "prefixlen": each.network.prefixlen} for each in GATEWAY.addresses]
    link = {"ifname": "gl10", "flags": ["UP"], "addr_info": addresses}
    there = read(links=json.dumps([link]), p1=(NONE, a_set(10), NONE), gl10=(10, NONE, NONE))
    assert holds(GATEWAY, there)
    assert lines(Change(op="remove", claim=GATEWAY), state=there) == [
        "ovs-vsctl --timeout=5 del-port br0 gl10"
    ]
    lost = read(links=json.dumps([{**link, "addr_info": []}]), p1=(NONE, NONE, NONE))
    assert "is no port of br0" in why_not_add(GATEWAY, an_intent(), lost)


def test_a_gateway_on_an_interface_of_the_machine_is_refused() -> None:
    scope = replace(SCOPE, gateways=((P1, VLAN),))
    state = OpenVswitch().parse(tables(p1=(NONE, NONE, NONE)), scope)
    assert "without an interface" in why_not_add(replace(GATEWAY, parent=P1), an_intent(), state)


def test_exactly_one_entry_is_forgotten() -> None:
    neighbor = Neighbor(vlan=VLAN, address=ip_address("fd00:10::9"))
    how = OpenVswitch().forget(neighbor, '[{"ifname":"gl10"}]')
    assert how is not None
    assert how.commands == ("ip neigh del fd00:10::9 dev gl10",)
    check_commands(how.commands, GRAMMAR, switch=SCOPE.switch, neighbor=neighbor)
    assert OpenVswitch().forget(neighbor, '[{"ifname":"gl11"}]') is None


@pytest.mark.parametrize("text", ["[]", "{}", '{"headings":["_uuid"],"data":[[1,2]]}', "no json"])
def test_what_is_no_table_is_an_error_that_names_the_command(text: str) -> None:
    with pytest.raises(ValueError, match="list port"):
        OpenVswitch().parse({**tables(), PORTS: text}, SCOPE)


@pytest.mark.parametrize(
    "line",
    [
        "ovs-vsctl --timeout=5 add port p1 trunks 10",
        "ovs-vsctl --timeout=5 remove port p1 trunks 10",
        "ovs-vsctl --timeout=5 clear port p1 trunks",
        "ovs-vsctl --timeout=5 wait-until port p1 trunks!=[] -- add port p2 trunks 10",
        "ovs-vsctl --timeout=5 wait-until port p3 trunks!=[] -- add port p3 trunks 10",
        "ovs-vsctl --timeout=5 wait-until port p1 trunks!=[] -- add port p1 trunks 11",
        "ovs-vsctl --timeout=5 del-port br0 p1",
        "ovs-vsctl --timeout=5 add-port br0 gl10 tag=11 -- set interface gl10 type=internal",
        "ovs-vsctl --timeout=5 del-br br0",
        "ip address add 10.0.0.1/24 dev br0",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    block = Block(enter=line, mode="", lines=(), claims=frozenset())
    state = read(p1=(NONE, a_set(20), NONE))
    with pytest.raises(GuardRefused):
        check_blocks([block], GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=state)
