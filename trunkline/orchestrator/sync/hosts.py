"""Hops 5 and 6 for a Docker host: makes links, networks and endpoints so, and records what is there.

Called by the worker of that host. Docker is the truth of what runs; a list that cannot be read proves
nothing, so every removal in here follows a list that was read in the same pass.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from trunkline.orchestrator.errors import (
    NotOurs,
    OrchestratorError,
    PermanentError,
    TransientError,
    unforeseen,
)
from trunkline.orchestrator.intents import (
    AttachmentIntent,
    ContainerFacts,
    GatedNetwork,
    HostReport,
    LinkIntent,
    Wanted,
)
from trunkline.orchestrator.labels import has_label_of_ours, printable
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
    declared_on,
    devices_of,
    host_intent,
    is_over,
    uplinks_of,
)
from trunkline.orchestrator.store import DeviceLease
from trunkline.orchestrator.sync.attachments import fabric_cause, retire, switch_views
from trunkline.orchestrator.sync.backoff import backoff_seconds
from trunkline.orchestrator.sync.endpoints import attach, detach, identify, reap, tell
from trunkline.orchestrator.sync.revival import revive
from trunkline.orchestrator.sync.shims import lower_shims, raise_shims
from trunkline.orchestrator.sync.writes import link_lines, network_line, write

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import Engine, Link, Links, Shims

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The host a worker runs on: its engine, its links and its shims.

    ``keep`` is told after each pass which links are ours, so that they can be made again after a reboot. ``revivals``
    remembers of containers that do not run how often each was started again, and from when on to see to it again.
    """

    name: HostName
    engine: Engine
    links: Links
    shims: Shims
    boot_id: str = ""
    keep: Callable[[Sequence[LinkIntent]], None] = lambda _: None
    revivals: dict[ContainerId, tuple[int, float]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Pass:
    """One pass over one host: what was read at its start, and the problems it met."""

    context: Context
    machine: Machine
    inventory: Inventory
    all_containers: tuple[ContainerFacts, ...] = ()
    gated: tuple[GatedNetwork, ...] = ()
    wishes: Mapping[ContainerId, Wanted] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    transient: bool = False

    @property
    def containers(self) -> tuple[ContainerFacts, ...]:
        """Give those with a label of ours."""
        return tuple(facts for facts in self.all_containers if has_label_of_ours(facts.labels))

    def read_docker(self) -> None:
        """Read what Docker has.

        Raises:
            Unreachable: it did not answer for everything: no answer is never an empty list.
        """
        engine, ledger = self.machine.engine, self.context.store.ledger
        ledger.note_announcing(self.machine.name, announces=engine.announces())
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
        if fabric_cause(inventory, machine.name, each.segment, switches) is None and _link_up(this, each)
    ]
    this.read_docker()
    this.wishes = _wishes(this)
    tell(this)
    _move_away(this, intent.present)
    _stand(this)
    lower_shims(this, intent.present)
    for present in led:
        _plumb(this, present)
    raise_shims(this, led)
    for absent in intent.absent:
        _unplumb(this, absent)
    _clear_leftovers(this)
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


def _plumb(this: Pass, intent: AttachmentIntent) -> None:
    """Network and endpoints, in this order; the first error of the network ends it."""
    store, host, segment = this.context.store, this.machine.name, intent.segment
    try:
        # Only where a label or the segment asks for ours: others made one for themselves.
        if segment in declared_on(this.inventory, host) or any(
            segment in wishes.segments for wishes in this.wishes.values()
        ):
            _make_network(this, intent)
    except OrchestratorError as error:
        _failed_attachment(this, segment, error)
        return
    causes = []
    for facts in this.containers:
        if segment not in this.wishes.get(facts.id, Wanted()).segments:
            continue
        try:
            attach(this, facts, segment)
        except OrchestratorError as error:
            this.failed(f"container {facts.name}", error)
            causes.append(str(error))
    held = any(a.segment == segment and a.holders for a in store.desired.attachments(host))
    if held:
        store.desired.set_state(host, segment, "degraded" if causes else "ready", "; ".join(causes))


def _link_up(this: Pass, intent: AttachmentIntent) -> bool:
    """Make the link and say that it is there, before Docker is asked anything: a start that waits may block Docker."""
    desired, host, segment = this.context.store.desired, this.machine.name, intent.segment
    try:
        _make_link(this, intent)
    except OrchestratorError as error:
        _failed_attachment(this, segment, error)
        return False
    states = {each.segment: each.state for each in desired.attachments(host)}
    if states.get(segment) not in {"ready", "degraded"}:
        desired.set_state(host, segment, "link-ready")
    return True


def _failed_attachment(this: Pass, segment: SegmentName, error: OrchestratorError) -> None:
    host = this.machine.name
    this.failed(f"attachment {host}/{segment}", error)
    this.context.store.desired.set_state(host, segment, "failed", str(error))


def _make_link(this: Pass, intent: AttachmentIntent) -> None:
    machine, link = this.machine, intent.link
    if link.name in machine.links.observe():
        machine.links.ensure(link)
        return
    why = f"segment {intent.segment} needs its link"
    write(this, why, link_lines(link), lambda: machine.links.ensure(link))


def _make_network(this: Pass, intent: AttachmentIntent) -> None:
    machine, network = this.machine, intent.network
    if intent.segment not in machine.engine.networks():
        write(
            this,
            f"segment {intent.segment} needs its network",
            (network_line(network),),
            lambda: machine.engine.ensure_network(network),
        )
    else:
        machine.engine.ensure_network(network)


def _stand(this: Pass) -> None:
    """See to the networks that are there before anybody uses them; their VLAN comes with the first container."""
    for segment in sorted(declared_on(this.inventory, this.machine.name)):
        try:
            intent = attachment_intent(this.inventory, this.machine.name, segment)
            _make_link(this, intent)
            _make_network(this, intent)
        except OrchestratorError as error:
            this.failed(f"network {segment}", error)


def _unplumb(this: Pass, intent: AttachmentIntent) -> None:
    """Endpoints, network, link, in this order; what a container of somebody else still uses stays."""
    machine, segment = this.machine, intent.segment
    try:
        for facts in this.containers:
            detach(this, facts, segment)
        if segment in _standing(this):
            return  # the network stays, and with it the link below it
        if segment in machine.engine.networks():
            write(
                this,
                f"nothing holds segment {segment} any more",
                (f"docker network rm {segment}",),
                lambda: machine.engine.remove_network(segment),
            )
        if intent.link.name in machine.links.observe():
            if user := machine.engine.parents().get(intent.link.name):
                raise NotOurs(
                    f"the docker network {printable(user)} sits on it",
                    subject=f"link {intent.link.name}",
                    fix="remove that network; Trunkline did not make it",
                )
            write(
                this,
                f"nothing holds segment {segment} any more",
                (f"ip link del {intent.link.name}",),
                lambda: machine.links.remove(intent.link),
            )
    except OrchestratorError as error:
        this.failed(f"attachment {machine.name}/{segment}", error)
        this.context.store.desired.set_state(machine.name, segment, "draining", str(error))


def _move_away(this: Pass, wanted: Sequence[AttachmentIntent]) -> None:
    """Take down networks whose segment has another VLAN or NIC by now.

    That somebody uses them is no reason to wait: `apply` gives a held segment another VLAN only by force, and the
    gateway cannot move before the old VLAN is left. The containers come back, with the addresses they had, once it is.
    """
    networks = this.machine.engine.networks()
    moved = [
        each.segment
        for each in wanted
        if each.segment in networks and _parent(networks[each.segment]) != each.link.name
    ]
    for segment in moved:
        try:
            for facts in this.containers:
                detach(this, facts, segment)
            write(
                this,
                f"segment {segment} has another VLAN or NIC now",
                (f"docker network rm {segment}",),
                partial(this.machine.engine.remove_network, segment),
            )
        except OrchestratorError as error:
            this.failed(f"attachment {this.machine.name}/{segment}", error)
    if moved:
        this.read_docker()


def _clear_leftovers(this: Pass) -> None:
    """Take down what is ours and serves no attachment: of segments that left the inventory or got another VLAN.

    The record may have been lost, so that only what Docker shows unused goes.
    """
    machine = this.machine
    kept = _segments_in_use(this) | declared_on(this.inventory, machine.name)
    expected = {
        attachment_intent(this.inventory, machine.name, segment).link.name
        for segment in kept
        if uplinks_of(this.inventory, machine.name, segment)
    }
    try:
        for segment in sorted(machine.engine.networks().keys() - kept):
            _remove_leftover_network(this, segment)
        parents = machine.engine.parents()
        for name, link in sorted(machine.links.observe().items()):
            if not link.ours or link.children or name in expected or name in parents:
                continue
            intent = LinkIntent(name=name, parent=link.parent, vlan=link.vlan, mtu_bytes=link.mtu_bytes)
            write(
                this,
                "no segment needs this link any more",
                (f"ip link del {name}",),
                partial(machine.links.remove, intent),
            )
    except OrchestratorError as error:
        this.failed(f"host {machine.name}", error)


def _segments_in_use(this: Pass) -> frozenset[SegmentName]:
    store = this.context.store
    now = store.now()
    recorded = {
        each.segment for each in store.desired.attachments(this.machine.name) if not is_over(each, now)
    }
    return frozenset(recorded.union(*(wishes.segments for wishes in this.wishes.values())))


def _standing(this: Pass) -> frozenset[SegmentName]:
    """Name the segments whose link stays while nothing uses it: a network sits on it that is there to be used."""
    networks = this.machine.engine.networks()
    typed = {each.segment for each in this.gated if networks.get(each.segment, {}).get("Id") != each.id}
    return declared_on(this.inventory, this.machine.name) | typed


def _remove_leftover_network(this: Pass, segment: SegmentName) -> None:
    """Remove a network of ours; only what the record says is over takes its containers off first."""
    if any(each.segment == segment for each in this.context.store.desired.attachments(this.machine.name)):
        for facts in this.containers:
            detach(this, facts, segment)
    write(
        this,
        f"nothing holds segment {segment} any more",
        (f"docker network rm {segment}",),
        lambda: this.machine.engine.remove_network(segment),
    )


def _parent(network: Mapping[str, Any]) -> str:
    """Read from Docker's description of a macvlan network which link it sits on."""
    return str((network.get("Options") or {}).get("parent", ""))


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
    store.devices.report(
        HostReport(
            host=machine.name,
            reported_at=store.now(),
            boot_id=machine.boot_id,
            links=frozenset(_segments_of(inventory, machine.name, links)) - idle,
            networks=frozenset(machine.engine.networks()) - idle,
            macs=machine.links.macs([uplink.nic for uplink in uplinks]),
        )
    )
    for device in sorted(_switches_behind(inventory, machine.name, withdrawn)):
        store.devices.mark_dirty((device,))
        this.context.bell.device(device)
    retire(this.context, inventory)


def _idle(this: Pass, links: Mapping[str, Link]) -> frozenset[SegmentName]:
    """Name the segments whose network and link only stand ready: nothing holds them and nothing sits on the link."""
    idle = set()
    for segment in (_standing(this) - _segments_in_use(this)) & this.inventory.segments.keys():
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
