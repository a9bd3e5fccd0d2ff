"""Membership that is configured inside the VLAN (`vlan 10`, `tagged 1`) instead of at the port; used by dialects. Pure.

A port has no trunk mode there: it is what it is tagged in, and one VLAN it may be untagged in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block
from trunkline.drivers.switch.state import PortMode, PortRow
from trunkline.orchestrator.intents import Carries
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet


def port_row(
    port: PortName,
    *,
    tagged: VlanSet,
    untagged: Vid | None,
    keeps_untagged: bool,
    channel: PortName | None = None,
    others: tuple[str, ...] = (),
) -> PortRow:
    """Say what a port is by its membership.

    Args:
        port: Which one.
        tagged: The VLANs it is tagged in.
        untagged: The VLAN of its untagged frames.
        keeps_untagged: A first tag leaves that VLAN as it is. Where it does not, a port without tags is none that
            may be adopted: whoever talks there would be cut off.
        channel: The link aggregation it is a member of.
        others: Its configured lines.
    """
    mode: PortMode = "access" if keeps_untagged else "special"
    return PortRow(
        port=port,
        mode="trunk" if tagged else mode,
        shown_mode="" if tagged else "untagged",
        allowed=VlanSet(tagged | ({untagged} if untagged is not None else frozenset())),
        native_vlan=untagged,
        access_vlan=untagged,
        takes_tags=keeps_untagged,
        channel=channel,
        others=others,
    )


def member_blocks(
    changes: Sequence[Change], *, enter: Callable[[Vid], str], mode: str, words: Callable[[PortName], str]
) -> Iterator[Block]:
    """Write changes of membership: one block per VLAN and direction, one line per port.

    Args:
        changes: What else than `Carries` is among them is left out.
        enter: Writes the line that enters a VLAN.
        mode: The sub-mode it leads to.
        words: Writes a port as the device takes it.
    """
    wanted: dict[tuple[Vid, str], list[Carries]] = {}
    for change in changes:
        if isinstance(change.claim, Carries):
            wanted.setdefault((change.claim.vlan, change.op), []).append(change.claim)
    for (vlan, op), claims in wanted.items():
        yield Block(
            enter=enter(vlan),
            mode=mode,
            lines=tuple(f"{'' if op == 'add' else 'no '}tagged {words(claim.port)}" for claim in claims),
            claims=frozenset(claims),
        )
