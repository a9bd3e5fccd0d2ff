"""`show vlan` in its forms, `show vlans` of routers, `show vtp status`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from trunkline.lab.switch import operation
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.session import RefusedError, Session
from trunkline.lab.switch.state import VTP_3, Interface, Vlan

HEADER = """\
VLAN Name                             Status    Ports
---- -------------------------------- --------- -------------------------------"""
DETAIL_HEADER = """
VLAN Type  SAID       MTU   Parent RingNo BridgeNo Stp  BrdgMode Trans1 Trans2
---- ----- ---------- ----- ------ ------ -------- ---- -------- ------ ------"""
TAIL = """
Remote SPAN VLANs
------------------------------------------------------------------------------


Primary Secondary Type              Ports
------- --------- ----------------- ------------------------------------------
"""
PORTS_COLUMN = 48
LINE = 80
LAST_NORMAL = 1005
"""The last VLAN that VTP 1 and 2 know."""
_LEFTOVERS = {
    1002: ("fddi ", "-      -      -        -    -       "),
    1003: ("tr   ", "-      -      -        -    srb     "),
    1004: ("fdnet", "-      -      -        ieee -       "),
    1005: ("trnet", "-      -      -        ibm  -       "),
}


@everywhere("show vlan brief")
def brief(session: Session, _arguments: Arguments) -> str:
    """List VLANs; ports that are trunks are not shown."""
    return "\n".join(["", HEADER, *_rows(session.device, session.device.state.vlans)])


@everywhere("show vlan")
def full(session: Session, _arguments: Arguments) -> str:
    """List VLANs with their details."""
    return _detailed(session.device, session.device.state.vlans)


@everywhere("show vlan id {vlan:1-4094}")
def by_id(session: Session, arguments: Arguments) -> str:
    """Show one VLAN; here trunks are listed too."""
    number = int(arguments["vlan"])
    if number not in session.device.state.vlans:
        raise RefusedError(f"VLAN id {number} not found in current VLAN database")
    return _detailed(session.device, [number], with_trunks=True)


@everywhere("show vlan name {name:word}")
def by_name(session: Session, arguments: Arguments) -> str:
    """Show the VLAN of a name."""
    vlans = session.device.state.vlans
    found = [number for number, vlan in vlans.items() if vlan.name == arguments["name"]]
    if not found:
        raise RefusedError(f"VLAN name {arguments['name']} not found in current VLAN database")
    return _detailed(session.device, found, with_trunks=True)


@everywhere("show vlan summary")
def summary(session: Session, _arguments: Arguments) -> str:
    """Count VLANs."""
    extended = sum(number > LAST_NORMAL for number in session.device.state.vlans)
    total = len(session.device.state.vlans)
    return (
        f"Number of existing VLANs              : {total}\n"
        f" Number of existing VTP VLANs         : {total - extended}\n"
        f" Number of existing extended VLANS    : {extended}"
    )


def _detailed(device: Device, numbers: Iterable[int], *, with_trunks: bool = False) -> str:
    wanted = sorted(numbers)
    return "\n".join(
        [
            "",
            HEADER,
            *_rows(device, wanted, with_trunks=with_trunks),
            DETAIL_HEADER,
            *(_detail(number) for number in wanted),
            TAIL,
        ]
    )


def _rows(device: Device, numbers: Iterable[int], *, with_trunks: bool = False) -> Iterator[str]:
    for number in sorted(numbers):
        vlan = device.state.vlans[number]
        ports = ", ".join(_ports(device, number, with_trunks=with_trunks))
        first, *others = textwrap.wrap(ports, LINE - PORTS_COLUMN) or [""]
        yield f"{number:<4} {vlan.name:<32.32} {_status(number, vlan):<9} {first.removesuffix(',')}"
        yield from (" " * PORTS_COLUMN + other.removesuffix(",") for other in others)


def _status(number: int, vlan: Vlan) -> str:
    if number in _LEFTOVERS:
        return "act/unsup"
    if vlan.shutdown:
        return "sus/lshut" if vlan.suspended else "act/lshut"
    return "suspended" if vlan.suspended else "active"


def _ports(device: Device, number: int, *, with_trunks: bool) -> Iterator[str]:
    for interface in device.state.ordered():
        switching = interface.switching
        if switching is None or interface.channel is not None:
            continue
        if interface.name.kind == "Port-channel" and not operation.has_link(device, interface):
            continue
        if switching.mode == "trunk":
            listed = with_trunks and operation.carries(device, interface, number)
        else:
            listed = switching.access_vlan == number
        if listed:
            yield interface.name.short


def _detail(number: int) -> str:
    kind, middle = _LEFTOVERS.get(number, ("enet ", "-      -      -        -    -       "))
    return f"{number:<4} {kind} {100000 + number:<10} 1500  {middle} 0      0   "


@everywhere("show vtp status")
def vtp_status(session: Session, _arguments: Arguments) -> str:
    """Show who may change VLANs."""
    device = session.device
    vtp = device.state.vtp
    if not device.hardware.switching:
        raise RefusedError("% VTP is not available on this platform")
    mode = vtp.mode.capitalize()
    if vtp.version == VTP_3 and vtp.primary:
        mode = "Primary Server"
    normal = sum(number <= LAST_NORMAL for number in device.state.vlans)
    small = vtp.mode == "server" and vtp.version != VTP_3
    most = LAST_NORMAL if small else device.hardware.most_vlans
    return f"""\
VTP Version capable             : 1 to 3
VTP version running             : {vtp.version}
VTP Domain Name                 : {vtp.domain}
VTP Pruning Mode                : Disabled
VTP Traps Generation            : Disabled
Device ID                       : {operation.mac(device)}
Configuration last modified by 0.0.0.0 at 0-0-00 00:00:00
Local updater ID is 0.0.0.0 (no valid interface found)

Feature VLAN:
--------------
VTP Operating Mode                : {mode}
Maximum VLANs supported locally   : {most}
Number of existing VLANs          : {normal}
Configuration Revision            : {vtp.revision}
MD5 digest                        : 0x57 0xCD 0x40 0x65 0x63 0x59 0x47 0xBD{" "}
                                    0x56 0x9D 0x4A 0x3E 0xA5 0x69 0x35 0xBC{" "}
"""


@everywhere("show vlans")
def router_vlans(session: Session, _arguments: Arguments) -> str:
    """List the VLANs of a router's sub-interfaces."""
    tagged = [i for i in session.device.state.ordered() if i.dot1q is not None]
    if not tagged:
        return "No Virtual LANs configured."
    blocks = [
        f"""
Virtual LAN ID:  {interface.dot1q} (IEEE 802.1Q Encapsulation)

   vLAN Trunk Interface:   {interface.name}

   Protocols Configured:   Address:              Received:        Transmitted:
           IP              {_ip(interface):<22}       0                   0"""
        for interface in tagged
    ]
    return "\n".join(blocks)


def _ip(interface: Interface) -> str:
    return "" if interface.address is None else str(interface.address.ip)
