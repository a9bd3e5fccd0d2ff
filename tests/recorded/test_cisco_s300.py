"""The dialect of Cisco's 300 series reads what real switches printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from trunkline.drivers.switch.cisco_s300 import field_of, members, parse_s300_vlans
from trunkline.orchestrator.vlans import Vid


def expected(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = YAML(typ="safe").load(path.with_suffix(".yml").read_text())["parsed_sample"]
    return rows


def test_every_port_of_the_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_s300/show_interfaces_switchport").glob("*.raw"))
    assert files
    for file in files:
        text = file.read_text()
        (row,) = expected(file)
        assert field_of(text, "Port") == row["interface"]
        assert field_of(text, "Port Mode") == row["interface_mode"]
        assert field_of(text, "Ingress UnTagged VLAN ( NATIVE )") == row["native_vlan"]
        wanted = list(zip(map(int, row["vlan_id"]), row["egress_rule"], strict=True))
        assert list(members(text)) == wanted


def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_s300/show_vlan").glob("*.raw"))
    assert len(files) == 2
    for file in files:
        found = parse_s300_vlans(file.read_text())
        rows = expected(file)
        # The expectation has a row of its own for what wraps: without an id, and with the rest of the name.
        names: dict[Vid, str] = {}
        for row in rows:
            if row["vlan_id"]:
                names[Vid(int(row["vlan_id"]))] = row["vlan_name"]
        assert set(found) == set(names), file.name
        for vlan, name in names.items():
            assert found[vlan].name.startswith(name), f"{file.name} {vlan}"
        assert found[Vid(402)].name == "Test-Long-Vlan-Name1"
