"""Values for tests: one plausible object each, every field overridable by name."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import (
    Credentials,
    Host,
    HostName,
    Inventory,
    PortName,
    Rule,
    SecretRef,
    Segment,
    SegmentName,
    Subnet,
    SviGateway,
    Switch,
    SwitchName,
    Uplink,
)
from trunkline.orchestrator.vlans import Vid, VlanSet

PORT_1 = PortName("GigabitEthernet1/0/1")
PORT_2 = PortName("GigabitEthernet1/0/2")


def a_switch(name: str = "sw1", **changes: Any) -> Switch:
    """An L3 Catalyst in enforce mode."""
    switch = Switch(
        name=SwitchName(name),
        driver="cisco_ios",
        address="127.0.0.1",
        port=2222,
        credentials=Credentials(username="u", password=SecretRef(kind="env", name="TEST_SWITCH_PASSWORD")),
        kind="l3switch",
        mode="enforce",
        managed_vlans=VlanSet(range(2, 1000)),
    )
    return replace(switch, **changes)


def a_subnet(text: str = "172.31.0.0/16", gateway: str | None = "172.31.0.1", **changes: Any) -> Subnet:
    """The seed example's container subnet."""
    subnet = Subnet(network=ip_network(text), gateway=None if gateway is None else ip_address(gateway))
    return replace(subnet, **changes)


def a_segment(name: str = "web", vlan: int = 10, **changes: Any) -> Segment:
    """A dual-stack segment with its gateway on sw1; its network is made when a label asks."""
    segment = Segment(
        name=SegmentName(name),
        vlan=Vid(vlan),
        subnets=(a_subnet(), a_subnet("fd00:31::/64", "fd00:31::1")),
        gateway=SviGateway(switch=SwitchName("sw1")),
        networks="on-demand",
    )
    return replace(segment, **changes)


def a_host(name: str = "h1", port: str = PORT_1, switch: str = "sw1", **changes: Any) -> Host:
    """A Docker host with one uplink."""
    uplink = Uplink(nic="eth0", switch=SwitchName(switch), port=PortName(port))
    return replace(Host(name=HostName(name), uplinks=(uplink,)), **changes)


def an_inventory(**changes: Any) -> Inventory:
    """Two hosts on one L3 switch, one segment, everybody may use it."""
    hosts = (a_host("h1", PORT_1), a_host("h2", PORT_2))
    inventory = Inventory(
        switches={SwitchName("sw1"): a_switch()},
        hosts={host.name: host for host in hosts},
        segments={SegmentName("web"): a_segment()},
        policy=(Rule(hosts=frozenset({"*"}), segments=frozenset({"*"})),),
    )
    return replace(inventory, **changes)


def a_switch_intent(**changes: Any) -> SwitchIntent:
    """VLAN 10 with its gateway, carried on port 1."""
    intent = SwitchIntent(
        switch=a_switch(),
        generation=1,
        present=frozenset(
            {
                HasVlan(vlan=Vid(10), name="tl-web"),
                Carries(port=PORT_1, vlan=Vid(10)),
                Gateway(
                    vlan=Vid(10), addresses=(ip_interface("172.31.0.1/16"), ip_interface("fd00:31::1/64"))
                ),
            }
        ),
        ports={PORT_1: PortRule(port=PORT_1), PORT_2: PortRule(port=PORT_2)},
    )
    return replace(intent, **changes)
