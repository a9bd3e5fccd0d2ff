"""A played device in the state of a real one prints what that one printed, column for column."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from trunkline.drivers.switch.models.arista_eos import ACCESS, NO_LIST, PORTS, Arista
from trunkline.drivers.switch.models.aruba_aoscx import AosCx
from trunkline.drivers.switch.models.aruba_aoscx import Port as AosCxPort
from trunkline.drivers.switch.models.brocade_fastiron import FastIron
from trunkline.drivers.switch.models.cisco_like import SwitchPort
from trunkline.drivers.switch.models.cisco_nxos import Nexus
from trunkline.drivers.switch.models.cisco_s300 import SmallBusiness
from trunkline.drivers.switch.models.cisco_s300 import Trunk as S300Trunk
from trunkline.drivers.switch.models.console import Vlans
from trunkline.drivers.switch.models.dell_force10 import Force10
from trunkline.drivers.switch.models.hp_comware import Comware
from trunkline.drivers.switch.models.hp_procurve import ProCurve
from trunkline.drivers.switch.models.huawei_vrp import Vrp, Vrp8
from trunkline.drivers.switch.models.juniper_junos import JunosSwitch
from trunkline.drivers.switch.models.layer3 import Layer3
from trunkline.drivers.switch.models.view_setup import Trunk, ids
from trunkline.orchestrator.vlans import VlanSet


def lines(text: str) -> list[str]:
    """Cut an output into lines, without what is blank at their ends and around all of them."""
    return [line.rstrip() for line in text.replace("\r", "").strip("\n").split("\n")]


def capture(captures: Path, name: str) -> list[str]:
    """Read a capture, ``PLATFORM/COMMAND/FILE``."""
    return lines((captures / "switch" / f"{name}.raw").read_text())


def ports(kind: str, *numbers: int | range) -> list[str]:
    """Name ports of a kind."""
    spelled = [each if isinstance(each, range) else range(each, each + 1) for each in numbers]
    return [f"{kind}{number}" for numbers in spelled for number in numbers]


def upto(first: int, last: int) -> range:
    return range(first, last + 1)


def test_eos_shows_vlans_as_captured(captures: Path) -> None:
    switch = Arista(PORTS, access=ACCESS, no_list=NO_LIST)
    switch.vlans = Vlans({1: "default", 10: "Test1", 20: "Test2", 30: "VLAN0030"}, {20, 30})
    switch.ports = {
        "Ethernet1": SwitchPort(mode="trunk", allowed=VlanSet([1, 10, 20])),
        "Ethernet2": SwitchPort(access=10),
    }
    assert lines(switch.answer("show vlan")) == capture(captures, "arista_eos/show_vlan/arista_eos_show_vlan")


def test_nxos_shows_vlans_as_captured(captures: Path) -> None:
    switch = Nexus((), access="Ethernet1/1", no_list="Ethernet1/2")
    switch.vlans = Vlans({1: "default"})
    switch.ports = dict.fromkeys(["port-channel1", *ports("Ethernet1/", upto(53, 54))], SwitchPort())
    assert lines(switch.answer("show vlan")) == capture(
        captures, "cisco_nxos/show_vlan/cisco_nxos_show_vlan2"
    )

    switch.vlans = Vlans({1: "default", 10: "WEB"} | {vlan: f"VLAN00{vlan}" for vlan in (20, 30, 40, 50)})
    names = ports("Ethernet1/", upto(2, 32), upto(34, 48)) + ports("Ethernet2/", upto(1, 11))
    switch.ports = dict.fromkeys(names, SwitchPort()) | {"Ethernet2/12": SwitchPort(access=20)}
    assert lines(switch.answer("show vlan")) == capture(captures, "cisco_nxos/show_vlan/cisco_nxos_show_vlan")


def test_nxos_shows_a_switch_port_as_captured(captures: Path) -> None:
    switch = Nexus((), access="Ethernet1/1", no_list="Ethernet1/2")
    name, listed = "port-channel24", VlanSet.parse("120,134,501,800,804")
    switch.ports[name] = SwitchPort(mode="trunk", allowed=listed)
    real = capture(
        captures, "cisco_nxos/show_interface_switchport/cisco_nxos_show_interface_switchport_monitor"
    )
    assert lines(switch.answer(f"show interface {name} switchport")) == real[real.index(f"Name: {name}") :]


def s300() -> SmallBusiness:
    """A switch in the state of the captured one."""
    switch = SmallBusiness()
    long = {vlan: f"Test-Long-Vlan-Name{number}" for number, vlan in enumerate((402, 3131, 3133), start=1)}
    switch.vlans = Vlans({1: "1", 222: "IP Phones network", 223: "VOIP", 3130: "3130", 3132: "3132"} | long)
    names = ports("fa", upto(1, 24)) + ports("gi", upto(1, 4)) + ports("Po", upto(1, 8))
    switch.ports = {name: S300Trunk(native=0) for name in names}
    voice = ports("fa", upto(1, 2), 11, upto(15, 18), upto(21, 22)) + ports("gi", upto(1, 4))
    members = {
        1: [*ports("fa", upto(3, 4), upto(12, 14), 17, 19), "gi1", "gi4", *ports("Po", upto(1, 8))],
        222: [*ports("fa", 9, upto(13, 19)), "gi1"],
        223: voice,
        402: ["fa5", "gi1"],
        3130: ["fa20", "gi1"],
        3131: voice,
    }
    for vlan, inside in members.items():
        for port in inside:
            switch.ports[port].tagged.add(vlan)
    return switch


def test_s300_shows_vlans_as_captured(captures: Path) -> None:
    assert lines(s300().answer("show vlan")) == capture(
        captures, "cisco_s300/show_vlan/cisco_s300_show_vlan_1"
    )


def test_s300_shows_a_switch_port_as_captured(captures: Path) -> None:
    switch = SmallBusiness()
    switch.vlans = Vlans({203: "203", 222: "VOIP-1"})
    switch.ports["fa1"] = S300Trunk(native=203, tagged={222})
    real = capture(captures, "cisco_s300/show_interfaces_switchport/cisco_s300_show_interfaces_switchport")
    assert lines(switch.answer("show interfaces switchport fa1")) == real


def test_force10_shows_vlans_as_captured(captures: Path) -> None:
    switch = Force10()
    switch.descriptions = {
        13: "myvlan13",
        100: "pixelrebel is awesome",
        330: "tagged example",
        351: "dev 351 vlan",
        380: "dev-VLAN 380",
    }
    switch.vlans = {vlan: Layer3() for vlan in (1, 12, 13, 14, 100, 200, 330, 351, 380)}
    switch.active = {380}
    te, fo = "TenGigabitEthernet 0/", "fortyGigE 0/"
    switch.tagged = {100: ports(te, 30), 330: ports(te, 30, upto(35, 37))}
    untagged = {
        1: ports(te, upto(42, 43)) + ports(fo, 48, 56, 60),
        12: ports(te, upto(0, 9), upto(45, 47)),
        100: ports(te, upto(40, 41), 44) + ports(fo, 52),
        330: ports(te, upto(31, 34), upto(38, 39)),
        351: ports(te, upto(10, 19)),
        380: ports(te, upto(20, 29)),
    }
    switch.untagged = {port: vlan for vlan, members in untagged.items() for port in members}
    assert lines(switch.answer("show vlan")) == capture(
        captures, "dell_force10/show_vlan/dell_force10_show_vlan_1"
    )


def test_aoscx_shows_vlans_as_captured(captures: Path) -> None:
    switch = AosCx()
    switch.vlans = Vlans({1: "DEFAULT_VLAN_1", 3072: "mgmt"})
    plain = dict.fromkeys(ports("1/1/", upto(34, 46)), AosCxPort(native=None))
    both = dict.fromkeys(ports("1/1/", upto(47, 52)), AosCxPort(allowed=VlanSet([1, 3072])))
    members = ports("1/1/", upto(2, 4), upto(6, 8), upto(17, 19))
    switch.ports = dict.fromkeys(members, AosCxPort(access=3072, native=None)) | plain | both
    assert lines(switch.answer("show vlan")) == capture(captures, "aruba_aoscx/show_vlan/show_vlan")


def test_procurve_shows_vlans_as_captured(captures: Path) -> None:
    switch = ProCurve()
    switch.vlans, switch.voice = Vlans({1: "DEFAULT_VLAN", 10: "Router Vlan", 50: "Voice"}), {50}
    assert lines(switch.answer("show vlans")) == capture(
        captures, "hp_procurve/show_vlans/hp_procurve_show_vlans2"
    )


def test_fastiron_shows_vlans_and_ports_as_captured(captures: Path) -> None:
    switch = FastIron()
    switch.names = {1: "DEFAULT-VLAN", 10: "CLMAMO-RING-1", 60: "CLMA-JFCY-FLTN_Master"}
    rings = ports("1/3/", 1, 2) + ports("2/3/", 1, 2)
    switch.tagged = {10: ["1/1/24", "2/1/1"], 60: rings}
    switch.untagged = dict.fromkeys(ports("1/1/", upto(3, 5), upto(7, 8)), 10)
    start = ["no spanning-tree", "metro-ring "]
    switch.foreign = {
        10: [
            start[0],
            f"{start[1]}10",
            " master",
            " ring-interfaces  ethernet 1/1/24  ethernet 2/1/1",
            " enable",
        ],
        60: [start[0], f"{start[1]}60", " ring-interfaces  ethernet 1/3/1  ethernet 2/3/1", " enable"],
    }
    switch.foreign[60].append(" name CLMA-JFCY-FLTNHT")
    real = capture(
        captures, "brocade_fastiron/show_running-config_vlan/brocade_fastiron_show_running-config_vlan"
    )
    assert lines(switch.vlan_config()) == [*real, "!"]

    switch.labels = {"1/1/2": "TA5000A-SM"}
    switch.tagged, switch.untagged = {100: ["1/1/2"]}, {}
    shown = lines(switch.answer("show interfaces brief"))
    brief = capture(
        captures, "brocade_fastiron/show_interfaces_brief/brocade_fastiron_show_interfaces_brief1"
    )
    assert shown == [brief[0], brief[2]]


def trunks(names: Iterable[str], text: str, *, native: int = 1) -> dict[str, Trunk]:
    allowed = ids(text.replace("-", " to "))
    return {name: Trunk(allowed=set(allowed), native=native) for name in names}


def test_vrp_shows_ports_as_captured(captures: Path) -> None:
    folder = "huawei_vrp/display_port_vlan/huawei_vrp_display_port_vlan_example"
    ge = "GigabitEthernet0/0/"
    switch = Vrp(())
    switch.running.trunks = (
        trunks(ports(ge, 1), "1-4094")
        | trunks(ports(ge, 2), "1 249-255")
        | trunks(ports(ge, upto(3, 4)), "255 300 999", native=999)
    )
    switch.running.access = dict.fromkeys(ports(ge, upto(5, 12)), 330) | dict.fromkeys(
        ports(ge, upto(13, 20)), 300
    )
    assert lines(switch.answer("display port vlan")) == capture(captures, f"{folder}2")[:22]

    listed = "1 191 212 214 218 224 238 250-255 300-301 303 306 330 332-333 335 350 400 450 999"
    switch.running.trunks = trunks(ports(ge, upto(1, 12)), listed)
    assert lines(switch.answer("display port vlan"))[:38] == capture(captures, f"{folder}3")[:38]


def test_vrp_shows_vlans_as_captured(captures: Path) -> None:
    switch, setup = Vrp(()), Vrp(()).running
    setup.vlans |= {vlan: f"VLAN {vlan:04}" for vlan in (10, 20, 1555)}
    xge, forty = "XGigabitEthernet0/0/", "40GE0/0/"
    setup.access = dict.fromkeys(ports(xge, upto(1, 6)), 1) | dict.fromkeys(ports(xge, upto(7, 12)), 10)
    setup.trunks = trunks(ports(forty, upto(1, 6)), "1 20", native=99) | trunks(["Eth-Trunk0"], "1555")
    setup.down = {*setup.access, *ports(forty, upto(1, 6))}
    switch.running = setup
    real = capture(captures, "huawei_vrp/display_vlan/huawei_vrp_display_vlan")
    # Of VLAN 30 one cell is narrower than all others; VLAN 1555 has a property that we do not play.
    start, end = (real.index(line) for line in real if line.startswith(("30   common", "1555 common")))
    wanted = [line for line in [*real[:start], *real[end:]] if not line.startswith("30 ")]
    wanted = [
        line.replace("multicastVLAN", "default      ").replace("VLANs is: 3", "VLANs is: 4")
        for line in wanted
    ]
    assert lines(switch.answer("display vlan")) == wanted


def test_vrp_8_shows_vlans_as_captured(captures: Path) -> None:
    switch = Vrp8(())
    switch.running.vlans = {3: "SOME_TEST"}
    names = ports("GigabitEthernet1/0/", upto(1, 21), 25, 27)
    switch.running.trunks = trunks(names, "3")
    switch.running.down = {"GigabitEthernet1/0/7", "GigabitEthernet1/0/27"}
    assert lines(switch.answer("display vlan")) == capture(
        captures, "huawei_vrp/display_vlan/huawei_vrp_display_vlan_2"
    )


def test_comware_shows_vlans_as_captured(captures: Path) -> None:
    switch = Comware(())
    setup = switch.running
    setup.vlans, setup.names = {1: "VLAN 0001", 100: "User VLAN"}, {100: "VLAN_100"}
    switch.take(["interface Vlan-interface100", "ip address 10.9.0.1 255.255.255.0", "quit"])
    bagg, ten = "Bridge-Aggregation", "Ten-GigabitEthernet1/0/"
    setup.access = dict.fromkeys(ports(bagg, upto(1, 4)), 1)
    setup.trunks = trunks(ports(bagg, 5, 6), "100") | trunks(ports(ten, 1), "1 100")
    setup.access |= dict.fromkeys(ports(ten, 2), 1)
    setup.trunks |= trunks(ports(ten, 3), "100")
    real = capture(captures, "hp_comware/display_vlan_all/hp_comware_display_vlan_all")
    shown = lines(switch.answer("display vlan all"))
    end = real.index(" VLAN ID: 101")
    assert shown == real[: end - 1]


def test_junos_shows_vlans_as_captured(captures: Path) -> None:
    names = {100: "v100-Control", 1005: "v1005-HelpDesk", 109: "v109-TEMP-Project-Data"}
    everywhere = ["ae0", "et-0/0/24", *ports("xe-0/0/", 9, 13, 15, 17)]
    members = {100: [*everywhere, "ge-0/0/3"], 1005: [*everywhere, "ge-0/0/7"]}
    members[109] = [*everywhere, "ge-0/0/7", "xe-0/0/22"]
    switch = JunosSwitch(
        [
            *(f"set vlans {name} vlan-id {vlan}" for vlan, name in names.items()),
            *(
                f"set interfaces {port} unit 0 family ethernet-switching vlan members {vlan}"
                for vlan, inside in members.items()
                for port in inside
            ),
        ]
    )
    switch.down = {"ge-0/0/3", "ge-0/0/7", "xe-0/0/22"}
    real = capture(captures, "juniper_junos/show_vlans/juniper_junos_show_vlans")
    assert lines(switch.answer("show vlans")) == real[: real.index("{master:0}") - 1]
