"""The switches of a running lab: virtual ones with an IOS command line, and Linux machines, all reached over SSH."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from trunkline.lab.capture import Capture
from trunkline.lab.nodes import Node
from trunkline.lab.processes import Process
from trunkline.lab.topology import LabSwitch
from trunkline.lab.waiting import until

SECONDS = 60
USER = "trunkline"
ROOT = "root"


class Switch(Node):
    """A switch or router: a network namespace with the process that takes logins.

    Attributes:
        spec: Its part of the topology.
        user: Login name; a Linux machine is configured by root.
        password_file: File with the login password (the same for ``enable``); a Linux machine has none.
        key_file: File with the private key that a Linux machine takes; a virtual switch has none.
        init: The first process of a Linux machine, which is a namespace for files and processes too.
        command_line: What takes logins.
    """

    def __init__(
        self,
        spec: LabSwitch,
        *,
        enter: Sequence[str],
        logs: Path,
        folder: Path,
        init: Process | None = None,
    ) -> None:
        super().__init__(spec.name, enter=enter, logs=logs)
        self.spec = spec
        self.folder = folder
        self.init = init
        self.user = USER if spec.platform == "ios" else ROOT
        self.password_file = folder / "password"
        self.key_file = folder / "login_key"
        self.command_line: Process | None = None

    @property
    def address(self) -> str:
        """Its address in the management network; SSH is on port 22."""
        return str(self.spec.management)

    @property
    def password(self) -> str:
        """The login password; empty where there is none."""
        return self.password_file.read_text().strip() if self.password_file.exists() else ""

    def start(self, command: Sequence[str]) -> None:
        """Power on: start the process that takes logins; ``wait_until_up`` waits for it."""
        self.command_line = self.popen(command, name="switch")

    def wait_until_up(self) -> None:
        """Wait until SSH answers on the management address.

        Raises:
            Unreachable: The process ended, or nothing answered in time.
        """
        process = self.command_line
        if process is None:
            return

        def answers() -> bool:
            process.require_alive()
            return _ssh_answers(self.address)

        until(
            answers,
            subject=process.name,
            what="SSH does not answer",
            seconds=SECONDS,
            because=process.tail,
        )

    def power_off(self, *, seconds: float) -> None:
        """End its processes, by force after ``seconds``; nothing of a Linux machine outlives its first process."""
        self.stop_processes(seconds=seconds)
        if self.init is not None:
            self.init.kill()

    def capture(self, device: str, filter_words: str = "") -> Capture:
        """Record frames on one of its Linux interfaces; a context manager, see ``Capture``."""
        return Capture(self, device, filter_words)


def _ssh_answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=2) as client:
            return client.recv(4) == b"SSH-"
    except OSError:
        return False
