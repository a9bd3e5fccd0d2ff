"""The terminal of a played Junos switch: prompts, and faults on demand."""

from __future__ import annotations

from trunkline.drivers.switch.models import juniper_junos

START = (
    "set interfaces ge-0/0/1 unit 0 family ethernet-switching interface-mode trunk",
    "set interfaces ge-0/0/2 unit 0 family ethernet-switching interface-mode access",
    "set interfaces ge-0/0/2 unit 0 family ethernet-switching vlan members 7",
    "set interfaces me0 unit 0 family inet address 192.0.2.1/24",
    "set vlans default vlan-id 1",
    "set vlans v7 vlan-id 7",
)
QUIET = {
    "set cli screen-width 511": "Screen width set to 511\n",
    "set cli complete-on-space off": "Disabling complete-on-space\n",
    "set cli screen-length 0": "Screen length set to 0\n",
    "": "",
}


class JunosSwitch(juniper_junos.JunosSwitch):
    """One switch, one session, in a virtual chassis."""

    def __init__(self) -> None:
        super().__init__(START)
        self.inside = False
        self.lines: list[str] = []
        self.refuses: dict[str, str] = {}
        """What is answered to a line instead of taking it."""
        self.asking = False

    def prompt(self) -> str:
        return "\n{master:0}[edit]\nu@sw1# " if self.inside else "\n{master:0}\nu@sw1> "

    def greeting(self) -> str:
        return f"--- JUNOS 21.4R3 built{self.prompt()}"

    def answer(self, command: str) -> str:
        self.lines.append(command)
        output = self.refuses.get(command)
        if output is None:
            output = self._inside(command) if self.inside else self._outside(command)
        return output if self.asking else f"{output}{self.prompt()}"

    def _outside(self, line: str) -> str:
        if line == "configure exclusive":
            self.inside, self.candidate = True, list(self.running)
            return "warning: uncommitted changes will be discarded on exit\nEntering configuration mode\n"
        return QUIET[line] if line in QUIET else super().answer(line)

    def _inside(self, line: str) -> str:
        if line != "exit configuration-mode":
            return self.configured(line)
        if self.candidate != self.running:
            self.asking = True
            return "The configuration has been changed\nExit with uncommitted changes? [yes,no] (yes) "
        self.inside = False
        return "Exiting configuration mode\n"
