"""One channel to a device: lines go out, and each is answered between its echo and the next prompt. For `session`."""

from __future__ import annotations

import codecs
import re
import time
from dataclasses import dataclass, field
from typing import Any

from trunkline.drivers.switch.answers import Hearing, lines_back
from trunkline.drivers.switch.dialect import Answer, Grammar
from trunkline.orchestrator.errors import GuardRefused, PermanentError, TransientError
from trunkline.orchestrator.redaction import redact

ANSWER_SECONDS = 20.0
"""So long a device may be silent before it has answered."""
LONGEST_ANSWER_SECONDS = 100.0
"""So long an answer may take in all, while it comes; a slow switch prints its configuration for a minute."""
LONGEST_REPLY = 400
LONGEST_OUTPUT = 8_000_000
LONGEST_OUTPUT_SHOWN = 20_000
LAST_WORDS = 200
LONGEST_QUESTION = 500
PROMPT_LINES = 40
"""A prompt is not farther from the end: Junos shows where it is on a line of its own, and messages may follow."""
PAINTING = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[0-9A-Z=>])")
"""What a terminal does and nobody reads; ProCurve and AOS-CX paint their lines with it."""
NEW_LINE = re.compile(r"\x1bE|\x1b\[\d+;1H")
"""The ways of painting that begin a line."""
STEP_BACK = re.compile(r" \x1b\[\d+D")
"""Huawei prints a blank and steps back over it."""
ERASED = re.compile(r"[^\n\x08]?\x08")
"""A character that the terminal steps back over."""
PLAIN = re.compile(r"[\x20-\x3e\x40-\x7e]*")
"""What a command line takes for text; a question mark is a cry for help."""
ANY_PLAIN = re.compile(r"[\x20-\x7e]*")
UNSEEN = re.compile(r"[\r\x00\x07]")
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
            # They may be those of a configuration, and a secret that is cut off in front is not known for one.
            words = redact(self.text[-LONGEST_OUTPUT_SHOWN:])[-LAST_WORDS:]
            raise TransientError(
                f"no answer in time while waiting for {waiting_for}; last words: {clean(words)!r}",
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
        self.text += UNSEEN.sub("", self._decoder.decode(data))
        if "\x1b" in self.text:
            self.text = PAINTING.sub("", NEW_LINE.sub("\n", STEP_BACK.sub("", self.text)))
        while "\x08" in self.text:
            self.text = ERASED.sub("", self.text)


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
        self._fresh = True
        """Nothing was answered yet, so that something of the login may stand before the first echo."""
        self.hearing = Hearing(grammar=grammar, prompt=self._prompt)
        self.subject = subject

    def write(self, *lines: str) -> None:
        """Send lines in one piece.

        Raises:
            GuardRefused: one is no plain text, so that the device would take it for several, or for keys.
            TransientError: the session ended.
        """
        plain = ANY_PLAIN if self._grammar.shell else PLAIN
        for line in lines:
            if not plain.fullmatch(line):
                raise GuardRefused(
                    f"line {ascii(line)[:80]} holds what is no plain text",
                    subject=self.subject,
                    fix="see which name in the inventory is none",
                )
        try:
            self._channel.sendall("".join(f"{line}\n" for line in lines).encode("ascii"))
        except Exception as error:  # paramiko has errors of its own, and its modules are not imported here
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
        reader, echo, following = self._reader, line.strip(), following.strip()
        after = scan = self._echo_end(echo, wait)
        while (ended := self.hearing.prompt_after(reader.text, scan, following)) is None:
            if expected is not None and expected.question.search(reader.text[after:]):
                self.write(expected.reply)
                after = scan = len(reader.text)
                expected = None
                continue
            self._insist_on_no_question(echo, reader.text[after:])
            scan = max(after, lines_back(reader.text, PROMPT_LINES))
            wait.more(f"the prompt after {echo!r}")
        end, prompt = ended
        output = reader.text[after:end].strip("\n")
        if following and following in output:
            # The line behind was taken for the answer to a question.
            self._insist_on_no_question(echo, output.partition(following)[0])
        reader.text = reader.text[prompt.end() :]
        return self._grammar.reply_of(output, prompt), self._grammar.mode_of(prompt)

    def _echo_end(self, echo: str, wait: _Patience) -> int:
        text = self._reader.text
        while (end := self.hearing.echo_end(text, echo, after_anything=self._fresh)) is None:
            if self.hearing.is_out_of_step(text, echo):
                raise TransientError(
                    f"said something else before the echo of {echo!r}: {clean(text[:LONGEST_REPLY])!r}",
                    subject=self.subject,
                    fix=_LATER,
                )
            wait.more(f"the echo of {echo!r}")
            text = self._reader.text
        self._fresh = False
        return end

    def _insist_on_no_question(self, echo: str, output: str) -> None:
        asked = output[-LONGEST_QUESTION:]
        if self._grammar.question.search(asked):
            raise TransientError(
                f"asks a question after {echo!r}: {clean(asked)!r}",
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
