"""The rails under every dialect: each dangerous line or change is refused, whoever rendered it."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import PORT_1, a_switch, a_switch_intent
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Phrase
from trunkline.drivers.switch.guards import check_blocks, check_changes
from trunkline.drivers.switch.linux_bridge import GRAMMAR as SHELL_GRAMMAR
from trunkline.drivers.switch.state import PortMode, PortRow, SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet


def a_block(*lines: str, enter: str = "interface GigabitEthernet1/0/1", mode: str = "config-if") -> Block:
    return Block(enter=enter, mode=mode, lines=lines, claims=frozenset())


def check(*blocks: Block, intent: SwitchIntent | None = None, mode: PortMode = "trunk") -> None:
    row = PortRow(port=PORT_1, mode=mode, allowed=VlanSet.every())
    check_blocks(
        blocks,
        GRAMMAR,
        intent=intent or a_switch_intent(),
        vlans=frozenset({Vid(10)}),
        before=SwitchState(ports={PORT_1: row}),
    )


@pytest.mark.parametrize(
    "line",
    [
        "name x\nno vlan 10",
        "name x\rreload",
        "name what?",
        "end",
        "do reload",
        "exit",
        "interface Vlan1",
        "no switchport trunk allowed vlan",
        "no switchport trunk allowed vlan remove 10",
        "switchport trunk allowed vlan all",
        "switchport trunk allowed vlan except 5",
        "switchport trunk allowed vlan 10",
        "switchport trunk allowed vlan none",
        "switchport trunk allowed vlan add 10,11",
        "switchport trunk allowed vlan remove 99",
        "switchport trunk allowed vlan add 5-1",
        "switchport trunk native vlan 10",
        "switchport trunk encapsulation dot1q",
        "switchport mode trunk",
        "switchport access vlan 10",
        "no switchport",
        "shutdown",
        "! comment",
        "description \x1b[2J",
        "no ip address",
        " no shutdown",
        "switchport trunk allowed vlan add " + "10," * 80 + "10",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    with pytest.raises(GuardRefused):
        check(a_block(line))


@pytest.mark.parametrize(
    "enter",
    [
        "vlan 11",
        "no vlan 11",
        "interface Vlan11",
        "no interface GigabitEthernet1/0/1",
        "no interface Vlan1",
        "line vty 0 4",
        "interface range GigabitEthernet1/0/1 - 48",
    ],
)
def test_a_block_that_enters_something_else_is_refused(enter: str) -> None:
    with pytest.raises(GuardRefused):
        check(a_block(enter=enter))


def test_the_lines_of_an_ordinary_change_pass() -> None:
    check(
        a_block("name tl-web", enter="vlan 10", mode="config-vlan"),
        a_block("switchport trunk allowed vlan add 10"),
        a_block("ip address 172.31.0.1 255.255.0.0", "no shutdown", enter="interface Vlan10"),
        a_block(
            "encapsulation dot1Q 10",
            "ipv6 address fd00:31::1/64",
            enter="interface GigabitEthernet0/0.10",
            mode="config-subif",
        ),
    )


@pytest.mark.parametrize(
    "line", ["switchport mode trunk", "switchport trunk allowed vlan 100", "switchport trunk native vlan 100"]
)
def test_a_port_is_rewritten_only_where_it_is_adopted_and_was_no_trunk(line: str) -> None:
    adopts = a_switch_intent(ports={PORT_1: PortRule(port=PORT_1, adopt=True)})
    check(a_block(line), intent=adopts, mode="access")
    with pytest.raises(GuardRefused, match="adopted"):
        check(a_block(line), intent=adopts, mode="trunk")
    with pytest.raises(GuardRefused, match="adopted"):
        check(a_block(line), mode="access")
    with pytest.raises(GuardRefused, match="adopted"):
        check(a_block(line, enter="interface GigabitEthernet1/0/2"), intent=adopts, mode="access")


def test_a_protected_port_is_not_even_entered() -> None:
    intent = a_switch_intent(switch=a_switch(protected_ports=frozenset({PORT_1})))
    with pytest.raises(GuardRefused, match="protected"):
        check(a_block("switchport trunk allowed vlan add 10"), intent=intent)


@given(st.text(min_size=1))
def test_whatever_passes_is_one_printable_line_without_a_question(text: str) -> None:
    try:
        check(a_block(f"name {text}", enter="vlan 10", mode="config-vlan"))
    except GuardRefused:
        return
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", text)


@pytest.mark.parametrize("vlan", [1, 1002, 1005, 20, 3000])
def test_a_protected_reserved_or_unmanaged_vlan_is_refused(vlan: int) -> None:
    intent = a_switch_intent(switch=a_switch(protected_vlans=VlanSet([20])))
    with pytest.raises(GuardRefused):
        check_changes([Change(op="add", claim=HasVlan(vlan=Vid(vlan), name="tl-x"))], intent)


def test_a_protected_port_and_a_port_without_a_rule_are_refused() -> None:
    claim = Carries(port=PORT_1, vlan=Vid(10))
    with pytest.raises(GuardRefused):
        check_changes(
            [Change(op="add", claim=claim)],
            a_switch_intent(switch=a_switch(protected_ports=frozenset({PORT_1}))),
        )
    elsewhere = Carries(port=PortName("GigabitEthernet1/0/9"), vlan=Vid(10))
    with pytest.raises(GuardRefused):
        check_changes([Change(op="add", claim=elsewhere)], a_switch_intent())


def test_the_protected_parent_of_a_sub_interface_is_refused() -> None:
    parent = PortName("GigabitEthernet0/0")
    intent = a_switch_intent(switch=a_switch(protected_ports=frozenset({parent})))
    claim = Gateway(vlan=Vid(10), addresses=(ip_interface("172.31.0.1/16"),), parent=parent)
    with pytest.raises(GuardRefused, match="GigabitEthernet0/0"):
        check_changes([Change(op="add", claim=claim)], intent)


def test_what_is_needed_is_not_removed_except_the_half_of_it_that_was_begun() -> None:
    intent = a_switch_intent()
    for claim in intent.present:
        with pytest.raises(GuardRefused):
            check_changes([Change(op="remove", claim=claim)], intent)
        check_changes([Change(op="remove", claim=claim)], intent, begun=frozenset({claim}))


@pytest.mark.parametrize(
    "reply",
    [
        "         ^\n% Invalid input detected at '^' marker.",
        "% Incomplete command.",
        '% Ambiguous command:  "sw"',
        'Command rejected: An interface whose trunk encapsulation is "Auto" can not be configured to "trunk" mode.',
        "% Range command terminated because it failed on GigabitEthernet1/0/1",
        "% 10.0.0.0 overlaps with Vlan100",
        "Bad mask /24 for address 10.0.0.0",
        "% Failed to create VLANs 3000",
        "Extended VLAN(s) not allowed in current VTP mode.",
        "%Failed to commit extended VLAN(s) changes.",
        "VLAN(s) not available in Port Manager",
        "% IPv6 routing not enabled",
        "Command authorization failed",
        "% Configuring IP routing on a LAN subinterface is only allowed if that subinterface is already",
        "%Something nobody has seen yet",
    ],
)
def test_a_refusal_is_recognised(reply: str) -> None:
    assert is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "% Access VLAN does not exist. Creating vlan 200",
        "%Warning: portfast should only be enabled on ports connected to a single host.",
        "Not all config may be removed and may reappear after reactivating the sub-interface",
        "Building configuration...\n[OK]",
        "% Applying VLAN changes may take few minutes.  Please wait...",
        "%Warning: use /31 mask on non point-to-point interface cautiously",
    ],
)
def test_a_harmless_message_is_no_refusal(reply: str) -> None:
    assert not is_refusal(reply, GRAMMAR)


def test_a_line_that_names_its_port_itself_is_about_one_that_may_be_written() -> None:
    def check_line(line: str, intent: SwitchIntent) -> None:
        block = Block(enter=line, mode="", lines=(), claims=frozenset())
        check_blocks([block], SHELL_GRAMMAR, intent=intent, vlans=frozenset({Vid(10)}), before=SwitchState())

    p1, br0 = PortName("p1"), PortName("br0")
    intent = a_switch_intent(ports={p1: PortRule(port=p1)})
    check_line("bridge vlan add dev p1 vid 10", intent)
    check_line("bridge vlan add dev br0 vid 10 self", intent)
    protected = replace(intent, switch=a_switch(protected_ports=frozenset({p1, br0})))
    for line, refused in (
        ("bridge vlan add dev p2 vid 10", intent),
        ("bridge vlan add dev p1 vid 11", intent),
        ("bridge vlan add dev p1 vid 9-10", intent),
        ("bridge vlan add dev p1 vid 10", protected),
        ("bridge vlan add dev br0 vid 10 self", protected),
    ):
        with pytest.raises(GuardRefused):
            check_line(line, refused)


IN_A_VLAN = replace(
    GRAMMAR,
    phrases={
        "config": (
            Phrase(pattern=re.compile(r"vlan (?P<vlans>[0-9]+)")),
            Phrase(pattern=re.compile(r"group [0-9]+")),
        ),
        "config-vlan": (
            Phrase(pattern=re.compile(r"(?:no )?tagged (?P<ports>.+)")),
            Phrase(pattern=re.compile(r"list (?P<vlans>[0-9,-]+)")),
            Phrase(pattern=re.compile(r"list [0-9]+"), converts=True),
        ),
    },
)
"""A device where membership is configured inside the VLAN."""


def check_members(line: str, *, enter: str = "vlan 10", intent: SwitchIntent | None = None) -> None:
    check_blocks(
        [a_block(line, enter=enter, mode="config-vlan")],
        IN_A_VLAN,
        intent=intent or a_switch_intent(),
        vlans=frozenset({Vid(10)}),
        before=SwitchState(),
    )


@pytest.mark.parametrize(
    "ports",
    [
        "GigabitEthernet1/0/1",
        "GigabitEthernet 1/0/1",
        "GigabitEthernet1/0/1,GigabitEthernet1/0/2",
    ],
)
@pytest.mark.parametrize("word", ["tagged", "no tagged"])
def test_ports_of_the_intent_may_become_members_of_the_vlan_entered(word: str, ports: str) -> None:
    check_members(f"{word} {ports}")


@pytest.mark.parametrize(
    "ports",
    [
        "GigabitEthernet1/0/9",
        "GigabitEthernet1/0/1,GigabitEthernet1/0/9",
        "GigabitEthernet1/0/1,",
        "GigabitEthernet1/0/1-2",
        "GigabitEthernet1/0/1 GigabitEthernet1/0/9",
        "all",
    ],
)
@pytest.mark.parametrize("word", ["tagged", "no tagged"])
def test_a_port_without_a_rule_becomes_no_member(word: str, ports: str) -> None:
    with pytest.raises(GuardRefused, match="port that must not be written"):
        check_members(f"{word} {ports}")


def test_a_protected_port_becomes_no_member() -> None:
    intent = a_switch_intent(switch=a_switch(protected_ports=frozenset({PORT_1})))
    for ports in ("GigabitEthernet1/0/1", "GigabitEthernet1/0/2,GigabitEthernet 1/0/1"):
        with pytest.raises(GuardRefused, match="port that must not be written"):
            check_members(f"tagged {ports}", intent=intent)


def test_membership_is_of_the_vlan_entered_which_is_one_of_the_change() -> None:
    with pytest.raises(GuardRefused, match="other VLANs"):
        check_members("tagged GigabitEthernet1/0/1", enter="vlan 11")
    with pytest.raises(GuardRefused, match="outside of a VLAN"):
        check_members("tagged GigabitEthernet1/0/1", enter="group 10")


def test_words_that_add_and_convert_are_allowed_by_either_phrase() -> None:
    def check_list(line: str, mode: PortMode, *, adopt: bool = True) -> None:
        grammar = replace(
            GRAMMAR,
            phrases=dict(GRAMMAR.phrases) | {"config-if": IN_A_VLAN.phrases["config-vlan"]},
        )
        check_blocks(
            [a_block(line)],
            grammar,
            intent=a_switch_intent(ports={PORT_1: PortRule(port=PORT_1, adopt=adopt)}),
            vlans=frozenset({Vid(10)}),
            before=SwitchState(ports={PORT_1: PortRow(port=PORT_1, mode=mode, allowed=VlanSet())}),
        )

    check_list("list 10", "trunk")
    check_list("list 100", "access")
    with pytest.raises(GuardRefused, match="adopted"):
        check_list("list 100", "trunk")
    with pytest.raises(GuardRefused, match="adopted"):
        check_list("list 100", "access", adopt=False)
    with pytest.raises(GuardRefused, match="other VLANs"):
        check_list("list 10,11", "access")


def test_the_address_under_which_the_switch_is_reached_is_not_taken_away() -> None:
    intent = a_switch_intent(switch=a_switch(address="172.31.0.1"))
    for text, refused in (("172.31.0.1/16", True), ("172.31.0.2/16", False)):
        gone = Change(op="remove", claim=Gateway(vlan=Vid(11), addresses=(ip_interface(text),)))
        if refused:
            with pytest.raises(GuardRefused, match="is how the switch is reached"):
                check_changes([gone], intent)
        else:
            check_changes([gone], intent)
    check_changes([Change(op="add", claim=next(c for c in intent.present if isinstance(c, Gateway)))], intent)
