"""The Junos dialect: what it writes, what it must never write, and what must not be taken for an answer."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_interface

import pytest

from tests.builders import a_switch, a_switch_intent
from tests.played.junos import JunosSwitch
from tests.unit.drivers.switch.speech import TEN, a_scope, checked, guard, refused
from trunkline.drivers.switch.claims import Change, holds, is_gone
from trunkline.drivers.switch.dialect import Block
from trunkline.drivers.switch.guards import check_blocks, check_commands
from trunkline.drivers.switch.juniper_junos import GRAMMAR, JuniperJunos
from trunkline.drivers.switch.state import PortRow, SwitchState, VlanRow
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PORT = PortName("ge-0/0/1")
GATEWAY = Gateway(vlan=TEN, addresses=(ip_interface("172.31.0.1/16"), ip_interface("fd00:31::1/64")))
SWITCHING = f"interfaces {PORT} unit 0 family ethernet-switching"
TRUNK = f"set {SWITCHING} interface-mode trunk"
VLAN_TABLE = """
Routing instance        VLAN name             Tag          Interfaces
default-switch          default                1

default-switch          staff                  20
                                                           ge-0/0/1.0*

{master:0}
"""
EMPTY = SwitchState(
    ports={PORT: PortRow(port=PORT, mode="trunk", allowed=VlanSet())},
    vlans={Vid(20): VlanRow(vlan=Vid(20), name="staff", active=True)},
)


def parse(*interfaces: str, vlans: tuple[str, ...] = (), port: str = PORT, macs: str = "") -> SwitchState:
    outputs = {
        "show configuration interfaces | display set": "\n".join(interfaces),
        "show configuration vlans | display set": "\n".join(("set vlans staff vlan-id 20", *vlans)),
        "show vlans": VLAN_TABLE,
        "show ethernet-switching table vlan-id 10": f"MAC flags\n{macs}\n",
    }
    return JuniperJunos().parse(outputs, a_scope(port, gateway=True, removal=True))


@pytest.mark.parametrize(
    ("op", "claims", "lines"),
    [
        (
            "add",
            [HasVlan(vlan=TEN, name="tl-web")],
            ["set vlans tl-vlan10 vlan-id 10", "set vlans tl-vlan10 description tl-web"],
        ),
        (
            "remove",
            [HasVlan(vlan=TEN, name="tl-web")],
            ["delete vlans tl-vlan10 vlan-id 10", "delete vlans tl-vlan10"],
        ),
        (
            "add",
            [Carries(port=PORT, vlan=Vid(vlan)) for vlan in (11, 10)],
            [f"set {SWITCHING} vlan members 10", f"set {SWITCHING} vlan members 11"],
        ),
        ("remove", [Carries(port=PORT, vlan=TEN)], [f"delete {SWITCHING} vlan members 10"]),
        (
            "add",
            [GATEWAY],
            [
                "set interfaces irb unit 10 family inet address 172.31.0.1/16",
                "set interfaces irb unit 10 family inet6 address fd00:31::1/64",
                "set vlans tl-vlan10 l3-interface irb.10",
            ],
        ),
        ("remove", [GATEWAY], ["delete interfaces irb unit 10"]),
        (
            "add",
            [Gateway(vlan=Vid(20), addresses=(ip_interface("10.0.0.1/8"),))],
            [
                "set interfaces irb unit 20 family inet address 10.0.0.1/8",
                "set vlans staff l3-interface irb.20",
            ],
        ),
    ],
)
def test_changes_are_written(op: str, claims: list[Claim], lines: list[str]) -> None:
    assert checked(JuniperJunos(), op, claims, EMPTY) == lines  # type: ignore[arg-type]  # one of the two


def test_a_new_vlan_does_not_take_the_name_of_another_one() -> None:
    state = SwitchState(vlans={Vid(30): VlanRow(vlan=Vid(30), name="tl-vlan10", active=True)})
    lines = checked(JuniperJunos(), "add", [HasVlan(vlan=TEN, name="tl-web")], state)
    assert lines[0] == "set vlans tl-vlan10x vlan-id 10"


def test_a_vlan_is_deleted_only_after_its_id_was_found_in_it() -> None:
    (block,) = JuniperJunos().render([Change(op="remove", claim=HasVlan(vlan=TEN, name="tl-web"))], EMPTY, {})
    assert block.stepwise
    assert refused(JuniperJunos(), "warning: statement not found\n")


def test_what_was_written_is_read_again() -> None:
    played = JunosSwitch()
    claims: list[Claim] = [HasVlan(vlan=TEN, name="tl-web"), Carries(port=PORT, vlan=TEN), GATEWAY]
    scope = a_scope(PORT, gateway=True)

    def say(line: str) -> str:
        answer = played.answer(line)
        return answer[: -len(played.prompt())]

    def reread() -> SwitchState:
        answers = {query.command: say(query.command) for query in JuniperJunos().queries(scope)}
        assert all(query.answer.search(answers[query.command]) for query in JuniperJunos().queries(scope))
        return JuniperJunos().parse(answers, scope)

    def apply(lines: list[str]) -> None:
        for line in ("configure exclusive", *lines, "commit", "exit configuration-mode"):
            assert not refused(JuniperJunos(), say(line)), line

    for claim in claims:
        apply(checked(JuniperJunos(), "add", [claim], reread()))
        assert holds(claim, reread())
    for claim in reversed(claims):
        apply(checked(JuniperJunos(), "remove", [claim], reread()))
        assert is_gone(claim, reread())


@pytest.mark.parametrize(
    ("members", "allowed"),
    [
        ((), "none"),
        (("10", "20"), "10,20"),
        (("staff", "10-12"), "10-12,20"),
        (("nobody",), "none"),
        (("all",), "all"),
    ],
)
def test_a_trunk_says_what_it_carries_by_id_and_by_name(members: tuple[str, ...], allowed: str) -> None:
    lines = [f"set {SWITCHING} vlan members {member}" for member in members]
    row = parse(
        TRUNK, *lines, f"set interfaces {PORT} native-vlan-id 20", f"set interfaces {PORT}0 mtu 9000"
    ).ports[PORT]
    assert (row.mode, row.allowed, row.native_vlan) == ("trunk", VlanSet.parse(allowed), 20)
    assert row.others == ("unit 0 family ethernet-switching interface-mode trunk", "native-vlan-id 20")


@pytest.mark.parametrize(
    ("lines", "mode", "shown"),
    [
        (["set interfaces ge-0/0/2 mtu 9000"], "special", "not configured"),
        ([f"set {SWITCHING} vlan members 20"], "special", "access"),
        ([f"set {SWITCHING} port-mode trunk"], "special", "configured as before ELS"),
        ([f"set interfaces {PORT} unit 0 family inet address 10.0.0.1/8"], "routed", "access"),
        ([TRUNK, f"deactivate interfaces {PORT}"], "special", "partly deactivated"),
        ([TRUNK, f"deactivate {SWITCHING} vlan"], "special", "partly deactivated"),
        ([TRUNK, f"deactivate interfaces {PORT}0"], "trunk", "trunk"),
        ([TRUNK, f"set interfaces {PORT} apply-groups uplink"], "special", "configured by a group"),
        ([TRUNK, f"set interfaces {PORT} unit 7 vlan-id 7"], "special", "divided into units"),
        (
            [TRUNK, f"set interfaces interface-range r member {PORT}"],
            "special",
            "configured by an interface range",
        ),
        (
            [TRUNK, 'set interfaces interface-range r member "ge-0/0/*"'],
            "special",
            "configured by an interface range",
        ),
        ([TRUNK, "set interfaces interface-range r member ge-0/0/10"], "trunk", "trunk"),
        (
            [TRUNK, "set interfaces interface-range r member-range ge-0/0/0 to ge-0/0/1"],
            "special",
            "configured by an interface range",
        ),
        ([TRUNK, "set interfaces interface-range r member-range ge-0/0/2 to ge-0/0/9"], "trunk", "trunk"),
        (
            [TRUNK, "set interfaces interface-range r member-range ge-0/0/2 to ge-1/0/9"],
            "special",
            "configured by an interface range",
        ),
    ],
)
def test_only_a_trunk_that_is_all_its_own_is_written(lines: list[str], mode: str, shown: str) -> None:
    row = parse(*lines).ports[PORT]
    assert (row.mode, row.shown_mode) == (mode, shown)


def test_a_member_of_an_aggregate_is_known_as_one() -> None:
    assert parse(TRUNK, f"set interfaces {PORT} ether-options 802.3ad ae0").ports[PORT].channel == "ae0"


def test_a_gateway_works_only_when_its_vlan_is_bound_to_it() -> None:
    unit = ("set interfaces irb unit 10 family inet address 172.31.0.1/16",)
    loose = parse(*unit).gateways[None, TEN]
    assert (loose.shutdown, loose.tagged) == (True, None)
    other = parse(*unit, vlans=("set vlans staff l3-interface irb.10",)).gateways[None, TEN]
    assert other.tagged == 20, "another VLAN has it"
    assert other.addresses == {ip_interface("172.31.0.1/16")}
    assert (None, TEN) not in parse("set interfaces irb unit 100 family inet").gateways


def test_lines_on_a_gateway_that_are_not_ours_are_known() -> None:
    row = parse(
        "set interfaces irb unit 10 family inet address 172.31.0.1/16 vrrp-group 1 virtual-address 172.31.0.3",
        "set interfaces irb unit 10 family inet filter input x",
        "set interfaces irb unit 10 family inet dhcp",
        "set interfaces irb unit 10 disable",
    ).gateways[None, TEN]
    assert row.shutdown
    assert row.conflicts == ("family inet dhcp",)
    assert len(row.others) == 2


@pytest.mark.parametrize(
    ("learned", "talks"),
    [
        ("    tl-vlan10           2c:5a:0f:bc:a3:cd   DL            -   ge-0/0/1.0", True),
        ("tl-vlan10 2c:5a:0f:bc:a3:cd D - ge-0/0/1.0", True),
        ("tl-vlan10 2c:5a:0f:bc:a3:cd D - ge-0/0/10.0", False),
        ("tl-vlan10 2c:5a:0f:bc:a3:cd D - vtep", True),
        ("tl-vlan10 01:00:5e:00:00:01 S - ge-0/0/1.0", False),
    ],
)
def test_who_talks_is_told_and_a_port_that_cannot_be_told_is_every_port(learned: str, *, talks: bool) -> None:
    assert bool(parse(TRUNK, macs=learned).macs[PORT, TEN]) is talks


@pytest.mark.parametrize(
    "text",
    [
        "                ^\nunknown command.\n",
        "error: permission denied: configuration\n",
        "set interfaces ge-0/0/1 mtu 9000\n/* ACCESS-DENIED */\n",
        "error: timeout communicating with routing daemon\n",
    ],
)
def test_an_answer_that_cannot_be_believed_is_known_as_such(text: str) -> None:
    queries = JuniperJunos().queries(a_scope(PORT, gateway=True, removal=True))
    assert len(queries) == 4
    assert not [query.command for query in queries if query.answer.search(text)]


def test_nothing_is_an_answer_only_where_there_can_be_nothing() -> None:
    queries = JuniperJunos().queries(a_scope(PORT, removal=True))
    assert [query.command for query in queries if query.answer.search("\n")] == [
        "show configuration vlans | display set"
    ]


@pytest.mark.parametrize(
    ("reply", "is_one"),
    [
        ("                       ^\nsyntax error.\n", True),
        ("                       ^\ninvalid value '9999' in 'vlan-id'\n", True),
        ("unknown command.\n", True),
        ("missing argument.\n", True),
        ("[edit vlans]\n  'x'\n    l3-interface is not there\nerror: configuration check-out failed\n", True),
        ("error: configuration database locked by:\n", True),
        ("warning: statement not found\n", True),
        ("warning: statement already exists\n", False),
        ("warning: uncommitted changes will be discarded on exit\nEntering configuration mode\n", False),
        ("error: no entry for 172.31.0.9\n", False),
        ("configuration check succeeds\ncommit complete\n", False),
        ("{master:0}\n", False),
    ],
)
def test_refusals_are_told_from_what_only_looks_like_one(reply: str, *, is_one: bool) -> None:
    assert refused(JuniperJunos(), reply) is is_one


@pytest.mark.parametrize(
    "line",
    [
        f"delete {SWITCHING}",
        f"delete {SWITCHING} vlan",
        f"delete {SWITCHING} vlan members",
        f"delete {SWITCHING} vlan members all",
        f"delete {SWITCHING} vlan members 11",
        f"set {SWITCHING} vlan members all",
        f"set {SWITCHING} vlan members 10-12",
        f"set {SWITCHING} interface-mode trunk",
        f"delete interfaces {PORT}",
        f"delete interfaces {PORT} disable",
        "delete interfaces irb",
        "delete interfaces irb unit 11",
        "delete vlans staff",
        "delete vlans",
        "set vlans staff vlan-id 10",
        "set vlans tl-web vlan-id 11",
        "set vlans tl-web description two words",
        "set vlans tl-web description a\ncommit",
        "set system root-authentication plain-text-password",
        "commit",
        "rollback 1",
        "run request system reboot",
    ],
)
def test_a_line_that_is_none_of_ours_is_not_sent(line: str) -> None:
    with pytest.raises(GuardRefused):
        guard(JuniperJunos(), line, mode="config")


@pytest.mark.parametrize("place", [0, 1])
def test_a_protected_port_is_guarded_in_every_line_that_names_one(place: int) -> None:
    lines = ["set vlans tl-web vlan-id 10", "set vlans tl-web description tl-web"]
    lines[place] = f"set {SWITCHING} vlan members 10"
    intent = a_switch_intent(switch=a_switch(protected_ports=frozenset({PORT})))
    block = Block(enter=lines[0], mode="config", lines=(lines[1],), claims=frozenset())
    with pytest.raises(GuardRefused, match="protected"):
        check_blocks([block], GRAMMAR, intent=intent, vlans=frozenset({TEN}), before=SwitchState())


def test_the_prompt_tells_the_mode_and_nothing_in_an_answer_is_one() -> None:
    prompt = re.compile(rf"(?:^|\n){GRAMMAR.prompt.replace('{hostname}', 'u@sw1')}")
    modes = {
        "u@sw1> ": "",
        "{master:0}\nu@sw1> ": "",
        "[edit]\nu@sw1# ": "config",
        "{master:0}[edit]\nu@sw1# ": "config",
        "[edit vlans]\nu@sw1# ": " vlans",
    }
    for text, mode in modes.items():
        found = prompt.fullmatch(text)
        assert found is not None, text
        assert GRAMMAR.mode_of(found) == mode
    assert not prompt.search("[edit interfaces]\n  'ge-0/0/1'\n    u@sw1 said no\nerror: x\n")


def test_one_arp_entry_is_cleared_and_no_more() -> None:
    neighbor = Neighbor(vlan=TEN, address=ip_address("172.31.0.9"))
    config = "set interfaces irb unit 10 family inet address 172.31.0.1/16\n"
    how = JuniperJunos().forget(neighbor, config)
    assert how is not None
    assert how.commands == ("clear arp hostname 172.31.0.9 interface irb.10", "clear arp hostname 172.31.0.9")
    check_commands(how.commands, GRAMMAR, switch=a_switch(), neighbor=neighbor)
    for line in ("clear arp", "clear arp interface irb.10", "clear arp hostname 172.31.0.9 interface irb.11"):
        with pytest.raises(GuardRefused):
            check_commands([line], GRAMMAR, switch=a_switch(), neighbor=neighbor)
    assert JuniperJunos().forget(neighbor, config.replace("unit 10", "unit 100")) is None
    with pytest.raises(ValueError, match="not known"):
        JuniperJunos().forget(Neighbor(vlan=TEN, address=ip_address("fd00:31::9")), config)


def test_what_was_configured_is_still_there_and_what_was_learned_is_new() -> None:
    neighbor = Neighbor(vlan=TEN, address=ip_address("172.31.0.9"))
    row = "00:00:0a:41:02:01 172.31.0.9      irb.10               {}\n"
    assert JuniperJunos().old_entry(neighbor, row.format("permanent"), seconds=1)
    assert not JuniperJunos().old_entry(neighbor, row.format("none"), seconds=1)


def test_a_silence_about_vlans_is_not_taken_for_gateways_that_belong_to_none() -> None:
    silent = {
        "show configuration interfaces | display set": TRUNK,
        "show configuration vlans | display set": "",
        "show vlans": VLAN_TABLE,
    }
    with pytest.raises(ValueError, match=r"display set`: it shows nothing, and `show vlans` shows VLANs"):
        JuniperJunos().parse(silent, a_scope(PORT, gateway=True))
    assert PORT in JuniperJunos().parse(silent, a_scope(PORT)).ports
