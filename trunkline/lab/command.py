"""``trunkline lab``: up, shell, console, status, down, switch. What is heavy is imported where it is used."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

BackendOption = Annotated[
    str | None,
    typer.Option(help="native, uml or qemu; default: $LAB_BACKEND, else what works on this machine."),
]


SWITCH = "trunkline.lab.switch.command"
# The machine's own prompt, but nobody's personal start-up files: they know nothing of the lab.
SHELL = ["bash", "--rcfile", "/etc/bash.bashrc"]


class Commands(typer.core.TyperGroup):
    """The commands below and `switch`, whose module is only imported when it is named."""

    def list_commands(self, ctx: Any) -> list[str]:  # typer vendors click and does not export its types
        """Name every command."""
        return [*super().list_commands(ctx), *(["switch"] if find_spec(SWITCH) else [])]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # as list_commands
        """Give a command; None when there is no such command."""
        if cmd_name != "switch":
            return super().get_command(ctx, cmd_name)
        found: Any = typer.main.get_command(import_module(SWITCH).app)
        found.rich_markup_mode = None  # plain, as every other command's help
        return found


app = typer.Typer(
    add_completion=False,
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A network to try things in: real VLANs, hosts, switches.",
)


@app.command()
def up(
    *,
    topology: Annotated[
        str, typer.Option(help="A YAML file, or a shipped one: seed, router, linux, openvswitch.")
    ] = "seed",
    inventory: Annotated[
        Path | None,
        typer.Option(help="What Trunkline is to do there; default: the shipped one of the topology's name."),
    ] = None,
    bare: Annotated[
        bool, typer.Option("--bare", help="Only the network, hosts and switches, without Trunkline.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Return when it is up and leave it running.")] = False,
    backend: BackendOption = None,
) -> None:
    """Build a lab with Trunkline at work and keep it until Ctrl-C, or with --keep until `trunkline lab down`."""
    from trunkline.lab import supervisor
    from trunkline.lab.kernel import requested
    from trunkline.lab.topology_file import load, locate

    path = locate(topology)
    load(path)  # a mistake in the file is better shown before a kernel boots
    orders = "" if bare else str(_inventory_for(path, inventory))
    if keep:
        supervisor.start_in_background(str(path), orders, backend)
        hosts = ", ".join(supervisor.require_state()["hosts"])
        typer.echo("The lab is up: `trunkline lab status`, `trunkline lab down`, `trunkline lab shell NODE`;")
        typer.echo(f"hosts: {hosts}.")
        if orders:
            typer.echo(
                "Try, in `trunkline lab shell host1`: docker run -d --label trunkline.segment=web busybox"
            )
            typer.echo("and then: trunkline status")
        return
    raise typer.Exit(supervisor.supervise(str(path), orders, requested(backend)))


def _inventory_for(topology: Path, given: Path | None) -> Path:
    """Give the inventory file that was named, or the shipped one that belongs to a shipped topology.

    Raises:
        ConfigError: there is none.
    """
    from trunkline.lab.topology_file import SHIPPED
    from trunkline.orchestrator.errors import ConfigError

    shipped = SHIPPED.with_name("inventories") / topology.name
    if given is None and topology.parent == SHIPPED and shipped.exists():
        return shipped
    if given is None:
        raise ConfigError(
            "no inventory belongs to it",
            subject=f"topology {topology}",
            fix="give --inventory FILE, or --bare",
        )
    if not given.is_file():
        raise ConfigError("there is no such file", subject=f"inventory {given}", fix="give a YAML file")
    return given.absolute()


@app.command()
def shell(
    node: Annotated[
        str, typer.Argument(help="A host or switch; `management` is where Redis and workers are.")
    ],
    command: Annotated[list[str] | None, typer.Argument(help="A program instead of a shell.")] = None,
) -> None:
    """Enter a node of the running lab, or run one program there."""
    from trunkline.lab import supervisor

    running = supervisor.require_state()
    _require(node, [*running["hosts"], *running["switches"], "management"])
    # First the environment, which the namespaces keep; a host does not see the folder of these scripts.
    entrance = [f"/run/trunkline-lab/at-home/{node}"]
    if node != "management":
        entrance.append(f"/run/trunkline-lab/enter/{node}")
    raise typer.Exit(supervisor.run_in_lab([*entrance, *(command or SHELL)]))


@app.command()
def console(
    switch: Annotated[str, typer.Argument(help="A switch of the lab.")],
    command: Annotated[list[str] | None, typer.Argument(help="One command instead of a session.")] = None,
) -> None:
    """Type on a switch of the running lab: its command line over SSH; `exit` or `logout` ends it."""
    from trunkline.lab import supervisor

    running = supervisor.require_state()
    _require(switch, list(running["switches"]))
    words = [sys.executable, "-m", "trunkline.lab.console", *(command or [])]
    raise typer.Exit(supervisor.run_in_lab([f"/run/trunkline-lab/at-home/{switch}", *words]))


def _require(node: str, known: list[str]) -> None:
    from trunkline.orchestrator.errors import ConfigError

    if node not in known:
        raise ConfigError(
            "there is no such node", subject=f"lab node {node}", fix=f"known: {', '.join(known)}"
        )


@app.command()
def status() -> None:
    """Show the running lab as JSON; exit status 1 when there is none."""
    from trunkline.lab import supervisor

    typer.echo(json.dumps(supervisor.require_state(), indent=2))


@app.command()
def down() -> None:
    """End the running lab; nothing of it is left."""
    from trunkline.lab import supervisor

    supervisor.stop()
    typer.echo("The lab is gone.")


if __name__ == "__main__":
    app(prog_name="trunkline lab", args=sys.argv[1:])
