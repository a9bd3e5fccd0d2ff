"""Turns what people type for an interface (``gi1/0/1``, ``vlan 10``, ``Gi0/0.10``) into its one long name and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["GigabitEthernet", "TenGigabitEthernet", "Vlan", "Port-channel", "Loopback"]

SHORT: dict[Kind, str] = {
    "GigabitEthernet": "Gi",
    "TenGigabitEthernet": "Te",
    "Vlan": "Vl",
    "Port-channel": "Po",
    "Loopback": "Lo",
}
ORDER: tuple[Kind, ...] = ("Port-channel", "GigabitEthernet", "TenGigabitEthernet", "Loopback", "Vlan")
_SHAPE = re.compile(r"([A-Za-z-]+)\s*(\d[\d/]*)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class InterfaceName:
    """An interface, e.g. kind ``GigabitEthernet``, place ``(0, 0)``, sub-interface 10.

    Attributes:
        kind: The word before the numbers.
        place: Slot, module and port; the VLAN of an SVI; the number of a port-channel.
        sub: Number of the sub-interface; None for the interface itself.
    """

    kind: Kind
    place: tuple[int, ...]
    sub: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}{self._numbers}"

    @property
    def short(self) -> str:
        """The form of `show` tables: ``Gi0/0.10``."""
        return f"{SHORT[self.kind]}{self._numbers}"

    @property
    def number(self) -> int:
        """The VLAN of an SVI, the number of a port-channel or loopback."""
        return self.place[-1]

    @property
    def parent(self) -> InterfaceName:
        """The interface a sub-interface is on; itself when it is none."""
        return InterfaceName(self.kind, self.place)

    @property
    def sort_key(self) -> tuple[int, tuple[int, ...], int]:
        """The order of running-config."""
        return ORDER.index(self.kind), self.place, -1 if self.sub is None else self.sub

    @property
    def _numbers(self) -> str:
        place = "/".join(str(number) for number in self.place)
        return place if self.sub is None else f"{place}.{self.sub}"


def parse(text: str) -> InterfaceName | None:
    """Read a name in any form; None when it is none.

    >>> str(parse("gi1/0/1")), parse("vl10").short
    ('GigabitEthernet1/0/1', 'Vl10')
    """
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        return None
    kind = kind_of(match[1])
    if kind is None:
        return None
    numbers = match[2].split("/")
    if not all(numbers):
        return None
    return InterfaceName(kind, tuple(int(n) for n in numbers), None if match[3] is None else int(match[3]))


def named(text: str) -> InterfaceName:
    """Read a name that is known to be one.

    Raises:
        ValueError: It is none.
    """
    name = parse(text)
    if name is None:
        raise ValueError(f"{text!r} is not an interface")
    return name


def kind_of(word: str) -> Kind | None:
    """Complete an abbreviated kind; None when nothing or more than one thing fits."""
    fitting = [kind for kind in ORDER if kind.lower().startswith(word.lower())]
    return fitting[0] if len(fitting) == 1 else None


def parse_range(text: str) -> tuple[InterfaceName, ...] | None:
    """Read what follows `interface range`: ``Gi1/0/1 - 4 , Te1/1/1`` or ``vlan 10 - 12``; None when it is no range."""
    names: list[InterfaceName] = []
    for part in text.split(","):
        first_text, dash, last_text = part.partition(" - ") if " - " in part else _dashed(part)
        first = parse(first_text)
        if first is None or first.sub is not None:
            return None
        last_number = last_text.strip()
        if dash and not last_number.isdigit():
            other = parse(last_number)
            if other is None or other.place[:-1] != first.place[:-1] or other.kind != first.kind:
                return None
            last_number = str(other.number)
        last = int(last_number) if dash else first.number
        if last < first.number:
            return None
        names += [
            InterfaceName(first.kind, (*first.place[:-1], number)) for number in range(first.number, last + 1)
        ]
    return tuple(names)


def _dashed(part: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(\s*(?:[Pp]ort-channel)?[^-]*)-(.*)", part)
    return (
        (part, "", "") if match is None or not match[1].strip()[-1:].isdigit() else (match[1], "-", match[2])
    )
