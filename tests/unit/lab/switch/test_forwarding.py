"""The data plane's plan: what the kernel must have, and steps that lead there from anywhere."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.lab.switch.dialogue import Console
from trunkline.lab.switch import forwarding
from trunkline.lab.switch.forwarding import (
    BRIDGE,
    Forwarding,
    Kernel,
    MakeBridge,
    MakeLink,
    Membership,
    RemoveLink,
    SetAddress,
    SetMaster,
    SetRouting,
    SetUp,
    SetVlan,
    Step,
    TaggedLink,
)
from trunkline.lab.switch.interface_names import named

DEVICES = {"GigabitEthernet1/0/1": "p1", "GigabitEthernet1/0/2": "p2"}
ROUTER = {"GigabitEthernet0/0": "r0"}


def planned(console: Console) -> Forwarding:
    return forwarding.plan(console.device.state, DEVICES if console.device.hardware.switching else ROUTER)


@pytest.mark.parametrize(
    ("lines", "members"),
    [
        (["switchport mode trunk"], {(1, True), (10, False), (20, False)}),
        (["switchport mode trunk", "switchport trunk allowed vlan 10"], {(10, False)}),
        (["switchport mode trunk", "switchport trunk allowed vlan 10,99"], {(10, False)}),
        (["switchport mode trunk", "switchport trunk allowed vlan none"], set()),
        (
            [
                "switchport mode trunk",
                "switchport trunk native vlan 20",
                "switchport trunk allowed vlan 10,20",
            ],
            {(10, False), (20, True)},
        ),
        (
            ["switchport mode trunk", "switchport trunk native vlan 20", "switchport trunk allowed vlan 10"],
            {(10, False)},
        ),
        (["switchport mode access", "switchport access vlan 10"], {(10, True)}),
        (["switchport access vlan 20"], {(20, True)}),
        ([], {(1, True)}),
        (["switchport mode trunk", "shutdown"], set()),
        (["channel-group 1 mode on"], set()),
    ],
)
def test_a_port_carries_what_is_allowed_and_active(
    console: Console, lines: list[str], members: set[tuple[int, bool]]
) -> None:
    console.quietly("vlan 10,20", "exit", "interface Gi1/0/1")
    console.type(*lines)
    assert planned(console).members["p1"] == {Membership(*member) for member in members}


@pytest.mark.parametrize("how", ["state suspend", "shutdown"])
def test_a_vlan_that_is_not_active_is_carried_by_nobody(console: Console, how: str) -> None:
    console.quietly("interface Gi1/0/1", "switchport mode trunk", "vlan 10", how, "exit")
    assert Membership(10) not in planned(console).members["p1"]


def test_an_isl_trunk_carries_nothing() -> None:
    console = Console("catalyst-l3-isl")
    console.quietly("interface Gi1/0/1", "switchport trunk encapsulation isl", "switchport mode trunk")
    assert planned(console).members["p1"] == frozenset()


def test_an_svi_exists_while_its_vlan_does_and_it_is_on(console: Console) -> None:
    console.quietly("interface Vlan10", "ip address 172.31.0.1 255.255.0.0", "ipv6 address fd00:31::1/64")
    assert planned(console).links == {}
    console.quietly("vlan 10", "exit")
    plan = planned(console)
    assert plan.links == {"Vlan10": TaggedLink(BRIDGE, 10)}
    assert plan.own == {10}
    assert plan.addresses["Vlan10"] == {ip_interface("172.31.0.1/16"), ip_interface("fd00:31::1/64")}
    console.quietly("interface Vlan10", "shutdown")
    assert planned(console).links == {}


def test_a_routed_port_leaves_the_bridge_and_has_its_address(console: Console) -> None:
    console.quietly("interface Gi1/0/1", "no switchport", "ip address 10.0.0.1 255.255.255.0")
    plan = planned(console)
    assert "p1" not in plan.members
    assert plan.addresses["p1"] == {ip_interface("10.0.0.1/24")}


def test_a_router_has_tagged_devices_on_its_ports_and_no_bridge(router: Console) -> None:
    router.quietly("interface Gi0/0", "no shutdown", "ip address 10.9.0.1 255.255.255.0")
    router.quietly("interface Gi0/0.10", "encapsulation dot1Q 110", "ip address 172.31.0.1 255.255.0.0")
    plan = planned(router)
    assert not plan.switching
    assert plan.links == {"r0.10": TaggedLink("r0", 110)}
    assert plan.addresses == {
        "r0": {ip_interface("10.9.0.1/24")},
        "r0.10": {ip_interface("172.31.0.1/16")},
    }
    assert plan.route4


def test_the_native_sub_interface_has_its_addresses_on_the_port_itself(router: Console) -> None:
    router.quietly("interface Gi0/0", "no shutdown", "interface Gi0/0.1", "encapsulation dot1Q 1 native")
    router.quietly("ip address 10.9.0.1 255.255.255.0")
    plan = planned(router)
    assert plan.links == {}
    assert plan.addresses["r0"] == {ip_interface("10.9.0.1/24")}


def test_sub_interfaces_are_gone_while_their_port_is_off(router: Console) -> None:
    router.quietly("interface Gi0/0.10", "encapsulation dot1Q 10", "ip address 172.31.0.1 255.255.0.0")
    assert planned(router).links == {}


def test_a_device_name_is_never_too_long() -> None:
    assert forwarding.link_device("Gi0-0", named("Gi0/0.10")) == "Gi0-0.10"
    long = forwarding.link_device("Gi0-0-long-name", named("Gi0/0.4294967295"))
    assert len(long) <= 15
    assert long != forwarding.link_device("Gi0-0-long-name", named("Gi0/0.4294967294"))


class Machine:
    """A model of the kernel that takes steps; a step it could not take is an error."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def take(self, step: Step) -> None:
        kernel = self.kernel
        match step:
            case MakeBridge():
                assert not kernel.bridge
                self.kernel = replace(kernel, bridge=True, members={**kernel.members, BRIDGE: frozenset()})
            case SetMaster(device, bridged):
                assert (device in kernel.bridged) is not bridged
                members = {**kernel.members, device: frozenset()} if bridged else dict(kernel.members)
                if not bridged:
                    members.pop(device, None)
                changed = kernel.bridged | {device} if bridged else kernel.bridged - {device}
                self.kernel = replace(kernel, bridged=changed, members=members)
            case SetUp(device, up):
                self.kernel = replace(kernel, up={**kernel.up, device: up})
            case SetVlan(device, membership, present):
                assert device == BRIDGE or device in kernel.bridged
                kept = {m for m in kernel.members[device] if m.vlan != membership.vlan}
                now = frozenset(kept | {membership} if present else kept)
                self.kernel = replace(kernel, members={**kernel.members, device: now})
            case MakeLink(device, link):
                assert device not in kernel.links
                assert link not in kernel.links.values(), "a VLAN has one device on a parent"
                self.kernel = replace(
                    kernel, links={**kernel.links, device: link}, up={**kernel.up, device: True}
                )
            case RemoveLink(device):
                assert device in kernel.links
                self.kernel = replace(
                    kernel,
                    links={k: v for k, v in kernel.links.items() if k != device},
                    up={k: v for k, v in kernel.up.items() if k != device},
                    addresses={k: v for k, v in kernel.addresses.items() if k != device},
                )
            case SetAddress(device, address, present):
                assert device in kernel.up
                has = kernel.addresses.get(device, frozenset())
                now_has = has | {address} if present else has - {address}
                self.kernel = replace(kernel, addresses={**kernel.addresses, device: now_has})
            case SetRouting(family, on):
                self.kernel = replace(kernel, route4=on) if family == 4 else replace(kernel, route6=on)


lines = st.lists(
    st.sampled_from(
        [
            *("vlan 10", "vlan 20,30", "no vlan 10", "state suspend", "exit", "ip routing", "no ip routing"),
            *("interface Gi1/0/1", "interface Gi1/0/2", "interface Vlan10", "interface Vlan20"),
            *("switchport mode trunk", "switchport mode access", "switchport access vlan 20"),
            *("switchport trunk allowed vlan 10", "switchport trunk native vlan 20", "no switchport"),
            *("switchport", "shutdown", "no shutdown", "ip address 10.0.0.1 255.255.255.0"),
            *("ip address 10.0.1.1 255.255.255.0 secondary", "no ip address", "ipv6 address fd00::1/64"),
            *("no interface Vlan10", "ipv6 unicast-routing", "no ipv6 unicast-routing"),
        ]
    ),
    max_size=15,
)


@settings(max_examples=200, deadline=None)
@given(lines, lines)
def test_steps_lead_from_any_state_to_any_other_and_then_there_are_none(
    first: list[str], second: list[str]
) -> None:
    machine = Machine(Kernel(up={"p1": True, "p2": True}, route4=False, route6=False))
    console = Console()
    for dialogue in (first, second):
        console.type("end", "configure terminal", *dialogue, "end", "configure terminal")
        desired = planned(console)
        for step in forwarding.steps(desired, machine.kernel):
            machine.take(step)
        assert list(forwarding.steps(desired, machine.kernel)) == []
        assert {d: machine.kernel.members[d] for d in desired.members} == desired.members
        assert machine.kernel.links == desired.links


def test_what_is_taken_away_goes_before_what_is_added(console: Console) -> None:
    console.quietly("vlan 10,20", "exit", "interface Gi1/0/1", "switchport access vlan 20")
    kernel = Kernel(
        bridge=True,
        up={"p1": True, "p2": True},
        bridged=frozenset({"p1", "p2"}),
        members={
            "p1": frozenset({Membership(10, untagged=True)}),
            "p2": frozenset({Membership(1, untagged=True)}),
        },
        route4=False,
        route6=False,
    )
    assert list(forwarding.steps(planned(console), kernel)) == [
        SetVlan("p1", Membership(10, untagged=True), present=False),
        SetVlan("p1", Membership(20, untagged=True), present=True),
    ]


def test_a_port_without_a_cable_is_left_out(console: Console) -> None:
    steps = list(forwarding.steps(planned(console), Kernel(up={"p1": False}, route4=False, route6=False)))
    assert SetMaster("p1", bridged=True) in steps
    assert all("p2" not in repr(step) for step in steps)
