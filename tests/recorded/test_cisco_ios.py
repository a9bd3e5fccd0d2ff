"""The Cisco dialect reads what real switches printed."""

from __future__ import annotations

import re
from ipaddress import ip_interface
from pathlib import Path

import pytest

from tests.recorded.expectation import expected
from trunkline.drivers.switch.captures import Wish, read_captures
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_rows import long_name
from trunkline.drivers.switch.cisco_tables import parse_switchport, parse_vlans
from trunkline.orchestrator.vlans import VlanSet


def test_every_port_of_every_switchport_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_ios/show_interfaces_switchport").glob("*.raw"))
    assert files
    seen = 0
    for file in files:
        blocks = ("\n" + file.read_text()).split("\nName: ")[1:]
        rows = expected(file)
        assert len(blocks) == len(rows), file.name
        for block, row in zip(blocks, rows, strict=True):
            facts = parse_switchport("Name: " + block)
            where = f"{file.name} {row['interface']}"
            assert facts["Name"] == row["interface"], where
            assert facts["Switchport"] == row["switchport"], where
            if row["admin_mode"]:
                assert facts["Administrative Mode"] == row["admin_mode"], where
            if row["trunking_vlans"]:
                wanted = ",".join(row["trunking_vlans"])
                assert VlanSet.parse(facts["Trunking VLANs Enabled"]) == VlanSet.parse(wanted), where
            seen += 1
    assert seen > 100


def test_every_vlan_of_the_capture_is_read_as_expected(captures: Path) -> None:
    for file in sorted((captures / "switch/cisco_ios/show_vlan").glob("*.raw")):
        found = parse_vlans(file.read_text())
        wanted = {
            int(row["vlan_id"]): (row.get("vlan_name", row.get("name")), row["status"] == "active")
            for row in expected(file)
        }
        assert {vlan: (row.name, row.active) for vlan, row in found.items()} == wanted


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Gi1/0/3", "GigabitEthernet1/0/3"),
        ("Te1/1/1", "TenGigabitEthernet1/1/1"),
        ("Twe1/0/1", "TwentyFiveGigE1/0/1"),
        ("Po7", "Port-channel7"),
        ("GigabitEthernet0/0.10", "GigabitEthernet0/0.10"),
        ("mgmt0", "mgmt0"),
    ],
)
def test_a_short_port_name_is_written_out(short: str, long: str) -> None:
    assert long_name(short) == long


def test_what_vtp_allows_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_ios/show_vtp_status").glob("*.raw"))
    assert files
    for file in files:
        facts = read_captures(CiscoIos(), [("show vtp status", file.read_text())], Wish())["facts"]
        (row,) = expected(file)
        assert facts["vtp_mode"] == row["mode"].lower(), file.name
        assert facts["vtp_version"] == int(row["version"]), file.name
        assert facts["most_vlans"] == int(row["max_vlans"]), file.name
        assert facts["vtp_primary"] is False


def test_every_interface_of_a_configuration_is_read_as_expected(captures: Path) -> None:
    """They are no gateways of ours: two tags and a VRF, each of which stands in the way of one."""
    files = sorted((captures / "switch/cisco_ios/show_running-config_interface").glob("*.raw"))
    assert files
    for file in files:
        sections = re.split(r"^(?=interface )", file.read_text(), flags=re.MULTILINE)[1:]
        for section, row in zip(sections, expected(file), strict=True):
            assert section.startswith(f"interface {row['interface']}\n")
            shown = section.replace(row["interface"], "GigabitEthernet2/0/4.2234")
            shown = shown.replace(
                "FE80:A8::2DA::1689/126", "FE80:A8::2DA:1689/126"
            )  # no address: it was disguised
            command = "show running-config interface GigabitEthernet2/0/4.2234"
            (gateway,) = read_captures(CiscoIos(), [(command, shown)], Wish())["gateways"]
            address = str(ip_interface(f"{row['ip_address']}/{row['netmask']}"))
            assert address in gateway["addresses"], row["interface"]
            assert gateway["primary"] == address
            tags = f"encapsulation dot1Q {row['outer_vlan']} second-dot1q {row['inner_vlan']}"
            assert any(tags in line for line in gateway["conflicts"]), row["interface"]
            assert any(row["vrf"] in line for line in gateway["others"]), row["interface"]
