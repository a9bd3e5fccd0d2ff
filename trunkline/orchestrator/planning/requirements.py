"""What one attachment asks of each device on its way, so that it can be judged on its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline.orchestrator.intents import Carries, Claim, HasVlan
from trunkline.orchestrator.models import HostName, Inventory, SegmentName, SwitchName
from trunkline.orchestrator.planning.claims import gateway_claims
from trunkline.orchestrator.planning.names import vlan_name
from trunkline.orchestrator.planning.topology import path


def requirements(
    inventory: Inventory, host: HostName, segment: SegmentName
) -> Mapping[SwitchName, frozenset[Claim]]:
    """Say which claims must hold on which device before ``segment`` works on ``host``.

    Protected ports are in here although nobody may write them: the attachment works only if they carry the
    VLAN already.
    """
    definition = inventory.segments[segment]
    asked: dict[SwitchName, frozenset[Claim]] = {}
    for name, ports in path(inventory, [host], segment).items():
        device = inventory.switches[name]
        claims: set[Claim] = {Carries(port=port, vlan=definition.vlan) for port in ports}
        if device.kind != "router":
            claims.add(HasVlan(vlan=definition.vlan, name=vlan_name(segment)))
        asked[name] = frozenset(claims) | gateway_claims(definition, device)
    return asked
