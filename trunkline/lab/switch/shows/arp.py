"""`show ip arp` and `show ipv6 neighbors`."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from trunkline.lab.switch import operation
from trunkline.lab.switch.dataplane import LearnedNeighbor
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.interface_names import named
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.shows import selection

ARP_HEADER = "Protocol  Address          Age (min)  Hardware Addr   Type   Interface"
ND_HEADER = "IPv6 Address                              Age Link-layer Addr State Interface"
IPV4, IPV6 = 4, 6


@everywhere("show ip arp", "show ip arp {address:ip}", "show ip arp {name:interface}")
def arp(session: Session, arguments: Arguments) -> str:
    """Show who has which IPv4 address, the switch's own without an age."""
    device = session.device
    rows = [*_own(device), *(each for each in device.observed.neighbors if each.address.version == IPV4)]
    chosen = _chosen(session, arguments, rows)
    return _table(ARP_HEADER, [_arp_row(each) for each in chosen])


@everywhere(
    "show ipv6 neighbors", "show ipv6 neighbors {address:ip6}", "show ipv6 neighbors {name:interface}"
)
def neighbors(session: Session, arguments: Arguments) -> str:
    """Show who has which IPv6 address; the switch's own are not among them."""
    rows = [each for each in session.device.observed.neighbors if each.address.version == IPV6]
    return _table(ND_HEADER, [_nd_row(each) for each in _chosen(session, arguments, rows)])


def _own(device: Device) -> Iterator[LearnedNeighbor]:
    for interface in device.state.ordered():
        if operation.is_up(device, interface):
            mac = operation.mac(device, interface.name)
            for address in interface.addresses:
                yield LearnedNeighbor(
                    interface=str(interface.name), address=address.ip, mac=mac, age_minutes=None
                )


def _chosen(session: Session, arguments: Arguments, rows: list[LearnedNeighbor]) -> list[LearnedNeighbor]:
    if "name" in arguments:
        name = str(selection.one(session, arguments).name)
        rows = [row for row in rows if row.interface == name]
    if "address" in arguments:
        text = arguments["address"]
        address = IPv6Address(text) if ":" in text else IPv4Address(text)
        rows = [row for row in rows if row.address == address]
    return sorted(rows, key=lambda row: int(row.address))


def _table(header: str, rows: list[str]) -> str:
    """Give the table, or nothing at all where there is no row (not sourced)."""
    return "\n".join([header, *rows]) if rows else ""


def _arp_row(row: LearnedNeighbor) -> str:
    left = f"Internet  {row.address!s:<15}{_age(row):>10}   "
    if not row.mac:
        return f"{left}Incomplete      ARPA"
    return f"{left}{row.mac:<16}ARPA   {row.interface}"


def _nd_row(row: LearnedNeighbor) -> str:
    state = row.state if row.mac else "INCMP"
    left = f"{str(row.address).upper():<39}{_age(row):>6}"
    return f"{left} {row.mac or '-':<14}  {state:<5} {named(row.interface).short}"


def _age(row: LearnedNeighbor) -> str:
    return "-" if row.age_minutes is None else str(row.age_minutes)
