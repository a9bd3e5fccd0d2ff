"""The four functions of `Discovers` over tables of words, for dialects that differ in nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trunkline.drivers.announcements import identifier, told
from trunkline.drivers.switch.cisco_tables import reading
from trunkline.drivers.switch.dialect import Query
from trunkline.drivers.switch.neighbor_text import MOST_CHARACTERS
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import HIGHEST, LOWEST, Vid, vid

NOBODY = (
    r"^[ \t]*(?:% ?)?(?:Error: ?)?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Unrecognised) "
    r"|^[ \t]*%? ?(?:Error: ?|Info: ?|Note: ?)?(?:Global )?(?:LLDP|CDP) (?:is )?(?:currently )?"
    r"(?:not (?:enabled|running|configured)|disabled)"
)
"""A device that does not know the command, or on which the protocol is off: nothing is known."""


class Listing(Protocol):
    """Reads a listing: a `Layout`, or the `Columns` of a table."""

    def peers(
        self, text: str, port: PortName | None, *, long_name: Callable[[str], PortName]
    ) -> tuple[Peer, ...]:
        """Read who is in it, as `Layout.peers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """One protocol on a platform: how it is asked for, what an answer shows, and its layout.

    Attributes:
        command: With ``{port}`` where a blank, ``prefix`` and the port go, or ``every`` where all are asked about.
        answer: As `Query.answer`.
        layout: How the neighbors are listed.
        whole: It cannot be asked about one port alone.
    """

    command: str
    answer: re.Pattern[str]
    layout: Listing
    prefix: str = ""
    every: str = ""
    whole: bool = False

    def query(self, port: PortName | None) -> Query:
        """Ask about one port, or about all."""
        shown = self.every if port is None or self.whole else f" {self.prefix}{port}"
        return Query(command=self.command.format(port=shown), answer=self.answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacListing:
    """How a platform lists every address that it has learned.

    Attributes:
        command: Shows all of them.
        answer: As `Query.answer`.
        rows: Lines of the table with the groups ``vlan``, ``mac`` and ``ports``; the first that fits counts.
        ports_of: Takes the names of ports out of the last group; the switch itself is none.
    """

    command: str
    answer: re.Pattern[str]
    rows: tuple[re.Pattern[str], ...]
    ports_of: Callable[[str], Sequence[str]]

    def read(self, text: str) -> Iterator[tuple[Vid, str, Sequence[str]]]:
        """Give VLAN, MAC and ports of each row."""
        for line in text.replace("\r", "")[:MOST_CHARACTERS].split("\n"):
            row = next((found for each in self.rows if (found := each.fullmatch(line.rstrip()))), None)
            if row is None or not LOWEST <= int(row["vlan"]) <= HIGHEST:
                continue
            mac = identifier(row["mac"])
            if not int(mac[1], 16) & 1:  # a group address is nobody in person
                yield vid(int(row["vlan"])), mac, self.ports_of(row["ports"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a platform shows of its surroundings.

    Attributes:
        protocols: Those that it listens to.
        macs: Its table of learned addresses.
        long_name: Writes a port's name out.
    """

    protocols: tuple[Announcements, ...]
    macs: MacListing
    long_name: Callable[[str], PortName]


class Discovering:
    """A dialect with a `Discovery`; implements `Discovers`."""

    discovery: Discovery

    def peer_queries(self, port: PortName | None) -> Sequence[Query]:
        """Ask each protocol."""
        return [each.query(port) for each in self.discovery.protocols]

    def peers(self, outputs: Mapping[str, str], port: PortName | None) -> Sequence[Peer]:
        """Read what each protocol heard.

        Raises:
            ValueError: a listing contradicts itself; the text names the command.
        """
        found: list[Peer] = []
        for each in self.discovery.protocols:
            command = each.query(port).command
            with reading(command):
                heard = each.layout.peers(
                    outputs[command], None if each.whole else port, long_name=self.discovery.long_name
                )
            found += [peer for peer in heard if port is None or _same(peer.port, port)]
        return found

    def station_queries(self) -> Sequence[Query]:
        """Ask for the whole MAC table."""
        return [Query(command=self.discovery.macs.command, answer=self.discovery.macs.answer)]

    def stations(self, outputs: Mapping[str, str]) -> Mapping[tuple[PortName, Vid], frozenset[str]]:
        """Read it: who talks behind which port, in which VLAN."""
        found: dict[tuple[PortName, Vid], frozenset[str]] = {}
        for vlan, mac, names in self.discovery.macs.read(outputs[self.discovery.macs.command]):
            for name in names:
                port = PortName(told(self.discovery.long_name(name)))
                found[port, vlan] = found.get((port, vlan), frozenset()) | {mac}
        return found


def _same(one: PortName, other: PortName) -> bool:
    return one.lower() == other.lower()


def listed(text: str, elsewhere: re.Pattern[str]) -> list[str]:
    """Split names at blanks and commas, without those of the switch itself."""
    return [name for name in re.split(r"[\s,]+", text) if name and not elsewhere.fullmatch(name)]
