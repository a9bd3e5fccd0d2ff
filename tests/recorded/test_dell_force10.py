"""The Force10 dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from trunkline.drivers.switch.dell_vlans import VLANS_ANSWER, parse_vlans, tagged_and_untagged
from trunkline.orchestrator.vlans import VlanSet

KINDS = {"te": "TenGigabitEthernet", "fo": "fortyGigE", "gi": "GigabitEthernet", "ma": "ManagementEthernet"}


def expected(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = YAML(typ="safe").load(path.with_suffix(".yml").read_text())["parsed_sample"]
    return rows


@pytest.fixture
def files(captures: Path) -> list[Path]:
    found = sorted((captures / "switch/dell_force10/show_vlan").glob("*.raw"))
    assert len(found) == 2
    return found


def test_every_vlan_of_every_capture_is_read_as_expected(files: list[Path]) -> None:
    for file in files:
        found, _ = parse_vlans(file.read_text())
        wanted = {int(row["vlan_id"]): row["vlan_name"] for row in expected(file)}
        read = {int(vlan): row.name for vlan, row in found.items()}
        # The template behind the .yml of the second capture misses its last VLAN, which ends with the file.
        assert wanted.items() <= read.items(), file.name
        assert read.keys() - wanted.keys() <= {380}, file.name


def test_every_member_of_every_capture_is_read_as_expected(files: list[Path]) -> None:
    seen = 0
    for file in files:
        text = file.read_text()
        assert VLANS_ANSWER.search(text)
        _, members = parse_vlans(text)
        for row in expected(file):
            for kind, name in KINDS.items():
                for how in "tu":
                    for place in spelled_out(row[f"ports_{how}_{kind}"]):
                        tagged, untagged = tagged_and_untagged(f"{name}{place}", members)
                        vlan = int(row["vlan_id"])
                        assert vlan in tagged if how == "t" else vlan == untagged, (file.name, name, place)
                        seen += 1
        if any(row["ports_t_te"] for row in expected(file)):
            assert tagged_and_untagged("TenGigabitEthernet0/30", members)[0] == VlanSet([100, 330])
    assert seen > 40


def spelled_out(text: str) -> list[str]:
    """Spell ``0/42-43,45`` out: all of the captures are of unit 0."""
    found = []
    for part in text.removeprefix("0/").split(",") if text else []:
        first, _, last = part.partition("-")
        found += [f"0/{number}" for number in range(int(first), int(last or first) + 1)]
    return found
