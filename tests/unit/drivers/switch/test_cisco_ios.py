"""The Cisco dialect on the outputs that trip tools: what they say, and what must not be taken for an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import PORT_1, PORT_2, a_switch
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Scope
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PARENT = PortName("GigabitEthernet0/0")
NO_SUCH = "                       ^\n% Invalid input detected at '^' marker.\n"
VLAN_TABLE = """
VLAN Name                             Status    Ports
---- -------------------------------- --------- -------------------------------
1    default                          active    Gi1/0/2
"""
SWITCHPORT = """Name: Gi1/0/1
Switchport: Enabled
Administrative Mode: {mode}
Operational Mode: {operational}
Administrative Trunking Encapsulation: dot1q
Access Mode VLAN: 100 (hosts)
Trunking Native Mode VLAN: 1 (default)
Voice VLAN: none
Trunking VLANs Enabled: 1,12,15,31-36,
     900,910
Pruning VLANs Enabled: 2-1001
"""
MACS = """
          Mac Address Table
-------------------------------------------

Vlan    Mac Address       Type        Ports
----    -----------       --------    -----
"""
SCOPE = Scope(
    switch=a_switch(),
    vlans=frozenset({Vid(10)}),
    ports=(PORT_1,),
    gateways=((None, Vid(10)),),
    removals=((PORT_1, Vid(10)), (PORT_2, Vid(10))),
)
ON_A_STICK = Scope(
    switch=replace(a_switch(), kind="router"),
    vlans=frozenset({Vid(10)}),
    ports=(),
    gateways=((PARENT, Vid(10)),),
)


def outputs(**changes: str) -> dict[str, str]:
    """Give every answer of an ordinary switch; changes are by a word of the command."""
    found = {
        "show running-config | include routing": "ip routing\n",
        "show vlan brief": VLAN_TABLE,
        "show interfaces status err-disabled": "",
        "show vtp status": "VTP Version : 2\nVTP Operating Mode : Transparent\n",
        f"show interfaces {PORT_1} switchport": SWITCHPORT.format(mode="trunk", operational="trunk"),
        f"show running-config interface {PORT_1}": f"interface {PORT_1}\n switchport mode trunk\nend\n",
        "show mac address-table vlan 10": MACS,
        "show running-config interface Vlan10": NO_SUCH,
    }
    for word, text in changes.items():
        (command,) = (each for each in found if word in each.replace("|", "").replace("-", " ").split())
        found[command] = text
    return found


def parse(**changes: str) -> SwitchState:
    return CiscoIos().parse(outputs(**changes), SCOPE)


def the_port(**changes: str) -> PortRow:
    return parse(**changes).ports[PORT_1]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("include", "% Authorization failed.\n"),
        ("include", "      ^\n% Invalid input detected at '^' marker.\n"),
        ("brief", ""),
        ("brief", "Command authorization failed.\n"),
        ("brief", NO_SUCH),
        ("vtp", "% Authorization failed.\n"),
        ("vtp", ""),
        ("switchport", ""),
        ("switchport", "Command authorization failed.\n"),
        (str(PORT_1), ""),
        ("Vlan10", ""),
        ("Vlan10", "Command authorization failed.\n"),
        ("Vlan10", "Unable to get configuration. Try again later.\n"),
        ("mac", ""),
        ("mac", "Command authorization failed.\n"),
        ("include", "Command authorization failed.\n"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_known_as_such(word: str, text: str) -> None:
    queries = CiscoIos().queries(SCOPE)
    asked = [query for query in queries if word in query.command.split()]
    assert asked
    assert not any(query.answer.search(text) for query in asked)


def test_every_answer_of_an_ordinary_switch_is_believed() -> None:
    answers = outputs()
    for query in CiscoIos().queries(SCOPE):
        assert query.answer.search(answers[query.command]), query.command


def test_an_interface_that_is_not_there_has_no_row() -> None:
    state = CiscoIos().parse(
        outputs()
        | {
            f"show interfaces {PORT_1} switchport": NO_SUCH,
            f"show running-config interface {PORT_1}": NO_SUCH,
        },
        SCOPE,
    )
    assert state.ports[PORT_1].mode == "absent"
    assert not state.gateways


@pytest.mark.parametrize(
    ("mode", "operational", "expected", "negotiated"),
    [
        ("trunk", "trunk", "trunk", False),
        ("static access", "static access", "access", False),
        ("dynamic auto", "down", "dynamic", False),
        ("dynamic auto", "trunk", "dynamic", True),
        ("dynamic desirable", "trunk (member of bundle Po5)", "dynamic", True),
        ("tunnel", "tunnel", "special", False),
        ("private-vlan host", "down", "special", False),
    ],
)
def test_the_mode_of_a_port(mode: str, operational: str, expected: str, *, negotiated: bool) -> None:
    row = the_port(switchport=SWITCHPORT.format(mode=mode, operational=operational))
    assert (row.mode, row.negotiated) == (expected, negotiated)
    assert row.shown_mode == mode
    assert row.allowed == VlanSet([1, 12, 15, *range(31, 37), 900, 910])


def test_a_voice_vlan_and_foreign_lines_are_seen() -> None:
    text = SWITCHPORT.format(mode="trunk", operational="trunk").replace("VLAN: none", "VLAN: 200 (Voice)")
    assert the_port(switchport=text).voice_vlan == 200
    config = f"interface {PORT_1}\n description to h1\n switchport trunk allowed vlan 5\n switchport mode trunk\nend\n"
    state = CiscoIos().parse(outputs() | {f"show running-config interface {PORT_1}": config}, SCOPE)
    assert state.ports[PORT_1].others == (" description to h1",)


def test_a_log_message_inside_a_wrapped_list_does_not_cut_it() -> None:
    text = SWITCHPORT.format(mode="trunk", operational="trunk").replace(
        "31-36,\n", "31-36,\n*Nov 24 04:00:00.123: %LINK-3-UPDOWN: Interface Gi1/0/9, changed state to up\n"
    )
    assert 910 in the_port(switchport=GRAMMAR.log_line.sub("", text)).allowed


VTP_3 = """VTP Version capable             : 1 to 3
VTP version running             : 3

Feature VLAN:
--------------
VTP Operating Mode                : {mode}
Maximum VLANs supported locally   : 1005

Feature MST:
--------------
VTP Operating Mode                : Transparent

Feature UNKNOWN:
--------------
VTP Operating Mode                : Transparent
"""


@pytest.mark.parametrize(
    ("mode", "expected", "primary"),
    [("Server", "server", False), ("Primary Server", "server", True), ("Client", "client", False)],
)
def test_vtp_version_3_has_a_mode_per_feature(mode: str, expected: str, *, primary: bool) -> None:
    facts = parse(vtp=VTP_3.format(mode=mode)).facts
    assert (facts.vtp_mode, facts.vtp_primary, facts.vtp_version) == (expected, primary, 3)
    assert facts.most_vlans == 1005


@pytest.mark.parametrize(
    ("row", "at_1", "at_2"),
    [
        ("  10    0200.0000.0001    DYNAMIC     Gi1/0/1", True, False),
        ("  10    0200.0000.0001    STATIC      Gi1/0/1", True, False),
        ("  10    0200.0000.0001    STATIC      Gi1/0/1 Gi1/0/2", True, True),
        ("  10    0200.0000.0001    STATIC      CPU", False, False),
        ("  10    0200.0000.0001    STATIC      Vl10", False, False),
        ("  10    0200.0000.0001    DYNAMIC     Gi1/0/9", False, False),
        ("  10    0200.0000.0001    DYNAMIC     Xx7/1", True, True),
        ("  10    ffff.ffff.ffff    STATIC      Gi1/0/1", False, False),
        ("  11    0200.0000.0001    DYNAMIC     Gi1/0/1", False, False),
        (" * R   10 0200.0000.0001   static   No       -      Router", False, False),
        ("   S   10 0200.0000.0001   static   No       -      Gi1/0/1", True, False),
        (" *     10 0200.0000.0001  dynamic  Yes      280     Gi1/0/1", True, False),
        ("  10      0200.0000.0001   dynamic ip,ipx,assigned,other GigabitEthernet1/0/1   ", True, False),
        ("  10      0200.0000.0001   static ip,ipx,assigned,other Switch   ", False, False),
    ],
)
def test_who_talks_on_which_port(row: str, *, at_1: bool, at_2: bool) -> None:
    macs = parse(address=MACS + row + "\n").macs
    assert (bool(macs[PORT_1, Vid(10)]), bool(macs[PORT_2, Vid(10)])) == (at_1, at_2)


@pytest.mark.parametrize(
    ("line", "attribute"),
    [
        (" encapsulation dot1Q 10 native", "conflicts"),
        (" encapsulation dot1Q 10 second-dot1q 20", "conflicts"),
        (" ip address dhcp", "conflicts"),
        (" ip unnumbered Loopback0", "conflicts"),
        (" ip helper-address 10.0.0.9", "others"),
        (" ipv6 address FE80::1 link-local", "others"),
    ],
)
def test_lines_that_are_not_ours_are_seen_on_a_gateway(line: str, attribute: str) -> None:
    config = f"interface {PARENT}.10\n{line}\n no ip address\nend\n"
    (row,) = gateways(config).values()
    assert getattr(row, attribute) == (line,)
    assert row.tagged is None


def gateways(config: str, parent: str = f"interface {PARENT}\n no ip address\nend\n") -> dict[Any, Any]:
    state = CiscoIos().parse(
        {
            "show running-config | include routing": "",
            f"show running-config interface {PARENT}.10": config,
            f"show running-config interface {PARENT}": parent,
        },
        ON_A_STICK,
    )
    return dict(state.gateways)


@pytest.mark.parametrize(
    ("parent", "words"),
    [
        (f"interface {PARENT}\n no ip address\n shutdown\nend\n", "shut down"),
        (NO_SUCH, "there is no interface"),
        (f"interface {PARENT}\n no ip address\nend\n", ""),
    ],
)
def test_a_parent_that_cannot_work_is_told(parent: str, words: str) -> None:
    state = CiscoIos().parse(
        {
            "show running-config | include routing": "",
            f"show running-config interface {PARENT}.10": NO_SUCH,
            f"show running-config interface {PARENT}": parent,
        },
        ON_A_STICK,
    )
    assert words in state.down.get(PARENT, "")
    assert bool(words) is bool(state.down)


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"brief": VLAN_TABLE + "4095 x    active    \n"}, "show vlan brief"),
        (
            {"switchport": SWITCHPORT.format(mode="trunk", operational="x").replace("31-36", "36-31")},
            "switchport",
        ),
        ({"Vlan10": "interface Vlan10\n ip address 1.2.3.999 255.0.0.0\nend\n"}, "interface Vlan10"),
    ],
)
def test_output_that_makes_no_sense_names_its_command(changes: dict[str, str], command: str) -> None:
    with pytest.raises(ValueError, match=command):
        parse(**changes)


def a_row(**changes: Any) -> PortRow:
    row = PortRow(
        port=PORT_1,
        mode="access",
        shown_mode="static access",
        allowed=VlanSet.every(),
        native_vlan=Vid(1),
        access_vlan=Vid(100),
    )
    return replace(row, **changes)


WHOLE = ("switchport trunk native vlan 100", "switchport trunk allowed vlan 100", "switchport mode trunk")


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (a_row(mode="trunk", allowed=VlanSet([1])), ("switchport trunk allowed vlan add 10",)),
        (a_row(), (*WHOLE, "switchport trunk allowed vlan add 10")),
        (a_row(mode="dynamic"), (*WHOLE, "switchport trunk allowed vlan add 10")),
        (
            a_row(encapsulation_open=True),
            ("switchport trunk encapsulation dot1q", *WHOLE, "switchport trunk allowed vlan add 10"),
        ),
        (
            a_row(mode="dynamic", negotiated=True, allowed=VlanSet([1, 7])),
            ("switchport mode trunk", "switchport trunk allowed vlan add 10"),
        ),
        (a_row(mode="dynamic", negotiated=True), ("switchport mode trunk",)),
    ],
)
def test_a_port_becomes_a_trunk_that_carries_what_it_did_and_the_vlan(
    row: PortRow, lines: tuple[str, ...]
) -> None:
    state = SwitchState(ports={PORT_1: row})
    change = Change(op="add", claim=Carries(port=PORT_1, vlan=Vid(10)))
    (block,) = CiscoIos().render([change], state, {PORT_1: PortRule(port=PORT_1, adopt=True)})
    assert block.lines == lines
    assert block.stepwise is (row.mode != "trunk")


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (
            a_row(),
            (
                "switchport mode access",
                "switchport trunk native vlan 1",
                "switchport trunk allowed vlan 1-4094",
            ),
        ),
        (
            a_row(mode="dynamic", shown_mode="dynamic auto", encapsulation_open=True, allowed=VlanSet([5])),
            (
                "switchport mode dynamic auto",
                "switchport trunk native vlan 1",
                "switchport trunk allowed vlan 5",
                "switchport trunk encapsulation negotiate",
            ),
        ),
        (
            a_row(native_vlan=None, allowed=VlanSet()),
            ("switchport mode access", "switchport trunk allowed vlan none"),
        ),
    ],
)
def test_a_port_is_put_back_with_its_mode_first(row: PortRow, lines: tuple[str, ...]) -> None:
    block = CiscoIos().restore(PORT_1, row)
    assert block.lines == lines
    assert block.stepwise
