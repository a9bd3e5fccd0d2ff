"""A logged-in session on one switch: show commands and configuration over the channel that `login` opened.

Netmiko's own command loop sleeps between polls, so lines are sent and read here. What does not fit ends the session
with an error, and a session that raised anything is never used again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.drivers.switch.dialogue import ANSWER_SECONDS, Dialogue, clean
from trunkline.drivers.switch.push import Push, Window
from trunkline.drivers.switch.transport import Refusal, Transcript
from trunkline.orchestrator.errors import (
    Busy,
    CommandRejected,
    NotVerified,
    OrchestratorError,
    TransientError,
)

SAVE_SECONDS = 100.0
MOST_ASKS = 4
"""So often a show command is run until no message breaks into its answer."""
PROBE_SECONDS = 2.0
SURE_SECONDS = 3.0
"""A session that answered so recently is not probed before it is used again."""


class Session:
    """A logged-in session in privileged mode. Not for two threads at once. Implements `Transport`.

    Args:
        dialogue: Its channel.
        hang_up: Ends the connection.
        careful: One line at a time, since more at once went wrong on this device before.
    """

    def __init__(self, dialogue: Dialogue, *, hang_up: Callable[[], None], careful: bool = False) -> None:
        self._dialogue = dialogue
        self._hang_up = hang_up
        self._window = Window(careful=careful)
        self.broken = False
        self.has_configured = False
        self._talks = threading.Lock()
        self._used_at: float | None = time.monotonic()
        """When the last exchange ended; None while one goes on."""

    @property
    def careful(self) -> bool:
        """Say whether this device is to be sent one line at a time."""
        return self._window.careful

    def enter_shell(self, line: str) -> None:
        """Let a login shell make room for one with the grammar's prompt.

        Raises:
            TransientError: the prompt does not come; the session is closed.
        """
        try:
            with self._exchange():
                self._dialogue.write(line)
                # What a login shell echoes is edited on its way, so it proves nothing.
                self._dialogue.settle(ANSWER_SECONDS, waiting_for="the prompt of its shell")
        except BaseException:
            self.close()
            raise

    def query(self, command: str, grammar: Grammar) -> str:
        """Run a show command; its refusal is its output."""
        return self.ask([command], grammar)[0]

    def ask(self, commands: Sequence[str], grammar: Grammar) -> Sequence[str]:
        """Run show commands, several on their way at once; the output of each, or its refusal.

        Where a log message breaks into an answer it is asked for again: half a row may stand for a whole one.

        Raises:
            TransientError: the session ended, froze, was asked a question, is not where it was, or messages break into
                every answer.
        """
        outputs = self._ask(commands, grammar)
        return [self._whole(*each, grammar) for each in zip(commands, outputs, strict=True)]

    def _whole(self, command: str, output: str, grammar: Grammar) -> str:
        hearing, before = self._dialogue.hearing, ""
        for _ in range(MOST_ASKS):
            # What only looks like a message, and is there again, is a text that somebody wrote.
            if not hearing.is_interrupted(output) and (
                output == before or not hearing.may_be_interrupted(output)
            ):
                return output
            before = output
            (output,) = self._ask([command], grammar)
        self.broken = True
        raise TransientError(
            f"log messages break into every answer to {command!r}",
            subject=self._dialogue.subject,
            fix="see what it has to tell all the time; it is read again later",
        )

    def _ask(self, commands: Sequence[str], grammar: Grammar) -> Sequence[str]:
        todo, flying, outputs = deque(commands), deque[str](), list[str]()
        with self._exchange():
            while todo or flying:
                if not flying or self._dialogue.is_silent:
                    self._send(todo, flying, grammar)
                command = flying.popleft()
                try:
                    output, mode = self._dialogue.answer(command, following=flying[0] if flying else "")
                    self._dialogue.expect(mode, "", command)
                except TransientError:
                    self._window.careful = self._window.careful or bool(flying)
                    raise
                self._window.grow()
                outputs.append(output)
        return outputs

    def _send(self, todo: deque[str], flying: deque[str], grammar: Grammar) -> None:
        """Send as many commands as the window takes."""
        lines: list[str] = []
        octets = sum(map(len, flying))
        while todo and (
            not flying
            or (not grammar.shell and self._window.takes(todo[0], flying=len(flying), octets=octets))
        ):
            flying.append(todo.popleft())
            lines.append(flying[-1])
            octets += len(flying[-1])
        if lines:
            self._dialogue.write(*lines)

    def execute(self, command: str, grammar: Grammar) -> Transcript:
        """Run a privileged command that changes something, outside of configuration mode.

        Raises:
            TransientError: the session ended, froze, or was asked a question; what was done is unknown.
        """
        (words,) = self._ask([command], grammar)
        reply = clean(grammar.log_line.sub("", words))
        refused = (Refusal(line=command, reply=reply, claims=frozenset()),)
        return Transcript(
            sent=(command,),
            reply=reply,
            refusals=refused if self._dialogue.hearing.is_refusal(words) else (),
        )

    def configure(self, blocks: Sequence[Block], grammar: Grammar, *, revert_minutes: int = 0) -> Transcript:
        """Send blocks in one configuration session.

        A refused line ends its block; the other blocks are sent all the same.

        Args:
            blocks: What is to be sent.
            grammar: How the device talks.
            revert_minutes: After so many minutes the device takes all of it back unless `confirm` was called; 0: it
                does not.

        Raises:
            CommandRejected: it cannot take changes back; nothing was sent.
            TransientError: the session ended, froze, or left its mode; what was applied is unknown.
        """
        self.has_configured = True
        with self._exchange():
            done = Push(
                dialogue=self._dialogue,
                blocks=blocks,
                grammar=grammar,
                window=self._window,
                revert_minutes=revert_minutes,
            ).run()
        if not done.refusals:
            self._window.careful = False
        return done

    def confirm(self, grammar: Grammar) -> None:
        """Tell the device that what it would take back is good.

        Raises:
            CommandRejected: it does not take the word for it; it takes the change back in time.
            TransientError: the session ended or froze; whether the change stays shows later.
        """
        timer = grammar.revert
        if timer is None:
            return
        lines = [(timer.confirm, "")]
        if timer.inside:
            lines = [(grammar.enter_config, "config"), (timer.confirm, "config"), (grammar.leave_config, "")]
        refused = ""
        with self._exchange():
            for line, mode in lines:
                self._dialogue.write(line)
                output, now = self._dialogue.answer(line, silence=SAVE_SECONDS)
                words = grammar.log_line.sub("", output)
                refused = refused or (clean(words) if self._dialogue.hearing.is_refusal(output) else "")
                self._dialogue.expect(now, mode, line)
        if refused:
            raise CommandRejected(
                f"it does not confirm the change and takes it back: {refused!r}",
                subject=self._dialogue.subject,
                line=timer.confirm,
                reply=refused,
            )

    def save(self, grammar: Grammar) -> None:
        """Save the running configuration, where that is a step of its own.

        Raises:
            NotVerified: the device did not say that it did.
        """
        if not grammar.save:
            return
        with self._exchange():
            self._dialogue.write(grammar.save)
            output, _ = self._dialogue.answer(
                grammar.save, silence=SAVE_SECONDS, expected=grammar.save_answer
            )
        if not grammar.saved.search(output):
            raise NotVerified(
                f"saving was not confirmed: {clean(output)!r}",
                subject=self._dialogue.subject,
                fix="save it by hand",
            )

    def is_usable(self) -> bool:
        """Probe the session with an empty line; a half-open connection looks alive until something is sent."""
        if self.broken:
            return False
        try:
            with self._exchange():
                self._dialogue.forget()
                self._dialogue.write("")
                self._dialogue.settle(PROBE_SECONDS)
        except OrchestratorError:
            return False
        return True

    def close(self) -> None:
        """End the session without asking the device."""
        self.broken = True
        self._hang_up()

    def idle_seconds(self) -> float:
        """Tell how long ago the last exchange ended; 0 while one goes on."""
        used_at = self._used_at
        return 0.0 if used_at is None else time.monotonic() - used_at

    @property
    def is_talking(self) -> bool:
        """Say whether an exchange goes on, in whatever thread."""
        return self._talks.locked()

    @contextmanager
    def _exchange(self) -> Iterator[None]:
        """Be the only one who talks; whoever breaks in on another thread is told, and breaks nothing.

        Raises:
            Busy: another thread is in the middle of an exchange.
        """
        if not self._talks.acquire(blocking=False):
            raise busy(self._dialogue.subject)
        self._used_at = None
        try:
            yield
        except BaseException:
            self.broken = True
            raise
        finally:
            self._used_at = time.monotonic()
            self._talks.release()


def busy(subject: str) -> Busy:
    """Give the error for one who finds another thread in the middle of an exchange."""
    return Busy(
        "its session is used by another thread, which has outlived its lease",
        subject=subject,
        fix="it is tried again",
        retry_in_seconds=1.0,
    )
