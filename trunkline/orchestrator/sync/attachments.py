"""Moves attachments along their states from what the devices on their path reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trunkline.orchestrator.intents import Attachment, AttachmentState, Carries, Claim
from trunkline.orchestrator.models import (
    DeviceKey,
    HostName,
    Inventory,
    SegmentName,
    SwitchName,
    host_key,
    switch_key,
)
from trunkline.orchestrator.planning import devices_of, owned_key, requirements
from trunkline.orchestrator.sync.observation import Observation

if TYPE_CHECKING:
    from trunkline.orchestrator.store import Store
    from trunkline.orchestrator.sync.context import Context

WAITING = "waiting for its next sync"
_BEFORE_SWITCH = frozenset({"absent", "requested", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchView:
    """What the record says of one switch: the last read-back, the wanted generation, why a sync failed."""

    observation: Observation
    generation: int
    error: str
    observe_only: bool


def switch_views(store: Store, inventory: Inventory) -> Mapping[SwitchName, SwitchView]:
    """Read the record of every switch."""
    devices = store.devices
    return {
        name: SwitchView(
            observation=Observation.load(devices.observed(switch_key(name))),
            generation=(status := devices.status(switch_key(name))).generation,
            error=status.error,
            observe_only=switch.mode == "observe",
        )
        for name, switch in inventory.switches.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricCause:
    """Why the switch side of an attachment is not ready.

    ``shown``: a read-back of the switch shows it. Otherwise nobody knows: the switch was not asked yet, or cannot be,
    and what worked goes on working.
    """

    text: str
    shown: bool


def fabric_cause(
    inventory: Inventory, host: HostName, segment: SegmentName, switches: Mapping[SwitchName, SwitchView]
) -> FabricCause | None:
    """Say why the switch side of an attachment is not ready; None when it is.

    Ready means: on every switch of the path a read-back that is not older than the newest wish showed every
    claim of this attachment. Claims of other segments on the same switch do not matter.
    """
    for name, claims in sorted(requirements(inventory, host, segment).items()):
        view = switches[name]
        keys = frozenset(owned_key(claim) for claim in claims)
        # The VLAN first: without it nothing else can be had, and says only that.
        for key in sorted(keys, key=lambda key: (not key.startswith("vlan:"), key)):
            if cause := view.observation.problems.get(key):
                return FabricCause(text=f"switch {name}: {cause}{_for_ports(claims, cause)}", shown=True)
        missing = keys - view.observation.satisfied
        if missing and view.observe_only:
            text = (
                f"switch {name} is in observe mode and lacks {', '.join(sorted(missing))}; "
                f"set `mode: enforce` in the inventory, or configure it by hand"
            )
            return FabricCause(text=text, shown=True)
        if missing or view.observation.generation < view.generation:
            why = view.error.removeprefix(f"switch {name}: ")
            return FabricCause(text=f"switch {name}: {why or WAITING}", shown=False)
    return None


def _for_ports(claims: Iterable[Claim], cause: str) -> str:
    """Say which ports wait for it, unless the cause does."""
    ports = sorted(claim.port for claim in claims if isinstance(claim, Carries))
    return "" if not ports or any(port in cause for port in ports) else f" (needed on {', '.join(ports)})"


def advance(context: Context, inventory: Inventory, *, devices: Iterable[DeviceKey]) -> None:
    """Carry what a sync found over to the attachments that run through these devices; ring their hosts."""
    touched = frozenset(devices)
    switches = switch_views(context.store, inventory)
    states: list[tuple[HostName, SegmentName, AttachmentState, str]] = []
    hosts: dict[DeviceKey, None] = {}
    for attachment in context.store.desired.attachments():
        if not attachment.holders or not _known(inventory, attachment):
            continue
        path = devices_of(inventory, attachment.host, attachment.segment)
        if touched.isdisjoint(path):
            continue
        cause = fabric_cause(inventory, attachment.host, attachment.segment, switches)
        if (state := _next_state(attachment, cause)) is not None:
            states.append((attachment.host, attachment.segment, *state))
        if cause is None and attachment.state != "ready":
            hosts[host_key(attachment.host)] = None
    context.store.desired.set_states(states)
    context.store.devices.mark_dirty(tuple(hosts))
    for host in hosts:
        context.bell.device(host)


def retire(context: Context, inventory: Inventory) -> None:
    """Forget attachments that nobody holds, whose grace is over and of which nothing is left anywhere."""
    store = context.store
    now = store.now()
    owned = {name: store.devices.owned(name) for name in inventory.switches}
    for attachment in store.desired.attachments():
        if attachment.holders or attachment.drain_at is None or attachment.drain_at > now:
            continue
        report = store.devices.report_of(attachment.host)
        if report is not None and attachment.segment in report.links | report.networks:
            continue
        if _known(inventory, attachment) and _still_carried(inventory, attachment, owned):
            continue
        store.desired.forget(attachment.host, attachment.segment, only_over=True)


def _known(inventory: Inventory, attachment: Attachment) -> bool:
    return attachment.host in inventory.hosts and attachment.segment in inventory.segments


def _still_carried(
    inventory: Inventory, attachment: Attachment, owned: Mapping[SwitchName, frozenset[str]]
) -> bool:
    vlan = inventory.segments[attachment.segment].vlan
    return any(
        f"carries:{uplink.port}:{vlan}" in owned[uplink.switch]
        for uplink in inventory.hosts[attachment.host].uplinks
    )


def _next_state(attachment: Attachment, cause: FabricCause | None) -> tuple[AttachmentState, str] | None:
    """Say where an attachment stands now, and why; None when it stays where it is."""
    if cause is None:
        return ("switch-ready", "") if attachment.state in _BEFORE_SWITCH else None
    waiting = cause.text.endswith(WAITING)
    if attachment.state in {"ready", "degraded"} and not cause.shown:
        return None if waiting else ("degraded", cause.text)
    if waiting and attachment.state == "requested":
        return None
    # Also what was ready: a container that starts now must not find its VLAN missing.
    return ("requested" if waiting else "failed", cause.text)
