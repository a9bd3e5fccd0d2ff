"""The FastIron dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.builders import a_switch
from trunkline.drivers.switch.brocade_fastiron import PORTS, VLANS, BrocadeFastiron
from trunkline.drivers.switch.brocade_fastiron_tables import parse_ports, parse_vlans, spelled_out
from trunkline.drivers.switch.dialect import Scope
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid


def expected(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = YAML(typ="safe").load(path.with_suffix(".yml").read_text())["parsed_sample"]
    return rows


@pytest.mark.parametrize(("name", "vlans"), [("", 3), ("1", 11)])
def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path, name: str, vlans: int) -> None:
    folder = captures / "switch/brocade_fastiron/show_running-config_vlan"
    file = folder / f"brocade_fastiron_show_running-config_vlan{name}.raw"
    scope = Scope(switch=a_switch(), vlans=frozenset(), ports=(), gateways=())
    (query,) = BrocadeFastiron().queries(scope)
    assert query.command == VLANS
    assert query.answer.search(file.read_text())
    found = {each.row.vlan: each for each in parse_vlans(file.read_text())}
    wanted = expected(file)
    assert len(wanted) <= len(found) == vlans
    for row in wanted:
        each = found[Vid(int(row["vlan_id"]))]
        # The expected name holds the words behind it, and is cut at an underscore.
        assert each.row.name.startswith(row["vlan_name"].removesuffix(" by port"))
        assert each.tagged == frozenset(spelled_out(row["taggedports"]))
        assert each.untagged == frozenset(spelled_out(row["untaggedports"]))


def test_every_port_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/brocade_fastiron/show_interfaces_brief").glob("*.raw"))
    assert len(files) == 3
    scope = Scope(switch=a_switch(), vlans=frozenset(), ports=(PortName("1"),), gateways=())
    (believed,) = [query for query in BrocadeFastiron().queries(scope) if query.command == PORTS]
    seen = 0
    for file in files:
        text = file.read_text()
        assert believed.answer.search(text), file.name
        for (port, untagged, channel), row in zip(parse_ports(text), expected(file), strict=True):
            assert port == row["interface"], file.name
            assert (untagged is None) is (row["pvid"] in {"N/A", "None"}), (file.name, port)
            assert untagged is None or str(untagged) == row["pvid"], (file.name, port)
            assert channel == (None if row["trunkid"] == "None" else f"lag{row['trunkid']}"), (
                file.name,
                port,
            )
            seen += 1
    assert seen > 100
