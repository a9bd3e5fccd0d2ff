"""The Comware dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path

from tests.recorded.expectation import expected
from trunkline.drivers.switch.hp_comware import HpComware, parse_vlans


def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/hp_comware/display_vlan_all").glob("*.raw"))
    assert files
    for file in files:
        text = file.read_text()
        found = {vlan: row.name for vlan, row in parse_vlans(text).items()}
        assert found == {int(row["vlan_id"]): row["description"] for row in expected(file)}, file.name
        assert HpComware.vlans.answer.search(text), file.name
