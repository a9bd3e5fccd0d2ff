"""The NX-OS dialect: what it reads, what it may send, and that what it sent is read back."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_switch, a_switch_intent
from trunkline.drivers.switch.cisco_nxos import GRAMMAR, CiscoNxos
from trunkline.drivers.switch.claims import Change, diff
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.guards import check_blocks, check_commands
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PORT = PortName("Ethernet1/1")
CHANNEL = PortName("port-channel10")
VLAN = Vid(10)
NO_SUCH = "                   ^\nInvalid range at '^' marker.\n"
HEADER = (
    "\n!Command: show running-config interface x\n!Time: Fri May 16 2025\n\nversion 9.3(1) Bios:version\n\n"
)
VLAN_TABLE = """
VLAN Name                             Status    Ports
---- -------------------------------- --------- -------------------------------
1    default                          active    Eth1/2, Eth1/3
20   WEB                              suspended
30   VLAN0030                         act/lshut

VLAN Type         Vlan-mode
---- -----        ----------
1    enet         CE
"""
FEATURES = "Feature Name          Instance  State\n--------------------  --------  --------\n{}"
ENABLED = FEATURES.format(
    "hsrp_engine            1          enabled\ninterface-vlan         1          enabled\n"
)
SWITCHPORT = """Name: Ethernet1/1
  Switchport: Enabled
  Switchport Monitor: Not enabled
  Operational Mode: trunk
  Access Mode VLAN: 100 (hosts)
  Trunking Native Mode VLAN: 7 (Vlan not created)
  Trunking VLANs Allowed: {}
  Voice VLAN: none
  Extended Trust State : not trusted [COS = 0]
  Administrative private-vlan trunk native VLAN: none
"""
TRUNK = """interface Ethernet1/1
  description to h1
  switchport
  switchport mode trunk
  switchport trunk native vlan 7
  switchport trunk allowed vlan 7,12
"""
MACS = """Legend:
        * - primary entry, G - Gateway MAC, (R) - Routed MAC, O - Overlay MAC
        age - seconds since last seen,+ - primary entry using vPC Peer-Link
   VLAN     MAC Address      Type      age     Secure NTFY Ports
---------+-----------------+--------+---------+------+----+------------------
"""
SCOPE = Scope(
    switch=a_switch(driver="cisco_nxos"),
    vlans=frozenset({VLAN}),
    ports=(PORT,),
    gateways=((None, VLAN),),
    removals=((PORT, VLAN), (CHANNEL, VLAN)),
)
RULE = PortRule(port=PORT, adopt=True)


def outputs(**changes: str) -> dict[str, str]:
    """Give every answer of an ordinary switch; changes are by a word of the command."""
    found = {
        "show vlan": VLAN_TABLE,
        "show feature": ENABLED,
        "show interface Ethernet1/1 switchport": SWITCHPORT.format("7,12"),
        "show running-config interface Ethernet1/1": HEADER + TRUNK,
        "show mac address-table vlan 10": MACS,
        "show running-config interface Vlan10": NO_SUCH,
    }
    words = {"port": "show running-config interface Ethernet1/1"}
    for word, text in changes.items():
        asked = [each for each in found if word == each.split()[-1] or word in each.split()[1:3]]
        found[words.get(word) or asked[0]] = text
    return found


def parse(**changes: str) -> SwitchState:
    return CiscoNxos().parse(outputs(**changes), SCOPE)


def test_every_answer_of_an_ordinary_switch_is_believed() -> None:
    answers = outputs()
    queries = CiscoNxos().queries(SCOPE)
    assert {query.command for query in queries} == set(answers)
    for query in queries:
        assert query.answer.search(answers[query.command]), query.command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "% Permission denied for the role\n",
        "                ^\n% Invalid command at '^' marker.\n",
        "                ^\n% Incomplete command at '^' marker.\n",
        "Cannot run commands in the mode at this moment. Please try again.\n",
        "1    default\n",
    ],
)
def test_a_refusal_is_no_answer_to_anything(text: str) -> None:
    for query in CiscoNxos().queries(SCOPE):
        assert not query.answer.search(text), query.command


def test_half_a_table_of_vlans_is_no_answer() -> None:
    query = next(query for query in CiscoNxos().queries(SCOPE) if query.command == "show vlan")
    assert not query.answer.search(VLAN_TABLE.partition("VLAN Type")[0])


def test_a_switch_without_gateways_is_not_asked_for_features() -> None:
    scope = replace(SCOPE, gateways=())
    assert "show feature" not in {query.command for query in CiscoNxos().queries(scope)}
    assert not CiscoNxos().parse(outputs(), scope).facts.no_gateways


def test_vlans_and_their_states() -> None:
    vlans = parse().vlans
    assert {vlan: (row.name, row.active) for vlan, row in vlans.items()} == {
        1: ("default", True),
        20: ("WEB", False),
        30: ("VLAN0030", False),
    }


def test_a_trunk_with_its_foreign_lines() -> None:
    row = parse().ports[PORT]
    assert (row.mode, row.native_vlan, row.access_vlan, row.voice_vlan) == ("trunk", 7, 100, None)
    assert row.allowed == VlanSet([7, 12])
    assert row.others == ("description to h1",)


@pytest.mark.parametrize("shown", ["1-4094", "1-3967,4048-4093"])
def test_a_trunk_without_a_list_carries_every_vlan_whatever_is_reserved(shown: str) -> None:
    state = parse(port=TRUNK.replace("  switchport trunk allowed vlan 7,12\n", ""))
    assert state.ports[PORT].allowed == VlanSet.every()
    both = outputs(
        port="interface Ethernet1/1\n  switchport mode trunk\n", switchport=SWITCHPORT.format(shown)
    )
    assert CiscoNxos().parse(both, SCOPE).ports[PORT].allowed == VlanSet.every()


@pytest.mark.parametrize(
    ("config", "mode", "shown"),
    [
        ("", "access", "access"),
        ("  switchport mode access\n", "access", "access"),
        ("  switchport mode trunk\n", "trunk", "trunk"),
        ("  switchport mode dot1q-tunnel\n", "special", "dot1q-tunnel"),
        ("  switchport mode fex-fabric\n", "special", "fex-fabric"),
        ("  switchport mode private-vlan host\n", "special", "private-vlan host"),
    ],
)
def test_the_mode_of_a_port(config: str, mode: str, shown: str) -> None:
    row = parse(port=f"interface Ethernet1/1\n{config}").ports[PORT]
    assert (row.mode, row.shown_mode) == (mode, shown)


def test_a_port_that_listens_to_others_is_left_alone() -> None:
    text = SWITCHPORT.format("7").replace("Monitor: Not enabled", "Monitor: Enabled ")
    assert parse(switchport=text).ports[PORT].mode == "special"


@pytest.mark.parametrize("line", ["channel-group 10 mode active", "channel-group 10"])
def test_a_member_of_a_port_channel_is_known(line: str) -> None:
    assert parse(port=f"interface Ethernet1/1\n  {line}\n").ports[PORT].channel == CHANNEL


def test_a_routed_port_is_a_problem_and_never_made_a_switch_port() -> None:
    state = CiscoNxos().parse(
        outputs(
            switchport="Name: Ethernet1/1\n  Switchport: Disabled\n",
            port="interface Ethernet1/1\n  no switchport\n  ip address 10.9.9.1/30\n",
        ),
        SCOPE,
    )
    assert state.ports[PORT].mode == "routed"
    claim = Carries(port=PORT, vlan=VLAN)
    changes, problems = diff(an_intent(claim), state)
    assert not changes
    assert "routed port" in problems[claim]


def test_a_port_that_is_not_there_is_absent() -> None:
    assert CiscoNxos().parse(outputs(port=NO_SUCH, switchport=NO_SUCH), SCOPE).ports[PORT].mode == "absent"


def test_a_gateway_without_the_feature_is_a_problem_and_not_a_line() -> None:
    off = FEATURES.format("interface-vlan         1          disabled\n")
    claim = Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"),))
    changes, problems = diff(an_intent(claim), parse(feature=off))
    assert not changes
    assert "feature interface-vlan" in problems[claim]
    assert not diff(an_intent(claim), parse())[1]


def test_a_gateway_on_a_sub_interface_is_a_problem() -> None:
    claim = Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"),), parent=PORT)
    state = CiscoNxos().parse(outputs(), replace(SCOPE, gateways=((PORT, VLAN),)))
    assert "sub-interfaces" in diff(an_intent(claim), state)[1][claim]
    with pytest.raises(ValueError, match="sub-interface"):
        CiscoNxos().render([Change(op="add", claim=claim)], state, {})


def test_an_svi_and_what_is_not_ours_on_it() -> None:
    svi = """interface Vlan10
  description web
  no shutdown
  vrf member shop
  ip address 10.0.0.1/24
  ip address 10.0.1.1/24 secondary
  ip address 10.0.2.1/24 tag 5
  ipv6 address fd00::1/64
"""
    row = parse(Vlan10=HEADER + svi).gateways[None, VLAN]
    assert row.addresses == {ip_interface(a) for a in ("10.0.0.1/24", "10.0.1.1/24", "fd00::1/64")}
    assert row.primary == ip_interface("10.0.0.1/24")
    assert not row.shutdown
    assert row.conflicts == ("ip address 10.0.2.1/24 tag 5",)
    assert row.others == ("description web", "vrf member shop")
    assert parse(Vlan10="interface Vlan10\n").gateways[None, VLAN].shutdown


@pytest.mark.parametrize(
    ("row", "at_port", "at_channel"),
    [
        ("*   10     0200.0000.0001   dynamic  0         F      F    Eth1/1", True, False),
        ("* 10       0200.0000.0001    dynamic   3590       F    F  Po10", False, True),
        ("+   10     0200.0000.0001   dynamic  0         F      F    vPC Peer-Link", True, True),
        ("*   10     0200.0000.0001   static   -         F      F    nve1(10.1.1.1)", False, False),
        ("G   10     0200.0000.0001   static   -         F      F    sup-eth1(R)", False, False),
        ("G    -     0200.0000.0001   static   -         F      F    sup-eth1(R)", False, False),
        ("C   10     0200.0000.0001   dynamic  0         F      F    Eth1/9", False, False),
        ("*   11     0200.0000.0001   dynamic  0         F      F    Eth1/1", False, False),
        ("*   10     0100.5e00.0001   static   0         F      F    Eth1/1", False, False),
        ("*   10     0200.0000.0001   dynamic  0         F      F    xyz7/1", True, True),
    ],
)
def test_who_talks_on_which_port(row: str, *, at_port: bool, at_channel: bool) -> None:
    macs = CiscoNxos().parse(outputs() | {"show mac address-table vlan 10": MACS + row + "\n"}, SCOPE).macs
    assert (bool(macs[PORT, VLAN]), bool(macs[CHANNEL, VLAN])) == (at_port, at_channel)


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"vlan": VLAN_TABLE + "4095 x    active    \n"}, "show vlan"),
        ({"switchport": SWITCHPORT.format("12-7")}, "switchport"),
        ({"switchport": SWITCHPORT.replace("  Trunking VLANs Allowed: {}\n", "")}, "switchport"),
        ({"port": TRUNK.replace("vlan 7,12", "vlan except 7")}, "switchport"),
        ({"port": TRUNK.replace("vlan 7,12", "vlan add 7")}, "switchport"),
        ({"port": NO_SUCH}, "switchport"),
        ({"Vlan10": "interface Vlan10\n  ip address 1.2.3.999/8\n"}, "interface Vlan10"),
        ({"address-table": MACS + "* 10 0200.0000.0001 what\n"}, "mac address-table"),
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
    blocks = list(CiscoNxos().render([change], state, {PORT: RULE}))
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


@pytest.mark.parametrize(
    ("op", "claim", "row", "expected"),
    [
        ("add", HasVlan(vlan=VLAN, name="tl-web"), a_row(), ["vlan 10", "name tl-web"]),
        ("remove", HasVlan(vlan=VLAN, name="tl-web"), a_row(), ["no vlan 10"]),
        (
            "add",
            Carries(port=PORT, vlan=VLAN),
            a_row(mode="trunk", allowed=VlanSet([1])),
            ["interface Ethernet1/1", "switchport trunk allowed vlan add 10"],
        ),
        (
            "remove",
            Carries(port=PORT, vlan=VLAN),
            a_row(mode="trunk", allowed=VlanSet([1, 10])),
            ["interface Ethernet1/1", "switchport trunk allowed vlan remove 10"],
        ),
        (
            "add",
            Carries(port=PORT, vlan=VLAN),
            a_row(),
            [
                "interface Ethernet1/1",
                "switchport trunk native vlan 100",
                "switchport trunk allowed vlan 100",
                "switchport mode trunk",
                "switchport trunk allowed vlan add 10",
            ],
        ),
        (
            "add",
            Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"), ip_interface("fd00::1/64"))),
            a_row(),
            ["interface Vlan10", "ip address 10.0.0.1/24", "ipv6 address fd00::1/64", "no shutdown"],
        ),
        (
            "add",
            Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"), ip_interface("10.0.1.1/24"))),
            a_row(),
            ["interface Vlan10", "ip address 10.0.0.1/24", "ip address 10.0.1.1/24 secondary", "no shutdown"],
        ),
    ],
)
def test_what_is_sent(op: str, claim: Claim, row: PortRow, expected: list[str]) -> None:
    assert lines(render(op, claim, SwitchState(ports={PORT: row}))) == expected


def test_a_name_that_another_vlan_has_gets_the_id() -> None:
    (block,) = render("add", HasVlan(vlan=VLAN, name="WEB"), parse())
    assert block.lines == ("name WEB-10",)


OURS = Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"), ip_interface("10.0.1.1/24")))
SVI = "interface Vlan10\n  no shutdown\n  ip address 10.0.0.1/24\n  ip address 10.0.1.1/24 secondary\n"


def test_a_gateway_goes_with_its_secondary_address_first() -> None:
    assert lines(render("remove", OURS, parse(Vlan10=SVI))) == [
        "interface Vlan10",
        "no ip address 10.0.1.1/24 secondary",
        "no ip address 10.0.0.1/24",
        "no interface Vlan10",
    ]


@pytest.mark.parametrize(
    "line", ["ip address 10.0.9.1/24 secondary", "vrf member shop", "ip address 10.9.9.9/24 tag 1"]
)
def test_a_gateway_with_something_of_somebody_else_loses_only_what_is_ours(line: str) -> None:
    state = parse(Vlan10=f"{SVI}  {line}\n")
    sent = lines(render("remove", OURS, state))
    assert "no interface Vlan10" not in sent
    assert not any("10.0.9.1" in each or "10.9.9.9" in each for each in sent)
    assert diff(an_intent(absent=(OURS,)), state)[1]


def test_many_vlans_are_cut_into_lines_that_fit() -> None:
    vlans = [Vid(number) for number in range(3, 999, 2)]
    state = SwitchState(ports={PORT: a_row(mode="trunk", allowed=VlanSet())})
    changes = [Change(op="add", claim=Carries(port=PORT, vlan=vlan)) for vlan in vlans]
    blocks = CiscoNxos().render(changes, state, {PORT: RULE})
    check_blocks(blocks, GRAMMAR, intent=an_intent(), vlans=frozenset(vlans), before=state)
    assert len(blocks) == 1
    assert len(blocks[0].lines) > 5


def test_a_half_adopted_port_is_put_back_with_its_mode_first() -> None:
    before = PortRow(
        port=PORT, mode="access", allowed=VlanSet.parse("5-9"), native_vlan=Vid(1), access_vlan=Vid(100)
    )
    block = CiscoNxos().restore(PORT, before)
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
        ("interface Ethernet1/1", "no switchport trunk allowed vlan"),
        ("interface Ethernet1/1", "no switchport trunk allowed vlan remove 10"),
        ("interface Ethernet1/1", "switchport trunk allowed vlan 10"),
        ("interface Ethernet1/1", "switchport trunk allowed vlan all"),
        ("interface Ethernet1/1", "switchport trunk allowed vlan except 10"),
        ("interface Ethernet1/1", "switchport trunk allowed vlan none"),
        ("interface Ethernet1/1", "switchport trunk allowed vlan add 11"),
        ("interface Ethernet1/1", "switchport mode trunk"),
        ("interface Ethernet1/1", "switchport"),
        ("interface Ethernet1/1", "no switchport"),
        ("interface Ethernet1/1", "shutdown"),
        ("interface Vlan10", "no ip address"),
        ("interface Vlan10", "ip address dhcp"),
        ("interface mgmt0", "no shutdown"),
        ("interface Ethernet1/1.10", "no shutdown"),
        ("feature interface-vlan", ""),
        ("no feature interface-vlan", ""),
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
    "reply",
    [
        "                   ^\n% Invalid command at '^' marker.",
        "                   ^\nInvalid range at '^' marker.",
        "% Incomplete command at '^' marker.",
        "% Ambiguous command at '^' marker.",
        "% Permission denied for the role",
        "ERROR: VLAN with the same name exists",
        "ERROR: Ethernet1/1: requested config change not allowed",
        "Syntax error while parsing 'vlan'",
        "Command rejected: VLAN 3968 is reserved",
        "Configuration not allowed on the interface at '^' marker.",
        "Cannot run commands in the mode at this moment. Please try again.",
        "% 10.0.0.1/24 overlaps with address configured on Vlan20",
    ],
)
def test_a_refusal_is_seen(reply: str) -> None:
    assert is_refusal(f"\n{reply}\n", GRAMMAR)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Enter configuration commands, one per line. End with CNTL/Z.",
        "% Access VLAN does not exist. Creating vlan 200",
        "Warning: Edge port type (portfast) should only be enabled on ports connected to a single host.",
    ],
)
def test_what_only_looks_like_a_refusal_is_none(reply: str) -> None:
    assert not is_refusal(f"\n{reply}\n", GRAMMAR)


@pytest.mark.parametrize(
    "line",
    [
        "2025 May 16 09:33:40 sw1 %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up in mode trunk",
        "2013 May  9 14:33:58 sw1 %$ VDC-1 %$ %VLAN_MGR-2-CRITICAL_MSG: something",
    ],
)
def test_a_log_message_is_taken_out(line: str) -> None:
    assert GRAMMAR.log_line.sub("", f"{line}\nrest\n") == "rest\n"


@pytest.mark.parametrize(
    ("reply", "is_saved"),
    [
        ("[########################################] 100%\nCopy complete.", True),
        ("[####] 100%\nCopy complete, now saving to disk (please wait)...\nCopy complete.", True),
        ("[####] 100%\nCopy complete, now saving to disk (please wait)...", True),
        ("Configuration update aborted: request was aborted", False),
        ("% Permission denied for the role", False),
        ("[####################                    ]  50%", False),
    ],
)
def test_only_a_complete_copy_is_saved(reply: str, *, is_saved: bool) -> None:
    assert bool(GRAMMAR.saved.search(reply)) is is_saved


@pytest.mark.parametrize(
    "text",
    ["There are unsaved changes (y/n)?  [n] ", "Do you want to continue (yes/no) [no]", "--More--"],
)
def test_a_question_is_seen(text: str) -> None:
    assert GRAMMAR.question.search(text)


ARP = """
Flags: * - Adjacencies learnt on non-active FHRP router

IP ARP Table
Total number of entries: 1
Address         Age       MAC Address     Interface       Flags
10.0.0.9        {:<8}  0200.0000.0009  Vlan10
"""


def a_neighbor(address: str = "10.0.0.9", **changes: Any) -> Neighbor:
    return replace(Neighbor(vlan=VLAN, address=ip_address(address)), **changes)


def test_an_ipv4_entry_is_cleared_by_its_address() -> None:
    how = CiscoNxos().forget(a_neighbor(), HEADER + SVI)
    assert how is not None
    assert how.commands == ("clear ip arp 10.0.0.9",)
    check_commands(how.commands, GRAMMAR, switch=a_switch(), neighbor=a_neighbor())
    assert how.proof.answer.search(ARP)
    assert not how.proof.answer.search("% Permission denied for the role\n")
    assert CiscoNxos().forget(a_neighbor(), NO_SUCH) is None
    assert CiscoNxos().gateway_query(a_neighbor()).answer.search(NO_SUCH)


@pytest.mark.parametrize(
    ("neighbor", "line", "words"),
    [
        (a_neighbor("fd00::9"), "", "IPv6"),
        (a_neighbor(), "  vrf member shop\n", "VRF"),
        (a_neighbor(parent=PORT), "", "sub-interfaces"),
    ],
)
def test_where_no_command_is_known_nothing_is_sent(neighbor: Neighbor, line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CiscoNxos().forget(neighbor, SVI + line)


@pytest.mark.parametrize(
    ("age", "seconds", "is_old"),
    [("00:00:01", 2.0, False), ("00:00:03", 2.0, True), ("01:00:00", 3599.0, True), ("-", 2.0, True)],
)
def test_an_entry_is_old_unless_it_was_learned_since(age: str, seconds: float, *, is_old: bool) -> None:
    found = CiscoNxos().old_entry(a_neighbor(), ARP.format(age), seconds=seconds)
    assert bool(found) is is_old
    assert not CiscoNxos().old_entry(a_neighbor("10.0.0.8"), ARP.format(age), seconds=seconds)


@pytest.mark.parametrize(
    "line", ["clear ip arp", "clear ip arp 10.0.0.8", "clear ip arp vlan 10 force-delete", "reload"]
)
def test_a_privileged_line_about_anything_else_is_refused(line: str) -> None:
    with pytest.raises(GuardRefused):
        check_commands([line], GRAMMAR, switch=a_switch(), neighbor=a_neighbor())
