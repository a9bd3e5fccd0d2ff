"""A program running on a node of the lab: its log file, its real process id, an orderly or forced end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import Unreachable

LOG_TAIL_LINES = 20
WRAPPERS = ("nsenter", "unshare")  # they wait for their only child, the program


class Process:
    """A started program.

    Args:
        name: For messages, such as ``host1 dockerd``.
        popen: The child: the program itself or the ``nsenter`` that waits for it.
        log: Where its output goes.
    """

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._popen.poll()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    @property
    def pid(self) -> int:
        """The program's process id in the management namespace: entering a PID namespace adds a process between."""
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children").read_text().split()
            if children and Path(f"/proc/{self._popen.pid}/comm").read_text().strip() in WRAPPERS:
                return int(children[0])
        return self._popen.pid

    def tail(self) -> str:
        """Give the end of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
        return ""

    def require_alive(self) -> None:
        """Check that it has not ended.

        Raises:
            Unreachable: It has; the message shows the end of its log.
        """
        if not self.alive:
            raise Unreachable(f"it ended with status {self.status}:\n{self.tail()}", subject=self.name)

    def wait_for_log(self, text: str, *, seconds: float) -> None:
        """Wait until its log contains ``text``.

        Raises:
            Unreachable: It ended before, or the deadline passed.
        """

        def logged() -> bool:
            if text in self.log.read_text(errors="replace"):
                return True
            self.require_alive()
            return False

        until(
            logged,
            subject=self.name,
            what=f"its log does not say {text!r}",
            seconds=seconds,
            because=self.tail,
        )

    def signal(self, number: int) -> None:
        """Send a signal to the program itself; nothing happens if it has ended."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def ask_to_stop(self) -> None:
        """Send SIGTERM and do not wait."""
        self.signal(signal.SIGTERM)

    def stop(self, *, seconds: float = 10) -> int:
        """End it in an orderly way, by force after ``seconds``; give its exit status."""
        self.ask_to_stop()
        limit = time.monotonic() + seconds
        try:
            return self._popen.wait(max(0.0, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it at once, as a crash would; give its exit status."""
        self.signal(signal.SIGKILL)
        try:
            return self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            return self._popen.wait()
