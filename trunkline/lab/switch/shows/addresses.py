"""`show ip|ipv6 interface [brief]`."""

from __future__ import annotations

from trunkline.lab.switch import operation
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.shows import selection
from trunkline.lab.switch.state import Interface


@everywhere("show ip interface brief", "show ip interface {name:interface} brief")
@everywhere("show ip interface brief {name:interface}")
def brief(session: Session, arguments: Arguments) -> str:
    """Show one line per interface."""
    device = session.device
    rows = ["Interface                  IP-Address      OK? Method Status                Protocol"]
    for interface in selection.one_or_all(session, arguments):
        address = "unassigned" if interface.address is None else str(interface.address.ip)
        method = "unset" if interface.address is None else "manual"
        protocol = "up" if operation.is_up(device, interface) else "down"
        state = operation.status(device, interface)
        rows.append(f"{interface.name!s:<26} {address:<15} YES {method:<6} {state:<21} {protocol}")
    if "name" not in arguments:
        rows += [
            f"{name:<26} unassigned      YES unset  deleted               down"
            for name in device.state.removed
        ]
    return "\n".join(rows)


@everywhere("show ipv6 interface brief", "show ipv6 interface {name:interface} brief")
@everywhere("show ipv6 interface brief {name:interface}")
def brief6(session: Session, arguments: Arguments) -> str:
    """Show the IPv6 addresses of every interface, the link-local one first."""
    device = session.device
    lines = []
    for interface in selection.one_or_all(session, arguments):
        protocol = "up" if operation.is_up(device, interface) else "down"
        lines.append(f"{interface.name!s:<22} [{operation.status(device, interface)}/{protocol}]")
        if not interface.addresses6:
            lines.append("    unassigned")
            continue
        lines.append(f"    {operation.link_local(device, interface)}")
        lines += [f"    {a.ip}".upper() for a in interface.addresses6 if not a.ip.is_link_local]
    return "\n".join(lines)


@everywhere("show ip interface", "show ip interface {name:interface}")
def full(session: Session, arguments: Arguments) -> str:
    """Show IPv4 settings."""
    return "\n".join(_full(session.device, each) for each in selection.one_or_all(session, arguments))


def _full(device: Device, interface: Interface) -> str:
    protocol = "up" if operation.is_up(device, interface) else "down"
    head = f"{interface.name} is {operation.status(device, interface)}, line protocol is {protocol}"
    if interface.address is None:
        return f"{head}\n  Internet protocol processing disabled"
    lines = [
        head,
        f"  Internet address is {interface.address}",
        "  Broadcast address is 255.255.255.255",
        "  Address determined by setup command",
        f"  MTU is {interface.mtu or 1500} bytes",
        "  Helper address is not set",
        "  Directed broadcast forwarding is disabled",
        *(f"  Secondary address {address}" for address in interface.secondaries),
        "  Outgoing access list is not set",
        "  Inbound  access list is not set",
        "  Proxy ARP is enabled",
    ]
    return "\n".join(lines)


@everywhere("show ipv6 interface", "show ipv6 interface {name:interface}")
def full6(session: Session, arguments: Arguments) -> str:
    """Show IPv6 settings; interfaces without IPv6 are left out."""
    device = session.device
    chosen = selection.one_or_all(session, arguments)
    return "\n".join(_full6(device, each) for each in chosen if each.addresses6)


def _full6(device: Device, interface: Interface) -> str:
    protocol = "up" if operation.is_up(device, interface) else "down"
    lines = [
        f"{interface.name} is {operation.status(device, interface)}, line protocol is {protocol}",
        f"  IPv6 is enabled, link-local address is {operation.link_local(device, interface)} ",
        "  No Virtual link-local address(es):",
        "  Global unicast address(es):",
    ]
    for address in interface.addresses6:
        if not address.ip.is_link_local:
            network = address.network
            subnet = f"{network.network_address}/{network.prefixlen}"
            lines.append(f"    {str(address.ip).upper()}, subnet is {subnet.upper()} ")
    lines += ["  Joined group address(es):", "    FF02::1", f"  MTU is {interface.mtu or 1500} bytes"]
    return "\n".join(lines)
