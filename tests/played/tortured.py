"""A Catalyst with a tortured terminal: the lab's command line behind SSH, and a test says what becomes of its words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import asyncssh

from tests.played.server import accepting
from trunkline.lab.switch import running_config
from trunkline.lab.switch.command_line import CommandLine, load
from trunkline.lab.switch.dataplane import Observed
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.hardware import hardware_of
from trunkline.lab.switch.session import Session
from trunkline.orchestrator.models import Switch

HANG_UP = None
Piece = bytes | float | None
"""Bytes that leave at once, seconds in which nothing does, or the end of the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the device has to say to one line; ``number`` counts the lines of the session, from 1."""

    number: int
    line: str
    output: bytes
    prompt: bytes

    @property
    def whole(self) -> bytes:
        """As a healthy terminal shows it."""
        return self.line.encode() + b"\r\n" + self.output + self.prompt


Torture = Callable[[Said], Iterable[Piece]]
Meddling = Callable[[int, Session], None]
"""What somebody does to a session after the line of that number was executed and before its prompt."""


def healthy(said: Said) -> Iterable[Piece]:
    """Show what there is."""
    return [said.whole]


def nobody(number: int, session: Session) -> None:
    """Let the session be."""
    del number, session


@dataclass
class TorturedSwitch:
    """One device. Torture and meddling begin with the line after they were set; ``received`` are modes and lines."""

    device: Device
    torture: Torture = healthy
    meddling: Meddling = nobody
    received: list[tuple[str, str]] = field(default_factory=list)
    lines: int = 0

    def start(self, torture: Torture = healthy, meddling: Meddling = nobody) -> None:
        """Count lines from 1 again, and let this happen from the next one on."""
        self.lines = 0
        self.received.clear()
        self.torture, self.meddling = torture, meddling

    @property
    def looks(self) -> tuple[str, dict[int, str]]:
        """Its configuration without VLANs, and their names: those that are made come in any order."""
        return re.sub(r"^vlan \d+\n(?: .*\n)*!\n", "", self.running_config, flags=re.MULTILINE), self.vlans

    @property
    def running_config(self) -> str:
        """Its configuration, from ``version`` to ``end``."""
        return running_config.full(self.device.state)

    @property
    def vlans(self) -> dict[int, str]:
        """Names by id; they are no part of the configuration."""
        return {number: vlan.name for number, vlan in self.device.state.vlans.items()}

    async def talk(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Hold one session."""
        session = Session(device=self.device, mode="enable")
        console = CommandLine(session)
        with suppress(asyncssh.Error, OSError):
            process.stdout.write(b"\r\n" + session.prompt.encode())
            while data := await process.stdin.readline():
                for piece in self._answer(console, data.decode("latin-1").rstrip("\r\n")):
                    if piece is HANG_UP:
                        process.channel.get_connection().abort()
                        return
                    if isinstance(piece, float):
                        await asyncio.sleep(piece)
                    else:
                        process.stdout.write(piece)
                if session.closing:
                    break
            process.exit(0)

    def _answer(self, console: CommandLine, line: str) -> Iterable[Piece]:
        self.lines += 1
        self.received.append((console.session.mode, line))
        output = console.execute(line).replace("\n", "\r\n").encode("utf-8")
        output += b"\r\n" if output and not output.endswith(b"\r\n") else b""
        self.meddling(self.lines, console.session)
        return self.torture(
            Said(number=self.lines, line=line, output=output, prompt=console.session.prompt.encode())
        )


def a_device(config: str, *, model: str = "catalyst-l3") -> Device:
    """A device with a configuration and a link on every port."""
    device = Device.fresh(hardware_of(model), "sw1")
    device.observed = Observed(links=frozenset(device.hardware.ports))
    load(device, config, source="test")
    return device


@contextmanager
def tortured(config: str) -> Iterator[tuple[TorturedSwitch, Switch]]:
    """Give the device and the inventory's switch that leads to it."""
    played = TorturedSwitch(a_device(config))
    with accepting(played.talk, "cisco_ios", encoding=None) as switch:
        yield played, switch
