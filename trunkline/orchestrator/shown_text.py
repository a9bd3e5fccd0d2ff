"""What a switch answered to show commands, as one text with a head per command, and what differs between two. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import unified_diff

from trunkline.orchestrator.redaction import redact

_HEAD = re.compile(r"! (?P<command>\S.*)")
_VOLATILE = re.compile(
    r"\s*(?:!|Building configuration|Current configuration|Last configuration change|!Time|ntp clock-period)(?:\W.*)?"
)
"""What changes by itself."""


def commands_of(text: str) -> frozenset[str]:
    """Give every line that may be the head of a command's answer: ``! show vlan brief``."""
    found = map(_HEAD.fullmatch, text.splitlines())
    return frozenset(head["command"] for head in found if head)


def differences(text: str, answers: Mapping[str, str], *, cut: bool = False) -> Iterator[str]:
    """Compare a text from the record with what the same commands answer now, as a unified diff per command.

    Args:
        text: With heads and without secrets, as a backup in the record is.
        answers: Of now, by command, as the switch gave them.
        cut: The text ends too early; its last command is then not compared.
    """
    before = _sections(text, answers)
    last = next(reversed(before), None)
    for command, old in before.items():
        if cut and command == last:
            continue
        new = _lines(redact(answers[command]))
        yield from unified_diff(_lines(old), new, f"{command}  (kept)", f"{command}  (now)", lineterm="", n=2)


def _sections(text: str, answers: Mapping[str, str]) -> dict[str, str]:
    """Cut a text at the heads of these commands; what stands under another head is left out."""
    found: dict[str, list[str]] = {}
    command: str | None = None
    for line in text.splitlines():
        head = _HEAD.fullmatch(line)
        if head and (head["command"] in answers or head["command"].startswith("show ")):
            command = head["command"] if head["command"] in answers else None
            if command is not None:
                found[command] = []
        elif command is not None:
            found[command].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines()]
    return [line for line in lines if line and not _VOLATILE.fullmatch(line)]
