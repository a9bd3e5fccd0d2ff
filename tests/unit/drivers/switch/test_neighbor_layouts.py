"""Who announces itself at the ports of other platforms, and who talks there, in the layouts that they print."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from trunkline.drivers.switch.arista_eos import AristaEos
from trunkline.drivers.switch.aruba_aoscx import ArubaAosCx
from trunkline.drivers.switch.brocade_fastiron import BrocadeFastiron
from trunkline.drivers.switch.cisco_nxos import CiscoNxos
from trunkline.drivers.switch.cisco_s300 import CiscoS300
from trunkline.drivers.switch.dell_force10 import DellForce10
from trunkline.drivers.switch.dell_os10 import DellOs10
from trunkline.drivers.switch.dialect import Discovers
from trunkline.drivers.switch.discovery import Discovering
from trunkline.drivers.switch.hp_comware import HpComware
from trunkline.drivers.switch.hp_procurve import HpProcurve
from trunkline.drivers.switch.huawei_vrp import HuaweiVrp, HuaweiVrpV8
from trunkline.drivers.switch.juniper_junos import JuniperJunos
from trunkline.orchestrator.intents import Capability, Peer
from trunkline.orchestrator.models import PortName

NXOS = """Capability codes:
  (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device
  (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other
Device ID            Local Intf      Hold-time  Capability  Port ID{blank}

Chassis id: 0200.0000.00a1
Port id: 0200.0000.00a2
Local Port id: Eth1/1
Port Description: eno1
System Name: {name}
System Description: {free}
Time remaining: 97 seconds
System Capabilities: B, W, R, S
Enabled Capabilities: S
Management Address: 192.0.2.9
Management Address IPV6: not advertised
Vlan ID: not advertised


Chassis id: 0200.0000.00b1
Port id: Ethernet1/9
Local Port id: Eth1/2
Port Description: null
System Name: core1
System Description: none
Time remaining: 97 seconds
System Capabilities: B, R
Enabled Capabilities: B, R
Management Address: not advertised
Management Address IPV6: not advertised
Vlan ID: 1

Total entries displayed: 2
"""
EOS = """Interface Ethernet1 detected 1 LLDP neighbors:

  Neighbor 0200.0000.00a1/0200.0000.00a2, age 12 seconds
  Discovered 0:01:11 ago; Last changed 0:01:11 ago
  - Chassis ID type: MAC address (4)
    Chassis ID     : 0200.0000.00a1
  - Port ID type: MAC address (3)
    Port ID     : 0200.0000.00a2
  - Time To Live: 120 seconds
  - Port Description: "eno1"
  - System Name: "{name}"
  - System Description: "{free}"
  - System Capabilities : Bridge, Router, Station Only
    Enabled Capabilities: Station Only
  - Management Address Subtype: IPv4 (1)
    Management Address        : 192.0.2.9
    OID String                :{blank}
  - IEEE802.1/IEEE802.3 Link Aggregation
    Port ID                : 0

Interface Ethernet2 detected 1 LLDP neighbors:

  Neighbor 0200.0000.00b1/"Ethernet1/9", age 2 seconds
  Discovered 34 days, 19:40:42 ago; Last changed 34 days, 19:40:42 ago
    - Chassis ID type: MAC address (4)
      Chassis ID     : 0200.0000.00b1
    - Port ID type: Interface name (5)
      Port ID     : "Ethernet1/9"
    - Time To Live: 120 seconds
    - System Name: "core1"
    - System Description: "none"
    - System Capabilities : Bridge, Router
      Enabled Capabilities: Bridge, Router

Interface Ethernet3 detected 0 LLDP neighbors:
"""
VRP = """GigabitEthernet0/0/1 has 1 neighbor(s):

Neighbor index :1
Chassis type   :MAC address{blank}
Chassis ID     :0200-0000-00a1{blank}
Port ID type   :MAC address{blank}
Port ID        :0200-0000-00a2
Port description    :eno1
System name         :{name}
System description  :{free}
System capabilities supported   :bridge router stationOnly
System capabilities enabled     :stationOnly
Management address type  :ipv4
Management address value :192.0.2.9
OID  :{blank}
Expired time   :101s

Auto-negotiation supported    :Yes{blank}

GigabitEthernet0/0/2 has 1 neighbor(s):

Neighbor index :1
Chassis type   :MAC address{blank}
Chassis ID     :0200-0000-00b1
Port ID type   :Interface name{blank}
Port ID        :Ethernet1/9
Port description    :
System name         :core1
System capabilities supported   :bridge router{blank}
System capabilities enabled     :bridge router{blank}
Expired time   :97s

Port VLAN ID(PVID)  :2

GigabitEthernet0/0/3 has 0 neighbor(s)
"""
VRP8 = """GE1/0/1 has 1 neighbor(s):

Neighbor index                     :1
Chassis type                       :MAC Address
Chassis ID                         :0200-0000-00a1
Port ID subtype                    :MAC Address
Port ID                            :0200-0000-00a2
Port description                   :eno1          {blank}
System name                        :{name}
System description                 :{free}
System capabilities supported      :bridge router stationOnly
System capabilities enabled        :stationOnly
Management address type            :IPv4
Expired time                       :99s

Aggregation port ID                :--
Port Identity                      :--

10GE1/0/2 has 1 neighbor(s):

Neighbor index                     :1
Chassis type                       :MAC Address
Chassis ID                         :0200-0000-00b1
Port ID subtype                    :Interface Name
Port ID                            :Ethernet1/9
Port description                   :--
System name                        :core1
System description                 :--
System capabilities supported      :bridge router
System capabilities enabled        :bridge router
Expired time                       :99s

GE1/0/3 has 0 neighbor(s)
"""
COMWARE = """LLDP neighbor-information of port 1[GigabitEthernet1/0/1]:
LLDP agent nearest-bridge:
 LLDP neighbor index : 1
 Update time         : 457 days, 22 hours, 1 minutes, 46 seconds
 Chassis type        : MAC address
 Chassis ID          : 0200-0000-00a1
 Port ID type        : MAC address
 Port ID             : 0200-0000-00a2
 Time to live        : 120
 Port description    : eno1
 System name         : {name}
 System description  : {free}
 System capabilities supported : Bridge, Router, Station Only
 System capabilities enabled   : Station Only
 Aggregation port ID        : 71

LLDP neighbor-information of port 2[Ten-GigabitEthernet1/0/2]:
LLDP agent nearest-bridge:
 LLDP neighbor index : 1
 Chassis type        : MAC address
 Chassis ID          : 0200-0000-00b1
 Port ID type        : Interface name
 Port ID             : Ethernet1/9
 System name         : core1
 System capabilities supported : Bridge, Router, Customer Bridge
 System capabilities enabled   : Bridge, Router
"""
PROCURVE = """ LLDP Remote Device Information Detail

  Local Port   : A1
  ChassisType  : mac-address
  ChassisId    : 020000-0000a1
  PortType     : mac-address
  PortId       : 02 00 00 00 00 a2
  SysName      : {name}
  System Descr : {free}
  PortDescr    : eno1
  Pvid         :

  System Capabilities Supported  : bridge, router, station-only
  System Capabilities Enabled    : station-only

  Remote Management Address
     Type    : ipv4
     Address : 192.0.2.9

------------------------------------------------------------------------------
  Local Port   : 2
  ChassisType  : mac-address
  ChassisId    : 020000-0000b1
  PortType     : interface-name
  PortId       : Ethernet1/9
  SysName      : core1
  System Descr :
  PortDescr    :
  Pvid         :

  System Capabilities Supported  : bridge, router
  System Capabilities Enabled    : bridge, router

  Remote Management Address

------------------------------------------------------------------------------
"""
AOSCX = """
LLDP Neighbor Information
=========================

Total Neighbor Entries          : 2
Total Neighbor Entries Deleted  : 7
Total Neighbor Entries Dropped  : 0
Total Neighbor Entries Aged-Out : 7

--------------------------------------------------------------------------------

Port                           : 1/1/1
Neighbor Entries               : 1
Neighbor Entries Deleted       : 1
Neighbor System-Name           : {name}
Neighbor System-Description    : {free}
Neighbor Chassis-ID            : 02:00:00:00:00:a1
Neighbor Management-Address    : 192.0.2.9
Chassis Capabilities Available : Bridge, Router, Station
Chassis Capabilities Enabled   : Station
Neighbor Port-ID               : 02:00:00:00:00:a2
Neighbor Port-Desc             : eno1
Neighbor Port VLAN ID          :
Aggregation port ID            :
TTL                            : 120

--------------------------------------------------------------------------------

Port                           : 1/1/2
Neighbor Entries               : 1
Neighbor Entries Deleted       : 1
Neighbor System-Name           : core1
Neighbor System-Description    :
Neighbor Chassis-ID            : 02:00:00:00:00:b1
Neighbor Management-Address    :
Chassis Capabilities Available : Bridge, Router
Chassis Capabilities Enabled   : Bridge, Router
Neighbor Port-ID               : Ethernet1/9
Neighbor Port-Desc             :
TTL                            : 120

--------------------------------------------------------------------------------
"""
FASTIRON = """Total number of LLDP neighbors on all ports: 2
Local port: 1/1/1
  Neighbor: 0200.0000.00a2, TTL 101 seconds
    + Chassis ID (MAC address): 0200.0000.00a1
    + Port ID (MAC address): 0200.0000.00a2
    + Time to live: 120 seconds
    + System name         : "{name}"
    + Port description    : "eno1"
    + System description  : "{free}"
    + System capabilities : bridge, router, station only
      Enabled capabilities: station only
    + Port VLAN ID: none

Local port: 1/1/2
  Neighbor: 0200.0000.00b1, TTL 98 seconds
    + Chassis ID (MAC address): 0200.0000.00b1
    + Port ID (interface name): Ethernet1/9
    + Time to live: 120 seconds
    + System name         : "core1"
    + System capabilities : bridge, router
      Enabled capabilities: bridge, router
"""
RULE = "=" * 72
FORCE10 = f"""{RULE}
 Local Interface Te 0/1 has 1 neighbor
  Total Frames Out: 678604
  Total Multiple Neighbors Detected: 0
  Next packet will be sent after 23 seconds
  The neighbors are given below:
  -----------------------------------------------------------------------

    Remote Chassis ID Subtype: Mac address (4)
    Remote Chassis ID:  02:00:00:00:00:a1
    Remote Port Subtype:  Mac address (3)
    Remote Port ID:  02:00:00:00:00:a2
    Remote Port Description:  eno1
    Local Port ID: TenGigabitEthernet 0/1
    Remote TTL:  120
    Information valid for next 119 seconds
    Remote System Name:  {{name}}
    Remote System Desc:  {{free}}
    Existing System Capabilities:  Bridge WLAN Access Point Router Station only
    Enabled System Capabilities:  Station only
   ---------------------------------------------------------------------------

{RULE}
 Local Interface Fo 0/48 has 1 neighbor
  Total Frames Out: 98232
  The neighbors are given below:
  -----------------------------------------------------------------------

    Remote Chassis ID Subtype: Mac address (4)
    Remote Chassis ID:  02:00:00:00:00:b1
    Remote Port Subtype:  Interface name (5)
    Remote Port ID:  Ethernet1/9
    Local Port ID: fortyGigE 0/48
    Remote TTL:  120
    Remote System Name:  core1
    Existing System Capabilities:  Bridge Router
    Enabled System Capabilities:  Bridge Router
   ---------------------------------------------------------------------------
"""
S300 = """System capability legend:
B - Bridge; R - Router; W - Wlan Access Point; T - telephone;
D - DOCSIS Cable Device; H - Host; r - Repeater;
TP - Two Ports MAC Relay; S - S-VLAN; C - C-VLAN; O - Other

  Port        Device ID        Port ID       System Name    Capabilities  TTL{blank}
--------- ----------------- ------------- ----------------- ------------ -----{blank}
gi1       02:00:00:00:00:a1 02:00:00:00:0 host1.servers.exa      H        105{blank}
                            0:a2          mple.net                            {blank}
gi2       02:00:00:00:00:b1 Ethernet1/9         core1           B, R      118{blank}
"""
JUNOS = """Local Interface    Parent Interface    Chassis Id          Port info          System Name
ge-0/0/1           -                   02:00:00:00:00:a1   02:00:00:00:00:a2  host1.servers.example.net
ge-0/0/2.0         ae0                 02:00:00:00:00:b1   Ethernet1/9        core1
"""
FREE = "Debian GNU/Linux 12\nLinux 6.1\nSystem Name: nobody"
NAME = "host1.servers.example.net"
MAC_A, MAC_B = "02:00:00:00:00:c1", "02:00:00:00:00:c2"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A platform: what it prints, and what is to be understood."""

    dialect: Discovering
    listing: str
    ports: tuple[str, str]
    macs: str
    stations: dict[tuple[str, int], set[str]]
    off: tuple[str, ...] = ()
    says_what_port: bool = True
    says_capabilities: bool = True
    other: dict[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        return str(self.dialect.platform)  # type: ignore[attr-defined]  # every dialect has one

    def peers(self) -> list[Peer]:
        one, two = map(PortName, self.ports)
        station: frozenset[Capability] = frozenset({"station"})
        core: frozenset[Capability] = frozenset({"bridge", "router"})
        none: frozenset[Capability] = frozenset()
        return [
            Peer(
                port=one,
                name=NAME,
                chassis="02:00:00:00:00:a1",
                far_port="02:00:00:00:00:a2",
                far_description="eno1" if self.says_what_port else "",
                capabilities=station if self.says_capabilities else none,
            ),
            Peer(
                port=two,
                name="core1",
                chassis="02:00:00:00:00:b1",
                far_port="Ethernet1/9",
                capabilities=core if self.says_capabilities else none,
            ),
        ]


PERCENT = ("% Invalid command at '^' marker.\n", "% Invalid input\n")
CASES = (
    Case(
        dialect=CiscoNxos(),
        listing=NXOS,
        ports=("Ethernet1/1", "Ethernet1/2"),
        off=("% Invalid command at '^' marker.\n", "\nTotal entries displayed: 0\n"),
        macs="""Legend:
        * - primary entry, G - Gateway MAC, (R) - Routed MAC, O - Overlay MAC
   VLAN     MAC Address      Type      age     Secure NTFY   Ports/SWID.SSID.LID
---------+-----------------+--------+---------+------+----+------------------
* 10       0200.0000.00c1    dynamic   3590       F    F  Eth1/1
G 10       0200.0000.00c3    static    -          F    F  sup-eth1(R)
+ 20       0200.0000.00c2    dynamic   1657910    F    F  Po7
* 20       0100.0000.00c2    dynamic   1657910    F    F  Po7
""",
        stations={("Ethernet1/1", 10): {MAC_A}, ("port-channel7", 20): {MAC_B}},
        other={"show cdp neighbors detail": "CDP not enabled globally\n"},
    ),
    Case(
        dialect=AristaEos(),
        listing=EOS,
        ports=("Ethernet1", "Ethernet2"),
        off=("% LLDP is not enabled\n", *PERCENT, "Interface Ethernet1 detected 0 LLDP neighbors:\n"),
        macs="""          Mac Address Table
------------------------------------------------------------------

Vlan    Mac Address       Type        Ports      Moves   Last Move
----    -----------       ----        -----      -----   ---------
  10    0200.0000.00c1    DYNAMIC     Et1        1       0:08:16 ago
  20    0200.0000.00c2    DYNAMIC     Po7        1       9 days, 15:57:28 ago
  20    0200.0000.00c3    STATIC      Cpu
Total Mac Addresses for this criterion: 3
""",
        stations={("Ethernet1", 10): {MAC_A}, ("Port-Channel7", 20): {MAC_B}},
    ),
    Case(
        dialect=HuaweiVrp(),
        listing=VRP,
        ports=("GigabitEthernet0/0/1", "GigabitEthernet0/0/2"),
        off=("Info: Global LLDP is not enabled.\n", "Error: Unrecognized command found at '^' position.\n"),
        macs="""-------------------------------------------------------------------------------
MAC Address    VLAN/VSI/BD                       Learned-From        Type
-------------------------------------------------------------------------------
0200-0000-00c1 10/-/-                            XGE0/0/1            dynamic
 0200-0000-00c2 20/-/-                           Eth-Trunk7          dynamic

-------------------------------------------------------------------------------
Total items displayed = 2
""",
        stations={("XGigabitEthernet0/0/1", 10): {MAC_A}, ("Eth-Trunk7", 20): {MAC_B}},
    ),
    Case(
        dialect=HuaweiVrpV8(),
        listing=VRP8,
        ports=("GE1/0/1", "10GE1/0/2"),
        off=("Error: Unrecognized command found at '^' position.\n",),
        macs="""-------------------------------------------------------------------------------
MAC Address    VLAN/VSI/BD                       Learned-From        Type
0200-0000-00c1 10/-/-                            GE1/0/1             dynamic
0200-0000-00c2 20/-/-                            10GE1/0/2           dynamic
Total items: 2
""",
        stations={("GE1/0/1", 10): {MAC_A}, ("10GE1/0/2", 20): {MAC_B}},
    ),
    Case(
        dialect=HpComware(),
        listing=COMWARE,
        ports=("GigabitEthernet1/0/1", "Ten-GigabitEthernet1/0/2"),
        off=("LLDP is not configured.\n", "% Unrecognized command found at '^' position.\n", ""),
        macs="""MAC ADDR       VLAN ID  STATE          PORT INDEX               AGING TIME(s)
0200-0000-00c1 10       Learned        GigabitEthernet1/0/1     AGING
0200-0000-00c2 20       Learned        BAGG7                    NOAGED
""",
        stations={("GigabitEthernet1/0/1", 10): {MAC_A}, ("Bridge-Aggregation7", 20): {MAC_B}},
    ),
    Case(
        dialect=HpProcurve(),
        listing=PROCURVE,
        ports=("A1", "2"),
        off=("Invalid input: lldp\n", "LLDP is disabled\n", " LLDP Remote Devices Information\n"),
        macs="""
 Status and Counters - Port Address Table

  MAC Address       Port                            VLAN
  ----------------- ------------------------------- ----
  020000-0000c1     A1                              10
  020000-0000c2     Trk1                            20
""",
        stations={("A1", 10): {MAC_A}, ("Trk1", 20): {MAC_B}},
    ),
    Case(
        dialect=ArubaAosCx(),
        listing=AOSCX,
        ports=("1/1/1", "1/1/2"),
        off=("Invalid input: lldp\n", "LLDP is not enabled\n"),
        macs="""MAC age-time            : 300 seconds
Number of MAC addresses : 2

MAC Address          VLAN     Type                      Port
--------------------------------------------------------------
02:00:00:00:00:c1    10       dynamic                   1/1/1
02:00:00:00:00:c2    20       port-access-security      lag7
""",
        stations={("1/1/1", 10): {MAC_A}, ("lag7", 20): {MAC_B}},
    ),
    Case(
        dialect=BrocadeFastiron(),
        listing=FASTIRON,
        ports=("1/1/1", "1/1/2"),
        off=("LLDP is not running\n", "Invalid input -> lldp\n"),
        macs="""Total active entries from all ports = 2
MAC-Address     Port           Type          Index  VLAN
0200.0000.00c1  1/1/1          Dynamic       2252   10
0200.0000.00c2  lg7            Static        1      20
""",
        stations={("1/1/1", 10): {MAC_A}, ("lag7", 20): {MAC_B}},
    ),
    Case(
        dialect=DellForce10(),
        listing=FORCE10,
        ports=("TenGigabitEthernet0/1", "fortyGigE0/48"),
        off=("% Error: LLDP is not enabled.\n", '% Error: Invalid input at "^" marker.\n'),
        macs="""VlanId     Mac Address           Type          Interface        State
 10     02:00:00:00:00:c1      Dynamic         Te 0/1          Active
 20     02:00:00:00:00:c2      Static          Po 7            Active
""",
        stations={("TenGigabitEthernet0/1", 10): {MAC_A}, ("Port-channel7", 20): {MAC_B}},
    ),
    Case(
        dialect=CiscoS300(),
        listing=S300,
        ports=("gi1", "gi2"),
        off=("% Unrecognized command\n", "LLDP is disabled\n", S300.split("gi1", maxsplit=1)[0]),
        says_what_port=False,
        macs="""Flags: I - Internal usage VLAN
Aging time is 300 sec

    Vlan          Mac Address         Port       Type
------------ --------------------- ---------- ----------
     1         02:00:00:00:00:c3       0         self
    10         02:00:00:00:00:c1      gi1      dynamic
    20         02:00:00:00:00:c2      Po7      dynamic
""",
        stations={("gi1", 10): {MAC_A}, ("Po7", 20): {MAC_B}},
    ),
    Case(
        dialect=JuniperJunos(),
        listing=JUNOS,
        ports=("ge-0/0/1", "ge-0/0/2"),
        off=("", "                   ^\nsyntax error, expecting <command>.\n"),
        says_what_port=False,
        says_capabilities=False,
        macs="""MAC flags (S - static MAC, D - dynamic MAC, L - locally learned, P - Persistent static
SE - statistics enabled, NM - non configured MAC, R - remote PE MAC, O - ovsdb MAC)

Ethernet switching table : 3 entries, 3 learned
Routing instance : default-switch
Vlan                MAC                 MAC         Age    Logical
name                address             flags              interface
tl-vlan10           02:00:00:00:00:c1   D             -   ge-0/0/1.0
tl-vlan20           02:00:00:00:00:c2   D             -   ae7.0
unlisted            02:00:00:00:00:c3   D             -   ge-0/0/2.0
""",
        stations={("ge-0/0/1", 10): {MAC_A}, ("ae7", 20): {MAC_B}},
        other={
            "show vlans": """Routing instance        VLAN name             Tag          Interfaces
default-switch          tl-vlan10             10
                                                           ge-0/0/1.0*
default-switch          tl-vlan20             20
"""
        },
    ),
)
EACH = pytest.mark.parametrize("case", CASES, ids=[case.platform for case in CASES])


def answers(case: Case, listing: str, port: PortName | None) -> dict[str, str]:
    found = {}
    for query in case.dialect.peer_queries(port):
        text = case.other.get(query.command, listing)
        assert query.answer.search(text), f"{query.command} is answered with what is no answer"
        found[query.command] = text
    return found


def heard(case: Case, listing: str, port: PortName | None = None) -> list[Peer]:
    return list(case.dialect.peers(answers(case, listing, port), port))


def filled(case: Case, *, name: str = NAME, free: str = FREE) -> str:
    return case.listing.replace("{name}", name).replace("{free}", free).replace("{blank}", " ")


@EACH
def test_both_neighbors_are_read_with_the_ports_as_the_driver_calls_them(case: Case) -> None:
    assert isinstance(case.dialect, Discovers)
    assert heard(case, filled(case)) == case.peers()
    assert heard(case, filled(case).replace("\n", "\r\n")) == case.peers()


@EACH
def test_those_of_one_port_are_read_alone(case: Case) -> None:
    for port, peer in zip(map(PortName, case.ports), case.peers(), strict=True):
        assert heard(case, filled(case), port) == [peer]
        for query in case.dialect.peer_queries(port):
            if query.command not in {each.command for each in case.dialect.peer_queries(None)}:
                assert port in query.command


@EACH
def test_a_device_that_hears_nobody_knows_nothing(case: Case) -> None:
    for text in case.off:
        assert heard(case, text) == [], text
        assert heard(case, text, PortName(case.ports[0])) == [], text


@EACH
def test_what_says_nothing_about_neighbors_is_no_answer(case: Case) -> None:
    query = case.dialect.peer_queries(None)[0]
    for text in ("Command authorization failed.\n", "Total\n", "--More--"):
        assert query.answer.search(text) is None, text


@EACH
@pytest.mark.parametrize("name", ["a" * 300, "\x1b[2J\x07", "naïve\u202e", "x\tno switchport", "'; reload"])
def test_a_hostile_name_comes_back_short_and_printable(case: Case, name: str) -> None:
    if "{name}" not in case.listing:
        name = name.replace("\t", " ")[:17].ljust(25)
    text = filled(case, name=name, free=name).replace(NAME, name)
    for peer in heard(case, text):
        for value in (peer.name, peer.chassis, peer.far_port, peer.far_description):
            assert len(value) <= 255
            assert value.isascii()
            assert value.isprintable()


@EACH
def test_stations_are_told_by_port_and_vlan(case: Case) -> None:
    outputs = dict(case.other)
    for query in case.dialect.station_queries():
        outputs.setdefault(query.command, case.macs)
        assert query.answer.search(outputs[query.command]), query.command
    assert case.dialect.stations(outputs) == case.stations


@EACH
@pytest.mark.timeout(30)
def test_an_answer_of_blank_lines_does_not_take_long(case: Case) -> None:
    text = "\n" * 100_000
    for query in (*case.dialect.peer_queries(None), *case.dialect.station_queries()):
        query.answer.search(text)
    outputs = {query.command: text for query in case.dialect.peer_queries(None)}
    assert case.dialect.peers(outputs, None) == []


COUNTED = [case for case in CASES if case.platform in {"cisco_nxos", "aruba_aoscx", "brocade_fastiron"}]
ONCE = [
    case for case in CASES if case.platform in {"arista_eos", "huawei_vrp", "huawei_vrpv8", "dell_force10"}
]


@pytest.mark.parametrize("case", [*COUNTED, *ONCE], ids=lambda case: case.platform)
def test_a_neighbor_that_forges_another_one_gets_the_whole_listing_refused(case: Case) -> None:
    # It knows the layout, and where its words go.
    text = filled(case, free="x\n" + filled(case, name="forged", free="x"))
    with pytest.raises(ValueError, match="forges"):
        heard(case, text)


@pytest.mark.parametrize("case", ONCE[:3], ids=lambda case: case.platform)
def test_asked_about_one_port_a_forged_one_does_not_count(case: Case) -> None:
    two = PortName(case.ports[1])
    inner = filled(case, name="forged", free="x")
    text = filled(replace(case, listing=case.listing), free=f"x\n{inner}")
    assert "forged" not in {peer.name for peer in heard(case, text, two)}


def test_where_no_layout_is_known_a_dialect_does_not_say_that_it_discovers() -> None:
    assert not isinstance(DellOs10(), Discovers)


def test_a_junos_value_that_is_longer_than_its_column_is_not_taken_for_its_neighbor() -> None:
    [case] = [case for case in CASES if case.platform == "juniper_junos"]
    text = JUNOS.replace("02:00:00:00:00:a2  ", "a-very-long-port-name  ")
    [peer, _] = heard(case, text)
    assert (peer.far_port, peer.name) == ("", "")
    assert peer.chassis == "02:00:00:00:00:a1"
