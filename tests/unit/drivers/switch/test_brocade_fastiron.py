"""The FastIron dialect: what it reads and writes, on made-up outputs in the form of the captures."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Interface, ip_address

import pytest

from tests.builders import a_switch
from tests.unit.drivers.switch.rounds import Played, an_intent, check, is_refused, read, sync, there_and_back
from trunkline.drivers.switch.brocade_fastiron import CONFIG, GRAMMAR, BrocadeFastiron
from trunkline.drivers.switch.brocade_fastiron_tables import spelled_out
from trunkline.drivers.switch.dialect import Block, Scope
from trunkline.drivers.switch.models.brocade_fastiron import FastIron
from trunkline.drivers.switch.models.layer3 import Layer3
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

DIALECT = BrocadeFastiron()
DUAL, TAGGED, PLAIN, MEMBER, MISSING = (PortName(f"1/1/{number}") for number in (1, 2, 3, 4, 99))
LAG = PortName("lag1")


def a_fastiron(
    *, names: dict[int, str] | None = None, routers: dict[int, int] | None = None, **lines: Layer3
) -> Played:
    """VLAN 1, 20 and 100 are there; ``lines`` are the virtual interfaces, by ``ve`` and their number."""
    switch = FastIron()
    switch.labels = dict.fromkeys(["1/1/1", "1/1/2", "1/1/3", "1/1/4"], "to x")
    switch.channels = {"1/1/4": 1}
    switch.names = names or switch.names
    switch.tagged = {20: ["1/1/1", "lag 1"], 100: ["1/1/1", "1/1/2"]}
    switch.untagged = {"1/1/1": 100, "1/1/3": 1}
    switch.routers = routers or {}
    switch.ves = {int(name.removeprefix("ve")): ve for name, ve in lines.items()}
    return Played(device=switch)


def test_a_device_is_brought_there_and_back() -> None:
    assert there_and_back(DIALECT, a_fastiron(), an_intent(TAGGED)) == (
        "vlan 10 by port",
        " name tl-web",
        "vlan 10 by port",
        " tagged ethe 1/1/2",
        "vlan 10 by port",
        " router-interface ve 10",
        "interface ve 10",
        " ip address 172.31.0.1 255.255.0.0",
        " ip address 172.30.0.1 255.255.255.0 secondary",
        " ipv6 address fd00:31::1/64",
    )
    assert " tagged lag 1" in there_and_back(DIALECT, a_fastiron(), an_intent(LAG, gateway=False))
    there_and_back(DIALECT, a_fastiron(), an_intent(DUAL, gateway=False))


def test_a_port_without_tags_would_lose_its_vlan_and_is_not_adopted() -> None:
    for intent in (
        an_intent(PLAIN, adopt=True),
        an_intent(PLAIN, native=1),
        an_intent(MEMBER),
        an_intent(MISSING),
    ):
        (cause,) = sync(DIALECT, a_fastiron(), intent).problems.values()
        assert re.search("made one by hand|make it one by hand|is a member of lag1|there is no port", cause)


def test_what_a_port_is() -> None:
    ports = (DUAL, TAGGED, PLAIN, MEMBER, MISSING, LAG)
    rows = read(DIALECT, a_fastiron(), an_intent(*ports)).ports
    assert [rows[port].mode for port in ports] == ["trunk", "trunk", "special", "special", "absent", "trunk"]
    assert (rows[DUAL].allowed, rows[DUAL].native_vlan) == (VlanSet([20, 100]), 100)
    assert (rows[TAGGED].allowed, rows[TAGGED].native_vlan) == (VlanSet([100]), None)
    assert rows[MEMBER].channel == LAG


@pytest.mark.parametrize(
    ("routers", "lines", "words"),
    [
        ({10: 7}, {"ve7": Layer3()}, "router-interface ve 7"),
        ({20: 10}, {"ve10": Layer3(ipv4=[IPv4Interface("10.9.0.1/24")])}, "interface ve 10"),
        ({10: 10}, {"ve10": Layer3(ipv4=[IPv4Interface("10.9.0.1/24")])}, "10.9.0.1/24"),
    ],
)
def test_a_virtual_interface_of_somebody_else_is_left_alone(
    routers: dict[int, int], lines: dict[str, Layer3], words: str
) -> None:
    device = a_fastiron(names={1: "DEFAULT-VLAN", 10: "tl-web", 20: "", 100: ""}, routers=routers, **lines)
    (cause,) = sync(DIALECT, device, an_intent(DUAL)).problems.values()
    assert words in cause


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("ethe 1/1/3 to 1/1/5 ethe 1/1/7 ", ["1/1/3", "1/1/4", "1/1/5", "1/1/7"]),
        ("ethe 1 to 2 lag 3 to 4", ["1", "2", "lag3", "lag4"]),
        ("ethernet 2/1/1", ["2/1/1"]),
    ],
)
def test_a_list_of_ports_is_spelled_out(text: str, ports: list[str]) -> None:
    assert spelled_out(text) == ports


@pytest.mark.parametrize("text", ["ethe 1/1/1 to 2/1/1", "1/1/1", "ethe x", "ethe 1/1/1 1/1/2"])
def test_a_list_of_ports_that_makes_no_sense_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="list of ports"):
        spelled_out(text)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("0200.0000.0001  1/1/2          Dynamic       1234\n", True),
        ("0200.0000.0001  1/1/20         Dynamic       1234\n", False),
        ("0200.0000.0001  lg1            Dynamic       1234\n", False),
        ("0200.0000.0001  CPU            Dynamic       1234\n", True),
    ],
)
def test_who_talks_keeps_a_vlan_on_its_port(row: str, *, kept: bool) -> None:
    device, intent = a_fastiron(), an_intent(TAGGED, gateway=False)
    sync(DIALECT, device, intent)
    device.says["show mac-address vlan 10"] = f"MAC-Address     Port       Type      Index\n{row}"
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
    ["", "\n", "Invalid input -> vlan\nType ? for a list\n", "Not authorized to execute this command.\n"],
)
def test_a_refused_answer_is_not_taken_for_an_empty_one(text: str) -> None:
    assert len(DIALECT.queries(SCOPE)) == 4
    for query in DIALECT.queries(SCOPE):
        assert not query.answer.search(text), query.command
        assert query.answer.search(a_fastiron().show(query.command)), query.command


def test_half_a_configuration_is_not_believed() -> None:
    (query,) = [query for query in DIALECT.queries(SCOPE) if query.command == CONFIG]
    assert not query.answer.search(a_fastiron().show(CONFIG).removesuffix("end\n\n"))


@pytest.mark.parametrize(
    "reply",
    [
        "Invalid input -> foo\nType ? for a list",
        "Incomplete command.",
        "Error - port ethe 1/1/1 is not a member of default vlan",
        "error: ports ethe 1/1/1 cannot be tagged",
        "IP/Port: Errno(6) Duplicate ip address",
        "Not authorized to execute this command.",
        "Maximum number of VLANs reached",
    ],
)
def test_a_refusal_is_recognised(reply: str) -> None:
    assert is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Added tagged port(s) ethe 1/1/48 to port-vlan 10.",
        "Port(s) ethe 1/2/1 are already a member of VLAN 254",
    ],
)
def test_a_harmless_message_is_no_refusal(reply: str) -> None:
    assert not is_refusal(reply, GRAMMAR)


@pytest.mark.parametrize(
    "line",
    [
        "untagged ethe 1/1/2",
        "no untagged ethe 1/1/2",
        "tagged ethe 1/1/1 to 1/1/4",
        "tagged ethe 1/1/2 ethe 1/1/3",
        "tagged ethe 1/1/99",
        "tagged lag 1",
        "no tagged",
        "router-interface ve 20",
        "no router-interface ve 20",
        "name two words",
        "tagged ethe 1/1/2\nreload",
        "no spanning-tree",
        "no vlan 100",
    ],
)
def test_a_line_that_no_change_needs_is_refused(line: str) -> None:
    is_refused(DIALECT, "vlan 10 by port", "config-vlan", line, intent=an_intent(TAGGED))


@pytest.mark.parametrize(
    "enter", ["vlan 100 by port", "no vlan 1", "vlan 10 to 12", "interface ve 20", "interface ethe 1/1/2"]
)
def test_a_block_that_enters_something_else_is_refused(enter: str) -> None:
    lines = ("tagged ethe 1/1/2",)
    block = Block(enter="vlan 10 by port", mode="config-vlan", lines=lines, claims=frozenset())
    check(DIALECT, block, an_intent(TAGGED))
    is_refused(DIALECT, enter, "config-vlan", *lines, intent=an_intent(TAGGED))


@pytest.mark.parametrize(("port", "line"), [(TAGGED, "tagged ethe 1/1/2"), (LAG, "no tagged lag 1")])
def test_a_protected_port_is_not_tagged(port: PortName, line: str) -> None:
    intent = replace(an_intent(port), switch=a_switch(protected_ports=frozenset({port})))
    is_refused(DIALECT, "vlan 10 by port", "config-vlan", line, intent=intent)


def test_no_entry_is_cleared_and_a_vlan_without_interface_holds_none() -> None:
    neighbor = Neighbor(vlan=Vid(10), parent=None, address=ip_address("172.31.0.9"))
    with pytest.raises(ValueError, match="no command"):
        DIALECT.forget(neighbor, a_fastiron(routers={10: 10}, ve10=Layer3()).show(CONFIG))
    assert DIALECT.forget(neighbor, a_fastiron().show(CONFIG)) is None


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("SSH@sw1#", ""),
        ("SSH@sw1(config)#", "config"),
        ("SSH@sw1(config-vlan-10)#", "config-vlan"),
        ("SSH@sw1(config-vif-10)#", "config-vif"),
        ("SSH@sw1(config-if-e1000-1/1/1)#", "config-if-e1000-1/1/1"),
    ],
)
def test_prompts_show_the_mode(prompt: str, mode: str) -> None:
    found = re.fullmatch(GRAMMAR.prompt.replace("{hostname}", "SSH@sw1"), prompt)
    assert found is not None
    assert GRAMMAR.mode_of(found) == mode
