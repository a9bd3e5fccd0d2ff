"""What is configured on a played VRP or Comware switch, and how its lists are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from trunkline.drivers.switch.models.layer3 import Layer3
from trunkline.orchestrator.vlans import HIGHEST, VlanSet

MOST_ITEMS = 10


@dataclass(slots=True)
class Trunk:
    """A trunk; ``others`` are lines that we never write."""

    allowed: set[int] = field(default_factory=lambda: {1})
    native: int = 1
    others: list[str] = field(default_factory=list)

    def __deepcopy__(self, memo: dict[int, object]) -> Trunk:
        """Copy it; the general way looks at each of 4094 numbers."""
        del memo
        return Trunk(allowed=set(self.allowed), native=self.native, others=list(self.others))

    def lines(self, word: str) -> list[str]:
        """Print it; ``word`` is what stands between `port trunk` and `vlan`."""
        lines = [*self.others, "port link-type trunk"]
        lines += [f"port trunk pvid vlan {self.native}"] if self.native > 1 else []
        lines += [] if 1 in self.allowed else [f"undo port trunk {word} vlan 1"]
        rest = [part.replace("-", " to ") for part in spans(self.allowed - {1})]
        for start in range(0, len(rest), MOST_ITEMS):
            lines.append(f"port trunk {word} vlan {' '.join(rest[start : start + MOST_ITEMS])}")
        return lines


@dataclass(slots=True)
class Setup:
    """All of it; ``vlans`` have descriptions, ``access`` VLANs, and ``down`` are ports without a link."""

    vlans: dict[int, str] = field(default_factory=lambda: {1: "VLAN 0001"})
    names: dict[int, str] = field(default_factory=dict)
    trunks: dict[str, Trunk] = field(default_factory=dict)
    access: dict[str, int] = field(default_factory=dict)
    svis: dict[int, Layer3] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    def members(self, vlan: int, *, tagged: bool) -> Iterator[str]:
        """Give the ports of a VLAN that carry it tagged, or untagged."""
        for port, trunk in self.trunks.items():
            if vlan in trunk.allowed and (vlan != trunk.native) is tagged:
                yield port
        if not tagged:
            yield from (port for port, number in self.access.items() if number == vlan)


def ids(text: str) -> set[int]:
    """Read ``10 20 to 22``; nothing when it is something else."""
    if not re.fullmatch(r"\d+(?: to \d+)?(?: \d+(?: to \d+)?)*", text):
        return set()
    found: set[int] = set()
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def spans(numbers: set[int]) -> list[str]:
    """Write ids as spans, ``10``, ``20-22``."""
    if len(numbers) == HIGHEST:
        return [f"1-{HIGHEST}"]
    return str(VlanSet(numbers)).split(",") if numbers else []
