"""A played Junos switch with ELS: set lines in a candidate that a commit takes over, all of it or nothing. Pure.

`show vlans` is set as in the published capture, the configuration as `display set` writes it. A statement of one value
replaces the one before; members add up, and a range that was set as one cannot be deleted in parts; what is deleted
must be there. A commit is refused when a VLAN's `irb` unit is not there, when two VLANs have one id, or when a trunk
names an id that no VLAN has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_interface

from trunkline.drivers.switch.models.console import Model, RefusedError
from trunkline.orchestrator.vlans import VlanSet

PORTS = ("ge-0/0/1", "ge-0/0/2")
ACCESS, ALL = "ge-0/0/3", "ge-0/0/4"
START = (
    *(f"set interfaces {port} description to-host" for port in PORTS),
    *(f"set interfaces {port} native-vlan-id 1" for port in PORTS),
    *(f"set interfaces {port} unit 0 family ethernet-switching interface-mode trunk" for port in PORTS),
    *(f"set interfaces {port} unit 0 family ethernet-switching vlan members 20-29" for port in PORTS),
    f"set interfaces {ACCESS} unit 0 family ethernet-switching interface-mode access",
    f"set interfaces {ACCESS} unit 0 family ethernet-switching vlan members v20",
    f"set interfaces {ALL} unit 0 family ethernet-switching interface-mode trunk",
    f"set interfaces {ALL} unit 0 family ethernet-switching vlan members all",
    "set interfaces me0 unit 0 family inet address 192.0.2.240/28",
    "set vlans default vlan-id 1",
    *(f"set vlans v{vlan} vlan-id {vlan}" for vlan in range(20, 30)),
)
UNKNOWN = "                  ^\nunknown command.\n"
SYNTAX = "                                  ^\nsyntax error.\n"
REFUSED = "error: configuration check-out failed\n"

_SWITCHING = r"interfaces (?!irb)\S+ unit 0 family ethernet-switching"
_SINGLE = re.compile(
    r"set (?P<key>vlans \S+ (?:vlan-id|description|l3-interface)|interfaces \S+ (?:native-vlan-id|description)"
    rf"|{_SWITCHING} interface-mode) \S+"
)
_MANY = re.compile(
    rf"set (?:{_SWITCHING} vlan members \S+|interfaces \S+ unit \d+ family inet6? address (?P<address>\S+)"
    r"|interfaces \S+ unit \d+ disable)"
)
_ID = re.compile(r"set vlans (?P<name>\S+) vlan-id (?P<vlan>\d+)")
_MEMBERS = re.compile(
    r"set interfaces (?P<port>\S+) unit 0 family ethernet-switching vlan members (?P<members>\S+)"
)


class JunosSwitch:
    """One switch, one session, in a virtual chassis."""

    def __init__(self, start: Sequence[str] = START) -> None:
        self.running = list(start)
        self.candidate = list(start)
        self.before: list[str] | None = None
        """What is rolled back to when the time is over in which a commit had to be confirmed."""
        self.arp: list[str] = []
        self.down: set[str] = set()
        self.talking: dict[tuple[str, int], str] = {}

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Take lines in configuration mode."""
        return [self.configured(line) for line in lines]

    def configured(self, line: str) -> str:
        """Take one."""
        verb, _, path = line.partition(" ")
        try:
            match verb:
                case "set":
                    self._set(line)
                case "delete":
                    return self._delete(path)
                case "commit" if found := re.fullmatch(r"(?:confirmed (\d+))?", path):
                    return self._commit(found[1])
                case "rollback" if path == "0":
                    self.candidate = list(self.running)
                    return "load complete\n"
                case "top" if not path:
                    pass
                case _:
                    return UNKNOWN
        except RefusedError as refusal:
            return str(refusal) or SYNTAX
        return ""

    def _set(self, line: str) -> None:
        single, many = _SINGLE.fullmatch(line), _MANY.fullmatch(line)
        if single is None and many is None:
            raise RefusedError
        if many is not None and many["address"] is not None:
            try:
                ip_interface(many["address"])
            except ValueError as error:
                raise RefusedError(f"{SYNTAX[:-1]}\ninvalid value '{many['address']}'\n") from error
        if single is not None:
            old = [each for each in self.candidate if each.startswith(f"set {single['key']} ")]
            self.candidate = [each for each in self.candidate if each not in old]
        if line not in self.candidate:
            self.candidate.append(line)

    def _delete(self, path: str) -> str:
        gone = [each for each in self.candidate if f"{each} ".startswith(f"set {path} ")]
        self.candidate = [each for each in self.candidate if each not in gone]
        return "" if gone else "warning: statement not found\n"

    def _commit(self, minutes: str | None) -> str:
        if wrong := next(self._wrong(), ""):
            return f"{wrong}{REFUSED}"
        # A commit confirms the one before, and a confirmed one waits for its own.
        if minutes is None:
            self.before = None
        elif self.before is None:
            self.before = list(self.running)
        self.running = list(self.candidate)
        timer = f"commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed\n"
        return f"configuration check succeeds\n{timer if minutes else ''}commit complete\n"

    def let_the_timer_end(self) -> None:
        """Roll back what was committed and not confirmed."""
        self.running = self.running if self.before is None else self.before
        self.before = None

    def _wrong(self) -> Iterator[str]:
        """Name what a commit does not take."""
        ids = [int(found["vlan"]) for each in self.candidate if (found := _ID.fullmatch(each))]
        for vlan, count in Counter(ids).items():
            if count > 1:
                yield f"[edit vlans]\n  vlan-id {vlan} is used by {count} vlans\n"
        for each in self.candidate:
            if found := re.fullmatch(r"set vlans (\S+) l3-interface irb\.(\d+)", each):
                unit = f"set interfaces irb unit {found[2]} "
                if not any(f"{other} ".startswith(unit) for other in self.candidate):
                    yield f"[edit vlans]\n  '{found[1]}'\n    l3-interface irb.{found[2]} is not configured\n"
            if (found := _MEMBERS.fullmatch(each)) and re.fullmatch(r"\d+(?:-\d+)?", found["members"]):
                for vlan in VlanSet.parse(found["members"]) - set(ids):
                    yield (
                        f"[edit interfaces {found['port']} unit 0 family ethernet-switching vlan]\n  'members'\n"
                        f"    No vlan matches vlan tag {vlan} for interface {found['port']}.0\n"
                    )

    def answer(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlans"]:
                return self._vlans()
            case ["show", "configuration", part, "|", "display", "set"]:
                rows = sorted(each for each in self.running if each.startswith(f"set {part} "))
                return "".join(f"{row}\n" for row in rows)
            case ["show", "ethernet-switching", "table", "vlan-id", vlan]:
                return self._macs(int(vlan))
            case ["show", "arp", *_]:
                return "\n".join(["MAC Address       Address         Interface         Flags", *self.arp, ""])
            case ["clear", "arp", "hostname", address, *_]:
                self.arp = [row for row in self.arp if f" {address} " not in row]
                return f"{address}  deleted\n"
            case _:
                return UNKNOWN

    def _vlans(self) -> str:
        text = "\nRouting instance        VLAN name             Tag          Interfaces\n"
        for vlan, name in sorted(self.vlans().items(), key=lambda item: item[1]):
            text += f"{'default-switch':<24}{name:<22}{vlan:>4}\n"
            text += "".join(
                f"{'':59}{port}.0{'' if port in self.down else '*'}\n"
                for port in sorted(self._carrying(vlan, name))
            )
        return text

    def vlans(self) -> dict[int, str]:
        """Give names by id."""
        return {int(found["vlan"]): found["name"] for each in self.running if (found := _ID.fullmatch(each))}

    def _carrying(self, vlan: int, name: str) -> set[str]:
        found = [each for line in self.running if (each := _MEMBERS.fullmatch(line))]
        return {
            each["port"]
            for each in found
            if each["members"] in {name, "all"}
            or (re.fullmatch(r"[\d-]+", each["members"]) and vlan in VlanSet.parse(each["members"]))
        }

    def _macs(self, vlan: int) -> str:
        rows = [
            f"   {self.vlans().get(vlan, ''):<20}{mac}   D             -   {port}.0              0         0\n"
            for (port, number), mac in self.talking.items()
            if number == vlan
        ]
        head = "\nMAC flags (S - static MAC, D - dynamic MAC, L - locally learned, P - Persistent static)\n\n"
        return f"{head}Ethernet switching table : {len(rows)} entries, {len(rows)} learned\n{''.join(rows)}"


def juniper_junos() -> Model:
    """Say what is on a new one."""
    return Model(
        make=JunosSwitch,
        ports=PORTS,
        access_ports=(ACCESS,),
        open_ports=(ALL,),
        # Whoever is logged in stands in front of the name, and a session takes both for it.
        prompts={"": "{master:0}\nsw1> ", "config": "{master:0}[edit]\nsw1# "},
        unreadable=("error: permission denied: configuration\n", UNKNOWN),
    )
