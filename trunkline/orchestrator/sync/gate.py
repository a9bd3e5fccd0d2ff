"""Makes a segment ready on one host while somebody waits for it: Docker creates a network, or starts a container."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from trunkline.orchestrator.errors import GateClosed
from trunkline.orchestrator.models import HostName, SegmentName
from trunkline.orchestrator.sync.holders import needs_on

if TYPE_CHECKING:
    from trunkline.orchestrator.intents import Attachment
    from trunkline.orchestrator.sync.context import Context

REQUEST = "request:"
POLL_SECONDS = 0.05
HANDOVER_SECONDS = 20.0
"""So long the request holds on after it was granted: until then the network, or the container, holds by itself."""
OLD_FAILURE_SECONDS = 5.0
"""A failure from before gets so long to be tried again; a fresh one is told at once."""
OPEN = frozenset({"link-ready", "ready", "degraded"})
"""Switches and link are there. Docker networks need no more, and ours are made at that point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricGate:
    """The way between one host and its switches."""

    host: HostName
    context: Context

    def open(self, segment: SegmentName, seconds: float) -> None:
        """Hold the segment, and wait until its switches and its link are ready.

        Raises:
            GateClosed: they are not, after that time or because a sync said why, or the host is drained; nothing is
                held then.
            StoreUnavailable: Redis does not answer.
        """
        store = self.context.store
        if who := store.desired.cordoned().get(self.host):
            # Nothing holds the segment here once the request is over: a container would lose its VLAN right away.
            undo = f"`trunkline jobs run drain -d {self.host} --undo` takes it back into use"
            raise GateClosed(segment, "absent", f"host {self.host} was drained by {who}; {undo}")
        needs = needs_on(self.context.inventory(), self.host)
        holder = f"{REQUEST}{uuid4().hex}"
        hold = partial(store.desired.hold, holder, host=self.host, known=needs)
        started, began = store.now(), time.monotonic()
        # Whoever asks may die meanwhile: the wish ends by itself.
        hold(wanted=frozenset({segment}), deadline_seconds=seconds + HANDOVER_SECONDS)
        store.devices.mark_dirty(needs[segment].devices)
        for device in needs[segment].devices:
            self.context.bell.device(device)
        while True:
            attachment = self._attachment(segment)
            if attachment is not None and attachment.state in OPEN:
                hold(wanted=frozenset({segment}), deadline_seconds=HANDOVER_SECONDS)
                return
            waited = time.monotonic() - began
            if waited > seconds or _gave_up(attachment, started, waited):
                break
            time.sleep(POLL_SECONDS)
        hold(wanted=frozenset())
        state, cause = ("absent", "") if attachment is None else (attachment.state, attachment.cause)
        raise GateClosed(segment, state, cause or f"nobody made it so within {seconds:.0f} s")

    def _attachment(self, segment: SegmentName) -> Attachment | None:
        found = self.context.store.desired.attachments(self.host)
        return next((each for each in found if each.segment == segment), None)


def _gave_up(attachment: Attachment | None, started: float, waited: float) -> bool:
    if attachment is None or attachment.state != "failed":
        return False
    return attachment.since >= started or waited > OLD_FAILURE_SECONDS
