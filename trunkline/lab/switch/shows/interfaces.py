"""`show interfaces` and `show interfaces description`."""

from __future__ import annotations

from trunkline.lab.switch import operation
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.shows import selection
from trunkline.lab.switch.state import Interface


@everywhere("show interfaces", "show interfaces {name:interface}")
def interfaces(session: Session, arguments: Arguments) -> str:
    """Show everything about interfaces."""
    return "\n".join(
        _interface(session.device, each) for each in selection.one_or_all(session, arguments)
    ).rstrip("\n")


def _interface(device: Device, interface: Interface) -> str:
    state = operation.status(device, interface)
    up = operation.is_up(device, interface)
    connected = " (connected)" if up else " (notconnect)" if interface.physical else ""
    protocol = ("up" if up else "down") + (connected if device.hardware.switching else "")
    fast = interface.name.kind == "TenGigabitEthernet"
    bandwidth = 10_000_000 if fast else 1_000_000
    hardware = "Ethernet SVI" if interface.is_svi else "Ten Gigabit Ethernet" if fast else "Gigabit Ethernet"
    address = operation.mac(device, interface.name)
    lines = [
        f"{interface.name} is {state}, line protocol is {protocol} ",
        f"  Hardware is {hardware}, address is {address} (bia {address})",
        *([f"  Description: {interface.description}"] if interface.description else []),
        *([] if interface.address is None else [f"  Internet address is {interface.address}"]),
        f"  MTU {interface.mtu or 1500} bytes, BW {bandwidth} Kbit/sec, DLY 10 usec, ",
        "     reliability 255/255, txload 1/255, rxload 1/255",
        f"  Encapsulation {_encapsulation(interface)}, loopback not set",
        *(["  Keepalive set (10 sec)"] if interface.physical else []),
        *([_wire(up=up, fast=fast)] if interface.physical else []),
        "  Last input never, output never, output hang never",
        '  Last clearing of "show interface" counters never',
        "  5 minute input rate 0 bits/sec, 0 packets/sec",
        "  5 minute output rate 0 bits/sec, 0 packets/sec",
        "     0 packets input, 0 bytes, 0 no buffer",
        "     0 packets output, 0 bytes, 0 underruns",
    ]
    return "\n".join(lines)


def _encapsulation(interface: Interface) -> str:
    if interface.dot1q is not None:
        return f"802.1Q Virtual LAN, Vlan ID  {interface.dot1q}."
    return "ARPA"


def _wire(*, up: bool, fast: bool) -> str:
    if not up:
        return "  Auto-duplex, Auto-speed, media type is 10/100/1000BaseTX"
    return f"  Full-duplex, {'10Gb/s' if fast else '1000Mb/s'}, media type is 10/100/1000BaseTX"


@everywhere("show interfaces description", "show interfaces {name:interface} description")
def description(session: Session, arguments: Arguments) -> str:
    """Show one line per interface."""
    rows = ["Interface                      Status         Protocol Description"]
    for interface in selection.one_or_all(session, arguments):
        state = "admin down" if interface.shutdown else operation.status(session.device, interface)
        protocol = "up" if operation.is_up(session.device, interface) else "down"
        row = f"{interface.name.short:<30} {state:<14} {protocol:<8} {interface.description}"
        rows.append(row.rstrip())
    return "\n".join(rows)
