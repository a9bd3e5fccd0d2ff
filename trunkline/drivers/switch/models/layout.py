"""How devices set their tables: names of ports in a row, cells that wrap. Pure; for the played devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_PLACE = re.compile(r"(?P<where>.*?)(?P<number>\d+)")


def split(port: str) -> tuple[str, int]:
    """Take a name apart before its last number, ``1/1/4`` -> ``1/1/``, 4."""
    found = _PLACE.fullmatch(port)
    return (port, 0) if found is None else (found["where"], int(found["number"]))


def in_order(ports: Iterable[str]) -> list[str]:
    """Sort them by their numbers, and kinds by when they first came."""
    names = list(ports)
    kinds = list(dict.fromkeys(re.sub(r"\d.*", "", name) for name in names))
    return sorted(
        names,
        key=lambda name: (
            kinds.index(re.sub(r"\d.*", "", name)),
            [int(number) for number in re.findall(r"\d+", name)],
        ),
    )


def runs(ports: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """Give neighbours as one: what they have in front, the first and the last number."""
    open_run: tuple[str, int, int] | None = None
    for where, number in map(split, in_order(ports)):
        if open_run is not None and (where, number) == (open_run[0], open_run[2] + 1):
            open_run = (where, open_run[1], number)
            continue
        if open_run is not None:
            yield open_run
        open_run = (where, number, number)
    if open_run is not None:
        yield open_run


def short_runs(ports: Iterable[str]) -> list[str]:
    """Write neighbours with the last number alone, ``fa3-4``."""
    return [f"{where}{first}" + (f"-{last}" if last > first else "") for where, first, last in runs(ports)]


def wrapped(items: Iterable[str], width: int, *, comma: str = ",", at_end: str = "") -> list[str]:
    """Set items in lines; one that goes on ends with ``at_end``."""
    lines, line = [], ""
    for item in items:
        longer = f"{line}{comma}{item}" if line else item
        if len(longer) + len(at_end) > width and line:
            lines.append(f"{line}{at_end}")
            longer = item
        line = longer
    return [*lines, line]


def centred(text: str, width: int) -> str:
    """Set a cell in the middle, one blank less in front where it does not come out even."""
    left = max(width - len(text), 0) // 2
    return f"{' ' * left}{text}".ljust(width)


def indented(header: str, lines: Iterable[str], *, indent: str = " ") -> str:
    """Print a section of a configuration."""
    return "".join([f"{header}\n", *(f"{indent}{line}\n" for line in lines)])
