"""Watches a queued job to its end for whoever asked for it; the commands that queue jobs call it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.cli.output import printable

if TYPE_CHECKING:
    from trunkline.orchestrator.store import Job
    from trunkline.orchestrator.sync.context import Context

OVER = frozenset({"done", "failed", "cancelled"})
POLL_SECONDS = 0.1
RING_AGAIN_SECONDS = 5.0
NOBODY_DRIVES_SECONDS = 10.0
"""A control worker that is just being started stamps the record sooner."""


def bell_context() -> Context:
    """Give a command what it needs to queue a job and to watch it."""
    from trunkline.orchestrator.settings import read_settings
    from trunkline.tasks.context import make_context

    return make_context(read_settings(), owner="bell")


def follow(context: Context, job_id: str, *, quiet: bool = False) -> Job:
    """Wait for the end; a progress bar on a terminal, plain log lines elsewhere.

    Raises:
        Unreachable: nobody drives jobs, so that there would be no end.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, quiet=quiet)
    printed = 0
    drive = _Drive(context, job_id)
    with Progress(console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("queued", total=None)
        while True:
            job = context.store.jobs.get(job_id)
            bar.update(
                task, completed=job.done, total=job.total or None, description=f"{job.kind} {job.state}"
            )
            for line in job.log[printed:]:
                console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
            printed = len(job.log)
            if job.state in OVER:
                return job
            drive.check(job)
            time.sleep(POLL_SECONDS)


def results_of(job: Job) -> dict[str, dict[str, Any]]:
    """Give the result of every device that a job was about; of one that it did not come to, why not."""
    found = job.result or {}
    return {
        device: found.get(device, {"error": f"job {job.id} was {job.state} before it came to it"})
        for device in job.arguments["devices"]
    }


class _Drive:
    """Sees to it that somebody drives the job that is waited for."""

    def __init__(self, context: Context, job_id: str) -> None:
        self._context = context
        self._job_id = job_id
        self._rung_at = self._seen_at = time.monotonic()

    def check(self, job: Job) -> None:
        """Ring again: the doorbell may have been lost, or who drove the job may have died.

        Raises:
            Unreachable: no control worker showed a sign of life for a while.
        """
        from trunkline.orchestrator.errors import Unreachable
        from trunkline.orchestrator.sync.liveness import queue_is_alive

        now = time.monotonic()
        if queue_is_alive(self._context, "control"):
            self._seen_at = now
        if now - self._seen_at > NOBODY_DRIVES_SECONDS:
            raise Unreachable(
                f"is {job.state} and nobody drives it: no control worker shows a sign of life",
                subject=f"job {job.id}",
                fix=f"start `trunkline worker control`, then `trunkline jobs watch {job.id}`",
            )
        if now - self._rung_at > RING_AGAIN_SECONDS:
            self._rung_at = now
            self._context.bell.job(self._job_id)
