"""Real Linux switches, written over a real sshd: frames of a VLAN cross only while the driver says so.

There is no virtual switch here; what is driven is the kernel's bridge, or Open vSwitch with its own datapath.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_interface
from pathlib import Path

import pytest

from tests.integration.switch.driving import Notes
from tests.linux_switch import (
    HOSTS,
    P1,
    P2,
    RULES,
    SSHD,
    LinuxSwitch,
    a_linux_driver,
    a_linux_switch,
    pings,
    run,
)
from trunkline.drivers.switch.dialect import Dialect
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.linux_bridge import LinuxBridge
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, SwitchIntent
from trunkline.orchestrator.vlans import Vid

pytestmark = pytest.mark.skipif(SSHD is None, reason="needs sshd (openssh-server)")
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


@dataclass
class Machine:
    running: LinuxSwitch
    dialect: Dialect
    driver: SwitchDriver
    own_macs: frozenset[str] = frozenset()

    def intent(self, *present: Claim, absent: tuple[Claim, ...] = (), adopt: bool = False) -> SwitchIntent:
        rules = {port: replace(rule, adopt=adopt, own_macs=self.own_macs) for port, rule in RULES.items()}
        return SwitchIntent(
            switch=self.running.inventory,
            generation=1,
            present=frozenset(present),
            absent=frozenset(absent),
            ports=rules,
        )


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Machine]:
    with a_linux_switch(tmp_path, *BRIDGE) as running:
        dialect = LinuxBridge()
        macs = frozenset(hosts_on(WEB))
        with a_linux_driver(running, dialect) as driver:
            yield Machine(running, dialect, driver, macs)


def hosts_on(vlan: Vid) -> list[str]:
    """Give each host an 802.1Q interface with addresses; give their MACs."""
    for number, host in enumerate(HOSTS, start=1):
        run(f"ip -n {host} link add link eth0 name eth0.{vlan} type vlan id {vlan}")
        run(f"ip -n {host} link set eth0.{vlan} up")
        run(f"ip -n {host} address add 10.{vlan}.0.{number}/24 dev eth0.{vlan}")
        run(f"ip -n {host} address add fd00:{vlan}::{number}/64 dev eth0.{vlan} nodad")
    return [run(f"ip netns exec {host} cat /sys/class/net/eth0/address").strip() for host in HOSTS]


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

    gone = bridge.driver.sync(bridge.intent(VLAN, ON_P1, absent=(ON_P2,)), journal=Notes())

    assert gone.sent == ("bridge vlan del dev p2 vid 10",)
    assert gone.lost == {ON_P2}
    assert gone.verified
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)
    assert "20" in bridge.running.run("bridge vlan show dev p2"), "somebody else's VLAN stays"
