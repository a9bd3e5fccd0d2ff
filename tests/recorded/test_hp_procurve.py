"""The ProCurve dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from tests.builders import a_switch
from trunkline.drivers.switch.dialect import Scope
from trunkline.drivers.switch.hp_procurve import VLANS, HpProcurve, parse_vlans


def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/hp_procurve/show_vlans").glob("*.raw"))
    assert len(files) == 4
    for file in files:
        rows = YAML(typ="safe").load(file.with_suffix(".yml").read_text())["parsed_sample"]
        wanted = {int(row["vlan_id"]): row["vlan_name"] for row in rows}
        assert {vlan: row.name for vlan, row in parse_vlans(file.read_text()).items()} == wanted, file.name


def test_every_capture_is_believed(captures: Path) -> None:
    scope = Scope(switch=a_switch(), vlans=frozenset(), ports=(), gateways=())
    (query,) = [query for query in HpProcurve().queries(scope) if query.command == VLANS]
    for file in sorted((captures / "switch/hp_procurve/show_vlans").glob("*.raw")):
        assert query.answer.search(file.read_text()), file.name
