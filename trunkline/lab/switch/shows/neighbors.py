"""`show lldp neighbors [detail]`, `show cdp neighbors`."""

from __future__ import annotations

from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.interface_names import named
from trunkline.lab.switch.lldp import Neighbor
from trunkline.lab.switch.session import RefusedError, Session
from trunkline.lab.switch.shows import selection

LLDP_HEADER = """\
Capability codes:
    (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device
    (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other

Device ID           Local Intf     Hold-time  Capability      Port ID"""
CDP_HEADER = """\
Capability Codes: R - Router, T - Trans Bridge, B - Source Route Bridge
                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone,{blank}
                  D - Remote, C - CVTA, M - Two-port Mac Relay{blank}

Device ID        Local Intrfce     Holdtme    Capability  Platform  Port ID

Total cdp entries displayed : 0""".format(blank=" ")


@everywhere("show lldp neighbors", "show lldp neighbors {name:interface}")
def neighbors(session: Session, arguments: Arguments) -> str:
    """List who was heard."""
    heard = _heard(session, arguments)
    rows = [
        f"{n.system_name:<20.20}{named(n.port).short:<15}{n.hold_seconds:<11}{_enabled(n):<16}{n.port_id}"
        for n in heard
    ]
    return "\n".join(["", LLDP_HEADER, *rows, "", f"Total entries displayed: {len(heard)}", ""])


@everywhere("show lldp neighbors detail", "show lldp neighbors {name:interface} detail")
def detail(session: Session, arguments: Arguments) -> str:
    """Show all they said."""
    heard = _heard(session, arguments)
    return "\n".join([*(_detail(n) for n in heard), "", f"Total entries displayed: {len(heard)}", ""])


def _heard(session: Session, arguments: Arguments) -> list[Neighbor]:
    if not session.device.state.lldp:
        raise RefusedError("% LLDP is not enabled")
    wanted = str(selection.one(session, arguments).name) if "name" in arguments else None
    everybody = (*session.device.neighbors, *session.device.observed.heard)
    return [n for n in everybody if wanted in {None, n.port}]


def _enabled(neighbor: Neighbor) -> str:
    return neighbor.capabilities if neighbor.enabled is None else neighbor.enabled


def _said(text: str) -> str:
    return f": {text}" if text else " - not advertised"


def _detail(neighbor: Neighbor) -> str:
    addresses = (
        f"Management Addresses:\n    IP: {neighbor.management_address}"
        if neighbor.management_address
        else "Management Addresses - not advertised"
    )
    return f"""\
------------------------------------------------
Local Intf: {named(neighbor.port).short}
Chassis id: {neighbor.chassis_id}
Port id: {neighbor.port_id}
Port Description{_said(neighbor.port_description)}
System Name{_said(neighbor.system_name)}

System Description{f":{chr(10)}{neighbor.system_description}" if neighbor.system_description else _said("")}

Time remaining: {neighbor.remaining_seconds} seconds
System Capabilities{_said(neighbor.capabilities)}
Enabled Capabilities{_said(_enabled(neighbor))}
{addresses}
Auto Negotiation - not supported
Physical media capabilities - not advertised
Media Attachment Unit type - not advertised
Vlan ID: - not advertised
"""


@everywhere("show cdp neighbors", "show cdp neighbors {name:interface}")
def cdp(session: Session, arguments: Arguments) -> str:
    """List nobody: Linux does not talk CDP."""
    if "name" in arguments:
        selection.one(session, arguments)
    return CDP_HEADER


@everywhere("show cdp neighbors detail", "show cdp neighbors {name:interface} detail")
def cdp_detail(session: Session, arguments: Arguments) -> str:
    """Show nobody."""
    if "name" in arguments:
        selection.one(session, arguments)
    return "\nTotal cdp entries displayed : 0"
