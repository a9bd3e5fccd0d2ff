"""`show lldp neighbors [detail]`, `show cdp neighbors`."""

from __future__ import annotations

from trunkline.lab.switch.device import Neighbor
from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.interface_names import named
from trunkline.lab.switch.session import RefusedError, Session

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
        f"{n.system_name:<20.20}{named(n.port).short:<15}{120:<11}{n.capabilities:<16}{n.port_id}"
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
    wanted = str(named(arguments["name"])) if "name" in arguments else None
    return [n for n in session.device.neighbors if wanted in {None, n.port}]


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
Port Description{f": {neighbor.port_description}" if neighbor.port_description else " - not advertised"}
System Name: {neighbor.system_name}

System Description:{" "}
{neighbor.system_description}

Time remaining: 110 seconds
System Capabilities: {neighbor.capabilities}
Enabled Capabilities: {neighbor.capabilities}
{addresses}
Auto Negotiation - not supported
Physical media capabilities - not advertised
Media Attachment Unit type - not advertised
Vlan ID: - not advertised
"""


@everywhere("show cdp neighbors", "show cdp neighbors detail")
def cdp(_session: Session, _arguments: Arguments) -> str:
    """List nobody: Linux does not talk CDP."""
    return CDP_HEADER
