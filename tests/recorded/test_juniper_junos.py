"""The Junos dialect reads what a real switch printed. Ports it reads from the configuration, of which there is none."""

from __future__ import annotations

from pathlib import Path

from tests.recorded.expectation import expected
from trunkline.drivers.switch.juniper_junos import VLANS
from trunkline.drivers.switch.juniper_tables import parse_vlans


def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/juniper_junos/show_vlans").glob("*.raw"))
    assert files
    for file in files:
        text = file.read_text()
        found = {vlan: row.name for vlan, row in parse_vlans(text).items()}
        assert found == {int(row["tag"]): row["vlan_name"] for row in expected(file)}, file.name
        assert VLANS.answer.search(text), file.name
