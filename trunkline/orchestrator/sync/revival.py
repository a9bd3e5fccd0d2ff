"""Starts containers again whose network could not be had when Docker started them, now that it can.

Docker does not: a restart policy counts for programs that end, not for networks that fail (measured on 20.10 to 29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.sync.backoff import backoff_seconds
from trunkline.orchestrator.sync.gate import OPEN
from trunkline.orchestrator.sync.writes import write

if TYPE_CHECKING:
    from trunkline.orchestrator.intents import ContainerFacts
    from trunkline.orchestrator.models import SegmentName
    from trunkline.orchestrator.sync.hosts import Pass

MOST_AT_ONCE = 8
"""Starts of one pass: others wait for it meanwhile."""


def revive(this: Pass) -> None:
    """Start what Docker gave up on, where every segment it is on is ready; each with a backoff of its own."""
    machine, now = this.machine, this.context.store.now()
    attachments = this.context.store.desired.attachments(machine.name)
    ready = {each.segment for each in attachments if each.state in OPEN}
    started = 0
    for facts in this.all_containers:
        if facts.running:
            machine.revivals.pop(facts.id, None)
            continue
        segments = _segments_of(this, facts)
        fails, not_before = machine.revivals.get(facts.id, (0, 0.0))
        if not segments or not segments <= ready or now < not_before or started >= MOST_AT_ONCE:
            continue
        if _start(this, facts):
            started += 1
            machine.revivals[facts.id] = (fails + 1, now + backoff_seconds(fails))
    for gone in machine.revivals.keys() - {facts.id for facts in this.all_containers}:
        del machine.revivals[gone]


def _segments_of(this: Pass, facts: ContainerFacts) -> frozenset[SegmentName]:
    plugged = {key: network.segment for network in this.gated for key in (network.name, network.id)}
    return frozenset(plugged[name] for name in facts.endpoints if name in plugged)


def _start(this: Pass, facts: ContainerFacts) -> bool:
    """Start it if Docker gave up on it; False when there was nothing to do."""
    engine = this.machine.engine
    try:
        if not engine.gave_up(facts.id):
            return False
        write(
            this,
            f"container {facts.id[:12]} could not start before its network was there",
            (f"docker start {facts.id[:12]}",),
            lambda: engine.start(facts.id),
        )
    except OrchestratorError as error:
        this.failed(f"container {facts.name}", error)
    return True
