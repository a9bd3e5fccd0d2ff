"""The Comware dialect: what it writes, what it must never write, and what must not be taken for an answer."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest

from tests.played.views import ViewSwitch
from tests.unit.drivers.switch.speech import TEN, a_scope, checked, guard, refused
from trunkline.drivers.switch.claims import holds, is_gone
from trunkline.drivers.switch.hp_comware import GRAMMAR, HpComware, parse_port
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.drivers.switch.view_config import section
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PORT = PortName("GigabitEthernet1/0/1")
GATEWAY = Gateway(vlan=TEN, addresses=(ip_interface("172.31.0.1/16"), ip_interface("fd00:31::1/64")))
NO_SUCH = "                                     ^\n % Wrong parameter found at '^' position.\n"
EMPTY = SwitchState(ports={PORT: PortRow(port=PORT, mode="trunk", allowed=VlanSet({1}))})


def a_port(*lines: str) -> PortRow:
    text = "\n".join(["#", f"interface {PORT}", *(f" {line}" for line in lines), "#", "return", ""])
    return parse_port(PORT, section(text))


@pytest.mark.parametrize(
    ("op", "claims", "lines"),
    [
        ("add", [HasVlan(vlan=TEN, name="tl-web")], ["vlan 10", "description tl-web"]),
        ("remove", [HasVlan(vlan=TEN, name="tl-web")], ["undo vlan 10"]),
        ("add", [Carries(port=PORT, vlan=TEN)], [f"interface {PORT}", "port trunk permit vlan 10"]),
        ("remove", [Carries(port=PORT, vlan=TEN)], [f"interface {PORT}", "undo port trunk permit vlan 10"]),
        (
            "add",
            [GATEWAY],
            ["interface Vlan-interface10", "ip address 172.31.0.1 255.255.0.0", "ipv6 address fd00:31::1/64"],
        ),
        ("remove", [GATEWAY], ["undo interface Vlan-interface10"]),
    ],
)
def test_changes_are_written(op: str, claims: list[Claim], lines: list[str]) -> None:
    assert checked(HpComware(), op, claims, EMPTY) == lines  # type: ignore[arg-type]  # one of the two


def test_what_was_written_is_read_again() -> None:
    played = ViewSwitch("comware", (PORT, "GigabitEthernet1/0/2"))
    claims: list[Claim] = [HasVlan(vlan=TEN, name="tl-web"), Carries(port=PORT, vlan=TEN), GATEWAY]
    scope = a_scope(PORT, gateway=True)

    def reread() -> SwitchState:
        played.answer("return")
        answers = {query.command: played.answer(query.command) for query in HpComware().queries(scope)}
        assert all(query.answer.search(answers[query.command]) for query in HpComware().queries(scope))
        return HpComware().parse(answers, scope)

    for claim in claims:
        for line in ("system-view", *checked(HpComware(), "add", [claim], reread())):
            assert "%" not in played.answer(line), line
        assert holds(claim, reread())
    for claim in reversed(claims):
        for line in ("system-view", *checked(HpComware(), "remove", [claim], reread())):
            assert "%" not in played.answer(line), line
        assert is_gone(claim, reread())


@pytest.mark.parametrize(
    ("lines", "allowed", "native"),
    [
        (("port link-type trunk",), "1", 1),
        (("port link-type trunk", "port trunk permit vlan 1 10 20 to 22"), "1,10,20-22", 1),
        (("port link-type trunk", "undo port trunk permit vlan 1", "port trunk permit vlan 10"), "10", 1),
        (("port link-type trunk", "port trunk permit vlan 10", "port trunk permit vlan 20"), "1,10,20", 1),
        (("port link-type trunk", "port trunk permit vlan all", "port trunk pvid vlan 20"), "all", 20),
        (("port link-mode bridge", "port link-type trunk", "port trunk permit vlan 2 to 4094"), "all", 1),
    ],
)
def test_a_trunk_says_what_it_carries(lines: tuple[str, ...], allowed: str, native: int) -> None:
    row = a_port(*lines)
    assert (row.mode, row.allowed, row.native_vlan) == ("trunk", VlanSet.parse(allowed), native)


@pytest.mark.parametrize(
    ("lines", "mode", "shown", "access"),
    [
        ((), "special", "access", 1),
        (("port access vlan 7",), "special", "access", 7),
        (("port link-type hybrid", "port hybrid vlan 1 untagged"), "special", "hybrid", None),
        (("port link-mode route", "ip address 10.0.0.1 255.0.0.0"), "routed", "", None),
    ],
)
def test_what_is_no_trunk_is_not_ours_to_change(
    lines: tuple[str, ...], mode: str, shown: str, access: int | None
) -> None:
    row = a_port(*lines)
    assert (row.mode, row.shown_mode, row.access_vlan) == (mode, shown, access)
    with pytest.raises(ValueError, match="was not adopted"):
        HpComware().restore(PORT, row)


def test_a_member_of_an_aggregation_is_known_as_one_and_foreign_lines_are_kept() -> None:
    row = a_port(
        "port link-type trunk", "port trunk permit vlan 10", "stp edged-port", "port link-aggregation group 4"
    )
    assert row.channel == "Bridge-Aggregation4"
    assert row.others == (" stp edged-port", " port link-aggregation group 4")


def test_a_port_without_a_configuration_is_not_there() -> None:
    assert parse_port(PORT, section(NO_SUCH)).mode == "absent"


@pytest.mark.parametrize(
    ("port", "learned", "talks"),
    [
        (PORT, "fedc-ba09-8765 10       Learned        GigabitEthernet1/0/1    NOAGED", True),
        (PORT, "fedc-ba09-8765 10       Learned        GE1/0/1                 Y", True),
        ("GE1/0/1", "fedc-ba09-8765 10       Learned        GigabitEthernet1/0/1    NOAGED", True),
        (PORT, "fedc-ba09-8765 10       Learned        XGE1/0/1                Y", False),
        (
            "Ten-GigabitEthernet1/0/1",
            "fedc-ba09-8765 10       Learned        XGE1/0/1                Y",
            True,
        ),
        ("Bridge-Aggregation1", "fedc-ba09-8765 10       Learned        BAGG1                   Y", True),
        (PORT, "fedc-ba09-8765 10       Learned        What1/0/1               Y", True),
        (PORT, "fedc-ba09-8765 11       Learned        GE1/0/1                 Y", False),
    ],
)
def test_who_talks_is_told_by_long_and_short_names(port: str, learned: str, *, talks: bool) -> None:
    scope = a_scope(port, removal=True)
    config = f"interface {port}\n port link-type trunk\n"
    macs = (
        HpComware()
        .parse(
            {
                "display vlan all": " VLAN ID: 1\n",
                f"display current-configuration interface {port}": config,
                "display mac-address vlan 10": f"MAC ADDR       VLAN ID\n{learned}\n",
            },
            scope,
        )
        .macs[PortName(port), TEN]
    )
    assert bool(macs) is talks


@pytest.mark.parametrize(
    "text",
    [
        "",
        "               ^\n % Unrecognized command found at '^' position.\n",
        "Permission denied.\n",
        "% The MAC address table cannot be read.\n",
    ],
)
def test_an_answer_that_cannot_be_believed_is_known_as_such(text: str) -> None:
    queries = HpComware().queries(a_scope(PORT, gateway=True, removal=True))
    assert len(queries) == 4
    assert not [query.command for query in queries if query.answer.search(text)]


@pytest.mark.parametrize(
    ("reply", "is_one"),
    [
        ("          ^\n % Unrecognized command found at '^' position.", True),
        (" % Incomplete command found at '^' position.", True),
        ("Permission denied.", True),
        ("The VLAN does not exist.", True),
        ("The IP address conflicts with that of Vlan-interface20.", True),
        ("Error: Failed to do it.", True),
        ("Please wait... Done.", False),
        ("%Nov 26 10:00:00:123 2026 sw1 IFNET/3/PHY_UPDOWN: GE1/0/1 link status is down.\n", False),
        ("System View: return to User View with Ctrl+Z.", False),
    ],
)
def test_refusals_are_told_from_what_only_looks_like_one(reply: str, *, is_one: bool) -> None:
    assert refused(HpComware(), reply) is is_one


@pytest.mark.parametrize(
    "text",
    [
        "Validating file. Please wait....\n Configuration is saved to device successfully.",
        "Saved the current configuration to mainboard device successfully.",
    ],
)
def test_both_ways_to_say_saved_are_known(text: str) -> None:
    assert GRAMMAR.saved.search(text)
    assert not GRAMMAR.saved.search("Validating file. Please wait....\nNot enough space.")


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("port", "undo port trunk permit"),
        ("port", "undo port trunk permit vlan all"),
        ("port", "port trunk permit vlan all"),
        ("port", "port trunk permit vlan 10 to 12"),
        ("port", "port trunk allow-pass vlan 10"),
        ("port", "port link-type trunk"),
        ("port", "port trunk pvid vlan 10"),
        ("vlan", "name tl-web"),
        ("vlan", "description tl-web\nundo vlan 2"),
        ("svi", "undo ip address"),
        ("config", "undo vlan all"),
        ("config", "undo vlan 11"),
        ("config", "undo interface Vlan-interface11"),
        ("config", "interface Vlanif10"),
        ("config", "save force"),
    ],
)
def test_a_line_that_is_none_of_ours_is_not_sent(mode: str, line: str) -> None:
    with pytest.raises(GuardRefused):
        guard(HpComware(), line, mode=mode)


def test_how_an_entry_is_cleared_is_not_known_so_nothing_is_written() -> None:
    neighbor = Neighbor(vlan=TEN, address=ip_address("172.31.0.9"))
    assert HpComware().forget(neighbor, NO_SUCH) is None
    with pytest.raises(ValueError, match="not known"):
        HpComware().forget(neighbor, "#\ninterface Vlan-interface10\n ip address 172.31.0.1 255.255.0.0\n#\n")
    assert not HpComware().old_entry(neighbor, "172.31.0.9", seconds=1)


def test_several_vlans_are_one_list() -> None:
    claims = [Carries(port=PORT, vlan=Vid(vlan)) for vlan in (10, 11, 13)]
    assert checked(HpComware(), "remove", claims, EMPTY)[1:] == ["undo port trunk permit vlan 10 to 11 13"]
