"""Hops 5 and 6 for a Docker host: makes links, networks and endpoints so, and records what is there.

Called by the worker of that host. Docker is the truth of what runs; a list that cannot be read proves
nothing, so every removal in here follows a list that was read in the same pass.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.errors import (
    OrchestratorError,
    PermanentError,
    TransientError,
    unforeseen,
)
from trunkline.orchestrator.intents import (
    ContainerFacts,
    GatedNetwork,
    HostReport,
    LinkIntent,
    Peer,
    Wanted,
)
from trunkline.orchestrator.labels import has_label_of_ours
from trunkline.orchestrator.labels import wanted as wanted_by_labels
from trunkline.orchestrator.models import (
    ContainerId,
    DeviceKey,
    HostName,
    Inventory,
    SegmentName,
    host_key,
    switch_key,
)
from trunkline.orchestrator.planning import (
    attachment_intent,
    devices_of,
    host_intent,
    uplinks_of,
)
from trunkline.orchestrator.store import DeviceLease
from trunkline.orchestrator.sync.attachments import fabric_cause, retire, switch_views
from trunkline.orchestrator.sync.backoff import backoff_seconds
from trunkline.orchestrator.sync.endpoints import identify, reap, tell
from trunkline.orchestrator.sync.plumbing import (
    clear_leftovers,
    link_up,
    move_away,
    plumb,
    rejoin,
    segments_in_use,
    stand,
    standing,
    unplumb,
)
from trunkline.orchestrator.sync.revival import revive
from trunkline.orchestrator.sync.shims import lower_shims, raise_shims

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import Engine, Link, Links, Shims

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The host a worker runs on: its engine, its links and its shims.

    ``keep`` is told after each pass which links are ours, so that they can be made again after a reboot. ``revivals``
    remembers of containers that do not run how often each was started again, and from when on to see to it again.
    ``hostname`` is what it calls itself; ``peers`` tells who announces himself at its NICs.
    """

    name: HostName
    engine: Engine
    links: Links
    shims: Shims
    boot_id: str = ""
    hostname: str = ""
    peers: Callable[[], tuple[Peer, ...]] = tuple
    keep: Callable[[Sequence[LinkIntent]], None] = lambda _: None
    revivals: dict[ContainerId, tuple[int, float]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Pass:
    """One pass over one host: what was read at its start, and the problems it met.

    ``read_at``: when Docker was asked, in seconds since the epoch by Redis's clock.
    """

    context: Context
    machine: Machine
    inventory: Inventory
    all_containers: tuple[ContainerFacts, ...] = ()
    gated: tuple[GatedNetwork, ...] = ()
    read_at: float = 0.0
    wishes: Mapping[ContainerId, Wanted] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    transient: bool = False
    began: float = field(default_factory=time.monotonic)

    def is_late(self) -> bool:
        """Say whether the pass took its time: what is left of a long list is then left to the next one.

        While our plug-in is away Docker takes 15 s to refuse each container, and the host's report is not to wait
        for all of them.
        """
        settings = self.context.settings
        # With an outdated lease nothing could be recorded of it.
        most = min(settings.drain_deadline_seconds, settings.lease_seconds / 2)
        late = time.monotonic() - self.began > most
        if late:
            self.context.store.devices.mark_dirty((host_key(self.machine.name),))
        return late

    @property
    def containers(self) -> tuple[ContainerFacts, ...]:
        """Give those with a label of ours."""
        return tuple(facts for facts in self.all_containers if has_label_of_ours(facts.labels))

    def read_docker(self) -> None:
        """Read what Docker has.

        Raises:
            Unreachable: it did not answer for everything: no answer is never an empty list.
        """
        engine, traces = self.machine.engine, self.context.store.traces
        traces.note_announcing(self.machine.name, announces=engine.announces())
        self.read_at = self.context.store.now()
        self.all_containers = engine.all_containers()
        self.gated = tuple(engine.gated())

    def failed(self, subject: str, error: OrchestratorError) -> None:
        """Remember a problem; the pass goes on with the next item."""
        self.problems[subject] = str(error)
        self.transient = self.transient or isinstance(error, TransientError)
        log.warning("host.problem", host=self.machine.name, subject=subject, error=str(error))


def sync_host(machine: Machine, *, context: Context, force: bool = False) -> Mapping[str, str] | None:
    """Bring one Docker host to its desired state.

    Returns:
        The problems of the last pass, by attachment or container; None when there was nothing to do or
        somebody else is at it.
    """
    key = host_key(machine.name)
    store = context.store
    status = store.devices.status(key)
    if not force and (status.dirty_at is None or store.now() < (status.blocked_until or 0.0)):
        return None
    lease = store.devices.acquire(key, context.settings.lease_seconds)
    if lease is None:
        return None
    deadline = time.monotonic() + context.settings.drain_deadline_seconds
    try:
        while True:
            problems = _guarded_pass(machine, context, lease)
            if problems is None or time.monotonic() > deadline:
                return problems
            status = store.devices.status(key)
            if status.dirty_at is None or status.dirty_at > store.now():
                return problems
    finally:
        store.devices.release(lease)


def _guarded_pass(machine: Machine, context: Context, lease: DeviceLease) -> Mapping[str, str] | None:
    devices = context.store.devices
    before = devices.status(lease.device)
    generation = before.generation
    started = time.monotonic()
    try:
        inventory = context.inventory()
        if machine.name not in inventory.hosts:
            # Not ours any more: nothing is read and nothing touched; `trunkline host forget` lets go of what it held.
            devices.applied(lease, generation=generation, marks=before.marks, observed="{}")
            log.info("host.undeclared", host=machine.name)
            return None
        done = _pass(machine, context, inventory, generation)
    except OrchestratorError as error:
        _record_failure(context, lease, error, fails=before.fails)
        return None
    except Exception as error:  # a defect must show in the status, not only in a log
        _record_failure(context, lease, unforeseen(error, subject=f"host {machine.name}"), fails=before.fails)
        raise
    observed = json.dumps({"problems": done.problems}, sort_keys=True)
    if done.problems:
        devices.failed(
            lease,
            error="; ".join(sorted(set(done.problems.values()))),
            kind="transient" if done.transient else "permanent",
            retry_at=context.store.now() + backoff_seconds(before.fails),
            observed=observed,
            marks=before.marks,
        )
    else:
        devices.applied(lease, generation=generation, marks=before.marks, observed=observed)
    log.info(
        "host.synced",
        host=machine.name,
        generation=generation,
        problems=len(done.problems),
        seconds=round(time.monotonic() - started, 4),
    )
    return done.problems


def _record_failure(context: Context, lease: DeviceLease, error: OrchestratorError, *, fails: int) -> None:
    context.store.devices.failed(
        lease,
        error=str(error),
        kind="transient" if isinstance(error, TransientError) else "permanent",
        retry_at=context.store.now() + backoff_seconds(fails),
    )
    log.warning("host.failed", host=lease.device.partition(":")[2], error=str(error))


def _pass(machine: Machine, context: Context, inventory: Inventory, generation: int) -> Pass:
    store = context.store
    switches = switch_views(store, inventory)
    intent = host_intent(
        inventory,
        host=machine.name,
        attachments=store.desired.attachments(machine.name),
        switch_status=dict.fromkeys(inventory.switches),
        now=store.now(),
        generation=generation,
    )
    this = Pass(context=context, machine=machine, inventory=inventory)
    led = [
        each
        for each in intent.present
        if fabric_cause(inventory, machine.name, each.segment, switches) is None and link_up(this, each)
    ]
    this.read_docker()
    this.wishes = _wishes(this)
    tell(this)
    move_away(this, intent.present)
    stand(this)
    lower_shims(this, intent.present)
    for present in led:
        plumb(this, present)
    rejoin(this)
    raise_shims(this, led)
    for absent in intent.absent:
        unplumb(this, absent)
    clear_leftovers(this)
    identify(this)
    reap(this)
    revive(this)
    _report(this, withdrawn=[absent.segment for absent in intent.absent])
    return this


def _wishes(this: Pass) -> Mapping[ContainerId, Wanted]:
    wishes = {}
    for facts in this.containers:
        try:
            wishes[facts.id] = wanted_by_labels(facts.labels, this.inventory, this.machine.name)
        except PermanentError as error:
            this.failed(f"container {facts.name}", error)
    return wishes


def _report(this: Pass, *, withdrawn: Sequence[SegmentName]) -> None:
    machine, inventory, store = this.machine, this.inventory, this.context.store
    uplinks = inventory.hosts[machine.name].uplinks
    links = machine.links.observe()
    idle = _idle(this, links)
    machine.keep(
        [
            LinkIntent(name=name, parent=link.parent, vlan=link.vlan, mtu_bytes=link.mtu_bytes)
            for name, link in links.items()
            if link.ours
        ]
    )
    nics = machine.links.macs([uplink.nic for uplink in uplinks])
    store.devices.report(
        HostReport(
            host=machine.name,
            reported_at=store.now(),
            boot_id=machine.boot_id,
            links=frozenset(_segments_of(inventory, machine.name, links)) - idle,
            networks=frozenset(machine.engine.networks()) - idle,
            macs=frozenset(nics.values()),
            hostname=machine.hostname,
            nics=nics,
            peers=machine.peers(),
        )
    )
    for device in sorted(_switches_behind(inventory, machine.name, withdrawn)):
        store.devices.mark_dirty((device,))
        this.context.bell.device(device)
    retire(this.context, inventory)


def _idle(this: Pass, links: Mapping[str, Link]) -> frozenset[SegmentName]:
    """Name the segments whose network and link only stand ready: nothing holds them and nothing sits on the link."""
    idle = set()
    for segment in (standing(this) - segments_in_use(this)) & this.inventory.segments.keys():
        if uplinks_of(this.inventory, this.machine.name, segment):
            name = attachment_intent(this.inventory, this.machine.name, segment).link.name
            if name not in links or not this.machine.links.users(name):
                idle.add(segment)
    return frozenset(idle)


def _switches_behind(
    inventory: Inventory, host: HostName, segments: Sequence[SegmentName]
) -> frozenset[DeviceKey]:
    """Name the switches that may have something to take away now that these segments are gone from the host."""
    near = {switch_key(uplink.switch) for uplink in inventory.hosts[host].uplinks} if segments else set()
    paths = {device for segment in segments for device in devices_of(inventory, host, segment)}
    return frozenset(near | (paths - {host_key(host)}))


def _segments_of(inventory: Inventory, host: HostName, links: Mapping[str, Link]) -> list[SegmentName]:
    """Name the segments whose links are there.

    A link of ours that belongs to none of them goes by its own name: somebody may be using its VLAN, and that
    nobody knows which segment it was must not look like nobody being there.
    """
    names = {
        attachment_intent(inventory, host, name).link.name: name
        for name in inventory.segments
        if uplinks_of(inventory, host, name)
    }
    return [names.get(name, SegmentName(name)) for name, link in links.items() if name in names or link.ours]
