"""`trunkline plan` and `trunkline jobs`: queue admin work, watch it, show what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.orchestrator.cli.output import Format, Output, ago, print_json, print_table, printable, who
from trunkline.orchestrator.cli.stores import open_record

if TYPE_CHECKING:
    from trunkline.orchestrator.store import Job
    from trunkline.orchestrator.sync.context import Context

jobs_app = typer.Typer(add_completion=False, no_args_is_help=True, help="Queued admin work.")
plan_app = typer.Typer(add_completion=False)

OVER = frozenset({"done", "failed", "cancelled"})
POLL_SECONDS = 0.1
RING_AGAIN_SECONDS = 5.0
NOBODY_DRIVES_SECONDS = 10.0
"""A control worker that is just being started stamps the record sooner."""


class Asked(StrEnum):
    """The jobs that an operator queues."""

    RECONCILE = "reconcile"
    AUDIT = "audit"
    BACKUP = "backup"
    DRAIN = "drain"


Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        "-d",
        metavar="NAME",
        help="One switch or host, NAME or switch:NAME or host:NAME; without it all.",
    ),
]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, see `trunkline jobs list`.")]


@plan_app.command()
def plan(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="An inventory not applied yet, - reads standard input; without it the stored one.",
        ),
    ] = None,
    device: Device = None,
    output: Output = Format.TABLE,
    *,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when something would be sent.")
    ] = False,
) -> None:
    """Show what would be sent to every switch and host; change nothing."""
    from trunkline.orchestrator.cli.inventory import read_inventory
    from trunkline.orchestrator.inventory import dump
    from trunkline.orchestrator.jobs import submit

    context = _context()
    extra = {"inventory": dump(read_inventory(file))} if file else {}
    job = submit(context, "plan", only=device, who=who(), why="trunkline plan", dry_run=True, extra=extra)
    job = _follow(context, job.id, quiet=True)
    results = job.result or {}
    if output is Format.JSON:
        print_json(results)
    else:
        _print_plan(results)
    if job.state != "done":
        raise typer.Exit(1)
    if detailed_exitcode and any(result.get("lines") for result in results.values()):
        raise typer.Exit(2)


@jobs_app.command("run")
def run(
    kind: Annotated[
        Asked,
        typer.Argument(
            metavar="KIND",
            help="reconcile (make everything as desired), audit (report what is not), backup (keep the "
            "switches' configurations), drain (take a host out of use).",
        ),
    ],
    device: Device = None,
    why: Annotated[
        str, typer.Option(metavar="TEXT", help="For the audit trail.")
    ] = "asked for on the command line",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "--check", help="Show, change nothing.")] = False,
    wait: Annotated[bool, typer.Option(help="Watch it to its end.")] = True,
    undo: Annotated[bool, typer.Option("--undo", help="Take a drained host back into use.")] = False,
    confirm_removals: Annotated[
        bool, typer.Option("--confirm-removals", help="Lift the brake on many removals for this pass.")
    ] = False,
) -> None:
    """Queue a job. Safe to run twice; a job that was interrupted goes on where it stopped."""
    from trunkline.orchestrator.jobs import submit

    if kind is Asked.DRAIN and device is None:
        raise typer.BadParameter("drain empties one host or switch: name it with --device")
    if kind is not Asked.DRAIN and undo:
        raise typer.BadParameter("--undo is for drain")

    context = _context()
    extra = {"undo": undo, "confirm_removals": confirm_removals}
    job = submit(context, kind, only=device, who=who(), why=why, dry_run=dry_run, extra=extra)
    sys.stderr.write(f"job {job.id} is queued\n")
    if wait:
        _end(_follow(context, job.id))


@jobs_app.command("list")
def list_jobs(output: Output = Format.TABLE) -> None:
    """List jobs, the newest first."""
    store, _ = open_record()
    jobs = store.jobs.list()
    if output is Format.JSON:
        print_json([_as_json(job) for job in jobs])
        return
    now = store.now()
    rows = [
        [job.id, job.kind, job.state, f"{job.done}/{job.total}", job.who, ago(now, job.created_at), job.why]
        for job in jobs
    ]
    print_table(("JOB", "KIND", "STATE", "DONE", "WHO", "QUEUED", "WHY"), rows, empty="no jobs")


@jobs_app.command("show")
def show(job: JobId, output: Output = Format.TABLE) -> None:
    """Show one job: arguments, log, result."""
    found = open_record()[0].jobs.get(job)
    if output is Format.JSON:
        print_json(_as_json(found))
        return
    sys.stdout.write(
        f"{found.kind} by {printable(found.who)}: {printable(found.why)}\n"
        f"state {found.state}, {found.done}/{found.total}\n"
    )
    for line in found.log:
        sys.stdout.write(f"  {printable(line)}\n")
    _print_result(found)


@jobs_app.command("watch")
def watch(job: JobId) -> None:
    """Follow a job to its end; exit 1 when it failed."""
    _end(_follow(_context(), job))


@jobs_app.command("cancel")
def cancel(job: JobId) -> None:
    """Cancel a job: steps that run are finished, no further step is begun."""
    from trunkline.orchestrator.errors import PermanentError

    jobs = open_record()[0].jobs
    state = jobs.get(job).state
    if state in OVER:
        raise PermanentError(f"is over already ({state})", subject=f"job {job}")
    jobs.cancel(job)
    sys.stdout.write(f"job {job} will start no further step\n")


def _context() -> Context:
    from trunkline.orchestrator.settings import read_settings
    from trunkline.tasks.context import make_context

    return make_context(read_settings(), owner="bell")


def _follow(context: Context, job_id: str, *, quiet: bool = False) -> Job:
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


def _end(job: Job) -> None:
    _print_result(job)
    if job.state != "done":
        raise typer.Exit(1)


def _print_result(job: Job) -> None:
    results = job.result or {}
    if job.kind in {"plan", "audit"} or (job.dry_run and job.kind == "reconcile"):
        _print_plan(results)
        return
    for device, result in results.items():
        facts = ", ".join(f"{key} {_fact(value)}" for key, value in sorted(result.items()))
        sys.stdout.write(f"{device}: {printable(facts)}\n")


def _fact(value: object) -> str:
    """Write one fact of a result; identities of containers are cut as Docker does."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            names = [str(item).partition(":") for item in value]
            return " ".join(f"{kind}{colon}{name[:12]}" for kind, colon, name in names) or "nothing"
        case _:
            return str(value)


def _print_plan(results: Mapping[str, Mapping[str, Any]]) -> None:
    count = 0
    for device, result in results.items():
        lines, problems = result.get("lines", []), dict(result.get("problems", {}))
        if error := result.get("error"):
            problems["error"] = error
        sys.stdout.write(f"{device}\n")
        for line in lines:
            sys.stdout.write(f"  + {printable(line)}\n")
        for subject, text in problems.items():
            sys.stdout.write(f"  ! {printable(subject)}: {printable(text)}\n")
        for note in result.get("notes", []):
            sys.stdout.write(f"  # {printable(note)}\n")
        if not lines and not problems:
            sys.stdout.write("  as desired\n")
        count += len(lines)
    sys.stdout.write(f"Plan: {count} lines would be sent. Nothing was changed.\n")


def _as_json(job: Job) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(job)
