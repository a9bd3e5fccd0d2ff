"""A played FastIron switch. Pure.

VLANs and ports are set as in the published captures. The VLAN names its ports; a port that is tagged leaves the default
VLAN and comes back with its last tag; with `dual-mode` it carries one VLAN untagged beside its tags. `router-interface`
makes the virtual interface, whose addresses go with it. Not sourced: the words about addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from trunkline.drivers.switch.models.console import Console, Entered, Model, RefusedError
from trunkline.drivers.switch.models.layer3 import Layer3, Wording
from trunkline.drivers.switch.models.layout import in_order, indented, runs

PORTS = ("1/1/1", "1/1/2")
DEFAULT = 1
HEAD = "Port    Link    State   Dupl Speed Trunk Tag Pvid Pri MAC             Name\n"


class FastIron(Console):
    """One switch: two tagged ports, the first in dual mode, and a third one in the default VLAN."""

    unknown: ClassVar[str] = "Invalid input -> {line}\nType ? for a list\n"
    wording: ClassVar[Wording] = Wording(
        overlaps="IP/Port: Errno(6) Duplicate ip address {address}\n",
        secondary_first="IP/Port: Errno(16) Can not remove primary address before secondary\n",
        absent="IP/Port: Errno(8) ip address {address} not found\n",
    )

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[int, str] = {DEFAULT: "DEFAULT-VLAN", 20: "two words", 100: ""}
        self.labels = {"1/1/1": "to switch1", "1/1/2": "", "1/1/3": ""}
        self.tagged: dict[int, list[str]] = {20: ["1/1/1", "1/1/2"], 100: ["1/1/1"]}
        self.untagged: dict[str, int] = {"1/1/1": 100, "1/1/3": DEFAULT}
        self.channels: dict[str, int] = {}
        """The members of link aggregations, which are named ``lag 1`` in a VLAN."""
        self.foreign: dict[int, list[str]] = {20: ["no spanning-tree"]}
        self.routers: dict[int, int] = {}
        self.ves: dict[int, Layer3] = {}

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line about a VLAN or a virtual interface."""
        match words:
            case ["vlan", number, "by", "port"] if number.isdecimal() and int(number) < 4095 and not no:  # noqa: PLR2004  # no VLAN
                self.names.setdefault(int(number), "")
                return "config-vlan", number
            case ["vlan", number] if number.isdecimal() and no:
                self._delete(int(number))
                return None
            case ["interface", "ve", number] if number.isdecimal() and not no:
                if int(number) not in self.ves:
                    raise RefusedError(f"Error - invalid virtual ethernet interface number {number}\n")
                return "config-vif", number
            case _:
                raise RefusedError

    def _delete(self, vlan: int) -> None:
        if vlan == DEFAULT or vlan not in self.names:
            raise RefusedError(f"Error - vlan {vlan} does not exist\n")
        ve = self.routers.pop(vlan, None)
        if ve is not None:
            del self.ves[ve]
        for port in self.tagged.pop(vlan, []):
            self._back(port)
        for port in [port for port, where in self.untagged.items() if where == vlan]:
            self._leave(port)
        del self.names[vlan]
        self.foreign.pop(vlan, None)

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about the VLAN or its virtual interface."""
        if self.mode == "config-vif":
            elsewhere = [(f"ve {number}", ve) for number, ve in self.ves.items()]
            self.ves[int(self.place)].change(words, self.wording, elsewhere, no=no)
            return None
        vlan = int(self.place)
        match words:
            case ["name", *text] if text and not no:
                name = " ".join(text)
                if any(name == taken and other != vlan for other, taken in self.names.items()):
                    raise RefusedError(f"Error - vlan name {name} is already in use\n")
                self.names[vlan] = name
                return None
            case ["tagged" | "untagged" as how, "ethe" | "ethernet" | "lag" as kind, port]:
                port = f"lag {port}" if kind == "lag" else port
                if port not in {*self.labels, *self.lags}:
                    raise RefusedError(f"Error - port {port} does not exist\n")
                return {"tagged": self._tag, "untagged": self._untag}[how](vlan, port, no=no)
            case ["router-interface", "ve", number] if number.isdecimal():
                self._route(vlan, int(number), no=no)
                return None
            case _:
                raise RefusedError

    def _tag(self, vlan: int, port: str, *, no: bool) -> str:
        members = self.tagged.setdefault(vlan, [])
        if no:
            if port not in members:
                raise RefusedError(f"Error - port ethe {port} is not a member of vlan {vlan}\n")
            members.remove(port)
            self._back(port)
            return f"Removed tagged port(s) ethe {port} from port-vlan {vlan}.\n"
        if port not in self.tagged_ports and self.untagged.get(port, DEFAULT) != DEFAULT:
            raise RefusedError(f"error: ports ethe {port} cannot be tagged, untagged in another vlan\n")
        members += [] if port in members else [port]
        if self.untagged.get(port) == DEFAULT:
            del self.untagged[port]
        return f"Added tagged port(s) ethe {port} to port-vlan {vlan}.\n"

    def _untag(self, vlan: int, port: str, *, no: bool) -> str:
        if no:
            self._leave(port)
            return f"Removed untagged port(s) ethe {port} from port-vlan {vlan}.\n"
        if port in self.tagged_ports:
            raise RefusedError(f"Error - port ethe {port} is not a member of default vlan\n")
        self.untagged[port] = vlan
        return f"Added untagged port(s) ethe {port} to port-vlan {vlan}.\n"

    @property
    def lags(self) -> set[str]:
        """Give the link aggregations."""
        return {f"lag {number}" for number in self.channels.values()}

    @property
    def tagged_ports(self) -> set[str]:
        """Give the ports with a tag."""
        return {port for members in self.tagged.values() for port in members}

    def _back(self, port: str) -> None:
        if port not in self.tagged_ports:
            self.untagged[port] = DEFAULT

    def _leave(self, port: str) -> None:
        del self.untagged[port]
        self._back(port)

    def _route(self, vlan: int, number: int, *, no: bool) -> None:
        if no:
            if self.routers.pop(vlan, None) is None:
                raise RefusedError(f"Error - ve {number} is not configured, does not exist\n")
            del self.ves[number]
            return
        if number in self.ves and self.routers.get(vlan) != number:
            raise RefusedError(f"Error - ve {number} is already in use\n")
        self.routers[vlan] = number
        self.ves.setdefault(number, Layer3())

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "running-config", "vlan"]:
                return self.vlan_config()
            case ["show", "running-config"]:
                ves = "".join(
                    indented(f"interface ve {number}", [*ve.others, *ve.lines(masks=True)]) + "!\n"
                    for number, ve in sorted(self.ves.items())
                )
                head = "Current configuration:\n!\nver 08.0.30tT313\n!\nstack unit 1\n  module 1 icx7450-24-port\n!\n"
                return f"{head}{self.vlan_config()}hostname sw1\nip router-id 10.0.0.1\n{ves}end\n\n"
            case ["show", "interfaces", "brief"]:
                return HEAD + "".join(map(self._brief, in_order(self.labels)))
            case ["show", "mac-address", "vlan", vlan]:
                rows = [
                    f"{mac}  {port:<16} Dynamic  {vlan}\n"
                    for (port, number), mac in self.talking.items()
                    if str(number) == vlan
                ]
                head = f"Total active entries from VLAN {vlan} = {len(rows)}\n"
                return f"{head}MAC-Address     Port             Type     VLAN\n{''.join(rows)}"
            case ["write", "memory"]:
                return "Write startup-config done.\n"
            case _:
                raise RefusedError

    def vlan_config(self) -> str:
        """Print the VLANs' part of the configuration."""
        text = ""
        for vlan, name in sorted(self.names.items()):
            lines = []
            tagged = self.tagged.get(vlan, [])
            plain = [port for port, where in self.untagged.items() if where == vlan and port not in tagged]
            for how, members in (("tagged", tagged), ("untagged", [] if vlan == DEFAULT else plain)):
                lines += [f"{how} {_ports(members)}"] if members else []
            dual = [port for port, where in self.untagged.items() if where == vlan and port in tagged]
            lines += [f"router-interface ve {self.routers[vlan]}"] if vlan in self.routers else []
            lines += [*self.foreign.get(vlan, ()), *([f"dual-mode {_ports(dual)}"] if dual else [])]
            title = f"vlan {vlan}{f' name {name}' if name else ''} by port"
            text += indented(title, lines) + "!\n"
        return text

    def _brief(self, port: str) -> str:
        pvid = self.untagged.get(port, "N/A")
        trunk = self.channels.get(port, "None")
        tag = "Yes" if port in self.tagged_ports or port in self.channels else "No"
        mac = f"cc4e.2415.{0x15D + int(port.rsplit('/', 1)[-1]):04x}"
        state = f"{port:<7} Up      Forward Full 1G    {trunk:<5} {tag:<3} {pvid:<4} 0   "
        return f"{state}{mac}  {self.labels[port]:<10}\n"


def _ports(ports: Sequence[str]) -> str:
    """Write ports as the configuration does, with a blank at the end."""
    found = []
    for where, first, last in runs(ports):
        kind, slot = ("lag", "") if where == "lag " else ("ethe", where)
        found.append(f"{kind} {slot}{first} " + (f"to {slot}{last} " if last > first else ""))
    return "".join(found)


def brocade_fastiron() -> Model:
    """Say what is on a new one."""
    modes = {"config": "config", "config-vlan": "config-vlan-10", "config-vif": "config-vif-10"}
    return Model(
        make=FastIron,
        ports=PORTS,
        access_ports=("1/1/3",),
        prompts={"": "sw1#"} | {mode: f"sw1({shown})#" for mode, shown in modes.items()},
        unreadable=(
            "Not authorized to execute this command.\n",
            "Invalid input -> vlan\nType ? for a list\n",
        ),
    )
