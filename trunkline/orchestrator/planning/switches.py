"""What one switch or router should look like: inventory, holders, reports -> SwitchIntent. Pure.

Called by `sync`. Promises kept here: I3 (a needed VLAN is on every port of its path), I4 and I11 (nothing
held or in doubt is withdrawn), I5 (protected ports and VLANs are not named), I8 (what is surely unused is
withdrawn), I12 (the brake). By default only trunks are pruned: a gateway stays as long as the inventory
declares it, and VLANs are never deleted, because in a VTP domain that reaches further than this switch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trunkline.orchestrator.errors import ConfigError, GuardRefused
from trunkline.orchestrator.intents import (
    Attachment,
    Carries,
    Claim,
    HasVlan,
    HostReport,
    PortRule,
    SwitchIntent,
)
from trunkline.orchestrator.models import HostName, Interface, Inventory, PortName, Switch, SwitchName
from trunkline.orchestrator.planning.claims import forbidden, gateway_claims
from trunkline.orchestrator.planning.names import names_of_host, names_of_switch, owned_key, vlan_name
from trunkline.orchestrator.planning.need import Evidence
from trunkline.orchestrator.planning.removals import removable
from trunkline.orchestrator.planning.restrictions import restrictions
from trunkline.orchestrator.planning.topology import path
from trunkline.orchestrator.vlans import Vid

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
    former: Mapping[Vid, frozenset[Interface]] | None = None,
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
        former: Addresses that earlier inventories gave the gateway of a VLAN.
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
    rules = _port_rules(evidence, device)
    present = _present(evidence, device, rules)
    rules |= restrictions(evidence, device, rules, present)
    absent = removable(evidence, device, rules, owned, former or {}) - present
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


def _port_rules(evidence: Evidence, device: Switch) -> dict[PortName, PortRule]:
    """Say what may be done to each cabled port. Protected ports get no rule: they are never written."""
    inventory, reports = evidence.inventory, evidence.reports
    rules: dict[PortName, PortRule] = {}
    everybody = frozenset[str]().union(*(report.macs for report in reports.values()))
    for link in inventory.links:
        for (name, port), (far, _) in (link.ends, link.ends[::-1]):
            if name == device.name:
                rules[port] = PortRule(
                    port=port,
                    adopt=link.adopt,
                    own_macs=everybody,
                    restrict=link.open_trunk == "restrict",
                    peers=frozenset() if link.any_peer else names_of_switch(inventory, far),
                )
    for host in inventory.hosts.values():
        report = reports.get(host.name)
        for uplink in host.uplinks:
            if uplink.switch == device.name:
                rules[uplink.port] = PortRule(
                    port=uplink.port,
                    adopt=uplink.adopt,
                    native_vlan=uplink.native_vlan,
                    own_macs=frozenset() if report is None else report.macs,
                    restrict=uplink.open_trunk == "restrict",
                    peers=frozenset() if uplink.any_peer else names_of_host(host, report),
                    stations=evidence.stations_of(host.name),
                    is_edge=True,
                )
    return {port: rule for port, rule in rules.items() if port not in device.protected_ports}


def _brake(inventory: Inventory, intent: SwitchIntent, owned: frozenset[str]) -> None:
    limits = inventory.limits
    most = min(limits.removals_per_pass, max(SMALL_PASS, int(limits.removals_share * len(owned))))
    count = len(intent.absent)
    if count > most:
        name = intent.switch.name
        raise TooManyRemovals(
            f"one pass would take away {count} of {len(owned)} things, more than {most} need a person's word",
            subject=f"switch {name}",
            fix=f"look at `trunkline plan -d {name}`; then `trunkline jobs run reconcile -d {name} "
            "--confirm-removals`, or raise limits in the inventory",
            additions=replace(intent, absent=frozenset()),
            removals=intent.absent,
        )
