"""Assembles `trunkline` from the entry points of group ``trunkline.commands``; the console script runs it."""

from __future__ import annotations

import errno
import os
import sys
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from trunkline.orchestrator.cli.summaries import summary_of
from trunkline.orchestrator.errors import OrchestratorError

GROUP = "trunkline.commands"
INTERRUPTED = 130
BROKEN_PIPE = 141
"""What a shell reports for a program that SIGINT or SIGPIPE ended."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What writing to a full or dying disk raises."""


class Commands(typer.core.TyperGroup):
    """A group whose commands are entry points: each layer brings its own.

    A command's module is imported when the command is used. Help only reads its source.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # typer vendors click and does not export its types
        """Name every installed command."""
        del ctx
        return sorted({entry.name for entry in entry_points(group=GROUP)})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # as list_commands
        """Import the command's module; None when there is no such command.

        Raises:
            CommandBroken: it is installed, but its module cannot be imported.
        """
        del ctx
        for entry in entry_points(group=GROUP, name=cmd_name):
            return _plain(_load(entry))
        return None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # as list_commands
        """List the commands, each with the first sentence of its documentation."""
        del ctx
        rows = [(entry.name, summary_of(entry)) for entry in sorted(entry_points(group=GROUP))]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # as list_commands
        """Complete a command's name without importing any."""
        from typer._click.shell_completion import CompletionItem  # the only name there is for it

        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [CompletionItem(name) for name in names]


class CommandBroken(OrchestratorError):
    """A command is installed, but its module cannot be imported."""


def _load(entry: EntryPoint) -> Any:  # as Commands.list_commands
    try:
        return typer.main.get_command(entry.load())
    except (ImportError, AttributeError, SyntaxError) as error:
        raise CommandBroken(
            f"cannot be loaded: {error}",
            subject=f"command {entry.name}",
            fix=f"reinstall what brings {entry.module}, with its extras",
        ) from error


def _plain(command: Any) -> Any:  # as Commands.list_commands
    """Let help and usage errors be plain text: rich takes longer to import than everything else together."""
    command.rich_markup_mode = None
    for each in getattr(command, "commands", {}).values():
        _plain(each)
    return command


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Exit status: 0 done, 1 failed (the reason is on standard error), 2 wrong usage. "
    "`trunkline COMMAND --help` tells more.",
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
    """Run the command line; whatever goes wrong becomes one readable line and an exit status."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us: what we say goes nowhere
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # until the end
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal's encoding lacks is shown as its code instead of ending the command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    raise SystemExit(_status())


def _status() -> int:
    try:
        app()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except OrchestratorError as error:
        status = _failed(str(error))
    except BrokenPipeError:
        return _hang_up()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except OSError as error:
        status = _cannot_write(error) if error.errno in FULL else _unforeseen(error)
    except Exception as error:  # noqa: BLE001  # the last resort: a traceback tells an operator nothing
        status = _unforeseen(error)
    if status == INTERRUPTED:
        sys.stderr.write("trunkline: interrupted; what was queued continues\n")
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _hang_up()
    except OSError as error:
        return _cannot_write(error)
    return status


def _cannot_write(error: OSError) -> int:
    _abandon_output()
    return _failed(f"standard output: cannot be written ({error.strerror})")


def _failed(text: str) -> int:
    sys.stderr.write(f"trunkline: {text}\n")
    return 1


def _unforeseen(error: Exception) -> int:
    if os.environ.get("TRUNKLINE_LOG_LEVEL", "").lower() == "debug":
        import traceback

        traceback.print_exception(error)
    words = " ".join(str(error).split())[:300]
    return _failed(
        f"unforeseen {type(error).__name__}: {words}; this is a defect, please report it with what "
        "TRUNKLINE_LOG_LEVEL=debug shows"
    )


def _hang_up() -> int:
    """End quietly: whoever read our output has enough of it."""
    _abandon_output()
    return BROKEN_PIPE


def _abandon_output() -> None:
    """Let what is still buffered go nowhere, or the interpreter complains about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
