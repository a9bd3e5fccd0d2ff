"""The task of a switch worker: sync one switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.orchestrator.models import SwitchName
from trunkline.orchestrator.sync.switches import sync_switch
from trunkline.tasks.bell import SYNC_SWITCH
from trunkline.tasks.guarded import doorbell

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import OpenSwitch


def register(app: Celery, context: Context, open_switch: OpenSwitch) -> None:
    """Give the application its switch task."""

    def sync(name: str) -> None:
        sync_switch(SwitchName(name), context=context, open_switch=open_switch)

    doorbell(app, SYNC_SWITCH, sync)
