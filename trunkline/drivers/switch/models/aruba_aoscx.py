"""A played AOS-CX switch. Pure.

The table of VLANs is set as in the published capture, the rest as in published sessions. `vlan trunk allowed N` adds,
its `no` form takes away, and a trunk whose list became empty carries every VLAN; `vlan access N` drops the list. Not
sourced: the words of its refusals about names and addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trunkline.drivers.switch.models.console import Console, Entered, Model, RefusedError, Vlans
from trunkline.drivers.switch.models.layer3 import Layer3, Wording
from trunkline.drivers.switch.models.layout import indented, runs, wrapped
from trunkline.orchestrator.vlans import VlanSet

PORTS = ("1/1/1", "1/1/2")
ACCESS, ALL = "1/1/3", "1/1/4"
RULER = "-" * 114
HEAD = f"{'VLAN':<6}{'Name':<34}{'Status':<8}{'Reason':<24}{'Type':<12}{'Interfaces':<30}"
PORTS_WIDTH = 28
EVERY = VlanSet.every()


@dataclass(slots=True)
class Port:
    """A port as configured; it is a trunk once it has a native VLAN or a list, and without any routed."""

    access: int | None = 1
    native: int | None = 1
    allowed: VlanSet | None = None
    others: list[str] = field(default_factory=lambda: ["no shutdown", "mtu 9198", "no routing"])

    @property
    def carried(self) -> VlanSet:
        """Give what crosses it."""
        if self.native is None and self.allowed is None:
            return VlanSet() if self.access is None else VlanSet([self.access])
        return EVERY if self.allowed is None else self.allowed

    def lines(self) -> list[str]:
        """Print it."""
        if self.native is None and self.allowed is None:
            return [*self.others, *([] if self.access is None else [f"vlan access {self.access}"])]
        allowed = "all" if self.allowed is None else str(self.allowed)
        return [*self.others, f"vlan trunk native {self.native or 1}", f"vlan trunk allowed {allowed}"]


class AosCx(Console):
    """One switch."""

    unknown: ClassVar[str] = "Invalid input: {line}\n"
    wording: ClassVar[Wording] = Wording(
        overlaps="Overlapping networks observed for {address}: {network} overlaps {other}.\n",
        secondary_first="Primary address cannot be deleted while a secondary one exists.\nCannot delete it.\n",
        absent="IP address {address} does not exist.\n",
    )

    def __init__(self) -> None:
        super().__init__()
        self.vlans = Vlans({1: "DEFAULT_VLAN_1", 100: "hosts"})
        self.ports = {name: Port(allowed=VlanSet([1])) for name in PORTS}
        self.ports |= {ACCESS: Port(access=100, native=None), ALL: Port()}
        self.svis: dict[int, Layer3] = {1: Layer3(others=["ip dhcp"])}

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line about a VLAN, its interface or a port."""
        match words:
            case ["vlan", number] if number.isdecimal() and int(number) > 1:
                if not no:
                    self.vlans.make(int(number), f"VLAN{number}")
                    return "config-vlan", number
                if self.vlans.names.pop(int(number), None) is None:
                    raise RefusedError(f"VLAN {number} does not exist.\n")
            case ["interface", "vlan", number] if number.isdecimal():
                if not no:
                    self.svis.setdefault(int(number), Layer3())
                    return "config-if-vlan", number
                if self.svis.pop(int(number), None) is None:
                    raise RefusedError(f"Interface vlan{number} does not exist.\n")
            case ["interface", *name] if " ".join(name) in self.ports and not no:
                return "config-if", " ".join(name)
            case _:
                raise RefusedError
        return None

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about what was entered."""
        match [self.mode, *words]:
            case ["config-vlan", "name", name] if not no:
                taken = f"VLAN name {name} already exists.\n"
                self.vlans.name(int(self.place), name, refusal=taken)
            case ["config-vlan", *_]:
                raise RefusedError
            case ["config-if", "vlan", *rest]:
                self._on_port(self.ports[self.place], rest, no=no)
            case ["config-if-vlan", "shutdown"]:
                self.svis[int(self.place)].shutdown = not no
            case ["config-if-vlan", *_]:
                elsewhere = [(f"vlan{vlan}", svi) for vlan, svi in self.svis.items()]
                self.svis[int(self.place)].change(words, self.wording, elsewhere, no=no)
            case _:
                raise RefusedError
        return None

    @staticmethod
    def _on_port(port: Port, words: Sequence[str], *, no: bool) -> None:
        match words:
            case ["access", number] if not no:
                port.access, port.native, port.allowed = int(number), None, None
            case ["trunk", "native", number] if not no:
                port.native = int(number)
            case ["trunk", "allowed", "all"] if not no:
                port.allowed, port.native = None, port.native or 1
            case ["trunk", "allowed", text]:
                named = VlanSet.parse(text)
                listed = VlanSet() if port.allowed is None else port.allowed
                left = VlanSet(listed - named if no else listed | named)
                port.allowed, port.native = left or None, port.native or 1
            case _:
                raise RefusedError

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlan"]:
                return self._vlans()
            case ["show", "running-config"]:
                return self._config()
            case ["show", "running-config", "interface", *name] if " ".join(name) in self.ports:
                return self._section(" ".join(name), self.ports[" ".join(name)].lines())
            case ["show", "mac-address-table", "vlan", vlan]:
                rows = [
                    f"{mac}    {vlan:<8} dynamic                   {port}\n"
                    for (port, number), mac in self.talking.items()
                    if str(number) == vlan
                ]
                if not rows:
                    return "No MAC entries found.\n"
                head = "MAC Address          VLAN     Type                      Port\n"
                count = f"MAC age-time            : 300 seconds\nNumber of MAC addresses : {len(rows)}\n\n"
                return f"{count}{head}{'-' * 62}\n{''.join(rows)}"
            case ["write", "memory"]:
                return "Copying configuration: [Success]\n"
            case _:
                raise RefusedError

    @staticmethod
    def _section(name: str, lines: Sequence[str]) -> str:
        return indented(f"interface {name}", [*lines, "exit"], indent="    ")

    def _config(self) -> str:
        text = "Current configuration:\n!\n!Version ArubaOS-CX FL.10.10.1000\nhostname sw1\n!\n"
        for vlan, name in sorted(self.vlans.names.items()):
            own = [f"name {name}"] if vlan > 1 else []
            text += indented(f"vlan {vlan}", own, indent="    ")
        text += "".join(self._section(name, port.lines()) for name, port in self.ports.items())
        for vlan, svi in sorted(self.svis.items()):
            lines = [*svi.others, *(["shutdown"] if svi.shutdown else []), *svi.lines()]
            text += self._section(f"vlan {vlan}", lines)
        return text

    def _vlans(self) -> str:
        lines = [RULER, HEAD, RULER]
        for vlan, name in sorted(self.vlans.names.items()):
            inside = [name for name, port in self.ports.items() if vlan in port.carried]
            first, *more = wrapped(map(_run, runs(inside)), PORTS_WIDTH, at_end=",")
            status, reason = ("up", "ok") if inside else ("down", "no_member_port")
            kind = "default" if vlan == 1 else "static"
            lines.append(f"{vlan:<6}{name:<34}{status:<8}{reason:<24}{kind:<12}{first}".rstrip())
            lines += [f"{'':84}{line}" for line in more]
        return "\n".join([*lines, ""])


def _run(run: tuple[str, int, int]) -> str:
    where, first, last = run
    return f"{where}{first}" + (f"-{where}{last}" if last > first else "")


def aruba_aoscx() -> Model:
    """Say what is on a new one."""
    modes = {
        "config": "config",
        "config-if": "config-if",
        "config-if-vlan": "config-if-vlan",
        "config-vlan": "config-vlan-10",
    }
    return Model(
        make=AosCx,
        ports=PORTS,
        access_ports=(ACCESS,),
        open_ports=(ALL,),
        prompts={"": "sw1#"} | {mode: f"sw1({shown})#" for mode, shown in modes.items()},
        unreadable=("Cannot execute command. Command not allowed.\n", "Invalid input: vlan\n"),
    )
