"""The ProCurve dialect: what it reads and writes, on made-up outputs in the forms that published sessions show."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Interface, ip_address
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
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.hp_procurve import CONFIG, GRAMMAR, HpProcurve, parse_trunks
from trunkline.drivers.switch.models.console import Vlans
from trunkline.drivers.switch.models.hp_procurve import ProCurve
from trunkline.drivers.switch.models.layer3 import Layer3
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.intents import Carries, Claim, HasVlan, Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

DIALECT = HpProcurve()


def a_procurve(*, names: dict[int, str] | None = None, **changes: Any) -> Played:
    """VLAN 1 and 100 are there; ports 1 to 4 and Trk1, which is 23 and 24."""
    switch = ProCurve()
    switch.tagged = {100: ["2"]}
    switch.addresses = {1: Layer3(ipv4=[IPv4Interface("10.0.0.2/24")])}
    if names is not None:
        switch.vlans, switch.untagged["4"] = Vlans(names), 1
    return Played(device=switch, **changes)


def the_config() -> str:
    return a_procurve().show(CONFIG)


def test_a_device_is_brought_there_and_back() -> None:
    assert there_and_back(DIALECT, a_procurve(), an_intent("2")) == (
        "vlan 10",
        ' name "tl-web"',
        "vlan 10",
        " tagged 2",
        "vlan 10",
        " ip address 172.31.0.1 255.255.0.0",
        " ip address 172.30.0.1 255.255.255.0",
        " ipv6 address fd00:31::1/64",
    )


def test_a_port_without_tags_takes_one_when_it_may_be_adopted_or_is_as_the_uplink_says() -> None:
    for port in ("1", "Trk1"):
        there_and_back(DIALECT, a_procurve(), an_intent(port, adopt=True))
        there_and_back(DIALECT, a_procurve(), an_intent(port, native=1))
        for intent in (an_intent(port), an_intent(port, native=7), an_intent(port, adopt=True, native=7)):
            (cause,) = sync(DIALECT, a_procurve(), intent).problems.values()
            assert f"port {port} " in cause


def test_several_ports_of_a_vlan_share_a_block() -> None:
    *_, block = rendered(DIALECT, a_procurve(), an_intent("1", "2", adopt=True, gateway=False))
    assert block.enter == "vlan 10"
    assert sorted(block.lines) == ["tagged 1", "tagged 2"]
    assert {claim.port for claim in block.claims if isinstance(claim, Carries)} == {"1", "2"}


def test_what_a_port_is() -> None:
    rows = read(DIALECT, a_procurve(), an_intent("1", "2", "4", "9", "Trk1")).ports
    assert [
        (rows[PortName(p)].mode, rows[PortName(p)].untagged_vlan) for p in ("1", "2", "4", "9", "Trk1")
    ] == [
        ("access", 1),
        ("trunk", 1),
        ("access", 100),
        ("absent", None),
        ("access", 1),
    ]
    assert rows[PortName("2")].allowed == VlanSet([1, 100])


def test_members_of_a_link_aggregation_are_not_written() -> None:
    assert parse_trunks("trunk A1-A2,B7 Trk2 trunk\ntrunk 23 trk1\n") == {
        "a1": "Trk2",
        "a2": "Trk2",
        "b7": "Trk2",
        "23": "Trk1",
    }
    with pytest.raises(ValueError, match="list of ports"):
        parse_trunks("trunk A1-B2 Trk2 trunk\n")


def test_a_member_of_a_link_aggregation_gets_no_vlan() -> None:
    (cause,) = sync(DIALECT, a_procurve(), an_intent("23", adopt=True)).problems.values()
    assert "port 23 is a member of Trk1" in cause


def test_what_one_vlan_could_not_get_leaves_the_other_on_a_port_without_tags() -> None:
    intent = an_intent("1", adopt=True, gateway=False)
    second: set[Claim] = {HasVlan(vlan=Vid(20), name="tl-db"), Carries(port=PortName("1"), vlan=Vid(20))}
    device = a_procurve(deaf=lambda enter, line: (enter, line) == ("vlan 20", "tagged 1"))
    result = sync(DIALECT, device, replace(intent, present=intent.present | second))
    assert result.problems.keys() == {Carries(port=PortName("1"), vlan=Vid(20))}
    assert Carries(port=PortName("1"), vlan=Vid(10)) in result.gained
    assert result.strange == ()


def test_no_port_was_converted_so_none_is_put_back() -> None:
    with pytest.raises(ValueError, match="not converted"):
        DIALECT.restore(PortName("1"), read(DIALECT, a_procurve(), an_intent("1")).ports[PortName("1")])


def test_a_device_that_does_not_route_gets_no_gateway() -> None:
    device = a_procurve(says={CONFIG: the_config().replace("ip routing\n", "")})
    (cause,) = sync(DIALECT, device, an_intent("2")).problems.values()
    assert "does not route" in cause


def test_a_vlan_with_a_dhcp_address_is_left_alone() -> None:
    device = a_procurve(names={1: "DEFAULT_VLAN", 10: "x"})
    device.says[CONFIG] = the_config() + "vlan 10\n   ip address dhcp-bootp\n   exit\n"
    (cause,) = sync(DIALECT, device, an_intent("1", adopt=True)).problems.values()
    assert "dhcp-bootp" in cause


def test_a_name_that_another_vlan_has_gets_the_id() -> None:
    device = a_procurve(names={1: "DEFAULT_VLAN", 99: "tl-web"})
    assert ' name "tl-web-10"' in there_and_back(DIALECT, device, an_intent("1", adopt=True))


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("  020000-000001 2\n", True),
        ("  020000-000001 Trk1\n", False),
        ("  020000-000001 12\n", False),
        ("  020000-000001 ?!\n", True),
        ("  ffffff-ffffff 2\n", False),
    ],
)
def test_who_talks_keeps_a_vlan_on_its_port(row: str, *, kept: bool) -> None:
    device, intent = a_procurve(), an_intent("2", gateway=False)
    sync(DIALECT, device, intent)
    device.says["show mac-address vlan 10"] = f"  MAC Address   Port\n{row}"
    back = replace(intent, present=frozenset(), absent=intent.present)
    assert bool(sync(DIALECT, device, back).problems) is kept


SCOPE = Scope(
    switch=a_switch(),
    vlans=frozenset({Vid(10)}),
    ports=(PortName("2"),),
    gateways=((None, Vid(10)),),
    removals=((PortName("2"), Vid(10)),),
)


@pytest.mark.parametrize(
    "text",
    ["", "Invalid input: vlans\n", "Not authorized to run this command.\n", "Incomplete input: show\n"],
)
def test_a_refused_answer_is_not_taken_for_an_empty_one(text: str) -> None:
    assert len(DIALECT.queries(SCOPE)) == 4
    for query in DIALECT.queries(SCOPE):
        assert not query.answer.search(text), query.command
        assert query.answer.search(a_procurve().show(query.command)), query.command


def test_half_a_configuration_is_not_believed() -> None:
    (query,) = [query for query in DIALECT.queries(SCOPE) if query.command == CONFIG]
    assert not query.answer.search(the_config().split("vlan 1\n")[0])


@pytest.mark.parametrize(
    "reply",
    [
        "Invalid input: foo",
        "Incomplete input: tagged",
        "Ambiguous input: t",
        "Module not present for port or invalid port: 99",
        "VLAN 10 does not exist.",
        "The VLAN name tl-web is already in use.",
        "Not authorized to run this command.",
        "The maximum number of VLANs is 8: maximum number reached.",
    ],
)
def test_a_refusal_is_recognised(reply: str) -> None:
    assert is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize(
    "reply", ["", "Saving configuration...", "I 01/02/90 12:00:00 00076 ports: port 1 is now on-line"]
)
def test_a_harmless_message_is_no_refusal(reply: str) -> None:
    assert not is_refusal(GRAMMAR.log_line.sub("", reply), GRAMMAR)


@pytest.mark.parametrize(
    ("reply", "saved"), [("", True), ("\n", True), ("Saving...\n", True), ("Unable to save\n", False)]
)
def test_saving_is_confirmed_by_silence(reply: str, *, saved: bool) -> None:
    assert bool(GRAMMAR.saved.search(reply)) is saved


@pytest.mark.parametrize(
    "line",
    [
        "untagged 2",
        "no untagged 2",
        "tagged 1-4",
        "tagged 2,3",
        "tagged all",
        "tagged 9",
        "no tagged",
        "tagged 2 ",
        "tagged 2\nno vlan 100",
        "name x",
        'name "x"; reload"',
        "no ip address",
        "ip address dhcp-bootp",
        "no vlan 100",
        "exit",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    is_refused(DIALECT, "vlan 10", "vlan", line, intent=an_intent("2"))


@pytest.mark.parametrize(
    "enter", ["vlan 100", "no vlan 100", "vlan 1", "interface 2", "vlan 10-12", "vlan 10 name x"]
)
def test_a_block_that_enters_something_else_is_refused(enter: str) -> None:
    check(
        DIALECT, Block(enter="vlan 10", mode="vlan", lines=("tagged 2",), claims=frozenset()), an_intent("2")
    )
    is_refused(DIALECT, enter, "vlan", "tagged 2", intent=an_intent("2"))


def test_a_protected_port_is_not_tagged() -> None:
    intent = replace(an_intent("2"), switch=a_switch(protected_ports=frozenset({PortName("2")})))
    is_refused(DIALECT, "vlan 10", "vlan", "tagged 2", intent=intent)


def test_no_entry_is_cleared_and_a_vlan_without_address_holds_none() -> None:
    neighbor = Neighbor(vlan=Vid(1), parent=None, address=ip_address("10.0.0.9"))
    with pytest.raises(ValueError, match="no command"):
        DIALECT.forget(neighbor, the_config())
    assert DIALECT.forget(replace(neighbor, vlan=Vid(100)), the_config()) is None


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [("sw1# ", ""), ("sw1(config)# ", "config"), ("sw1(vlan-10)# ", "vlan"), ("sw1(eth-1)# ", "eth-1")],
)
def test_prompts_show_the_mode(prompt: str, mode: str) -> None:
    found = re.fullmatch(GRAMMAR.prompt.replace("{hostname}", "sw1"), prompt)
    assert found is not None
    assert GRAMMAR.mode_of(found) == mode
