"""The rails under every dialect: each dangerous line or change is refused, whoever rendered it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import PORT_1, a_switch, a_switch_intent
from trunkline.drivers.switch.cisco_ios import GRAMMAR
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block
from trunkline.drivers.switch.guards import check_blocks, check_changes
from trunkline.drivers.switch.session import is_refusal
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, HasVlan
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet


def a_block(*lines: str, enter: str = "interface GigabitEthernet1/0/1") -> Block:
    return Block(enter=enter, mode="config-if", lines=lines, claims=frozenset())


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
        "! comment",
        "name \x1b[2J",
        "name ü",
        " name x",
        "name " + "x" * 260,
    ],
)
def test_a_line_that_is_more_than_one_plain_command_is_refused(line: str) -> None:
    with pytest.raises(GuardRefused):
        check_blocks([a_block(line)], GRAMMAR, subject="switch sw1")


def test_the_lines_of_an_ordinary_change_pass() -> None:
    check_blocks(
        [a_block("switchport trunk allowed vlan add 10"), a_block("name tl-web", enter="vlan 10")],
        GRAMMAR,
        subject="switch sw1",
    )


@given(st.text(min_size=1))
def test_whatever_passes_is_one_printable_line_without_a_question(text: str) -> None:
    try:
        check_blocks([a_block(f"name {text}")], GRAMMAR, subject="switch sw1")
    except GuardRefused:
        return
    assert text.isprintable()
    assert text.isascii()
    assert "?" not in text


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


def test_what_is_needed_is_not_removed() -> None:
    with pytest.raises(GuardRefused):
        check_changes([Change(op="remove", claim=Carries(port=PORT_1, vlan=Vid(10)))], a_switch_intent())


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
    ],
)
def test_a_harmless_message_is_no_refusal(reply: str) -> None:
    assert not is_refusal(reply, GRAMMAR)
