"""The tasks of admin jobs: drive one, or do its step on one device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.orchestrator.jobs import Tools, coordinate, perform
from trunkline.orchestrator.models import DeviceKey
from trunkline.tasks.bell import JOB_STEP, START_JOB
from trunkline.tasks.guarded import doorbell

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.sync.context import Context


def register_coordinator(app: Celery, context: Context) -> None:
    """Give a control worker the task that drives jobs."""
    doorbell(app, START_JOB, lambda job: coordinate(job, context=context))


def register_steps(app: Celery, context: Context, tools: Tools) -> None:
    """Give a device's worker the task that does steps."""

    def step(job: str, device: str) -> None:
        perform(job, DeviceKey(device), context=context, tools=tools)

    doorbell(app, JOB_STEP, step)
