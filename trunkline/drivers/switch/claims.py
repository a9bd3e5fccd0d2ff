"""Compares an intent with a switch's state: what to change, what stands in the way, what must stay. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface
from typing import Literal

from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.redaction import redact
from trunkline.orchestrator.vlans import Vid, VlanSet

FIRST_EXTENDED = 1006
OUR_PREFIX = "tl-"
ALL = 4094
FEWEST_STATIONS = 2
"""A host and one container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One claim to be made true or withdrawn."""

    op: Literal["add", "remove"]
    claim: Claim


def holds(claim: Claim, state: SwitchState) -> bool:
    """Say whether the switch satisfies a claim."""
    match claim:
        case HasVlan(vlan=vlan):
            return vlan in state.vlans and state.vlans[vlan].active
        case Carries(port=port, vlan=vlan):
            row = state.ports.get(port)
            return row is not None and row.mode == "trunk" and vlan in row.allowed
        case Gateway(vlan=vlan, parent=parent, addresses=addresses):
            gateway = state.gateways.get((parent, vlan))
            return (
                gateway is not None
                and not gateway.shutdown
                and frozenset(addresses) <= gateway.addresses
                and (parent is None or (gateway.tagged == vlan and parent not in state.down))
            )


def restricts(claim: Claim, intent: SwitchIntent, state: SwitchState) -> bool:
    """Say whether the claim is on a trunk that carries every VLAN and is to be restricted to what is needed."""
    if not isinstance(claim, Carries):
        return False
    row, rule = state.ports.get(claim.port), intent.ports.get(claim.port)
    return row is not None and rule is not None and rule.restrict and row.is_open


def is_gone(claim: Claim, state: SwitchState) -> bool:
    """Say whether nothing of a claim is left."""
    match claim:
        case HasVlan(vlan=vlan):
            return vlan not in state.vlans or not state.facts.makes_vlans
        case Carries(port=port, vlan=vlan):
            row = state.ports.get(port)
            return row is None or not row.is_trunk or vlan not in row.allowed
        case Gateway(vlan=vlan, parent=parent):
            return (parent, vlan) not in state.gateways


def rank(claim: Claim) -> int:
    """Order claims: VLAN before trunk before gateway; removals go the other way."""
    match claim:
        case HasVlan():
            return 0
        case Carries():
            return 1
        case Gateway():
            return 2


def diff(intent: SwitchIntent, state: SwitchState) -> tuple[tuple[Change, ...], dict[Claim, str]]:
    """Say what to change and what cannot be.

    Returns:
        Changes in the order they are made, and for every claim that cannot be met or withdrawn the cause. What
        is true already is in neither.
    """
    changes: list[Change] = []
    problems: dict[Claim, str] = {}
    for claim in sorted(intent.present, key=_order):
        if holds(claim, state) and not restricts(claim, intent, state):
            continue
        if cause := why_not_add(claim, intent, state):
            problems[claim] = cause
        else:
            changes.append(Change(op="add", claim=claim))
    bad_vlans = {claim.vlan for claim in problems if isinstance(claim, HasVlan)}
    for change in [change for change in changes if change.claim.vlan in bad_vlans]:
        changes.remove(change)
        problems[change.claim] = f"VLAN {change.claim.vlan} cannot be had: see the cause there"
    for claim in sorted(intent.absent, key=_order, reverse=True):
        if is_gone(claim, state):
            continue
        if cause := why_not_remove(claim, intent, state):
            problems[claim] = cause
        else:
            changes.append(Change(op="remove", claim=claim))
    return tuple(changes), problems


def _order(claim: Claim) -> tuple[int, int, str]:
    match claim:
        case HasVlan():
            return (rank(claim), claim.vlan, "")
        case Carries():
            return (rank(claim), claim.vlan, claim.port)
        case Gateway():
            return (rank(claim), claim.vlan, claim.parent or "")


def why_not_add(claim: Claim, intent: SwitchIntent, state: SwitchState) -> str:
    """Say what stands in the way of a claim; empty when nothing does."""
    match claim:
        case HasVlan(vlan=vlan):
            return _why_no_vlan(vlan, state)
        case Carries(port=port, vlan=vlan):
            return _why_no_trunk(port, vlan, intent.ports.get(port), state)
        case Gateway():
            return _why_no_gateway(claim, state)


def _why_no_vlan(vlan: Vid, state: SwitchState) -> str:
    facts = state.facts
    if vlan in state.vlans:
        return f"VLAN {vlan} is there but suspended or shut down; activate it by hand"
    if facts.vtp_mode == "server" and facts.vtp_version == 3 and not facts.vtp_primary:  # noqa: PLR2004  # VTP version
        return "VTP version 3, and this is not the primary server; make the VLAN there, or leave VTP"
    if facts.vtp_mode == "client":
        return "VTP client mode: VLANs can only be made on the VTP server; make it there, or leave VTP"
    if vlan >= FIRST_EXTENDED and facts.vtp_mode == "server" and facts.vtp_version < 3:  # noqa: PLR2004  # VTP versions
        return f"VLAN {vlan} is extended, which VTP version {facts.vtp_version} server mode refuses; use transparent"
    if facts.most_vlans is not None and len(state.vlans) >= facts.most_vlans:
        return f"the switch has all the {facts.most_vlans} VLANs it supports; free some"
    return ""


def _why_no_trunk(port: PortName, vlan: Vid, rule: PortRule | None, state: SwitchState) -> str:
    row = state.ports.get(port)
    if row is None or row.mode == "absent":
        return f"there is no port {port}; check the cabling in the inventory"
    if rule is None:
        return f"port {port} is protected or not in the inventory; put VLAN {vlan} on it by hand"
    if row.channel is not None:
        return f"port {port} is a member of {row.channel}; name {row.channel} in the inventory instead"
    if row.mode == "routed":
        return f"port {port} is a routed port; make it a switch port by hand"
    if row.err_disabled:
        return f"port {port} is err-disabled ({row.err_disabled}); end the cause, then `shutdown` and `no shutdown` it"
    stations = max(rule.stations, FEWEST_STATIONS)
    if row.most_stations is not None and row.most_stations < stations:
        return (
            f"port security lets {row.most_stations} MACs talk on port {port}, and {stations} are needed; raise its "
            "maximum, or the switch shuts the port down"
        )
    if row.untagged_vlan == vlan:
        kind = "native VLAN" if row.is_trunk else "access VLAN"
        return f"VLAN {vlan} is the {kind} of port {port}; choose another one for the segment"
    if rule.restrict and row.is_open and not state.facts.restricts_trunks:
        return f"port {port} carries every VLAN, and this driver cannot restrict it; do so by hand"
    return "" if row.mode == "trunk" else _why_no_adoption(row, rule)


def _why_no_adoption(row: PortRow, rule: PortRule) -> str:
    """Say why a port that is no trunk stays as it is. What it carries untagged today must not move."""
    shown = f"port {row.port} is in mode {row.shown_mode or row.mode}, not a trunk"
    as_told = row.takes_tags and rule.native_vlan is not None and rule.native_vlan == row.untagged_vlan
    if not rule.adopt and not as_told:
        return f"{shown}; make it one by hand, or say adopt: true"
    if row.mode == "special":
        return f"{shown}, and a port of that kind is not adopted; make it one by hand"
    if row.voice_vlan is not None:
        return f"port {row.port} has the voice VLAN {row.voice_vlan}, so a phone's place; free it by hand"
    if None not in {rule.native_vlan, row.untagged_vlan} and rule.native_vlan != row.untagged_vlan:
        return (
            f"port {row.port} carries VLAN {row.untagged_vlan} untagged and the inventory says native_vlan "
            f"{rule.native_vlan}, so adopting it would cut off who is there; correct one of the two"
        )
    return ""


def remarks(intent: SwitchIntent, state: SwitchState) -> Iterator[str]:
    """Tell what is not as the inventory has it and not ours to change."""
    for port, row in state.ports.items():
        native = intent.ports[port].native_vlan if port in intent.ports else None
        if row.mode == "trunk" and native is not None and row.native_vlan not in {None, native}:
            yield f"port {port} has the native VLAN {row.native_vlan}, the inventory says {native}"
        rule = intent.ports.get(port)
        if rule is not None:
            yield from _port_remarks(row, rule)
        if state.facts.restricts_trunks and any(
            isinstance(claim, Carries) and claim.port == port and restricts(claim, intent, state)
            for claim in intent.present
        ):
            yield f"port {port} carries every VLAN; `open_trunk: restrict` cuts off there all that are not wanted"


def _port_remarks(row: PortRow, rule: PortRule) -> Iterator[str]:
    """Tell what stands in the way of containers on a port though its VLANs are right."""
    if row.is_open and rule.why_open:
        yield f"port {row.port} carries every VLAN and is not restricted yet: {rule.why_open}"
    if row.err_disabled:
        yield f"port {row.port} is err-disabled ({row.err_disabled}), so nothing crosses it"
    if row.most_stations is not None and row.most_stations < rule.stations:
        yield f"port security lets {row.most_stations} MACs talk on port {row.port}, {rule.stations} are there"
    if rule.is_edge and row.mode == "trunk" and row.edge is False:
        yield (
            f"port {row.port} is no edge trunk (`spanning-tree portfast trunk`): after every link-up it forwards "
            "nothing for up to 30 seconds"
        )


def _why_no_gateway(claim: Gateway, state: SwitchState) -> str:
    if claim.parent in state.down:
        return state.down[claim.parent]
    if state.facts.no_gateways:
        return state.facts.no_gateways
    if any(address.version == 4 for address in claim.addresses) and not state.facts.routes_ipv4:  # noqa: PLR2004  # IPv4
        return "the switch does not route: configure `ip routing` by hand"
    if any(address.version == 6 for address in claim.addresses) and not state.facts.routes_ipv6:  # noqa: PLR2004  # IPv6
        return "the switch does not route IPv6: configure `ipv6 unicast-routing` by hand"
    row = state.gateways.get((claim.parent, claim.vlan))
    if row is None:
        return ""
    where = (
        f"interface Vlan{claim.vlan}" if claim.parent is None else f"interface {claim.parent}.{claim.vlan}"
    )
    if row.tagged not in {None, claim.vlan}:
        return f"{where} belongs to VLAN {row.tagged}; free it by hand"
    if row.conflicts:
        return f"{where} has {_quoted(row.conflicts[0])}, which is not replaced; settle it by hand"
    ours = [address for address in claim.addresses if isinstance(address, IPv4Interface)]
    if row.primary is not None and row.primary not in ours and not set(ours) <= row.addresses:
        return f"{where} has {row.primary}, which a new primary address would replace; settle it by hand"
    return ""


def why_not_remove(claim: Claim, intent: SwitchIntent, state: SwitchState) -> str:
    """Say what forbids taking a claim away; empty when nothing does."""
    match claim:
        case HasVlan(vlan=vlan):
            row = state.vlans[vlan]
            return "" if row.name.startswith(OUR_PREFIX) else f"VLAN {vlan} is named {row.name}: not ours"
        case Carries():
            return _why_kept_on_port(claim, intent, state)
        case Gateway(vlan=vlan, parent=parent, addresses=addresses):
            gateway = state.gateways[parent, vlan]
            if foreign_addresses := gateway.addresses - frozenset(addresses):
                shown = ", ".join(map(str, sorted(foreign_addresses, key=str)))
                return f"the gateway of VLAN {vlan} holds {shown}, which no inventory gave it; take it away by hand"
            if extra := gateway.conflicts + gateway.others:
                return f"the gateway of VLAN {vlan} has {_quoted(extra[0])}, which is not ours; remove it by hand"
            return ""


def _why_kept_on_port(claim: Carries, intent: SwitchIntent, state: SwitchState) -> str:
    port, vlan = claim.port, claim.vlan
    row, rule = state.ports[port], intent.ports.get(port)
    if rule is None:
        return f"port {port} is protected or not in the inventory"
    if len(row.allowed) == ALL:
        return f"port {port} carries every VLAN: somebody opened it; nothing was taken away"
    if vlan == row.native_vlan:
        return f"VLAN {vlan} is the native VLAN of port {port}"
    if foreign := state.macs.get((port, vlan), frozenset()) - rule.own_macs:
        return f"VLAN {vlan} on port {port} is in use: {', '.join(sorted(foreign)[:3])} talks there"
    leaving = {gone.vlan for gone in intent.absent if isinstance(gone, Carries) and gone.port == port}
    if row.opens_when_empty and row.allowed <= leaving and vlan == min(row.allowed):
        return f"VLAN {vlan} is the last one of port {port}, which would carry every VLAN without it"
    return ""


def _quoted(line: str) -> str:
    """Show a device's line: printable ASCII, cut, without a secret that may be in it."""
    return ascii(redact(line.strip()))[:80]


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
    return _quoted((*fresh, *gone, *after, *before)[0])


def _by_port(changes: Sequence[Change], op: str) -> Mapping[PortName, frozenset[Vid]]:
    found: dict[PortName, frozenset[Vid]] = {}
    for change in changes:
        if change.op == op and isinstance(change.claim, Carries):
            found[change.claim.port] = found.get(change.claim.port, frozenset()) | {change.claim.vlan}
    return found


def inverse(change: Change) -> Change:
    """Give the change that takes this one back."""
    return Change(op="remove" if change.op == "add" else "add", claim=change.claim)
