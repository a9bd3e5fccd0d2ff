"""What switches with a Cisco-like command line show: tables and interface sections as values. Pure; for dialects.

NX-OS and EOS show the same table of VLANs as IOS, and the lines of an interface by themselves; they differ in names of
ports, in indentation and in columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_interface

from trunkline.drivers.switch.state import GatewayRow, VlanRow
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

_VLAN_ROW = re.compile(
    r"^(?P<vlan>\d{1,4})\s+(?P<name>\S.*?)\s+(?P<status>active|suspended|act/unsup|act/lshut|sus/lshut|sus/ishut|act/ishut)(?:\s|$)",
    re.MULTILINE,
)
_KEY = re.compile(r"[A-Z][\w /-]*")
_WRAPPED = " " * 5
"""What the rest of a value begins with that did not fit on its line."""
_ALLOWED = "switchport trunk allowed vlan "
_ALLOWED_LINE = re.compile(rf"{_ALLOWED}(?P<more>add )?(?P<vlans>all|none|[\d,-]+)")
_ADDRESS = re.compile(r"ip address (?P<address>[\d.]+/\d+)(?P<secondary> secondary)?")
_ADDRESS6 = re.compile(r"ipv6 address (?P<address>[0-9A-Fa-f:.]+/\d+)")
_CONFLICT = re.compile(r"ip (?:address|unnumbered) ")
_PLAIN = frozenset({"no ip address", "shutdown", "no shutdown"})
"""Lines of a layer 3 interface that say nothing of their own."""
_MAC = re.compile(r"\b(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}\b|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", re.IGNORECASE)


@contextmanager
def reading(command: str) -> Iterator[None]:
    """Name the command in whatever its output cannot be read as."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"`{command}`: {error}") from error


def parse_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `show vlan` or `show vlan brief`; trunk ports are not listed there."""
    rows = {}
    for found in _VLAN_ROW.finditer(text):
        number = vid(int(found["vlan"]))
        rows[number] = VlanRow(vlan=number, name=found["name"], active=found["status"] == "active")
    return rows


def parse_switchport(text: str) -> dict[str, str]:
    """Read one `show interfaces X switchport`: its keys and values, wrapped values joined."""
    found: dict[str, str] = {}
    last = ""
    for line in text.replace("\r", "").split("\n"):
        if last and line.startswith(_WRAPPED) and not line.isspace():
            found[last] += line.strip()
            continue
        key, colon, value = line.partition(":")
        last = key.strip() if colon and _is_key(key) else ""
        if last:
            found[last] = value.strip()
    return found


@lru_cache(maxsize=256)
def _is_key(text: str) -> bool:
    """Say whether a line may begin so; the blocks of all ports have the same two dozen keys."""
    return _KEY.fullmatch(text) is not None


def first_vlan(text: str) -> Vid | None:
    """Read the VLAN that a value begins with, as in ``5 (Vlan not created)``; None for ``none`` and ``0``."""
    found = re.match(r"\d+", text)
    return vid(int(found[0])) if found and int(found[0]) else None


def interface_lines(text: str) -> tuple[str, ...] | None:
    """Cut the interface's own lines, without indentation, out of `show running-config interface X`.

    Returns:
        None when the output shows no interface; empty when it is all defaults.
    """
    _, header, body = text.replace("\r", "").partition("\ninterface ")
    if not header and text.startswith("interface "):
        body = text.replace("\r", "").removeprefix("interface ")
    elif not header:
        return None
    lines = []
    for line in body.split("\n")[1:]:
        if not line.startswith(" "):
            break
        lines.append(line.strip())
    return tuple(line for line in lines if line)


def value_of(lines: Sequence[str], beginning: str) -> str:
    """Give what follows the beginning in the one line that has it; empty when there is none."""
    return next((line.removeprefix(beginning) for line in lines if line.startswith(beginning)), "")


def allowed_vlans(lines: Sequence[str]) -> VlanSet:
    """Read the allowed list of a trunk from its interface's lines: every VLAN when there is no list.

    Raises:
        ValueError: a line of the list is of another form.
    """
    found: VlanSet | None = None
    for line in lines:
        if not line.startswith(_ALLOWED):
            continue
        part = _ALLOWED_LINE.fullmatch(line)
        if part is None or (part["more"] and found is None):
            raise ValueError(f"{ascii(line)[:80]} is no list that can be read")
        named = VlanSet.parse(part["vlans"])
        found = named if found is None or not part["more"] else VlanSet(found | named)
    return VlanSet.every() if found is None else found


def gateway_row(lines: Sequence[str], *, shutdown: bool) -> GatewayRow:
    """Read an interface whose addresses are written with their prefix length, as on NX-OS and EOS."""
    addresses: set[Interface] = set()
    primary: Interface | None = None
    others: list[str] = []
    for line in lines:
        if found := _ADDRESS.fullmatch(line):
            address = ip_interface(found["address"])
            addresses.add(address)
            primary = primary if found["secondary"] else address
        elif found := _ADDRESS6.fullmatch(line):
            addresses.add(ip_interface(found["address"]))
        elif line not in _PLAIN:
            others.append(line)
    return GatewayRow(
        addresses=frozenset(addresses),
        primary=primary,
        shutdown=shutdown,
        conflicts=tuple(line for line in others if _CONFLICT.match(line)),
        others=tuple(line for line in others if not _CONFLICT.match(line)),
    )


def written_out(name: str, long_names: Mapping[str, str]) -> PortName:
    """Write a port name out: ``Gi1/0/3`` is ``GigabitEthernet1/0/3``; what is not known stays as it is.

    Args:
        name: As a table shows it.
        long_names: By what is short for them, in lower case.
    """
    found = re.fullmatch(r"(?P<kind>[A-Za-z-]+)\s*(?P<place>\d[\d/.]*)", name.strip())
    if found is None:
        return PortName(name.strip())
    kind = found["kind"].lower()
    matches = [long for short, long in long_names.items() if _means(kind, short, long)]
    return PortName((matches[0] if matches else found["kind"]) + found["place"])


def _means(kind: str, short: str, long: str) -> bool:
    """Compare as IOS does: a table entry, or any longer beginning of the long name."""
    return kind == short or (len(kind) > len(short) and long.lower().startswith(kind))


def plain_mac(text: str) -> str:
    """Write a MAC address in lower case with colons."""
    digits = re.sub(r"[.:]", "", text).lower()
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class MacTable:
    """How a platform shows who talks where.

    Attributes:
        row: A line of the table with the groups ``vlan``, ``mac`` and ``ports``.
        elsewhere: Names in the place of ports that are none that a VLAN is taken from, such as the switch itself.
        long_names: As for `written_out`.
    """

    row: re.Pattern[str]
    elsewhere: re.Pattern[str]
    long_names: Mapping[str, str]

    def talkers(
        self, tables: Mapping[Vid, str], removals: Sequence[tuple[PortName, Vid]]
    ) -> dict[tuple[PortName, Vid], frozenset[str]]:
        """Give who talks where. A port that cannot be told counts as every port: better kept than cut.

        Raises:
            ValueError: a line holds a MAC and cannot be read.
        """
        found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in removals}
        for vlan, text in tables.items():
            for mac, ports in self._rows(vlan, text):
                for key in [key for key in found if key[1] == vlan]:
                    if key[0] in ports or any(not self._is_known(port) for port in ports):
                        found[key] |= {mac}
        return found

    def _rows(self, vlan: Vid, text: str) -> Iterator[tuple[str, list[PortName]]]:
        for line in text.replace("\r", "").split("\n"):
            mac = _MAC.search(line)
            if mac is None or int(mac[0][1], 16) & 1:
                continue  # a group address: nobody in person
            row = self.row.fullmatch(line.rstrip())
            if row is None:
                raise ValueError(f"{ascii(line.strip())[:80]} is no row that can be read")
            if row["vlan"] == str(vlan):
                names = [name for name in re.split(r"[\s,]+", row["ports"]) if name]
                ports = [written_out(name, self.long_names) for name in names]
                yield plain_mac(mac[0]), [port for port in ports if not self.elsewhere.fullmatch(port)]

    def _is_known(self, port: PortName) -> bool:
        return any(re.fullmatch(rf"{long}\d[\d/.]*", port) for long in self.long_names.values())
