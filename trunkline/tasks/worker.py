"""Starts a Celery worker of one role: the only place where tasks, drivers and record are wired together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from trunkline.orchestrator.models import HostName
from trunkline.tasks import host, jobs, lifecycle, switch
from trunkline.tasks.alive import listen, pulse_of
from trunkline.tasks.app import CONTROL_QUEUE, SWITCH_QUEUE, host_queue, make_app
from trunkline.tasks.context import make_context

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.sync.context import Context

PREFETCH = {"threads": 1, "solo": 4}
"""A message whose acknowledgement failed fills a place until the next reconnect, which takes a free place to notice."""


def run_switch_worker(settings: Settings, *, concurrency: int) -> None:
    """Serve the switch queue until told to stop. The only role that holds switch credentials."""
    from trunkline.orchestrator.jobs import Tools
    from trunkline.tasks.devices import Switches

    app = make_app(settings, owner=SWITCH_QUEUE)
    context = make_context(settings, owner=SWITCH_QUEUE)
    switches = Switches(settings, context.store.devices)
    switch.register(app, context, switches)
    jobs.register_steps(app, context, Tools(open_switch=switches))
    try:
        _serve(context, app, SWITCH_QUEUE, pool="threads", concurrency=concurrency, also=switches.close_idle)
    finally:
        switches.close()


def run_control_worker(settings: Settings, *, concurrency: int) -> None:
    """Serve the control queue until told to stop: drives jobs."""
    app = make_app(settings, owner=CONTROL_QUEUE)
    context = make_context(settings, owner=CONTROL_QUEUE)
    jobs.register_coordinator(app, context)
    _serve(context, app, CONTROL_QUEUE, pool="threads", concurrency=concurrency)


def run_host_worker(settings: Settings, name: HostName) -> None:
    """Serve one host's queue until told to stop; needs CAP_NET_ADMIN and Docker's socket of that host."""
    from trunkline.orchestrator.jobs import Tools
    from trunkline.tasks.devices import this_machine

    queue = host_queue(name)
    app = make_app(settings, owner=queue)
    context = make_context(settings, owner=queue)
    machine = this_machine(name, context)
    host.register(app, context, machine)
    lifecycle.register(app, context, machine)
    jobs.register_steps(app, context, Tools(machine=machine))
    _serve(context, app, queue, pool="solo", concurrency=1)


def _serve(
    context: Context,
    app: Celery,
    queue: str,
    *,
    pool: str,
    concurrency: int,
    also: Callable[[], None] = lambda: None,
) -> None:
    stop = threading.Event()
    pulse = pulse_of(app, context, queue)

    listen(
        app,
        [
            f"--queues={queue}",
            f"--pool={pool}",
            f"--concurrency={concurrency}",
            f"--hostname={queue}@%h",
            f"--prefetch-multiplier={PREFETCH[pool]}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            f"--loglevel={'WARNING' if context.settings.log_level != 'debug' else 'DEBUG'}",
        ],
        stop=stop,
        ready=lambda: pulse.start(stop, also=also),
    )
