"""The VLAN lists of `switchport trunk allowed vlan`: strict reading, the algebra of add/remove/except, and printing."""

from __future__ import annotations

import re
from typing import Literal

from trunkline.orchestrator.vlans import HIGHEST, LOWEST, VlanSet

EVERY = VlanSet.every()
"""What a trunk carries by default; running-config shows it with no line at all."""
NONE = VlanSet()
WRAP = 45
"""Characters of a list in one line of running-config; the rest follows in `add` lines."""
Operation = Literal["set", "add", "remove", "except"]
_ITEM = re.compile(r"([1-9]\d*)(?:-([1-9]\d*))?")


class BadVlanListError(ValueError):
    """The text is no VLAN list; the message is what IOS says about it."""


def parse(text: str) -> VlanSet:
    """Read ``1,5-7``: no blanks, no leading zeros, ranges run upwards.

    Raises:
        BadVlanListError: The text is something else.
    """
    numbers: set[int] = set()
    position = 0
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise BadVlanListError(_non_numeric(text, position))
        first, last = int(match[1]), int(match[2] or match[1])
        position += len(item) + 1
        if not LOWEST <= first <= last <= HIGHEST:
            end = "EOL" if position > len(text) else repr(text[position - 1])
            raise BadVlanListError(
                f"Command rejected: Bad VLAN list - character #{position} ({end}) delimits a VLAN\n"
                "number which is out of the range 1..4094."
            )
        numbers.update(range(first, last + 1))
    return VlanSet(numbers)


def _non_numeric(text: str, start: int) -> str:
    for index in range(start, len(text)):
        if text[index] not in "0123456789,-":
            return (
                f"Command rejected: Bad VLAN list - character #{index + 1} is a non-numeric\n"
                f"character ('{text[index]}')."
            )
    return f"Command rejected: Bad VLAN list - character #{start + 1} delimits a VLAN number that is not one."


def change(current: VlanSet, operation: Operation, ids: VlanSet) -> VlanSet:
    """Give the list after `switchport trunk allowed vlan [add|remove|except] ids`.

    ``add`` on ALL changes nothing; removing the last id leaves ``none``.
    """
    match operation:
        case "set":
            result: frozenset[int] = ids
        case "add":
            result = current | ids
        case "remove":
            result = current - ids
        case "except":
            result = EVERY - ids
    return EVERY if result == EVERY else VlanSet(result)


def config_lines(allowed: VlanSet) -> list[str]:
    """Give the lines of running-config; none for ALL."""
    if allowed == EVERY:
        return []
    if not allowed:
        return ["switchport trunk allowed vlan none"]
    first, *others = allowed.chunks(WRAP)
    return [
        f"switchport trunk allowed vlan {first}",
        *(f"switchport trunk allowed vlan add {chunk}" for chunk in others),
    ]


def shown(allowed: VlanSet) -> str:
    """Give the text of `show interfaces switchport`, broken as it breaks it: after a comma, five blanks."""
    if allowed == EVERY:
        return "ALL"
    if not allowed:
        return "NONE"
    first, *others = allowed.chunks(54)
    return ",\n     ".join((first, *others))
