"""What stands in the way of a claim or of its removal, and what else an operator should know. Pure; for `claims`."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

from trunkline.drivers.switch.quoting import quoted
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

FIRST_EXTENDED = 1006
OUR_PREFIX = "tl-"
ALL = 4094
FEWEST_STATIONS = 2
"""A host and one container."""


def restricts(claim: Claim, intent: SwitchIntent, state: SwitchState) -> bool:
    """Say whether the claim is on a trunk that carries every VLAN and is to be restricted to what is needed."""
    if not isinstance(claim, Carries):
        return False
    row, rule = state.ports.get(claim.port), intent.ports.get(claim.port)
    return row is not None and rule is not None and rule.restrict and row.is_open


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
        if row.is_open and state.facts.restricts_trunks and _is_restricted(port, intent, state):
            yield f"port {port} carries every VLAN; `open_trunk: restrict` cuts off there all that are not wanted"


def _is_restricted(port: PortName, intent: SwitchIntent, state: SwitchState) -> bool:
    claims = (claim for claim in intent.present if isinstance(claim, Carries) and claim.port == port)
    return any(restricts(claim, intent, state) for claim in claims)


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
        return f"{where} has {quoted(row.conflicts[0])}, which is not replaced; settle it by hand"
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
                return (
                    f"the gateway of VLAN {vlan} has {quoted(extra[0])}, which is not ours; remove it by hand"
                )
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
