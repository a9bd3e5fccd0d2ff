"""The EOS dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from trunkline.drivers.switch.arista_eos import parse_eos_vlans


def test_every_vlan_of_the_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/arista_eos/show_vlan").glob("*.raw"))
    assert files
    for file in files:
        found = {vlan: (row.name, row.active) for vlan, row in parse_eos_vlans(file.read_text()).items()}
        rows = YAML(typ="safe").load(file.with_suffix(".yml").read_text())["parsed_sample"]
        wanted = {int(row["vlan_id"]): (row["vlan_name"], row["status"] == "active") for row in rows}
        assert found == wanted, file.name
