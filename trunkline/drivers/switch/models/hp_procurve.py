"""A played ProCurve switch. Pure.

`show vlans` is set as in the published captures, the rest as in published sessions. The VLAN names its ports; a tag
leaves the VLAN a port is untagged in as it is, and a port that is in no VLAN any more comes back to the default one. A
VLAN that has ports asks before it goes. Not sourced: the words about names and addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from trunkline.drivers.switch.models.console import Console, Entered, Model, RefusedError, Vlans
from trunkline.drivers.switch.models.layer3 import Layer3, Wording
from trunkline.drivers.switch.models.layout import indented, short_runs

PORTS = ("1", "2")
DEFAULT = 1
HEAD = """\
 Status and Counters - VLAN Information

  Maximum VLANs to support : {most:<20}
  Primary VLAN : DEFAULT_VLAN
  Management VLAN :             {end}

  VLAN ID Name                             | Status     Voice Jumbo
  ------- -------------------------------- + ---------- ----- -----
"""
PORT_HEAD = """
 Status and Counters - VLAN Information - for ports {port}

  VLAN ID Name                 | Status     Voice Jumbo Mode    {end}
  ------- -------------------- + ---------- ----- ----- --------
"""


class ProCurve(Console):
    """One switch: ports 1 to 4, and Trk1, which is 23 and 24."""

    unknown: ClassVar[str] = "Invalid input: {line}\n"
    wording: ClassVar[Wording] = Wording(
        overlaps="The IP address {address} cannot be used: it overlaps VLAN {other}.\n",
        secondary_first="",
        absent="The IP address {address} does not exist.\n",
        one_primary=False,
    )

    def __init__(self) -> None:
        super().__init__()
        self.vlans = Vlans({DEFAULT: "DEFAULT_VLAN", 100: "Router Vlan"})
        self.most = 256
        self.voice: set[int] = set()
        self.ports = ["1", "2", "3", "4", "Trk1"]
        self.members = ["23", "24"]
        self.tagged: dict[int, list[str]] = {100: ["1", "2"]}
        self.untagged: dict[str, int] = {"1": DEFAULT, "2": DEFAULT, "3": DEFAULT, "Trk1": DEFAULT, "4": 100}
        self.addresses: dict[int, Layer3] = {}

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line that leads to a VLAN or takes it away."""
        match words:
            case ["vlan", number] if number.isdecimal() and int(number) < 4095 and not no:  # noqa: PLR2004  # no VLAN
                vlan = int(number)
                if vlan not in self.vlans.names and len(self.vlans.names) >= self.most:
                    raise RefusedError(
                        "Maximum number of VLANs (" + str(self.most) + ") has already been reached.\n"
                    )
                self.vlans.make(vlan, f"VLAN{number}")
                self.addresses.setdefault(vlan, Layer3())
                return "vlan", number
            case ["vlan", number] if number.isdecimal() and int(number) > DEFAULT:
                vlan = int(number)
                if vlan not in self.vlans.names:
                    raise RefusedError(f"VLAN {number} does not exist.\n")
                if moved := [*self.tagged.get(vlan, ()), *self._untagged_in(vlan)]:
                    ports = ",".join(short_runs(moved))
                    raise RefusedError(
                        f"The following ports will be moved to the default VLAN:\n{ports}\n"
                        "Do you want to continue? [y/n] "
                    )
                for kept in (self.vlans.names, self.tagged, self.addresses):
                    kept.pop(vlan, None)
                return None
            case _:
                raise RefusedError

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about the VLAN."""
        vlan = int(self.place)
        match words:
            case ["name", name] if not no:
                name = name.strip('"')
                self.vlans.name(vlan, name, refusal=f"The VLAN name {name} is already in use.\n")
            case ["tagged" | "untagged" as how, port]:
                if port not in self.ports:
                    raise RefusedError(f"Module not present for port or invalid port: {port}\n")
                {"tagged": self._tag, "untagged": self._untag}[how](vlan, port, no=no)
            case _:
                elsewhere = [(str(number), each) for number, each in self.addresses.items()]
                self.addresses.setdefault(vlan, Layer3()).change(words, self.wording, elsewhere, no=no)
        return None

    def _tag(self, vlan: int, port: str, *, no: bool) -> None:
        members = self.tagged.setdefault(vlan, [])
        if no:
            self.tagged[vlan] = [each for each in members if each != port]
        else:
            members += [] if port in members else [port]
            if self.untagged.get(port) == vlan:
                del self.untagged[port]
        self._back(port)

    def _untag(self, vlan: int, port: str, *, no: bool) -> None:
        if no:
            if self.untagged.get(port) == vlan:
                del self.untagged[port]
        else:
            self.untagged[port] = vlan
            self.tagged[vlan] = [each for each in self.tagged.get(vlan, ()) if each != port]
        self._back(port)

    def _back(self, port: str) -> None:
        if not any(port in members for members in self.tagged.values()):
            self.untagged.setdefault(port, DEFAULT)

    def _untagged_in(self, vlan: int) -> list[str]:
        return [port for port, where in self.untagged.items() if where == vlan]

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlans"]:
                rows = [
                    f"  {vlan:<7} {name:<32} | Port-based {self._voice(vlan):<5} No   \n"
                    for vlan, name in sorted(self.vlans.names.items())
                ]
                return HEAD.format(most=self.most, end="") + "".join(rows)
            case ["show", "vlans", "ports", port, "detail"] if port in {*self.ports, *self.members}:
                rows = [
                    f"  {vlan:<7} {name[:20]:<20} | Port-based {self._voice(vlan):<5} No    {how:<8}\n"
                    for vlan, name in sorted(self.vlans.names.items())
                    for how, members in (
                        ("Untagged", self._untagged_in(vlan)),
                        ("Tagged", self.tagged.get(vlan, [])),
                    )
                    if port in members
                ]
                return PORT_HEAD.format(port=port, end="") + "".join(rows)
            case ["show", "vlans", "ports", port, "detail"]:
                raise RefusedError(f"Module not present for port or invalid port: {port}\n")
            case ["show", "running-config"]:
                return self._config()
            case ["show", "mac-address", "vlan", vlan]:
                rows = [
                    f"  {mac} {port}\n" for (port, number), mac in self.talking.items() if str(number) == vlan
                ]
                head = f"\n Status and Counters - Address Table - VLAN {vlan}\n\n  MAC Address   Port\n"
                return f"{head}  ------------- -----\n{''.join(rows)}\n"
            case ["write", "memory"]:
                return ""
            case _:
                raise RefusedError

    def _voice(self, vlan: int) -> str:
        return "Yes" if vlan in self.voice else "No"

    def _config(self) -> str:
        text = '\nRunning configuration:\n\n; J9727A Configuration Editor\n\nhostname "sw1"\n'
        text += "trunk 23-24 trk1 lacp\nip routing\n"
        for vlan, name in sorted(self.vlans.names.items()):
            lines = [f'name "{name}"']
            for how, members in (
                ("untagged", self._untagged_in(vlan)),
                ("tagged", self.tagged.get(vlan, [])),
            ):
                lines += [f"{how} {','.join(short_runs(members))}"] if members else []
            own = self.addresses.get(vlan, Layer3())
            lines += (
                own.lines(masks=True, secondary="")
                if own.ipv4 or own.others
                else ["no ip address", *own.lines()]
            )
            text += indented(f"vlan {vlan}", [*lines, *own.others, "exit"], indent="   ")
        return f"{text}ipv6 unicast-routing\nspanning-tree\n"


def hp_procurve() -> Model:
    """Say what is on a new one."""
    return Model(
        make=ProCurve,
        ports=PORTS,
        access_ports=("3", "4"),
        prompts={"": "sw1# ", "config": "sw1(config)# ", "vlan": "sw1(vlan-10)# "},
        unreadable=("Not authorized to run this command.\n", "Invalid input: vlans\n"),
    )
