"""What NX-OS and EOS have in common as played devices: VLANs, switch ports with a list, SVIs. Pure.

A trunk without a list carries every VLAN, to which nothing can be added; `no switchport trunk allowed vlan` drops the
list. Lists may name VLANs that are not there, and keep those that were deleted.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trunkline.drivers.switch.models.console import Console, Entered, RefusedError, Vlans
from trunkline.drivers.switch.models.layer3 import Layer3, Wording
from trunkline.orchestrator.vlans import VlanSet

LIST_CHARACTERS = 60
EVERY = VlanSet.every()


@dataclass(slots=True)
class SwitchPort:
    """A port as configured; without ``allowed`` it has no list. ``others`` are lines that we never write."""

    mode: str = "access"
    access: int = 1
    native: int = 1
    allowed: VlanSet | None = None
    others: list[str] = field(default_factory=list)

    @property
    def carried(self) -> VlanSet:
        """Give what crosses it."""
        if self.mode == "access":
            return VlanSet([self.access])
        return EVERY if self.allowed is None else self.allowed

    def list_lines(self) -> list[str]:
        """Print the list, on several lines where it is long."""
        if self.allowed is None:
            return []
        first, *more = self.allowed.chunks(LIST_CHARACTERS) if self.allowed else ["none"]
        start = "switchport trunk allowed vlan "
        return [f"{start}{first}", *(f"{start}add {part}" for part in more)]

    def change(self, words: Sequence[str], *, no: bool) -> None:
        """Take a line that begins with `switchport`.

        Raises:
            RefusedError: it is none.
        """
        match words:
            case ["mode", "access" | "trunk" as mode] if not no:
                self.mode = mode
            case ["mode"] if no:
                self.mode = "access"
            case ["access", "vlan", number] if number.isdecimal() and not no:
                self.access = int(number)
            case ["trunk", "native", "vlan", number] if number.isdecimal() and not no:
                self.native = int(number)
            case ["trunk", "allowed", "vlan", *how] if not no:
                self.allowed = self._list(how)
            case ["trunk", "allowed", "vlan"]:
                self.allowed = None
            case _:
                raise RefusedError

    def _list(self, how: Sequence[str]) -> VlanSet | None:
        have = EVERY if self.allowed is None else self.allowed
        try:
            match how:
                case ["add" | "remove" as op, text]:
                    named = VlanSet.parse(text)
                    now = VlanSet(have | named if op == "add" else have - named)
                case [text]:
                    now = VlanSet.parse(text)
                case _:
                    raise RefusedError
        except ValueError as error:
            raise RefusedError from error
        return None if now == EVERY else now


class CiscoLike(Console):
    """One switch: trunks that carry VLAN 1 alone, an access port that was a trunk once, and a trunk without a list."""

    wording: ClassVar[Wording]
    no_such: ClassVar[str]
    same_name: ClassVar[str]
    commits_on_exit: ClassVar[bool]
    """A VLAN takes effect when its sub-mode is left."""
    svi_is_shut: ClassVar[bool]
    """A new SVI is shut down."""

    def __init__(self, ports: Sequence[str], *, access: str, no_list: str) -> None:
        super().__init__()
        self.vlans = Vlans({1: "default", 100: "hosts"})
        self.ports = {
            name: SwitchPort(
                mode="trunk", allowed=VlanSet([1]), others=[f"description to host{index}", "mtu 9216"]
            )
            for index, name in enumerate(ports, start=1)
        }
        self.ports[access] = SwitchPort(
            access=100, allowed=VlanSet.parse("5-9"), others=["description printer"]
        )
        self.ports[no_list] = SwitchPort(mode="trunk", others=["description another switch"])
        self.svis: dict[int, Layer3] = {}
        self._pending: list[Sequence[str]] = []

    @abstractmethod
    def has_svis(self) -> bool:
        """Say whether it can have them."""

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line about a VLAN or an interface."""
        match words:
            case ["vlan", number] if number.isdecimal() and 1 < int(number) < 4095:  # noqa: PLR2004  # no VLAN
                return self._vlan(int(number), no=no)
            case ["interface", name] if name.startswith("Vlan") and name[4:].isdecimal() and self.has_svis():
                if not no:
                    self.svis.setdefault(int(name[4:]), Layer3(shutdown=self.svi_is_shut))
                    return "config-if", name
                if self.svis.pop(int(name[4:]), None) is None:
                    raise RefusedError(self.no_such)
                return None
            case ["interface", name] if name in self.ports and not no:
                return "config-if", name
            case ["interface", _]:
                raise RefusedError(self.no_such)
            case _:
                raise RefusedError

    def _vlan(self, number: int, *, no: bool) -> Entered | None:
        if no:
            self.vlans.names.pop(number, None)
            self.vlans.suspended.discard(number)
            return None
        return "config-vlan", str(number)

    def entered(self) -> None:
        """Begin with a VLAN."""
        if self.mode == "config-vlan":
            self._pending = [["make"]]
            if not self.commits_on_exit:
                self.left()

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about what was entered."""
        if self.mode == "config-vlan":
            self._in_vlan(words, no=no)
        elif self.place in self.ports:
            if words[0] != "switchport":
                raise RefusedError
            self.ports[self.place].change(words[1:], no=no)
        elif words == ["shutdown"]:
            self.svis[int(self.place[4:])].shutdown = not no
        else:
            elsewhere = [(f"Vlan{vlan}", svi) for vlan, svi in self.svis.items()]
            self.svis[int(self.place[4:])].change(words, self.wording, elsewhere, no=no)
        return None

    def _in_vlan(self, words: Sequence[str], *, no: bool) -> None:
        match words:
            case ["name", name] if not no:
                if name in self.vlans.names.values() and self.vlans.names.get(int(self.place)) != name:
                    raise RefusedError(self.same_name)
            case ["state", "suspend" | "active"] if not no:
                pass
            case _:
                raise RefusedError
        self._pending.append(words)
        if not self.commits_on_exit:
            self.left()

    def left(self) -> None:
        """Let what was said of a VLAN take effect."""
        number = int(self.place) if self._pending else 0
        for words in self._pending:
            match words:
                case ["make"]:
                    self.vlans.make(number)
                case ["name", name]:
                    self.vlans.names[number] = name
                case [_, state]:
                    (self.vlans.suspended.add if state == "suspend" else self.vlans.suspended.discard)(number)
                case _:
                    pass
        self._pending = []

    def status(self, vlan: int) -> str:
        """Give the word in the table."""
        return "suspended" if vlan in self.vlans.suspended else "active"
