"""The EOS dialect: what it reads, what it may send, and that what it sent is read back."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_switch, a_switch_intent
from trunkline.drivers.switch.arista_eos import GRAMMAR, AristaEos
from trunkline.drivers.switch.claims import Change, diff
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.guards import check_blocks, check_commands
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PORT = PortName("Ethernet1")
CHANNEL = PortName("Port-Channel10")
VLAN = Vid(10)
VLAN_TABLE = """VLAN  Name                             Status    Ports
----- -------------------------------- --------- -------------------------------
1     default                          active    Et1
20    Test2                            suspended
30*   VLAN0030                         active    Cpu, Po10

* indicates a Dynamic VLAN
"""
INTERFACES = """Interface                      Status         Protocol           Description
Et1                            admin down     down               to h1
Et9.999                        down           lowerlayerdown
Po10                           up             up
"""
TRUNK = """interface Ethernet1
   description to h1
   switchport trunk native vlan 7
   switchport trunk allowed vlan 7,12
   switchport mode trunk
"""
MACS = """          Mac Address Table
------------------------------------------------------------------

Vlan    Mac Address       Type        Ports      Moves   Last Move
----    -----------       ----        -----      -----   ---------
{}Total Mac Addresses for this criterion: 1

          Multicast Mac Address Table
------------------------------------------------------------------

Vlan    Mac Address       Type        Ports
----    -----------       ----        -----
  10    0100.5e00.0001    STATIC      Et1 Po10
Total Mac Addresses for this criterion: 1
"""
SCOPE = Scope(
    switch=a_switch(driver="arista_eos"),
    vlans=frozenset({VLAN}),
    ports=(PORT,),
    gateways=((None, VLAN),),
    removals=((PORT, VLAN), (CHANNEL, VLAN)),
)
RULE = PortRule(port=PORT, adopt=True)


def outputs(**changes: str) -> dict[str, str]:
    """Give every answer of an ordinary switch; changes are by a word for the command."""
    commands = {
        "vlan": "show vlan",
        "interfaces": "show interfaces description",
        "routing": "show running-config | include routing",
        "port": "show running-config interfaces Ethernet1",
        "svi": "show running-config interfaces Vlan10",
        "macs": "show mac address-table vlan 10",
    }
    found = {
        "vlan": VLAN_TABLE,
        "interfaces": INTERFACES,
        "routing": "ip routing\nno ip routing vrf MGMT\nipv6 unicast-routing\n",
        "port": TRUNK,
        "svi": "",
        "macs": MACS.format(""),
    }
    return {commands[word]: text for word, text in (found | changes).items()}


def parse(**changes: str) -> SwitchState:
    return AristaEos().parse(outputs(**changes), SCOPE)


def test_every_answer_of_an_ordinary_switch_is_believed() -> None:
    answers = outputs()
    queries = AristaEos().queries(SCOPE)
    assert {query.command for query in queries} == set(answers)
    for query in queries:
        assert query.answer.search(answers[query.command]), query.command


@pytest.mark.parametrize(
    "text",
    [
        "% Authorization denied for command 'show vlan'\n",
        "% Invalid input\n",
        "% Incomplete command\n",
        "% Unavailable command (not supported on this hardware platform)\n",
    ],
)
def test_a_refusal_is_no_answer_to_anything(text: str) -> None:
    for query in AristaEos().queries(SCOPE):
        assert not query.answer.search(text), query.command


def test_nothing_is_an_answer_only_where_the_table_of_interfaces_tells() -> None:
    silent = {query.command for query in AristaEos().queries(SCOPE) if query.answer.search("")}
    assert silent == {f"show running-config interfaces {name}" for name in ("Ethernet1", "Vlan10")}
    assert parse(port="", interfaces=INTERFACES.replace("Et1 ", "Et2 ")).ports[PORT].mode == "absent"
    with pytest.raises(ValueError, match=r"interfaces Ethernet1`: it shows nothing"):
        parse(port="")
    with pytest.raises(ValueError, match=r"interfaces Vlan10`: it shows nothing"):
        parse(interfaces=INTERFACES + "Vl10                           up             up\n")


def test_an_interface_that_does_not_exist_is_absent() -> None:
    none = "% Interface does not exist\n"
    assert parse(port=none, interfaces="").ports[PORT].mode == "absent"
    assert not parse(svi=none).gateways


def test_vlans_and_their_states() -> None:
    assert {vlan: (row.name, row.active) for vlan, row in parse().vlans.items()} == {
        1: ("default", True),
        20: ("Test2", False),
        30: ("VLAN0030", True),
    }


def test_a_trunk_with_its_foreign_lines() -> None:
    row = parse().ports[PORT]
    assert (row.mode, row.native_vlan, row.access_vlan) == ("trunk", 7, 1)
    assert row.allowed == VlanSet([7, 12])
    assert row.others == ("description to h1",)


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("", VlanSet.every()),
        ("   switchport trunk allowed vlan none\n", VlanSet()),
        ("   switchport trunk allowed vlan 1-4094\n", VlanSet.every()),
        (
            "   switchport trunk allowed vlan 3,5-7\n   switchport trunk allowed vlan add 9\n",
            VlanSet([3, 5, 6, 7, 9]),
        ),
    ],
)
def test_the_list_of_a_trunk(line: str, allowed: VlanSet) -> None:
    row = parse(port=f"interface Ethernet1\n{line}   switchport mode trunk\n").ports[PORT]
    assert row.allowed == allowed


@pytest.mark.parametrize(
    ("config", "mode", "access_vlan"),
    [
        ("", "access", 1),
        ("   switchport access vlan 100\n", "access", 100),
        ("   switchport mode trunk\n", "trunk", 1),
        ("   switchport mode dot1q-tunnel\n", "special", 1),
        ("   switchport mode trunk phone\n", "special", 1),
        ("   no switchport\n   ip address 10.9.9.1/30\n", "routed", None),
    ],
)
def test_the_mode_of_a_port(config: str, mode: str, access_vlan: int | None) -> None:
    row = parse(port=f"interface Ethernet1\n{config}").ports[PORT]
    assert (row.mode, row.access_vlan) == (mode, access_vlan)


def test_a_trunk_that_tags_its_native_vlan_has_none() -> None:
    text = TRUNK.replace("native vlan 7", "native vlan tag")
    assert parse(port=text).ports[PORT].native_vlan is None


def test_a_member_of_a_port_channel_and_a_phone_are_known() -> None:
    row = parse(
        port="interface Ethernet1\n   channel-group 10 mode active\n   switchport phone vlan 200\n"
    ).ports[PORT]
    assert (row.channel, row.voice_vlan) == (CHANNEL, 200)


def test_an_svi_and_what_is_not_ours_on_it() -> None:
    svi = """interface Vlan10
   description web
   vrf shop
   ip address 10.0.0.1/24
   ip address 10.0.1.1/24 secondary
   ip address virtual 10.0.2.1/24
   ip virtual-router address 10.0.0.254
   ipv6 address fd00::1/64
"""
    row = parse(svi=svi).gateways[None, VLAN]
    assert row.addresses == {ip_interface(a) for a in ("10.0.0.1/24", "10.0.1.1/24", "fd00::1/64")}
    assert row.primary == ip_interface("10.0.0.1/24")
    assert row.conflicts == ("ip address virtual 10.0.2.1/24",)
    assert row.others == ("description web", "vrf shop", "ip virtual-router address 10.0.0.254")
    assert not row.shutdown
    assert parse(svi="interface Vlan10\n   shutdown\n").gateways[None, VLAN].shutdown


@pytest.mark.parametrize(
    ("routing", "words"),
    [
        ("ip routing\n", ""),
        ("no ip routing\n", "does not route"),
        ("no ip routing\nip routing vrf X\n", "route"),
    ],
)
def test_a_switch_that_does_not_route_is_a_problem(routing: str, words: str) -> None:
    claim = Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"),))
    _, problems = diff(an_intent(claim), parse(routing=routing))
    assert words in problems.get(claim, "")
    assert bool(problems) is bool(words)


def test_a_gateway_on_a_sub_interface_is_a_problem() -> None:
    claim = Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"),), parent=PORT)
    state = AristaEos().parse(outputs(), replace(SCOPE, gateways=((PORT, VLAN),)))
    assert "sub-interfaces" in diff(an_intent(claim), state)[1][claim]


@pytest.mark.parametrize(
    ("row", "at_port", "at_channel"),
    [
        ("  10    0200.0000.0001    DYNAMIC     Et1        1       0:08:16 ago", True, False),
        (" 10    0200.0000.0001    DYNAMIC     Po10       1       9 days, 15:57:28 ago", False, True),
        ("  10    0200.0000.0001    STATIC      Et1", True, False),
        ("  10    0200.0000.0001    STATIC      Cpu", False, False),
        ("  10    0200.0000.0001    DYNAMIC     Vx1        1       0:08:16 ago", False, False),
        ("  10    0200.0000.0001    DYNAMIC     Xyz1       1       0:08:16 ago", True, True),
        ("  11    0200.0000.0001    DYNAMIC     Et1        1       0:08:16 ago", False, False),
        ("", False, False),
    ],
)
def test_who_talks_on_which_port(row: str, *, at_port: bool, at_channel: bool) -> None:
    macs = parse(macs=MACS.format(f"{row}\n")).macs
    assert (bool(macs[PORT, VLAN]), bool(macs[CHANNEL, VLAN])) == (at_port, at_channel)


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"vlan": VLAN_TABLE + "4095  x       active    \n"}, "show vlan"),
        ({"port": TRUNK.replace("7,12", "12-7")}, "interfaces Ethernet1"),
        ({"port": TRUNK.replace("vlan 7,12", "vlan except 7")}, "interfaces Ethernet1"),
        ({"port": TRUNK.replace("vlan 7,12", "vlan add 7")}, "interfaces Ethernet1"),
        ({"svi": "interface Vlan10\n   ip address 1.2.3.999/8\n"}, "interfaces Vlan10"),
        ({"macs": MACS.format("10 0200.0000.0001 what\n")}, "mac address-table"),
    ],
)
def test_output_that_makes_no_sense_names_its_command(changes: dict[str, str], command: str) -> None:
    with pytest.raises(ValueError, match=command):
        parse(**changes)


def an_intent(*present: Claim, absent: tuple[Claim, ...] = ()) -> SwitchIntent:
    return a_switch_intent(present=frozenset(present), absent=frozenset(absent), ports={PORT: RULE})


def render(op: str, claim: Claim, state: SwitchState) -> list[Block]:
    """Render one change and let the guard look at every line of it."""
    change = Change(op="add" if op == "add" else "remove", claim=claim)
    blocks = list(AristaEos().render([change], state, {PORT: RULE}))
    check_blocks(blocks, GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=state)
    return blocks


def lines(blocks: list[Block]) -> list[str]:
    return [line for block in blocks for line in (block.enter, *block.lines)]


def a_row(**changes: Any) -> PortRow:
    row = PortRow(
        port=PORT,
        mode="access",
        shown_mode="access",
        allowed=VlanSet.every(),
        native_vlan=Vid(1),
        access_vlan=Vid(100),
    )
    return replace(row, **changes)


OURS = Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"), ip_interface("10.0.1.1/24")))
SVI = "interface Vlan10\n   ip address 10.0.0.1/24\n   ip address 10.0.1.1/24 secondary\n"


@pytest.mark.parametrize(
    ("op", "claim", "row", "expected"),
    [
        ("add", HasVlan(vlan=VLAN, name="tl-web"), a_row(), ["vlan 10", "name tl-web"]),
        ("remove", HasVlan(vlan=VLAN, name="tl-web"), a_row(), ["no vlan 10"]),
        (
            "add",
            Carries(port=PORT, vlan=VLAN),
            a_row(mode="trunk", allowed=VlanSet([1])),
            ["interface Ethernet1", "switchport trunk allowed vlan add 10"],
        ),
        (
            "remove",
            Carries(port=PORT, vlan=VLAN),
            a_row(mode="trunk", allowed=VlanSet([1, 10])),
            ["interface Ethernet1", "switchport trunk allowed vlan remove 10"],
        ),
        (
            "add",
            Carries(port=PORT, vlan=VLAN),
            a_row(),
            [
                "interface Ethernet1",
                "switchport trunk native vlan 100",
                "switchport trunk allowed vlan 100",
                "switchport mode trunk",
                "switchport trunk allowed vlan add 10",
            ],
        ),
        (
            "add",
            OURS,
            a_row(),
            ["interface Vlan10", "ip address 10.0.0.1/24", "ip address 10.0.1.1/24 secondary", "no shutdown"],
        ),
    ],
)
def test_what_is_sent(op: str, claim: Claim, row: PortRow, expected: list[str]) -> None:
    assert lines(render(op, claim, SwitchState(ports={PORT: row}))) == expected


def test_a_gateway_goes_with_its_secondary_address_first() -> None:
    assert lines(render("remove", OURS, parse(svi=SVI))) == [
        "interface Vlan10",
        "no ip address 10.0.1.1/24 secondary",
        "no ip address 10.0.0.1/24",
        "no interface Vlan10",
    ]


@pytest.mark.parametrize(
    "line", ["ip address 10.0.9.1/24 secondary", "vrf shop", "ip address virtual 10.9.9.9/24"]
)
def test_a_gateway_with_something_of_somebody_else_loses_only_what_is_ours(line: str) -> None:
    state = parse(svi=f"{SVI}   {line}\n")
    sent = lines(render("remove", OURS, state))
    assert "no interface Vlan10" not in sent
    assert not any("10.0.9.1" in each or "10.9.9.9" in each for each in sent)
    assert diff(an_intent(absent=(OURS,)), state)[1]


def test_a_half_adopted_port_is_put_back_with_its_mode_first() -> None:
    before = PortRow(
        port=PORT, mode="access", allowed=VlanSet.parse("5-9"), native_vlan=Vid(1), access_vlan=Vid(100)
    )
    block = AristaEos().restore(PORT, before)
    assert block.lines == (
        "switchport mode access",
        "switchport trunk native vlan 1",
        "switchport trunk allowed vlan 5-9",
    )
    assert block.stepwise
    state = SwitchState(ports={PORT: before})
    check_blocks([block], GRAMMAR, intent=an_intent(), vlans=frozenset(), before=state)


@pytest.mark.parametrize(
    ("enter", "line"),
    [
        ("interface Ethernet1", "no switchport trunk allowed vlan"),
        ("interface Ethernet1", "no switchport trunk allowed vlan 10"),
        ("interface Ethernet1", "switchport trunk allowed vlan 10"),
        ("interface Ethernet1", "switchport trunk allowed vlan all"),
        ("interface Ethernet1", "switchport trunk allowed vlan except 10"),
        ("interface Ethernet1", "switchport trunk allowed vlan add 11"),
        ("interface Ethernet1", "switchport mode trunk"),
        ("interface Ethernet1", "switchport"),
        ("interface Ethernet1", "shutdown"),
        ("interface Vlan10", "no ip address"),
        ("interface Vlan10", "ip address virtual 10.0.0.1/24"),
        ("interface Management1", "no shutdown"),
        ("interface Ethernet1.10", "no shutdown"),
        ("ip routing", ""),
    ],
)
def test_a_line_that_no_change_needs_is_refused_on_a_trunk(enter: str, line: str) -> None:
    block = Block(enter=enter, mode="config-if", lines=(line,), claims=frozenset())
    with pytest.raises(GuardRefused):
        check_blocks([block], GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=parse())


@pytest.mark.parametrize("name", ["a b", "x\nreload", "x;reload", "", "a?b", "x" * 33, "é", "x|y"])
def test_a_name_that_is_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(GuardRefused):
        render("add", HasVlan(vlan=VLAN, name=name), SwitchState())


@given(st.text())
def test_whatever_a_vlan_is_called_nothing_but_a_name_is_sent(name: str) -> None:
    try:
        (block,) = render("add", HasVlan(vlan=VLAN, name=name), SwitchState())
    except GuardRefused:
        return
    assert re.fullmatch(r"name [A-Za-z0-9_-]{1,32}", block.lines[0])


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("sw1>", ""),
        ("sw1#", ""),
        ("sw1(config)#", "config"),
        ("sw1(config-if-Et1)#", "config-if"),
        ("sw1(config-if-Et3/1/1)#", "config-if"),
        ("sw1(config-if-Po10)#", "config-if"),
        ("sw1(config-if-Vl10)#", "config-if"),
        ("sw1(config-vlan-10)#", "config-vlan"),
        ("sw1(config-if-Et1-4)#", "config-if-Et1-4"),
        ("sw1(config-if-Ma1)#", "config-if-Ma1"),
        ("sw1(config-s-x)#", "config-s-x"),
    ],
)
def test_a_prompt_names_what_is_configured_and_only_known_ones_are_a_mode(prompt: str, mode: str) -> None:
    found = re.fullmatch(GRAMMAR.prompt.replace("{hostname}", "sw1"), prompt)
    assert found is not None
    assert GRAMMAR.mode_of(found) == mode


@pytest.mark.parametrize(
    "reply",
    [
        "% Invalid input",
        "% Incomplete command",
        "% Ambiguous command",
        "% Unavailable command (not supported on this hardware platform)",
        "% Subnet 10.0.0.0/24 overlaps",
        "% Authorization denied for command 'vlan 10'",
        "%Error: no",
        "Command failed: something",
    ],
)
def test_a_refusal_is_seen(reply: str) -> None:
    assert is_refusal(f"\n{reply}\n", GRAMMAR)


@pytest.mark.parametrize("reply", ["", "% Warning: something", "! Interface does not exist yet"])
def test_what_only_looks_like_a_refusal_is_none(reply: str) -> None:
    assert not is_refusal(f"\n{reply}\n", GRAMMAR)


def test_a_log_message_is_taken_out() -> None:
    line = "Oct  1 12:00:00 sw1 Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface Ethernet1, changed state to up"
    assert GRAMMAR.log_line.sub("", f"{line}\nrest\n") == "rest\n"


@pytest.mark.parametrize(
    ("reply", "is_saved"),
    [
        ("Copy completed successfully.", True),
        ("", False),
        ("% Error copying system:/running-config", False),
        ("Copy aborted.", False),
        ("% Authorization denied for command 'write memory'", False),
    ],
)
def test_only_a_completed_copy_is_saved(reply: str, *, is_saved: bool) -> None:
    assert bool(GRAMMAR.saved.search(reply)) is is_saved


@pytest.mark.parametrize(
    "text",
    [
        "Proceed with reload? [confirm]",
        "Modified. Save? [yes/no/cancel]:",
        "--More--",
    ],
)
def test_a_question_is_seen(text: str) -> None:
    assert GRAMMAR.question.search(text)


@pytest.mark.parametrize("address", ["10.0.0.9", "fd00::9"])
def test_nothing_is_sent_to_clear_a_neighbor(address: str) -> None:
    neighbor = Neighbor(vlan=VLAN, address=ip_address(address))
    assert AristaEos().gateway_query(neighbor).answer.search(SVI)
    with pytest.raises(ValueError, match="no command is known"):
        AristaEos().forget(neighbor, SVI)
    assert not AristaEos().old_entry(neighbor, f"{address} 0 0200.0000.0001 Vlan10", seconds=0)
    for line in (f"clear arp {address}", f"clear arp-cache {address}", "reload"):
        with pytest.raises(GuardRefused):
            check_commands([line], GRAMMAR, switch=a_switch(), neighbor=neighbor)
