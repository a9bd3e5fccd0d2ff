"""What VRP and Comware print of an interface, and how both write a list of VLANs. Pure; part of their dialects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_interface

from trunkline.drivers.switch.state import GatewayRow
from trunkline.orchestrator.models import Interface
from trunkline.orchestrator.vlans import VlanSet

MOST_ITEMS = 10
"""So many ids and ranges a list may have (VRP's and Comware's command references)."""

_ADDRESS = re.compile(r"^ ip address (?P<ip>[\d.]+) (?P<mask>[\d.]+)(?P<sub> sub)?$")
_ADDRESS6 = re.compile(r"^ ipv6 address (?P<ip>[0-9A-Fa-f:.]+/\d+)$")
_CONFLICT = re.compile(r"^ ip (?:address|unnumbered) ")
_PLAIN = re.compile(r"^(?:interface | ipv6 enable$| (?:undo )?shutdown$)")
_OURS_ON_A_PORT = re.compile(
    r"^(?:interface | port link-type | port trunk (?:allow-pass|permit|pvid) | undo port trunk (?:allow-pass|permit) "
    r"| port (?:default|access) vlan )"
)


def section(text: str) -> tuple[str, ...]:
    """Cut the interface's own lines out of `display current-configuration interface`."""
    lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
    starts = [index for index, line in enumerate(lines) if line.startswith("interface ")]
    if not starts:
        return ()
    body = lines[starts[0] :]
    ends = [index for index, line in enumerate(body) if line in {"#", "return"}]
    return tuple(line for line in body[: ends[0] if ends else None] if line)


def vlan_set(text: str) -> VlanSet:
    """Read ``1 10 20 to 25``, ``1 249-255``, ``all`` or ``-``."""
    words = text.strip().lower()
    if words in {"", "-", "none"}:
        return VlanSet()
    return VlanSet.parse(re.sub(r"\s+", ",", re.sub(r"\s+to\s+", "-", words)))


def lists(vlans: VlanSet) -> Iterator[str]:
    """Write ids as lists of at most `MOST_ITEMS` items."""
    items = str(vlans).replace("-", " to ").split(",") if vlans else []
    for start in range(0, len(items), MOST_ITEMS):
        yield " ".join(items[start : start + MOST_ITEMS])


def others(config: Sequence[str]) -> tuple[str, ...]:
    """Give a port's lines that we never write."""
    return tuple(line for line in config if not _OURS_ON_A_PORT.match(line))


def gateway(config: Sequence[str], command: str) -> GatewayRow:
    """Read a layer 3 interface's lines.

    Raises:
        ValueError: an address is none; the text names the command.
    """
    addresses: set[Interface] = set()
    primary: Interface | None = None
    rest: list[str] = []
    for line in config:
        try:
            if found := _ADDRESS.match(line):
                address = ip_interface(f"{found['ip']}/{found['mask']}")
                addresses.add(address)
                primary = primary if found["sub"] else address
            elif found := _ADDRESS6.match(line):
                addresses.add(ip_interface(found["ip"]))
            elif not _PLAIN.match(line):
                rest.append(line)
        except ValueError as error:
            raise ValueError(f"`{command}`: {error}") from error
    return GatewayRow(
        addresses=frozenset(addresses),
        primary=primary,
        shutdown=" shutdown" in config,
        conflicts=tuple(line for line in rest if _CONFLICT.match(line)),
        others=tuple(line for line in rest if not _CONFLICT.match(line)),
    )
