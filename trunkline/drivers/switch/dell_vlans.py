"""Reads `show vlan` as Dell's FTOS (Force10) and OS10 print it, and how both name ports. Pure; used by their dialects.

The columns stand where their header stands; a description may hold blanks, and is missing on old releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline.drivers.switch.config_text import lines_of
from trunkline.drivers.switch.state import VlanRow
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

VLANS = "show vlan"
VLANS_ANSWER = re.compile(r"^ *NUM +Status\b.*\bQ +Ports", re.MULTILINE)

_ROW = re.compile(r"^[ *@A-Z]{0,4} *(?P<vlan>\d{1,4}) +(?P<status>Active|Inactive)\b")
_MEMBERS = re.compile(r"^(?P<how>[A-Za-z]) (?P<ports>\S.*)$")
_GROUP = re.compile(r"(?P<kind>[A-Za-z][A-Za-z-]*) ?(?P<places>\d[\d/,:-]*)")
_KIND = re.compile(r"(?P<kind>[A-Za-z]{2})[A-Za-z-]*(?P<place>\d.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Ports of a VLAN, as `key_of` names them; ``tagged`` or not."""

    vlan: Vid
    tagged: bool
    ports: frozenset[str]


def key_of(port: str) -> str:
    """Make the spellings of a port the same: its kind by two letters, its place without a blank, ``te0/30``."""
    found = _KIND.fullmatch(port.replace(" ", ""))
    return f"{found['kind']}{found['place']}".lower() if found else port.lower()


def parse_vlans(text: str) -> tuple[dict[Vid, VlanRow], tuple[Membership, ...]]:
    """Read the table.

    Every VLAN counts as active: ``Inactive`` only says that none of its ports is up.

    Raises:
        ValueError: there is no header, or a list of ports is none.
    """
    rows: dict[Vid, VlanRow] = {}
    members: list[Membership] = []
    lines = lines_of(text)
    header = next((index for index, line in enumerate(lines) if VLANS_ANSWER.match(line)), None)
    if header is None:
        raise ValueError("it has no header")
    letters = lines[header].index("Q ")
    name_starts = lines[header].find("Description")
    current: Vid | None = None
    for line in lines[header + 1 :]:
        if row := _ROW.match(line):
            current = vid(int(row["vlan"]))
            name = line[name_starts:letters].strip() if name_starts >= 0 else ""
            rows[current] = VlanRow(vlan=current, name=name, active=True)
        found = _MEMBERS.match(line[letters:])
        if current is not None and found is not None:
            members.append(
                Membership(vlan=current, tagged=_is_tagged(found["how"]), ports=_ports(found["ports"]))
            )
    return rows, tuple(members)


def tagged_and_untagged(port: str, members: tuple[Membership, ...]) -> tuple[VlanSet, Vid | None]:
    """Say which VLANs a port is tagged in, and in which one untagged."""
    key = key_of(port)
    mine = [each for each in members if key in each.ports]
    return (
        VlanSet(each.vlan for each in mine if each.tagged),
        next((each.vlan for each in mine if not each.tagged), None),
    )


def _is_tagged(how: str) -> bool:
    """Read the legend: U, A and small letters are untagged (by 802.1X, VLT and so on), the others tagged."""
    return how not in {"U", "A"} and not how.islower()


def _ports(text: str) -> frozenset[str]:
    """Spell ``Te 0/30,35-37`` or ``Po1(So 0/0-1)`` out."""
    return frozenset(
        key_of(f"{group['kind']}{place}")
        for group in _GROUP.finditer(text)
        for place in _places(group["places"].strip(",-"))
    )


def _places(text: str) -> list[str]:
    """Spell ``0/30,35-37`` and ``1/1/1-1/1/3,1/1/5:2`` out; what precedes the last number is kept until it changes."""
    found: list[str] = []
    before = ""
    for part in text.split(","):
        first, dash, last = part.partition("-")
        one, other = (re.fullmatch(r"(.*[/:])?(\d+)", end) for end in (first, last if dash else first))
        if one is None or other is None or (dash and other[1] not in {None, one[1]}):
            raise ValueError(f"{text!r} is not a list of ports")
        before = one[1] or before
        found += [f"{before}{number}" for number in range(int(one[2]), int(other[2]) + 1)]
    return found
