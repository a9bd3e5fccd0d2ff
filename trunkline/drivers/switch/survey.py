"""Names what is on a switch and nobody asked for: the work of others, left alone. Pure; called by the engine."""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.drivers.switch.obstacles import ALL, OUR_PREFIX
from trunkline.drivers.switch.state import GatewayKey, GatewayRow, PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Gateway, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.redaction import redact
from trunkline.orchestrator.vlans import RESERVED, Vid, VlanSet


def foreign(intent: SwitchIntent, state: SwitchState) -> Iterator[str]:
    """Name what was read and is in no claim of the intent, one thing per line.

    VLANs that the intent does not name, VLANs on its ports that it does not want there, and addresses on its gateways
    that are not its own. How much of a switch is read depends on the intent.
    """
    claims = intent.present | intent.absent
    named = {claim.vlan for claim in claims}
    for vlan, row in sorted(state.vlans.items()):
        if vlan not in named | RESERVED and not row.name.startswith(OUR_PREFIX):
            yield f"VLAN {vlan}" + (f" named {_shown(row.name)}" if row.name else "")
    wanted: dict[PortName, set[Vid]] = {}
    for claim in claims:
        if isinstance(claim, Carries):
            wanted.setdefault(claim.port, set()).add(claim.vlan)
    for port, port_row in sorted(state.ports.items()):
        if port in intent.ports:
            yield from _on_port(port_row, wanted.get(port, set()), intent.ports[port].native_vlan)
    for key, gateway in sorted(state.gateways.items(), key=lambda item: (item[0][0] or "", item[0][1])):
        yield from _on_gateway(key, gateway, intent)


def _on_port(row: PortRow, wanted: set[Vid], native: Vid | None) -> Iterator[str]:
    if not row.is_trunk:
        if row.access_vlan is not None and row.access_vlan not in {native, *RESERVED}:
            yield f"VLAN {row.access_vlan} untagged on port {row.port}"
    elif len(row.allowed) == ALL:
        yield f"every VLAN on port {row.port}"
    elif others := frozenset(row.allowed) - wanted - {native, row.native_vlan} - RESERVED:
        several = "VLANs" if len(others) > 1 else "VLAN"
        yield f"{several} {VlanSet(others)} on port {row.port}"


def _on_gateway(key: GatewayKey, row: GatewayRow, intent: SwitchIntent) -> Iterator[str]:
    parent, vlan = key
    ours = [
        claim
        for claim in intent.present | intent.absent
        if isinstance(claim, Gateway) and (claim.parent, claim.vlan) == key
    ]
    others = row.addresses - {address for claim in ours for address in claim.addresses}
    where = _interface(parent, vlan)
    for address in sorted(others, key=str):
        yield f"{address} on {where}"
    for line in row.conflicts:
        yield f"{_shown(line.strip())} on {where}"


def _interface(parent: PortName | None, vlan: Vid) -> str:
    return f"the gateway of VLAN {vlan}" if parent is None else f"the gateway of VLAN {vlan} on {parent}"


def _shown(text: str) -> str:
    """Show a device's words: printable ASCII, cut, without a secret that may be in them."""
    return ascii(redact(text))[1:-1][:80]
