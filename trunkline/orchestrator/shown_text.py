"""What a switch answered to show commands, as one text with a head per command, and what differs between two. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff

from trunkline.orchestrator.redaction import redact

_VERBS = frozenset({"show", "display"})
_HEAD = re.compile(r"! (?P<command>\S.*)")
_VOLATILE = re.compile(
    r"\s*(?:!|Building configuration|Current configuration|Last configuration change|!Time|ntp clock-period)(?:\W.*)?"
)
"""What changes by itself."""
_COUNTS = re.compile(r'\s*"(?:\w+_timer|(?:valid|preferred)_life_time)":.*')
"""What changes by itself among the values of iproute2's JSON."""


def commands_of(text: str) -> frozenset[str]:
    """Give every line that may be the head of a command's answer: ``! show vlan brief``."""
    found = map(_HEAD.fullmatch, text.splitlines())
    return frozenset(head["command"] for head in found if head)


def lost_commands(text: str, answers: Mapping[str, str]) -> list[str]:
    """Name the commands of a text that nobody asks any more, in order."""
    return sorted(each for each in commands_of(text) - answers.keys() if _is_command(each, answers))


def _is_command(head: str, answers: Mapping[str, str]) -> bool:
    """Tell the head of an answer from a remark in a configuration: it begins as this platform's commands do."""
    verbs = _VERBS.union(command.partition(" ")[0] for command in answers)
    return head in answers or head.partition(" ")[0] in verbs


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
        if head and _is_command(head["command"], answers):
            command = head["command"] if head["command"] in answers else None
            if command is not None:
                found[command] = []
        elif command is not None:
            found[command].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def _lines(text: str) -> list[str]:
    lines = [part.rstrip() for line in text.splitlines() for part in _unfolded(line)]
    return [line for line in lines if line and not _VOLATILE.fullmatch(line)]


def _unfolded(line: str) -> Sequence[str]:
    """Give a line of JSON, which is a whole answer, as one line per value; any other as it is."""
    if not line.startswith(("[", "{")):
        return (line,)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return (line,)
    return [each for each in json.dumps(value, indent=1).splitlines() if not _COUNTS.fullmatch(each)]
