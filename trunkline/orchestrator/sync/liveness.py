"""Whether somebody reads a queue: a worker rings its own bell and stamps the record from inside the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.context import Context

STAMP_EVERY_SECONDS = 5.0
ALIVE_FOR_SECONDS = 20.0


def stamp(context: Context, queue: str) -> None:
    """Record that a worker consumed a message of this queue just now."""
    context.store.devices.heartbeat(f"queue:{queue}", ALIVE_FOR_SECONDS)


def queue_is_alive(context: Context, queue: str) -> bool:
    """Say whether a message of this queue was consumed lately."""
    return f"queue:{queue}" in context.store.devices.alive()
