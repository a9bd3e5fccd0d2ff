"""VLANs, VTP, trunks and access ports as real switches treat them."""

from __future__ import annotations

import pytest

from tests.unit.lab.switch.dialogue import Console
from trunkline.lab.switch import running_config
from trunkline.orchestrator.vlans import VlanSet

FAILED = (
    "% Failed to create VLANs 3000\nExtended VLAN(s) not allowed in current VTP mode.\n"
    "%Failed to commit extended VLAN(s) changes."
)


def test_a_vlan_takes_effect_when_its_mode_is_left(console: Console) -> None:
    console.quietly("vlan 10", "name web")
    assert 10 not in console.device.state.vlans
    console.quietly("exit")
    assert console.device.state.vlans[10].name == "web"


@pytest.mark.parametrize("way_out", ["exit", "end", "vlan 20", "interface Gi1/0/1", "hostname x"])
def test_every_way_out_of_the_mode_applies_the_vlan(console: Console, way_out: str) -> None:
    console.quietly("vlan 10", way_out)
    assert console.device.state.vlans[10].name == "VLAN0010"


def test_several_vlans_are_made_at_once(console: Console) -> None:
    console.quietly("vlan 10,20-22", "exit")
    assert {10, 20, 21, 22} <= console.device.state.vlans.keys()


@pytest.mark.parametrize("way_out", ["exit", "end", "vlan 20"])
def test_an_extended_vlan_fails_on_leaving_under_a_vtp_server(console: Console, way_out: str) -> None:
    assert console.type("vlan 3000") == ""
    assert console.type(way_out).startswith(FAILED)
    assert 3000 not in console.device.state.vlans


@pytest.mark.parametrize("setup", [("vtp mode transparent",), ("vtp mode off",)])
def test_an_extended_vlan_is_fine_where_vtp_does_not_hold_the_vlans(
    console: Console, setup: tuple[str, ...]
) -> None:
    console.type(*setup)
    console.quietly("vlan 3000", "exit")
    assert 3000 in console.device.state.vlans


def test_version_3_needs_a_primary_server(console: Console) -> None:
    console.type("vtp domain d", "vtp version 3")
    assert "not the primary server" in console.type("vlan 3000")
    console.type("do vtp primary", "", "vlan 3000", "exit")
    assert 3000 in console.device.state.vlans


def test_a_vtp_client_changes_nothing(console: Console) -> None:
    console.quietly("vlan 10", "exit")
    assert console.type("vtp mode client") == "Setting device to VTP Client mode for VLANS."
    refusal = "VTP VLAN configuration not allowed when device is in CLIENT mode."
    assert console.type("vlan 20") == refusal
    assert console.type("no vlan 10") == refusal
    assert 10 in console.device.state.vlans


@pytest.mark.parametrize("number", [1, 1002, 1005])
def test_reserved_vlans_stay(console: Console, number: int) -> None:
    assert console.type(f"no vlan {number}") == f"%Default VLAN {number} may not be deleted."
    assert "may not have its name changed" in console.type(f"vlan {number}", "name mine")
    assert number in console.device.state.vlans


def test_a_name_is_32_characters_long_at_most_and_unique(console: Console) -> None:
    said = console.type("vlan 10", f"name {'x' * 33}")
    assert said.startswith("%You must disable VTPv1 and VTPv2 or switch to VTPv3")
    console.quietly(f"name {'x' * 32}", "exit", "vlan 11", f"name {'x' * 32}")
    assert "identical name" in console.type("exit")
    assert 11 not in console.device.state.vlans


def test_deleting_is_at_once_and_silent(console: Console) -> None:
    console.quietly("vlan 10", "exit", "no vlan 10", "no vlan 10")
    assert 10 not in console.device.state.vlans


def test_vlans_are_in_running_config_only_where_vtp_does_not_hold_them(console: Console) -> None:
    console.quietly("vlan 10", "name web", "exit")
    assert "vlan 10" not in running_config.full(console.device.state)
    console.type("vtp mode transparent")
    assert "vlan 10\n name web\n!" in running_config.full(console.device.state)


def test_a_reload_keeps_the_vlans_of_a_server_and_loses_unsaved_ones_of_a_transparent_switch(
    console: Console,
) -> None:
    console.quietly("vlan 10", "exit", "hostname lost")
    console.device.power_on()
    assert 10 in console.device.state.vlans

    console = Console()
    console.type("vtp mode transparent", "end", "write memory", "configure terminal")
    console.quietly("vlan 10", "exit")
    console.device.power_on()
    assert 10 not in console.device.state.vlans


@pytest.mark.parametrize(
    ("lines", "allowed"),
    [
        ((), VlanSet.every()),
        (("10,20-22",), VlanSet.parse("10,20-22")),
        (("10", "add 20", "add 30"), VlanSet.parse("10,20,30")),
        (("10,20", "remove 20"), VlanSet.parse("10")),
        (("remove 2-4094",), VlanSet.parse("1")),
        (("except 10",), VlanSet(set(range(1, 4095)) - {10})),
        (("none",), VlanSet()),
        (("10", "all"), VlanSet.every()),
        (("none", "add 10"), VlanSet.parse("10")),
        (("add 10",), VlanSet.every()),
        (("10", "remove 10"), VlanSet()),
        (("1-4094",), VlanSet.every()),
    ],
)
def test_the_allowed_list_in_all_its_forms(
    console: Console, lines: tuple[str, ...], allowed: VlanSet
) -> None:
    console.quietly("interface Gi1/0/1", *(f"switchport trunk allowed vlan {line}" for line in lines))
    switching = console.device.state.interfaces["GigabitEthernet1/0/1"].switching
    assert switching is not None
    assert switching.allowed == allowed


@pytest.mark.parametrize("rest", ["", " 10", " add 10", " remove 10", " anything at all"])
def test_every_no_form_opens_the_trunk_to_all(console: Console, rest: str) -> None:
    console.quietly("interface Gi1/0/1", "switchport trunk allowed vlan 10,20")
    console.quietly(f"no switchport trunk allowed vlan{rest}")
    assert console.section("Gi1/0/1") == []


@pytest.mark.parametrize("text", ["5000", "10,,20", "x", "010"])
def test_a_bad_list_is_rejected_and_changes_nothing(console: Console, text: str) -> None:
    console.quietly("interface Gi1/0/1", "switchport trunk allowed vlan 10")
    assert console.type(f"switchport trunk allowed vlan add {text}").startswith("Command rejected: Bad VLAN")
    assert console.section("Gi1/0/1") == ["switchport trunk allowed vlan 10"]


def test_a_long_list_continues_in_add_lines(console: Console) -> None:
    odd = ",".join(str(number) for number in range(101, 201, 2))
    console.quietly("interface Gi1/0/1", f"switchport trunk allowed vlan {odd}")
    lines = console.section("Gi1/0/1")
    assert len(lines) > 3
    assert all(line.startswith("switchport trunk allowed vlan add ") for line in lines[1:])


def test_a_switch_with_isl_wants_the_encapsulation_first() -> None:
    console = Console("catalyst-l3-isl")
    rejected = (
        'Command rejected: An interface whose trunk encapsulation is "Auto" '
        'can not be configured to "trunk" mode.'
    )
    assert console.type("interface Gi1/0/1", "switchport mode trunk") == rejected
    assert "Administrative Trunking Encapsulation: negotiate" in console.show(
        "show interfaces Gi1/0/1 switchport"
    )
    console.quietly("switchport trunk encapsulation dot1q", "switchport mode trunk")
    assert console.section("Gi1/0/1") == ["switchport trunk encapsulation dot1q", "switchport mode trunk"]


def test_a_range_stops_at_the_port_that_refuses() -> None:
    console = Console("catalyst-l3-isl")
    console.quietly("interface Gi1/0/1", "switchport trunk encapsulation dot1q")
    said = console.type("interface range Gi1/0/1 - 3", "switchport mode trunk")
    assert said.endswith("% Range command terminated because it failed on GigabitEthernet1/0/2")
    assert "switchport mode trunk" in console.section("Gi1/0/1")


def test_a_missing_access_vlan_is_made(console: Console) -> None:
    said = console.type("interface Gi1/0/1", "switchport access vlan 200")
    assert said == "% Access VLAN does not exist. Creating vlan 200"
    assert 200 in console.device.state.vlans
    console.quietly("switchport access vlan 200")


def test_negotiation_stops_only_in_a_fixed_mode(console: Console) -> None:
    assert "Conflict" in console.type("interface Gi1/0/1", "switchport nonegotiate")
    console.quietly("switchport mode trunk", "switchport nonegotiate")
    assert "Conflict" in console.type("switchport mode dynamic auto")


def test_a_routed_port_does_not_switch(console: Console) -> None:
    console.quietly("interface Gi1/0/1", "no switchport", "ip address 10.0.0.1 255.255.255.0")
    said = console.type("switchport mode trunk")
    assert said == "Command rejected: GigabitEthernet1/0/1 not a switching port."
    assert console.section("Gi1/0/1") == ["no switchport", "ip address 10.0.0.1 255.255.255.0"]


def test_a_port_channel_is_made_with_its_first_member(console: Console) -> None:
    said = console.type("interface Gi1/0/1", "channel-group 3 mode active")
    assert said == "Creating a port-channel interface Port-channel 3"
    console.quietly("interface Port-channel 3", "switchport mode trunk")
    assert "Po3(SU)" in console.show("show etherchannel summary")
    assert "Gi1/0/1(P)" in console.show("show etherchannel summary")


def test_portfast_warns_and_works(console: Console) -> None:
    said = console.type("interface Gi1/0/1", "spanning-tree portfast trunk")
    assert said.startswith("%Warning: portfast should only be enabled on ports connected to a single")
    assert console.section("Gi1/0/1") == ["spanning-tree portfast trunk"]


def test_port_security_needs_a_fixed_mode(console: Console) -> None:
    assert "dynamic port" in console.type("interface Gi1/0/1", "switchport port-security")
    console.quietly(
        "switchport mode access", "switchport port-security maximum 5", "switchport port-security"
    )
    shown = console.show("show port-security interface Gi1/0/1")
    assert "Port Security              : Enabled" in shown
    assert "Maximum MAC Addresses      : 5" in shown
