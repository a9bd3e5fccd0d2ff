"""The tasks that a Docker event wakes: look at one container, or at all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.orchestrator.models import ContainerId
from trunkline.orchestrator.sync.holders import observe_container, resync_host
from trunkline.orchestrator.sync.hosts import Machine
from trunkline.tasks.bell import OBSERVE_CONTAINER, RESYNC_HOST
from trunkline.tasks.guarded import doorbell

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.sync.context import Context


def register(app: Celery, context: Context, machine: Machine) -> None:
    """Give the application its container tasks."""

    def container(identity: str) -> None:
        observe_container(machine.name, ContainerId(identity), context=context, engine=machine.engine)

    def resync() -> None:
        resync_host(machine.name, context=context, engine=machine.engine)

    doorbell(app, OBSERVE_CONTAINER, container)
    doorbell(app, RESYNC_HOST, resync)
