"""Reads what FastIron says of its VLANs and ports. Pure; part of the dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.drivers.switch.config_text import lines_of, section
from trunkline.drivers.switch.state import VlanRow
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, vid

_HEADER = re.compile(r"vlan (?P<vlan>\d+)(?: name (?P<name>.+?))?(?: by port)?")
_MEMBERS = re.compile(r"(?P<how>tagged|untagged) (?P<ports>.+)")
_ROUTER = re.compile(r"router-interface ve (?P<number>\d+)")
_BRIEF_ROW = re.compile(
    r"^(?P<port>[\w/]+) +(?:Up|Down|Disable\w*|ERR-DIS\w*) .*? (?P<trunk>None|\d+) +(?:Yes|No) +"
    r"(?P<pvid>N/A|None|\d+) ",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VlanText:
    """What `show running-config vlan` says of one VLAN; ``router`` is the number of its virtual interface."""

    row: VlanRow
    tagged: frozenset[str] = frozenset()
    untagged: frozenset[str] = frozenset()
    router: int | None = None


def parse_vlans(text: str) -> Iterator[VlanText]:
    """Read `show running-config vlan`; lines of what a VLAN holds beside its ports are left out.

    Raises:
        ValueError: a list of ports is none.
    """
    for header in (line for line in lines_of(text) if _HEADER.fullmatch(line)):
        found = _HEADER.fullmatch(header)
        if found is None:
            continue
        number = vid(int(found["vlan"]))
        members: dict[str, frozenset[str]] = {"tagged": frozenset(), "untagged": frozenset()}
        router: int | None = None
        for line in section(text, re.compile(re.escape(header))) or ():
            if member := _MEMBERS.fullmatch(line):
                members[member["how"]] |= frozenset(spelled_out(member["ports"]))
            elif ve := _ROUTER.fullmatch(line):
                router = int(ve["number"])
        yield VlanText(
            row=VlanRow(vlan=number, name=found["name"] or "", active=True),
            tagged=members["tagged"],
            untagged=members["untagged"],
            router=router,
        )


def spelled_out(text: str) -> list[str]:
    """Spell ``ethe 1/1/3 to 1/1/5 ethe 1/1/7 lag 1`` out, as the inventory names ports.

    Raises:
        ValueError: it is no such list.
    """
    ports = []
    for kind, first, last, _ in re.findall(r"(ethe\w*|lag) (\S+)(?: to (\S+))?|(\S+)", text):
        one, other = (re.fullmatch(r"((?:\d+/)*)(\d+)", end) for end in (first, last or first))
        if one is None or other is None or one[1] != other[1]:
            raise ValueError(f"{text!r} is not a list of ports")
        kept = "lag" if kind == "lag" else ""
        ports += [f"{kept}{one[1]}{number}" for number in range(int(one[2]), int(other[2]) + 1)]
    return ports


def parse_ports(text: str) -> Iterator[tuple[str, Vid | None, PortName | None]]:
    """Read `show interfaces brief`: every port, the VLAN of its untagged frames, the aggregation it is a member of."""
    for found in _BRIEF_ROW.finditer(text.replace("\r", "")):
        untagged = vid(int(found["pvid"])) if found["pvid"].isdigit() else None
        yield found["port"], untagged, PortName(f"lag{found['trunk']}") if found["trunk"].isdigit() else None
