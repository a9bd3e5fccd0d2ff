"""The sweeper process: ticks until told to stop, through every outage of the record."""

from __future__ import annotations

import signal
import threading

import structlog

from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.sync.sweep import Sweeper
from trunkline.tasks.context import make_context

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.5
AFTER_ERROR_SECONDS = 2.0


def run_sweeper(settings: Settings) -> None:
    """Tick for ever; SIGTERM and SIGINT end it after the current tick."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    context = make_context(settings, owner="sweeper")
    sweeper = Sweeper(context)
    log.info("sweeper.started", sweep_seconds=settings.sweep_seconds)
    while not stop.is_set():
        wait = TICK_SECONDS
        try:
            sweeper.tick()
            context.store.devices.heartbeat("sweeper", 20.0)
        except OrchestratorError as error:
            log.warning("sweeper.waits", error=str(error))
            wait = AFTER_ERROR_SECONDS
        stop.wait(wait)
