"""What one switch or router should look like: inventory, holders, reports -> SwitchIntent. Pure.

Called by `sync`. Promises kept here: I3 (a needed VLAN is on every port of its path), I4 and I11 (nothing
held or in doubt is withdrawn), I5 (protected ports and VLANs are not named), I8 (what is surely unused is
withdrawn), I12 (the brake). By default only trunks are pruned: a gateway stays as long as the inventory
declares it, and VLANs are never deleted, because in a VTP domain that reaches further than this switch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from trunkline.orchestrator.errors import ConfigError, GuardRefused
from trunkline.orchestrator.intents import (
    Attachment,
    Carries,
    Claim,
    Gateway,
    HasVlan,
    HostReport,
    PortRule,
    SwitchIntent,
)
from trunkline.orchestrator.models import (
    ExternalGateway,
    HostName,
    Inventory,
    PortName,
    RouterGateway,
    Segment,
    SviGateway,
    Switch,
    SwitchName,
)
from trunkline.orchestrator.planning.names import (
    claim_from_owned,
    gateway_addresses,
    owned_key,
    vlan_name,
)
from trunkline.orchestrator.planning.need import Evidence
from trunkline.orchestrator.planning.topology import path
from trunkline.orchestrator.vlans import RESERVED, Vid

SMALL_PASS = 10
"""So many removals are an ordinary pass however little Trunkline owns; a share of few things is no alarm."""


class TooManyRemovals(GuardRefused):
    """The brake: one pass would take away more than the inventory's limits allow.

    Args:
        additions: The same intent without any removal, safe to apply while somebody looks at the rest.
        removals: What would have been taken away.
    """

    def __init__(
        self, what: str, *, subject: str, fix: str, additions: SwitchIntent, removals: frozenset[Claim]
    ) -> None:
        super().__init__(what, subject=subject, fix=fix)
        self.additions = additions
        self.removals = removals


def switch_intent(
    inventory: Inventory,
    *,
    switch: SwitchName,
    attachments: Sequence[Attachment],
    owned: frozenset[str],
    reports: Mapping[HostName, HostReport],
    now: float,
    stale_after_seconds: float,
    generation: int,
    removals_confirmed: bool = False,
) -> SwitchIntent:
    """Plan one switch.

    Args:
        inventory: What the operator declared.
        switch: Which device.
        attachments: Every attachment on record, of all hosts.
        owned: Keys of what Trunkline itself added to this switch (see `owned_key`).
        reports: The last report of every host that ever sent one.
        now: Seconds since the epoch, by the store's clock.
        stale_after_seconds: Age from which a report proves nothing any more.
        generation: The device's generation that this intent stands for.
        removals_confirmed: Somebody looked at the removals; lift the brake for this pass.

    Raises:
        ConfigError: the switch is not in the inventory.
        TooManyRemovals: the brake (promise I12); it carries the intent without the removals.
    """
    if switch not in inventory.switches:
        raise ConfigError(
            "is not in the inventory", subject=f"switch {switch}", fix="add it there and apply again"
        )
    device = inventory.switches[switch]
    evidence = Evidence(
        inventory=inventory,
        attachments=attachments,
        reports=reports,
        now=now,
        stale_after_seconds=stale_after_seconds,
    )
    rules = _port_rules(inventory, device, reports)
    present = _present(evidence, device, rules)
    absent = _absent(evidence, device, rules, owned) - present
    rules |= {
        each.port: PortRule(port=each.port)
        for each in sorted(absent, key=owned_key)
        if isinstance(each, Carries) and each.port not in rules
    }
    intent = SwitchIntent(
        switch=device,
        generation=generation,
        present=present,
        absent=absent,
        ports=dict(sorted(rules.items())),
    )
    if not removals_confirmed:
        _brake(inventory, intent, owned)
    return intent


def forbidden(switch: Switch, vlan: Vid) -> str:
    """Say why this VLAN may not be touched on this switch; empty when it may."""
    if vlan in RESERVED:
        return f"VLAN {vlan} belongs to the switch itself"
    if vlan in switch.protected_vlans:
        return f"VLAN {vlan} is protected on switch {switch.name}"
    if vlan not in switch.managed_vlans:
        return f"VLAN {vlan} is not among the managed VLANs {switch.managed_vlans} of switch {switch.name}"
    return ""


def _present(evidence: Evidence, device: Switch, rules: Mapping[PortName, PortRule]) -> frozenset[Claim]:
    claims: set[Claim] = set()
    for segment in evidence.inventory.segments.values():
        ports = path(evidence.inventory, evidence.needing(segment.name), segment.name)
        if device.name not in ports or forbidden(device, segment.vlan):
            continue
        if device.kind != "router":
            claims.add(HasVlan(vlan=segment.vlan, name=vlan_name(segment.name)))
        claims |= {Carries(port=port, vlan=segment.vlan) for port in ports[device.name] if port in rules}
        claims |= gateway_claims(segment, device)
    return frozenset(claims)


def gateway_claims(segment: Segment, device: Switch) -> frozenset[Gateway]:
    """Give the gateway of a segment as this device's claim; empty when it is elsewhere."""
    match segment.gateway:
        case SviGateway(switch=device.name):
            parent = None
        case RouterGateway(router=device.name, interface=parent) if parent not in device.protected_ports:
            pass
        case SviGateway() | RouterGateway() | ExternalGateway():
            return frozenset()
    return frozenset({Gateway(vlan=segment.vlan, addresses=gateway_addresses(segment), parent=parent)})


def _absent(
    evidence: Evidence, device: Switch, rules: Mapping[PortName, PortRule], owned: frozenset[str]
) -> frozenset[Claim]:
    claims = (claim_from_owned(key, evidence.inventory) for key in sorted(owned))
    return frozenset(claim for claim in claims if _is_surely_unused(evidence, device, rules, claim))


def _is_surely_unused(
    evidence: Evidence, device: Switch, rules: Mapping[PortName, PortRule], claim: Claim
) -> bool:
    if forbidden(device, claim.vlan):
        return False
    match claim:
        case HasVlan():
            return False
        case Carries(port=port, vlan=vlan):
            if port in device.protected_ports or (port in rules and rules[port].native_vlan == vlan):
                return False
            return port not in _doubtful_ports(evidence, device, vlan, port)
        case Gateway(vlan=vlan, parent=parent):
            if parent is not None and parent in device.protected_ports:
                return False
            return not _is_declared(evidence, device, vlan, parent) and not _is_doubtful(evidence, vlan)


def _doubtful_ports(evidence: Evidence, device: Switch, vlan: Vid, asked: PortName) -> AbstractSet[PortName]:
    """Find the ports of this switch that must keep the VLAN as long as any doubt remains.

    These are the ports on the way of every host that may be using it, every port such a host is cabled to
    (it may have used another NIC before the inventory changed), and ``asked`` itself if no host is known to
    be behind it while some host whose cabling nobody knows may be using the VLAN.
    """
    inventory = evidence.inventory
    cabled = {
        (uplink.port, host.name)
        for host in inventory.hosts.values()
        for uplink in host.uplinks
        if uplink.switch == device.name
    }
    segments = [each.name for each in inventory.segments.values() if each.vlan == vlan]
    doubtful: set[PortName] = set()
    for name in segments:
        hosts = evidence.in_doubt(name)
        doubtful |= path(inventory, hosts, name).get(device.name, frozenset())
        doubtful |= {port for port, host in cabled if host in hosts}
    strangers = any(evidence.has_ghosts(name) for name in segments)
    if not segments:
        hosts = evidence.in_doubt_about_undeclared()
        doubtful |= {port for port, host in cabled if host in hosts}
        # The way of a segment that is gone cannot be computed: any doubt anywhere keeps the links.
        strangers = bool(hosts) or evidence.has_ghosts(None)
    if strangers and asked not in {port for port, _ in cabled}:
        doubtful.add(asked)
    return doubtful


def _is_declared(evidence: Evidence, device: Switch, vlan: Vid, parent: PortName | None) -> bool:
    return any(
        claim.parent == parent
        for segment in evidence.inventory.segments.values()
        if segment.vlan == vlan
        for claim in gateway_claims(segment, device)
    )


def _is_doubtful(evidence: Evidence, vlan: Vid) -> bool:
    """Say whether anybody anywhere may be using the VLAN."""
    segments = [each.name for each in evidence.inventory.segments.values() if each.vlan == vlan]
    if not segments:
        return bool(evidence.in_doubt_about_undeclared()) or evidence.has_ghosts(None)
    return any(evidence.in_doubt(name) or evidence.has_ghosts(name) for name in segments)


def _port_rules(
    inventory: Inventory, device: Switch, reports: Mapping[HostName, HostReport]
) -> dict[PortName, PortRule]:
    """Say what may be done to each cabled port. Protected ports get no rule: they are never written."""
    rules: dict[PortName, PortRule] = {}
    everybody = frozenset[str]().union(*(report.macs for report in reports.values()))
    for link in inventory.links:
        for name, port in link.ends:
            if name == device.name:
                rules[port] = PortRule(port=port, adopt=link.adopt, own_macs=everybody)
    for host in inventory.hosts.values():
        macs = reports[host.name].macs if host.name in reports else frozenset[str]()
        for uplink in host.uplinks:
            if uplink.switch == device.name:
                rules[uplink.port] = PortRule(
                    port=uplink.port, adopt=uplink.adopt, native_vlan=uplink.native_vlan, own_macs=macs
                )
    return {port: rule for port, rule in rules.items() if port not in device.protected_ports}


def _brake(inventory: Inventory, intent: SwitchIntent, owned: frozenset[str]) -> None:
    limits = inventory.limits
    most = min(limits.removals_per_pass, max(SMALL_PASS, int(limits.removals_share * len(owned))))
    count = len(intent.absent)
    if count > most:
        raise TooManyRemovals(
            f"one pass would take away {count} of {len(owned)} things, more than {most} need a person's word",
            subject=f"switch {intent.switch.name}",
            fix="look at `trunkline plan`; confirm the removals or raise limits in the inventory",
            additions=replace(intent, absent=frozenset()),
            removals=intent.absent,
        )
