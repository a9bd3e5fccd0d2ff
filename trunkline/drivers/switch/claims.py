"""Compares an intent with a switch's state: what to change, what stands in the way, what must stay. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trunkline.drivers.switch.obstacles import restricts, why_not_add, why_not_remove
from trunkline.drivers.switch.state import SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, SwitchIntent


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


def inverse(change: Change) -> Change:
    """Give the change that takes this one back."""
    return Change(op="remove" if change.op == "add" else "add", claim=change.claim)
