"""Turns claims on members of a port-channel into claims on the channel, and results back. Pure; for the engine.

Switches want the allowed list of a channel on the channel: on a member it is refused, or the member leaves the channel.
The inventory may name the member that a cable is plugged into; what is recorded stays in its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TypeVar

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Scope
from trunkline.drivers.switch.state import SwitchState
from trunkline.orchestrator.intents import Carries, Claim, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName

T_ = TypeVar("T_")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An intent in the words of the device, and what of it is the inventory's.

    Attributes:
        intent: With channels in place of their members.
        members: Those members that the inventory names, by channel.
        wanted: Every claim of the inventory.
        heirs: Claims of the inventory that are needed, on channels that others of it are no more needed on: what those
            recorded as ours is theirs.
    """

    intent: SwitchIntent
    members: Mapping[PortName, tuple[PortName, ...]] = field(default_factory=dict)
    wanted: frozenset[Claim] = frozenset()
    heirs: frozenset[Claim] = frozenset()

    def told(self, claim: Claim) -> frozenset[Claim]:
        """Give the claims of the inventory that one of the device stands for."""
        if not isinstance(claim, Carries) or claim.port not in self.members:
            return frozenset({claim})
        ports = {claim.port, *self.members[claim.port]}
        return frozenset(replace(claim, port=port) for port in ports) & self.wanted or frozenset({claim})

    def all_told(self, claims: Iterable[Claim]) -> frozenset[Claim]:
        """Give the claims of the inventory that these stand for."""
        return frozenset(told for claim in claims for told in self.told(claim))

    def by_told(self, values: Mapping[Claim, T_]) -> dict[Claim, T_]:
        """Give the same values by the claims of the inventory."""
        return {told: value for claim, value in values.items() for told in self.told(claim)}


def as_told(intent: SwitchIntent) -> View:
    """Take an intent as it is."""
    return View(intent=intent, wanted=intent.present | intent.absent)


def redirected(intent: SwitchIntent, state: SwitchState) -> View:
    """Name the channel in place of each port that is a member of one.

    Args:
        intent: In the words of the inventory.
        state: A reading of its ports.
    """
    channel_of = {port: row.channel for port, row in state.ports.items() if row.channel is not None}
    if not channel_of or not state.facts.writes_channels:
        return as_told(intent)

    def moved(claim: Claim) -> Claim:
        if isinstance(claim, Carries) and claim.port in channel_of:
            return replace(claim, port=channel_of[claim.port])
        return claim

    members: dict[PortName, tuple[PortName, ...]] = {}
    for port, channel in sorted(channel_of.items()):
        members[channel] = (*members.get(channel, ()), port)
    rules = {port: rule for port, rule in intent.ports.items() if port not in channel_of}
    for channel, ports in members.items():
        own = [intent.ports[port] for port in (*ports, channel) if port in intent.ports]
        # A member that must not be written protects the channel that it is in.
        if intent.ports.keys() >= set(ports) and channel not in intent.switch.protected_ports:
            rules[channel] = reduce(_merged, own, replace(own[0], port=channel))
    present, absent = frozenset(map(moved, intent.present)), frozenset(map(moved, intent.absent))
    return View(
        intent=replace(intent, present=present, absent=absent - present, ports=rules),
        members=members,
        wanted=intent.present | intent.absent,
        heirs=frozenset(claim for claim in intent.present if moved(claim) in absent),
    )


def protected_scope(changes: Iterable[Change], view: View) -> Scope | None:
    """Say what is to be read before a channel is written: the protected ports, which no claim names.

    Returns:
        None when no channel is written in place of its members, or nothing is protected.
    """
    switch = view.intent.switch
    written = {change.claim.port for change in changes if isinstance(change.claim, Carries)}
    if not switch.protected_ports or written.isdisjoint(view.members):
        return None
    ports = tuple(sorted(switch.protected_ports))
    return Scope(switch=switch, vlans=frozenset(), ports=ports, gateways=(), at_once=True)


def why_protected(claim: Claim, state: SwitchState | None) -> str:
    """Say that a claim is on a channel with a protected member; empty when it is not. The state is of those ports."""
    if state is None or not isinstance(claim, Carries):
        return ""
    members = sorted(port for port, row in state.ports.items() if row.channel == claim.port)
    return f"{claim.port} has the member {members[0]}, which is protected" if members else ""


def _merged(one: PortRule, other: PortRule) -> PortRule:
    """Say what may be done to a channel: what may be done to each of its members."""
    natives = {one.native_vlan, other.native_vlan} - {None}
    return PortRule(
        port=one.port,
        adopt=one.adopt and other.adopt,
        native_vlan=natives.pop() if len(natives) == 1 else None,
        own_macs=one.own_macs | other.own_macs,
        restrict=one.restrict and other.restrict,
        keeps=one.keeps | other.keeps,
        why_open=one.why_open or other.why_open,
        peers=one.peers | other.peers if one.peers and other.peers else frozenset(),
        stations=max(one.stations, other.stations),
        is_edge=one.is_edge and other.is_edge,
    )
