"""The switch of the benchmarks: the lab's, with ports of five stack members, in a process of its own.

What the lab's switch does not know and NAPALM needs is added here: files on flash, and merging one of them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any

from trunkline.lab.switch import command_line, config_commands, exec_commands
from trunkline.lab.switch.dataplane import NoDataplane
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.hardware import hardware_of
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.ssh import Login, SwitchServer, serving

HOSTNAME = "benchsw"
PORTS = tuple(f"GigabitEthernet{member}/0/{number}" for member in range(1, 6) for number in range(1, 49))
VLAN, NATIVE = 10, 100
STARTUP = f"ip routing\nipv6 unicast-routing\nvlan {VLAN}\n name tl-web\nvlan {NATIVE}\n"
BLANK = (
    " no switchport access vlan\n"
    f" switchport trunk native vlan {NATIVE}\n"
    f" switchport trunk allowed vlan {NATIVE}\n"
    " switchport mode trunk\n"
)
STARTS_WITHIN_SECONDS = 30.0
ANSWERS_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSwitch:
    """How a benchmark sees its switch: where it listens, and over a pipe what it holds."""

    port: int
    host_key: str
    user: str
    password: str
    _pipe: Connection

    def ask(self, question: str, *arguments: object) -> Any:  # Any: each question has its own answer
        """Ask something that `_Desk` answers."""
        self._pipe.send((question, arguments))
        if not self._pipe.poll(ANSWERS_WITHIN_SECONDS):
            raise TimeoutError(f"the switch did not answer {question}")
        return self._pipe.recv()


@contextmanager
def a_bench_switch() -> Iterator[BenchSwitch]:
    """Run the switch."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(STARTS_WITHIN_SECONDS):
            raise TimeoutError("the switch did not start")
        yield BenchSwitch(**ours.recv(), _pipe=ours)
    finally:
        ours.close()
        process.join(STARTS_WITHIN_SECONDS)


@dataclass(slots=True)
class _Desk:
    """Answers questions about the switch, in its own process."""

    server: SwitchServer
    flash: dict[str, str] = field(default_factory=dict)

    @property
    def _device(self) -> Device:
        return self.server.device

    def reset(self, count: int) -> None:
        """Make the first ports what they were, off every session's sight."""
        text = "".join(f"interface {port}\n{BLANK}" for port in PORTS[:count])
        command_line.load(self._device, text, source="console")

    def configure(self, text: str) -> None:
        """Type this at the console."""
        command_line.load(self._device, text, source="console")

    def ports(self, vlan: int, mode: str) -> list[str]:
        """Give the trunks that carry a VLAN, or the access ports that are in it."""
        found = []
        for port in PORTS:
            switching = self._device.state.interfaces[port].switching
            if switching is None or switching.mode != mode:
                continue
            if vlan in switching.allowed if mode == "trunk" else vlan == switching.access_vlan:
                found.append(port)
        return found

    def heard(self, since: int) -> list[str]:
        """Give what sessions said since so many lines were said."""
        return [received.line for received in self.server.transcript[since:]]

    def said(self) -> int:
        """Count what sessions said."""
        return len(self.server.transcript)

    def logins(self) -> int:
        """Count logins."""
        return self.server.logins

    def saves(self) -> int:
        """Count saves."""
        return self._device.saves

    def put(self, name: str, text: str) -> None:
        """Put a file on flash, as if it had been transferred in no time."""
        self.flash[name] = text


def _serve(pipe: Connection) -> None:
    asyncio.run(_talk(pipe))


async def _talk(pipe: Connection) -> None:
    stack = replace(hardware_of("catalyst-l3"), ports=PORTS)
    device = Device.fresh(stack, HOSTNAME)
    login = Login(user="admin", password="switch-password")
    server = SwitchServer(device=device, login=login, dataplane=NoDataplane.with_all_links(PORTS))
    desk = _Desk(server)
    desk.configure(STARTUP)
    desk.reset(len(PORTS))
    _know_files(desk)
    over = asyncio.Event()

    def answer() -> None:
        try:
            question, arguments = pipe.recv()
        except EOFError:
            over.set()
            return
        pipe.send(getattr(desk, question)(*arguments))

    async with serving(server):
        asyncio.get_running_loop().add_reader(pipe.fileno(), answer)
        pipe.send(
            {
                "port": server.port,
                "host_key": server.public_key,
                "user": login.user,
                "password": login.password,
            }
        )
        await over.wait()
        asyncio.get_running_loop().remove_reader(pipe.fileno())


def _know_files(desk: _Desk) -> None:
    """Teach the command line what NAPALM says around a merge."""
    privileged = exec_commands.PRIVILEGED

    @privileged.command("show archive config incremental-diffs {file:word} ignorecase")
    def differences(_session: Session, arguments: Arguments) -> str:
        return "!List of Commands:\n" + desk.flash[_name(arguments["file"])]

    @privileged.command("dir {file:word}")
    def directory(_session: Session, arguments: Arguments) -> str:
        return f"Directory of {arguments['file']}\n\n 33  -rw-  {len(desk.flash[_name(arguments['file'])])}"

    @privileged.command("show archive")
    def archive(_session: Session, _arguments: Arguments) -> str:
        return "Archive feature not enabled"

    @privileged.command("copy running-config {file:word}")
    def keep(_session: Session, arguments: Arguments) -> str:
        desk.flash[_name(arguments["file"])] = "kept"
        return "4000 bytes copied in 0.1 secs"

    @privileged.command("copy {file:word} running-config")
    def merge(session: Session, arguments: Arguments) -> str:
        text = desk.flash[_name(arguments["file"])]
        command_line.load(session.device, text, source="merge", strict=False)
        return f"{len(text)} bytes copied in 0.1 secs"

    @config_commands.ANY.command("file prompt quiet", "no file prompt quiet")
    def quiet(_session: Session, _arguments: Arguments) -> None:
        """Ask nothing about files, which it never does."""


def _name(path: str) -> str:
    return path.rpartition("/")[2]
