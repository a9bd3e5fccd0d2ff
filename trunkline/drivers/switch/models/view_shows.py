"""What VRP and Comware print of VLANs and ports, set as in the published captures. Pure; for the played switches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from trunkline.drivers.switch.models.layout import in_order, wrapped
from trunkline.drivers.switch.models.view_setup import Setup, spans

RULER = "-" * 80
CELL, A_LINE = 16, 4
LIST_WIDTH = 32
LEGEND = [
    "U: Up;         D: Down;         TG: Tagged;         UT: Untagged;",
    "MP: Vlan-mapping;               ST: Vlan-stacking;",
    "#: ProtocolTransparent-vlan;    *: Management-vlan;",
]
LEGEND8 = [
    "MAC-LRN: MAC-address learning;  STAT: Statistic;",
    "BC: Broadcast; MC: Multicast;   UC: Unknown-unicast;",
    "FWD: Forward;  DSD: Discard;",
]


def vlans(setup: Setup) -> str:
    """Print `display vlan` of version 5."""
    lines = [f"The total number of VLANs is: {len(setup.vlans)}", RULER, *LEGEND, RULER, ""]
    lines += ["VID  Type    Ports", RULER]
    for vlan in sorted(setup.vlans):
        lines += [line.rstrip() for line in _members(setup, vlan, f"{vlan:<5}common  ")]
    lines += ["", "VID  Status  Property      MAC-LRN Statistics Description", RULER]
    lines += [
        f"{vlan:<5}enable  default       enable  disable    {name}"
        for vlan, name in sorted(setup.vlans.items())
    ]
    return "\n".join(lines)


def vlans8(setup: Setup) -> str:
    """Print `display vlan` of version 8."""
    lines = [RULER, *LEGEND, *LEGEND8, RULER, "", "VID          Ports".ljust(80), RULER]
    for vlan in sorted(setup.vlans):
        lines += [line.ljust(80) for line in _members(setup, vlan, f"{vlan:>4}         ")]
    lines += [" " * 80, "VID  Type     Status  Property  MAC-LRN STAT    BC  MC  UC  Description", RULER]
    lines += [
        f"{vlan:>4} common   enable  default   enable  disable FWD FWD FWD {name:<20}"
        for vlan, name in sorted(setup.vlans.items())
    ]
    return "\n".join(lines)


def _members(setup: Setup, vlan: int, start: str) -> list[str]:
    lines: list[str] = []
    for word, tagged in (("UT:", False), ("TG:", True)):
        cells = [
            f"{_short(port)}({'D' if port in setup.down else 'U'})".ljust(CELL)
            for port in setup.members(vlan, tagged=tagged)
        ]
        for at in range(0, len(cells), A_LINE):
            front = " " * len(start) if lines else start
            lines.append(f"{front}{'   ' if at else word}{''.join(cells[at : at + A_LINE])}")
    return lines or [start]


def _short(port: str) -> str:
    return re.sub(r"^(X|Multi)?GigabitEthernet", r"\1GE", port)


def ports(setup: Setup) -> str:
    """Print `display port vlan`."""
    lines = ["Port                        Link Type    PVID  Trunk VLAN List", "-" * 79]
    for port, trunk in setup.trunks.items():
        first, *more = wrapped(spans(trunk.allowed) or ["-"], LIST_WIDTH, comma=" ")
        lines.append(f"{port:<28}{'trunk':<13}{trunk.native:<6}{first}")
        lines += [f"{'':47}{line}" for line in more]
    lines += [f"{port:<28}{'access':<13}{vlan:<6}-" for port, vlan in setup.access.items()]
    return "\n".join(lines)


def all_vlans(setup: Setup) -> str:
    """Print `display vlan all` of Comware 7."""
    text = ""
    for vlan, description in sorted(setup.vlans.items()):
        svi = setup.svis.get(vlan)
        text += f" VLAN ID: {vlan}\n VLAN type: Static\n"
        text += f" Route interface: {'Not configured' if svi is None else 'Configured'}\n"
        if svi is not None and svi.ipv4:
            text += f" IPv4 address: {svi.ipv4[0].ip}\n IPv4 subnet mask: {svi.ipv4[0].netmask}\n"
        text += f" Description: {description}\n Name: {setup.names.get(vlan, f'VLAN {vlan:04}')}\n"
        text += f" Tagged ports:   {_listed(setup.members(vlan, tagged=True))}\n"
        text += f" Untagged ports: {_listed(setup.members(vlan, tagged=False))}\n\n"
    return text


def _listed(names: Iterable[str]) -> str:
    rows: list[Sequence[str]] = []
    for name in in_order(sorted(names)):
        kind = re.sub(r"\d.*", "", name)
        a_line = 1 if kind == "Ten-GigabitEthernet" else 2
        if rows and len(rows[-1]) < a_line and rows[-1][0].startswith(kind):
            rows[-1] = [*rows[-1], name]
        else:
            rows.append([name])
    if not rows:
        return "None"
    return "".join("\n    " + "".join(f"{name:<30}" for name in row) for row in rows)
