"""Compares two whole configurations: what differs that no line of ours is about. Pure; for the engine.

A configuration is read as what its indentation says: every line with those it stands under. Comments and what a device
says about the listing itself differ from one to the next and are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.orchestrator.redaction import redact

LONGEST_SHOWN = 100
MOST_SHOWN = 5
_COMMENT = re.compile(
    r"\s*(?:[!#]|/\*|Building configuration|Current configuration|Using \d+ out of|Startup configuration|"
    r"Running configuration|ntp clock-period|Press any key|return\Z|end\Z)",
    re.IGNORECASE,
)
_VERB = re.compile(r"(?:no|undo|set|delete) ")
_BRACES = re.compile(r"\s*[{};]")
_SET_WORDS = 2
"""So many words of a set line say what it is about: ``interfaces ge-0/0/1``."""


def strange(before: str, after: str, blocks: Sequence[Block], grammar: Grammar) -> Iterator[str]:
    """Name lines that came or went outside of what was written.

    Args:
        before: The configuration before.
        after: The configuration after.
        blocks: What was sent in between; every line of what they enter, and below it, may differ.
        grammar: How the device talks.
    """
    subjects = {_subject(line, grammar) for block in blocks for line in _naming(block, grammar)}
    one, other = Counter(_paths(before)), Counter(_paths(after))
    found = [(path, "came") for path in (other - one)] + [(path, "went") for path in (one - other)]
    mine = [each for each in found if not _is_about(each[0], subjects)]
    for path, what in mine[:MOST_SHOWN]:
        line = " / ".join(map(redact, path))
        yield f"configuration line {ascii(line)[1:-1][:LONGEST_SHOWN]} {what} though nobody asked"
    if len(mine) > MOST_SHOWN:
        yield f"{len(mine) - MOST_SHOWN} more configuration lines changed though nobody asked"


def can_compare(grammar: Grammar) -> bool:
    """Say whether what the device shows as its configuration is one that can be read so."""
    return bool(grammar.enter_config)


def _naming(block: Block, grammar: Grammar) -> Sequence[str]:
    """Give the lines that say what a block is about: the one that enters, or all where there is no sub-mode."""
    return (block.enter,) if block.mode != grammar.outermost else (block.enter, *block.lines)


def _subject(line: str, grammar: Grammar) -> str:
    words = _VERB.sub("", line, count=1)
    return (
        " ".join(words.split()[:_SET_WORDS])
        if grammar.commit and line.startswith(("set ", "delete "))
        else words
    )


def _is_about(path: tuple[str, ...], subjects: set[str]) -> bool:
    words = " ".join(_BRACES.sub("", step) for step in path)
    return any(words == subject or words.startswith(f"{subject} ") for subject in subjects)


def _paths(text: str) -> Iterator[tuple[str, ...]]:
    """Give every line under those it stands under."""
    above: list[tuple[int, str]] = []
    for line in text.replace("\r", "").split("\n"):
        words = " ".join(line.split())
        if not words or words == "}" or _COMMENT.match(line):
            continue
        depth = len(line) - len(line.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        above.append((depth, words))
        yield tuple(step for _, step in above)
