"""VLAN ids and sets of them: the text a switch prints and the set it means."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import NewType, Self

Vid = NewType("Vid", int)
"""An 802.1Q VLAN id, 1 to 4094 (IEEE 802.1Q-2022, 9.6: 0 and 4095 are reserved)."""

LOWEST, HIGHEST = Vid(1), Vid(4094)
RESERVED = frozenset(Vid(n) for n in (1, 1002, 1003, 1004, 1005))
"""VLANs a Catalyst cannot delete: the default VLAN and the FDDI/Token Ring leftovers."""


def vid(value: int) -> Vid:
    """Check that ``value`` is a VLAN id.

    Raises:
        ValueError: ``value`` is outside 1 to 4094.
    """
    if not LOWEST <= value <= HIGHEST:
        msg = f"{value} is not a VLAN id; they run from {LOWEST} to {HIGHEST}"
        raise ValueError(msg)
    return Vid(value)


class VlanSet(frozenset[Vid]):
    """An immutable set of VLAN ids that reads and prints the notation of switches, ``1,5-7``."""

    __slots__ = ()

    def __new__(cls, ids: Iterable[int] = ()) -> Self:
        """Build the set, checking every id."""
        return super().__new__(cls, (vid(number) for number in ids))

    @classmethod
    @functools.cache  # a value, and every open trunk is read as it
    def every(cls) -> VlanSet:
        """All ids a trunk can carry: what IOS calls ``ALL``, 1 to 4094."""
        return cls(range(LOWEST, HIGHEST + 1))

    @classmethod
    def parse(cls, text: str) -> VlanSet:
        """Read ``1,5-7``, ``ALL``, ``none`` or an empty string; blanks around commas are allowed.

        Raises:
            ValueError: the text is not a VLAN list.
        """
        word = text.strip().lower()
        if word in {"all", "1-4094"}:
            return cls.every()
        if word in {"", "none"}:
            return cls()
        return cls(number for part in word.split(",") for number in _span(part.strip(), text))

    def __str__(self) -> str:
        return ",".join(self._parts()) or "none"

    def chunks(self, most_characters: int = 220) -> Iterator[str]:
        """Cut the notation into pieces of at most ``most_characters``; IOS cuts longer lines."""
        line = ""
        for part in self._parts():
            longer = f"{line},{part}" if line else part
            if len(longer) > most_characters:
                yield line
                longer = part
            line = longer
        if line:
            yield line

    def _parts(self) -> Iterator[str]:
        numbers = sorted(self)
        start = 0
        for index, number in enumerate(numbers):
            if index + 1 < len(numbers) and numbers[index + 1] == number + 1:
                continue
            first = numbers[start]
            yield str(first) if first == number else f"{first}-{number}"
            start = index + 1


def _span(part: str, whole: str) -> range:
    first, dash, last = part.partition("-")
    try:
        low, high = int(first), int(last if dash else first)
    except ValueError:
        msg = f"{whole!r} is not a VLAN list; write for example 10,20-29"
        raise ValueError(msg) from None
    if low > high:
        msg = f"{part!r} runs backwards; write {high}-{low}"
        raise ValueError(msg)
    return range(low, high + 1)
