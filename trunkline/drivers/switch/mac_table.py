"""Reads who talks on which port out of a MAC table, whatever its columns; used by dialects. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from trunkline.drivers.switch.dialect import Scope
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

_MAC = re.compile(
    r"(?<![\w.:-])(?:[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{6}-[0-9a-f]{6})(?![\w:-])",
    re.IGNORECASE,
)
_GROUP_BIT = 1


def talkers(
    tables: Mapping[Vid, str], scope: Scope, *, rest: re.Pattern[str], name: Callable[[str], str]
) -> dict[tuple[PortName, Vid], frozenset[str]]:
    """Give who talks where, for the removals of a scope.

    Args:
        tables: The table of each VLAN.
        scope: What is asked about.
        rest: What follows a MAC; its group ``port`` is where it was learned.
        name: Makes two spellings of one port the same.

    Returns:
        Addresses by port and VLAN, lower-case with colons. A port that cannot be told counts as every port:
        better kept than cut.
    """
    found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in scope.removals}
    for key in found:
        for line in tables[key[1]].replace("\r", "").split("\n"):
            mac = _MAC.search(line)
            if mac is None or int(mac[0][1], 16) & _GROUP_BIT:
                continue  # a group address is nobody in person
            place = rest.match(line, mac.end())
            if place is None or name(place["port"]) == name(key[0]):
                found[key] |= {_colons(mac[0])}
    return found


def _colons(text: str) -> str:
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
