"""A terminal of 80 columns with the installed `trunkline` on it, as a person sits at one."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.integration.cli.site import DEADLINE_SECONDS, PROGRAM, Shell, stop


@dataclass
class Screen:
    """What a program wrote to its terminal so far."""

    process: subprocess.Popen[bytes]
    terminal: int
    seen: str = ""

    def until(self, text: str) -> None:
        """Read until the program wrote a text, or fail with what it wrote."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while text not in self.seen:
            assert time.monotonic() < deadline, f"no {text!r} in {self.seen!r}"
            assert self._read(), f"ended without {text!r}: {self.seen!r}"

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.terminal, keys.encode())

    def status(self) -> int:
        """Read to the program's end; give its exit status."""
        while self._read():
            pass
        return self.process.wait(DEADLINE_SECONDS)

    def _read(self) -> bool:
        """Read what is there, at most a second; False when the program closed the terminal."""
        if not select.select([self.terminal], [], [], 1)[0]:
            return True
        try:
            text = os.read(self.terminal, 4096)
        except OSError:  # the kernel's way to say that the other end is closed
            return False
        self.seen += text.decode(errors="replace")
        return bool(text)


@contextmanager
def terminal(shell: Shell, *words: str) -> Iterator[Screen]:
    """Start a command on a terminal; it is stopped at the end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [PROGRAM, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=shell.env | {"TERM": "xterm"},
        cwd=shell.folder,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Screen(process, ours)
    finally:
        stop(process)
        os.close(ours)
