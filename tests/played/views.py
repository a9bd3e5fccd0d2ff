"""A switch with the command language of views: Huawei VRP 5 and 8, HPE Comware."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Literal

WAYS = {
    "vrp": ("allow-pass", "Vlanif"),
    "vrp8": ("allow-pass", "Vlanif"),
    "comware": ("permit", "Vlan-interface"),
}
Kind = Literal["vrp", "vrp8", "comware"]


def ids(text: str) -> set[int]:
    """Read ``10 20 to 22``."""
    found: set[int] = set()
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def spans(numbers: set[int]) -> list[str]:
    """Write ids as spans, ``10``, ``20-22``."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in found]


@dataclass
class Setup:
    """What is configured."""

    vlans: dict[int, str] = field(default_factory=lambda: {1: "VLAN 0001"})
    trunks: dict[str, set[int]] = field(default_factory=dict)
    access: dict[str, int] = field(default_factory=dict)
    svis: dict[int, list[str]] = field(default_factory=dict)


class ViewSwitch:
    """One switch, one session."""

    def __init__(self, kind: Kind, ports: tuple[str, ...]) -> None:
        self.kind = kind
        self.word, self.svi = WAYS[kind]
        self.sign = "% " if kind == "comware" else "Error: "
        self.running = Setup(trunks={ports[0]: {1}}, access={ports[1]: 7})
        self.candidate = deepcopy(self.running)
        self.view: str | None = None
        self.lines: list[str] = []
        self.refuses: dict[str, str] = {}
        """What is answered to a line instead of taking it."""
        self.save_questions = ["Are you sure to continue?[Y/N]"] if kind != "comware" else []
        self.asked: list[str] = []
        self.saved: Setup | None = None
        self.arp: list[str] = []

    @property
    def setup(self) -> Setup:
        """What lines change."""
        return self.candidate if self.kind == "vrp8" else self.running

    def prompt(self) -> str:
        """The prompt of the view."""
        if self.view is None:
            return "<sw1>"
        mark = ("*" if self.candidate != self.running else "~") if self.kind == "vrp8" else ""
        return f"[{mark}sw1{self.view}]"

    def greeting(self) -> str:
        return f"\nInfo: The max number of VTY users is 10.\n{self.prompt()}"

    def answer(self, line: str) -> str:
        self.lines.append(line)
        if self.asked:
            return self._answered(line)
        if line == "save":
            self.asked = list(self.save_questions)
            return self._ask()
        if line == "return" and self.kind == "vrp8" and self.candidate != self.running:
            self.asked = ["Warning: Uncommitted configurations found. Are you sure to commit them? [Y/N/C]:"]
            return self._ask()
        output = self.refuses.get(line)
        if output is None:
            output = self._shown(line) if self.view is None else self._configured(line)
        return f"{output}\n{self.prompt()}" if output else self.prompt()

    def _ask(self) -> str:
        start = (
            ""
            if self.asked[0].startswith("Warning")
            else "The current configuration will be written to the device.\n"
        )
        return f"{start}{self.asked[0]}"

    def _answered(self, line: str) -> str:
        self.asked.pop(0)
        if line not in {"y", "Y"}:
            return f"Error: Please choose 'YES' or 'NO' first.\n{self.prompt()}"
        if self.asked:
            return self._ask()
        self.saved = deepcopy(self.running)
        return f"Now saving to the slot 0.\nInfo: Save the configuration successfully.\n{self.prompt()}"

    def _shown(self, line: str) -> str:
        if line == "system-view":
            self.view = ""
            self.candidate = deepcopy(self.running) if self.kind == "vrp8" else self.candidate
            return "Enter system view, return user view with return command."
        if line == "save force":
            self.saved = deepcopy(self.running)
            return " Validating file. Please wait...\n Configuration is saved to device successfully."
        if found := re.fullmatch(r"display current-configuration interface (\S+)", line):
            return self._interface(found[1])
        if line.startswith("display mac-address vlan "):
            return "MAC Address    VLAN/VSI   Learned-From  Type\n-----\nTotal items displayed = 0"
        if line.startswith("display arp"):
            return "\n".join(
                ["IP ADDRESS      MAC ADDRESS     EXPIRE(M) TYPE  INTERFACE   VPN-INSTANCE", *self.arp]
            )
        if found := re.fullmatch(r"reset arp (?:interface \S+|dynamic) ip (\S+)", line):
            self.arp = [row for row in self.arp if not row.startswith(f"{found[1]} ")]
            return ""
        tables = {
            "display vlan": self._vlans,
            "display vlan all": self._all_vlans,
            "display port vlan": self._ports,
        }
        if line in tables:
            return tables[line]()
        if line.startswith("screen-length") or not line:
            return ""
        return f"        ^\n{self.sign}Unrecognized command found at '^' position."

    def _configured(self, line: str) -> str:
        if line == "return":
            self.view = None
        elif line == "quit":
            self.view = None if self.view == "" else ""
        elif line == "commit":
            self.running = deepcopy(self.candidate)
        elif line == "clear configuration candidate":
            self.candidate = deepcopy(self.running)
        elif not self._entered(line) and not self._taken(line):
            return f"        ^\n{self.sign}Unrecognized command found at '^' position."
        return ""

    def _entered(self, line: str) -> bool:
        vlan, svi = (
            re.fullmatch(r"(undo )?vlan (\d+)", line),
            re.fullmatch(rf"(undo )?interface {self.svi}(\d+)", line),
        )
        port = re.fullmatch(r"interface (\S+)", line)
        if vlan and vlan[1]:
            return self.setup.vlans.pop(int(vlan[2]), None) is not None
        if vlan:
            self.setup.vlans.setdefault(int(vlan[2]), f"VLAN {int(vlan[2]):04}")
            self.view = f"-vlan{vlan[2]}"
            return True
        if svi and svi[1]:
            return self.setup.svis.pop(int(svi[2]), None) is not None
        if svi:
            self.setup.svis.setdefault(int(svi[2]), [])
            self.view = f"-{self.svi}{svi[2]}"
            return True
        if port and port[1] in self.setup.trunks:
            self.view = f"-{port[1]}"
            return True
        return False

    def _taken(self, line: str) -> bool:
        view = self.view or ""
        if found := re.fullmatch(r"-vlan(\d+)", view):
            named = re.fullmatch(r"description (\S+)", line)
            self.setup.vlans[int(found[1])] = named[1] if named else ""
            return named is not None
        if found := re.fullmatch(rf"-{self.svi}(\d+)", view):
            lines = self.setup.svis[int(found[1])]
            if line == "undo shutdown":
                lines.remove("shutdown")
            else:
                lines.append(line)
            return line.startswith(("ip address ", "ipv6 ", "undo shutdown"))
        found = re.fullmatch(rf"(undo )?port trunk {self.word} vlan (.*)", line)
        if found and view[1:] in self.setup.trunks:
            named_ids = ids(found[2])
            allowed = self.setup.trunks[view[1:]]
            self.setup.trunks[view[1:]] = allowed - named_ids if found[1] else allowed | named_ids
            return True
        return False

    def _interface(self, name: str) -> str:
        number = int(re.sub(r"\D", "", name) or 0)
        if name in self.running.trunks:
            allowed = self.running.trunks[name]
            parts = " ".join(spans(allowed - {1})).replace("-", " to ")
            body = [
                "port link-type trunk",
                *([f"undo port trunk {self.word} vlan 1"] if 1 not in allowed else []),
            ]
            body += [f"port trunk {self.word} vlan {parts}"] if parts else []
        elif name in self.running.access:
            word = "access" if self.kind == "comware" else "default"
            body = ["port link-type access", f"port {word} vlan {self.running.access[name]}"]
        elif name.startswith(self.svi) and number in self.running.svis:
            body = self.running.svis[number]
        else:
            return f"                ^\n{self.sign}Wrong parameter found at '^' position."
        return "\n".join(["#", f"interface {name}", *(f" {line}" for line in body), "#", "return"])

    def _vlans(self) -> str:
        rows = [
            f"{vlan:4} enable  default  enable  disable    {name}"
            for vlan, name in self.running.vlans.items()
        ]
        head = "VID  Status  Property      MAC-LRN Statistics Description\n" + "-" * 40
        return "\n".join([f"The total number of VLANs is: {len(rows)}", head, *rows])

    def _all_vlans(self) -> str:
        return "\n".join(
            f" VLAN ID: {vlan}\n VLAN type: Static\n Description: {name}\n Name: VLAN {vlan:04}\n"
            for vlan, name in self.running.vlans.items()
        )

    def _ports(self) -> str:
        rows = [
            f"{port:27} trunk        1     {' '.join(spans(allowed)) or '-'}"
            for port, allowed in self.running.trunks.items()
        ]
        rows += [f"{port:27} access       {vlan:<5} -" for port, vlan in self.running.access.items()]
        return "\n".join(["Port                        Link Type    PVID  Trunk VLAN List", "-" * 79, *rows])
