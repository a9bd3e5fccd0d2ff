"""A solo worker with a task that naps, for the test that breaks its broker; `python -m ... BROKER_URL SECONDS`."""

from __future__ import annotations

import sys
import threading
import time

from celery.signals import worker_ready

from trunkline.orchestrator.settings import Settings
from trunkline.tasks.alive import Pulse
from trunkline.tasks.app import make_app
from trunkline.tasks.guarded import doorbell


def main(broker_url: str, every: str) -> None:
    """Say ``heard`` for each beat, and ``nap`` when a nap begins."""
    app = make_app(Settings(broker_url=broker_url), owner="host.h1")

    def nap(seconds: str) -> None:
        print("nap", flush=True)  # noqa: T201  # the test reads it
        time.sleep(float(seconds))

    doorbell(app, "nap", nap)
    pulse = Pulse(
        app=app,
        queue="host.h1",
        on_heard=lambda: print("heard", flush=True),  # noqa: T201  # the test reads it
        every_seconds=float(every),
    )
    pulse.register()
    worker_ready.connect(lambda **_: pulse.start(threading.Event()), weak=False)
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING")
    # One message at a time: the one that Redis did not let it acknowledge fills the worker for good.
    app.worker_main(["worker", "--queues=host.h1", "--pool=solo", "--concurrency=1", *quiet])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
