"""The AOS-CX dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from tests.builders import a_switch
from trunkline.drivers.switch.aruba_aoscx import VLANS, ArubaAosCx, parse_vlans
from trunkline.drivers.switch.dialect import Scope
from trunkline.orchestrator.vlans import Vid


def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/aruba_aoscx/show_vlan").glob("*.raw"))
    assert files
    scope = Scope(switch=a_switch(), vlans=frozenset(), ports=(), gateways=())
    (query,) = ArubaAosCx().queries(scope)
    assert query.command == VLANS
    for file in files:
        assert query.answer.search(file.read_text()), file.name
        rows = YAML(typ="safe").load(file.with_suffix(".yml").read_text())["parsed_sample"]
        found = parse_vlans(file.read_text())
        assert {vlan: row.name for vlan, row in found.items()} == {
            int(row["vlan_id"]): row["vlan_name"] for row in rows
        }
        assert all(found[Vid(int(row["vlan_id"]))].active for row in rows if row["reason"] == "ok")
