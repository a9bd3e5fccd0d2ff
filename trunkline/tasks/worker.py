"""Starts a Celery worker of one role: the only place where tasks, drivers and record are wired together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from celery.signals import worker_ready, worker_shutting_down

from trunkline.orchestrator.models import HostName
from trunkline.tasks import alive, host, jobs, lifecycle, switch
from trunkline.tasks.app import CONTROL_QUEUE, SWITCH_QUEUE, host_queue, make_app
from trunkline.tasks.context import make_context

if TYPE_CHECKING:
    from celery import Celery

    from trunkline.orchestrator.settings import Settings


def run_switch_worker(settings: Settings, *, concurrency: int) -> None:
    """Serve the switch queue until told to stop. The only role that holds switch credentials."""
    from trunkline.orchestrator.jobs import Tools
    from trunkline.tasks.devices import Switches

    app = make_app(settings, owner=SWITCH_QUEUE)
    context = make_context(settings, owner=SWITCH_QUEUE)
    switches = Switches(settings)
    switch.register(app, context, switches)
    jobs.register_steps(app, context, Tools(open_switch=switches))
    alive.register(app, context)
    try:
        _serve(
            app,
            SWITCH_QUEUE,
            pool="threads",
            concurrency=concurrency,
            settings=settings,
            also=switches.close_idle,
        )
    finally:
        switches.close()


def run_control_worker(settings: Settings, *, concurrency: int) -> None:
    """Serve the control queue until told to stop: drives jobs."""
    app = make_app(settings, owner=CONTROL_QUEUE)
    context = make_context(settings, owner=CONTROL_QUEUE)
    jobs.register_coordinator(app, context)
    alive.register(app, context)
    _serve(app, CONTROL_QUEUE, pool="threads", concurrency=concurrency, settings=settings)


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
    alive.register(app, context)
    _serve(app, queue, pool="solo", concurrency=1, settings=settings)


def _serve(
    app: Celery,
    queue: str,
    *,
    pool: str,
    concurrency: int,
    settings: Settings,
    also: Callable[[], None] = lambda: None,
) -> None:
    stop = threading.Event()

    def ready(**_: object) -> None:
        alive.keep_ringing(app, queue, stop, also=also)

    def stopping(**_: object) -> None:
        stop.set()

    worker_ready.connect(ready, weak=False)
    worker_shutting_down.connect(stopping, weak=False)
    app.worker_main(
        [
            "worker",
            f"--queues={queue}",
            f"--pool={pool}",
            f"--concurrency={concurrency}",
            f"--hostname={queue}@%h",
            "--prefetch-multiplier=1",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            f"--loglevel={'WARNING' if settings.log_level != 'debug' else 'DEBUG'}",
        ]
    )
