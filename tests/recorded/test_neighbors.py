"""What real switches printed of their LLDP neighbors is read as the files beside it say."""

from __future__ import annotations

import re
from pathlib import Path

from tests.recorded.expectation import expected
from trunkline.drivers.announcements import capabilities, identifier, told
from trunkline.drivers.switch.brocade_fastiron import BrocadeFastiron
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_rows import long_name
from trunkline.drivers.switch.dialect import Discovers
from trunkline.orchestrator.models import PortName

PORT = PortName("GigabitEthernet9/9/9")


def test_every_entry_of_every_cisco_capture_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_ios/show_lldp_neighbors_detail").glob("*.raw"))
    assert len(files) > 5
    dialect = CiscoIos()
    lldp, cdp = dialect.peer_queries(None)
    for file in files:
        text = file.read_text()
        assert lldp.answer.search(text), file.name
        found = dialect.peers({lldp.command: text, cdp.command: "% CDP is not enabled\n"}, None)
        rows = [row for row in expected(file) if row["local_interface"]]
        assert len(found) == len(rows), file.name
        for peer, row in zip(found, rows, strict=True):
            assert peer.port == long_name(row["local_interface"]), file.name
            assert peer.name == told(row["neighbor_name"]), file.name
            assert peer.chassis == identifier(row["chassis_id"]), file.name
            if "neighbor_port_id" in row:
                assert peer.far_port == identifier(row["neighbor_port_id"]), file.name
            assert peer.capabilities == capabilities(row["capabilities"]), file.name


def test_every_entry_of_the_fastiron_captures_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/brocade_fastiron/show_lldp_neighbors_detail").glob("*.raw"))
    assert files
    dialect = BrocadeFastiron()
    (query,) = dialect.peer_queries(None)
    for file in files:
        text = file.read_text()
        assert query.answer.search(text), file.name
        found = dialect.peers({query.command: text}, None)
        rows = expected(file)
        assert len(found) == len(rows), file.name
        for peer, row in zip(found, rows, strict=True):
            assert peer.port == row["local_interface"], file.name
            assert peer.name == row["neighbor_name"], file.name
            # There the id is that of the line above the entry, which is the port's only where that is a MAC.
            assert peer.far_port in {identifier(row["neighbor_port_id"]), "Gigabit-Ethernet 1/A/1"}, file.name
            assert peer.far_description == row["neighbor_interface"], file.name
            assert peer.capabilities == capabilities(row["capabilities"]), file.name


def test_where_a_release_does_not_show_the_port_only_a_listing_of_one_port_is_read(captures: Path) -> None:
    file = captures / "switch/cisco_ios/show_lldp_neighbors_detail/cisco_ios_show_lldp_neighbors_detail5.raw"
    text = file.read_text()
    assert "Local Intf" not in text
    dialect = CiscoIos()
    assert (
        dialect.peers({each.command: text for each in dialect.peer_queries(None)[:1]} | _no_cdp(None), None)
        == []
    )
    found = dialect.peers({dialect.peer_queries(PORT)[0].command: text} | _no_cdp(PORT), PORT)
    assert [peer.name for peer in found] == [row["neighbor_name"] for row in expected(file)]
    assert {peer.port for peer in found} == {PORT}


def _no_cdp(port: PortName | None) -> dict[str, str]:
    return {CiscoIos().peer_queries(port)[1].command: ""}


def test_every_address_of_every_cisco_table_is_read_as_expected(captures: Path) -> None:
    files = sorted((captures / "switch/cisco_ios/show_mac-address-table").glob("*.raw"))
    assert len(files) > 5
    for file in files:
        text = file.read_text()
        (query,) = CiscoIos().station_queries()
        assert query.answer.search(text), file.name
        found = {
            (port, int(vlan), mac)
            for (port, vlan), macs in CiscoIos().stations({query.command: text}).items()
            for mac in macs
        }
        wanted = {
            (long_name(port), int(row["vlan_id"]), identifier(row["destination_address"]))
            for row in expected(file)
            for port in row["destination_port"]
            if row["vlan_id"].isdigit()
            and not int(row["destination_address"][1], 16) & 1
            and not re.fullmatch(r"(?i)cpu|router|switch|drop|vl(?:an)?\d+", port)
        }
        assert found == wanted, file.name


def test_the_dialect_says_that_it_discovers() -> None:
    assert isinstance(CiscoIos(), Discovers)
