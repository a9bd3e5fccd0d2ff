"""A played Dell switch with OS10, after Dell's guides: there is no published output to set it by. Pure.

`switchport trunk allowed vlan N` adds, its `no` form with a list takes that away; a port that becomes an access port
forgets its list; a list may name only VLANs that are there, and a VLAN that goes leaves every list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trunkline.drivers.switch.models.console import Console, Entered, Model, RefusedError
from trunkline.drivers.switch.models.dell_vlans import table
from trunkline.drivers.switch.models.layer3 import Layer3, Wording
from trunkline.drivers.switch.models.layout import indented
from trunkline.orchestrator.vlans import VlanSet

PORTS = ("ethernet1/1/1", "ethernet1/1/2")
ACCESS = "ethernet1/1/3"
NO_SUCH = "% Error: Invalid interface\n"


@dataclass(slots=True)
class Port:
    """A port as configured; one that is routed shows ``others`` alone."""

    mode: str = "trunk"
    access: int = 1
    listed: set[int] = field(default_factory=set)
    others: list[str] = field(default_factory=lambda: ["mtu 9216", "flowcontrol receive off"])


class Os10(Console):
    """One switch."""

    unknown: ClassVar[str] = "% Error: Unrecognized command.\n"
    wording: ClassVar[Wording] = Wording(
        overlaps="% Error: IP address {address} overlaps with {other}\n",
        secondary_first="% Error: Secondary IP address must be removed first\n",
        absent="% Error: IP address {address} does not exist\n",
    )

    def __init__(self) -> None:
        super().__init__()
        self.vlans: dict[int, Layer3] = {1: Layer3(), 100: Layer3()}
        self.descriptions = {100: "two words"}
        self.ports = {name: Port() for name in PORTS} | {ACCESS: Port(mode="access", access=100)}

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line that leads to a port or a VLAN, or takes the VLAN away."""
        match words:
            case ["interface", name] if name in self.ports and not no:
                return "conf-if", name
            case ["interface", name] if name.startswith("vlan") and name[4:].isdecimal():
                vlan = int(name[4:])
                if not no:
                    self.vlans.setdefault(vlan, Layer3())
                    return "conf-if-vl", str(vlan)
                if self.vlans.pop(vlan, None) is None:
                    raise RefusedError("% Error: Vlan does not exist\n")
                self.descriptions.pop(vlan, None)
                for port in self.ports.values():
                    port.listed.discard(vlan)
                return None
            case ["interface", _] if not no:
                raise RefusedError(NO_SUCH)
            case _:
                raise RefusedError

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about a port or a VLAN."""
        if self.mode == "conf-if":
            self._on_port(self.ports[self.place], words, no=no)
            return None
        vlan = int(self.place)
        match words:
            case ["description", *text] if text and not no:
                self.descriptions[vlan] = " ".join(text)
            case ["shutdown"]:
                self.vlans[vlan].shutdown = not no
            case _:
                elsewhere = [(f"vlan{number}", svi) for number, svi in self.vlans.items()]
                self.vlans[vlan].change(words, self.wording, elsewhere, no=no)
        return None

    def _on_port(self, port: Port, words: Sequence[str], *, no: bool) -> None:
        match words:
            case ["switchport", "mode", "trunk" | "access" as mode] if not no:
                port.mode = mode
                port.listed = set() if mode == "access" else port.listed
            case ["switchport", "trunk", "allowed", "vlan"] if no:
                port.listed = set()
            case ["switchport", "trunk", "allowed", "vlan", text] if port.mode == "trunk":
                named = VlanSet.parse(text)
                if not no and named - self.vlans.keys():
                    raise RefusedError("% Error: Vlan does not exist\n")
                port.listed = port.listed - named if no else port.listed | named
            case ["switchport", "trunk", "allowed", "vlan", _]:
                raise RefusedError("% Error: Port-mode is access\n")
            case _:
                raise RefusedError

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlan"]:
                return self._vlans()
            case ["show", "running-configuration", "interface", name] if name in self.ports:
                return "!\n" + indented(f"interface {name}", self._port_lines(self.ports[name]))
            case ["show", "running-configuration", "interface", name] if (
                name.startswith("vlan") and int(name[4:]) in self.vlans
            ):
                return "!\n" + indented(f"interface {name}", self._vlan_lines(int(name[4:])))
            case ["show", "running-configuration", "interface", _]:
                raise RefusedError(NO_SUCH)
            case ["show", "mac", "address-table", "vlan", vlan]:
                head = "VlanId  Mac Address         Type        Interface\n"
                return head + "".join(
                    f"{vlan:<8}{mac}   dynamic     {port}\n"
                    for (port, number), mac in self.talking.items()
                    if str(number) == vlan
                )
            case ["copy", "running-configuration", "startup-configuration"]:
                return ""
            case _:
                raise RefusedError

    def _vlans(self) -> str:
        members: dict[int, list[tuple[str, list[str]]]] = {}
        for vlan in self.vlans:
            tagged = [self._short(name) for name, port in self.ports.items() if vlan in port.listed]
            access = [self._short(name) for name, port in self.ports.items() if vlan == port.access]
            members[vlan] = [(how, ports) for how, ports in (("T", tagged), ("A", access)) if ports]
        names = {vlan: self.descriptions.get(vlan, "") for vlan in self.vlans}
        return table(names, members, active=self.vlans, legend="A - Access (Untagged), T - Tagged")

    @staticmethod
    def _short(port: str) -> str:
        return port.replace("ethernet", "Eth")

    def _vlan_lines(self, vlan: int) -> list[str]:
        svi = self.vlans[vlan]
        lines = [f"description {self.descriptions[vlan]}"] if vlan in self.descriptions else []
        return [*lines, "shutdown" if svi.shutdown else "no shutdown", *svi.others, *svi.lines()]

    @staticmethod
    def _port_lines(port: Port) -> list[str]:
        if port.mode == "routed":
            return ["no shutdown", "no switchport", *port.others]
        lines = ["no shutdown", *(["switchport mode trunk"] if port.mode == "trunk" else [])]
        lines.append(f"switchport access vlan {port.access}")
        lines += [f"switchport trunk allowed vlan {VlanSet(port.listed)}"] if port.listed else []
        return [*lines, *port.others]


def dell_os10() -> Model:
    """Say what is on a new one."""
    modes = {"config": "config", "conf-if": "conf-if-eth1/1/1", "conf-if-vl": "conf-if-vl-10"}
    return Model(
        make=Os10,
        ports=PORTS,
        access_ports=(ACCESS,),
        prompts={"": "sw1#"} | {mode: f"sw1({shown})#" for mode, shown in modes.items()},
        unreadable=("% Error: Command authorization failed.\n", Os10.unknown),
    )
