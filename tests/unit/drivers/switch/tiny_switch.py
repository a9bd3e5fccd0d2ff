"""A switch in twenty lines of meaning: takes blocks and shows what NX-OS and EOS show of them. For round trips."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.drivers.switch.dialect import Block
from trunkline.orchestrator.vlans import VlanSet

LIST = "switchport trunk allowed vlan "


@dataclass(slots=True)
class TinySwitch:
    """VLANs by id with their names, and interfaces with their configured lines."""

    indent: str
    vlans: dict[int, str] = field(default_factory=lambda: {1: "default"})
    interfaces: dict[str, list[str]] = field(default_factory=dict)

    def take(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            if found := re.fullmatch(r"(no )?vlan (\d+)", block.enter):
                self.vlans.pop(int(found[2]), None)
                if not found[1]:
                    self.vlans[int(found[2])] = block.lines[0].removeprefix("name ")
            elif block.enter.startswith("no interface "):
                self.interfaces.pop(block.enter.removeprefix("no interface "))
            else:
                lines = self.interfaces.setdefault(block.enter.removeprefix("interface "), [])
                for line in block.lines:
                    self._take(lines, line)

    def _take(self, lines: list[str], line: str) -> None:
        if line.startswith(LIST):
            self._list(lines, line.removeprefix(LIST))
        elif line.startswith("no ") and line != "no shutdown":
            lines.remove(line.removeprefix("no "))
        else:
            beginning = line.rsplit(" ", 1)[0] + " "
            replaced = [
                each for each in lines if line.startswith("switchport") and each.startswith(beginning)
            ]
            for each in replaced:
                lines.remove(each)
            if line not in lines:
                lines.append(line)

    def _list(self, lines: list[str], text: str) -> None:
        old = next((line for line in lines if line.startswith(LIST)), None)
        have = VlanSet.every() if old is None else VlanSet.parse(old.removeprefix(LIST))
        op, _, vlans = text.rpartition(" ")
        named = VlanSet.parse(vlans)
        now = {"": named, "add": VlanSet(have | named), "remove": VlanSet(have - named)}[op]
        if old is not None:
            lines.remove(old)
        if now != VlanSet.every():
            lines.append(f"{LIST}{now}")

    def vlan_table(self) -> str:
        """Show `show vlan` without ports."""
        head = "VLAN  Name                             Status    Ports\n----- ---- --------- ----\n"
        return head + "".join(
            f"{vlan:<5} {name:<32} active    \n" for vlan, name in sorted(self.vlans.items())
        )

    def running(self, name: str) -> str | None:
        """Show `show running-config interface`; None when there is none."""
        if name not in self.interfaces:
            return None
        return f"interface {name}\n" + "".join(f"{self.indent}{line}\n" for line in self.interfaces[name])
