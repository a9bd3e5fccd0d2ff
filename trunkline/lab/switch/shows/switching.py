"""`show interfaces switchport|trunk|status`, the MAC table, port security, spanning tree, etherchannel."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from trunkline.lab.switch import operation, vlan_lists
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.interface_names import named
from trunkline.lab.switch.session import RefusedError, Session
from trunkline.lab.switch.shows import selection
from trunkline.lab.switch.state import Interface, Switching
from trunkline.orchestrator.vlans import VlanSet

_MODE = {
    "access": "static access",
    "trunk": "trunk",
    "dynamic auto": "dynamic auto",
    "dynamic desirable": "dynamic desirable",
}


@everywhere("show interfaces switchport", "show interfaces {name:interface} switchport")
def switchport(session: Session, arguments: Arguments) -> str:
    """Show layer 2 settings."""
    device = session.device
    if not device.hardware.switching:
        return ""
    if "name" in arguments:
        interface = selection.one(session, arguments)
        if interface.is_svi or interface.name.kind == "Loopback":
            raise RefusedError(f"{interface.name} is not a switchable port.")
        return _switchport(device, interface)
    ports = [i for i in device.state.ordered() if i.physical or i.name.kind == "Port-channel"]
    return "\n".join(_switchport(device, port) for port in ports)


def _switchport(device: Device, interface: Interface) -> str:
    switching = interface.switching
    if switching is None:
        return f"Name: {interface.name.short}\nSwitchport: Disabled\n"
    linked = operation.has_link(device, interface)
    trunk = operation.is_trunking(device, interface)
    mode = "trunk" if trunk else "static access"
    used = (switching.encapsulation if trunk else "native") if linked else None
    lines = [
        f"Name: {interface.name.short}",
        "Switchport: Enabled",
        f"Administrative Mode: {_MODE[switching.mode]}",
        f"Operational Mode: {mode if linked else 'down'}",
        f"Administrative Trunking Encapsulation: {switching.encapsulation}",
        *([] if used is None else [f"Operational Trunking Encapsulation: {used}"]),
        f"Negotiation of Trunking: {'Off' if switching.nonegotiate or switching.mode == 'access' else 'On'}",
        f"Access Mode VLAN: {_named(device, switching.access_vlan)}",
        f"Trunking Native Mode VLAN: {_named(device, switching.native_vlan)}",
        _UNUSED_ABOVE,
        f"Trunking VLANs Enabled: {vlan_lists.shown(switching.allowed)}",
        _UNUSED_BELOW,
    ]
    return "\n".join(lines)


_UNUSED_ABOVE = """\
Administrative Native VLAN tagging: disabled
Voice VLAN: none
Administrative private-vlan host-association: none
Administrative private-vlan mapping: none
Administrative private-vlan trunk native VLAN: none
Administrative private-vlan trunk Native VLAN tagging: enabled
Administrative private-vlan trunk encapsulation: dot1q
Administrative private-vlan trunk normal VLANs: none
Administrative private-vlan trunk associations: none
Administrative private-vlan trunk mappings: none
Operational private-vlan: none"""
_UNUSED_BELOW = """\
Pruning VLANs Enabled: 2-1001
Capture Mode Disabled
Capture VLANs Allowed: ALL

Protected: false
Unknown unicast blocked: disabled
Unknown multicast blocked: disabled
Appliance trust: none
"""


def _named(device: Device, number: int) -> str:
    vlan = device.state.vlans.get(number)
    return f"{number} ({'Inactive' if vlan is None else vlan.name})"


@everywhere("show interfaces trunk", "show interfaces {name:interface} trunk")
def trunk(session: Session, arguments: Arguments) -> str:
    """Show what trunks carry: allowed, allowed and active, forwarding."""
    device = session.device
    if not device.hardware.switching:
        return ""
    if "name" in arguments:
        ports = [selection.one(session, arguments)]
    else:
        ports = [i for i in device.state.ordered() if operation.is_trunking(device, i) and i.channel is None]
    rows = [(port, port.switching) for port in ports if port.switching is not None]
    if not rows:
        return ""
    tables = [
        ["", "Port        Mode             Encapsulation  Status        Native vlan"]
        + [_trunk_row(device, port, switching) for port, switching in rows],
        _lists("Vlans allowed on trunk", rows, lambda _, switching: switching.allowed),
        _lists(
            "Vlans allowed and active in management domain", rows, lambda port, _: device.state.carried(port)
        ),
        _lists(
            "Vlans in spanning tree forwarding state and not pruned",
            rows,
            lambda port, _: device.state.carried(port) if operation.has_link(device, port) else VlanSet(),
        ),
    ]
    return "\n".join(line for table in tables for line in table)


def _trunk_row(device: Device, port: Interface, switching: Switching) -> str:
    mode = {"trunk": "on", "access": "off", "dynamic auto": "auto"}.get(switching.mode, "desirable")
    encapsulation = {"dot1q": "802.1q", "isl": "isl"}.get(switching.encapsulation, "negotiate")
    state = "trunking" if operation.is_trunking(device, port) else "not-trunking"
    return f"{port.name.short:<11} {mode:<16} {encapsulation:<14} {state:<13} {switching.native_vlan}"


def _lists(
    title: str,
    rows: list[tuple[Interface, Switching]],
    value: Callable[[Interface, Switching], VlanSet],
) -> list[str]:
    lines = ["", f"Port        {title}"]
    for port, switching in rows:
        ids = value(port, switching) if switching.mode == "trunk" else VlanSet({switching.access_vlan})
        first, *others = list(ids.chunks(67)) or ["none"]
        lines.append(f"{port.name.short:<11} {first}" + ("," if others else ""))
        lines += [f"{'':<11} {other}" + ("," if other is not others[-1] else "") for other in others]
    return lines


@everywhere("show interfaces status", "show interfaces {name:interface} status")
def status(session: Session, arguments: Arguments) -> str:
    """Show one line per port."""
    device = session.device
    if not device.hardware.switching:
        raise RefusedError("% Command is not supported on this platform")
    ports = [selection.one(session, arguments)] if "name" in arguments else device.state.ordered()
    return "\n".join(
        [
            "",
            "Port      Name               Status       Vlan       Duplex  Speed Type",
            *(_status(device, p) for p in ports if p.physical or p.name.kind == "Port-channel"),
        ]
    )


@everywhere("show interfaces status err-disabled")
def err_disabled(session: Session, _arguments: Arguments) -> str:
    """Show the ports that the switch has shut down by itself; nothing when there is none."""
    device = session.device
    if not device.err_disabled:
        return ""
    ports = [port for port in device.state.ordered() if str(port.name) in device.err_disabled]
    return "\n".join(
        [
            "",
            "Port      Name               Status       Reason               Err-disabled Vlans",
            *(
                f"{port.name.short:<9} {port.description:<18.18} {'err-disabled':<12} "
                f"{device.err_disabled[str(port.name)]:<20}"
                for port in ports
            ),
        ]
    )


def _status(device: Device, port: Interface) -> str:
    linked = operation.has_link(device, port)
    word = "disabled" if port.shutdown else "connected" if linked else "notconnect"
    if port.switching is None:
        vlan = "routed"
    elif operation.is_trunking(device, port):
        vlan = "trunk"
    else:
        vlan = str(port.switching.access_vlan)
    fast = port.name.kind == "TenGigabitEthernet"
    duplex, speed = ("a-full", "a-10G" if fast else "a-1000") if linked else ("auto", "auto")
    kind = "SFP-10GBase-SR" if fast else "10/100/1000BaseTX" if port.physical else ""
    return (
        f"{port.name.short:<9} {port.description:<18.18} {word:<12} {vlan:<10} {duplex:>6} {speed:>6} {kind}"
    )


@everywhere(
    "show mac address-table",
    "show mac address-table dynamic",
    "show mac address-table vlan {vlan:1-4094}",
    "show mac address-table dynamic vlan {vlan:1-4094}",
    "show mac address-table interface {name:interface}",
    "show mac address-table dynamic interface {name:interface}",
    "show mac address-table interface {name:interface} vlan {vlan:1-4094}",
    "show mac address-table dynamic interface {name:interface} vlan {vlan:1-4094}",
    "show mac address-table address {mac:word}",
    "show mac address-table dynamic address {mac:word}",
)
def mac_table(session: Session, arguments: Arguments) -> str:
    """Show who was heard where."""
    wanted_port = named(arguments["name"]).short if "name" in arguments else None
    rows = [
        f"{mac.vlan:>4}    {mac.mac}    DYNAMIC     {named(mac.port).short}"
        for mac in sorted(session.device.observed.macs, key=lambda mac: (mac.vlan, mac.mac))
        if arguments.get("vlan", str(mac.vlan)) == str(mac.vlan)
        and wanted_port in {None, named(mac.port).short}
        and arguments.get("mac", mac.mac).lower() == mac.mac
    ]
    return "\n".join(
        [
            "          Mac Address Table",
            "-------------------------------------------",
            "",
            "Vlan    Mac Address       Type        Ports",
            "----    -----------       --------    -----",
            *rows,
            f"Total Mac Addresses for this criterion: {len(rows)}",
        ]
    )


@everywhere("show port-security interface {name:interface}")
def port_security(session: Session, arguments: Arguments) -> str:
    """Show how many addresses may be behind a port."""
    interface = selection.one(session, arguments)
    if interface.switching is None:
        raise RefusedError(f"{interface.name} is not a switchable port.")
    security = interface.switching.security
    learned = [m for m in session.device.observed.macs if m.port == str(interface.name)]
    up = operation.has_link(session.device, interface)
    return f"""\
Port Security              : {"Enabled" if security.enabled else "Disabled"}
Port Status                : Secure-{"up" if up and security.enabled else "down"}
Violation Mode             : {security.violation.capitalize()}
Aging Time                 : 0 mins
Aging Type                 : Absolute
SecureStatic Address Aging : Disabled
Maximum MAC Addresses      : {security.maximum}
Total MAC Addresses        : {len(learned) if security.enabled else 0}
Configured MAC Addresses   : 0
Sticky MAC Addresses       : 0
Last Source Address:Vlan   : 0000.0000.0000:0
Security Violation Count   : 0
"""


@everywhere("show spanning-tree", "show spanning-tree vlan {vlan:1-4094}")
def spanning_tree(session: Session, arguments: Arguments) -> str:
    """Show that everything forwards: this switch is every tree's root, and nothing here makes loops."""
    device = session.device
    chosen = [int(arguments["vlan"])] if "vlan" in arguments else sorted(device.state.vlans)
    instances = [number for number in chosen if device.state.active(number) and _carriers(device, number)]
    if not instances:
        return f"Spanning tree instance(s) for vlan {VlanSet(chosen)} does not exist."
    return "\n".join(line for number in instances for line in _tree(device, number))


def _carriers(device: Device, number: int) -> list[Interface]:
    ports = (i for i in device.state.ordered() if i.channel is None)
    return [port for port in ports if operation.carries(device, port, number)]


def _tree(device: Device, number: int) -> Iterator[str]:
    timers = "             Hello Time   2 sec  Max Age 20 sec  Forward Delay 15 sec"
    address = operation.mac(device)
    yield from ("", f"VLAN{number:04d}", "  Spanning tree enabled protocol rstp")
    yield from (f"  Root ID    Priority    {32768 + number}", f"             Address     {address}")
    yield from ("             This bridge is the root", timers, "")
    yield f"  Bridge ID  Priority    {32768 + number}  (priority 32768 sys-id-ext {number})"
    yield from (f"             Address     {address}", timers, "             Aging Time  300 sec", "")
    yield "Interface           Role Sts Cost      Prio.Nbr Type"
    yield "------------------- ---- --- --------- -------- --------------------------------"
    for port in _carriers(device, number):
        place = port.name.number
        edge = any(line.startswith("spanning-tree portfast") for line in port.other)
        yield f"{port.name.short:<19} Desg FWD {4:<9} 128.{place:<4} P2p {'Edge ' if edge else ''}"
    yield ""


@everywhere("show etherchannel summary")
def etherchannel(session: Session, _arguments: Arguments) -> str:
    """Show port-channels and their members."""
    device = session.device
    channels = [i for i in device.state.ordered() if i.name.kind == "Port-channel"]
    lines = [f"Number of channel-groups in use: {len(channels)}"]
    lines += [f"Number of aggregators:           {len(channels)}", ""]
    lines += ["Group  Port-channel  Protocol    Ports"]
    lines += ["------+-------------+-----------+-----------------------------------------------"]
    for channel in channels:
        number = channel.name.number
        members = [i for i in device.state.ordered() if i.channel is not None and i.channel[0] == number]
        flags = "SU" if operation.has_link(device, channel) else "SD"
        listed = "    ".join(
            f"{m.name.short}({'P' if operation.has_link(device, m) else 'D'})" for m in members
        )
        protocol = (
            "LACP" if any(m.channel and m.channel[1] in {"active", "passive"} for m in members) else "-"
        )
        row = f"{number:<6} {f'Po{number}({flags})':<13}   {protocol:<9} {listed}"
        lines += textwrap.wrap(row, 100, subsequent_indent=" " * 34)
    return "\n".join(lines)
