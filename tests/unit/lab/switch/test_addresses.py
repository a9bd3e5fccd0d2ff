"""SVIs, sub-interfaces and addresses, with everything that is refused."""

from __future__ import annotations

import pytest

from tests.unit.lab.switch.dialogue import Console


def test_a_second_address_replaces_the_first_unless_it_is_secondary(console: Console) -> None:
    console.quietly(
        "interface Vlan10", "ip address 10.0.0.1 255.255.255.0", "ip address 10.0.1.1 255.255.255.0"
    )
    console.quietly("ip address 10.0.2.1 255.255.255.0 secondary")
    assert console.section("Vlan10") == [
        "ip address 10.0.2.1 255.255.255.0 secondary",
        "ip address 10.0.1.1 255.255.255.0",
    ]


def test_an_overlap_is_refused_and_names_the_other_interface(console: Console) -> None:
    console.quietly("interface Vlan100", "ip address 10.0.0.1 255.0.0.0", "interface Vlan10")
    assert console.type("ip address 10.0.0.1 255.255.255.0") == "% 10.0.0.0 overlaps with Vlan100"
    assert console.type("ip address 10.1.0.1 255.255.0.0 secondary") == "% 10.1.0.0 overlaps with Vlan100"
    assert console.section("Vlan10") == ["no ip address"]


def test_a_secondary_address_may_not_overlap_the_primary_one(console: Console) -> None:
    console.quietly("interface Vlan10", "ip address 10.0.0.1 255.255.255.0")
    assert console.type("ip address 10.0.0.2 255.255.255.0 secondary") == "% 10.0.0.0 overlaps with Vlan10"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.0.0.0 255.255.255.0", "Bad mask /24 for address 10.0.0.0"),
        ("10.0.0.255 255.255.255.0", "Bad mask /24 for address 10.0.0.255"),
        ("10.0.0.1 255.0.255.0", "Bad mask 0xFF00FF00 for address 10.0.0.1"),
    ],
)
def test_a_mask_must_fit_the_address(console: Console, text: str, said: str) -> None:
    console.quietly("interface Vlan10")
    assert console.type(f"ip address {text}") == said


def test_a_point_to_point_network_has_no_network_address(console: Console) -> None:
    console.quietly("interface Vlan10", "ip address 10.0.0.0 255.255.255.254")


def test_the_primary_address_goes_last(console: Console) -> None:
    console.quietly("interface Vlan10", "ip address 10.0.0.1 255.255.255.0")
    console.quietly("ip address 10.0.1.1 255.255.255.0 secondary")
    refusal = console.type("no ip address 10.0.0.1 255.255.255.0")
    assert refusal == "Must delete secondary before deleting primary"
    console.quietly("no ip address 10.0.1.1 255.255.255.0 secondary", "no ip address 10.0.0.1 255.255.255.0")
    assert console.section("Vlan10") == ["no ip address"]


def test_no_ip_address_removes_everything(console: Console) -> None:
    console.quietly("interface Vlan10", "ip address 10.0.0.1 255.255.255.0")
    console.quietly("ip address 10.0.1.1 255.255.255.0 secondary", "no ip address")
    assert console.section("Vlan10") == ["no ip address"]


def test_ipv6_addresses_add_up_and_go_one_by_one(console: Console) -> None:
    console.quietly("interface Vlan10", "ipv6 address fd00:31::1/64", "ipv6 address FD00:32::1/64")
    console.quietly("ipv6 address fd00:31::1/64")
    console.quietly("no ipv6 address fd00:32::1/64", "no ipv6 address fd00:99::1/64")
    assert console.section("Vlan10") == ["no ip address", "ipv6 address FD00:31::1/64"]


def test_an_ipv6_overlap_is_refused(console: Console) -> None:
    console.quietly("interface Vlan20", "ipv6 address fd00:31::1/64", "interface Vlan10")
    said = console.type("ipv6 address fd00:31::2/64")
    assert said == "%Vlan10: Error: FD00:31::/64 is overlapping with FD00:31::/64 on Vlan20"


def test_a_switch_port_takes_no_address(console: Console) -> None:
    console.quietly("interface Gi1/0/1")
    for line in ("ip address 10.0.0.1 255.255.255.0", "ipv6 address fd00::1/64"):
        assert console.type(line) == "% IP addresses may not be configured on L2 links."


def test_a_sub_interface_needs_its_encapsulation_first(router: Console) -> None:
    said = router.type("interface Gi0/0.10", "ip address 10.0.0.1 255.255.255.0")
    assert "% Configuring IP routing on a LAN subinterface is only allowed if that" in said
    router.quietly("encapsulation dot1Q 10", "ip address 10.0.0.1 255.255.255.0")
    assert router.section("Gi0/0.10") == ["encapsulation dot1Q 10", "ip address 10.0.0.1 255.255.255.0"]


def test_a_vlan_has_one_sub_interface(router: Console) -> None:
    router.quietly("interface Gi0/0.10", "encapsulation dot1Q 10", "interface Gi0/0.11")
    said = router.type("encapsulation dot1Q 10")
    assert "same VID (10) is not permitted" in said
    assert "GigabitEthernet0/0.10" in said
    router.quietly("interface Gi0/1.10", "encapsulation dot1Q 10")


def test_a_deleted_sub_interface_comes_back_with_its_old_lines(router: Console) -> None:
    router.quietly(
        "interface Gi0/0.10", "encapsulation dot1Q 10", "ip address 10.0.0.1 255.255.255.0", "exit"
    )
    assert router.type("no interface Gi0/0.10").startswith("% Not all config may be removed")
    assert "GigabitEthernet0/0.10      unassigned      YES unset  deleted" in router.show(
        "show ip interface brief"
    )
    router.quietly("interface Gi0/0.10")
    assert "ip address 10.0.0.1 255.255.255.0" in router.section("Gi0/0.10")


def test_a_catalyst_has_no_sub_interfaces_and_a_router_no_vlans(console: Console, router: Console) -> None:
    assert "Invalid input" in console.type("interface Gi1/0/1.10")
    assert "Invalid input" in router.type("vlan 10")
    assert "Invalid input" in router.type("interface Vlan10")


def test_an_svi_is_up_only_with_an_active_vlan_and_a_port_that_carries_it(console: Console) -> None:
    console.quietly("interface Vlan10", "ip address 10.0.0.1 255.255.255.0", "exit")

    def row() -> str:
        return console.show("show ip interface brief Vlan10").splitlines()[-1]

    assert row().split()[-2:] == ["down", "down"]
    console.quietly("vlan 10", "exit", "interface Gi1/0/1", "switchport access vlan 10")
    assert row().split()[-2:] == ["up", "up"]
    console.quietly("vlan 10", "state suspend", "exit")
    assert row().split()[-2:] == ["down", "down"]
    console.quietly("vlan 10", "state active", "exit", "interface Vlan10", "shutdown")
    assert "administratively down down" in row()


def test_a_router_port_is_down_until_somebody_switches_it_on(router: Console) -> None:
    router.quietly("interface Gi0/0.10", "encapsulation dot1Q 10", "ip address 10.0.0.1 255.255.255.0")
    shown = router.show("show ip interface brief")
    assert "GigabitEthernet0/0         unassigned      YES unset  administratively down down" in shown
    router.quietly("interface Gi0/0", "no shutdown")
    assert "GigabitEthernet0/0.10      10.0.0.1        YES manual up                    up" in router.show(
        "show ip interface brief"
    )


def test_routing_is_off_on_a_switch_and_on_on_a_router(console: Console, router: Console) -> None:
    console.quietly("ip routing", "ipv6 unicast-routing")
    shown = console.show("show running-config").splitlines()
    assert "ip routing" in shown
    assert "ipv6 unicast-routing" in shown
    assert "ip routing" not in router.show("show running-config")
    router.quietly("no ip routing")
    assert "no ip routing" in router.show("show running-config")
