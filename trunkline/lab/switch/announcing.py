"""What the switch says of itself on each of its ports. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address

from trunkline.lab.switch import operation
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.lldp import Announcement
from trunkline.lab.switch.state import Interface


def announcements(device: Device) -> dict[str, Announcement]:
    """Say what is announced on which port, by its long name; nothing at all while LLDP is off."""
    state = device.state
    if not state.lldp:
        return {}
    name = f"{state.hostname}.{state.domain_name}" if state.domain_name else state.hostname
    switching = device.hardware.switching
    return {
        str(port.name): Announcement(
            chassis=operation.mac(device),
            source=operation.mac(device, port.name),
            port_id=port.name.short,
            port_description=port.description or str(port.name),
            system_name=name,
            system_description=device.hardware.system_description,
            capabilities="BR" if switching else "R",
            enabled="R" if not switching else "BR" if state.ip_routing else "B",
            management_address=_management(device),
        )
        for port in state.ordered()
        if _speaks(port)
    }


def _speaks(port: Interface) -> bool:
    return port.physical and port.name.sub is None and not port.shutdown


def _management(device: Device) -> IPv4Address | None:
    """Give the first address that it answers at."""
    up = (each for each in device.state.ordered() if operation.is_up(device, each))
    return next((address.ip for each in up for address in each.addresses), None)
