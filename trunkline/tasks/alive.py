"""Proof of life: a worker rings its own queue and stamps the record from inside the task.

A process that runs but no longer consumes (a reconnect that went wrong) shows as dead this way; a mere
heartbeat thread would show it as alive. Such a process also starts itself anew: kombu counts a message whose
acknowledgement Redis did not take as still being worked on, and a worker that may work on one message at a time
then never takes another one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from celery.signals import worker_ready, worker_shutting_down
from kombu.exceptions import OperationalError

from trunkline.orchestrator.sync.liveness import STAMP_EVERY_SECONDS, stamp
from trunkline.tasks.guarded import LONGEST_TASK_SECONDS, busy_seconds, doorbell, idle_seconds

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.sync.context import Context

log = structlog.get_logger(__name__)

ALIVE = "trunkline.alive"
PAUSE_SECONDS = 1.0
"""Before a new start, so that one that fails at once does not keep a processor busy."""
UNHEARD_RINGS = 4
"""So many rings in a row that reached the queue and were not heard mean that nobody listens any more."""


def start_anew() -> None:
    """Replace this process by a new one with the same command; its id and its log stay the same."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # what is still buffered would be lost
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # our own command line


def listen(
    app: Celery, arguments: list[str], *, stop: threading.Event, ready: Callable[[], None] = lambda: None
) -> None:
    """Be a Celery worker until told to stop; one that gives up unasked starts itself anew.

    Kombu fails to close a connection that broke while a message of it was worked on, and Celery takes that for the
    end. A worker that never was ready ends with its error: starting it again would not help.

    Args:
        app: The application.
        arguments: Of Celery's ``worker`` command.
        stop: Set when somebody told the worker to stop.
        ready: Called when it listens.
    """
    was_ready = threading.Event()

    def began(**_: object) -> None:
        was_ready.set()
        ready()

    def told(**_: object) -> None:
        stop.set()

    worker_ready.connect(began, weak=False)
    worker_shutting_down.connect(told, weak=False)
    try:
        app.worker_main(["worker", *arguments])
        error = ""
    except Exception as raised:
        if stop.is_set() or not was_ready.is_set():
            raise
        error = repr(raised)  # Celery has printed where it came from
    if was_ready.is_set() and not stop.is_set():
        log.error("worker.gave_up", error=error, restarts_in_seconds=PAUSE_SECONDS)
        time.sleep(PAUSE_SECONDS)
        start_anew()


@dataclass
class Pulse:
    """Rings the worker's own queue, and notices when nobody hears it.

    Attributes:
        app: The worker's application.
        queue: What it reads.
        on_heard: Called in the task.
        on_stuck: Called when rings arrive and are not heard although no task is running, or one never ends.
        every_seconds: How often to ring.
    """

    app: Celery
    queue: str
    on_heard: Callable[[], None]
    on_stuck: Callable[[], None] = start_anew
    every_seconds: float = STAMP_EVERY_SECONDS
    _unheard: int = field(default=0, init=False)

    def register(self) -> None:
        """Give the application the task that hears."""
        doorbell(self.app, ALIVE, self._hear)

    def start(self, stop: threading.Event, *, also: Callable[[], None] = lambda: None) -> None:
        """Ring from a thread that ends with the process or when told; ``also`` is done each time."""
        self._unheard = 0

        def beat() -> None:
            while True:
                self._ring()
                also()
                if stop.wait(self.every_seconds):
                    return

        threading.Thread(target=beat, name="pulse", daemon=True).start()

    def _hear(self, _queue: str) -> None:
        self._unheard = 0
        self.on_heard()

    def _ring(self) -> None:
        try:
            self.app.send_task(
                ALIVE, args=[self.queue], queue=self.queue, retry=False, expires=self.every_seconds * 3
            )
        except OperationalError as error:
            log.warning("alive.unsent", queue=self.queue, error=type(error).__name__)
            return
        self._unheard += 1
        silent = self._unheard > UNHEARD_RINGS and idle_seconds() > UNHEARD_RINGS * self.every_seconds
        if silent or busy_seconds() > LONGEST_TASK_SECONDS:
            log.error("worker.stuck", queue=self.queue, unheard=self._unheard)
            self.on_stuck()


def pulse_of(app: Celery, context: Context, queue: str) -> Pulse:
    """Make the pulse of a worker that stamps the record."""
    pulse = Pulse(app=app, queue=queue, on_heard=lambda: stamp(context, queue))
    pulse.register()
    return pulse
