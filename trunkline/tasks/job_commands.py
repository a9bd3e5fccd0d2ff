"""`trunkline plan` and `trunkline jobs`: queue admin work, watch it, show what came of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.orchestrator.cli.output import Format, Output, ago, print_json, print_table, printable, who
from trunkline.orchestrator.cli.stores import open_record
from trunkline.tasks.following import OVER, bell_context, follow

if TYPE_CHECKING:
    from trunkline.orchestrator.store import Job

jobs_app = typer.Typer(add_completion=False, no_args_is_help=True, help="Queued admin work.")
plan_app = typer.Typer(add_completion=False)


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

    context = bell_context()
    extra = {"inventory": dump(read_inventory(file))} if file else {}
    job = submit(
        context,
        "plan",
        only=[device] if device else [],
        who=who(),
        why="trunkline plan",
        dry_run=True,
        extra=extra,
    )
    job = follow(context, job.id, quiet=True)
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

    context = bell_context()
    extra = {"undo": undo, "confirm_removals": confirm_removals}
    job = submit(
        context, kind, only=[device] if device else [], who=who(), why=why, dry_run=dry_run, extra=extra
    )
    sys.stderr.write(f"job {job.id} is queued\n")
    if wait:
        _end(follow(context, job.id))


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
    _end(follow(bell_context(), job))


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


def _end(job: Job) -> None:
    _print_result(job)
    if job.state != "done":
        raise typer.Exit(1)


def _print_result(job: Job) -> None:
    results = job.result or {}
    if job.kind in {"plan", "audit"} or (job.dry_run and job.kind == "reconcile"):
        _print_plan(results)
        return
    if job.kind in {"discover", "adopt", "compare"}:
        print_json(results)
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
