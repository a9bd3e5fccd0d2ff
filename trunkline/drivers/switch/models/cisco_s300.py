"""A played switch of Cisco's 300 series, firmware 1.x. Pure.

Its tables are set as in the published captures. A trunk carries what was added to it and the VLAN that it is untagged
in; a VLAN must be there before a port gets it, and leaves every port with it. It has no gateways, and asks before it
replaces the startup configuration. Not sourced: the words of its refusals but for the first ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import ClassVar

from trunkline.drivers.switch.models.console import Console, Entered, Model, RefusedError, Vlans
from trunkline.drivers.switch.models.layout import centred, indented, short_runs, wrapped
from trunkline.orchestrator.vlans import VlanSet

PORTS = ("gi1", "gi2")
ACCESS = "gi3"
COLUMNS = (4, 17, 27, 12, 13)
MEMBER_COLUMNS = (4, 32, 11, 20)
OVERWRITE = "Overwrite file [startup-config].... (Y/N)[N] ?"
SWITCHPORT = """\
Port : {name}
Port Mode: {mode}
Gvrp Status: disabled
Ingress Filtering: true
Acceptable Frame Type: admitAll
Ingress UnTagged VLAN ( NATIVE ): {native}

Port is member in:

{members}

Forbidden VLANS:
Vlan               Name
---- --------------------------------


Classification rules:

Mac based VLANs:
  Group ID   Vlan ID
------------ -------
"""


@dataclass(slots=True)
class Trunk:
    """A port as configured; ``others`` are lines that we never write."""

    mode: str = "Trunk"
    native: int = 1
    tagged: set[int] = field(default_factory=set)
    others: list[str] = field(default_factory=list)


class SmallBusiness(Console):
    """One switch."""

    unknown: ClassVar[str] = "% Unrecognized command\n"

    def __init__(self) -> None:
        super().__init__()
        self.vlans = Vlans({1: "1"})
        self.ports = {name: Trunk(others=[f"description to-{name}"]) for name in PORTS}
        self.ports[ACCESS] = Trunk(mode="Access")
        self.asks = False

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line that leads to the VLAN database or to a port."""
        match words:
            case ["vlan", "database"] if not no:
                return "config-vlan", ""
            case ["interface", name] if name in self.ports and not no:
                return "config-if", name
            case ["interface", _] if not no:
                raise RefusedError("% bad parameter value\n")
            case _:
                raise RefusedError

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about VLANs or about a port."""
        match [self.mode, *words]:
            case ["config-vlan", "vlan", number, "name", name] if not no:
                self.vlans.names[int(number)] = name
            case ["config-vlan", "vlan", number] if no:
                if self.vlans.names.pop(int(number), None) is None:
                    raise RefusedError("% VLAN does not exist\n")
                for port in self.ports.values():
                    port.tagged.discard(int(number))
            case ["config-vlan", "vlan", number]:
                self.vlans.make(int(number), number)
            case ["config-if", "switchport", "trunk", "allowed", "vlan", "add" | "remove" as op, text]:
                self._list(op, VlanSet.parse(text))
            case _:
                raise RefusedError
        return None

    def _list(self, op: str, named: VlanSet) -> None:
        port = self.ports[self.place]
        if op == "remove":
            port.tagged -= named
        elif missing := named - self.vlans.names.keys():
            raise RefusedError(f"% VLAN {VlanSet(missing)} was not created by user\n")
        else:
            port.tagged |= named - {port.native}

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        if self.asks:
            self.asks = False
            return "Copy succeeded\n" if command == "Y" else ""
        match command.split():
            case ["show", "vlan"]:
                return self._vlans()
            case ["show", "interfaces", "switchport", name] if name in self.ports:
                return self._switchport(name, self.ports[name])
            case ["show", "running-config", "interface", name] if name in self.ports:
                listed = VlanSet(self.ports[name].tagged)
                lines = [f"switchport trunk allowed vlan add {listed}"] if listed else []
                return indented(f"interface {name}", [*self.ports[name].others, *lines]) + "!\n"
            case ["show", "interfaces", "switchport", _] | ["show", "running-config", "interface", _]:
                raise RefusedError("% bad parameter value\n")
            case ["show", "mac", "address-table", "vlan", vlan]:
                head = "Flags: I - Internal usage VLAN\nAging time is 300 sec\n\n"
                head += "  Vlan        Mac Address         Port       Type    \n"
                head += "-------- --------------------- ---------- ---------- \n"
                return head + "".join(
                    f"   {vlan:<6}{mac}    {port:<8} dynamic   \n"
                    for (port, number), mac in self.talking.items()
                    if str(number) == vlan
                )
            case ["write", "memory"]:
                self.asks = True
                return OVERWRITE
            case _:
                raise RefusedError

    def _vlans(self) -> str:
        rows = [
            [
                _cell([str(vlan)], COLUMNS[0]),
                _cell([name[at : at + 17] for at in range(0, len(name), 17)], COLUMNS[1]),
                _cell(
                    wrapped(
                        short_runs(
                            port for port, row in self.ports.items() if vlan in {*row.tagged, row.native}
                        ),
                        COLUMNS[2],
                        at_end=",",
                    ),
                    COLUMNS[2],
                ),
                _cell(["Default" if vlan == 1 else "static"], COLUMNS[3]),
                _cell(["Required"], COLUMNS[4]),
            ]
            for vlan, name in sorted(self.vlans.names.items())
        ]
        return _table(("Vlan", "Name", "Ports", "Type", "Authorization"), COLUMNS, rows)

    def _switchport(self, name: str, port: Trunk) -> str:
        rows = [
            [
                _cell([text], width)
                for text, width in zip(
                    (
                        str(vlan),
                        self.vlans.names[vlan],
                        "Tagged" if vlan in port.tagged else "Untagged",
                        "Static",
                    ),
                    MEMBER_COLUMNS,
                    strict=True,
                )
            ]
            for vlan in sorted({*port.tagged, port.native} & self.vlans.names.keys())
        ]
        heads = ("Vlan", "Name", "Egress rule", "Port Membership Type")
        members = _table(heads, MEMBER_COLUMNS, rows)
        return SWITCHPORT.format(name=name, mode=port.mode, native=port.native, members=members)


def _cell(lines: Sequence[str], width: int) -> list[str]:
    """Set a cell: in the middle if it is one line, else from the left."""
    if len(lines) == 1:
        return [centred(lines[0], width)]
    return [line.ljust(width) for line in lines]


def _table(heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[Sequence[str]]]) -> str:
    head = " ".join(centred(text, width) for text, width in zip(heads, widths, strict=True)).rstrip()
    lines = [head, " ".join("-" * width for width in widths)]
    blanks = [" " * width for width in widths]
    for row in rows:
        for parts in zip_longest(*row):
            cells = [part or blank for part, blank in zip(parts, blanks, strict=True)]
            lines.append(" ".join(cells).rstrip())
    return "\n".join([*lines, ""])


def cisco_s300() -> Model:
    """Say what is on a new one."""
    modes = ("config", "config-if", "config-vlan")
    return Model(
        make=SmallBusiness,
        ports=PORTS,
        access_ports=(ACCESS,),
        gateways=(),
        prompts={"": "sw1#"} | {mode: f"sw1({mode})#" for mode in modes},
        unreadable=("% Unrecognized command\n", "% missing mandatory parameter\n"),
    )
