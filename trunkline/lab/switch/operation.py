"""What is up and what is not: the operational state that follows from configuration and links; pure."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address
from typing import Literal

from trunkline.lab.switch.device import Device
from trunkline.lab.switch.interface_names import InterfaceName
from trunkline.lab.switch.state import Interface

Status = Literal["up", "down", "administratively down"]


def has_link(device: Device, interface: Interface) -> bool:
    """Whether a port is on and its cable has somebody at the other end; a port-channel needs one such member."""
    if interface.shutdown:
        return False
    if interface.name.kind == "Port-channel":
        members = (i for i in device.state.interfaces.values() if i.channel is not None)
        return any(
            member.channel is not None
            and member.channel[0] == interface.name.number
            and has_link(device, member)
            for member in members
        )
    return str(interface.name) in device.observed.links


def is_up(device: Device, interface: Interface) -> bool:
    """Whether packets pass: an SVI also needs its VLAN and a port that carries it; a sub-interface its parent."""
    if interface.shutdown:
        return False
    if interface.is_svi:
        vlan = interface.name.number
        return device.state.active(vlan) and any(
            carries(device, port, vlan) for port in device.state.interfaces.values()
        )
    if interface.name.kind == "Loopback":
        return True
    if interface.name.sub is not None:
        parent = device.state.interfaces[str(interface.name.parent)]
        return has_link(device, parent)
    return has_link(device, interface)


def carries(device: Device, port: Interface, vlan: int) -> bool:
    """Whether a port with a link lets a VLAN through."""
    return has_link(device, port) and vlan in device.state.carried(port)


def is_trunking(device: Device, port: Interface) -> bool:
    """Whether a port is a trunk right now; nobody here answers DTP, so a dynamic port never is."""
    return port.is_trunk and has_link(device, port)


def status(device: Device, interface: Interface) -> Status:
    """Give the first word of `show interfaces`."""
    if interface.shutdown:
        return "administratively down"
    return "up" if is_up(device, interface) else "down"


def mac(device: Device, name: InterfaceName | None = None) -> str:
    """Give a hardware address in dotted form: the device's own, or that of an interface."""
    digest = hashlib.sha256(device.serial.encode()).hexdigest()
    tail = 0
    if name is not None and name.kind in {"GigabitEthernet", "TenGigabitEthernet"}:
        tail = 1 + list(device.hardware.ports).index(str(name.parent))
    text = f"02{digest[:6]}{tail:04x}"[:12].ljust(12, "0")
    return f"{text[:4]}.{text[4:8]}.{text[8:]}"


def link_local(device: Device, interface: Interface) -> str:
    """Give the link-local address: the configured one, else made from the hardware address (RFC 4291, appendix A)."""
    for address in interface.addresses6:
        if address.ip.is_link_local:
            return str(address.ip).upper()
    text = mac(device, interface.name).replace(".", "")
    number = int(text, 16) ^ (0x02 << 40)
    half = (number >> 24 << 40) | (0xFFFE << 24) | (number & 0xFFFFFF)
    return str(IPv6Address((0xFE80 << 112) | half)).upper()
