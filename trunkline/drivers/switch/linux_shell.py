"""The command line of a Linux machine as a grammar: a login shell instead of modes. Pure; part of the Linux dialects.

What is sent is never parsed by a shell: the login shell is replaced by a loop that splits a line at its blanks and runs
the words, so that ``;``, ``$(...)``, quotes and stars are characters like any other. The loop's prompt shows the exit
status of the line before, which is how a refusal is known: these tools print nothing when all is well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.drivers.switch.dialect import EXIT, Grammar, Phrase

SHELL = (
    "exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C sh -f -c "
    r"""'while printf "\ntrunkline:%s# " $?; read -r line; do $line </dev/null; done'"""
)
"""`-f` keeps stars as they are; every POSIX shell does the rest, busybox's included."""

JSON_ROWS = re.compile(r"\A\s*\[.*\]\s*\Z", re.DOTALL)
JSON_TABLE = re.compile(r"\A\s*\{.*\}\s*\Z", re.DOTALL)
_NEVER = re.compile(r"(?!)")

Row = Mapping[str, Any]
"""A JSON object of a tool, whose types are for the reader of each key to check."""


def shell_grammar(*, phrases: Mapping[str, Sequence[Phrase]], backup: str, unsaved: str) -> Grammar:
    """Build the grammar of a dialect that speaks to a shell.

    Args:
        phrases: As `Grammar.phrases`; without modes the blocks' lines are under the empty one.
        backup: Command that shows the configuration.
        unsaved: What a restart forgets.
    """
    return Grammar(
        netmiko="linux",
        shell=SHELL,
        prompt=r"trunkline:(?P<status>\d+)# ",
        # A neighbor that `ip neigh del` does not find is forgotten already.
        rejected=re.compile(
            rf"(?<!RTNETLINK answers: No such file or directory\n)^{EXIT}[1-9]\d*$", re.MULTILINE
        ),
        benign=_NEVER,
        unknown=re.compile(rf"{EXIT}127\b"),
        log_line=_NEVER,
        question=_NEVER,
        enter_config="",
        leave_config="",
        leave_block="",
        save="",
        saved=_NEVER,
        unsaved=unsaved,
        backup=backup,
        phrases=phrases,
        longest_line=1000,
    )


def read_json(outputs: Mapping[str, str], command: str) -> Any:  # JSON is what it is
    """Read what a command printed.

    Raises:
        ValueError: it is no JSON; the text names the command.
    """
    try:
        return json.loads(outputs[command])
    except ValueError as error:
        raise ValueError(f"`{command}`: {error}") from error


def rows(outputs: Mapping[str, str], command: str) -> tuple[Row, ...]:
    """Read a list of objects; iproute2 leaves empty ones in the place of what it filtered.

    Raises:
        ValueError: it is something else; the text names the command.
    """
    found = read_json(outputs, command)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError(f"`{command}`: no list of objects")
    return tuple(row for row in found if row)
