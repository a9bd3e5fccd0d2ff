"""Proof of life: a worker rings its own queue and stamps the record from inside the task.

A process that runs but no longer consumes (a reconnect that went wrong) shows as dead this way; a mere
heartbeat thread would show it as alive.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from kombu.exceptions import OperationalError

from trunkline.orchestrator.sync.liveness import STAMP_EVERY_SECONDS, stamp
from trunkline.tasks.guarded import doorbell

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.sync.context import Context

log = structlog.get_logger(__name__)

ALIVE = "trunkline.alive"


def register(app: Celery, context: Context) -> None:
    """Give the application the task that stamps."""
    doorbell(app, ALIVE, lambda queue: stamp(context, queue))


def keep_ringing(
    app: Celery, queue: str, stop: threading.Event, *, also: Callable[[], None] = lambda: None
) -> threading.Thread:
    """Ring the queue now and every few seconds, from a thread that ends with the process or when told.

    ``also`` is called each time: what else a worker wants done now and then.
    """

    def ring() -> None:
        while True:
            try:
                app.send_task(ALIVE, args=[queue], queue=queue, retry=False, expires=STAMP_EVERY_SECONDS * 3)
            except OperationalError as error:
                log.warning("alive.unsent", queue=queue, error=type(error).__name__)
            also()
            if stop.wait(STAMP_EVERY_SECONDS):
                return

    thread = threading.Thread(target=ring, name="alive", daemon=True)
    thread.start()
    return thread
