"""The dialect of the kernel's bridge on what iproute2 prints: what it reads, and every line that it writes."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_switch, a_switch_intent
from trunkline.drivers.switch.claims import Change, diff, holds, is_gone
from trunkline.drivers.switch.dialect import EXIT, Block, Scope
from trunkline.drivers.switch.guards import check_blocks, check_commands
from trunkline.drivers.switch.linux_bridge import GRAMMAR, MACS, VLANS, LinuxBridge
from trunkline.drivers.switch.linux_interfaces import FORWARDING, LINKS
from trunkline.drivers.switch.obstacles import why_not_add, why_not_remove
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.drivers.switch.untouched import untouched
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, Neighbor, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

P1, P2, BR0, UPLINK = PortName("p1"), PortName("p2"), PortName("br0"), PortName("eth7")
VLAN = Vid(10)
GATEWAY = Gateway(vlan=VLAN, addresses=(ip_interface("10.10.0.254/24"), ip_interface("fd00:10::ff/64")))
ON_A_STICK = replace(GATEWAY, parent=UPLINK)
SCOPE = Scope(
    switch=a_switch(driver="linux_bridge"),
    vlans=frozenset({VLAN}),
    ports=(P1, P2),
    gateways=((None, VLAN), (UPLINK, VLAN)),
    removals=((P1, VLAN),),
)
Json = dict[str, Any]  # as iproute2 prints it


def a_link(name: str, kind: str = "", data: Json | None = None, **changes: Any) -> Json:
    linkinfo = {"info_kind": kind, "info_data": data or {}} if kind else {}
    return {
        "ifname": name,
        "flags": ["BROADCAST", "UP", "LOWER_UP"],
        "linkinfo": linkinfo,
        "addr_info": [],
    } | changes


def a_port(name: str, master: str = "br0") -> Json:
    return a_link(name, master=master, linkinfo={"info_kind": "veth", "info_slave_kind": "bridge"})


def a_bridge(name: str = "br0", *, filtering: int = 1, **changes: Any) -> Json:
    return a_link(name, "bridge", {"vlan_filtering": filtering, "vlan_protocol": "802.1Q"}, **changes)


def an_svi(name: str = "br0.10", link: str = "br0", vlan: int = 10, **changes: Any) -> Json:
    addresses = [
        {"family": "inet", "local": "10.10.0.254", "prefixlen": 24, "scope": "global"},
        {"family": "inet6", "local": "fd00:10::ff", "prefixlen": 64, "scope": "global"},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
    ]
    made = a_link(name, "vlan", {"protocol": "802.1Q", "id": vlan}, link=link, addr_info=addresses)
    return made | changes


LINKS_THERE = (a_link("lo"), a_bridge(), a_port("p1"), a_port("p2"), a_link("eth7"))


def members(**vlans: list[Json]) -> str:
    return json.dumps([{"ifname": name, "vlans": rows} for name, rows in vlans.items()])


UNTAGGED = {"vlan": 1, "flags": ["PVID", "Egress Untagged"]}
TAGGED = {"vlan": 10}


def read(
    *links: Json, vlans: str = members(p1=[UNTAGGED, TAGGED], p2=[UNTAGGED]), macs: list[Json] | None = None
) -> SwitchState:
    outputs = {
        LINKS: json.dumps([*links, {}]),
        VLANS: vlans,
        MACS: json.dumps(macs or []),
        FORWARDING: "1\n1",
    }
    return LinuxBridge().parse(outputs, SCOPE)


def an_intent(**changes: Any) -> SwitchIntent:
    rules = {P1: PortRule(port=P1), P2: PortRule(port=P2)}
    return replace(a_switch_intent(switch=SCOPE.switch, ports=rules), **changes)


def lines(*changes: Change, state: SwitchState) -> list[str]:
    """Render, let the guard look, give every line."""
    blocks = LinuxBridge().render(changes, state, an_intent().ports)
    vlans = frozenset(change.claim.vlan for change in changes)
    check_blocks(blocks, GRAMMAR, intent=an_intent(), vlans=vlans, before=state)
    return [line for block in blocks for line in (block.enter, *block.lines)]


def test_a_port_is_a_trunk_while_it_carries_something_tagged_or_nothing_at_all() -> None:
    state = read(*LINKS_THERE, vlans=members(p1=[UNTAGGED, TAGGED, {"vlan": 20, "vlanEnd": 22}]))
    assert state.ports[P1].mode == "trunk"
    assert state.ports[P1].allowed == VlanSet([1, 10, 20, 21, 22])
    assert state.ports[P1].native_vlan == 1
    assert state.ports[P2].mode == "trunk", "a port in no VLAN cuts nobody off"
    assert read(*LINKS_THERE).ports[P2].mode == "access"


@pytest.mark.parametrize(
    ("link", "vlans", "words"),
    [
        (a_link("p9"), [], "there is no port p1"),
        (a_link("p1"), [], "is a routed port"),
        (
            a_link("p1", master="bond0", linkinfo={"info_slave_kind": "bond"}),
            [],
            "name bond0 in the inventory",
        ),
        (a_port("p1", master="br1"), [], "a bridge without VLAN filtering"),
        (a_port("p1"), [{"vlan": 10, "flags": ["Egress Untagged"]}], "untagged one way only"),
        (a_port("p1"), [{"vlan": 5, "flags": ["PVID"]}], "untagged one way only"),
        (a_port("p1"), [{"vlan": 5, "flags": ["PVID", "Egress Untagged"]}], "mode access, not a trunk"),
        (a_port("p1"), [{"vlan": 10, "flags": ["PVID", "Egress Untagged"]}], "is the access VLAN"),
    ],
)
def test_what_stands_in_the_way_on_a_port(link: Json, vlans: list[Json], words: str) -> None:
    state = read(a_bridge(), a_bridge("br1", filtering=0), link, vlans=members(p1=vlans))
    claim = Carries(port=P1, vlan=VLAN)
    assert not holds(claim, state)
    assert words in why_not_add(claim, an_intent(), state)


def test_vlans_are_added_and_taken_away_in_ranges_and_nothing_else_is_written() -> None:
    state = read(*LINKS_THERE)
    add = [Change(op="add", claim=Carries(port=P1, vlan=Vid(vlan))) for vlan in (12, 10, 11, 20)]
    assert lines(*add, state=state) == ["bridge vlan add dev p1 vid 10-12", "bridge vlan add dev p1 vid 20"]
    gone = Change(op="remove", claim=Carries(port=P2, vlan=VLAN))
    assert lines(gone, state=state) == ["bridge vlan del dev p2 vid 10"]
    assert lines(Change(op="add", claim=HasVlan(vlan=VLAN, name="tl-web")), state=state) == []


def test_an_access_port_is_adopted_by_adding_to_it_and_is_one_again_afterwards() -> None:
    claim = Carries(port=P2, vlan=VLAN)
    before, after = (
        read(*LINKS_THERE),
        read(*LINKS_THERE, vlans=members(p1=[UNTAGGED, TAGGED], p2=[UNTAGGED, TAGGED])),
    )
    adopts = an_intent(present=frozenset({claim}), ports={P2: PortRule(port=P2, adopt=True)})
    (change,), problems = diff(adopts, before)
    assert not problems
    assert diff(an_intent(present=frozenset({claim})), before)[1].keys() == {claim}
    assert list(untouched(before, after, [change])) == []
    assert list(untouched(after, before, [Change(op="remove", claim=claim)])) == []


def test_a_vlan_that_nobody_makes_leaves_nothing_behind() -> None:
    made = HasVlan(vlan=VLAN, name="tl-web")
    state = read(*LINKS_THERE)
    assert holds(made, state)
    assert diff(an_intent(present=frozenset(), absent=frozenset({made})), state) == ((), {})


def test_who_talks_on_a_port_keeps_its_vlan() -> None:
    def mac(last: str, **changes: Any) -> Json:
        return {
            "mac": f"02:00:00:00:00:{last}",
            "ifname": "p1",
            "vlan": 10,
            "master": "br0",
            "state": "",
        } | changes

    macs = [
        mac("01"),
        mac("02", vlan=11),
        mac("03", ifname="p2"),
        mac("04", state="permanent"),
        mac("05", mac="01:00:5e:00:00:01"),
        {"mac": "02:00:00:00:00:06", "ifname": "p1", "flags": ["self"], "state": ""},
        {"mac": "02:00:00:00:00:07", "ifname": "p1", "master": "br0", "state": ""},
    ]
    state = read(*LINKS_THERE, macs=macs)
    assert state.macs == {(P1, VLAN): frozenset({"02:00:00:00:00:01", "02:00:00:00:00:07"})}
    assert "in use" in why_not_remove(Carries(port=P1, vlan=VLAN), an_intent(), state)


def test_a_gateway_is_an_interface_on_the_bridge_which_joins_the_vlan() -> None:
    state = read(*LINKS_THERE)
    assert lines(Change(op="add", claim=GATEWAY), state=state) == [
        "ip link add link br0 name br0.10 type vlan id 10",
        "bridge vlan add dev br0 vid 10 self",
        "ip address add 10.10.0.254/24 dev br0.10",
        "ip address add fd00:10::ff/64 dev br0.10",
        "ip link set dev br0.10 up",
    ]
    there = read(*LINKS_THERE, an_svi(), vlans=members(p1=[], br0=[TAGGED]))
    assert holds(GATEWAY, there)
    assert lines(Change(op="remove", claim=GATEWAY), state=there) == [
        "ip link del dev br0.10",
        "bridge vlan del dev br0 vid 10 self",
    ]


def test_of_half_a_gateway_the_rest_is_written() -> None:
    state = read(*LINKS_THERE, an_svi(addr_info=[]), vlans=members(p1=[], br0=[TAGGED]))
    assert not holds(GATEWAY, state)
    assert "ip link add" not in "".join(lines(Change(op="add", claim=GATEWAY), state=state))
    cut_off = read(*LINKS_THERE, an_svi(), vlans=members(p1=[]))
    assert not holds(GATEWAY, cut_off), "the bridge is no member of its VLAN"
    assert not is_gone(GATEWAY, cut_off)


def test_a_sub_interface_of_a_nic_is_a_gateway_too() -> None:
    assert lines(Change(op="add", claim=ON_A_STICK), state=read(*LINKS_THERE)) == [
        "ip link add link eth7 name eth7.10 type vlan id 10",
        "ip address add 10.10.0.254/24 dev eth7.10",
        "ip address add fd00:10::ff/64 dev eth7.10",
        "ip link set dev eth7.10 up",
    ]
    state = read(*LINKS_THERE, an_svi("eth7.10", "eth7"))
    assert holds(ON_A_STICK, state)
    assert lines(Change(op="remove", claim=ON_A_STICK), state=state) == ["ip link del dev eth7.10"]


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ((a_bridge(), a_bridge("br1")), "not to be told (there: br0, br1)"),
        ((a_bridge(filtering=0),), "not to be told (there: none)"),
        ((a_bridge(flags=[]),), "bridge br0 is down"),
        ((a_bridge(), an_svi("web", addr_info=[])), "the name web"),
        ((a_bridge(), a_link("br0.10")), "is no 802.1Q interface of br0"),
        ((a_bridge(), an_svi(vlan=11, addr_info=[])), "belongs to VLAN 11"),
        ((a_bridge(), an_svi(addr_info=[{"local": "10.9.0.1", "prefixlen": 8, "dynamic": True}])), "dynamic"),
    ],
)
def test_what_stands_in_the_way_of_a_gateway(links: tuple[Json, ...], words: str) -> None:
    assert words in why_not_add(GATEWAY, an_intent(), read(*links))


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (a_link("eth8"), "there is no interface eth7"),
        (a_link("eth7", flags=[]), "eth7 is down"),
        (a_bridge("eth7"), "is a bridge"),
    ],
)
def test_what_stands_in_the_way_of_a_sub_interface(link: Json, words: str) -> None:
    assert words in why_not_add(ON_A_STICK, an_intent(), read(link))


def test_with_several_bridges_the_gateway_is_on_that_of_the_ports() -> None:
    assert read(*LINKS_THERE, a_bridge("br1")).bridge == BR0


def test_a_gateway_is_not_made_where_the_machine_does_not_route() -> None:
    outputs = {
        LINKS: json.dumps(LINKS_THERE),
        VLANS: "[]",
        MACS: "[]",
        FORWARDING: "0\ncat: no\nexit status 1",
    }
    state = LinuxBridge().parse(outputs, SCOPE)
    assert (state.facts.routes_ipv4, state.facts.routes_ipv6) == (False, False)


@pytest.mark.parametrize(
    "text", ["", "exit status 1", "sh: 1: bridge: not found\nexit status 127", "[1]", "{}"]
)
def test_what_is_no_table_is_not_taken_for_an_empty_bridge(text: str) -> None:
    answers = {query.command: query.answer for query in LinuxBridge().queries(SCOPE)}
    if answers[VLANS].search(text):
        with pytest.raises(ValueError, match="bridge -json vlan show"):
            read(*LINKS_THERE, vlans=text)


def test_exactly_one_entry_is_forgotten_and_one_that_is_not_there_is_fine() -> None:
    links = json.dumps([*LINKS_THERE, an_svi(), an_svi("eth7.10", "eth7")])
    neighbor = Neighbor(vlan=VLAN, address=ip_address("10.10.0.9"))
    for parent, name in ((None, "br0.10"), (UPLINK, "eth7.10")):
        asked = replace(neighbor, parent=parent)
        how = LinuxBridge().forget(asked, links)
        assert how is not None
        assert how.commands == (f"ip neigh del 10.10.0.9 dev {name}",)
        check_commands(how.commands, GRAMMAR, switch=SCOPE.switch, neighbor=asked)
    assert LinuxBridge().forget(replace(neighbor, vlan=Vid(11)), links) is None
    with pytest.raises(GuardRefused, match="another interface"):
        check_commands(
            ["ip neigh del 10.10.0.9 dev br0.10"],
            GRAMMAR,
            switch=SCOPE.switch,
            neighbor=replace(neighbor, parent=UPLINK),
        )
    assert not is_refusal(f"RTNETLINK answers: No such file or directory\n{EXIT}2", GRAMMAR)
    assert is_refusal(f"env: ip: No such file or directory\n{EXIT}127", GRAMMAR)


def test_an_entry_is_old_by_when_it_was_written() -> None:
    def entry(**changes: Any) -> str:
        row = {
            "dst": "10.10.0.9",
            "lladdr": "02:00:00:00:00:09",
            "updated": 30,
            "state": ["REACHABLE"],
        } | changes
        return json.dumps([row])

    neighbor = Neighbor(vlan=VLAN, address=ip_address("10.10.0.9"))

    def old(answer: str) -> str:
        return LinuxBridge().old_entry(neighbor, answer, seconds=2.0)

    assert old(entry()) == "10.10.0.9 02:00:00:00:00:09 REACHABLE"
    assert old(entry(updated=1)) == ""
    assert old(entry(updated=1, state=["PERMANENT"]))
    assert old('[{"dst":"10.10.0.9","updated":30,"state":["FAILED"]}]') == ""
    assert old("[]") == ""


@given(st.text(min_size=1, max_size=30))
def test_no_name_gets_anything_but_a_name_into_a_line(name: str) -> None:
    port = PortName(name)
    block = Block(enter=f"bridge vlan add dev {name} vid 10", mode="", lines=(), claims=frozenset())
    intent = an_intent(ports={port: PortRule(port=port)})
    try:
        check_blocks([block], GRAMMAR, intent=intent, vlans=frozenset({VLAN}), before=SwitchState())
    except GuardRefused:
        return
    assert all(letter.isascii() and (letter.isalnum() or letter in "_.-") for letter in name)
    assert not name.startswith("-")


@pytest.mark.parametrize(
    "line",
    [
        "bridge vlan add dev p1 vid 10 pvid untagged",
        "bridge vlan add dev p1 vid 10 && reboot",
        "bridge vlan add dev p1;reboot vid 10",
        "bridge vlan add dev p1 vid 10 master",
        "bridge vlan del dev p1 vid 1-4094",
        "ip link set dev p1 down",
        "ip link del dev p1",
        "ip link add link br0 name eth0.10 type vlan id 10",
        "ip link add link br0 name br0.10 type vlan id 11",
        "ip address add 10.0.0.1/24 dev br0",
        "reboot",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    block = Block(enter=line, mode="", lines=(), claims=frozenset())
    with pytest.raises(GuardRefused):
        check_blocks([block], GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=SwitchState())
