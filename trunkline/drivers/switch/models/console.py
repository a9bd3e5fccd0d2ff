"""A command line with modes, played: what the devices have in common, and what the checks are told of one. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trunkline.drivers.switch.conformance.device import Device

Entered = tuple[str, str]
"""A sub-mode, and what is configured there."""


class RefusedError(Exception):
    """What a device says in place of taking a line; without words it does not know the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Makes a device, and says what is on it. Implements `DeviceModel` and `HasOtherPorts`."""

    make: Callable[[], Device]
    ports: Sequence[str]
    prompts: Mapping[str, str]
    unreadable: Sequence[str]
    gateways: Sequence[str | None] = (None,)
    open_ports: Sequence[str] = ()
    access_ports: Sequence[str] = ()

    def empty(self) -> Device:
        """Make one."""
        return self.make()


class Console(ABC):
    """One device with one session in configuration mode; it stays in a sub-mode until it is told to leave.

    A line that a sub-mode does not know is one of the configuration mode, and leads out, as on most devices.
    """

    unknown: ClassVar[str]
    """What it says to a line that it does not know, ``{line}``."""
    leave: ClassVar[str] = "exit"
    negation: ClassVar[str] = "no "

    def __init__(self) -> None:
        self.mode, self.place = "", ""
        self.talking: dict[tuple[str, int], str] = {}
        """The MACs that were learned, by port and VLAN."""

    @abstractmethod
    def shown(self, command: str) -> str:
        """Print what a command prints.

        Raises:
            RefusedError: it does not.
        """

    @abstractmethod
    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line of the configuration mode; say where it leads.

        Raises:
            RefusedError: it is refused.
        """

    @abstractmethod
    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line of the sub-mode; give what is printed, mostly nothing.

        Raises:
            RefusedError: it is refused.
        """

    def entered(self) -> None:  # noqa: B027  # most devices do nothing then
        """Do what is done when a sub-mode was entered."""

    def left(self) -> None:  # noqa: B027  # as above
        """Do what is done when a sub-mode is left."""

    def answer(self, command: str) -> str:
        """Print what a command prints outside of configuration mode, refusals included."""
        return self._said(self.shown, command)

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Take lines in configuration mode; give what is printed after each."""
        return [self._said(self._typed, line) for line in lines]

    def _said(self, how: Callable[[str], str], line: str) -> str:
        try:
            return how(line)
        except RefusedError as refusal:
            return str(refusal) or self.unknown.format(line=line)

    def _typed(self, line: str) -> str:
        if line == self.leave:
            self._go(("", ""))
            return ""
        no, words = line.startswith(self.negation), line.removeprefix(self.negation).split()
        if self.mode:
            try:
                return self.inside(words, no=no) or ""
            except RefusedError as refusal:
                if str(refusal):
                    raise
        self._go(self.outside(words, no=no) or ("", ""))
        return ""

    def _go(self, where: Entered) -> None:
        if self.mode:
            self.left()
        self.mode, self.place = where
        if self.mode:
            self.entered()


@dataclass(slots=True)
class Vlans:
    """VLANs with their names. One without a name of its own is called after its id, ``VLAN0010``."""

    names: dict[int, str] = field(default_factory=dict)
    suspended: set[int] = field(default_factory=set)

    def name(self, vlan: int, name: str, *, refusal: str) -> None:
        """Name one.

        Raises:
            RefusedError: another one is called that.
        """
        if any(other != vlan and name == taken for other, taken in self.names.items()):
            raise RefusedError(refusal)
        self.names[vlan] = name

    def make(self, vlan: int, name: str = "") -> None:
        """Make one, unless it is there."""
        self.names.setdefault(vlan, name or f"VLAN{vlan:04}")
