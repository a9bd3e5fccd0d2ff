"""Registers a doorbell's task so that a deliberate error is one log line; the sweep is what tries again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from celery import Celery

log = structlog.get_logger(__name__)


def doorbell(app: Celery, name: str, body: Callable[..., object]) -> None:
    """Register ``body`` under ``name``; what it returns is dropped, what it raises on purpose is logged."""

    def task(*arguments: str) -> None:
        try:
            body(*arguments)
        except OrchestratorError as error:
            log.warning("task.failed", task=name, arguments=arguments, error=str(error))

    app.task(name=name, max_retries=3)(task)
