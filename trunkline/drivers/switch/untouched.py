"""Compares two readings: what differs between them without having been asked for. Pure; for the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.quoting import quoted
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet


def untouched(
    before: SwitchState,
    after: SwitchState,
    changes: Sequence[Change],
    rules: Mapping[PortName, PortRule] | None = None,
) -> Iterator[str]:
    """Name what differs between two readings without having been asked for.

    Args:
        before: The reading before the changes.
        after: The reading after them.
        changes: What was asked for.
        rules: What may be done to each port; none: no trunk is restricted.
    """
    added = _by_port(changes, "add")
    removed = _by_port(changes, "remove")
    for port, row in before.ports.items():
        now = after.ports.get(port)
        if now is None:
            yield f"port {port} cannot be read any more"
            continue
        was = _expected(row, now, (rules or {}).get(port)) if port in added else row
        grown, lost = frozenset(now.allowed) - was.allowed, frozenset(was.allowed) - now.allowed
        if strange := (grown - added.get(port, frozenset())) | (lost - removed.get(port, frozenset())):
            yield f"port {port}: VLANs {VlanSet(strange)} changed though nobody asked"
        told = row.takes_tags and now.takes_tags
        kept = was.mode == now.mode or told or not after.facts.has_modes
        if not kept or (was.native_vlan, was.access_vlan) != (now.native_vlan, now.access_vlan):
            yield f"port {port}: its mode, native or access VLAN changed though nobody asked"
        if was.others != now.others:
            yield f"port {port}: {_first_difference(was.others, now.others)} changed though nobody asked"
    yield from _untouched_vlans(before, after, changes)
    asked = {(c.claim.parent, c.claim.vlan) for c in changes if isinstance(c.claim, Gateway)}
    for key in sorted(before.gateways.keys() | after.gateways.keys(), key=str):
        first, second = before.gateways.get(key), after.gateways.get(key)
        if key not in asked and first != second:
            yield f"the gateway of VLAN {key[1]} changed though nobody asked"
        elif first is not None and second is not None and first.others != second.others:
            line = _first_difference(first.others, second.others)
            yield f"the gateway of VLAN {key[1]}: {line} changed though nobody asked"


def _expected(row: PortRow, now: PortRow, rule: PortRule | None) -> PortRow:
    """Give what a port that was written is before anything of ours is added to it."""
    if row.mode != "trunk" and now.mode == "trunk":
        return _adopted(row)
    if rule is not None and rule.restrict and row.is_open and not now.is_open:
        native = frozenset() if row.native_vlan is None else frozenset({row.native_vlan})
        return replace(row, allowed=VlanSet((native & now.allowed) | rule.keeps))
    return row


def _untouched_vlans(before: SwitchState, after: SwitchState, changes: Sequence[Change]) -> Iterator[str]:
    ours = {change.claim.vlan for change in changes if isinstance(change.claim, HasVlan)}
    for vlan in sorted((before.vlans.keys() | after.vlans.keys()) - ours):
        first, second = before.vlans.get(vlan), after.vlans.get(vlan)
        if first is None or second is None:
            yield f"VLAN {vlan} came or went though nobody asked"
        elif first != second:
            yield f"VLAN {vlan}: its name or state changed though nobody asked"


def _adopted(row: PortRow) -> PortRow:
    """Give what a port is after its adoption, before anything of ours is added: it carries what it carried."""
    if row.negotiated:
        return replace(row, mode="trunk")
    untagged = row.untagged_vlan
    allowed = VlanSet() if untagged is None else VlanSet({untagged})
    return replace(row, mode="trunk", allowed=allowed, native_vlan=untagged or row.native_vlan)


def _first_difference(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    fresh = [line for line in after if line not in before]
    gone = [line for line in before if line not in after]
    return quoted((*fresh, *gone, *after, *before)[0])


def _by_port(changes: Sequence[Change], op: str) -> Mapping[PortName, frozenset[Vid]]:
    found: dict[PortName, frozenset[Vid]] = {}
    for change in changes:
        if change.op == op and isinstance(change.claim, Carries):
            found[change.claim.port] = found.get(change.claim.port, frozenset()) | {change.claim.vlan}
    return found
