"""Hops 1 to 3: what Docker says about a container becomes holders; called by the worker of that host.

The event that woke us is never believed: the container is inspected again, and a container is gone only when
Docker itself says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.errors import ConfigError, PermanentError
from trunkline.orchestrator.intents import ContainerFacts, GatedNetwork
from trunkline.orchestrator.labels import asked_for, has_label_of_ours
from trunkline.orchestrator.labels import wanted as wanted_by_labels
from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName, Inventory, SegmentName
from trunkline.orchestrator.planning import devices_of
from trunkline.orchestrator.store import SegmentNeeds

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import Engine

log = structlog.get_logger(__name__)

PREFIX = "container:"
NETWORK = "network:"


def holder_of(container: ContainerId) -> str:
    """Name the holder that stands for a container."""
    return f"{PREFIX}{container}"


def needs_on(inventory: Inventory, host: HostName) -> Mapping[SegmentName, SegmentNeeds]:
    """Say for every segment which devices an attachment of this host concerns, and its grace."""
    if host not in inventory.hosts:
        raise ConfigError(
            "is not in the inventory", subject=f"host {host}", fix="add it under `hosts` and apply again"
        )
    return {
        name: SegmentNeeds(devices=devices_of(inventory, host, name), grace_seconds=segment.grace_seconds)
        for name, segment in inventory.segments.items()
    }


def observe_container(
    host: HostName, container: ContainerId, *, context: Context, engine: Engine
) -> frozenset[DeviceKey]:
    """Look at one container and record what it holds.

    Returns:
        The devices whose desired state changed; their doorbells have been rung.
    """
    inventory = context.inventory()
    needs = needs_on(inventory, host)
    facts = engine.inspect(container)
    wanted = _wishes(context, inventory, host, facts) | _joined(
        context, inventory, host, facts, engine.plugged()
    )
    return _record(host, holder_of(container), wanted, needs, context=context)


def resync_host(host: HostName, *, context: Context, engine: Engine) -> frozenset[DeviceKey]:
    """Look at every container of the host; holders that are not in the list are asked for singly.

    Returns:
        The devices whose desired state changed; their doorbells have been rung.
    """
    inventory = context.inventory()
    needs = needs_on(inventory, host)
    before = context.store.desired.holders_of(host)
    networks = engine.gated()
    # A container that was created with a network's id and never ran knows it by that.
    plugged = {key: network.segment for network in networks for key in (network.name, network.id)}
    listed = {holder_of(facts.id): facts for facts in engine.all_containers()}
    concerned = {
        holder
        for holder, facts in listed.items()
        if has_label_of_ours(facts.labels) or not plugged.keys().isdisjoint(facts.endpoints)
    }
    changed = _hold_networks(host, before, networks, needs, context=context)
    for container in _containers(before.keys() | concerned):
        holder = holder_of(container)
        facts = listed.get(holder) or engine.inspect(container)
        wanted = _wishes(context, inventory, host, facts) | _joined(context, inventory, host, facts, plugged)
        changed |= _record(host, holder, wanted, needs, context=context)
    return changed


def _joined(
    context: Context,
    inventory: Inventory,
    host: HostName,
    facts: ContainerFacts | None,
    plugged: Mapping[str, SegmentName],
) -> frozenset[SegmentName]:
    """Say which segments a container holds by being on a network of our plug-in, running or not.

    Also one that was only created: its VLAN is on its way before Docker asks for its address.
    """
    if facts is None or host in context.store.desired.cordoned():
        return frozenset()
    segments = {plugged[name] for name in facts.endpoints if name in plugged}
    return frozenset(each for each in segments if each in inventory.segments and inventory.allows(host, each))


def _hold_networks(
    host: HostName,
    before: Mapping[str, frozenset[SegmentName]],
    networks: Sequence[GatedNetwork],
    needs: Mapping[SegmentName, SegmentNeeds],
    *,
    context: Context,
) -> frozenset[DeviceKey]:
    """Let networks of our plug-in hold their segments where these say so; those that are gone let go.

    One that we make when a label asks and remove after the last container would hold itself for ever.
    """
    inventory = context.inventory()
    cordoned = host in context.store.desired.cordoned()
    wanted = {
        f"{NETWORK}{network.id}": frozenset({network.segment})
        for network in networks
        if inventory.allows(host, network.segment)
        and not cordoned
        and network.segment in inventory.segments
        and inventory.segments[network.segment].prune == "network"
        and not (network.ours and inventory.segments[network.segment].networks == "on-demand")
    }
    gone = {holder: frozenset[SegmentName]() for holder in before if holder.startswith(NETWORK)}
    changed: frozenset[DeviceKey] = frozenset()
    for holder, segments in sorted((gone | wanted).items()):
        changed |= _record(host, holder, segments, needs, context=context)
    return changed


def _containers(holders: Iterable[str]) -> list[ContainerId]:
    return sorted(ContainerId(name.removeprefix(PREFIX)) for name in holders if name.startswith(PREFIX))


def _wishes(
    context: Context, inventory: Inventory, host: HostName, facts: ContainerFacts | None
) -> frozenset[SegmentName]:
    """Say which segments the labels of a container ask for."""
    if facts is None or host in context.store.desired.cordoned():
        return frozenset()
    try:
        return frozenset(wanted_by_labels(facts.labels, inventory, host).segments)
    except PermanentError as error:
        # Labels never change, so it had what it holds by right: the inventory has reserved its address since, or
        # forbidden or dropped another segment it names. The host's own sync shows the cause in its status.
        held = context.store.desired.holders_of(host).get(holder_of(facts.id), frozenset())
        kept = frozenset(
            name
            for name in held & asked_for(facts.labels)
            if name in inventory.segments and inventory.allows(host, name)
        )
        log.warning(
            "container.kept" if kept else "container.refused",
            host=host,
            container=facts.id[:12],
            error=str(error),
        )
        return kept


def _record(
    host: HostName,
    holder: str,
    segments: frozenset[SegmentName],
    needs: Mapping[SegmentName, SegmentNeeds],
    *,
    context: Context,
) -> frozenset[DeviceKey]:
    result = context.store.desired.hold(holder, host=host, wanted=segments, known=needs)
    if result.added or result.removed:
        log.info(
            "holder.holds",
            host=host,
            holder=holder[: len(PREFIX) + 12],
            added=sorted(result.added),
            removed=sorted(result.removed),
        )
    for device in result.devices:
        context.bell.device(device)
    return frozenset(result.devices)
