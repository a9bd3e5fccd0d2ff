"""A played Dell switch with FTOS. Pure.

The table of VLANs is set as in the published captures; what it does stands in Dell's configuration guides: the VLAN
names its ports, which must be in `switchport` mode; a port that is untagged in the default VLAN leaves it with its
first tag and comes back with its last one, unless it is hybrid; untagged in another VLAN it takes no tag at all. Not
sourced: the words about addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trunkline.drivers.switch.models.console import Console, Entered, Model, RefusedError
from trunkline.drivers.switch.models.dell_vlans import table
from trunkline.drivers.switch.models.layer3 import Layer3, Wording
from trunkline.drivers.switch.models.layout import indented

PORTS = ("TenGigabitEthernet0/1", "TenGigabitEthernet0/2")
DEFAULT = 1
NO_SUCH = "% Error: No such interface.\n"
LEGEND = "U - Untagged, T - Tagged"
SHORT: Mapping[str, str] = {"TenGigabitEthernet": "Te", "fortyGigE": "Fo", "Port-channel": "Po"}


@dataclass(slots=True)
class Port:
    """A port's own lines; which VLANs it is in say the VLANs."""

    hybrid: bool = False
    layer2: bool = True
    address: str = "no ip address"
    others: list[str] = field(default_factory=list)


class Force10(Console):
    """One switch; ports are named with a blank, ``TenGigabitEthernet 0/1``."""

    unknown: ClassVar[str] = '                ^\n% Error: Invalid input at "^" marker.\n'
    wording: ClassVar[Wording] = Wording(
        overlaps="% Error: {network} overlaps with the network of {other}.\n",
        secondary_first="% Error: Secondary addresses must be removed first.\n",
        absent="% Error: Address {address} is not configured.\n",
    )

    def __init__(self) -> None:
        super().__init__()
        first, second = ("TenGigabitEthernet 0/1", "TenGigabitEthernet 0/2")
        self.ports = {
            first: Port(hybrid=True, others=["mtu 9216"]),
            second: Port(others=["mtu 9216", "flowcontrol rx on tx off"]),
            "TenGigabitEthernet 0/3": Port(hybrid=True),
            "TenGigabitEthernet 0/4": Port(),
        }
        self.vlans: dict[int, Layer3] = {DEFAULT: Layer3(), 20: Layer3(shutdown=True)}
        self.descriptions: dict[int, str] = {20: "two words"}
        self.tagged: dict[int, list[str]] = {20: [first, second]}
        self.untagged: dict[str, int] = {first: DEFAULT, **dict.fromkeys(list(self.ports)[2:], DEFAULT)}
        self.active: set[int] = set()
        self.arp: dict[str, str] = {}

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line that leads to a VLAN or takes it away."""
        match words:
            case ["interface", "vlan", number] if number.isdecimal() and 1 <= int(number) < 4095:  # noqa: PLR2004  # no VLAN
                vlan = int(number)
                if not no:
                    self.vlans.setdefault(vlan, Layer3(shutdown=True))
                    return "conf-if-vl", number
                if self.vlans.pop(vlan, None) is None:
                    raise RefusedError(NO_SUCH)
                self.descriptions.pop(vlan, None)
                for port in self.tagged.pop(vlan, []):
                    self._back(port)
                for port in [port for port, where in self.untagged.items() if where == vlan]:
                    self.untagged[port] = DEFAULT
                return None
            case _:
                raise RefusedError

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about the VLAN."""
        vlan = int(self.place)
        match words:
            case ["description", *text] if text and not no:
                self.descriptions[vlan] = " ".join(text)
            case ["tagged" | "untagged" as how, *name]:
                port = " ".join(name)
                if port not in self.ports:
                    raise RefusedError(NO_SUCH)
                {"tagged": self._tag, "untagged": self._untag}[how](vlan, port, no=no)
            case ["shutdown"]:
                self.vlans[vlan].shutdown = not no
            case _:
                elsewhere = [(f"Vlan {number}", svi) for number, svi in self.vlans.items()]
                self.vlans[vlan].change(words, self.wording, elsewhere, no=no)
        return None

    def _tag(self, vlan: int, port: str, *, no: bool) -> None:
        members = self.tagged.setdefault(vlan, [])
        if no:
            if port not in members:
                raise RefusedError(f"% Error: {self.short(port)} Port is not a member of this Vlan.\n")
            members.remove(port)
            self._back(port)
            return
        if not self.ports[port].layer2:
            raise RefusedError(f"% Error: {self.short(port)} Port not in layer-2 mode.\n")
        if self.untagged.get(port) == vlan or (
            not self.ports[port].hybrid and self.untagged.get(port, DEFAULT) != DEFAULT
        ):
            raise RefusedError(f"% Error: {self.short(port)} Port is untagged in another Vlan.\n")
        members += [] if port in members else [port]
        if not self.ports[port].hybrid:
            self.untagged.pop(port, None)

    def _untag(self, vlan: int, port: str, *, no: bool) -> None:
        if no and self.untagged.get(port) != vlan:
            raise RefusedError(f"% Error: {self.short(port)} Port is not a member of this Vlan.\n")
        if not no and not self.ports[port].hybrid and any(port in each for each in self.tagged.values()):
            raise RefusedError(f"% Error: {self.short(port)} Port is tagged in another Vlan.\n")
        self.untagged[port] = DEFAULT if no else vlan

    def _back(self, port: str) -> None:
        """Let a port without a VLAN come back to the default one."""
        if not any(port in members for members in self.tagged.values()):
            self.untagged.setdefault(port, DEFAULT)

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlan"]:
                return self._vlans()
            case ["show", "running-config", "interface", "vlan", number]:
                if int(number) not in self.vlans:
                    raise RefusedError(NO_SUCH)
                return "!\n" + indented(f"interface Vlan {number}", self._vlan_lines(int(number)))
            case ["show", "running-config", "interface", *name]:
                port = " ".join(name)
                if port not in self.ports:
                    raise RefusedError(NO_SUCH)
                return "!\n" + indented(f"interface {port}", self._port_lines(self.ports[port]))
            case ["show", "mac-address-table", "vlan", vlan]:
                head = "\nVlanId     Mac Address           Type          Interface        State\n"
                return head + "".join(
                    f" {vlan:<10}{mac}     Dynamic       {self.short(port):<17}Active\n"
                    for (port, number), mac in self.talking.items()
                    if str(number) == vlan
                )
            case ["show", "arp", "ip", address]:
                head = (
                    "\nProtocol    Address         Age(min)  Hardware Address    Interface      VLAN    CPU\n"
                )
                return f"{head}{'-' * 90}\n{self.arp.get(address, '')}"
            case ["write", "memory"]:
                return "!\n"
            case _:
                raise RefusedError

    @staticmethod
    def short(port: str) -> str:
        """Write a port as tables do, ``Te 0/1``."""
        kind, _, place = port.partition(" ")
        return f"{SHORT.get(kind, kind)} {place}"

    def _vlans(self) -> str:
        members: dict[int, list[tuple[str, list[str]]]] = {}
        for vlan in self.vlans:
            tagged = [self.short(port) for port in self.tagged.get(vlan, ())]
            untagged = [self.short(port) for port, where in self.untagged.items() if where == vlan]
            members[vlan] = [(how, ports) for how, ports in (("T", tagged), ("U", untagged)) if ports]
        names = {vlan: self.descriptions.get(vlan, "") for vlan in self.vlans}
        return table(names, members, active=self.active, legend=LEGEND)

    def _vlan_lines(self, vlan: int) -> list[str]:
        svi = self.vlans[vlan]
        lines = [f"description {self.descriptions[vlan]}"] if vlan in self.descriptions else []
        lines += svi.lines() if svi.ipv4 else ["no ip address", *svi.lines()]
        lines += [f"tagged {port}" for port in self.tagged.get(vlan, ())]
        lines += [f"untagged {port}" for port, where in self.untagged.items() if where == vlan != DEFAULT]
        return [*lines, *svi.others, "shutdown" if svi.shutdown else "no shutdown"]

    @staticmethod
    def _port_lines(port: Port) -> list[str]:
        if not port.layer2:
            return [port.address, *port.others, "no shutdown"]
        hybrid = ["portmode hybrid"] if port.hybrid else []
        return [port.address, *port.others, *hybrid, "switchport", "no shutdown"]


def dell_force10() -> Model:
    """Say what is on a new one."""
    return Model(
        make=Force10,
        ports=PORTS,
        access_ports=("TenGigabitEthernet0/3", "TenGigabitEthernet0/4"),
        prompts={"": "sw1#", "config": "sw1(conf)#", "conf-if-vl": "sw1(conf-if-vl-10)#"},
        unreadable=("% Error: Command authorization failed.\n", Force10.unknown),
    )
