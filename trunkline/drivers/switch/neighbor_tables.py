"""Reads who announces itself out of a table with columns, for devices that have no detailed listing. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from trunkline.drivers.announcements import capabilities, identifier, told
from trunkline.drivers.switch.neighbor_text import MOST_CHARACTERS
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

_UNSAID = frozenset({"", "-", "--"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A table whose columns stand where their headings stand.

    Attributes:
        header: The line with the headings.
        ruled: Columns are as wide as the dashes below the headings, rather than to the next heading; values are wrapped
            in them.
        names: The headings for port, chassis, far_port, name and capabilities; what the table does not have is left
            out.
        port: What a port looks like; a row without is no neighbor. Group 1 is its name.
        letters: What capabilities mean by other letters than LLDP's.
    """

    header: re.Pattern[str]
    names: Mapping[str, str]
    port: re.Pattern[str]
    ruled: bool = False
    letters: Mapping[str, str] = field(default_factory=dict)

    def peers(
        self, text: str, port: PortName | None, *, long_name: Callable[[str], PortName]
    ) -> tuple[Peer, ...]:
        """Read a table, as `Layout.peers`; one of these has no count that could be forged."""
        found = []
        for row in self._rows(text.replace("\r", "")[:MOST_CHARACTERS].split("\n")):
            shown = self.port.fullmatch(row.get("port", ""))
            place = long_name(shown[1]) if shown else None
            if place is not None and (port is None or place.lower() == port.lower()):
                found.append(self._peer(row, place))
        return tuple(found)

    def _peer(self, row: Mapping[str, str], place: PortName) -> Peer:
        said = {key: "" if value in _UNSAID else value for key, value in row.items()}
        letters = re.split(r"[\s,]+", said.get("capabilities", ""))
        return Peer(
            port=PortName(told(place)),
            name=told(said.get("name", "")),
            chassis=identifier(said.get("chassis", "")),
            far_port=identifier(said.get("far_port", "")),
            capabilities=capabilities(" ".join(self.letters.get(each, each) for each in letters)),
        )

    def _rows(self, lines: list[str]) -> Iterator[dict[str, str]]:
        spans: dict[str, slice] = {}
        row: dict[str, str] = {}
        for index, line in enumerate(lines):
            if self.header.search(line):
                spans = self._spans(line, lines[index + 1] if index + 1 < len(lines) else "")
                continue
            cells = {key: line[span].strip() for key, span in spans.items()}
            if not self.ruled:
                cells |= dict.fromkeys(_overflown(line, spans), "")
            if cells.get("port") or not self.ruled:
                yield row
                row = cells
            elif row:
                row = {key: row[key] + cells[key] for key in row}
        yield row

    def _spans(self, header: str, below: str) -> dict[str, slice]:
        if self.ruled:
            dashes = [slice(each.start(), each.end()) for each in re.finditer("-+", below)]
            columns = {header[each].strip(): each for each in dashes}
        else:
            starts = [each.start() for each in re.finditer(r"\S+(?: \S+)*", header)]
            columns = {
                header[start:end].strip(): slice(start, end)
                for start, end in pairwise([*starts, MOST_CHARACTERS])
            }
        return {key: columns[name] for key, name in self.names.items() if name in columns}


def _overflown(line: str, spans: Mapping[str, slice]) -> Iterator[str]:
    """Name the columns of a line that cannot be told apart, because a value is longer than its column."""
    for (left, _), (right, span) in pairwise(spans.items()):
        if line[span.start - 1 : span.start].strip():
            yield from (left, right)
