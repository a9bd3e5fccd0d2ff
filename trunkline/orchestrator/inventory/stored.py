"""An inventory <-> the text that is stored: JSON in the shape of the file, every key written out."""

from __future__ import annotations

import json
from typing import assert_never

from trunkline.orchestrator.inventory.build import Builder
from trunkline.orchestrator.inventory.document import Document, InventoryError, Plain
from trunkline.orchestrator.models import (
    Address,
    ExternalGateway,
    GatewayPlace,
    Host,
    Inventory,
    Link,
    RouterGateway,
    SecretRef,
    Segment,
    SviGateway,
    Switch,
    Uplink,
)


def dump(inventory: Inventory) -> str:
    """Write the inventory as canonical JSON: equal inventories give equal texts."""
    return json.dumps(as_plain(inventory), sort_keys=True, separators=(",", ":"))


def restore(text: str) -> Inventory:
    """Read what `dump` wrote. It was checked when it was stored, so only its shape is looked at.

    Raises:
        InventoryError: the text was not written by `dump`, or by a version that knows other keys.
    """
    document = Document(source="the stored inventory", data=json.loads(text))
    builder = Builder(document)
    inventory = builder.build()
    if builder.problems:
        raise InventoryError(document, builder.problems)
    return inventory


def as_plain(inventory: Inventory) -> dict[str, dict[str, Plain] | list[Plain]]:
    """Write the inventory as plain values in the shape of the file; loading them gives an equal one."""
    return {
        "switches": {name: _switch(switch) for name, switch in inventory.switches.items()},
        "hosts": {name: _host(host) for name, host in inventory.hosts.items()},
        "segments": {name: _segment(segment) for name, segment in inventory.segments.items()},
        "links": [_link(link) for link in inventory.links],
        "policy": [
            {"hosts": [*sorted(rule.hosts)], "segments": [*sorted(rule.segments)]}
            for rule in inventory.policy
        ],
        "limits": {
            "removals_per_pass": inventory.limits.removals_per_pass,
            "removals_share": inventory.limits.removals_share,
        },
    }


def _switch(switch: Switch) -> Plain:
    login = switch.credentials
    return {
        "driver": switch.driver,
        "address": switch.address,
        "port": switch.port,
        "credentials": _without_none(
            {
                "username": login.username,
                "password": _secret(login.password),
                "enable": _secret(login.enable),
                "key_file": login.key_file,
            }
        ),
        **_without_none({"host_key": switch.host_key}),
        "kind": switch.kind,
        "mode": switch.mode,
        "protected_ports": [*sorted(switch.protected_ports)],
        "protected_vlans": str(switch.protected_vlans),
        "managed_vlans": str(switch.managed_vlans),
        "save_after": switch.save_after_seconds,
        **_without_none(
            {
                "system_name": switch.system_name,
                "jump": switch.jump,
                "patience": None if switch.patience == 1 else switch.patience,
                "revert_timer": switch.revert_minutes or None,
                "compare": None if switch.compare == "ports" else switch.compare,
            }
        ),
    }


def _host(host: Host) -> Plain:
    return {
        "uplinks": [
            _without_none(
                {
                    "nic": each.nic,
                    "port": f"{each.switch}:{each.port}",
                    "native_vlan": each.native_vlan,
                    "adopt": each.adopt,
                    **_seldom(each),
                }
            )
            for each in host.uplinks
        ],
        "docker": host.docker,
        **_without_none({"system_name": host.system_name}),
    }


def _seldom(cable: Uplink | Link) -> dict[str, Plain]:
    """Give what is said of few cables; what is not said is not written out."""
    return {
        "open_trunk": None if cable.open_trunk == "leave" else cable.open_trunk,
        "any_peer": cable.any_peer or None,
    }


def _segment(segment: Segment) -> Plain:
    return {
        "vlan": segment.vlan,
        "subnets": [
            _without_none(
                {
                    "subnet": str(each.network),
                    "gateway": None if each.gateway is None else str(each.gateway),
                    "ranges": [_span(span) for span in each.ranges],
                    "exclude": [_span(span) for span in each.exclude],
                }
            )
            for each in segment.subnets
        ],
        "gateway": _gateway(segment.gateway),
        "mtu": segment.mtu_bytes,
        "trunk": segment.trunk,
        "grace": segment.grace_seconds,
        **_without_none({"quarantine": segment.quarantine_seconds}),
        "default_route": segment.default_route,
        "networks": segment.networks,
        "prune": segment.prune,
        "host_access": segment.host_access,
        "clear_neighbors": segment.clear_neighbors,
    }


def _gateway(place: GatewayPlace) -> Plain:
    match place:
        case SviGateway(switch=name):
            return {"svi": name}
        case RouterGateway(router=name, interface=interface):
            return {"router": name, "interface": interface}
        case ExternalGateway():
            return "external"
        case _:
            assert_never(place)


def _link(link: Link) -> Plain:
    ends: list[Plain] = [f"{name}:{port}" for name, port in link.ends]
    return {"ends": ends, "adopt": link.adopt, **_without_none(_seldom(link))}


def _secret(ref: SecretRef | None) -> Plain:
    return None if ref is None else {ref.kind: ref.name}


def _span(span: tuple[Address, Address]) -> str:
    return f"{span[0]}-{span[1]}"


def _without_none(values: dict[str, Plain]) -> dict[str, Plain]:
    return {key: value for key, value in values.items() if value is not None}
