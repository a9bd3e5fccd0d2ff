"""What follows the bar: ``| include``, ``exclude``, ``begin``, ``section``, ``count``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from trunkline.lab.switch.grammar import NotUnderstoodError

Filter = Callable[[str], str]
_WORDS = ("append", "begin", "count", "exclude", "format", "include", "redirect", "section", "tee")


def compile_filter(text: str, column: int) -> Filter:
    """Read a filter; ``column`` is where it begins in the line.

    Raises:
        NotUnderstoodError: It is none.
    """
    word, _, rest = text.strip().partition(" ")
    fitting = [each for each in _WORDS if word and each.startswith(word.lower())]
    if not fitting or fitting[0] in {"append", "format", "redirect", "tee"}:
        raise NotUnderstoodError("invalid", column)
    keep = fitting[0]
    rest = rest.strip()
    if keep in {"include", "exclude"} and rest.startswith("include "):
        rest = rest.removeprefix("include ")
    if keep == "section" and rest.startswith(("include ", "exclude ")):
        kind, _, rest = rest.partition(" ")
        keep = "section" if kind == "include" else "section exclude"
    if not rest:
        raise NotUnderstoodError("incomplete", column)
    try:
        pattern = re.compile(rest)
    except re.error:
        raise NotUnderstoodError("invalid", column + len(word) + 1) from None
    return lambda output: "\n".join(_kept(keep, pattern, output.splitlines()))


def _kept(keep: str, pattern: re.Pattern[str], lines: list[str]) -> Iterable[str]:
    match keep:
        case "include":
            return (line for line in lines if pattern.search(line))
        case "exclude":
            return (line for line in lines if not pattern.search(line))
        case "begin":
            return _from(pattern, lines)
        case "count":
            return [f"Number of lines which match regexp = {sum(1 for x in lines if pattern.search(x))}"]
        case _:
            return _sections(pattern, lines, wanted=keep == "section")


def _from(pattern: re.Pattern[str], lines: list[str]) -> Iterator[str]:
    found = False
    for line in lines:
        found = found or pattern.search(line) is not None
        if found:
            yield line


def _sections(pattern: re.Pattern[str], lines: list[str], *, wanted: bool) -> Iterator[str]:
    """Give lines that match with the indented lines under them, or all others."""
    inside, depth = False, 0
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if not inside or indent <= depth:
            inside = pattern.search(line) is not None
            depth = indent
        if inside == wanted:
            yield line
