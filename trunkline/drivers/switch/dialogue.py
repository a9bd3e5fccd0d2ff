"""One channel to a device: lines go out, and each is answered between its echo and the next prompt. For `session`."""

from __future__ import annotations

import codecs
import re
import time
from dataclasses import dataclass, field
from typing import Any

from trunkline.drivers.switch.dialect import Answer, Grammar
from trunkline.orchestrator.errors import PermanentError, TransientError

ANSWER_SECONDS = 20.0
"""So long a device may be silent before it has answered."""
LONGEST_ANSWER_SECONDS = 100.0
"""So long an answer may take in all, while it comes; a slow switch prints its configuration for a minute."""
LONGEST_REPLY = 400
LONGEST_OUTPUT = 8_000_000
LONGEST_QUESTION = 500
PROMPT_LINES = 3
"""No prompt is spread over more lines; Junos shows where it is on one of its own."""
PAINTING = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[0-9A-Z=>])")
"""What a terminal does and nobody reads; ProCurve and AOS-CX paint their lines with it."""
NEW_LINE = re.compile(r"\x1bE|\x1b\[\d+;1H")
"""The ways of painting that begin a line."""
STEP_BACK = re.compile(r" \x1b\[\d+D")
"""Huawei prints a blank and steps back over it."""
_LATER = "it is read again and finished later"


def clean(text: str) -> str:
    """Make a device's words safe to show: printable ASCII on one line, cut."""
    words = re.sub(r"[^\x20-\x7e]+", " ", text)
    return re.sub(r" {2,}", " ", words).strip()[:LONGEST_REPLY]


@dataclass(slots=True)
class Reader:
    """What came in and is not used yet, with a deadline on waiting for more."""

    channel: Any  # paramiko's channel
    subject: str
    text: str = ""
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    def more(self, deadline: float, waiting_for: str) -> None:
        """Wait for at least one byte.

        Raises:
            TransientError: the deadline passed or the session ended.
            PermanentError: there is no end to it.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise TransientError(
                f"no answer in time while waiting for {waiting_for}; last words: {clean(self.text[-200:])!r}",
                subject=self.subject,
                fix=_LATER,
            )
        self.channel.settimeout(left)
        try:
            data = self.channel.recv(65536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        if not data:
            raise TransientError(
                f"the session ended while waiting for {waiting_for}", subject=self.subject, fix=_LATER
            )
        if len(self.text) > LONGEST_OUTPUT:
            raise PermanentError("its output has no end", subject=self.subject)
        self.text += self._decoder.decode(data).replace("\r\n", "\n").replace("\r", "")
        if "\x1b" in self.text:
            self.text = PAINTING.sub("", NEW_LINE.sub("\n", STEP_BACK.sub("", self.text)))


class Dialogue:
    """The two sides of one channel.

    Args:
        channel: Paramiko's channel, untyped.
        subject: What messages call the device.
        grammar: How it talks.
        hostname: What its prompt begins with.
        patience: Every deadline is so many times as long; for a device that asks a slow server about every line.
    """

    def __init__(
        self, channel: Any, subject: str, grammar: Grammar, *, hostname: str, patience: float = 1.0
    ) -> None:
        # Some devices cut long host names in configuration prompts, so only the beginning is fixed.
        name = re.escape(hostname[: grammar.hostname_characters])
        self._prompt = re.compile(rf"(?:^|\n){grammar.prompt.replace('{hostname}', name)}")
        self._grammar = grammar
        self._channel = channel
        self._reader = Reader(channel, subject)
        self._patience = patience
        self.subject = subject

    def write(self, *lines: str) -> None:
        """Send lines in one piece.

        Raises:
            TransientError: the session ended.
        """
        try:
            self._channel.sendall("".join(f"{line}\n" for line in lines).encode("ascii"))
        except OSError as error:
            raise TransientError("the session ended", subject=self.subject, fix=_LATER) from error

    def settle(self, seconds: float, *, waiting_for: str = "its prompt") -> None:
        """Wait for a prompt, whatever comes before it, and forget what came.

        Raises:
            TransientError: none came in time.
        """
        deadline = time.monotonic() + seconds * self._patience
        while not self._prompt.search(self._reader.text):
            self._reader.more(deadline, waiting_for)
        self._reader.text = ""

    @property
    def is_silent(self) -> bool:
        """Say whether nothing came in that is not used yet, but for blanks."""
        return not self._reader.text or self._reader.text.isspace()

    def forget(self) -> None:
        """Forget what came in and nobody asked for."""
        self._reader.text = ""

    def answer(
        self,
        line: str,
        *,
        following: str = "",
        silence: float = ANSWER_SECONDS,
        expected: Answer | None = None,
    ) -> tuple[str, str]:
        """Wait for the echo of a line and the prompt after its output.

        Args:
            line: What was sent.
            following: The line that was sent behind it, if any: its echo may come right after the prompt.
            silence: So many seconds it may say nothing.
            expected: A question that may come, once, and what is answered.

        Returns:
            The output, and the mode that the prompt shows (empty outside configuration).

        Raises:
            TransientError: no echo, a question instead of a prompt, too long a silence, or no end.
        """
        wait = _Patience(self._reader, silence * self._patience, LONGEST_ANSWER_SECONDS * self._patience)
        reader, echo = self._reader, line.strip()
        seen = 0
        while (start := reader.text.find(echo, max(0, seen - len(echo)))) < 0:
            seen = len(reader.text)
            wait.more(f"the echo of {echo!r}")
        after = scan = start + len(echo)
        while (prompt := self._prompt_in(scan, following.strip())) is None:
            asked = reader.text[max(after, len(reader.text) - LONGEST_QUESTION) :]
            if expected is not None and expected.question.search(reader.text[after:]):
                self.write(expected.reply)
                after, expected = len(reader.text), None
                scan = after
                continue
            self._insist_on_no_question(asked, echo)
            scan = max(after, _lines_back(reader.text, PROMPT_LINES))
            wait.more(f"the prompt after {echo!r}")
        output = reader.text[after : prompt.start()].strip("\n")
        if following and (place := output.find(following.strip())) >= 0:
            # The line behind was read as an answer. None of ours begins like a yes.
            self._insist_on_no_question(output[:place], echo)
        reader.text = reader.text[prompt.end() :]
        return self._grammar.reply_of(output, prompt), self._grammar.mode_of(prompt)

    def _insist_on_no_question(self, asked: str, line: str) -> None:
        if self._grammar.question.search(asked):
            raise TransientError(
                f"asks a question after {line!r}: {clean(asked)!r}",
                subject=self.subject,
                fix="answer it by hand; nothing is answered blindly",
            )

    def expect(self, mode: str, wanted: str, line: str) -> None:
        """Insist on the mode that a prompt showed.

        Raises:
            TransientError: it is another one.
        """
        if mode != wanted:
            raise TransientError(
                f"is in mode {mode or 'exec'!r} after {line!r} instead of {wanted or 'exec'!r}",
                subject=self.subject,
                fix="somebody or something moved the session; it is dropped",
            )

    def _prompt_in(self, scan: int, following: str) -> re.Match[str] | None:
        """Find the prompt that ends an answer: behind it is nothing yet, a new line, or the next line's echo."""
        text = self._reader.text
        for found in self._prompt.finditer(text, scan):
            rest = text[found.end() : found.end() + len(following) + 1]
            if not rest or rest[0] == "\n":
                return found
            if following and (rest.startswith(following) or following.startswith(rest)):
                return found
        return None


@dataclass(slots=True)
class _Patience:
    """Waits while something comes, and not for ever."""

    reader: Reader
    silence: float
    longest: float
    started: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)

    def more(self, waiting_for: str) -> None:
        before = len(self.reader.text)
        self.reader.more(min(self.heard + self.silence, self.started + self.longest), waiting_for)
        if len(self.reader.text) > before:
            self.heard = time.monotonic()


def _lines_back(text: str, count: int) -> int:
    """Give where the last lines of a text begin, with the line break in front of them."""
    place = len(text)
    for _ in range(count):
        place = text.rfind("\n", 0, place)
        if place < 0:
            return 0
    return place
