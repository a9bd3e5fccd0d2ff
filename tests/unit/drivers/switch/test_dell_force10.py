"""The Force10 dialect: what it reads and writes, on made-up outputs in the form of Dell's guides and the captures."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.builders import a_switch
from tests.unit.drivers.switch.rounds import Played, an_intent, check, is_refused, read, sync, there_and_back
from trunkline.drivers.switch.dell_force10 import GRAMMAR, DellForce10
from trunkline.drivers.switch.dell_vlans import parse_vlans, tagged_and_untagged
from trunkline.drivers.switch.dialect import Block, Forgetting, Scope
from trunkline.drivers.switch.guards import check_commands
from trunkline.drivers.switch.models.dell_force10 import Force10, Port
from trunkline.drivers.switch.models.layer3 import Layer3
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

DIALECT = DellForce10()
HYBRID = PortName("TenGigabitEthernet0/1")
TAGGED = PortName("TenGigabitEthernet0/2")
PLAIN = PortName("TenGigabitEthernet0/3")
ROUTED = PortName("TenGigabitEthernet0/4")
MEMBER = PortName("TenGigabitEthernet0/5")
CHANNEL = PortName("Port-channel1")


def a_force10(**changes: Any) -> Played:
    """VLAN 1 and 100 are there."""
    switch = Force10()
    switch.ports = {
        "TenGigabitEthernet 0/1": Port(hybrid=True),
        "TenGigabitEthernet 0/2": Port(),
        "TenGigabitEthernet 0/3": Port(),
        "TenGigabitEthernet 0/4": Port(layer2=False, address="ip address 10.9.0.1/24"),
        "TenGigabitEthernet 0/5": Port(
            layer2=False, others=["port-channel-protocol LACP", "port-channel 1 mode active"]
        ),
        "Port-channel 1": Port(hybrid=True),
    }
    switch.vlans, switch.descriptions = {1: Layer3(), 100: Layer3()}, {100: "two words"}
    switch.tagged = {100: ["TenGigabitEthernet 0/2"]}
    switch.untagged = dict.fromkeys(["TenGigabitEthernet 0/1", "TenGigabitEthernet 0/3", "Port-channel 1"], 1)
    return Played(device=switch, **changes)


def a_section(name: str, *lines: str) -> str:
    return f"!\ninterface {name}\n" + "".join(f" {line}\n" for line in lines)


def test_a_device_is_brought_there_and_back() -> None:
    assert there_and_back(DIALECT, a_force10(), an_intent(TAGGED)) == (
        "interface vlan 10",
        " description tl-web",
        "interface vlan 10",
        " tagged TenGigabitEthernet 0/2",
        "interface vlan 10",
        " ip address 172.31.0.1/16",
        " ip address 172.30.0.1/24 secondary",
        " ipv6 address fd00:31::1/64",
        " no shutdown",
    )


def test_a_hybrid_port_takes_a_first_tag_and_a_plain_one_does_not() -> None:
    for port in (HYBRID, CHANNEL):
        there_and_back(DIALECT, a_force10(), an_intent(port, adopt=True))
        there_and_back(DIALECT, a_force10(), an_intent(port, native=1))
    for intent in (an_intent(HYBRID), an_intent(PLAIN, adopt=True), an_intent(ROUTED), an_intent(MEMBER)):
        assert len(sync(DIALECT, a_force10(), intent).problems) == 1


def test_what_a_port_is() -> None:
    missing = PortName("TenGigabitEthernet9/9")
    ports = (HYBRID, TAGGED, PLAIN, ROUTED, MEMBER, CHANNEL, missing)
    rows = read(DIALECT, a_force10(), an_intent(*ports)).ports
    assert [rows[port].mode for port in ports] == [
        "access",
        "trunk",
        "special",
        "routed",
        "special",
        "access",
        "absent",
    ]
    assert rows[TAGGED].allowed == VlanSet([100])
    assert rows[TAGGED].untagged_vlan is None
    assert rows[HYBRID].untagged_vlan == 1
    assert rows[MEMBER].channel == CHANNEL


TABLE = """
    NUM    Status    Description                     Q Ports
*   1      Inactive                                  U Te 0/42-43
                                                     U Fo 0/48,56
    2      Active    U Te 0/9                        T Po1(So 0/0-1)
                                                     V Te 1/0/3-1/0/4,7
                                                     x Te 0/1
"""


@pytest.mark.parametrize(
    ("port", "tagged", "untagged"),
    [
        ("TenGigabitEthernet0/43", (), 1),
        ("fortyGigE0/56", (), 1),
        ("Port-channel1", (2,), None),
        ("TenGigabitEthernet1/0/4", (2,), None),
        ("TenGigabitEthernet1/0/7", (2,), None),
        ("TenGigabitEthernet0/1", (), 2),
        ("TenGigabitEthernet0/9", (), None),
        ("TenGigabitEthernet0/4", (), None),
        ("fortyGigE0/42", (), None),
    ],
)
def test_who_is_in_which_vlan(port: str, tagged: tuple[int, ...], untagged: int | None) -> None:
    _, members = parse_vlans(TABLE)
    assert tagged_and_untagged(port, members) == (VlanSet(tagged), untagged)


@pytest.mark.parametrize("ports", ["Te 0/5-1/7", "Te 0/", "Te 0/1,,0/3"])
def test_a_list_of_ports_that_makes_no_sense_is_not_read(ports: str) -> None:
    with pytest.raises(ValueError, match="list of ports"):
        parse_vlans(TABLE.replace("Te 0/42-43", ports))


def test_a_table_without_descriptions_is_read() -> None:
    rows, members = parse_vlans("    NUM    Status    Q Ports\n    2      Active    T Te 0/1\n")
    assert rows[Vid(2)].name == ""
    assert tagged_and_untagged("TenGigabitEthernet0/1", members) == (VlanSet([2]), None)


def test_a_vlan_whose_configuration_is_not_shown_is_not_taken_for_one_without_addresses() -> None:
    device = a_force10(says={"show running-config interface vlan 10": "% Error: No such interface.\n"})
    device.device.take(["interface vlan 10", "exit"])
    with pytest.raises(ValueError, match=r"interface vlan 10.*not shown"):
        read(DIALECT, device, an_intent())


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("10         02:00:00:00:00:01     Dynamic       Te 0/2           Active\n", True),
        ("10         02:00:00:00:00:01     Dynamic       Po 1             Active\n", False),
        ("10         02:00:00:00:00:01     Dynamic       Te 0/20          Active\n", False),
        ("10         02:00:00:00:00:01     Dynamic       ???\n", True),
    ],
)
def test_who_talks_keeps_a_vlan_on_its_port(row: str, *, kept: bool) -> None:
    device, intent = a_force10(), an_intent(TAGGED, gateway=False)
    sync(DIALECT, device, intent)
    head = "VlanId     Mac Address           Type          Interface        State\n"
    device.says["show mac-address-table vlan 10"] = f"{head}{row}"
    back = replace(intent, present=frozenset(), absent=intent.present)
    assert bool(sync(DIALECT, device, back).problems) is kept


SCOPE = Scope(
    switch=a_switch(),
    vlans=frozenset({Vid(10)}),
    ports=(TAGGED,),
    gateways=((None, Vid(10)),),
    removals=((TAGGED, Vid(10)),),
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
        assert query.answer.search(a_force10().show(query.command)), query.command


@pytest.mark.parametrize(
    "reply",
    [
        '% Error: Invalid input at "^" marker.',
        "       ^\n% Error: Incomplete command.",
        "% Error: Te 0/1 Port is untagged in another Vlan.",
        "% Error: Te 0/4 Port not in layer-2 mode.",
        "% Something nobody has seen yet",
        "Error: x",
    ],
)
def test_a_refusal_is_recognised(reply: str) -> None:
    assert is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize("reply", ["", "% Warning: interface-range ignores Non-existing ports", "!"])
def test_a_harmless_message_is_no_refusal(reply: str) -> None:
    assert not is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize(
    "line",
    [
        "untagged TenGigabitEthernet 0/2",
        "no untagged TenGigabitEthernet 0/2",
        "tagged TenGigabitEthernet 0/1-4",
        "tagged TenGigabitEthernet 0/2,3",
        "tagged TenGigabitEthernet 0/9",
        "no tagged",
        "tagged TenGigabitEthernet 0/2\nreload",
        "description a b",
        "description x?",
        "no ip address",
        "ip address dhcp",
        "shutdown",
        "no interface vlan 100",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    is_refused(DIALECT, "interface vlan 10", "conf-if-vl", line, intent=an_intent(TAGGED))


@pytest.mark.parametrize(
    "enter",
    [
        "interface vlan 100",
        "no interface vlan 1",
        "interface TenGigabitEthernet 0/2",
        "interface range vlan 10 - 12",
    ],
)
def test_a_block_that_enters_something_else_is_refused(enter: str) -> None:
    lines = ("tagged TenGigabitEthernet 0/2",)
    block = Block(enter="interface vlan 10", mode="conf-if-vl", lines=lines, claims=frozenset())
    check(DIALECT, block, an_intent(TAGGED))
    is_refused(DIALECT, enter, "conf-if-vl", *lines, intent=an_intent(TAGGED))


def test_a_protected_port_is_not_tagged_however_it_is_spelled() -> None:
    intent = replace(an_intent(TAGGED), switch=a_switch(protected_ports=frozenset({TAGGED})))
    for line in ("tagged TenGigabitEthernet 0/2", "tagged TenGigabitEthernet0/2", "no tagged Te 0/2"):
        is_refused(DIALECT, "interface vlan 10", "conf-if-vl", line, intent=intent)


ARP = """Protocol    Address         Age(min)  Hardware Address    Interface      VLAN    CPU
---------------------------------------------------------------------------
Internet    172.31.0.9      {age:<9} 02:00:00:00:00:09   Te 0/2         Vl 10   CP
Internet    172.31.0.19     99        02:00:00:00:00:19   Te 0/2         Vl 10   CP
"""
NEIGHBOR = Neighbor(vlan=Vid(10), parent=None, address=ip_address("172.31.0.9"))


def forget(neighbor: Neighbor, *lines: str) -> Forgetting | None:
    return DIALECT.forget(neighbor, a_section("Vlan 10", *lines))


def test_an_ipv4_entry_is_cleared_by_its_address() -> None:
    how = forget(NEIGHBOR, "ip address 172.31.0.1/16")
    assert how is not None
    assert how.commands == ("clear arp-cache ip 172.31.0.9",)
    assert how.proof.command == "show arp ip 172.31.0.9"
    assert how.proof.answer.search(ARP)
    assert not how.proof.answer.search("% Error: Command authorization failed.\n")
    check_commands(how.commands, GRAMMAR, switch=a_switch(), neighbor=NEIGHBOR)
    for command in (
        "clear arp-cache",
        "clear arp-cache ip 172.31.0.8",
        "clear arp-cache ip 172.31.0.9 no-refresh",
    ):
        with pytest.raises(GuardRefused):
            check_commands((command,), GRAMMAR, switch=a_switch(), neighbor=NEIGHBOR)


def test_what_no_command_is_known_for_is_refused_and_what_is_not_there_is_forgotten() -> None:
    with pytest.raises(ValueError, match="no command"):
        forget(replace(NEIGHBOR, address=ip_address("fd00:31::9")), "ip address 172.31.0.1/16")
    with pytest.raises(ValueError, match="no command"):
        forget(NEIGHBOR, "ip vrf forwarding shop")
    assert DIALECT.forget(NEIGHBOR, "% Error: No such interface.\n") is None


@pytest.mark.parametrize(
    ("age", "seconds", "is_old"),
    [("0", 0.0, False), ("1", 0.5, True), ("1", 61.0, False), ("2", 61.0, True), ("-", 0.5, True)],
)
def test_an_entry_is_old_unless_it_can_be_younger_than_the_clearing(
    age: str, seconds: float, *, is_old: bool
) -> None:
    found = DIALECT.old_entry(NEIGHBOR, ARP.format(age=age), seconds=seconds)
    assert ("00:09" in found) is is_old


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("sw1#", ""),
        ("sw1(conf)#", "config"),
        ("sw1(conf-if-vl-10)#", "conf-if-vl"),
        ("sw1(conf-if-te-0/1)#", "conf-if-te-0/1"),
    ],
)
def test_prompts_show_the_mode(prompt: str, mode: str) -> None:
    found = re.fullmatch(GRAMMAR.prompt.replace("{hostname}", "sw1"), prompt)
    assert found is not None
    assert GRAMMAR.mode_of(found) == mode
