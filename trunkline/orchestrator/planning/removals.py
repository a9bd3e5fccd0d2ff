"""What may be taken away from one switch: owned things that are surely unused. Pure; called by `switches`.

The question is never "does anybody need it?" but "can anybody be using it?". Promises I4, I5, I8, I11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule
from trunkline.orchestrator.models import HostName, Interface, PortName, Switch
from trunkline.orchestrator.planning.claims import forbidden, gateway_claims
from trunkline.orchestrator.planning.names import claim_from_owned
from trunkline.orchestrator.planning.need import Evidence
from trunkline.orchestrator.planning.topology import path
from trunkline.orchestrator.vlans import Vid


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Where one VLAN must stay on one switch because somebody may be using it.

    ``ports`` are on the way of a host in doubt, or cabled to one (it may have used another NIC before the
    inventory changed). ``strangers``: somebody whose way nobody knows may be using the VLAN, so that it stays
    on every port that is not a known host's own.
    """

    anybody: bool
    ports: frozenset[PortName]
    strangers: bool


def removable(
    evidence: Evidence,
    device: Switch,
    rules: Mapping[PortName, PortRule],
    owned: frozenset[str],
    former: Mapping[Vid, frozenset[Interface]],
) -> frozenset[Claim]:
    """Find what Trunkline owns on this switch and nobody can be using.

    A gateway is given with every address that it may have from us, ``former`` ones too: any other one on it is
    somebody else's.
    """
    claims = [_with_former(claim_from_owned(key, evidence.inventory), former) for key in sorted(owned)]
    claims = [claim for claim in claims if _is_touchable(device, rules, claim)]
    cables = [
        (uplink.port, host.name)
        for host in evidence.inventory.hosts.values()
        for uplink in host.uplinks
        if uplink.switch == device.name
    ]
    own = {port for port, _ in cables}
    doubts = {vlan: _doubt(evidence, device, vlan, cables) for vlan in {claim.vlan for claim in claims}}
    found: set[Claim] = set()
    for claim in claims:
        doubt = doubts[claim.vlan]
        match claim:
            case Carries(port=port):
                unused = port not in doubt.ports and not (doubt.strangers and port not in own)
            case Gateway():
                unused = not doubt.anybody and not _is_declared(evidence, device, claim)
            case HasVlan():
                unused = False
        if unused:
            found.add(claim)
    return frozenset(found)


def _with_former(claim: Claim, former: Mapping[Vid, frozenset[Interface]]) -> Claim:
    if not isinstance(claim, Gateway):
        return claim
    addresses = frozenset(claim.addresses) | former.get(claim.vlan, frozenset())
    return replace(claim, addresses=tuple(sorted(addresses, key=str)))


def _is_touchable(device: Switch, rules: Mapping[PortName, PortRule], claim: Claim) -> bool:
    if forbidden(device, claim.vlan):
        return False
    match claim:
        case Carries(port=port, vlan=vlan):
            is_native = port in rules and rules[port].native_vlan == vlan
            return port not in device.protected_ports and not is_native
        case Gateway(parent=parent):
            return parent is None or parent not in device.protected_ports
        case HasVlan():
            return True


def _doubt(evidence: Evidence, device: Switch, vlan: Vid, cables: list[tuple[PortName, HostName]]) -> Doubt:
    inventory = evidence.inventory
    segments = [each.name for each in inventory.segments.values() if each.vlan == vlan]
    if not segments:
        hosts = evidence.in_doubt_about_undeclared()
        ghosts = evidence.has_ghosts(None)
        # The way of a segment that is gone cannot be computed: any doubt anywhere keeps the links.
        return Doubt(
            anybody=bool(hosts) or ghosts,
            ports=frozenset(port for port, host in cables if host in hosts),
            strangers=bool(hosts) or ghosts,
        )
    ports: set[PortName] = set()
    anybody = False
    for name in segments:
        hosts = evidence.in_doubt(name)
        anybody = anybody or bool(hosts)
        ports |= path(inventory, hosts, name).get(device.name, frozenset())
        ports |= {port for port, host in cables if host in hosts}
    ghosts = any(evidence.has_ghosts(name) for name in segments)
    return Doubt(anybody=anybody or ghosts, ports=frozenset(ports), strangers=ghosts)


def _is_declared(evidence: Evidence, device: Switch, gateway: Gateway) -> bool:
    return any(
        claim.parent == gateway.parent
        for segment in evidence.inventory.segments.values()
        if segment.vlan == gateway.vlan
        for claim in gateway_claims(segment, device)
    )
