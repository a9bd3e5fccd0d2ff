"""Real Linux switches, written over a real sshd: frames of a VLAN cross only while the driver says so.

There is no virtual switch here; what is driven is the kernel's bridge, or Open vSwitch with its own datapath.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from pathlib import Path

import pytest

from tests.integration.switch.driving import Notes
from tests.linux_switch import (
    HOSTS,
    P1,
    P2,
    RULES,
    LinuxSwitch,
    a_linux_driver,
    a_linux_switch,
    pings,
    run,
)
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.linux_bridge import UNSAVED, LinuxBridge
from trunkline.drivers.switch.openvswitch import OpenVswitch
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

WEB = Vid(10)
VLAN = HasVlan(vlan=WEB, name="tl-web")
ON_P1, ON_P2 = Carries(port=P1, vlan=WEB), Carries(port=P2, vlan=WEB)
GATEWAY = Gateway(vlan=WEB, addresses=(ip_interface("10.10.0.254/24"), ip_interface("fd00:10::ff/64")))
BRIDGE = (
    "ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0",
    "ip link set dev br0 up",
    "ip link set dev p1 master br0",
    "ip link set dev p2 master br0",
    "bridge vlan add dev p2 vid 20",
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
    "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding",
)


OPEN_VSWITCH = (
    "ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev",
    "ovs-vsctl add-port br0 p1 -- set port p1 trunks=4095",
    "ovs-vsctl add-port br0 p2 -- set port p2 trunks=20",
    "ip link set dev br0 up",
    *BRIDGE[-2:],
)


@dataclass
class Machine:
    running: LinuxSwitch
    driver: SwitchDriver
    own_macs: frozenset[str]

    def intent(self, *present: Claim, absent: tuple[Claim, ...] = (), adopt: bool = False) -> SwitchIntent:
        rules = {port: replace(rule, adopt=adopt, own_macs=self.own_macs) for port, rule in RULES.items()}
        return SwitchIntent(
            switch=self.running.inventory,
            generation=1,
            present=frozenset(present),
            absent=frozenset(absent),
            ports=rules,
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Start the machine and log in once for all tests: that takes longer than all they do."""
    with a_linux_switch(tmp_path_factory.mktemp("linux")) as running:
        macs = frozenset(hosts_on(WEB))
        with a_linux_driver(running, LinuxBridge()) as driver:
            yield Machine(running, driver, macs)


@pytest.fixture
def bridge(machine: Machine) -> Iterator[Machine]:
    """Give the machine with a new bridge."""
    machine.running.script(*BRIDGE)
    yield machine
    machine.running.run("ip link delete br0")


def hosts_on(vlan: Vid) -> list[str]:
    """Give each host an 802.1Q interface with addresses; give their MACs."""
    for number, host in enumerate(HOSTS, start=1):
        run(f"ip -n {host} link add link eth0 name eth0.{vlan} type vlan id {vlan}")
        run(f"ip -n {host} link set eth0.{vlan} up")
        run(f"ip -n {host} address add 10.{vlan}.0.{number}/24 dev eth0.{vlan}")
        run(f"ip -n {host} address add fd00:{vlan}::{number}/64 dev eth0.{vlan} nodad")
    return [run(f"ip netns exec {host} cat /sys/class/net/eth0/address").strip() for host in HOSTS]


def test_frames_and_the_gateways_answers_cross_open_vswitch_only_while_it_is_told_to(tmp_path: Path) -> None:
    with (
        a_linux_switch(tmp_path, *OPEN_VSWITCH, platform="openvswitch") as running,
        a_linux_driver(running, OpenVswitch()) as driver,
    ):
        macs = hosts_on(WEB)
        machine = Machine(running, driver, frozenset(macs))
        assert not pings(HOSTS[0], "10.10.0.2", tries=1)
        wanted = machine.intent(VLAN, ON_P1, ON_P2, GATEWAY)

        first, again = driver.sync(wanted, journal=Notes()), driver.sync(wanted, journal=Notes())

        assert not first.problems
        assert first.gained == {ON_P1, ON_P2, GATEWAY}
        assert again.sent == ()
        for address in ("10.10.0.2", "fd00:10::2", "10.10.0.254", "fd00:10::ff"):
            assert pings(HOSTS[0], address)
        one, two = (frozenset({mac}) for mac in macs)
        assert driver.discover().stations == {(P1, WEB): one, (P2, WEB): two}
        gone = driver.sync(machine.intent(VLAN, ON_P1, GATEWAY, absent=(ON_P2,)), journal=Notes())
        assert gone.lost == {ON_P2}
        assert not pings(HOSTS[0], "10.10.0.2", tries=1)
        assert pings(HOSTS[0], "10.10.0.254")


def test_frames_cross_the_bridge_only_while_both_ports_carry_the_vlan(bridge: Machine) -> None:
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)
    first = bridge.driver.sync(bridge.intent(VLAN, ON_P1), journal=Notes())
    assert first.sent == ("bridge vlan add dev p1 vid 10",)
    assert not pings(HOSTS[0], "10.10.0.2", tries=1), "p2 does not carry it yet"

    both = bridge.intent(VLAN, ON_P1, ON_P2)
    second = bridge.driver.sync(both, journal=Notes())
    again = bridge.driver.sync(both, journal=Notes())

    assert second.sent == ("bridge vlan add dev p2 vid 10",)
    assert second.gained == {ON_P2}
    assert second.verified
    assert not second.problems
    assert not second.unsaved
    assert again.sent == ()
    assert pings(HOSTS[0], "10.10.0.2")
    assert pings(HOSTS[0], "fd00:10::2")
    stations = bridge.driver.discover().stations
    assert stations.keys() == {(P1, WEB), (P2, WEB)}
    assert frozenset[str]().union(*stations.values()) == bridge.own_macs

    gone = bridge.driver.sync(bridge.intent(VLAN, ON_P1, absent=(ON_P2,)), journal=Notes())

    assert gone.sent == ("bridge vlan del dev p2 vid 10",)
    assert gone.lost == {ON_P2}
    assert gone.verified
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)
    assert "20" in bridge.running.run("bridge vlan show dev p2"), "somebody else's VLAN stays"


def test_a_port_in_an_untagged_vlan_needs_adoption_and_goes_on_carrying_it(bridge: Machine) -> None:
    bridge.running.run("bridge vlan add dev p1 vid 5 pvid untagged")
    refused = bridge.driver.sync(bridge.intent(ON_P1, ON_P2), journal=Notes())
    assert "say adopt: true" in refused.problems[ON_P1]
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)

    result = bridge.driver.sync(bridge.intent(ON_P1, ON_P2, adopt=True), journal=Notes())

    assert not result.problems
    assert result.verified
    assert pings(HOSTS[0], "10.10.0.2")
    gone = bridge.driver.sync(bridge.intent(ON_P2, absent=(ON_P1,), adopt=True), journal=Notes())
    assert gone.lost == {ON_P1}
    assert gone.verified
    assert "5 PVID Egress Untagged" in bridge.running.run("bridge vlan show dev p1")


def test_the_gateway_answers_in_its_vlan_and_forgets_an_address(bridge: Machine) -> None:
    wanted = bridge.intent(VLAN, ON_P1, GATEWAY)
    first, again = bridge.driver.sync(wanted, journal=Notes()), bridge.driver.sync(wanted, journal=Notes())
    assert not first.problems
    assert first.verified
    assert GATEWAY in first.gained
    assert again.sent == ()
    assert pings(HOSTS[0], "10.10.0.254")
    assert pings(HOSTS[0], "fd00:10::ff")

    held = bridge.running.run("ip neigh show to 10.10.0.1 dev br0.10")
    assert "lladdr" in held
    neighbors = [Neighbor(vlan=WEB, address=ip_address(text)) for text in ("10.10.0.1", "10.10.0.99")]
    taken = bridge.driver.forget(neighbors, journal=Notes())
    assert taken == ("ip neigh del 10.10.0.1 dev br0.10", "ip neigh del 10.10.0.99 dev br0.10")
    assert "lladdr" not in bridge.running.run("ip neigh show to 10.10.0.1 dev br0.10")

    gone = bridge.driver.sync(bridge.intent(VLAN, ON_P1, absent=(GATEWAY,)), journal=Notes())
    assert gone.lost == {GATEWAY}
    assert gone.verified
    assert not pings(HOSTS[0], "10.10.0.254", tries=1)
    assert "br0.10" not in bridge.running.run("ip -br link show")


def test_a_line_that_the_kernel_refuses_is_an_error_and_half_a_gateway_is_taken_back(bridge: Machine) -> None:
    group = replace(GATEWAY, addresses=(*GATEWAY.addresses[:1], ip_interface("ff02::5/64")))
    result = bridge.driver.sync(bridge.intent(ON_P1, group), journal=Notes())
    assert "the switch refused 'ip address add ff02::5/64 dev br0.10'" in result.problems[group]
    assert result.sent[-2:] == ("ip link del dev br0.10", " bridge vlan del dev br0 vid 10 self")
    assert result.gained == {ON_P1}
    assert result.verified
    assert "br0.10" not in bridge.running.run("ip -br link show")


def test_a_name_that_is_none_reaches_neither_the_bridge_nor_a_shell(bridge: Machine, tmp_path: Path) -> None:
    port = PortName(f"p1;touch {tmp_path}/made")
    intent = bridge.intent(Carries(port=port, vlan=WEB))
    rules = {port: PortRule(port=port, adopt=True)}
    result = bridge.driver.sync(replace(intent, ports=rules), journal=(notes := Notes()))
    assert "there is no port" in next(iter(result.problems.values()))
    assert notes.begun == []
    assert not (tmp_path / "made").exists()


def test_in_observe_mode_the_plan_says_what_a_restart_forgets(bridge: Machine) -> None:
    plan = bridge.driver.plan(bridge.intent(ON_P1))
    assert plan.lines == ("bridge vlan add dev p1 vid 10",)
    assert plan.notes == (UNSAVED,)
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)
