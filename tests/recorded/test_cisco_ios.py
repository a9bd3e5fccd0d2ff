"""The Cisco dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recorded.expectation import expected
from trunkline.drivers.switch.cisco_ios import long_name
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
