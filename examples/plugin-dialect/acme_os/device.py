"""A played Acme switch: as much of it as the conformance checks ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.orchestrator.vlans import VlanSet

UNKNOWN = "error: unknown command"


@dataclass(slots=True)
class AcmeSwitch:
    """One switch."""

    vlans: dict[str, str] = field(default_factory=lambda: {"1": "default"})
    tagged: dict[str, VlanSet] = field(default_factory=lambda: {"eth1": VlanSet(), "eth2": VlanSet({20})})
    gateways: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlans"]:
                rows = [f"{vlan:5} {name:32} up" for vlan, name in self.vlans.items()]
                return "\n".join(["VLAN  NAME  STATE", *rows])
            case ["show", "port", port] if port in self.tagged:
                return f"port {port}\nrole trunk\nuntagged 1\ntagged {self.tagged[port]}\nnote to host {port}"
            case ["show", "port", _]:
                return "no such port"
            case ["show", "ip-interface", name] if name in self.gateways:
                return "\n".join([f"ip-interface {name}", *(f"address {a}" for a in self.gateways[name])])
            case ["show", "ip-interface", _]:
                return "no such ip-interface"
            case ["show", "macs", "vlan", _]:
                return "MAC  PORT"
            case ["save", "config"]:
                return "configuration saved"
            case _:
                return UNKNOWN

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Take a block: the line that enters it, the lines in it, the line that leaves it."""
        return [self._line(line, place=lines[0].split()[-1]) for line in lines]

    def _line(self, line: str, *, place: str) -> str:
        match line.split():
            case ["vlan", vlan, "name", name]:
                self.vlans[vlan] = name
            case ["no", "vlan", vlan]:
                self.vlans.pop(vlan)
            case ["port", _] | ["back"]:
                pass
            case ["tagged", "add", vlans] if re.fullmatch(r"[\d,-]+", vlans):
                self.tagged[place] = VlanSet(self.tagged[place] | VlanSet.parse(vlans))
            case ["tagged", "remove", vlans]:
                self.tagged[place] = VlanSet(self.tagged[place] - VlanSet.parse(vlans))
            case ["ip-interface", name]:
                self.gateways.setdefault(name, [])
            case ["no", "ip-interface", name]:
                self.gateways.pop(name)
            case ["address", address]:
                self.gateways[place].append(address)
            case _:
                return UNKNOWN
        return ""


class AcmeModel:
    """What is on one that is as good as new."""

    ports = ("eth1", "eth2")
    gateways = (None,)
    prompts = {
        "": "sw1> ",
        "config": "sw1[configure]> ",
        "port": "sw1[port eth1]> ",
        "ip-interface": "sw1[ip-interface vlan10]> ",
    }
    unreadable = ("error: not authorized", UNKNOWN)

    def empty(self) -> AcmeSwitch:
        """Make one."""
        return AcmeSwitch()
