"""What one segment asks of one device, and what may not be asked. Pure; called by the planners and `inventory`."""

from __future__ import annotations

from trunkline.orchestrator.intents import Gateway
from trunkline.orchestrator.models import ExternalGateway, RouterGateway, Segment, SviGateway, Switch
from trunkline.orchestrator.planning.names import gateway_addresses
from trunkline.orchestrator.vlans import RESERVED, Vid


def forbidden(switch: Switch, vlan: Vid) -> str:
    """Say why this VLAN may not be touched on this switch; empty when it may."""
    if vlan in RESERVED:
        return f"VLAN {vlan} belongs to the switch itself"
    if vlan in switch.protected_vlans:
        return f"VLAN {vlan} is protected on switch {switch.name}"
    if vlan not in switch.managed_vlans:
        return f"VLAN {vlan} is not among the managed VLANs {switch.managed_vlans} of switch {switch.name}"
    return ""


def gateway_claims(segment: Segment, device: Switch) -> frozenset[Gateway]:
    """Give the gateway of a segment as this device's claim; empty when it is elsewhere."""
    match segment.gateway:
        case SviGateway(switch=device.name):
            parent = None
        case RouterGateway(router=device.name, interface=parent) if parent not in device.protected_ports:
            pass
        case SviGateway() | RouterGateway() | ExternalGateway():
            return frozenset()
    return frozenset({Gateway(vlan=segment.vlan, addresses=gateway_addresses(segment), parent=parent)})
