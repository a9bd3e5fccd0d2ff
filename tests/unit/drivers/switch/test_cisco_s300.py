"""The dialect of Cisco's 300 series: what it reads, what it may send, and what it leaves to people."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_switch, a_switch_intent
from trunkline.drivers.switch.cisco_s300 import GRAMMAR, CiscoS300
from trunkline.drivers.switch.claims import Change, diff, holds, is_gone
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.guards import check_blocks, check_commands
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.drivers.switch.untouched import untouched
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PORT = PortName("gi1")
CHANNEL = PortName("Po1")
VLAN = Vid(10)
NO_SUCH = "% bad parameter value\n"
VLAN_TABLE = """Created by: D-Default, S-Static, G-GVRP, R-Radius Assigned VLAN

Vlan       Name                   Ports               Created by
---- ----------------- --------------------------- ----------------
 1           1         fa1-2,fa4-8,fa10-14,               D
                       fa17-18,fa20
402  Test-Long-Vlan-Na           fa5,gi1                  S
     me1
3132       3132                                           S
"""
SWITCHPORT = """Port : {port}
Port Mode: {mode}
Gvrp Status: disabled
Ingress Filtering: true
Acceptable Frame Type: admitAll
Ingress UnTagged VLAN ( NATIVE ): 7

Port is member in:

Vlan               Name               Egress rule Port Membership Type
---- -------------------------------- ----------- --------------------
{rows}

Forbidden VLANS:
Vlan               Name
---- --------------------------------
 99                 99                  Tagged           Static


Classification rules:

Mac based VLANs:
  Group ID   Vlan ID
------------ -------
"""
ROWS = """ 7                  7                 Untagged          Static
222            Tagged VOIP              Tagged           Static
333                333                  Tagged           Dynamic
"""
MACS = """Flags: I - Internal usage VLAN
Aging time is 300 sec

    Vlan          Mac Address         Port       Type
------------ --------------------- ---------- ----------
"""
SCOPE = Scope(
    switch=a_switch(driver="cisco_s300", kind="l2switch"),
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
        "switchport": "show interfaces switchport gi1",
        "port": "show running-config interface gi1",
        "macs": "show mac address-table vlan 10",
    }
    found = {
        "vlan": VLAN_TABLE,
        "switchport": SWITCHPORT.format(port="gi1", mode="Trunk", rows=ROWS),
        "port": "interface gigabitethernet1\n description x\n switchport trunk allowed vlan add 222\n!\n",
        "macs": MACS,
    }
    return {commands[word]: text for word, text in (found | changes).items()}


def parse(**changes: str) -> SwitchState:
    return CiscoS300().parse(outputs(**changes), SCOPE)


def test_every_answer_of_an_ordinary_switch_is_believed() -> None:
    answers = outputs()
    queries = CiscoS300().queries(SCOPE)
    assert {query.command for query in queries} == set(answers)
    for query in queries:
        assert query.answer.search(answers[query.command]), query.command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "% Unrecognized command\n",
        "% Incomplete command\n",
        "% Ambiguous command\n",
        "% missing mandatory parameter\n",
        "Name: gi1\nSwitchport: enable\nAdministrative Mode: trunk\nTrunking VLANs: 1,10\n",
        SWITCHPORT.format(port="gi1", mode="Trunk", rows=ROWS).partition("Classification")[0],
    ],
)
def test_a_refusal_half_an_answer_or_another_firmwares_is_no_answer_to_anything(text: str) -> None:
    for query in CiscoS300().queries(SCOPE):
        assert not query.answer.search(text), query.command


def test_vlans_with_names_that_wrap() -> None:
    assert {vlan: (row.name, row.active) for vlan, row in parse().vlans.items()} == {
        1: ("1", True),
        402: ("Test-Long-Vlan-Name1", True),
        3132: ("3132", True),
    }


def test_a_trunk_carries_what_was_added_to_it_and_not_what_is_forbidden_or_came_by_itself() -> None:
    row = parse().ports[PORT]
    assert (row.mode, row.native_vlan, row.access_vlan) == ("trunk", 7, None)
    assert row.allowed == VlanSet([7, 222])
    assert row.others == ("description x",)


@pytest.mark.parametrize("mode", ["Access", "General", "Customer"])
def test_a_port_that_is_no_trunk_is_never_adopted(mode: str) -> None:
    state = parse(switchport=SWITCHPORT.format(port="gi1", mode=mode, rows=ROWS))
    row = state.ports[PORT]
    assert (row.mode, row.shown_mode, row.access_vlan) == ("special", mode, 7)
    claim = Carries(port=PORT, vlan=VLAN)
    changes, problems = diff(an_intent(claim), state)
    assert not changes
    assert "not adopted" in problems[claim]
    with pytest.raises(ValueError, match="none is adopted"):
        CiscoS300().render([Change(op="add", claim=claim)], state, {PORT: RULE})
    with pytest.raises(ValueError, match="none is adopted"):
        CiscoS300().restore(PORT, row)


def test_a_port_that_is_all_defaults_or_not_there() -> None:
    state = parse(port="Empty configuration\n")
    assert state.ports[PORT].others == ()
    gone = parse(port=NO_SUCH, switchport=NO_SUCH)
    assert gone.ports[PORT].mode == "absent"
    for query in CiscoS300().queries(SCOPE)[1:3]:
        assert query.answer.search(NO_SUCH)


def test_a_member_of_a_port_channel_is_known() -> None:
    assert parse(port="interface gi1\n channel-group 1 mode auto\n!\n").ports[PORT].channel == CHANNEL


@pytest.mark.parametrize("parent", [None, PORT])
def test_a_gateway_is_a_problem_and_not_a_line(parent: PortName | None) -> None:
    claim = Gateway(vlan=VLAN, addresses=(ip_interface("10.0.0.1/24"),), parent=parent)
    changes, problems = diff(an_intent(claim), parse())
    assert not changes
    assert "not written" in problems[claim]
    with pytest.raises(ValueError, match="not written"):
        CiscoS300().render([Change(op="add", claim=claim)], parse(), {})


@pytest.mark.parametrize(
    ("row", "at_port", "at_channel"),
    [
        ("     10         02:00:00:00:00:01      gi1      dynamic", True, False),
        ("     10         02:00:00:00:00:01      Po1      dynamic", False, True),
        ("     10         02:00:00:00:00:01      gi2      dynamic", False, False),
        ("     10         02:00:00:00:00:01       0         self", False, False),
        ("     10         02:00:00:00:00:01      xx9      dynamic", True, True),
        ("     11         02:00:00:00:00:01      gi1      dynamic", False, False),
        ("     10         01:00:5e:00:00:01      gi1      static", False, False),
    ],
)
def test_who_talks_on_which_port(row: str, *, at_port: bool, at_channel: bool) -> None:
    macs = parse(macs=MACS + row + "\n").macs
    assert (bool(macs[PORT, VLAN]), bool(macs[CHANNEL, VLAN])) == (at_port, at_channel)
    assert macs[PORT, VLAN] <= {"02:00:00:00:00:01"}


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"vlan": VLAN_TABLE + "4095       x                                              S\n"}, "show vlan"),
        ({"vlan": VLAN_TABLE.replace("----", "")}, "show vlan"),
        ({"switchport": SWITCHPORT.format(port="gi2", mode="Trunk", rows=ROWS)}, "switchport gi1"),
        ({"macs": MACS + " 10 02:00:00:00:00:01 what is this\n"}, "mac address-table"),
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
    blocks = list(CiscoS300().render([change], state, {PORT: RULE}))
    check_blocks(blocks, GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=state)
    return blocks


def lines(blocks: list[Block]) -> list[str]:
    return [line for block in blocks for line in (block.enter, *block.lines)]


def a_row(**changes: Any) -> PortRow:
    return replace(PortRow(port=PORT, mode="trunk", allowed=VlanSet([7, 10])), **changes)


WEB = HasVlan(vlan=VLAN, name="tl-web")
CARRIES = Carries(port=PORT, vlan=VLAN)


@pytest.mark.parametrize(
    ("op", "claim", "row", "expected"),
    [
        ("add", WEB, a_row(), ["vlan database", "vlan 10 name tl-web"]),
        ("remove", WEB, a_row(), ["vlan database", "no vlan 10"]),
        (
            "add",
            CARRIES,
            a_row(allowed=VlanSet([7])),
            ["interface gi1", "switchport trunk allowed vlan add 10"],
        ),
        ("remove", CARRIES, a_row(), ["interface gi1", "switchport trunk allowed vlan remove 10"]),
    ],
)
def test_what_is_sent(op: str, claim: Claim, row: PortRow, expected: list[str]) -> None:
    assert lines(render(op, claim, SwitchState(ports={PORT: row}))) == expected


def test_many_vlans_are_cut_into_lines_that_fit() -> None:
    vlans = [Vid(number) for number in range(3, 999, 2)]
    state = SwitchState(ports={PORT: a_row(allowed=VlanSet())})
    changes = [Change(op="add", claim=Carries(port=PORT, vlan=vlan)) for vlan in vlans]
    blocks = CiscoS300().render(changes, state, {PORT: RULE})
    check_blocks(blocks, GRAMMAR, intent=an_intent(), vlans=frozenset(vlans), before=state)


@dataclass(slots=True)
class Tiny:
    """The little of such a switch that is written."""

    vlans: dict[int, str] = field(default_factory=lambda: {1: "1", 7: "7"})
    tagged: set[int] = field(default_factory=lambda: {222})

    def take(self, blocks: list[Block]) -> None:
        for line in (line for block in blocks for line in block.lines):
            if found := re.fullmatch(r"vlan (\d+) name (\S+)", line):
                self.vlans[int(found[1])] = found[2]
            elif found := re.fullmatch(r"no vlan (\d+)", line):
                del self.vlans[int(found[1])]
            elif found := re.fullmatch(r"switchport trunk allowed vlan (add|remove) (\S+)", line):
                named = VlanSet.parse(found[2])
                self.tagged = self.tagged | named if found[1] == "add" else self.tagged - named

    def shown(self) -> dict[str, str]:
        head = "".join(VLAN_TABLE.splitlines(keepends=True)[2:4])
        table = "".join(
            f"{vlan:<4} {name[:17]:^17} {'':27}        S\n" + (f"     {name[17:]}\n" if name[17:] else "")
            for vlan, name in self.vlans.items()
        )
        rows = "".join(
            f"{vlan:<4} {vlan:^32} {'Untagged' if vlan == 7 else 'Tagged':^11}        Static\n"
            for vlan in sorted({7} | self.tagged)
        )
        return outputs(vlan=head + table, switchport=SWITCHPORT.format(port="gi1", mode="Trunk", rows=rows))


@pytest.mark.parametrize("name", ["tl-web", "tl-a-name-of-thirty-two-letters-"])
def test_what_was_sent_is_read_back_and_taken_back(name: str) -> None:
    switch = Tiny()
    claims: tuple[Claim, ...] = (HasVlan(vlan=VLAN, name=name), CARRIES)
    before = CiscoS300().parse(switch.shown(), SCOPE)
    changes, problems = diff(an_intent(*claims), before)
    assert not problems
    for change in changes:
        switch.take(render("add", change.claim, before))
    after = CiscoS300().parse(switch.shown(), SCOPE)
    assert after.vlans[VLAN].name == name
    assert all(holds(claim, after) for claim in claims)
    assert not list(untouched(before, after, changes))
    for claim in reversed(claims):
        assert not diff(an_intent(absent=(claim,)), after)[1]
        switch.take(render("remove", claim, after))
        assert is_gone(claim, CiscoS300().parse(switch.shown(), SCOPE))


@pytest.mark.parametrize(
    ("enter", "mode", "line"),
    [
        ("interface gi1", "config-if", "no switchport trunk allowed vlan"),
        ("interface gi1", "config-if", "switchport trunk allowed vlan 10"),
        ("interface gi1", "config-if", "switchport trunk allowed vlan all"),
        ("interface gi1", "config-if", "switchport trunk allowed vlan remove all"),
        ("interface gi1", "config-if", "switchport trunk allowed vlan add 11"),
        ("interface gi1", "config-if", "switchport trunk native vlan 10"),
        ("interface gi1", "config-if", "switchport mode trunk"),
        ("interface gi1", "config-if", "shutdown"),
        ("interface vlan 10", "config-if", "ip address 10.0.0.1 /24"),
        ("interface Vlan10", "config-if", "no shutdown"),
        ("interface oob", "config-if", "switchport trunk allowed vlan add 10"),
        ("vlan database", "config-vlan", "vlan 11 name x"),
        ("vlan database", "config-vlan", "no vlan 11"),
        ("vlan database", "config-vlan", "no vlan 2-4094"),
    ],
)
@pytest.mark.parametrize("row_mode", ["trunk", "access"])
def test_a_line_that_no_change_needs_is_refused(enter: str, mode: str, line: str, row_mode: Any) -> None:
    block = Block(enter=enter, mode=mode, lines=(line,), claims=frozenset())
    before = SwitchState(ports={PORT: a_row(mode=row_mode)})
    with pytest.raises(GuardRefused):
        check_blocks([block], GRAMMAR, intent=an_intent(), vlans=frozenset({VLAN}), before=before)


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
    assert re.fullmatch(r"vlan 10 name [A-Za-z0-9_-]{1,32}", block.lines[0])


@pytest.mark.parametrize(
    "reply",
    [
        "% Unrecognized command",
        "% Incomplete command",
        "% Ambiguous command",
        "% bad parameter value",
        "% Wrong number of parameters or invalid range, size or characters entered",
        "% missing mandatory parameter",
        "%Error: something",
    ],
)
def test_a_refusal_is_seen(reply: str) -> None:
    assert is_refusal(f"\n{reply}\n", GRAMMAR)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Warning: The use of large numbers of VLANs or interfaces may cause significant\ndelays in applying.",
        "% Warning: something",
    ],
)
def test_what_only_looks_like_a_refusal_is_none(reply: str) -> None:
    assert not is_refusal(f"\n{reply}\n", GRAMMAR)


@pytest.mark.parametrize(
    "line",
    [
        "06-Oct-2020 22:08:32 %LINK-W-Down:  gi7",
        "%LINK-I-Up:  Vlan 1",
        "01-Jan-2000 00:13:41 %COPY-I-FILECPY: Files",
    ],
)
def test_a_log_message_is_taken_out(line: str) -> None:
    assert GRAMMAR.log_line.sub("", f"{line}\nrest\n") == "rest\n"


@pytest.mark.parametrize(
    ("reply", "is_saved"),
    [
        ("Y\n06-Oct-2020 22:08:33 %COPY-N-TRAP: The copy operation was completed successfully\n", True),
        ("Y\nCopy succeeded\n", True),
        ("Y\n06-Oct-2020 22:08:32 %COPY-I-FILECPY: Files Copy - source URL running-config\n", False),
        ("Y\n%COPY-N-TRAP: The copy operation has failed\n", False),
        ("", False),
    ],
)
def test_only_a_completed_copy_is_saved(reply: str, *, is_saved: bool) -> None:
    assert bool(GRAMMAR.saved.search(reply)) is is_saved


@pytest.mark.parametrize("text", ["Overwrite file [startup-config].... (Y/N)[N] ?", "Continue (Y/N)[N] ? "])
def test_a_question_is_seen(text: str) -> None:
    assert GRAMMAR.question.search(text)


@pytest.mark.parametrize("address", ["10.0.0.9", "fd00::9"])
def test_nothing_is_sent_to_clear_a_neighbor(address: str) -> None:
    neighbor = Neighbor(vlan=VLAN, address=ip_address(address))
    assert CiscoS300().gateway_query(neighbor).answer.search(VLAN_TABLE)
    with pytest.raises(ValueError, match="no command is known"):
        CiscoS300().forget(neighbor, VLAN_TABLE)
    assert not CiscoS300().old_entry(neighbor, address, seconds=0)
    with pytest.raises(GuardRefused):
        check_commands(["clear arp-cache"], GRAMMAR, switch=a_switch(), neighbor=neighbor)
