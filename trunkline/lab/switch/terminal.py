"""One SSH channel as a terminal line: reads keys, runs the command line, prints, pages, and suffers the faults."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import asyncssh

from trunkline.lab.switch.command_line import CommandLine
from trunkline.lab.switch.faults import Event, Faults
from trunkline.lab.switch.line_editor import Key, LineEditor
from trunkline.lab.switch.session import Session

MORE = b" --More-- "
_WIPE = b"\b" * 9 + b" " * 8 + b"\b" * 9
_LOOKS = re.compile(r"\s*(do\s+)?(sh|cl)", re.IGNORECASE)
"""Lines before which links and learned addresses are looked at: `show` and `clear`."""
GARBAGE = b"\xff\xfe\xc3\x28\x80"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A line a client sent.

    Attributes:
        line: As it was typed; empty for answers that are not echoed, such as passwords.
        mode: The mode it was executed in; ``question`` when it answered one.
        session: Number of the login, from 1.
        at: ``time.monotonic()`` of its arrival.
    """

    line: str
    mode: str
    session: int
    at: float


class Frame(Protocol):
    """What a terminal needs of the switch around it."""

    @property
    def faults(self) -> Faults:
        """Faults in force."""

    def record(self, received: Received) -> None:
        """Note a line."""

    def claim(self, event: Event) -> bool:
        """Whether the event may happen once more; counts it."""

    async def follow(self) -> None:
        """Make frames follow the configuration."""

    async def look(self) -> None:
        """See which links are up and who was heard where."""

    async def after_line(self) -> None:
        """Do what a line asked the whole switch to do, such as a reload."""


class Hangup(Exception):
    """The session is over."""


class Output:
    """Bytes on their way to the client; each may take some time."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], frame: Frame) -> None:
        self._channel = channel
        self._frame = frame
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._task: asyncio.Task[None] | None = None

    def send(self, data: bytes) -> None:
        """Send, after the latency in force."""
        if not data:
            return
        faults = self._frame.faults
        if faults.latency_ms == 0 and not self._waiting:
            self._write(data)
            return
        self._waiting.append((time.monotonic() + faults.latency_ms / 1000, data))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._deliver())

    async def _deliver(self) -> None:
        while self._waiting:
            due, data = self._waiting[0]
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._waiting.popleft()
            self._write(data)

    async def drained(self) -> None:
        """Wait until everything has left."""
        if self._task is not None:
            await self._task

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionError):
            if self._frame.faults.bytewise:
                for index in range(len(data)):
                    self._channel.write(data[index : index + 1])
            else:
                self._channel.write(data)


class Terminal:
    """A terminal line.

    Args:
        number: Number of the login.
        session: Its state.
        channel: Where it is connected.
        frame: The switch around it.
    """

    def __init__(
        self, number: int, session: Session, channel: asyncssh.SSHServerChannel[bytes], frame: Frame
    ) -> None:
        self._number = number
        self._command_line = CommandLine(session)
        self._session = session
        self._channel = channel
        self._frame = frame
        self._output = Output(channel, frame)
        self._editor = LineEditor()
        self._incoming = bytearray()
        self._arrived = asyncio.Event()
        self._printed: list[bytes] = []
        self._lines = 0
        self._ended = False

    def data_received(self, data: bytes) -> None:
        """Take keys."""
        self._incoming += data
        self._arrived.set()

    def hang_up(self) -> None:
        """Note that the client is gone, or is to be."""
        self._ended = True
        self._arrived.set()

    async def shell(self) -> None:
        """Talk until one side has enough."""
        try:
            self._print(f"\r\n{self._session.prompt}".encode())
            while True:
                await self._need_input()
                await self._keys()
        except (Hangup, BrokenPipeError, ConnectionError):
            await self._flush()
            await self._output.drained()
        finally:
            self._exit()

    async def run_one(self, line: str) -> None:
        """Execute the command of `ssh switch COMMAND` and end."""
        try:
            self._session.length = 0
            await self._execute(line)
            await self._flush()
            await self._output.drained()
        except (Hangup, BrokenPipeError, ConnectionError):
            pass
        finally:
            self._exit()

    def _exit(self) -> None:
        with contextlib.suppress(OSError):  # the connection may be gone already
            self._channel.exit(0)

    async def _need_input(self) -> None:
        """Wait for at least one byte; whatever was printed leaves before."""
        while not self._incoming:
            await self._flush()
            if self._ended:
                raise Hangup
            self._arrived.clear()
            if not self._incoming and not self._ended:
                await self._arrived.wait()

    async def _keys(self) -> None:
        for key in self._editor.feed(self._incoming):
            if key.kind == "echo":
                if self._frame.faults.echo and self._echoes:
                    self._print(key.data)
                continue
            await self._key(key)
            question = self._session.question
            if question is not None and question.one_key:
                await self._one_key_answer()
            return

    @property
    def _echoes(self) -> bool:
        return self._session.question is None or self._session.question.echo

    async def _key(self, key: Key) -> None:
        match key.kind:
            case "line":
                self._newline()
                await self._line(self._editor.take())
            case "end":
                self._print(b"^Z")
                self._newline()
                await self._line(self._editor.take(), then_end=True)
            case "abort":
                self._editor.take()
                self._session.question = None
                self._newline()
                self._say(self._command_line.end())
                self._prompt()
            case "help":
                self._help()
            case "complete":
                self._complete()
            case "echo":
                return

    def _newline(self) -> None:
        # A device that does not echo still goes to the next line before it answers.
        self._print(b"\r\n")

    async def _line(self, line: str, *, then_end: bool = False) -> None:
        await self._execute(line)
        if then_end:
            self._say(self._command_line.end())
        await self._frame.after_line()
        if self._session.closing:
            raise Hangup
        question = self._session.question
        if question is not None:
            self._print(question.text.replace("\n", "\r\n").encode())
        else:
            self._prompt()
        if self._frame.faults.slow_ms:
            await self._flush()

    async def _one_key_answer(self) -> None:
        await self._need_input()
        answer = chr(self._incoming[0])
        del self._incoming[:1]
        self._newline()
        await self._line("" if answer in "\r\n" else answer)

    async def _execute(self, line: str) -> None:
        session = self._session
        question = session.question
        hidden = question is not None and not question.echo
        mode = session.mode if question is None else "question"
        received = Received(line="" if hidden else line, mode=mode, session=self._number, at=time.monotonic())
        self._frame.record(received)
        self._lines += 1
        await self._think()
        events = [] if question is not None else self._events(line)
        for event in events:
            before = event.when == "before" or event.do in {"reject", "confirm"}
            if before and await self._instead(event, line):
                return
        if question is None and _LOOKS.match(line):
            await self._frame.follow()
            await self._frame.look()
        said = self._command_line.execute(line)
        await self._show(said, events)

    async def _think(self) -> None:
        slow = self._frame.faults.slow_ms
        if slow:
            await self._flush()
            await asyncio.sleep(slow / 1000)

    def _events(self, line: str) -> list[Event]:
        happening = [e for e in self._frame.faults.events if e.happens(self._lines, line.strip())]
        return [event for event in happening if self._frame.claim(event)]

    async def _instead(self, event: Event, line: str) -> bool:
        """Let an event happen that comes before the line; say whether the line is done with."""
        match event.do:
            case "reject":
                self._say(event.text or "% Invalid input detected at '^' marker.\n")
                return True
            case "confirm":
                said: list[str] = []

                def answered(answer: str) -> str:
                    if answer.strip().lower() in {"", "y", "yes"}:
                        said.append(self._command_line.execute(line))
                    return "".join(said)

                self._session.ask(
                    f"{event.text or 'Do you want to continue?'} [confirm]", answered, one_key=True
                )
                return True
            case _:
                await self._suffer(event)
                return False

    async def _show(self, said: str, events: list[Event]) -> None:
        inserted = b"".join(_inserted(event) for event in events)
        text = said.replace("\n", "\r\n").encode()
        if inserted:
            middle = text.find(b"\r\n", len(text) // 2)
            cut = middle + 2 if middle >= 0 else 0
            text = text[:cut] + inserted + text[cut:]
        await self._paged(text)
        for event in events:
            if event.when == "after":
                await self._suffer(event)

    async def _suffer(self, event: Event) -> None:
        match event.do:
            case "drop":
                await self._flush()
                self._channel.get_connection().abort()
                raise Hangup
            case "freeze":
                await self._flush()
                while not self._ended:
                    self._arrived.clear()
                    await self._arrived.wait()
                raise Hangup
            case "delay":
                await self._flush()
                await asyncio.sleep(event.seconds)
            case "leave_config":
                if self._session.configuring:
                    self._session.leave("enable")
            case "syslog" | "garbage" | "confirm" | "reject":
                return

    async def _paged(self, text: bytes) -> None:
        if not text:
            return
        rows = text.split(b"\r\n")
        page = self._session.length - 1
        if self._session.length == 0 or len(rows) <= page:
            self._print(b"\r\n".join(rows) + b"\r\n")
            return
        room = page
        for row in rows:
            if room <= 0:
                self._print(MORE)
                await self._need_input()
                key = bytes(self._incoming[:1])
                del self._incoming[:1]
                self._print(_WIPE)
                if key in {b"q", b"Q", b"\x03"}:
                    return
                room = 1 if key in {b"\r", b"\n"} else page
            self._print(row + b"\r\n")
            room -= 1

    def _help(self) -> None:
        typed = bytes(self._editor.typed).decode(errors="replace")
        words = self._command_line.help(typed) or ["% Unrecognized command"]
        self._print(b"?\r\n" + b"".join(f"  {word}\r\n".encode() for word in words))
        self._prompt()
        self._print(bytes(self._editor.typed))

    def _complete(self) -> None:
        typed = bytes(self._editor.typed).decode(errors="replace")
        words = [] if not typed or typed[-1].isspace() else self._command_line.help(typed)
        if len(words) != 1:
            self._print(b"\x07")
            return
        begun = typed.split()[-1]
        self._editor.typed += words[0][len(begun) :].encode() + b" "
        self._print(b"\r\n" + self._session.prompt.encode() + bytes(self._editor.typed))

    def _say(self, text: str) -> None:
        if text:
            self._print(text.replace("\n", "\r\n").encode() + b"\r\n")

    def _prompt(self) -> None:
        self._print(self._session.prompt.encode())

    def _print(self, data: bytes) -> None:
        self._printed.append(data)

    async def _flush(self) -> None:
        """Let output leave, but not before frames follow what was configured."""
        if not self._printed:
            return
        await self._frame.follow()
        data = b"".join(self._printed)
        self._printed.clear()
        self._output.send(data)


def _inserted(event: Event) -> bytes:
    if event.do == "garbage":
        return GARBAGE + b"\r\n"
    if event.do == "syslog":
        text = event.text or "%SYS-5-CONFIG_I: Configured from console by vty0"
        return f"*Mar  1 00:00:01.000: {text}\r\n".encode()
    return b""
