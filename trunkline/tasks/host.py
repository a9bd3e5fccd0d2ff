"""The task of a host's worker that makes links, networks and endpoints so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.orchestrator.sync.hosts import Machine, sync_host
from trunkline.tasks.bell import SYNC_HOST
from trunkline.tasks.guarded import doorbell

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.sync.context import Context


def register(app: Celery, context: Context, machine: Machine) -> None:
    """Give the application its host task."""

    def sync(name: str) -> None:
        if name == machine.name:
            sync_host(machine, context=context)

    doorbell(app, SYNC_HOST, sync)
