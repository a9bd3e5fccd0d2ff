"""Which open trunks may be given a list, and what must be in it. Pure; called by `switches`.

A list cuts whoever is not on it, so the question is the one of `removals`: can anybody be using it? (I4, I5, I11)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from trunkline.orchestrator.intents import Carries, Claim, PortRule
from trunkline.orchestrator.models import HostName, PortName, Switch
from trunkline.orchestrator.planning.claims import forbidden
from trunkline.orchestrator.planning.need import Evidence
from trunkline.orchestrator.planning.topology import path
from trunkline.orchestrator.vlans import RESERVED, Vid, VlanSet


def restrictions(
    evidence: Evidence, device: Switch, rules: Mapping[PortName, PortRule], present: frozenset[Claim]
) -> dict[PortName, PortRule]:
    """Say of each port that is to be restricted what stays on it, or why it cannot be done yet.

    Args:
        evidence: Who uses what.
        device: Which switch.
        rules: What the inventory says of its ports.
        present: What is needed on it.

    Returns:
        The rules that change.
    """
    wished = {port: rule for port, rule in rules.items() if rule.restrict}
    if not wished:
        return {}
    doubts, unknown = _doubts(evidence, device), _unknown(evidence, device)
    keeps = frozenset(device.protected_vlans | (VlanSet.every() - device.managed_vlans)) - RESERVED
    found: dict[PortName, PortRule] = {}
    for port, rule in wished.items():
        needed = {claim.vlan for claim in present if isinstance(claim, Carries) and claim.port == port}
        doubt = sorted(vlan for vlan in doubts.get(port, set()) - needed if not forbidden(device, vlan))
        if doubt:
            why = f"somebody may be using VLAN {VlanSet(doubt)} there"
        elif port in unknown or (None in unknown and not rule.is_edge):
            why = "somebody may be using a VLAN that the inventory does not name any more there"
        else:
            why = ""
        found[port] = replace(rule, keeps=keeps, why_open=why, restrict=not why)
    return found


def _doubts(evidence: Evidence, device: Switch) -> dict[PortName, set[Vid]]:
    """Name the VLANs that somebody may be using on each port."""
    inventory = evidence.inventory
    found: dict[PortName, set[Vid]] = {}
    for segment in inventory.segments.values():
        hosts = evidence.in_doubt(segment.name)
        ports = set(path(inventory, hosts, segment.name).get(device.name, frozenset()))
        # It may have used another NIC before the inventory changed.
        ports |= _cabled_to(hosts - evidence.needing(segment.name), evidence, device)
        for port in ports:
            found.setdefault(port, set()).add(segment.vlan)
    return found


def _unknown(evidence: Evidence, device: Switch) -> frozenset[PortName | None]:
    """Name the ports where a VLAN of no segment may be in use; None stands for every link."""
    hosts = evidence.in_doubt_about_undeclared()
    ghosts = any(evidence.has_ghosts(name) for name in (None, *evidence.inventory.segments))
    links = {None} if hosts or ghosts else set[PortName | None]()
    return frozenset(links | _cabled_to(hosts, evidence, device))


def _cabled_to(hosts: frozenset[HostName], evidence: Evidence, device: Switch) -> set[PortName]:
    return {
        uplink.port
        for host in evidence.inventory.hosts.values()
        for uplink in host.uplinks
        if uplink.switch == device.name and host.name in hosts
    }
