"""How a Cisco gateway is told to forget: the commands, the VRF they are about, and what still counts as old."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_switch
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.dialect import Forgetting
from trunkline.drivers.switch.guards import check_commands
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PARENT = PortName("GigabitEthernet0/0")
NO_SUCH = "                       ^\n% Invalid input detected at '^' marker.\n"
SVI = "Building configuration...\n\nCurrent configuration : 99 bytes\n!\ninterface Vlan10\n{lines}end\n"
ARP = """Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  172.31.0.9{age:>15}   0200.0000.0009  ARPA   Vlan10
Internet  172.31.0.19            99   0200.0000.0019  ARPA   Vlan10
"""
ND = """IPv6 Address                              Age Link-layer Addr State Interface
FD00:31:0:0:1::9                           99 0200.0000.0019  STALE Vl10
FD00:31:0::9                     {age:>12} 0200.0000.0009  STALE Vl10
"""


def a_neighbor(address: str = "172.31.0.9", *, vlan: int = 10, parent: PortName | None = None) -> Neighbor:
    return Neighbor(vlan=Vid(vlan), parent=parent, address=ip_address(address))


def forget(neighbor: Neighbor, *lines: str) -> Forgetting:
    text = SVI.format(lines="".join(f" {line}\n" for line in lines))
    how = CiscoIos().forget(neighbor, text)
    assert how is not None
    check_commands(how.commands, GRAMMAR, switch=a_switch(), neighbor=neighbor)
    return how


def test_an_ipv4_entry_is_cleared_by_its_address() -> None:
    how = forget(a_neighbor(), "ip address 172.31.0.1 255.255.0.0")
    assert how.commands == ("clear ip arp 172.31.0.9",)
    assert how.proof.command == "show ip arp 172.31.0.9"


def test_an_ipv6_entry_is_cleared_on_its_interface_and_with_the_whole_interface_at_worst() -> None:
    how = forget(a_neighbor("fd00:31:0::9"))
    assert how.commands == (
        "clear ipv6 neighbors interface Vlan10 ipv6 fd00:31::9",
        "clear ipv6 neighbors interface Vlan10 fd00:31::9",
        "clear ipv6 neighbors interface Vlan10",
    )
    assert how.proof.command == "show ipv6 neighbors Vlan10"


def test_a_sub_interface_is_named_in_full() -> None:
    how = forget(a_neighbor("fd00:31::9", parent=PARENT))
    assert how.commands[-1] == "clear ipv6 neighbors interface GigabitEthernet0/0.10"
    assert CiscoIos().gateway_query(a_neighbor(parent=PARENT)).command.endswith(" GigabitEthernet0/0.10")


@pytest.mark.parametrize("line", ["vrf forwarding shop_1.a-b", "ip vrf forwarding shop_1.a-b"])
def test_an_ipv4_entry_of_a_vrf_is_cleared_there(line: str) -> None:
    how = forget(a_neighbor(), "description vrf forwarding other", line)
    assert how.commands == ("clear arp-cache vrf shop_1.a-b 172.31.0.9",)
    assert how.proof.command == "show ip arp vrf shop_1.a-b 172.31.0.9"


def test_an_ipv6_entry_is_in_a_vrf_of_both_families_only() -> None:
    how = forget(a_neighbor("fd00:31::9"), "vrf forwarding shop")
    assert how.commands == (
        "clear ipv6 neighbors vrf shop fd00:31::9",
        "clear ipv6 neighbors interface Vlan10",
    )
    assert how.proof.command == "show ipv6 neighbors vrf shop Vlan10"
    assert "vrf" not in forget(a_neighbor("fd00:31::9"), "ip vrf forwarding shop").proof.command


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a;reload", "a\x1b[2J", "a?", "-a", "a|b", "é", "x" * 33, "a downstream b", "a\treload", "²"],
)
@pytest.mark.parametrize("address", ["172.31.0.9", "fd00:31::9"])
def test_a_vrf_with_a_strange_name_is_refused(name: str, address: str) -> None:
    with pytest.raises(ValueError, match="VRF"):
        CiscoIos().forget(a_neighbor(address), SVI.format(lines=f" vrf forwarding {name}\n"))


@given(st.text())
def test_whatever_a_device_calls_its_vrf_only_a_guarded_line_comes_of_it(name: str) -> None:
    neighbor = a_neighbor()
    try:
        how = CiscoIos().forget(neighbor, SVI.format(lines=f" vrf forwarding {name}\n"))
    except ValueError:
        return
    assert how is not None
    check_commands(how.commands, GRAMMAR, switch=a_switch(), neighbor=neighbor)


def test_an_interface_that_is_not_there_holds_no_entry() -> None:
    neighbor = a_neighbor()
    assert CiscoIos().gateway_query(neighbor).answer.search(NO_SUCH)
    assert CiscoIos().forget(neighbor, NO_SUCH) is None


@pytest.mark.parametrize(
    ("age", "seconds", "is_old"),
    [("0", 0.0, False), ("1", 0.5, True), ("1", 61.0, False), ("2", 61.0, True), ("-", 0.5, True)],
)
@pytest.mark.parametrize(("address", "table"), [("172.31.0.9", ARP), ("fd00:31::9", ND)])
def test_an_entry_is_old_unless_it_can_be_younger_than_the_clearing(
    address: str, table: str, age: str, seconds: float, *, is_old: bool
) -> None:
    found = CiscoIos().old_entry(a_neighbor(address), table.format(age=age), seconds=seconds)
    assert ("0200.0000.0009" in found) is is_old
    assert "0200.0000.0019" not in found


@pytest.mark.parametrize(
    "answer", ["", "Internet  172.31.0.9              3   Incomplete      ARPA\n", ARP.splitlines()[0]]
)
def test_no_entry_is_none_that_is_old(answer: str) -> None:
    assert CiscoIos().old_entry(a_neighbor(), answer, seconds=0) == ""


@pytest.mark.parametrize("answer", [NO_SUCH, "% Authorization failed.\n", "Command authorization failed.\n"])
@pytest.mark.parametrize("address", ["172.31.0.9", "fd00:31::9"])
def test_a_proof_that_was_refused_is_not_believed(address: str, answer: str) -> None:
    proof = forget(a_neighbor(address)).proof
    assert not proof.answer.search(answer)
    assert proof.answer.search("")


@pytest.mark.parametrize(
    "line",
    [
        "clear ip arp",
        "clear ip arp 172.31.0.8",
        "clear ip arp 172.31.0.999",
        "clear ip arp 172.31.0.9 ",
        "clear ip arp 172.31.0.9\nreload",
        "clear ip arp 172.31.0.9 | redirect flash:x",
        "clear ip arp inspection statistics",
        "clear ip arp vrf shop 172.31.0.9",
        "clear arp-cache",
        "clear arp-cache 172.31.0.9",
        "clear arp-cache vrf shop",
        "clear arp-cache vrf a b 172.31.0.9",
        "clear arp-cache vrf shop? 172.31.0.9",
        "clear ipv6 neighbors",
        "clear ipv6 neighbors interface",
        "clear ipv6 neighbors interface Vlan11",
        "clear ipv6 neighbors interface Vlan10 fd00:31::9",
        "clear ipv6 neighbors interface GigabitEthernet0/0.10",
        "clear ipv6 neighbors interface GigabitEthernet0/0",
        "clear ipv6 neighbors vrf shop",
        "clear counters",
        "clear line 1",
        "configure terminal",
        "reload",
        "write erase",
        "vlan 10",
        "no shutdown",
        "",
    ],
)
def test_a_privileged_line_about_anything_else_is_refused(line: str) -> None:
    with pytest.raises(GuardRefused):
        check_commands([line], GRAMMAR, switch=a_switch(), neighbor=a_neighbor())


def test_a_line_about_the_same_vlan_elsewhere_is_refused() -> None:
    there = a_neighbor("fd00:31::9", parent=PARENT)
    check_commands(forget(there).commands, GRAMMAR, switch=a_switch(), neighbor=there)
    other = a_neighbor("fd00:31::9", parent=PortName("GigabitEthernet0/1"))
    with pytest.raises(GuardRefused, match="another interface"):
        check_commands(forget(there).commands, GRAMMAR, switch=a_switch(), neighbor=other)


@pytest.mark.parametrize("vlan", [1, 1002, 20, 3000])
def test_nothing_is_cleared_in_a_vlan_that_must_not_be_touched(vlan: int) -> None:
    switch = a_switch(protected_vlans=VlanSet([20]))
    with pytest.raises(GuardRefused, match=f"VLAN {vlan}"):
        check_commands(["clear ip arp 172.31.0.9"], GRAMMAR, switch=switch, neighbor=a_neighbor(vlan=vlan))


def test_nothing_is_cleared_behind_a_protected_port() -> None:
    switch = a_switch(protected_ports=frozenset({PARENT}))
    with pytest.raises(GuardRefused, match="GigabitEthernet0/0"):
        check_commands(
            ["clear ip arp 172.31.0.9"], GRAMMAR, switch=switch, neighbor=a_neighbor(parent=PARENT)
        )
