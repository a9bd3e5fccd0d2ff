"""Clients nobody here wrote drive the virtual switch: netmiko, NAPALM and networking-generic-switch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from napalm import get_network_driver  # type: ignore[import-untyped]  # it has no types
from netmiko import ConfigInvalidException, ConnectHandler

from trunkline.lab.switch.server import RunningSwitch, running_switch

pytestmark = pytest.mark.slow

STARTUP = """\
hostname core1
ip domain name example.org
lldp run
vlan 10
 name web
interface GigabitEthernet1/0/1
 description host1 eth0
 switchport trunk allowed vlan 10
 switchport mode trunk
interface Vlan10
 ip address 172.31.0.1 255.255.0.0
 ip address 172.32.0.1 255.255.0.0 secondary
 ipv6 address FD00:31::1/64
"""
NGS_CLIENT = Path(__file__).parent / "ngs_client.py"
NETWORK = "abcdef00-0000-0000-0000-000000000000"


@pytest.fixture
def switch() -> Iterator[RunningSwitch]:
    with running_switch(startup_config=STARTUP, unplugged=["Gi1/0/9"]) as running:
        yield running


def netmiko(switch: RunningSwitch, **options: Any) -> Any:  # Any: netmiko builds classes at run time
    return ConnectHandler(
        device_type="cisco_ios",
        host=switch.address,
        port=switch.port,
        username=switch.user,
        password=switch.password,
        secret=switch.enable_password,
        **options,
    )


def test_netmiko_logs_in_as_a_user_and_becomes_privileged(switch: RunningSwitch) -> None:
    with netmiko(switch) as connection:
        assert connection.find_prompt() == "core1>"
        connection.enable()
        assert connection.find_prompt() == "core1#"
        assert connection.check_enable_mode()


@pytest.mark.filterwarnings(
    "ignore:path is deprecated:DeprecationWarning"
)  # netmiko 4.8 finds templates the old way
def test_netmiko_reads_with_textfsm(switch: RunningSwitch) -> None:
    with netmiko(switch) as connection:
        rows = connection.send_command("show vlan", use_textfsm=True)

    assert {"vlan_id": "10", "vlan_name": "web", "status": "active", "interfaces": []} in rows


def test_netmiko_pushes_a_config_set_and_saves_it(switch: RunningSwitch) -> None:
    with netmiko(switch) as connection:
        connection.enable()
        output = connection.send_config_set(
            ["vlan 20", "name db", "exit", "interface Gi1/0/2", "switchport mode trunk"]
        )
        saved = connection.save_config()

    assert "%" not in output
    assert "[OK]" in saved
    assert switch.config_lines == ["vlan 20", "name db", "exit", "interface Gi1/0/2", "switchport mode trunk"]
    assert " switchport mode trunk" in switch.startup_config


def test_netmiko_sees_the_line_that_was_rejected(switch: RunningSwitch) -> None:
    with netmiko(switch) as connection:
        connection.enable()
        with pytest.raises(ConfigInvalidException, match="switchport trunk encapsulation dot1q"):
            connection.send_config_set(
                ["interface Gi1/0/2", "switchport trunk encapsulation dot1q"],
                error_pattern=r"% Invalid input",
            )
        assert connection.check_config_mode()


def test_a_vlan_that_fails_when_its_mode_is_left_raises_only_with_an_explicit_exit(
    switch: RunningSwitch,
) -> None:
    with netmiko(switch) as connection:
        connection.enable()
        quiet = connection.send_config_set(["vlan 3000"], error_pattern=r"% Failed")
        with pytest.raises(ConfigInvalidException):
            connection.send_config_set(["vlan 3000", "exit"], error_pattern=r"% Failed")

    assert "% Failed to create VLANs 3000" in quiet
    assert 3000 not in switch.state.vlans


def test_output_pauses_after_a_page_and_q_ends_it(switch: RunningSwitch) -> None:
    with netmiko(switch) as connection:
        connection.send_command("terminal length 10")
        connection.write_channel("show vlan brief\n")
        first = connection.read_until_pattern("--More--")
        connection.write_channel(" ")
        second = connection.read_until_pattern("--More--")
        connection.write_channel("q")
        connection.read_until_pattern("core1>")

    assert "Gi1/0/2" in first
    assert first.count("\n") == second.count("\n") + 1 == 10  # the first page follows the echoed command
    assert "Gi1/0/48" not in first + second


def test_napalm_reads_facts_interfaces_vlans_and_addresses(switch: RunningSwitch) -> None:
    driver = get_network_driver("ios")
    options = {"port": switch.port, "secret": switch.enable_password}
    with driver(switch.address, switch.user, switch.password, optional_args=options) as device:
        facts = device.get_facts()
        interfaces = device.get_interfaces()
        vlans = device.get_vlans()
        addresses = device.get_interfaces_ip()

    assert (facts["hostname"], facts["fqdn"]) == ("core1", "core1.example.org")
    assert (facts["vendor"], facts["model"]) == ("Cisco", "C9300-48T")
    assert facts["serial_number"] == switch.device.serial
    assert len(facts["interface_list"]) == 52
    assert interfaces["GigabitEthernet1/0/1"]["description"] == "host1 eth0"
    assert interfaces["GigabitEthernet1/0/1"]["is_up"]
    assert not interfaces["GigabitEthernet1/0/9"]["is_up"]
    assert interfaces["GigabitEthernet1/0/9"]["is_enabled"]
    assert not interfaces["Vlan1"]["is_enabled"]
    assert vlans["10"] == {"name": "web", "interfaces": ["GigabitEthernet1/0/1"]}
    assert addresses["Vlan10"]["ipv4"] == {
        "172.31.0.1": {"prefix_length": 16},
        "172.32.0.1": {"prefix_length": 16},
    }
    assert addresses["Vlan10"]["ipv6"]["fd00:31::1"] == {"prefix_length": 64}


def generic_switch(switch: RunningSwitch, *calls: tuple[str, list[object]], **settings: object) -> None:
    """Run the client with warnings ignored: its libraries (webob, eventlet, oslo) warn about themselves."""
    device = {
        "device_type": "netmiko_cisco_ios",
        "ip": switch.address,
        "port": switch.port,
        "username": switch.user,
        "password": switch.password,
        "secret": switch.enable_password,
        **settings,
    }
    command = [sys.executable, "-W", "ignore", str(NGS_CLIENT), json.dumps(device), json.dumps(calls)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)


def test_generic_switch_creates_a_network_on_an_access_port_and_not_on_a_trunk_that_carries_all(
    switch: RunningSwitch,
) -> None:
    generic_switch(
        switch,
        ("add_network", [77, NETWORK]),
        ("plug_port_to_network", ["GigabitEthernet1/0/5", 77]),
        ngs_trunk_ports="GigabitEthernet1/0/2",
    )

    assert switch.state.vlans[77].name == NETWORK.replace("-", "")
    shown = switch.show("show running-config interface Gi1/0/5")
    assert " switchport access vlan 77\n switchport mode access\n" in shown
    assert "switchport access vlan 77" in switch.startup_config
    # `add` on a trunk with the default list changes nothing, as on a real switch.
    trunk = switch.show("show running-config interface Gi1/0/2")
    assert "switchport mode trunk" in trunk
    assert "allowed vlan" not in trunk


def test_generic_switch_takes_everything_back(switch: RunningSwitch) -> None:
    switch.configure("vlan 77\ninterface Gi1/0/5\n switchport access vlan 77\n switchport mode access\n")
    generic_switch(switch, ("delete_port", ["GigabitEthernet1/0/5", 77]), ("del_network", [77, NETWORK]))

    assert 77 not in switch.state.vlans
    assert " switchport trunk allowed vlan none\n" in switch.show("show running-config interface Gi1/0/5")


def test_an_address_is_forgotten_when_the_operator_clears_it(switch: RunningSwitch) -> None:
    switch.configure("vlan 10\n exit\ninterface Vlan10\n ip address 172.31.0.1 255.255.0.0\nend")
    for last in (8, 9):
        switch.resolve(f"172.31.0.{last}", interface="Vlan10", mac=f"0200.0000.000{last}", age_minutes=3)
    with netmiko(switch) as connection:
        connection.enable()
        connection.send_command("clear ip arp 172.31.0.9")
        table = connection.send_command("show ip arp")

    assert "172.31.0.9" not in table
    assert "172.31.0.8              3   0200.0000.0008  ARPA   Vlan10" in table
