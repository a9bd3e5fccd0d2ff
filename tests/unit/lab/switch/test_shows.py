"""`show` output has the shape of real devices: what reads captures reads it, into the same fields."""

from __future__ import annotations

import re
from pathlib import Path

import ntc_templates  # type: ignore[import-untyped]  # it has no types
import pytest
from textfsm import TextFSM  # type: ignore[import-untyped]  # it has no types

from tests.unit.lab.switch.dialogue import Console
from trunkline.lab.switch.dataplane import LearnedMac, Observed
from trunkline.lab.switch.lldp import Neighbor

TEMPLATES = Path(ntc_templates.__file__).parent / "templates"
Row = dict[str, str | list[str]]


def read(template: str, text: str) -> list[Row]:
    """Parse with the template of a `show` command; a line it does not know is an error."""
    with (TEMPLATES / f"cisco_ios_{template}.textfsm").open() as file:
        machine = TextFSM(file)
        rows: list[Row] = machine.ParseTextToDicts(text)
    return rows


@pytest.fixture
def busy(console: Console) -> Console:
    """Give a switch with something to show."""
    console.quietly(
        *("lldp run", "vlan 10", "name web", "vlan 20", "exit"),
        *("interface Gi1/0/1", "description host1 eth0", "switchport mode trunk"),
        *("switchport trunk allowed vlan 10,20,900", "interface Gi1/0/2", "switchport mode trunk"),
        *("interface Gi1/0/3", "switchport mode access", "switchport access vlan 20"),
        *("interface Gi1/0/4", "shutdown", "interface Vlan10"),
        *("ip address 172.31.0.1 255.255.0.0", "ipv6 address fd00:31::1/64"),
    )
    links = frozenset({f"GigabitEthernet1/0/{n}" for n in (1, 2, 3)})
    macs = (
        LearnedMac(vlan=10, mac="0200.0000.0001", port="GigabitEthernet1/0/1"),
        LearnedMac(vlan=20, mac="0200.0000.0002", port="GigabitEthernet1/0/3"),
    )
    console.device.observed = Observed(links=links, macs=macs)
    console.device.neighbors = [Neighbor(port="GigabitEthernet1/0/1", system_name="host1", port_id="eth0")]
    return console


def test_show_vlan(busy: Console) -> None:
    rows = {row["VLAN_ID"]: row for row in read("show_vlan", busy.show("show vlan"))}
    assert rows["10"] == {"VLAN_ID": "10", "VLAN_NAME": "web", "STATUS": "active", "INTERFACES": []}
    assert rows["20"]["INTERFACES"] == ["Gi1/0/3"]
    assert rows["1002"]["STATUS"] == "act/unsup"
    assert "Gi1/0/1" not in rows["1"]["INTERFACES"]
    assert len(rows["1"]["INTERFACES"]) == 47


def test_show_vlan_states(busy: Console) -> None:
    busy.quietly("vlan 10", "shutdown", "vlan 20", "state suspend", "exit")
    rows = {row["VLAN_ID"]: row["STATUS"] for row in read("show_vlan", busy.show("show vlan brief"))}
    assert (rows["10"], rows["20"]) == ("act/lshut", "suspended")


def test_show_vlan_id_lists_trunks_too(busy: Console) -> None:
    [row] = read("show_vlan", busy.show("show vlan id 20").split("VLAN Type")[0])
    assert row["INTERFACES"] == ["Gi1/0/1", "Gi1/0/2", "Gi1/0/3"]
    assert busy.show("show vlan id 99") == "VLAN id 99 not found in current VLAN database"


def test_show_interfaces_switchport(busy: Console) -> None:
    rows = {
        row["INTERFACE"]: row
        for row in read("show_interfaces_switchport", busy.show("show interfaces switchport"))
    }
    assert len(rows) == 50
    assert rows["Gi1/0/1"] == {
        "INTERFACE": "Gi1/0/1",
        "SWITCHPORT": "Enabled",
        "SWITCHPORT_MONITOR": "",
        "SWITCHPORT_NEGOTIATION": "On",
        "MODE": "trunk",
        "ADMIN_MODE": "trunk",
        "ACCESS_VLAN": "1",
        "NATIVE_VLAN": "1",
        "VOICE_VLAN": "none",
        "TRUNKING_VLANS": ["10", "20", "900"],
    }
    assert rows["Gi1/0/2"]["TRUNKING_VLANS"] == ["ALL"]
    assert (rows["Gi1/0/3"]["MODE"], rows["Gi1/0/3"]["ACCESS_VLAN"]) == ("static access", "20")
    assert rows["Gi1/0/5"]["MODE"] == "down"


def test_a_long_list_in_show_interfaces_switchport_continues_on_indented_lines(busy: Console) -> None:
    numbers = [str(number) for number in range(100, 140, 2)]
    busy.quietly("interface Gi1/0/1", f"switchport trunk allowed vlan {','.join(numbers)}")
    text = busy.show("show interfaces Gi1/0/1 switchport")
    [row] = read("show_interfaces_switchport", text)
    assert row["TRUNKING_VLANS"] == numbers
    assert re.search(r",\n {5}\d", text)


def test_show_interfaces_status(busy: Console) -> None:
    rows = {row["PORT"]: row for row in read("show_interfaces_status", busy.show("show interfaces status"))}
    assert (rows["Gi1/0/1"]["NAME"], rows["Gi1/0/1"]["STATUS"]) == ("host1 eth0", "connected")
    assert rows["Gi1/0/1"]["VLAN_ID"] == "trunk"
    assert (rows["Gi1/0/3"]["VLAN_ID"], rows["Gi1/0/3"]["SPEED"]) == ("20", "a-1000")
    assert rows["Gi1/0/4"]["STATUS"] == "disabled"
    assert rows["Gi1/0/5"]["STATUS"] == "notconnect"


def test_show_interfaces_trunk_has_allowed_active_and_forwarding(busy: Console) -> None:
    tables = busy.show("show interfaces trunk").strip().split("\n\n")
    assert [table.splitlines()[0].split(maxsplit=1)[1] for table in tables] == [
        "Mode             Encapsulation  Status        Native vlan",
        "Vlans allowed on trunk",
        "Vlans allowed and active in management domain",
        "Vlans in spanning tree forwarding state and not pruned",
    ]
    rows = [table.splitlines()[1].split() for table in tables]
    assert rows == [
        ["Gi1/0/1", "on", "802.1q", "trunking", "1"],
        ["Gi1/0/1", "10,20,900"],
        ["Gi1/0/1", "10,20"],
        ["Gi1/0/1", "10,20"],
    ]


def test_show_vtp_status(busy: Console) -> None:
    busy.type("vtp domain lab")
    [row] = read("show_vtp_status", busy.show("show vtp status"))
    assert (row["VERSION"], row["DOMAIN"], row["MODE"]) == ("1", "lab", "Server")
    assert (row["MAX_VLANS"], row["EXISTING_VLAN_COUNT"]) == ("1005", "7")


def test_show_ip_interface_brief(busy: Console) -> None:
    rows = {r["INTERFACE"]: r for r in read("show_ip_interface_brief", busy.show("show ip interface brief"))}
    assert rows["Vlan10"] == {
        "INTERFACE": "Vlan10",
        "IP_ADDRESS": "172.31.0.1",
        "STATUS": "up",
        "PROTO": "up",
    }
    assert rows["GigabitEthernet1/0/4"]["STATUS"] == "administratively down"


def test_show_ipv6_interface_brief(busy: Console) -> None:
    rows = {
        r["INTERFACE"]: r for r in read("show_ipv6_interface_brief", busy.show("show ipv6 interface brief"))
    }
    assert rows["Vlan10"]["IPV6_ADDRESS"][-1] == "FD00:31::1"
    assert str(rows["Vlan10"]["IPV6_ADDRESS"][0]).startswith("FE80::")
    assert rows["GigabitEthernet1/0/1"]["IPV6_ADDRESS"] == ["unassigned"]


@pytest.mark.parametrize(
    ("command", "count"),
    [
        ("show mac address-table", 2),
        ("show mac address-table dynamic vlan 10", 1),
        ("show mac address-table interface Gi1/0/3", 1),
        ("show mac address-table dynamic interface Gi1/0/3 vlan 10", 0),
        ("show mac address-table address 0200.0000.0002", 1),
    ],
)
def test_show_mac_address_table(busy: Console, command: str, count: int) -> None:
    rows = read("show_mac-address-table", busy.show(command))
    assert len(rows) == count
    assert all(row["TYPE"] == "DYNAMIC" for row in rows)


def test_show_lldp_neighbors(busy: Console) -> None:
    [row] = read("show_lldp_neighbors", busy.show("show lldp neighbors"))
    assert (row["NEIGHBOR_NAME"], row["LOCAL_INTERFACE"], row["NEIGHBOR_INTERFACE"]) == (
        "host1",
        "Gi1/0/1",
        "eth0",
    )
    [row] = read("show_lldp_neighbors_detail", busy.show("show lldp neighbors detail"))
    assert row["NEIGHBOR_NAME"] == "host1"
    assert row["LOCAL_INTERFACE"] == "Gi1/0/1"


def test_show_lldp_neighbors_says_when_lldp_is_off(console: Console) -> None:
    assert console.show("show lldp neighbors") == "% LLDP is not enabled"


def test_show_version(busy: Console) -> None:
    [row] = read("show_version", busy.show("show version"))
    assert (row["HOSTNAME"], row["VERSION"], row["HARDWARE"]) == (
        "sw1",
        "16.12.4",
        ["C9300-48T"],
    )
    assert row["UPTIME"] == "0 minutes"
    assert row["CONFIG_REGISTER"] == "0x102"


def test_show_spanning_tree_and_port_security_and_inventory(busy: Console) -> None:
    rows = read("show_spanning-tree", busy.show("show spanning-tree vlan 20"))
    assert [(row["INTERFACE"], row["STATUS"]) for row in rows] == [
        ("Gi1/0/1", "FWD"),
        ("Gi1/0/2", "FWD"),
        ("Gi1/0/3", "FWD"),
    ]
    text = busy.show("show port-security interface Gi1/0/3")
    [security] = read("show_port-security_interface_interface", text)
    assert security["PORT_SECURITY"] == "Disabled"
    [part] = read("show_inventory", busy.show("show inventory"))
    assert part["PID"] == "C9300-48T"


def test_show_running_config_of_a_router(router: Console) -> None:
    router.quietly("interface Gi0/0.10", "description web", "encapsulation dot1Q 10")
    router.quietly("ip address 172.31.0.1 255.255.0.0", "ipv6 address fd00:31::1/64")
    text = router.show("show running-config interface Gi0/0.10")
    text = text.replace("\nend\n", "\n!\n")  # the template was made from a filtered output
    [row] = read("show_running-config_interface", text)
    assert row["INTERFACE"] == "GigabitEthernet0/0.10"
    assert row["IP_ADDRESS"] == "172.31.0.1"
    assert "Virtual LAN ID:  10 (IEEE 802.1Q Encapsulation)" in router.show("show vlans")


KEYS = re.compile(r"^([A-Z][^:\n\d]*):", re.MULTILINE)


@pytest.mark.parametrize(
    ("folder", "capture", "command"),
    [
        (
            "show_interfaces_switchport",
            "cisco_ios_show_interfaces_switchport2.raw",
            "show interfaces switchport",
        ),
        ("show_vtp_status", "cisco_ios_show_vtp_status.raw", "show vtp status"),
    ],
)
def test_every_key_comes_from_a_real_device_in_its_order(
    busy: Console, captures: Path, folder: str, capture: str, command: str
) -> None:
    real = (captures / "switch" / "cisco_ios" / folder / capture).read_text()
    real_keys = list(dict.fromkeys(key.strip() for key in KEYS.findall(real)))
    ours = list(dict.fromkeys(key.strip() for key in KEYS.findall(busy.show(command))))
    assert [key for key in ours if key not in real_keys] == []
    assert [key for key in real_keys if key in ours] == ours


@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ("show_vlan", "show vlan"),
        ("show_interfaces_status", "show interfaces status"),
        ("show_ip_interface_brief", "show ip interface brief"),
    ],
)
def test_the_heading_of_a_table_is_a_real_device_s_to_the_character(
    busy: Console, captures: Path, folder: str, command: str
) -> None:
    real = (captures / "switch" / "cisco_ios" / folder / f"cisco_ios_{folder}.raw").read_text()
    heading = next(line for line in real.splitlines() if line.strip())
    ours = next(line for line in busy.show(command).splitlines() if line.strip())
    assert ours.rstrip() == heading.rstrip()
