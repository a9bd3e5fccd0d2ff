"""What Junos prints as tables: VLANs, and who talks where. Pure; part of the dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trunkline.drivers.switch.dialect import Query, Scope
from trunkline.drivers.switch.state import VlanRow
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, vid

_VLAN_ROW = re.compile(r"^\S+[ \t]+(?P<name>\S+)[ \t]+(?P<vlan>\d{1,4})[ \t]*$", re.MULTILINE)
_MAC_ROW = re.compile(
    r"^[ \t]*(?P<name>\S+)[ \t]+(?P<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5})[ \t]+(?P<rest>\S.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_UNIT = re.compile(r"(?P<port>[a-z][a-z0-9/:-]*\d)\.\d+")


def stations(text: str, vlans: Mapping[Vid, VlanRow]) -> dict[tuple[PortName, Vid], frozenset[str]]:
    """Give who was learned where. The table names a VLAN; what is in none of the listed ones is left out."""
    ids = {row.name: number for number, row in vlans.items()}
    found: dict[tuple[PortName, Vid], frozenset[str]] = {}
    for row in _MAC_ROW.finditer(text.replace("\r", "")):
        vlan = ids.get(row["name"])
        ports = {unit["port"] for word in row["rest"].split() if (unit := _UNIT.fullmatch(word))}
        if vlan is None or int(row["mac"][1], 16) & 1:
            continue
        for port in map(PortName, ports):
            found[port, vlan] = found.get((port, vlan), frozenset()) | {row["mac"].lower()}
    return found


def parse_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `show vlans`."""
    rows = {}
    for found in _VLAN_ROW.finditer(text.replace("\r", "")):
        number = vid(int(found["vlan"]))
        rows[number] = VlanRow(vlan=number, name=found["name"], active=True)
    return rows


def macs_query(vlan: Vid) -> Query:
    """Ask who talks in a VLAN."""
    return Query(
        command=f"show ethernet-switching table vlan-id {vlan}",
        answer=re.compile(r"^MAC flags|^Ethernet switching table\s*:", re.MULTILINE),
    )


def macs(outputs: Mapping[str, str], scope: Scope) -> dict[tuple[PortName, Vid], frozenset[str]]:
    """Give who talks where. A port that cannot be told counts as every port: better kept than cut."""
    found: dict[tuple[PortName, Vid], frozenset[str]] = {}
    for port, vlan in scope.removals:
        talking = set()
        for row in _MAC_ROW.finditer(outputs.get(macs_query(vlan).command, "").replace("\r", "")):
            ports = {unit["port"] for word in row["rest"].split() if (unit := _UNIT.fullmatch(word))}
            is_group = int(row["mac"][1], 16) & 1
            if not is_group and (not ports or port in ports):
                talking.add(row["mac"].lower())
        found[port, vlan] = frozenset(talking)
    return found
