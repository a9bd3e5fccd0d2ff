"""The OS10 dialect, for which there is no real output: made-up outputs in the form of Dell's guides."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.builders import a_switch
from tests.unit.drivers.switch.rounds import (
    Played,
    an_intent,
    check,
    is_refused,
    read,
    rendered,
    sync,
    there_and_back,
)
from trunkline.drivers.switch.dell_os10 import GRAMMAR, DellOs10
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.engine import BLIND, SwitchDriver
from trunkline.drivers.switch.models.dell_os10 import Os10, Port
from trunkline.drivers.switch.models.layer3 import Layer3
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

DIALECT = DellOs10()
ACCESS, TRUNK, ROUTED = (PortName(f"ethernet1/1/{number}") for number in (1, 2, 3))
MEMBER, CHANNEL, MISSING = PortName("ethernet1/1/4"), PortName("port-channel10"), PortName("ethernet1/1/99")


def an_os10(*, listed: set[int] | None = None, **changes: Any) -> Played:
    """VLAN 1, 20 and 100 are there; ``listed`` is the list that the access port has kept."""
    switch = Os10()
    switch.vlans[20] = Layer3()
    plain = ["flowcontrol receive off"]
    switch.ports = {
        ACCESS: Port(mode="access", access=100, listed=listed or set(), others=plain),
        TRUNK: Port(listed={20}, others=plain),
        ROUTED: Port(mode="routed", others=["ip address 10.9.0.1/24"]),
        MEMBER: Port(mode="routed", others=["channel-group 10 mode active"]),
        CHANNEL: Port(mode="access", others=plain),
    }
    return Played(device=switch, **changes)


def test_a_device_is_brought_there_and_back() -> None:
    assert there_and_back(DIALECT, an_os10(), an_intent(TRUNK)) == (
        "interface vlan10",
        " description tl-web",
        f"interface {TRUNK}",
        " switchport trunk allowed vlan 10",
        "interface vlan10",
        " ip address 172.31.0.1/16",
        " ip address 172.30.0.1/24 secondary",
        " ipv6 address fd00:31::1/64",
        " no shutdown",
    )


def test_an_access_port_is_adopted_and_keeps_its_vlan() -> None:
    for port in (ACCESS, CHANNEL):
        device = an_os10()
        result = sync(DIALECT, device, an_intent(port, adopt=True, gateway=False))
        assert (result.problems, result.strange, result.verified) == ({}, (), True)
        assert device.taken[-3:] == [
            f"interface {port}",
            " switchport mode trunk",
            " switchport trunk allowed vlan 10",
        ]
        row = read(DIALECT, device, an_intent(port)).ports[port]
        assert row.untagged_vlan == {ACCESS: 100, CHANNEL: 1}[port]
    assert len(sync(DIALECT, an_os10(), an_intent(ACCESS)).problems) == 1


def test_a_half_adopted_port_is_put_back() -> None:
    device = an_os10(deaf=lambda _, line: line == "switchport trunk allowed vlan 10")
    intent = an_intent(ACCESS, adopt=True, gateway=False)
    before = read(DIALECT, device, intent).ports
    result = sync(DIALECT, device, intent)
    assert device.taken[-1] == " switchport mode access"
    assert (len(result.problems), result.strange) == (1, ())
    assert read(DIALECT, device, intent).ports == before


def test_an_access_port_with_a_list_is_not_made_a_trunk() -> None:
    device = an_os10(listed={20})
    (cause,) = sync(DIALECT, device, an_intent(ACCESS, adopt=True, gateway=False)).problems.values()
    assert "list of a trunk" in cause


def test_a_list_that_is_none_is_not_read() -> None:
    outputs = {query.command: an_os10().show(query.command) for query in DIALECT.queries(SCOPE)}
    outputs[f"show running-configuration interface {TRUNK}"] = (
        f"interface {TRUNK}\n switchport mode trunk\n switchport trunk allowed vlan web\n"
    )
    with pytest.raises(ValueError, match=f"{TRUNK}.*not a list"):
        DIALECT.parse(outputs, SCOPE)


def test_what_a_port_is() -> None:
    ports = (ACCESS, TRUNK, ROUTED, MEMBER, CHANNEL, MISSING)
    rows = read(DIALECT, an_os10(), an_intent(*ports)).ports
    assert [rows[port].mode for port in ports] == ["access", "trunk", "routed", "routed", "access", "absent"]
    assert rows[TRUNK].allowed == VlanSet([1, 20])
    assert rows[MEMBER].channel == CHANNEL
    assert rows[TRUNK].others == ("no shutdown", "flowcontrol receive off")


def test_a_plan_says_that_it_is_blind() -> None:
    intent = an_intent(TRUNK)
    assert BLIND in SwitchDriver(intent.switch, DIALECT, an_os10()).plan(intent).notes


def test_many_vlans_of_a_port_are_one_list() -> None:
    intent = an_intent(TRUNK, gateway=False)
    (_, block) = rendered(DIALECT, an_os10(), intent)
    assert block.lines == ("switchport trunk allowed vlan 10",)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("10      02:00:00:00:00:01   dynamic     ethernet1/1/2\n", True),
        ("10      02:00:00:00:00:01   dynamic     ethernet1/1/20\n", False),
        ("10      02:00:00:00:00:01   dynamic     port-channel10\n", False),
        ("10      02:00:00:00:00:01   dynamic     vxlan(1.2.3.4)\n", True),
    ],
)
def test_who_talks_keeps_a_vlan_on_its_port(row: str, *, kept: bool) -> None:
    device, intent = an_os10(), an_intent(TRUNK, gateway=False)
    sync(DIALECT, device, intent)
    head = "VlanId  Mac Address         Type        Interface\n"
    device.says["show mac address-table vlan 10"] = f"{head}{row}"
    back = replace(intent, present=frozenset(), absent=intent.present)
    assert bool(sync(DIALECT, device, back).problems) is kept


SCOPE = Scope(
    switch=a_switch(),
    vlans=frozenset({Vid(10)}),
    ports=(TRUNK,),
    gateways=((None, Vid(10)),),
    removals=((TRUNK, Vid(10)),),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "% Error: Command authorization failed.\n",
        "% Error: Invalid authorization.\n",
        "% Error: busy\n",
        '         ^\n% Error: Invalid input at "^" marker.\n',
        "\n",
    ],
)
def test_a_refused_answer_is_not_taken_for_an_empty_one(text: str) -> None:
    assert len(DIALECT.queries(SCOPE)) == 4
    for query in DIALECT.queries(SCOPE):
        assert not query.answer.search(text), query.command
        assert query.answer.search(an_os10().show(query.command)), query.command


def test_a_vlan_whose_configuration_is_not_shown_is_not_taken_for_one_without_addresses() -> None:
    device = an_os10()
    device.device.take(["interface vlan10", "exit"])
    outputs = {query.command: device.show(query.command) for query in DIALECT.queries(SCOPE)}
    outputs["show running-configuration interface vlan10"] = "% Error: Invalid interface\n"
    with pytest.raises(ValueError, match=r"interface vlan10.*not shown"):
        DIALECT.parse(outputs, SCOPE)


@pytest.mark.parametrize(
    "reply",
    [
        "% Error: Unrecognized command.",
        "         ^\n% Error: Incomplete command",
        "% Error: Port-mode is access",
        "Error: x",
        "%Something nobody has seen yet",
        "Configuration database locked by another application - try later",
    ],
)
def test_a_refusal_is_recognised(reply: str) -> None:
    assert is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize(
    "reply", ["", "% Warning: x", "<165>1 2020-01-01T00:00:00.0+00:00 sw1 dn_ifm 12 - Node.1-Unit.1 %Dell"]
)
def test_a_harmless_message_is_no_refusal(reply: str) -> None:
    assert not is_refusal(GRAMMAR.log_line.sub("", reply), GRAMMAR)


@pytest.mark.parametrize(
    "line",
    [
        "no switchport trunk allowed vlan",
        "switchport trunk allowed vlan",
        "no switchport trunk allowed vlan ",
        "no switchport trunk allowed vlan all",
        "switchport trunk allowed vlan 1-4094",
        "switchport trunk allowed vlan 10,11",
        "no switchport trunk allowed vlan 20",
        "switchport trunk allowed vlan 10-",
        "switchport access vlan 10",
        "no switchport access vlan",
        "switchport mode trunk",
        "switchport mode access",
        "no switchport",
        "shutdown",
        "switchport trunk allowed vlan 10\nreload",
        "switchport trunk allowed vlan 10 ",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    is_refused(DIALECT, f"interface {TRUNK}", "conf-if", line, intent=an_intent(TRUNK))


@pytest.mark.parametrize(
    "enter",
    [
        "interface vlan100",
        "no interface vlan1",
        f"no interface {TRUNK}",
        "interface range ethernet1/1/1-1/1/4",
    ],
)
def test_a_block_that_enters_something_else_is_refused(enter: str) -> None:
    is_refused(DIALECT, enter, "conf-if", intent=an_intent(TRUNK))
    check(
        DIALECT,
        Block(enter=f"interface {TRUNK}", mode="conf-if", lines=(), claims=frozenset()),
        an_intent(TRUNK),
    )


def test_a_protected_port_is_not_even_entered() -> None:
    intent = replace(an_intent(TRUNK), switch=a_switch(protected_ports=frozenset({TRUNK})))
    is_refused(DIALECT, f"interface {TRUNK}", "conf-if", intent=intent)


def test_a_trunk_is_not_rewritten_and_a_port_that_is_not_adopted_neither() -> None:
    line = ("switchport mode trunk",)
    adopts = an_intent(ACCESS, TRUNK, adopt=True)
    state = read(DIALECT, an_os10(), adopts)
    check(
        DIALECT,
        Block(enter=f"interface {ACCESS}", mode="conf-if", lines=line, claims=frozenset()),
        adopts,
        state,
    )
    is_refused(DIALECT, f"interface {TRUNK}", "conf-if", *line, intent=adopts)
    is_refused(DIALECT, f"interface {ACCESS}", "conf-if", *line, intent=an_intent(ACCESS))
    assert state != SwitchState()


def test_no_entry_is_cleared_and_a_vlan_that_is_not_there_holds_none() -> None:
    neighbor = Neighbor(vlan=Vid(10), parent=None, address=ip_address("172.31.0.9"))
    with pytest.raises(ValueError, match="no command"):
        DIALECT.forget(neighbor, "interface vlan10\n ip address 172.31.0.1/16\n")
    assert DIALECT.forget(neighbor, "% Error: Invalid interface\n") is None


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("sw1#", ""),
        ("sw1(config)#", "config"),
        ("sw1(conf-if-vl-10)#", "conf-if-vl"),
        ("sw1(conf-if-eth1/1/2)#", "conf-if"),
        ("sw1(conf-if-po-10)#", "conf-if"),
        ("sw1(conf-range-eth1/1/1-1/1/2)#", "conf-range-eth1/1/1-1/1/2"),
    ],
)
def test_prompts_show_the_mode(prompt: str, mode: str) -> None:
    found = re.fullmatch(GRAMMAR.prompt.replace("{hostname}", "sw1"), prompt)
    assert found is not None
    assert GRAMMAR.mode_of(found) == mode
