"""Makes the links and networks of a host so, and takes down what nothing needs; called by the host's pass.

A removal follows a list of Docker's that was read in the same pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.errors import NotOurs, OrchestratorError
from trunkline.orchestrator.intents import AttachmentIntent, LinkIntent, Wanted
from trunkline.orchestrator.labels import printable
from trunkline.orchestrator.models import SegmentName
from trunkline.orchestrator.planning import attachment_intent, declared_on, is_over, uplinks_of
from trunkline.orchestrator.sync.endpoints import attach, detach
from trunkline.orchestrator.sync.writes import link_lines, network_line, write

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.hosts import Pass


def plumb(this: Pass, intent: AttachmentIntent) -> None:
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
        if this.is_late():
            break
    held = any(a.segment == segment and a.holders for a in store.desired.attachments(host))
    if held:
        store.desired.set_state(host, segment, "degraded" if causes else "ready", "; ".join(causes))


def link_up(this: Pass, intent: AttachmentIntent) -> bool:
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


def stand(this: Pass) -> None:
    """See to the networks that are there before anybody uses them; their VLAN comes with the first container."""
    for segment in sorted(declared_on(this.inventory, this.machine.name)):
        try:
            intent = attachment_intent(this.inventory, this.machine.name, segment)
            _make_link(this, intent)
            _make_network(this, intent)
        except OrchestratorError as error:
            this.failed(f"network {segment}", error)


def unplumb(this: Pass, intent: AttachmentIntent) -> None:
    """Endpoints, network, link, in this order; what a container of somebody else still uses stays."""
    machine, segment = this.machine, intent.segment
    try:
        ours = segment in machine.engine.networks()
        # Somebody else's network may have the segment's name.
        for facts in this.containers if ours else ():
            detach(this, facts, segment)
        if segment in standing(this):
            return  # the network stays, and with it the link below it
        if ours:
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


def move_away(this: Pass, wanted: Sequence[AttachmentIntent]) -> None:
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


def rejoin(this: Pass) -> None:
    """Put containers that do not run on the network of ours that has the name of theirs: `prune` removed that one.

    Docker would never start them again: it looks for the network's id, and that is gone.
    """
    ids = {name: str(network.get("Id", "")) for name, network in this.machine.engine.networks().items()}
    for facts in this.all_containers:
        for name, endpoint in facts.endpoints.items() if not facts.running else ():
            current = ids.get(SegmentName(name), "")
            # One that never ran knows no id, and Docker finds its network by name.
            if not current or endpoint.network_id in {"", current}:
                continue
            try:
                write(
                    this,
                    f"the network {name} of container {facts.id[:12]} was removed and made again",
                    (f"docker network connect {name} {facts.id[:12]}",),
                    partial(this.machine.engine.rejoin, facts.id, name),
                )
            except OrchestratorError as error:
                this.failed(f"container {facts.name}", error)


def clear_leftovers(this: Pass) -> None:
    """Take down what is ours and serves no attachment: of segments that left the inventory or got another VLAN.

    The record may have been lost, so that only what Docker shows unused goes.
    """
    machine = this.machine
    kept = segments_in_use(this) | declared_on(this.inventory, machine.name)
    expected = {
        attachment_intent(this.inventory, machine.name, segment).link.name
        for segment in kept
        if uplinks_of(this.inventory, machine.name, segment)
    }
    for segment in sorted(machine.engine.networks().keys() - kept):
        try:
            _remove_leftover_network(this, segment)
        except OrchestratorError as error:
            this.failed(f"network {segment}", error)
    parents = machine.engine.parents()
    for name, link in sorted(machine.links.observe().items()):
        if not link.ours or link.children or name in expected or name in parents:
            continue
        intent = LinkIntent(name=name, parent=link.parent, vlan=link.vlan, mtu_bytes=link.mtu_bytes)
        try:
            write(
                this,
                "no segment needs this link any more",
                (f"ip link del {name}",),
                partial(machine.links.remove, intent),
            )
        except OrchestratorError as error:
            this.failed(f"link {name}", error)


def segments_in_use(this: Pass) -> frozenset[SegmentName]:
    """Name the segments that are held here, in their grace, or asked for by a label."""
    store = this.context.store
    now = store.now()
    recorded = {
        each.segment for each in store.desired.attachments(this.machine.name) if not is_over(each, now)
    }
    return frozenset(recorded.union(*(wishes.segments for wishes in this.wishes.values())))


def standing(this: Pass) -> frozenset[SegmentName]:
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
