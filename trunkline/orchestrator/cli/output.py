"""How commands print: data on standard output, as a table for people or as JSON for programs."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

PIPE_COLUMNS = 160


class Format(StrEnum):
    """What `-o` takes."""

    TABLE = "table"
    JSON = "json"


Output = Annotated[Format, typer.Option("-o", "--output", help="table for people, json for programs.")]


def print_json(value: object) -> None:
    """Print stable, indented JSON."""
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True, default=str) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print a narrow table; wraps instead of cutting when the terminal is small.

    Args:
        columns: Headings.
        rows: Cells; untrusted text is printed as it is, without markup.
        empty: What to say when there are no rows.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        sys.stdout.write(f"{empty}\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # Folded, never cut: half an address is worse than two lines.
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    # A pipe has no width; many columns keep lines together for grep.
    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_COLUMNS)
    console.print(table)


def printable(text: str) -> str:
    """Replace control characters, so that nothing a container or a device said can drive the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def ago(now: float, then: float | None) -> str:
    """Say how long ago something was, both in seconds since the epoch."""
    if not then:
        return "never"
    seconds = max(0, int(now - then))
    if seconds < 120:  # noqa: PLR2004  # two minutes: below, seconds read better
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 7200 else f"{seconds // 3600} h ago"  # noqa: PLR2004  # two hours


def who() -> str:
    """Name the person at the command line for the audit trail; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
