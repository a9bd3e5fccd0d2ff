"""Cuts sections out of a running configuration that is indented; used by dialects. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager


def lines_of(text: str) -> list[str]:
    """Give the lines of an output, without what terminals add at their ends."""
    return [line.rstrip() for line in text.replace("\r", "").split("\n")]


def section(text: str, header: re.Pattern[str]) -> tuple[str, ...] | None:
    """Give the indented lines below a header, stripped; None where the header is not there.

    A line that only ends the section is left out.
    """
    body: list[str] | None = None
    for line in lines_of(text):
        if body is None:
            body = [] if header.fullmatch(line) else None
        elif not line.startswith(" "):
            break
        elif line.strip() not in {"exit", "!"}:
            body.append(line.strip())
    return None if body is None else tuple(body)


@contextmanager
def reading(command: str) -> Iterator[None]:
    """Name the command in whatever its output cannot be read as."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"`{command}`: {error}") from error
