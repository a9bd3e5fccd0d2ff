"""`trunkline switch`: one switch, by hand. What asks the device is a job: switch workers alone can log in there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.drivers.switch.command import Name, history, show, trust
from trunkline.orchestrator.cli.output import Format, Output, print_json, printable, who

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="One switch: what is on record and on the device, its backups, what of it is ours, its host key.",
)
app.command()(show)


@app.callback()
def root() -> None:
    """Look after one switch."""


@app.command()
def diff(
    name: Name,
    output: Output = Format.TABLE,
    *,
    since: Annotated[
        int | None,
        typer.Option(
            "--since", metavar="N", help="Compare with session backup N instead, see `backup --list`."
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when something differs.")
    ] = False,
) -> None:
    """Show what is on it against what is wanted of it, or against what it was before a session."""
    from trunkline.orchestrator.cli.differences import show_comparison, show_difference

    as_json = output is Format.JSON
    if since is None:
        result = _ask(name, "plan", as_json=as_json, why="trunkline switch diff")
    else:
        why = f"trunkline switch diff --since {since}"
        result = _ask(name, "compare", as_json=as_json, why=why, extra={"backup": since})
    if as_json:
        print_json(result)
    elif since is None:
        show_difference(name, result)
    else:
        show_comparison(name, since, result)
    if detailed_exitcode and (result["lines"] or result.get("problems")):
        raise typer.Exit(2)


app.command()(history)


@app.command()
def backup(
    name: Name,
    output: Output = Format.TABLE,
    *,
    list_kept: Annotated[
        bool, typer.Option("--list", help="List what was kept before each session that changed something.")
    ] = False,
    show_kept: Annotated[int | None, typer.Option("--show", metavar="N", help="Print one of these.")] = None,
) -> None:
    """Keep its running configuration in a file on its worker's machine, or show what was kept before sessions."""
    from trunkline.orchestrator.cli.differences import list_backups, show_backup
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.cli.switches import declared

    as_json = output is Format.JSON
    if list_kept or show_kept is not None:
        store, _ = open_record()
        switch = declared(store, name)
        if show_kept is None:
            list_backups(store, switch, as_json=as_json)
        else:
            show_backup(store, switch, show_kept, as_json=as_json)
        return
    result = _ask(name, "backup", as_json=as_json, why="trunkline switch backup", dry_run=False)
    if as_json:
        print_json(result)
        return
    sys.stdout.write(
        printable(f"{result['path']}: {result['lines']} lines, sha256 {result['sha256']}") + "\n"
    )
    sys.stderr.write("the file is on the machine of the switch worker\n")


@app.command()
def adopt(
    name: Name,
    output: Output = Format.TABLE,
    *,
    take: Annotated[
        bool, typer.Option("--take", help="Record as ours what is so already and wanted; nothing is sent.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --take: do not ask.")] = False,
) -> None:
    """Show what of a switch that was in use before is as desired, would change, and is not ours; change nothing."""
    from trunkline.orchestrator.cli.differences import show_adoption

    as_json = output is Format.JSON
    result = _ask(name, "adopt", as_json=as_json, why="trunkline switch adopt")
    if take and result["takeable"]:
        if not yes and not as_json:
            show_adoption(name, result)
        if not yes:
            _agree(name, len(result["takeable"]))
        why, extra = "trunkline switch adopt --take", {"take": result["takeable"]}
        result = _ask(name, "adopt", as_json=as_json, why=why, dry_run=False, extra=extra)
    if as_json:
        print_json(result)
    else:
        show_adoption(name, result)


app.command()(trust)


def _agree(name: str, count: int) -> None:
    """Ask whether claims may become ours.

    Raises:
        ConfigError: nobody is here to say so.
    """
    from trunkline.orchestrator.errors import ConfigError

    try:
        agreed = typer.confirm(
            f"Take these {count}, so that they go when nobody needs them any more?", err=True
        )
    except typer.Abort:
        if sys.stdin.isatty():
            raise  # somebody pressed Ctrl-C
        raise ConfigError(
            "nobody is here to agree", subject=f"switch {name}", fix="look at it, then say --take --yes"
        ) from None
    if not agreed:
        raise typer.Exit(1)


def _ask(
    name: str,
    kind: str,
    *,
    as_json: bool,
    why: str,
    dry_run: bool = True,
    extra: Mapping[str, object] | None = None,
) -> Mapping[str, Any]:
    """Have a switch worker do one step on the switch; give its result.

    Raises:
        ConfigError: the inventory has no such switch.
        PermanentError: the step failed, with its reason; as JSON it is data and the exit status is 1.
    """
    from trunkline.orchestrator.cli.switches import declared
    from trunkline.orchestrator.errors import PermanentError
    from trunkline.orchestrator.jobs import submit
    from trunkline.orchestrator.models import switch_key
    from trunkline.tasks.following import bell_context, follow, results_of

    context = bell_context()
    key = switch_key(declared(context.store, name).name)
    job = submit(context, kind, only=[key], who=who(), why=why, dry_run=dry_run, extra=extra)
    job = follow(context, job.id, quiet=True)
    result: dict[str, Any] = results_of(job)[key]
    error = result.get("error")
    if error and as_json:
        print_json(result)
        raise typer.Exit(1)
    if error:
        raise PermanentError(str(error).removeprefix(f"switch {name}: "), subject=f"switch {name}")
    return result
