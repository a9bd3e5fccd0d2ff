"""Starts containers again whose network could not be had when Docker started them, now that it can.

Docker does not: a restart policy counts for programs that end, not for networks that fail (measured on 20.10 to 29).
That a start failed is told by no event, and need not show in the list of containers (measured on 28.5), so that each
one has to be asked for. The answer is remembered for a while: passes may follow each other closely.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.models import host_key
from trunkline.orchestrator.sync.backoff import backoff_seconds
from trunkline.orchestrator.sync.gate import OPEN
from trunkline.orchestrator.sync.writes import write

if TYPE_CHECKING:
    from trunkline.orchestrator.intents import ContainerFacts
    from trunkline.orchestrator.models import SegmentName
    from trunkline.orchestrator.sync.hosts import Pass

MOST_AT_ONCE = 8
"""Starts of one pass: others wait for it meanwhile."""
WINDOW_SECONDS = 50.0
"""What Docker did not give up on is asked for once in each such stretch of the record's clock; shorter than a sweep."""
UNWANTED_SECONDS = 600.0
"""One without a restart policy so much later: only `docker update` could change that."""


def revive(this: Pass) -> None:
    """Start what Docker gave up on, where every segment it is on is ready; each with a backoff of its own."""
    machine, now = this.machine, this.context.store.now()
    next_window = (now // WINDOW_SECONDS + 1) * WINDOW_SECONDS
    candidates = _candidates(this)
    _forget_others(this, candidates)
    due = {facts.id: machine.revivals.get(facts.id, (0, 0.0)) for facts in candidates}
    started = 0
    for facts in candidates:
        fails, not_before = due[facts.id]
        if now < not_before:
            continue
        if started >= MOST_AT_ONCE:
            # After a look at everything else: nothing rings for those that are left.
            this.context.store.devices.mark_dirty((host_key(machine.name),))
            break
        match _start(this, facts):
            case True:
                started += 1
                machine.revivals[facts.id] = (fails + 1, now + backoff_seconds(fails))
            case False:
                machine.revivals[facts.id] = (0, next_window)
            case None:
                machine.revivals[facts.id] = (0, next_window + UNWANTED_SECONDS)
        if this.is_late():
            break
    if any(not_before == next_window for _, not_before in due.values()):
        # A sweep that comes before the window's end asks for nothing, and the one after it would be late.
        this.context.store.devices.mark_dirty((host_key(machine.name),), at=next_window)


def _candidates(this: Pass) -> list[ContainerFacts]:
    """Name the containers that do not run though their segments, all of the plug-in, are ready."""
    attachments = this.context.store.desired.attachments(this.machine.name)
    ready = {each.segment for each in attachments if each.state in OPEN}
    stopped = [facts for facts in this.all_containers if not facts.running]
    return [facts for facts in stopped if (segments := _segments_of(this, facts)) and segments <= ready]


def _forget_others(this: Pass, candidates: Sequence[ContainerFacts]) -> None:
    """Forget what runs or is gone, and an answer about what is not ready: whoever starts that makes it fail."""
    remembered, stopped = (
        this.machine.revivals,
        {facts.id for facts in this.all_containers if not facts.running},
    )
    asked = {facts.id for facts in candidates}
    for container, (fails, _) in list(remembered.items()):
        if container not in stopped or (container not in asked and not fails):
            del remembered[container]


def _segments_of(this: Pass, facts: ContainerFacts) -> frozenset[SegmentName]:
    plugged = {key: network.segment for network in this.gated for key in (network.name, network.id)}
    return frozenset(plugged[name] for name in facts.endpoints if name in plugged)


def _start(this: Pass, facts: ContainerFacts) -> bool | None:
    """Start it if Docker gave up on it; False when it did not, None when nobody wants it to run."""
    engine = this.machine.engine
    try:
        gave_up = engine.gave_up(facts.id)
        if not gave_up:
            return gave_up
        write(
            this,
            f"container {facts.id[:12]} could not start before its network was there",
            (f"docker start {facts.id[:12]}",),
            lambda: engine.start(facts.id),
        )
    except OrchestratorError as error:
        this.failed(f"container {facts.name}", error)
    return True
