"""One picture of everything: segments, attachments, devices, leases. Read by `trunkline status`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import DeviceKey, Inventory, SwitchName
from trunkline.orchestrator.sync.observation import Observation
from trunkline.orchestrator.sync.sweep import every_device

if TYPE_CHECKING:
    from trunkline.orchestrator.store import Store

API_VERSION = "trunkline/v1"


def snapshot(store: Store) -> dict[str, Any]:
    """Read the record once.

    Returns:
        JSON-able: ``apiVersion``, ``at`` (seconds since the epoch), ``inventory`` (version or null),
        ``segments``, ``attachments``, ``devices``, ``leases``, ``problems`` (object and cause) and ``alive``.
    """
    now = store.now()
    current = store.inventory.current()
    picture: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "at": now,
        "inventory": current[0] if current else None,
        "alive": sorted(store.devices.alive()),
        "segments": [],
        "attachments": _attachments(store),
        "devices": [],
        "leases": [],
        "problems": list(store.check()),
    }
    if current is None:
        return picture
    inventory = restore(current[1])
    picture["segments"] = _segments(inventory)
    picture["devices"] = [_device(store, inventory, device) for device in every_device(inventory)]
    picture["leases"] = _leases(store, inventory)
    picture["problems"] += [*_closed(store), *_problems(picture)]
    return picture


def _segments(inventory: Inventory) -> list[dict[str, Any]]:
    return [
        {
            "name": segment.name,
            "vlan": segment.vlan,
            "subnets": [str(subnet.network) for subnet in segment.subnets],
            "gateways": [str(subnet.gateway) for subnet in segment.subnets if subnet.gateway is not None],
        }
        for segment in inventory.segments.values()
    ]


def _attachments(store: Store) -> list[dict[str, Any]]:
    return [
        {
            "host": attachment.host,
            "segment": attachment.segment,
            "state": attachment.state,
            "cause": attachment.cause,
            "since": attachment.since,
            "drain_at": attachment.drain_at,
            "holders": sorted(attachment.holders),
        }
        for attachment in sorted(store.desired.attachments(), key=lambda a: (a.host, a.segment))
    ]


def _device(store: Store, inventory: Inventory, device: DeviceKey) -> dict[str, Any]:
    status = store.devices.status(device)
    picture: dict[str, Any] = {
        "device": device,
        "generation": status.generation,
        "applied": status.applied,
        "error": status.error,
        "error_kind": status.error_kind,
        "dirty_at": status.dirty_at,
        "synced_at": status.synced_at,
        "busy": bool(status.lease_holder),
    }
    kind, _, name = device.partition(":")
    if kind == "switch":
        observation = Observation.load(store.devices.observed(device))
        picture |= {
            "mode": inventory.switches[SwitchName(name)].mode,
            "unsaved_since": observation.unsaved_since,
            "login_refused": bool(store.devices.refused(device)),
            "pending": list(observation.pending),
            "notes": list(observation.notes),
            "owned": sorted(store.devices.owned(SwitchName(name))),
        }
    else:
        picture["problems"] = _host_problems(store.devices.observed(device))
    return picture


def _host_problems(observed: str | None) -> Mapping[str, str]:
    problems: Mapping[str, str] = json.loads(observed).get("problems", {}) if observed else {}
    return problems


def _leases(store: Store, inventory: Inventory) -> list[dict[str, Any]]:
    return [
        {
            "segment": segment.name,
            "address": str(lease.address),
            "state": lease.state,
            "host": lease.host,
            "container": lease.owner.container_id,
            "name": lease.name,
            "mac": lease.mac,
            "since": lease.since,
        }
        for segment in inventory.segments.values()
        for lease in store.ledger.leases(segment)
    ]


def _closed(store: Store) -> list[str]:
    why = store.ledger.why_closed()
    return [f"ledger: {why}; see that `trunkline worker host` runs on every host"] if why else []


def _problems(picture: Mapping[str, Any]) -> list[str]:
    found = [f"{item['device']}: {item['error']}" for item in picture["devices"] if item["error"]]
    alive = frozenset(picture["alive"])
    needed = {"queue:switch": "trunkline worker switch", "sweeper": "trunkline sweeper"}
    for item in picture["devices"]:
        kind, _, name = item["device"].partition(":")
        if kind == "host":
            needed[f"queue:host.{name}"] = f"trunkline worker host --host {name}"
            needed[f"agent:{name}"] = f"trunkline agent --host {name}"
    return found + [
        f"{stamp}: no sign of life; start `{command}`"
        for stamp, command in needed.items()
        if stamp not in alive
    ]
