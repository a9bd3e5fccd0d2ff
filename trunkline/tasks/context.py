"""Wires one process: settings, logs, record, doorbells. Called once by each command that needs them."""

from __future__ import annotations

import os
import socket

from trunkline.orchestrator.logs import configure
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import open_store
from trunkline.orchestrator.sync.context import Context
from trunkline.tasks.app import make_app
from trunkline.tasks.bell import CeleryBell


def make_context(settings: Settings, *, owner: str) -> Context:
    """Open the record and the doorbells.

    Args:
        settings: Of this process.
        owner: The role, as in `make_app`; commands that only ring use ``bell``.
    """
    configure(settings)
    return Context(
        store=open_store(settings.redis_url, password=settings.redis_password()),
        bell=CeleryBell(make_app(settings, owner=owner)),
        settings=settings,
        process=f"{owner}@{socket.gethostname()}:{os.getpid()}",
    )
