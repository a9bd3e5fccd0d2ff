"""Registers a doorbell's task so that a deliberate error is one log line; the sweep is what tries again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from celery import Celery

log = structlog.get_logger(__name__)

LONGEST_TASK_SECONDS = 300.0
"""No task works longer: all of them drain until a deadline, and every wait for a device is bounded."""

_began: dict[int, float] = {}
_last_end = [0.0]


def busy_seconds() -> float:
    """Tell how long the oldest task of this process has been running; 0 when none is."""
    began = list(_began.values())
    return time.monotonic() - min(began) if began else 0.0


def idle_seconds() -> float:
    """Tell how long ago the last task of this process ended; 0 while one is running."""
    return 0.0 if _began else time.monotonic() - _last_end[0]


def doorbell(app: Celery, name: str, body: Callable[..., object]) -> None:
    """Register ``body`` under ``name``; what it returns is dropped, what it raises on purpose is logged."""

    def task(*arguments: str) -> None:
        thread = threading.get_ident()
        _began[thread] = time.monotonic()
        try:
            body(*arguments)
        except OrchestratorError as error:
            log.warning("task.failed", task=name, arguments=arguments, error=str(error))
        finally:
            _last_end[0] = time.monotonic()
            _began.pop(thread, None)

    app.task(name=name, max_retries=3)(task)
