"""What Linux machines that switch tell of their surroundings: lldpd's neighbors, and who was learned where."""

from __future__ import annotations

import json

import pytest

from tests.unit.drivers.switch.test_openvswitch import NONE, tables
from tests.unit.drivers.test_lldpcli import an_interface, printed
from trunkline.drivers.switch.dialect import EXIT, Discovers, DiscoversTwice
from trunkline.drivers.switch.linux_bridge import LinuxBridge
from trunkline.drivers.switch.linux_discovery import NEIGHBORS
from trunkline.drivers.switch.openvswitch import OpenVswitch
from trunkline.drivers.switch.openvswitch_tables import macs_of
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

P1, P2, BR0 = PortName("p1"), PortName("p2"), PortName("br0")
BOTH = pytest.mark.parametrize("dialect", [LinuxBridge(), OpenVswitch()], ids=lambda each: str(each.platform))
NO_SOCKET = "2026-01-01T00:00:00 [WARN/control] unable to connect to socket /run/lldpd.socket"
Dialect = LinuxBridge | OpenVswitch


def heard(dialect: Dialect, text: str, port: PortName | None = None) -> list[Peer]:
    [query] = dialect.peer_queries(port)
    assert query.command == NEIGHBORS == "lldpcli -f json0 show neighbors"
    assert query.answer.search(text), text
    return list(dialect.peers({NEIGHBORS: text}, port))


@BOTH
def test_every_neighbor_is_told_or_those_of_one_port(dialect: Dialect) -> None:
    assert isinstance(dialect, Discovers)
    text = printed(an_interface("p1"), an_interface("p2"), an_interface("p1", via="CDPv2"))
    assert [peer.port for peer in heard(dialect, text)] == [P1, P2, P1]
    assert [peer.via for peer in heard(dialect, text, P1)] == ["lldp", "cdp"]


@BOTH
def test_a_warning_above_the_answer_is_no_part_of_it(dialect: Dialect) -> None:
    text = f"2026-01-01T00:00:00 [WARN/lldpctl] {{something}}\r\n{printed(an_interface('p1'))}"
    assert [peer.name for peer in heard(dialect, text)] == ["sw1"]


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        f"sh: 1: lldpcli: not found\n{EXIT}127",
        f"sh: lldpcli: not found\n{EXIT}127",
        f"{NO_SOCKET}: No such file or directory\n{EXIT}1",
        f"{NO_SOCKET}: Connection refused\n{EXIT}1",
    ],
)
def test_a_machine_without_lldpd_knows_nothing(dialect: Dialect, text: str) -> None:
    assert heard(dialect, text) == []


@BOTH
def test_what_tells_nothing_is_no_answer(dialect: Dialect) -> None:
    [query] = dialect.peer_queries(None)
    for text in ("", f"{NO_SOCKET}: Permission denied\n{EXIT}1", f"{EXIT}2", '{"lldp": ['):
        assert query.answer.search(text) is None, text
    with pytest.raises(ValueError, match="`lldpcli -f json0 show neighbors`: no JSON of lldpcli"):
        dialect.peers({NEIGHBORS: '{"other": 1}'}, None)


def a_row(mac: str, port: str = "p1", **more: object) -> dict[str, object]:
    return {"mac": mac, "ifname": port, "flags": [], "master": "br0", "state": ""} | more


def test_a_bridge_tells_who_it_learned_with_a_vlan_and_none_of_its_own() -> None:
    dialect = LinuxBridge()
    [query] = dialect.station_queries()
    unmastered = {"mac": "02:00:00:00:00:05", "ifname": "p1", "vlan": 10, "state": ""}
    text = json.dumps(
        [
            a_row("02:00:00:00:00:01", vlan=10),
            a_row("02:00:00:00:00:0B", vlan=10),
            a_row("02:00:00:00:00:01", "p2", vlan=20),
            a_row("02:00:00:00:00:03", vlan=10, state="permanent"),
            a_row("02:00:00:00:00:04"),
            a_row("33:33:00:00:00:01", vlan=10),
            unmastered,
            {},
        ]
    )
    assert query.answer.search(text)
    assert dialect.stations({query.command: text}) == {
        (P1, 10): {"02:00:00:00:00:01", "02:00:00:00:00:0b"},
        (P2, 20): {"02:00:00:00:00:01"},
    }


def test_open_vswitch_asks_each_bridge_and_leaves_out_its_own_gateways() -> None:
    dialect = OpenVswitch()
    assert isinstance(dialect, DiscoversTwice)
    outputs = tables(p1=(NONE, NONE, NONE), p2=(5, NONE, NONE), gl10=(10, NONE, NONE))
    first = {query.command: outputs[query.command] for query in dialect.station_queries()}
    [query] = dialect.more_station_queries(first)
    assert query.command == macs_of(BR0)
    first[query.command] = (
        " port  VLAN  MAC                Age\n"
        "    1    10  02:00:00:00:00:01    3\n"
        "    1     0  02:00:00:00:00:02    3\n"
        "    2     5  02:00:00:00:00:03    0\n"
        "    3    10  02:00:00:00:00:04    0\n"
        "LOCAL    10  02:00:00:00:00:05    0\n"
        "    9    10  02:00:00:00:00:06    0\n"
    )
    assert query.answer.search(first[query.command])
    assert dialect.stations(first) == {(P1, 10): {"02:00:00:00:00:01"}, (P2, 5): {"02:00:00:00:00:03"}}
