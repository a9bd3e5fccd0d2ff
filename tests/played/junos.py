"""A Junos switch: set lines in a candidate that a commit takes over or refuses."""

from __future__ import annotations

import re

START = (
    "set interfaces ge-0/0/1 unit 0 family ethernet-switching interface-mode trunk",
    "set interfaces ge-0/0/2 unit 0 family ethernet-switching interface-mode access",
    "set interfaces ge-0/0/2 unit 0 family ethernet-switching vlan members 7",
    "set interfaces me0 unit 0 family inet address 192.0.2.1/24",
    "set vlans default vlan-id 1",
)


class JunosSwitch:
    """One switch, one session, in a virtual chassis."""

    def __init__(self) -> None:
        self.running = set(START)
        self.candidate = set(START)
        self.before: set[str] | None = None
        """What is rolled back to when the time is over in which a commit had to be confirmed."""
        self.inside = False
        self.lines: list[str] = []
        self.refuses: dict[str, str] = {}
        """What is answered to a line instead of taking it."""
        self.asking = False
        self.arp: list[str] = []

    def prompt(self) -> str:
        return "\n{master:0}[edit]\nu@sw1# " if self.inside else "\n{master:0}\nu@sw1> "

    def greeting(self) -> str:
        return f"--- JUNOS 21.4R3 built{self.prompt()}"

    def answer(self, line: str) -> str:
        self.lines.append(line)
        output = self.refuses.get(line)
        if output is None:
            output = self._configured(line) if self.inside else self._shown(line)
        if self.asking:
            return output
        return f"{output}{self.prompt()}"

    def _shown(self, line: str) -> str:
        if line == "configure exclusive":
            self.inside, self.candidate = True, set(self.running)
            return "warning: uncommitted changes will be discarded on exit\nEntering configuration mode\n"
        if found := re.fullmatch(r"show configuration (vlans|interfaces) \| display set", line):
            return "".join(
                f"{each}\n" for each in sorted(self.running) if each.startswith(f"set {found[1]} ")
            )
        if line == "show vlans":
            rows = [
                f"default-switch          {name:<22}{vlan}\n{' ' * 59}ge-0/0/1.0*\n"
                for vlan, name in self.vlans().items()
            ]
            return "\nRouting instance        VLAN name             Tag          Interfaces\n" + "".join(rows)
        if line.startswith("show ethernet-switching table vlan-id "):
            return "\nMAC flags (S - static MAC, D - dynamic MAC)\n\nEthernet switching table : 0 entries, 0 learned\n"
        if line.startswith("show arp "):
            return "\n".join(["MAC Address       Address         Interface         Flags", *self.arp, ""])
        if found := re.match(r"clear arp hostname (\S+)", line):
            self.arp = [row for row in self.arp if f" {found[1]} " not in row]
            return f"{found[1]}  deleted\n"
        said = {
            "set cli screen-width 511": "Screen width set to 511\n",
            "set cli complete-on-space off": "Disabling complete-on-space\n",
            "set cli screen-length 0": "Screen length set to 0\n",
            "": "",
        }
        return said.get(line, "                ^\nunknown command.\n")

    def _configured(self, line: str) -> str:
        verb, _, path = line.partition(" ")
        if line == "exit configuration-mode":
            if self.candidate != self.running:
                self.asking = True
                return "The configuration has been changed\nExit with uncommitted changes? [yes,no] (yes) "
            self.inside = False
            return "Exiting configuration mode\n"
        if found := re.fullmatch(r"commit(?: confirmed (\d+))?", line):
            # A commit confirms the one before, and a confirmed one waits for its own.
            self.before = set(self.running) if found[1] and self.before is None else self.before
            self.before = self.before if found[1] else None
            self.running = set(self.candidate)
            warning = (
                f"commit confirmed will be automatically rolled back in {found[1]} minutes unless confirmed\n"
            )
            return f"configuration check succeeds\n{warning if found[1] else ''}commit complete\n"
        if line == "rollback 0":
            self.candidate = set(self.running)
            return "load complete\n"
        if verb == "set":
            self.candidate.add(line)
            return ""
        if verb == "delete":
            gone = {each for each in self.candidate if f"{each} ".startswith(f"set {path} ")}
            self.candidate -= gone
            return "" if gone else "warning: statement not found\n"
        return "                ^\nunknown command.\n"

    def let_the_timer_end(self) -> None:
        """Roll back what was not confirmed."""
        self.running = self.running if self.before is None else self.before
        self.before = None

    def vlans(self) -> dict[int, str]:
        """Give names by id."""
        pattern = r"set vlans (\S+) vlan-id (\d+)"
        return {
            int(found[2]): found[1] for each in sorted(self.running) if (found := re.fullmatch(pattern, each))
        }
