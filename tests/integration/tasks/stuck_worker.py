"""A worker with a task that naps, for the test that breaks its broker; arguments: BROKER_URL SECONDS POOL QUEUE."""

from __future__ import annotations

import sys
import threading
import time

from kombu.transport import redis

from trunkline.orchestrator.settings import Settings
from trunkline.tasks.alive import Pulse, listen
from trunkline.tasks.app import make_app
from trunkline.tasks.guarded import doorbell


def stumble(_: object) -> None:
    """Fail as kombu 5.7 does when it closes a broken connection that holds an unacknowledged message."""
    raise AttributeError("'NoneType' object has no attribute 'hostname'")


def main(broker_url: str, every: str, pool: str, queue: str) -> None:
    """Say ``heard`` for each beat, and ``nap`` when a nap begins."""
    if pool == "threads":
        # Kombu's own stumble, which it meets only when its subscription is the first to notice: provoked here.
        redis.Channel.close = stumble  # type: ignore[method-assign,assignment]  # that is the point
    app = make_app(Settings(broker_url=broker_url), owner=queue)

    def nap(seconds: str) -> None:
        print("nap", flush=True)  # noqa: T201  # the test reads it
        time.sleep(float(seconds))

    doorbell(app, "nap", nap)
    pulse = Pulse(
        app=app,
        queue=queue,
        on_heard=lambda: print("heard", flush=True),  # noqa: T201  # the test reads it
        every_seconds=float(every),
    )
    pulse.register()
    stop = threading.Event()
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    # One message at a time: the one that Redis did not let it acknowledge fills a solo worker for good.
    listen(
        app,
        [f"--queues={queue}", f"--pool={pool}", "--concurrency=1", *quiet],
        stop=stop,
        ready=lambda: pulse.start(stop),
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4])
