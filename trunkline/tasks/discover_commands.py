"""`trunkline discover`: asks switches who is at their ports, and proposes cables for the inventory."""

from __future__ import annotations

from typing import Annotated

import typer

from trunkline.orchestrator.cli.output import Format, Output, print_json, who

app = typer.Typer(add_completion=False)


@app.command()
def discover(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SWITCH]...", help="Switches, as the inventory names them; without any, all of them."
        ),
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show who is at the switches' ports, compare with the inventory, propose what is missing; change nothing."""
    from trunkline.orchestrator.cli.cables import picture, show
    from trunkline.orchestrator.cli.switches import declared
    from trunkline.orchestrator.jobs import submit
    from trunkline.orchestrator.models import SwitchName, switch_key
    from trunkline.tasks.following import bell_context, follow, results_of

    context = bell_context()
    only = [switch_key(declared(context.store, name).name) for name in names or ()]
    job = submit(context, "discover", only=only, who=who(), why="trunkline discover", dry_run=True)
    job = follow(context, job.id, quiet=True)
    results = {device.partition(":")[2]: result for device, result in results_of(job).items()}
    errors = {
        name: str(result["error"]).removeprefix(f"switch {name}: ")
        for name, result in results.items()
        if "error" in result
    }
    found = picture(context.store, [SwitchName(name) for name in results], errors)
    if output is Format.JSON:
        print_json(found)
    else:
        show(found)
    if job.state != "done":
        raise typer.Exit(1)
