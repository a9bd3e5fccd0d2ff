"""Open vSwitch's own database as it prints it in JSON, its tables joined. Pure; part of the dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trunkline.drivers.switch import linux_interfaces as interfaces
from trunkline.drivers.switch.dialect import Scope
from trunkline.drivers.switch.linux_shell import Row, read_json
from trunkline.drivers.switch.state import GatewayRow
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import HIGHEST, LOWEST, Vid, vid

_LIST = "ovs-vsctl --format=json --columns="
PORTS = f"{_LIST}_uuid,name,tag,trunks,vlan_mode,interfaces list port"
INTERFACES = f"{_LIST}_uuid,name,ofport list interface"
BRIDGES = f"{_LIST}name,ports list bridge"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}"
"""Ports and bridges that are written or asked about."""
_MAC_ROW = re.compile(
    r"^\s*(?P<port>\S+)\s+(?P<vlan>\d+)\s+(?P<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5})\s", re.MULTILINE
)


def macs_of(bridge: PortName) -> str:
    """Give the command that shows who talks on a bridge.

    Raises:
        ValueError: its name is not one that is sent.
    """
    if not re.fullmatch(NAME, bridge):
        raise ValueError(f"`{BRIDGES}`: a bridge has a name that is not sent: {bridge}")
    return f"ovs-appctl fdb/show {bridge}"


def gateway_name(vlan: Vid) -> PortName:
    """Name the internal port that is the gateway of a VLAN."""
    return PortName(f"gl{vlan}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A row of the table, with its bridge."""

    mode: str
    tag: Vid | None
    trunks: frozenset[int]
    bridge: PortName | None
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables, joined."""

    ports: Mapping[PortName, Port]
    bridges: tuple[PortName, ...]

    def bridge_of(self, port: PortName) -> PortName | None:
        """Name the bridge of a port; None when there is no such port."""
        return self.ports[port].bridge if port in self.ports else None

    def svi_bridge(self, ports: Sequence[PortName]) -> tuple[PortName | None, str]:
        """Find the bridge that gateways are made on: that of the ports, else the only one. Or say why not."""
        mine = {self.bridge_of(port) for port in ports}
        found = [name for name in self.bridges if name in mine] or list(self.bridges)
        if len(found) != 1:
            return (
                None,
                f"which bridge has the gateways is not to be told (there: {', '.join(found) or 'none'})",
            )
        return found[0], ""

    def gateway(self, vlan: Vid, bridge: PortName | None, links: Mapping[PortName, Row]) -> GatewayRow | None:
        """Read the gateway's internal port and its addresses."""
        name = gateway_name(vlan)
        port = self.ports.get(name)
        if port is None and name not in links:
            return None
        conflicts = (
            () if port is not None and port.bridge == bridge else (f"{name}, which is no port of {bridge}",)
        )
        return interfaces.gateway_row(
            links.get(name, {}),
            tagged=port.tag if port is not None and port.mode == "access" else None,
            conflicts=conflicts,
            cut_off=False,
        )

    def macs(self, outputs: Mapping[str, str], scope: Scope) -> dict[tuple[PortName, Vid], frozenset[str]]:
        """Give who talks where. A port that cannot be told counts as every port: better kept than cut."""
        found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in scope.removals}
        known = frozenset[str]({"LOCAL"}).union(*(port.numbers for port in self.ports.values()))
        for port, vlan in found:
            bridge = self.bridge_of(port)
            text = "" if bridge is None else outputs[macs_of(bridge)]
            for row in _MAC_ROW.finditer(text):
                here = row["port"] in self.ports[port].numbers or row["port"] not in known
                if here and int(row["vlan"]) == vlan and not int(row["mac"][1], 16) & 1:
                    found[port, vlan] |= {row["mac"]}
        return found

    def stations(self, outputs: Mapping[str, str]) -> dict[tuple[PortName, Vid], frozenset[str]]:
        """Give who was learned at which port, of all bridges that were asked; not the switch's own gateways."""
        found: dict[tuple[PortName, Vid], frozenset[str]] = {}
        for bridge in self.bridges:
            names = self._numbered(bridge)
            for row in _MAC_ROW.finditer(outputs[macs_of(bridge)]):
                name, vlan = names.get(row["port"]), int(row["vlan"])
                if name is None or not LOWEST <= vlan <= HIGHEST or int(row["mac"][1], 16) & 1:
                    continue
                found[name, vid(vlan)] = found.get((name, vid(vlan)), frozenset()) | {row["mac"]}
        return found

    def _numbered(self, bridge: PortName) -> dict[str, PortName]:
        """Name a bridge's ports by the numbers that its table of addresses has, without its gateways."""
        return {
            number: name
            for name, port in self.ports.items()
            if port.bridge == bridge and not (port.tag is not None and name == gateway_name(port.tag))
            for number in port.numbers
        }


def read(outputs: Mapping[str, str]) -> Tables:
    """Join the tables.

    Raises:
        ValueError: one is none; the text names the command.
    """
    numbers = {
        uuid: frozenset(str(number) for number in row["ofport"])
        for row in _table(outputs, INTERFACES)
        for uuid in row["_uuid"]
    }
    bridges = {
        uuid: PortName(str(name))
        for row in _table(outputs, BRIDGES)
        for name in row["name"]
        for uuid in row["ports"]
    }
    ports = {}
    for row in _table(outputs, PORTS):
        tag = next((vid(number) for number in row["tag"] if number != 0), None)
        ports[PortName(str(row["name"][0]))] = Port(
            mode=str(next(iter(row["vlan_mode"]), "trunk" if tag is None else "access")),
            tag=tag,
            trunks=frozenset(row["trunks"]),
            bridge=bridges.get(row["_uuid"][0]),
            numbers=frozenset[str]().union(*(numbers.get(uuid, frozenset()) for uuid in row["interfaces"])),
        )
    names = tuple(PortName(str(row["name"][0])) for row in _table(outputs, BRIDGES))
    return Tables(ports=ports, bridges=names)


def _table(outputs: Mapping[str, str], command: str) -> list[Row]:
    """Read a table as its rows; every value is a list, since the database writes a set of one as that one."""
    table = read_json(outputs, command)
    try:
        headings = table["headings"]
        return [dict(zip(headings, map(_values, row), strict=True)) for row in table["data"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"`{command}`: no table ({error})") from error


def _values(value: object) -> list[object]:
    match value:
        case ["set", [*members]]:
            return [_atom(member) for member in members]
        case _:
            return [_atom(value)]


def _atom(value: object) -> object:
    match value:
        case ["uuid", text]:
            return text
        case _:
            return value
