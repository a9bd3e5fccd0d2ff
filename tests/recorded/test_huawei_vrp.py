"""The Huawei dialect reads what real switches printed."""

from __future__ import annotations

from pathlib import Path

from tests.recorded.expectation import expected
from trunkline.drivers.switch.huawei_vrp import PORTS, HuaweiVrp, parse_ports, parse_vlans
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import VlanSet


def test_every_vlan_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/huawei_vrp/display_vlan").glob("*.raw"))
    assert files
    for file in files:
        text = file.read_text()
        wanted = {
            int(row["vlan_id"]): (row["vlan_description"], row["vlan_status"] == "enable")
            for row in expected(file)
        }
        assert {vlan: (row.name, row.active) for vlan, row in parse_vlans(text).items()} == wanted, file.name
        assert HuaweiVrp.vlans.answer.search(text), file.name


def test_every_port_of_every_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/huawei_vrp/display_port_vlan").glob("*.raw"))
    seen = 0
    for file in files:
        text = file.read_text()
        ports, rows = parse_ports(text), expected(file)
        assert PORTS.answer.search(text), file.name
        assert set(ports) == {row["interface"] for row in rows}, file.name
        for row in rows:
            port, where = ports[PortName(row["interface"])], f"{file.name} {row['interface']}"
            untagged = int(row["vlan_id"] or 0) or None
            assert port.shown_mode.strip("-") == row["link_type"], where
            assert (port.mode == "trunk") == (row["link_type"] == "trunk"), where
            assert (port.native_vlan if port.mode == "trunk" else port.access_vlan) == untagged, where
            assert port.allowed == VlanSet.parse(",".join(row["trunk_vlan_list"])), where
            seen += 1
    assert seen > 100
