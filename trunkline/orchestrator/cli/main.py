"""Assembles `trunkline` from the entry points of group ``trunkline.commands``; the console script runs it."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version
from typing import Annotated, Any

import typer
import typer.core

from trunkline.orchestrator.errors import OrchestratorError

GROUP = "trunkline.commands"


class Commands(typer.core.TyperGroup):
    """A group whose commands are entry points: each layer brings its own."""

    def list_commands(self, ctx: Any) -> list[str]:  # typer vendors click and does not export its types
        """Name every installed command."""
        del ctx
        return sorted(entry.name for entry in entry_points(group=GROUP))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # as list_commands
        """Import the command's module; None when there is no such command."""
        del ctx
        for entry in entry_points(group=GROUP, name=cmd_name):
            try:
                return typer.main.get_command(entry.load())
            except ImportError as error:
                sys.stderr.write(f"trunkline: command {cmd_name} cannot be loaded: {error}\n")
        return None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the flag's value
    if wanted:
        typer.echo(f"trunkline {version('trunkline')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Put containers on physical VLANs, without anyone typing on a switch."""


def run() -> None:
    """Run the command line; deliberate errors become one readable line and exit status 1."""
    try:
        app()
    except OrchestratorError as error:
        sys.stderr.write(f"trunkline: {error}\n")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        sys.stderr.write("trunkline: interrupted; what was queued continues\n")
        raise SystemExit(130) from None
