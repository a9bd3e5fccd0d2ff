"""Played devices do what hurts on real ones, and keep what nobody asked about."""

from __future__ import annotations

import re

import pytest

from trunkline.drivers.registry import device_models

NXOS_PORT = "show running-config interface Ethernet1/1"
EOS_PORT = "show running-config interfaces Ethernet1"
CX_PORT = "show running-config interface 1/1/1"
VRP_PORT = "display current-configuration interface GigabitEthernet0/0/1"
JUNOS_VLANS = "show configuration vlans | display set"
JUNOS_MEMBER = "set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members"
BRIDGE = "bridge -json vlan show"
OVS = "ovs-vsctl --timeout=5"

HURTS = {
    "NX-OS: without its list a trunk carries every VLAN, and adding to that makes none": (
        "cisco_nxos",
        ["interface Ethernet1/1", "no switchport trunk allowed vlan", "switchport trunk allowed vlan add 10"],
        NXOS_PORT,
        r"^  switchport mode trunk\n(?!  switchport trunk allowed)",
    ),
    "NX-OS: a VLAN is not there until its mode is left": (
        "cisco_nxos",
        ["vlan 10", "name web"],
        "show vlan",
        r"\A(?!(?s:.*)^10 )",
    ),
    "NX-OS: it is there afterwards": (
        "cisco_nxos",
        ["vlan 10", "name web", "exit"],
        "show vlan",
        r"^10   web +active +Eth1/4$",
    ),
    "NX-OS: another VLAN's mode is a way out of it as well": (
        "cisco_nxos",
        ["vlan 10", "name web", "vlan 11", "name db", "exit"],
        "show vlan",
        r"^10   web +active +Eth1/4\n11   db +active +Eth1/4$",
    ),
    "NX-OS: the set form drops what was there": (
        "cisco_nxos",
        ["interface Ethernet1/1", "switchport trunk allowed vlan 10"],
        NXOS_PORT,
        r"^  switchport trunk allowed vlan 10$",
    ),
    "NX-OS: an address without `secondary` takes the first one's place": (
        "cisco_nxos",
        ["interface Vlan10", "ip address 192.0.2.1/28", "ip address 192.0.2.17/28"],
        "show running-config interface Vlan10",
        r"Vlan10\n  ip address 192\.0\.2\.17/28\n\Z",
    ),
    "EOS: a list that is taken from all is written out": (
        "arista_eos",
        ["interface Ethernet4", "switchport trunk allowed vlan remove 10"],
        "show running-config interfaces Ethernet4",
        r"^   switchport trunk allowed vlan 1-9,11-4094$",
    ),
    "EOS: foreign lines stay": ("arista_eos", ["interface Ethernet1", "exit"], EOS_PORT, r"^   mtu 9216$"),
    "S300: a VLAN that goes leaves its ports": (
        "cisco_s300",
        [
            *("vlan database", "vlan 10 name web", "exit"),
            *("interface gi1", "switchport trunk allowed vlan add 10", "exit"),
            *("vlan database", "no vlan 10", "exit"),
        ],
        "show running-config interface gi1",
        r"\Ainterface gi1\n description to-gi1\n!",
    ),
    "AOS-CX: a trunk whose list became empty carries every VLAN": (
        "aruba_aoscx",
        ["interface 1/1/1", "no vlan trunk allowed 1"],
        CX_PORT,
        r"^    vlan trunk allowed all$",
    ),
    "AOS-CX: an access port forgets its list": (
        "aruba_aoscx",
        ["interface 1/1/1", "vlan access 100"],
        CX_PORT,
        r"^    vlan access 100\n    exit$",
    ),
    "OS10: an access port forgets its list": (
        "dell_os10",
        ["interface ethernet1/1/1", "switchport trunk allowed vlan 100", "switchport mode access"],
        "show running-configuration interface ethernet1/1/1",
        r"\A(?!(?s:.*)trunk)",
    ),
    "Force10: a port that is tagged leaves the default VLAN": (
        "dell_force10",
        ["interface vlan 20", "tagged TenGigabitEthernet 0/4"],
        "show vlan",
        r"^\*   1 +Inactive +U Te 0/1,3$",
    ),
    "Force10: and comes back with its last tag": (
        "dell_force10",
        ["interface vlan 20", "tagged TenGigabitEthernet 0/4", "no tagged TenGigabitEthernet 0/4"],
        "show vlan",
        r"^\*   1 +Inactive +U Te 0/1,3-4$",
    ),
    "ProCurve: a tag leaves the untagged VLAN as it is": (
        "hp_procurve",
        ["vlan 100", "tagged 3"],
        "show vlans ports 3 detail",
        r"DEFAULT_VLAN +\| Port-based No    No    Untagged\n +100 .*Tagged",
    ),
    "ProCurve: tagged where it was untagged it is not untagged any more": (
        "hp_procurve",
        ["vlan 1", "tagged 3"],
        "show running-config",
        r'^   name "DEFAULT_VLAN"\n   untagged 1-2,Trk1\n   tagged 3$',
    ),
    "FastIron: a port that is tagged leaves the default VLAN": (
        "brocade_fastiron",
        ["vlan 20 by port", "tagged ethe 1/1/3"],
        "show interfaces brief",
        r"^1/1/3 .* Yes N/A ",
    ),
    "FastIron: the virtual interface goes with its VLAN": (
        "brocade_fastiron",
        ["vlan 20 by port", "router-interface ve 20", "exit", "no vlan 20"],
        "show running-config",
        r"\A(?!(?s:.*)ve 20)",
    ),
    "VRP: a trunk that lost VLAN 1 says so": (
        "huawei_vrp",
        ["interface GigabitEthernet0/0/1", "undo port trunk allow-pass vlan 1"],
        VRP_PORT,
        r"^ undo port trunk allow-pass vlan 1$",
    ),
    "VRP 8: what is not committed is not there": (
        "huawei_vrpv8",
        ["vlan 10", "quit"],
        "display vlan",
        r"\A(?!(?s:.*)VLAN 0010)",
    ),
    "VRP 8: a commit takes all of it": (
        "huawei_vrpv8",
        ["vlan 10", "quit", "commit"],
        "display vlan",
        "VLAN 0010",
    ),
    "Junos: of a commit that is refused nothing stays": (
        "juniper_junos",
        ["set vlans web vlan-id 10", "set vlans web l3-interface irb.10", "commit"],
        JUNOS_VLANS,
        r"\A(?!(?s:.*)web)",
    ),
    "Junos: a name that another VLAN has gives that one the id": (
        "juniper_junos",
        ["set vlans v29 vlan-id 10", "delete interfaces ge-0/0/1", "delete interfaces ge-0/0/2", "commit"],
        JUNOS_VLANS,
        r"^set vlans v29 vlan-id 10$",
    ),
    "Linux: a port stays in its other VLANs": (
        "linux_bridge",
        ["bridge vlan add dev swp1 vid 10-11", "bridge vlan del dev swp1 vid 10"],
        BRIDGE,
        r'"swp1", "vlans": \[\{"vlan": 1, [^]]*\]\}, \{"vlan": 11\}, \{"vlan": 20\}\]',
    ),
    "Open vSwitch: a transaction that fails changes nothing": (
        "openvswitch",
        [f"{OVS} add port p1 trunks 10 -- add port p9 trunks 10"],
        "ovs-vsctl --format=json --columns=name,trunks list port",
        r'\["p1", 20\]',
    ),
}


@pytest.mark.parametrize("what", HURTS)
def test_a_device_does_what_real_ones_do(what: str) -> None:
    platform, lines, command, shown = HURTS[what]
    device = device_models(platform, allowed={platform})[platform].empty()

    device.take(lines)

    assert re.search(shown, device.answer(command), re.MULTILINE), device.answer(command)


REFUSED = {
    "cisco_nxos": [
        (["vlan 10", "name hosts"], "VLAN with the same name exists"),
        (["interface Ethernet9/9"], "Invalid range"),
        (
            ["interface Vlan10", "ip address 192.0.2.1/28", "interface Vlan11", "ip address 192.0.2.2/28"],
            "overlaps with address configured on Vlan10",
        ),
        (
            [
                "interface Vlan10",
                "ip address 192.0.2.1/28",
                "ip address 192.0.2.17/28 secondary",
                "no ip address 192.0.2.1/28",
            ],
            "before secondary",
        ),
    ],
    "arista_eos": [(["interface Ethernet1", "switchport trunk allowed vlan add web"], "Invalid input")],
    "cisco_s300": [(["interface gi1", "switchport trunk allowed vlan add 10"], "VLAN 10 was not created")],
    "aruba_aoscx": [(["vlan 10", "name hosts"], "already exists"), (["no vlan 10"], "does not exist")],
    "dell_os10": [(["interface ethernet1/1/3", "switchport trunk allowed vlan 100"], "Port-mode is access")],
    "dell_force10": [
        (
            [
                "interface vlan 20",
                "no tagged TenGigabitEthernet 0/2",
                "untagged TenGigabitEthernet 0/2",
                "interface vlan 30",
                "tagged TenGigabitEthernet 0/2",
            ],
            "Te 0/2 Port is untagged in another Vlan",
        ),
    ],
    "hp_procurve": [
        (["no vlan 100"], r"moved to the default VLAN:\n1-2,4\nDo you want to continue\? \[y/n\]"),
        (["vlan 10", 'name "DEFAULT_VLAN"'], "already in use"),
        (["vlan 10", "tagged 99"], "invalid port: 99"),
    ],
    "brocade_fastiron": [
        (["interface ve 10"], "invalid virtual ethernet interface"),
        (["vlan 10 by port", "name two words"], "already in use"),
    ],
    "huawei_vrp": [
        (["vlan 10", "interface Vlanif10", "undo vlan 10"], "has a VLANIF interface"),
        (["interface Vlanif10"], "VLAN does not exist"),
        (["vlan 10", "interface Vlanif10", "ipv6 address 2001:db8::1/64"], "enable IPv6"),
        (
            ["interface GigabitEthernet0/0/1", "port trunk allow-pass vlan 2 4 6 8 10 12 14 16 18 20 22"],
            "Too many parameters",
        ),
        (["interface GigabitEthernet0/0/3", "port trunk allow-pass vlan 10"], "link type"),
    ],
    "hp_comware": [(["interface Vlan-interface10"], "% The VLAN does not exist")],
    "juniper_junos": [
        (["set vlans web vlan-id 20", "commit"], "check-out failed"),
        ([f"{JUNOS_MEMBER} 777", "commit"], "No vlan matches vlan tag 777 for interface ge-0/0/1.0"),
        ([f"delete {JUNOS_MEMBER.removeprefix('set ')} 21"], "statement not found"),
        (["set system host-name x"], "syntax error"),
    ],
    "linux_bridge": [
        (["bridge vlan add dev swp9 vid 10"], 'Cannot find device "swp9"\nexit status 1'),
        (["ip address add 192.0.2.240/28 dev eth0"], "File exists\nexit status 2"),
    ],
    "openvswitch": [([f"{OVS} wait-until port p4 trunks!=[] -- add port p4 trunks 10"], "exit status 142")],
}


@pytest.mark.parametrize(
    ("platform", "lines", "words"),
    [(platform, *each) for platform, rows in REFUSED.items() for each in rows],
)
def test_a_device_refuses_what_real_ones_refuse(platform: str, lines: list[str], words: str) -> None:
    device = device_models(platform, allowed={platform})[platform].empty()
    *before, last = device.take(lines)
    assert re.search(words, last), last
    assert not any(re.search(r"rror|%|\^|nvalid", said) for said in before), before
