"""The NX-OS dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from trunkline.drivers.switch.cisco_nxos import parse_port
from trunkline.drivers.switch.cisco_tables import parse_vlans
from trunkline.orchestrator.vlans import VlanSet


def expected(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = YAML(typ="safe").load(path.with_suffix(".yml").read_text())["parsed_sample"]
    return rows


def test_every_port_of_every_switchport_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_nxos/show_interface_switchport").glob("*.raw"))
    assert files
    for file in files:
        blocks = ("\n" + file.read_text()).split("\nName: ")[1:]
        rows = expected(file)
        assert len(blocks) == len(rows) > 0, file.name
        for block, row in zip(blocks, rows, strict=True):
            facts = parse_port("Name: " + block)
            where = f"{file.name} {row['interface']}"
            assert facts["Name"] == row["interface"], where
            assert facts["Switchport"] == row["switchport"], where
            assert facts["Switchport Monitor"] == row["switchport_monitor"], where
            assert facts["Operational Mode"] == row["mode"], where
            assert facts["Access Mode VLAN"].split()[0] == row["access_vlan"], where
            assert facts["Trunking Native Mode VLAN"].split()[0] == row["native_vlan"], where
            assert facts.get("Voice VLAN", "") == row["voice_vlan"], where
            assert VlanSet.parse(facts["Trunking VLANs Allowed"]) == VlanSet.parse(row["trunking_vlans"]), (
                where
            )


def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_nxos/show_vlan").glob("*.raw"))
    assert files
    for file in files:
        found = {vlan: (row.name, row.active) for vlan, row in parse_vlans(file.read_text()).items()}
        wanted = {
            int(row["vlan_id"]): (row["vlan_name"], row["status"] == "active") for row in expected(file)
        }
        assert found == wanted, file.name
