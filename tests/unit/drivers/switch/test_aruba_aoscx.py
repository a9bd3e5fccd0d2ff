"""The AOS-CX dialect: what it reads and writes, on made-up outputs in the forms that published sessions show."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.builders import a_switch
from tests.unit.drivers.switch.rounds import Played, an_intent, check, is_refused, read, sync, there_and_back
from trunkline.drivers.switch.aruba_aoscx import CONFIG, GRAMMAR, ArubaAosCx
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.models.aruba_aoscx import AosCx, Port
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

DIALECT = ArubaAosCx()
ACCESS, TRUNK, OPEN, ROUTED, MEMBER = (PortName(f"1/1/{number}") for number in range(1, 6))
LAG, BARE = PortName("lag10"), PortName("1/1/6")


def an_aoscx(**changes: Any) -> Played:
    """VLAN 1 and 100 are there."""
    switch = AosCx()
    up = ["no shutdown"]
    switched = [*up, "no routing"]
    switch.ports = {
        "1/1/1": Port(access=100, native=None, others=switched),
        "1/1/2": Port(allowed=VlanSet([1, 20]), others=switched),
        "1/1/3": Port(others=switched),
        "1/1/4": Port(access=None, native=None, others=[*up, "ip address 10.9.0.1/24"]),
        "1/1/5": Port(access=None, native=None, others=[*up, "lag 10"]),
        "1/1/6": Port(access=None, native=None, others=switched),
        "lag 10": Port(allowed=VlanSet([1]), others=switched),
    }
    return Played(device=switch, **changes)


def test_a_device_is_brought_there_and_back() -> None:
    assert there_and_back(DIALECT, an_aoscx(), an_intent(TRUNK)) == (
        "vlan 10",
        " name tl-web",
        "interface 1/1/2",
        " vlan trunk allowed 10",
        "interface vlan 10",
        " ip address 172.31.0.1/16",
        " ip address 172.30.0.1/24 secondary",
        " ipv6 address fd00:31::1/64",
        " no shutdown",
    )
    assert "interface lag 10" in there_and_back(DIALECT, an_aoscx(), an_intent(LAG, gateway=False))


def test_an_access_port_is_adopted_and_never_opens_to_every_vlan() -> None:
    device = an_aoscx()
    result = sync(DIALECT, device, an_intent(ACCESS, adopt=True, gateway=False))
    assert (result.problems, result.strange, result.verified) == ({}, (), True)
    assert device.taken[-4:] == [
        "interface 1/1/1",
        " vlan trunk allowed 100",
        " vlan trunk native 100",
        " vlan trunk allowed 10",
    ]
    assert len(sync(DIALECT, an_aoscx(), an_intent(ACCESS)).problems) == 1


def test_a_port_whose_adoption_breaks_off_is_what_it_was() -> None:
    device = an_aoscx(deaf=lambda _, line: line == "vlan trunk allowed 10")
    intent = an_intent(ACCESS, adopt=True, gateway=False)
    before = read(DIALECT, device, intent).ports
    assert sync(DIALECT, device, intent).problems
    assert device.taken[-1] == " vlan access 100"
    assert read(DIALECT, device, intent).ports == before


def test_the_last_vlan_of_a_trunk_is_kept_since_it_would_open_without_it() -> None:
    switch = AosCx()
    switch.ports["1/1/2"] = Port(allowed=VlanSet([10, 20]))
    device = Played(device=switch)
    claims = frozenset({Carries(port=TRUNK, vlan=Vid(vlan)) for vlan in (10, 20)})
    intent = replace(an_intent(TRUNK), present=frozenset(), absent=claims)
    result = sync(DIALECT, device, intent)
    assert result.lost == {Carries(port=TRUNK, vlan=Vid(20))}
    (cause,) = result.problems.values()
    assert "would carry every VLAN" in cause
    assert device.taken == ["interface 1/1/2", " no vlan trunk allowed 20"]


def test_what_a_port_is() -> None:
    ports = (ACCESS, TRUNK, OPEN, ROUTED, MEMBER, LAG, BARE)
    rows = read(DIALECT, an_aoscx(), an_intent(*ports)).ports
    assert [rows[port].mode for port in ports] == [
        "access",
        "trunk",
        "trunk",
        "routed",
        "routed",
        "trunk",
        "access",
    ]
    assert rows[OPEN].allowed == VlanSet.every()
    assert rows[TRUNK].allowed == VlanSet([1, 20])
    assert rows[MEMBER].channel == LAG
    assert rows[BARE].untagged_vlan == 1


def test_a_trunk_without_a_list_carries_every_vlan() -> None:
    shown = "interface 1/1/2\n    no routing\n    vlan trunk native 20 tag\n"
    device = an_aoscx(says={f"{CONFIG} interface 1/1/2": shown})
    row = read(DIALECT, device, an_intent(TRUNK)).ports[TRUNK]
    assert (row.allowed, row.native_vlan) == (VlanSet.every(), 20)


def test_a_list_that_is_none_is_not_read() -> None:
    device = an_aoscx(says={f"{CONFIG} interface 1/1/2": "interface 1/1/2\n    vlan trunk allowed web\n"})
    with pytest.raises(ValueError, match=r"interface 1/1/2.*not a list"):
        read(DIALECT, device, an_intent(TRUNK))


def test_a_gateway_without_lines_is_there_and_a_strange_one_stays() -> None:
    device = an_aoscx()
    device.says[CONFIG] = device.show(CONFIG) + "interface vlan 10\n    ip address dhcp\n"
    (cause,) = sync(DIALECT, device, an_intent(TRUNK)).problems.values()
    assert "dhcp" in cause


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("02:00:00:00:00:01    10       dynamic                   1/1/2\n", True),
        ("02:00:00:00:00:01    10       dynamic                   1/1/20\n", False),
        ("02:00:00:00:00:01    10       dynamic                   lag10\n", False),
        ("02:00:00:00:00:01    10       evpn                      vxlan1(1.2.3.4)\n", True),
    ],
)
def test_who_talks_keeps_a_vlan_on_its_port(row: str, *, kept: bool) -> None:
    device, intent = an_aoscx(), an_intent(TRUNK, gateway=False)
    sync(DIALECT, device, intent)
    device.says["show mac-address-table vlan 10"] = (
        f"MAC Address          VLAN     Type                      Port\n{row}"
    )
    back = replace(intent, present=frozenset(), absent=intent.present)
    assert bool(sync(DIALECT, device, back).problems) is kept


SCOPE = Scope(
    switch=a_switch(),
    vlans=frozenset({Vid(10)}),
    ports=(TRUNK, LAG),
    gateways=((None, Vid(10)),),
    removals=((TRUNK, Vid(10)),),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "Invalid input: vlan\n",
        "Cannot execute command. Command not allowed.\n",
        "% Command incomplete.\n",
    ],
)
def test_a_refused_answer_is_not_taken_for_an_empty_one(text: str) -> None:
    assert len(DIALECT.queries(SCOPE)) == 5
    for query in DIALECT.queries(SCOPE):
        assert not query.answer.search(text), query.command
        assert query.answer.search(an_aoscx().show(query.command)), query.command


@pytest.mark.parametrize(
    "reply",
    [
        "Invalid input: foo",
        "% Command incomplete.",
        "% Ambiguous command.",
        "Cannot execute command. Command not allowed.",
        "VLAN 10 not found",
        "Interface 1/1/99 does not exist",
        "IP address overlaps with interface vlan 100",
        "Failed to x",
    ],
)
def test_a_refusal_is_recognised(reply: str) -> None:
    assert is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize("reply", ["", "Copying configuration: [Success]"])
def test_a_harmless_message_is_no_refusal(reply: str) -> None:
    assert not is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize(
    "line",
    [
        "no vlan trunk allowed",
        "vlan trunk allowed all",
        "no vlan trunk allowed all",
        "no vlan trunk allowed 20",
        "vlan trunk allowed 20",
        "vlan trunk allowed 10,20",
        "vlan trunk native 10",
        "no vlan trunk native",
        "vlan access 10",
        "no routing",
        "routing",
        "shutdown",
        "lag 1",
        "vlan trunk allowed 10\nreload",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    is_refused(DIALECT, "interface 1/1/2", "config-if", line, intent=an_intent(TRUNK))


@pytest.mark.parametrize(
    "enter",
    [
        "interface vlan 100",
        "no interface vlan 1",
        "no vlan 100",
        "no interface 1/1/2",
        "interface 1/1/1-1/1/4",
    ],
)
def test_a_block_that_enters_something_else_is_refused(enter: str) -> None:
    is_refused(DIALECT, enter, "config-if", intent=an_intent(TRUNK))
    check(
        DIALECT,
        Block(enter="interface 1/1/2", mode="config-if", lines=(), claims=frozenset()),
        an_intent(TRUNK),
    )


@pytest.mark.parametrize(
    ("port", "enter"), [(TRUNK, "interface 1/1/2"), (LAG, "interface lag 10"), (LAG, "interface lag10")]
)
def test_a_protected_port_is_not_even_entered_however_it_is_spelled(port: PortName, enter: str) -> None:
    intent = replace(an_intent(port), switch=a_switch(protected_ports=frozenset({port})))
    is_refused(DIALECT, enter, "config-if", intent=intent)


def test_a_list_is_rewritten_only_where_a_port_is_adopted_and_was_no_trunk() -> None:
    adopts = an_intent(ACCESS, TRUNK, adopt=True)
    state = read(DIALECT, an_aoscx(), adopts)
    line = ("vlan trunk allowed 100",)
    check(
        DIALECT,
        Block(enter="interface 1/1/1", mode="config-if", lines=line, claims=frozenset()),
        adopts,
        state,
    )
    is_refused(DIALECT, "interface 1/1/2", "config-if", *line, intent=adopts)
    is_refused(DIALECT, "interface 1/1/1", "config-if", *line, intent=an_intent(ACCESS))
    for other in ("vlan trunk allowed 20", "vlan trunk native 1", "vlan access 20"):
        block = Block(enter="interface 1/1/1", mode="config-if", lines=(other,), claims=frozenset())
        with pytest.raises(GuardRefused, match="not about the VLAN that the port has"):
            check(DIALECT, block, adopts, state)


def test_no_entry_is_cleared_and_a_vlan_without_interface_holds_none() -> None:
    neighbor = Neighbor(vlan=Vid(1), parent=None, address=ip_address("172.31.0.9"))
    with pytest.raises(ValueError, match="no command"):
        DIALECT.forget(neighbor, an_aoscx().show(CONFIG))
    assert DIALECT.forget(replace(neighbor, vlan=Vid(10)), an_aoscx().show(CONFIG)) is None


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("sw1# ", ""),
        ("sw1(config)# ", "config"),
        ("sw1(config-vlan-10)# ", "config-vlan"),
        ("sw1(config-if)# ", "config-if"),
        ("sw1(config-lag-if)# ", "config-if"),
        ("sw1(config-if-vlan)# ", "config-if-vlan"),
        ("sw1(config-vlan-<10,20>)# ", "config-vlan-<10,20>"),
    ],
)
def test_prompts_show_the_mode(prompt: str, mode: str) -> None:
    found = re.fullmatch(GRAMMAR.prompt.replace("{hostname}", "sw1"), prompt)
    assert found is not None
    assert GRAMMAR.mode_of(found) == mode
