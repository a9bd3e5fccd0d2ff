"""Reads who announces itself out of a device's detailed listing of its neighbors; layouts are data. Pure; for dialects.

A neighbor writes part of the listing, and may write lines that look like the device's own. What it says of itself is
its own affair. That it appears at another port is not: a listing of one port counts for that port alone, and a listing
of all of them is refused when it has more entries than it counts, or a port twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from trunkline.drivers.announcements import capabilities, identifier, told
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

MOST_CHARACTERS = 2_000_000
"""So much of a listing is read; no switch has that many neighbors."""
_NEVER = re.compile(r"(?!)")
_UNSAID = re.compile(r"(?:- *)?(?:not advertised|not received|n/a|--?|null|none)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a platform lists its neighbors. Of each pattern but ``begin`` and ``free``, group 1 is the value.

    Attributes:
        begin: Where an entry begins.
        port: The switch's own port, in the entry.
        heading: The switch's own port, in a line above its entries.
        name: The system's name; the first pattern that is found and says anything counts, here and below.
        chassis: Its id.
        far_port: The id of its port.
        far_description: What it says of that port.
        capabilities: What of it is enabled, else what it can.
        free: Where in an entry text of several lines begins; all but capabilities are only looked for before it.
        total: How many entries the whole listing has; not looked for where it does not say.
        once: Each heading stands there once, whatever is below it.
        via: The protocol.
    """

    begin: re.Pattern[str]
    name: tuple[re.Pattern[str], ...]
    far_port: tuple[re.Pattern[str], ...]
    capabilities: tuple[re.Pattern[str], ...]
    port: re.Pattern[str] = _NEVER
    heading: re.Pattern[str] = _NEVER
    chassis: tuple[re.Pattern[str], ...] = ()
    far_description: tuple[re.Pattern[str], ...] = ()
    free: re.Pattern[str] = _NEVER
    total: re.Pattern[str] = _NEVER
    once: bool = False
    via: Literal["lldp", "cdp"] = "lldp"

    def peers(
        self, text: str, port: PortName | None, *, long_name: Callable[[str], PortName]
    ) -> tuple[Peer, ...]:
        """Read a listing.

        Args:
            text: What the device printed.
            port: Whose listing it is; None for that of every port.
            long_name: Writes a port's name out.

        Raises:
            ValueError: it has more entries than it counts, or a port twice.
        """
        clean = text.replace("\r", "")[:MOST_CHARACTERS]
        if port is None:
            self._check(clean)
        found = []
        for heading, entry in self._entries(clean):
            shown = self.port.search(self._head(entry))
            place = _place(shown[1] if shown else heading, port, long_name)
            if place is not None:
                found.append(self._peer(entry, place))
        return tuple(found)

    def _check(self, text: str) -> None:
        counted = [int(found[1]) for found in self.total.finditer(text)]
        listed = sum(1 for _ in self.begin.finditer(text))
        if counted and listed > counted[-1]:
            raise ValueError(
                f"it lists {listed} neighbors and counts {counted[-1]}: one of them forges others"
            )
        headings = Counter(found[1].strip() for found in self.heading.finditer(text))
        twice = next((each for each, count in headings.items() if count > 1), None)
        if self.once and twice is not None:
            raise ValueError(f"it has the port {told(twice)} twice: a neighbor forges one of them")

    def _entries(self, text: str) -> Iterator[tuple[str | None, str]]:
        """Give each entry with the heading that it is under."""
        heads = {found.start(): found[1] for found in self.heading.finditer(text)}
        begins = {found.start() for found in self.begin.finditer(text)}
        marks = sorted(heads.keys() | begins)
        heading = None
        for start, end in pairwise([*marks, len(text)]):
            heading = heads.get(start, heading)
            if start in begins:
                yield heading, text[start:end]

    def _head(self, entry: str) -> str:
        free = self.free.search(entry)
        return entry if free is None else entry[: free.start()]

    def _peer(self, entry: str, place: PortName) -> Peer:
        head = self._head(entry)
        return Peer(
            port=place,
            name=told(_value(self.name, head)),
            chassis=identifier(_value(self.chassis, head)),
            far_port=identifier(_value(self.far_port, head)),
            far_description=told(_value(self.far_description, head)),
            capabilities=capabilities(_value(self.capabilities, entry)),
            via=self.via,
        )


def _place(shown: str | None, port: PortName | None, long_name: Callable[[str], PortName]) -> PortName | None:
    """Give the switch's own port, or None for an entry that does not count.

    Some releases do not show it, so that only who asked for one port knows it.
    """
    if shown is None:
        return port
    place = long_name(shown.strip())
    if port is None:
        return place if place and place == told(place) else None
    return port if place.lower() == long_name(port).lower() else None


def _value(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    """Give what was announced; empty where the listing says that it was not."""
    for pattern in patterns:
        found = pattern.search(text)
        value = found[1].strip().strip('"').strip() if found else ""
        if not _UNSAID.fullmatch(value):
            return value
    return ""


def field(name: str) -> tuple[re.Pattern[str]]:
    """Find the value of ``name: value`` at the beginning of a line; the name is a regular expression."""
    return (re.compile(rf"^[ \t]*(?:[-+] )?{name}[ \t]*:[ \t]*(.*)$", re.MULTILINE),)
