"""What `switch_change` found: rows of milliseconds, their ratios, and goals that were met or missed."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Case = tuple[float, int]
"""A round trip in seconds, and a number of changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one client needed. ``note`` says what the number is not, or what it is made of."""

    seconds: tuple[float, ...]
    note: str = ""

    @property
    def median(self) -> float:
        """The middle, in seconds."""
        return statistics.median(self.seconds)


@dataclass(slots=True)
class Figures:
    """All of one run."""

    cases: dict[Case, dict[str, Row]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def add(self, case: Case, client: str, seconds: Sequence[float], note: str = "") -> None:
        """Keep what a client needed."""
        self.cases.setdefault(case, {})[client] = Row(seconds=tuple(seconds), note=note)

    def median(self, case: Case, client: str) -> float:
        """Give the middle, in seconds."""
        return self.cases[case][client].median

    def table(self, floors: Mapping[str, str]) -> None:
        """Print every case; ``floors`` says of each client what it is a multiple of."""
        for (round_trip, count), rows in self.cases.items():
            say(f"\n{count} changes, {round_trip * 1000:.0f} ms round trip")
            say(f"  {'':44}{'median ms':>10}{'slowest':>10}{'x floor':>9}")
            for client, row in rows.items():
                times = "".join(f"{seconds * 1000:10.1f}" for seconds in (row.median, max(row.seconds)))
                ratio = row.median / rows[floors[client]].median
                runs = f"  {len(row.seconds)} runs"
                say(f"  {client:44}{times}{ratio:9.1f}{runs}{row.note and '; ' + row.note}")

    def goal(self, name: str, found: str, *, met: bool) -> None:
        """Print one goal, and whether it was met."""
        say(f"  {'met   ' if met else 'MISSED'}  {name}: {found}")
        if not met:
            self.missed.append(name)


def quantile(seconds: Sequence[float], share: float) -> float:
    """Give a quantile, in seconds."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))]


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
