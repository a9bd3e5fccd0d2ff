"""Prints `show vlan` as Dell's FTOS and OS10 do, set as in the published captures. Pure; for the played devices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from trunkline.drivers.switch.models.layout import runs

WIDTH = 32
HEAD = """
Codes: * - Default VLAN, G - GVRP VLANs, P - Primary, C - Community, I - Isolated
Q: {legend}
   x - Dot1x untagged, X - Dot1x tagged
   G - GVRP tagged, M - Vlan-stack, H - Hyperpull tagged

    NUM    Status    Description                     Q Ports
"""


def table(
    vlans: Mapping[int, str],
    members: Mapping[int, Sequence[tuple[str, Sequence[str]]]],
    *,
    active: Collection[int],
    legend: str,
) -> str:
    """Print it.

    Args:
        vlans: Descriptions by id.
        members: For each id the letters and the ports behind them, named as in the table.
        active: The VLANs with a port that is up.
        legend: What the letters mean.
    """
    text = HEAD.format(legend=legend)
    for vlan, name in sorted(vlans.items()):
        rows = [f"{how} {ports}" for how, names in members.get(vlan, ()) for ports in _lists(names)]
        first, *more = rows or [""]
        mark, status = "*" if vlan == 1 else " ", "Active" if vlan in active else "Inactive"
        text += f"{mark}   {vlan:<7}{status:<10}{name:<{WIDTH}}{first}".rstrip() + "\n"
        text += "".join(f"{'':53}{row}\n" for row in more)
    return text


def _lists(ports: Iterable[str]) -> list[str]:
    """Write ports of one kind and slot as one list, ``Te 0/0-9,45-47``."""
    found: dict[str, list[str]] = {}
    for where, first, last in runs(ports):
        found.setdefault(where, []).append(f"{first}" if first == last else f"{first}-{last}")
    return [f"{where}{','.join(parts)}" for where, parts in found.items()]
