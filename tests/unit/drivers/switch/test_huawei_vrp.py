"""The Huawei dialect: what it writes, what it must never write, and what must not be taken for an answer."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest

from tests.builders import a_switch
from tests.played.views import ViewSwitch
from tests.unit.drivers.switch.speech import TEN, a_scope, checked, guard, refused
from trunkline.drivers.switch.claims import holds, is_gone
from trunkline.drivers.switch.dialect import Dialect
from trunkline.drivers.switch.guards import check_commands
from trunkline.drivers.switch.huawei_vrp import GRAMMAR, HuaweiVrp, HuaweiVrpV8, parse_vlans
from trunkline.drivers.switch.state import GatewayRow, PortRow, SwitchState
from trunkline.drivers.switch.view_config import lists, vlan_set
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PORT = PortName("GigabitEthernet0/0/1")
OTHER = PortName("GigabitEthernet0/0/2")
GATEWAY = Gateway(vlan=TEN, addresses=(ip_interface("172.31.0.1/16"), ip_interface("fd00:31::1/64")))
TRUNK = PortRow(port=PORT, mode="trunk", allowed=VlanSet({1}), native_vlan=Vid(1))
EMPTY = SwitchState(ports={PORT: TRUNK})
NO_SUCH = "                                     ^\nError: Wrong parameter found at '^' position.\n"
PORT_TABLE = """Port                        Link Type    PVID  Trunk VLAN List
-------------------------------------------------------------------------------
GigabitEthernet0/0/1        trunk        1     1 10 20-22
                                               300
GigabitEthernet0/0/2        {type}       7     -
"""
VLAN_TABLE = """VID  Status  Property      MAC-LRN Statistics Description
-------------------------------------------------------------------
1    enable  default       enable  disable    VLAN 0001
10   disable default       enable  disable    tl-web
"""
CONFIG = "#\ninterface {name}\n{lines}#\nreturn\n"


def outputs(**changes: str) -> dict[str, str]:
    found = {
        "display vlan": VLAN_TABLE,
        "display port vlan": PORT_TABLE.format(type="access"),
        f"display current-configuration interface {PORT}": CONFIG.format(
            name=PORT,
            lines=" description uplink\n port link-type trunk\n port trunk allow-pass vlan 10 20 to 22 300\n",
        ),
        f"display current-configuration interface {OTHER}": NO_SUCH,
        "display current-configuration interface Vlanif10": NO_SUCH,
        "display mac-address vlan 10": "MAC Address    VLAN/VSI/BD   Learned-From  Type\n",
    }
    words = {"vlans": "display vlan", "ports": "display port vlan", "macs": "display mac-address vlan 10"}
    words |= {"port": f"display current-configuration interface {PORT}"}
    words |= {"gateway": "display current-configuration interface Vlanif10"}
    return found | {words[word]: text for word, text in changes.items()}


def parse(**changes: str) -> SwitchState:
    return HuaweiVrp().parse(outputs(**changes), a_scope(PORT, OTHER, gateway=True, removal=True))


@pytest.mark.parametrize(
    ("op", "claims", "lines"),
    [
        ("add", [HasVlan(vlan=TEN, name="tl-web")], ["vlan 10", "description tl-web"]),
        ("remove", [HasVlan(vlan=TEN, name="tl-web")], ["undo vlan 10"]),
        ("add", [Carries(port=PORT, vlan=TEN)], [f"interface {PORT}", "port trunk allow-pass vlan 10"]),
        (
            "remove",
            [Carries(port=PORT, vlan=TEN)],
            [f"interface {PORT}", "undo port trunk allow-pass vlan 10"],
        ),
        (
            "add",
            [Carries(port=PORT, vlan=Vid(vlan)) for vlan in (10, 20, 21, 22)],
            [f"interface {PORT}", "port trunk allow-pass vlan 10 20 to 22"],
        ),
        (
            "add",
            [GATEWAY],
            [
                "interface Vlanif10",
                "ip address 172.31.0.1 255.255.0.0",
                "ipv6 enable",
                "ipv6 address fd00:31::1/64",
            ],
        ),
        ("remove", [GATEWAY], ["undo interface Vlanif10"]),
    ],
)
def test_changes_are_written(op: str, claims: list[Claim], lines: list[str]) -> None:
    assert checked(HuaweiVrp(), op, claims, EMPTY) == lines  # type: ignore[arg-type]  # one of the two


def test_an_address_beside_another_one_is_a_second_one_and_ipv6_is_enabled_once() -> None:
    row = GatewayRow(
        addresses=frozenset({ip_interface("10.0.0.1/8"), ip_interface("fd00::1/64")}),
        primary=ip_interface("10.0.0.1/8"),
        shutdown=True,
    )
    state = SwitchState(gateways={(None, TEN): row})
    assert checked(HuaweiVrp(), "add", [GATEWAY], state) == [
        "interface Vlanif10",
        "ip address 172.31.0.1 255.255.0.0 sub",
        "ipv6 address fd00:31::1/64",
        "undo shutdown",
    ]


@pytest.mark.parametrize("dialect", [HuaweiVrp(), HuaweiVrpV8()])
def test_what_was_written_is_read_again(dialect: Dialect) -> None:
    played = ViewSwitch("vrp", (PORT, OTHER))
    claims: list[Claim] = [HasVlan(vlan=TEN, name="tl-web"), Carries(port=PORT, vlan=TEN), GATEWAY]
    scope = a_scope(PORT, gateway=True)

    def reread() -> SwitchState:
        played.answer("return")
        answers = {query.command: played.answer(query.command) for query in dialect.queries(scope)}
        assert all(query.answer.search(answers[query.command]) for query in dialect.queries(scope))
        return dialect.parse(answers, scope)

    for claim in claims:
        for line in ("system-view", *checked(dialect, "add", [claim], reread())):
            assert "Error" not in played.answer(line), line
        assert holds(claim, reread())
    for claim in reversed(claims):
        for line in ("system-view", *checked(dialect, "remove", [claim], reread())):
            assert "Error" not in played.answer(line), line
        assert is_gone(claim, reread())


def test_a_port_says_what_it_carries_and_what_is_not_ours() -> None:
    row = parse().ports[PORT]
    assert (row.mode, row.native_vlan) == ("trunk", 1)
    assert row.allowed == VlanSet.parse("1,10,20-22,300")
    assert row.others == (" description uplink",)


def test_a_port_in_neither_table_nor_configuration_is_not_there() -> None:
    table = PORT_TABLE.format(type="access").replace("GigabitEthernet0/0/2 ", "GigabitEthernet0/0/9 ")
    assert parse(ports=table).ports[OTHER].mode == "absent"


@pytest.mark.parametrize("kind", ["access", "hybrid", "auto", "desirable", "dot1q-tunnel"])
def test_what_is_no_trunk_is_not_ours_to_change(kind: str) -> None:
    row = parse(ports=PORT_TABLE.format(type=kind)).ports[OTHER]
    assert (row.mode, row.shown_mode, row.access_vlan) == ("special", kind, 7)
    with pytest.raises(ValueError, match="was not adopted"):
        HuaweiVrp().restore(OTHER, row)


def test_a_member_of_an_eth_trunk_is_known_as_one() -> None:
    text = CONFIG.format(name=PORT, lines=" eth-trunk 2\n")
    assert parse(port=text).ports[PORT].channel == "Eth-Trunk2"


def test_a_vlan_that_is_switched_off_is_not_active() -> None:
    assert [(row.name, row.active) for row in parse().vlans.values()] == [
        ("VLAN 0001", True),
        ("tl-web", False),
    ]


def test_who_is_in_a_vlan_is_not_taken_for_what_it_is() -> None:
    assert not parse_vlans("VID  Type    Ports\n10   common  UT:XGE0/0/7(D)     XGE0/0/8(D)\n20   common\n")


def test_a_gateway_is_read_with_its_lines() -> None:
    lines = (
        " ip binding vpn-instance red\n ipv6 enable\n ip address 172.31.0.1 255.255.0.0\n"
        " ip address 10.0.0.1 255.0.0.0 sub\n ipv6 address FD00:31::1/64\n shutdown\n"
    )
    row = parse(gateway=CONFIG.format(name="Vlanif10", lines=lines)).gateways[None, TEN]
    assert row.primary == ip_interface("172.31.0.1/16")
    assert row.addresses == {*GATEWAY.addresses, ip_interface("10.0.0.1/8")}
    assert row.shutdown
    assert row.others == (" ip binding vpn-instance red",)
    dhcp = parse(gateway=CONFIG.format(name="Vlanif10", lines=" ip address dhcp-alloc\n"))
    assert dhcp.gateways[None, TEN].conflicts == (" ip address dhcp-alloc",)


def test_a_sub_interface_is_said_not_to_be_written() -> None:
    scope = a_scope(parent="GigabitEthernet0/0/3")
    assert "not written" in HuaweiVrp().parse(outputs(), scope).down[PortName("GigabitEthernet0/0/3")]


@pytest.mark.parametrize(
    ("learned", "talks"),
    [
        ("0022-0022-0033 10/-/-                            GE0/0/1             dynamic", True),
        ("0022-0022-0033 10         -      -      GE0/0/1         dynamic   0/-", True),
        ("0022-0022-0033 10/-  GigabitEthernet0/0/1  static", True),
        ("0022-0022-0033 10/-  GE0/0/2  dynamic", False),
        ("0022-0022-0033 20/-  GE0/0/1  dynamic", False),
        ("0122-0022-0033 10/-  GE0/0/1  static", False),
        ("0022-0022-0033 10/-  Tunnel7  dynamic", True),
        ("0022-0022-0033 10/-  -  dynamic", True),
    ],
)
def test_who_talks_is_told_and_a_port_that_cannot_be_told_is_every_port(learned: str, *, talks: bool) -> None:
    macs = parse(macs=f"MAC Address    VLAN\n{learned}\n").macs[PORT, TEN]
    assert macs == ({"00:22:00:22:00:33"} if talks else frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Error: You do not have permission to run the command or the command is incomplete.\n",
        "               ^\nError: Unrecognized command found at '^' position.\n",
        "Error: Failed to read the MAC address table.\n",
        "Info: please wait",
    ],
)
def test_an_answer_that_cannot_be_believed_is_known_as_such(text: str) -> None:
    queries = HuaweiVrp().queries(a_scope(PORT, gateway=True, removal=True))
    assert len(queries) == 5
    assert not [query.command for query in queries if query.answer.search(text)]


def test_every_answer_of_an_ordinary_switch_is_believed() -> None:
    for query in HuaweiVrp().queries(a_scope(PORT, OTHER, gateway=True, removal=True)):
        assert query.answer.search(outputs()[query.command]), query.command


@pytest.mark.parametrize(
    ("reply", "is_one"),
    [
        ("          ^\nError: Unrecognized command found at '^' position.", True),
        ("          ^\nError:Ambiguous command found at '^' position.", True),
        ("Error: Please renew the default configurations.", True),
        ("Error: The VLAN has a VLANIF interface. Please delete it first.", True),
        ("Error[7]: something else", True),
        ("Failed to generate committed config", True),
        ("Info: This operation may take a few seconds. Please wait for a moment...done.", False),
        ("Info: Error: is only a word here", False),
        ("Nov 26 2026 10:00:00 sw1 %%01IFNET/4/LINK_STATE(l)[0]:The line protocol is DOWN.\n", False),
        ("", False),
    ],
)
def test_refusals_are_told_from_what_only_looks_like_one(reply: str, *, is_one: bool) -> None:
    assert refused(HuaweiVrp(), reply) is is_one


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("port", "undo port trunk"),
        ("port", "undo port trunk allow-pass"),
        ("port", "undo port trunk allow-pass vlan"),
        ("port", "undo port trunk allow-pass vlan all"),
        ("port", "port trunk allow-pass vlan all"),
        ("port", "port trunk allow-pass vlan 10 to 11"),
        ("port", "port trunk allow-pass vlan 10 11"),
        ("port", "port trunk allow-pass only-vlan 10"),
        ("port", "port link-type trunk"),
        ("port", "undo port link-type"),
        ("port", "port trunk pvid vlan 10"),
        ("port", "port trunk allow-pass vlan 10\nshutdown"),
        ("port", "shutdown"),
        ("vlan", "description tl-web; reboot"),
        ("vlan", "description tl web"),
        ("vlan", "description tl-web\nquit"),
        ("vlan", "description " + "x" * 33),
        ("vlan", "name tl-web"),
        ("svi", "ip address dhcp-alloc"),
        ("svi", "undo ip address"),
        ("svi", "ipv6 address fd00::1/64 eui-64"),
        ("config", "undo vlan 11"),
        ("config", "undo vlan batch 2 to 4094"),
        ("config", "vlan 10 11"),
        ("config", "undo interface Vlanif11"),
        ("config", "undo interface Eth-Trunk1"),
        ("config", "interface vlanif10"),
        ("config", "interface range GigabitEthernet0/0/1 to GigabitEthernet0/0/4"),
        ("config", "aaa"),
        ("config", "commit"),
    ],
)
def test_a_line_that_is_none_of_ours_is_not_sent(mode: str, line: str) -> None:
    with pytest.raises(GuardRefused):
        guard(HuaweiVrp(), line, mode=mode)


def test_a_name_with_a_command_in_it_does_not_get_out() -> None:
    with pytest.raises(GuardRefused):
        checked(HuaweiVrp(), "add", [HasVlan(vlan=TEN, name="a\nreboot")], EMPTY)
    port = PortName("GigabitEthernet0/0/1 shutdown")
    with pytest.raises(GuardRefused):
        checked(HuaweiVrp(), "add", [Carries(port=port, vlan=TEN)], EMPTY)


def test_one_arp_entry_is_cleared_and_no_more() -> None:
    neighbor = Neighbor(vlan=TEN, address=ip_address("172.31.0.9"))
    how = HuaweiVrp().forget(
        neighbor, CONFIG.format(name="Vlanif10", lines=" ip address 172.31.0.1 255.255.0.0\n")
    )
    assert how is not None
    assert how.commands == ("reset arp interface Vlanif10 ip 172.31.0.9", "reset arp dynamic ip 172.31.0.9")
    check_commands(how.commands, GRAMMAR, switch=a_switch(), neighbor=neighbor)
    for line in (
        "reset arp all",
        "reset arp interface Vlanif10",
        "reset arp interface Vlanif11 ip 172.31.0.9",
    ):
        with pytest.raises(GuardRefused):
            check_commands([line], GRAMMAR, switch=a_switch(), neighbor=neighbor)
    assert HuaweiVrp().forget(neighbor, NO_SUCH) is None


def test_what_was_configured_is_still_there_and_what_was_learned_is_new() -> None:
    neighbor = Neighbor(vlan=TEN, address=ip_address("172.31.0.9"))
    rows = "172.31.0.9      0000-0a41-0201            {}   Vlanif10\n172.31.0.8      0000-0a41-0202  S--  Vlanif10\n"
    assert HuaweiVrp().old_entry(neighbor, rows.format("S--"), seconds=1)
    assert not HuaweiVrp().old_entry(neighbor, rows.format("20 D-0"), seconds=1)


@pytest.mark.parametrize(
    ("address", "lines"), [("fd00:31::9", " ipv6 enable\n"), ("172.31.0.9", " ip binding vpn-instance red\n")]
)
def test_what_no_command_is_known_for_is_refused(address: str, lines: str) -> None:
    neighbor = Neighbor(vlan=TEN, address=ip_address(address))
    with pytest.raises(ValueError, match=r"not known|VPN"):
        HuaweiVrp().forget(neighbor, CONFIG.format(name="Vlanif10", lines=lines))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1 10 20 to 22", "1,10,20-22"),
        ("1 249-255", "1,249-255"),
        ("-", "none"),
        ("all", "all"),
        ("1-4094", "all"),
    ],
)
def test_a_list_is_read(text: str, numbers: str) -> None:
    assert vlan_set(text) == VlanSet.parse(numbers)


def test_a_long_list_is_cut_into_what_a_line_may_have() -> None:
    parts = list(lists(VlanSet(range(2, 48, 2))))
    assert [len(part.split()) for part in parts] == [10, 10, 3]
    assert list(lists(VlanSet())) == []
