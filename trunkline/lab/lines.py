"""The outside's half of a session: sends a request down a terminal line, copies output until the exit status comes.

The other half is guest/sessions.py, which describes the conversation.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import select
import shutil
import termios
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from trunkline.orchestrator.errors import Unreachable

PIECE_BYTES = 65536
READY = b"\0ready\n"
STARTED = b"\0started\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One command to run as root in the lab kernel."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    terminal: bool
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    def encode(self) -> bytes:
        """Give the request as the line of JSON that the session server reads."""
        size = shutil.get_terminal_size()
        document = {
            "token": self.token,
            "argv": list(self.argv),
            "env": dict(self.env),
            "cwd": self.cwd,
            "terminal": self.terminal,
            "rows": size.lines,
            "columns": size.columns,
        }
        return json.dumps(document).encode() + b"\n"


class Trailer:
    """Splits a session's byte stream into the program's output and the exit status behind it."""

    def __init__(self, token: str) -> None:
        self._start = b"\0" + token.encode() + b":"
        self._pattern = re.compile(re.escape(self._start) + rb"(\d{1,3})\r?\n")
        self._held = b""

    def feed(self, piece: bytes) -> tuple[bytes, int | None]:
        """Give what can be shown now and, once it has come, the exit status.

        A NUL that may begin the trailer is held back until the next piece decides.
        """
        data = self._held + piece
        found = self._pattern.search(data)
        if found:
            self._held = b""
            return data[: found.start()], int(found[1])
        cut = self._undecided_from(data)
        self._held = data[cut:]
        return data[:cut], None

    def _undecided_from(self, data: bytes) -> int:
        """Give the index of a NUL at the end of data that may still become the trailer."""
        longest = len(self._start) + len("255\r\n")
        at = data.find(b"\0", max(0, len(data) - longest))
        while at != -1:
            tail = data[at:]
            if self._start.startswith(tail) or tail.startswith(self._start):
                return at
            at = data.find(b"\0", at + 1)
        return len(data)


@contextmanager
def raw_terminal(descriptor: int | None) -> Iterator[None]:
    """Hand every key to the guest's terminal while the session lasts, if ``descriptor`` is a terminal."""
    if descriptor is None or not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def converse(
    line: int, request: Request, *, keys: int | None, output: int, deadline: float | None = None
) -> int:
    """Run one request on a line.

    Args:
        line: The byte stream to a session worker.
        request: What to run.
        keys: Descriptor to read keys from, None for no input.
        output: Descriptor that gets the program's output as it comes.
        deadline: ``time.monotonic()`` value after which TimeoutError is raised.

    Returns:
        The program's exit status; 128 + signal number if a signal ended it.

    Raises:
        Unreachable: The kernel ended before the program did.
        TimeoutError: The deadline passed.
    """
    write_all(line, request.encode())
    trailer = Trailer(request.token)
    sources = [line] if keys is None else [line, keys]
    piece = _read_past(STARTED, line, deadline) if request.terminal else b""
    while True:
        shown, status = trailer.feed(piece)
        write_all(output, shown)
        if status is not None:
            return status
        piece = b""
        ready = _wait(sources, deadline)
        if keys is not None and keys in ready:
            typed = os.read(keys, PIECE_BYTES)
            if typed:
                write_all(line, typed)
            else:
                sources = [line]
        if line in ready:
            piece = _read(line)


def await_ready(line: int, deadline: float | None) -> None:
    """Read until a freshly started worker says that it takes requests.

    Raises:
        Unreachable: The kernel ended before.
        TimeoutError: The deadline passed.
    """
    _read_past(READY, line, deadline)


def _read_past(mark: bytes, line: int, deadline: float | None) -> bytes:
    """Read up to a mark of the worker; give what came behind it."""
    seen = b""
    while mark not in seen:
        _wait([line], deadline)
        seen += _read(line)
    return seen.partition(mark)[2]


def _wait(sources: Sequence[int], deadline: float | None) -> list[int]:
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    ready, _, _ = select.select(sources, [], [], left)
    if not ready:
        raise TimeoutError("it did not answer in time")
    return ready


def _read(line: int) -> bytes:
    try:
        piece = os.read(line, PIECE_BYTES)
    except OSError:  # a pseudo-terminal says EIO where a socket says end of file
        piece = b""
    if not piece:
        raise Unreachable("it ended before the program did", subject="lab kernel")
    return piece


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, in as many pieces as it takes."""
    while data:
        data = data[os.write(descriptor, data) :]
