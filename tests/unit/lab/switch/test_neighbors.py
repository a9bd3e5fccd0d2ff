"""Who has which address: shown as IOS shows it, forgotten when somebody says so."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tests.unit.lab.switch.dialogue import Console
from tests.unit.lab.switch.test_shows import read
from trunkline.lab.switch import forwarding
from trunkline.lab.switch.dataplane import LearnedNeighbor, NoDataplane, Observed


def a_neighbor(
    address: str, *, interface: str = "Vlan10", age: int | None = 7, **words: str
) -> LearnedNeighbor:
    mac = words.get("mac", "0200.0000.0009")
    return LearnedNeighbor(interface=interface, address=ip_address(address), mac=mac, age_minutes=age)


NINE, EIGHT, STATIC = (
    a_neighbor("172.31.0.9"),
    a_neighbor("172.31.0.8", age=0),
    a_neighbor("172.31.0.7", age=None),
)
NINE6, EIGHT6 = a_neighbor("fd00:31::9"), a_neighbor("fd00:31::8", age=0)
ELSEWHERE6 = a_neighbor("fd00:32::9", interface="Vlan20")
EVERYBODY = (NINE, EIGHT, STATIC, NINE6, EIGHT6, ELSEWHERE6)


@pytest.fixture
def busy(console: Console) -> Console:
    """Give a switch that knows some neighbours in two VLANs."""
    console.quietly(
        *("vlan 10", "vlan 20", "exit", "interface Gi1/0/1", "switchport mode trunk"),
        *("interface Vlan10", "ip address 172.31.0.1 255.255.0.0", "interface Vlan20", "end"),
    )
    links = console.device.observed.links
    console.device.observed = Observed(links=links, neighbors=EVERYBODY)
    return console


def test_show_ip_arp_has_the_shape_of_real_ones(busy: Console) -> None:
    text = busy.show("show ip arp")
    assert text.splitlines()[4] == "Internet  172.31.0.9              7   0200.0000.0009  ARPA   Vlan10"
    rows = {row["IP_ADDRESS"]: row for row in read("show_ip_arp", text)}
    assert list(rows) == ["172.31.0.1", "172.31.0.7", "172.31.0.8", "172.31.0.9"]
    assert [row["AGE"] for row in rows.values()] == ["-", "-", "0", "7"]
    assert {row["INTERFACE"] for row in rows.values()} == {"Vlan10"}


def test_show_ip_arp_of_one_address_or_interface(busy: Console) -> None:
    assert [row["AGE"] for row in read("show_ip_arp", busy.show("show ip arp 172.31.0.9"))] == ["7"]
    assert busy.show("show ip arp 172.31.0.10") == ""
    assert len(busy.show("show ip arp vlan 10").splitlines()) == 5
    assert busy.show("show ip arp vlan 20") == ""
    assert "Invalid input" in busy.show("show ip arp vlan 30")


def test_an_address_that_nobody_answered_for_is_incomplete(busy: Console) -> None:
    silent = (a_neighbor("172.31.0.66", mac="", age=0), a_neighbor("fd00:31::66", mac="", age=0))
    busy.device.observed = Observed(neighbors=silent)
    assert busy.show("show ip arp").endswith("172.31.0.66             0   Incomplete      ARPA")
    [row] = read("show_ipv6_neighbors", busy.show("show ipv6 neighbors"))
    assert (row["MAC_ADDRESS"], row["TYPE"]) == ("-", "INCMP")


def test_show_ipv6_neighbors_has_the_shape_of_real_ones(busy: Console) -> None:
    text = busy.show("show ipv6 neighbors")
    assert text.splitlines()[2] == "FD00:31::9                                  7 0200.0000.0009  REACH Vl10"
    rows = read("show_ipv6_neighbors", text)
    assert [row["ADDRESS"] for row in rows] == ["FD00:31::8", "FD00:31::9", "FD00:32::9"]
    assert len(read("show_ipv6_neighbors", busy.show("show ipv6 neighbors Vlan10"))) == 2
    assert len(read("show_ipv6_neighbors", busy.show("show ipv6 neighbors FD00:32::9"))) == 1


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("clear ip arp 172.31.0.9", {NINE}),
        ("clear ip arp 172.31.0.10", set()),
        ("clear ip arp 172.31.0.7", set()),
        ("clear ipv6 neighbors", {NINE6, EIGHT6, ELSEWHERE6}),
        ("clear ipv6 neighbors interface Vlan10", {NINE6, EIGHT6}),
        ("clear ipv6 neighbors interface vlan 10 FD00:31::9", {NINE6}),
        ("clear ipv6 neighbors interface Vlan10 ipv6 fd00:31::9", {NINE6}),
        ("clear ipv6 neighbors interface Vlan20 fd00:31::9", set()),
    ],
)
def test_clear_forgets_what_it_names_and_nothing_else(
    busy: Console, line: str, gone: set[LearnedNeighbor]
) -> None:
    busy.session.mode = "enable"
    busy.quietly(line)
    assert set(busy.device.forgotten) == gone


@pytest.mark.parametrize(
    "line",
    [
        "clear ip arp",
        "clear ip arp 172.31.0",
        "clear ipv6 neighbors interface Vlan30",
        "clear ip arp fd00::1",
    ],
)
def test_what_cannot_be_cleared_is_complained_about(busy: Console, line: str) -> None:
    busy.session.mode = "enable"
    assert busy.type(line).strip().endswith(("marker.", "command."))
    assert not busy.device.forgotten


def test_clearing_is_privileged(busy: Console) -> None:
    busy.session.mode = "exec"
    assert "Invalid input" in busy.type("clear ip arp 172.31.0.9")


def test_without_a_data_plane_the_others_stay() -> None:
    cables = NoDataplane(links=set(), neighbors=list(EVERYBODY))
    cables.forget([NINE, NINE6])
    cables.forget([NINE])
    assert set(cables.observe().neighbors) == set(EVERYBODY) - {NINE, NINE6}


def test_each_layer_3_device_of_the_kernel_is_one_interface(busy: Console, router: Console) -> None:
    busy.session.mode = "config"
    busy.quietly("interface Gi1/0/2", "no switchport")
    devices = {"GigabitEthernet1/0/1": "p1", "GigabitEthernet1/0/2": "p2"}
    assert forwarding.layer3(busy.device.state, devices) == {
        "p2": "GigabitEthernet1/0/2",
        **{name: name for name in ("Vlan1", "Vlan10", "Vlan20")},
    }
    router.quietly(
        "interface Gi0/0.10", "encapsulation dot1Q 10", "interface Gi0/1.1", "encapsulation dot1Q 1 native"
    )
    assert forwarding.layer3(
        router.device.state, {"GigabitEthernet0/0": "p0", "GigabitEthernet0/1": "p1"}
    ) == {
        "p0": "GigabitEthernet0/0",
        "p0.10": "GigabitEthernet0/0.10",
        "p1": "GigabitEthernet0/1.1",
    }
