"""No capture lies there unread: each goes through a whole dialect, or is in a table that says why none reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.recorded.expectation import expected
from trunkline.drivers.registry import dialect
from trunkline.drivers.switch.captures import Wish, read_captures
from trunkline.drivers.switch.conformance.samples import sample_port, sample_scope
from trunkline.drivers.switch.dialect import Discovers
from trunkline.orchestrator.vlans import VlanSet

VLAN_TABLES = {
    "arista_eos/show_vlan": "show vlan",
    "aruba_aoscx/show_vlan": "show vlan",
    "brocade_fastiron/show_running-config_vlan": "show running-config vlan",
    "cisco_ios/show_vlan": "show vlan brief",
    "cisco_nxos/show_vlan": "show vlan",
    "cisco_s300/show_vlan": "show vlan",
    "dell_force10/show_vlan": "show vlan",
    "hp_comware/display_vlan_all": "display vlan all",
    "hp_procurve/show_vlans": "show vlans",
    "huawei_vrp/display_vlan": "display vlan",
    "juniper_junos/show_vlans": "show vlans",
}
"""Tables of VLANs, and the command under which the dialect asks for one."""
PORT_BLOCKS = "cisco_ios/show_interfaces_switchport"
"""Blocks of one port each. Other dialects believe such a block only together with the port's configuration."""
BY_TABLE = {
    "brocade_fastiron/show_interfaces_brief": "test_brocade_fastiron.py",
    "brocade_fastiron/show_lldp_neighbors_detail": "test_neighbors.py",
    "cisco_ios/show_lldp_neighbors_detail": "test_neighbors.py",
    "cisco_ios/show_mac-address-table": "test_neighbors.py",
    "cisco_ios/show_running-config_interface": "test_cisco_ios.py",
    "cisco_ios/show_vtp_status": "test_cisco_ios.py",
    "cisco_nxos/show_interface_switchport": "test_cisco_nxos.py",
    "cisco_s300/show_interfaces_switchport": "test_cisco_s300.py",
    "huawei_vrp/display_port_vlan": "test_huawei_vrp.py",
}
"""What has a test of its own, and where."""
NOT_ASKED = {
    "arista_eos/show_interfaces_status": "ports are read from their configuration, which alone tells their VLANs",
    "cisco_ios/show_interfaces_status": "it does not tell which VLANs a trunk may carry",
    "cisco_ios/show_ip_interface_brief": "gateways are read from their configuration: this has no masks",
    "cisco_ios/show_ipv6_interface_brief": "gateways are read from their configuration: this has no masks",
    "hp_comware/display_vlan_brief": "`display vlan all` tells descriptions as well",
    "juniper_junos/show_ethernet-switching_interfaces": "it tells what is so, ports are read from what is configured",
}
"""Why no dialect asks that command."""


def folders(captures: Path) -> set[str]:
    return {str(file.parent.relative_to(captures / "switch")) for file in captures.glob("switch/**/*.raw")}


def files(captures: Path, folder: str) -> list[Path]:
    found = sorted((captures / "switch" / folder).glob("*.raw"))
    assert found, folder
    return found


def read(folder: str, command: str, text: str) -> dict[str, Any]:
    platform = folder.partition("/")[0]
    return read_captures(dialect(platform, allowed={platform}), [(command, text)], Wish())


def test_every_capture_is_read_or_has_a_reason_why_not(captures: Path) -> None:
    tables = [VLAN_TABLES, [PORT_BLOCKS], BY_TABLE, NOT_ASKED]
    named = [folder for table in tables for folder in table]
    assert sorted(named) == sorted(folders(captures))


def test_whoever_is_said_to_read_a_capture_names_its_folder() -> None:
    for folder, module in BY_TABLE.items():
        assert f"switch/{folder}" in (ROOT / "tests/recorded" / module).read_text(), folder


def test_no_dialect_asks_what_is_said_not_to_be_asked() -> None:
    for folder in NOT_ASKED:
        platform, _, command = folder.partition("/")
        spoken = dialect(platform, allowed={platform})
        scope = sample_scope(spoken, sample_port(spoken), "l3switch")
        asked = {query.command for query in spoken.queries(scope)}
        if isinstance(spoken, Discovers):
            asked |= {query.command for query in (*spoken.peer_queries(None), *spoken.station_queries())}
        assert command.replace("_", " ") not in asked, folder


@pytest.mark.parametrize("folder", VLAN_TABLES)
def test_the_whole_dialect_reads_every_table_of_vlans(captures: Path, folder: str) -> None:
    for file in files(captures, folder):
        found = {row["vlan"] for row in read(folder, VLAN_TABLES[folder], file.read_text())["vlans"]}
        rows = expected(file)
        key = next(key for key in ("vlan_id", "tag") if key in rows[0])
        wanted = {int(row[key]) for row in rows if row[key]}
        assert wanted <= found, file.name
        # The templates behind these two miss what ends with the file, or has no name.
        more = {"dell_force10/show_vlan": {380}, "brocade_fastiron/show_running-config_vlan": found}
        assert found - wanted <= more.get(folder, set()), file.name


def test_the_whole_dialect_reads_every_block_of_a_port(captures: Path) -> None:
    seen = 0
    for file in files(captures, PORT_BLOCKS):
        blocks = re.split(r"^(?=Name: )", file.read_text(), flags=re.MULTILINE)[1:]
        for block, row in zip(blocks, expected(file), strict=True):
            (port,) = read(PORT_BLOCKS, f"show interfaces {row['interface']} switchport", block)["ports"]
            where = f"{file.name} {row['interface']}"
            if row["switchport"] != "Enabled":
                assert port["mode"] == "routed", where
                continue
            assert (port["mode"] == "trunk") == (row["admin_mode"] == "trunk"), where
            assert VlanSet.parse(port["allowed"]) == VlanSet.parse(
                ",".join(row["trunking_vlans"]) or "ALL"
            ), where
            assert port["native_vlan"] == _number(row["native_vlan"]), where
            assert port["access_vlan"] == _number(row["access_vlan"]), where
            assert port["voice_vlan"] == _number(row["voice_vlan"]), where
            seen += 1
    assert seen > 100


def _number(text: str) -> int | None:
    """Read ``10``; None where there is no VLAN: ``none``, ``unassigned``, 0."""
    return int(text) or None if text.isdigit() else None
