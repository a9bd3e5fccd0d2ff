"""The lines of a VLAN's layer 3 interface and the gateway they mean, for dialects that write them alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, ip_interface

from trunkline.drivers.switch.state import GatewayRow
from trunkline.orchestrator.intents import Gateway
from trunkline.orchestrator.models import Interface

ADDRESS_LINE = re.compile(
    r"(?:no )?(?:ip address \d[\d.]*(?:/\d+| \d[\d.]*)(?: secondary)?|ipv6 address [0-9A-Fa-f:.]+/\d+)"
)
"""For the guard: one address is given or taken; never all of them at once."""

_IPV4 = re.compile(r"ip address (?P<ip>\d[\d.]*)(?:/| )(?P<mask>\d[\d.]*)(?P<secondary> secondary)?")
_IPV6 = re.compile(r"ipv6 address (?P<ip>[0-9A-Fa-f:.]+/\d+)")
_CONFLICT = re.compile(r"ip (?:address|unnumbered) ")
_PLAIN = re.compile(r"no ip address|(?:no )?shutdown")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressForm:
    """How a platform writes an IPv4 address: with a mask or a length, and what marks another one beside the first."""

    masks: bool = False
    secondary: str = " secondary"


def read_gateway(lines: Sequence[str], *, plain: re.Pattern[str] = _PLAIN) -> GatewayRow:
    """Read the stripped lines of an interface; those that match ``plain`` say nothing of their own.

    Raises:
        ValueError: an address is none.
    """
    addresses: set[Interface] = set()
    primary: Interface | None = None
    others: list[str] = []
    for line in lines:
        if found := _IPV4.fullmatch(line):
            address = ip_interface(f"{found['ip']}/{found['mask']}")
            addresses.add(address)
            primary = primary if found["secondary"] or primary else address
        elif found := _IPV6.fullmatch(line):
            addresses.add(ip_interface(found["ip"]))
        elif not plain.fullmatch(line) and not _PLAIN.fullmatch(line):
            others.append(line)
    return GatewayRow(
        addresses=frozenset(addresses),
        primary=primary,
        shutdown="shutdown" in lines,
        conflicts=tuple(line for line in others if _CONFLICT.match(line)),
        others=tuple(line for line in others if not _CONFLICT.match(line)),
    )


def lines_to_add(claim: Gateway, row: GatewayRow | None, form: AddressForm) -> tuple[str, ...]:
    """Write what is missing of a gateway's addresses."""
    have = row.addresses if row else frozenset()
    primary = row.primary if row else None
    lines: tuple[str, ...] = ()
    for address in claim.addresses:
        if address in have:
            continue
        lines += (_line(address, form, second=primary is not None),)
        if isinstance(address, IPv4Interface):
            primary = primary or address
    return lines


def lines_to_remove(row: GatewayRow | None, form: AddressForm) -> tuple[str, ...]:
    """Write the removal of every address, the primary one last: devices keep it while others hang on it."""
    if row is None:
        return ()
    ordered = sorted(row.addresses, key=lambda address: (address == row.primary, str(address)))
    return tuple(f"no {_line(address, form, second=address != row.primary)}" for address in ordered)


def _line(address: Interface, form: AddressForm, *, second: bool) -> str:
    if not isinstance(address, IPv4Interface):
        return f"ipv6 address {address}"
    text = f"{address.ip} {address.netmask}" if form.masks else str(address)
    return f"ip address {text}{form.secondary if second else ''}"
