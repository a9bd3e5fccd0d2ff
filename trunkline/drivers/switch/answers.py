"""Cuts one answer out of what a device said: the echo before it, the prompt behind it, log messages anywhere. Pure.

Sessions call it whenever bytes came. A log message may break in at any byte, also between a prompt and the echo of the
next line, and may quote lines and prompts. So an echo counts only where nothing but messages, blanks and prompts stand
before it, and a prompt only where nothing else stands behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from trunkline.drivers.switch.dialect import Grammar
from trunkline.drivers.switch.transport import is_refusal

MOST_BREAKS = 20
"""So many messages and line breaks in one place of an echo; it bounds the search."""
LONGEST_TAIL = 8000
"""In more than so many characters nobody looks for what is out of step; then time runs out."""

MOST_LINES_BEHIND = 200
"""So many lines of messages may stand behind the last prompt; it bounds the search."""


@dataclass(frozen=True, kw_only=True)  # no slots: its patterns are made when they are needed
class Hearing:
    """How one device is understood.

    Attributes:
        grammar: How it talks.
        prompt: The whole prompt with the beginning of its line.
    """

    grammar: Grammar
    prompt: re.Pattern[str]

    def echo_end(self, text: str, echo: str, *, after_anything: bool = False) -> int | None:
        """Say where the echo of a line ends; None while it is not there.

        A terminal may break it where the line is full, and a message may break in.
        """
        if text.startswith(echo):
            return len(echo)
        for found in re.finditer(self._broken(echo), text, self._flags):
            if after_anything or self.is_noise(text[: found.start()]):
                return found.end()
        return None

    def _broken(self, echo: str) -> str:
        """Write the pattern of an echo with breaks in it. Breaks are possessive: hostile blanks cost no search."""
        wide = rf"(?:\n?{self._message}|[ \n]){{0,{MOST_BREAKS}}}+"
        # In front of a blank of the line itself no blank is skipped, or that one would be missing.
        narrow = rf"(?:\n?{self._message}|\n){{0,{MOST_BREAKS}}}+"
        rest = ((narrow if character == " " else wide) + re.escape(character) for character in echo[1:])
        return re.escape(echo[:1]) + "".join(rest)

    def is_out_of_step(self, text: str, echo: str) -> bool:
        """Say whether something else was said before an echo that came with its whole answer."""
        if len(text) > LONGEST_TAIL:
            return False
        left = re.sub(self._message, "", text, flags=self._flags)
        start = left.find(echo)
        return (
            start >= 0
            and not self.is_noise(left[:start])
            and self.prompt_after(left, start + len(echo), "") is not None
        )

    def prompt_after(self, text: str, start: int, following: str) -> tuple[int, re.Match[str]] | None:
        """Find the prompt that ends an answer; None while it is not there.

        Args:
            text: What came.
            start: Where it can begin.
            following: The line that was sent behind, whose echo may have come as well; empty if none was.

        Returns:
            Where the answer ends, and the prompt. They differ where a prompt is shown again behind a message.
        """
        if not following:
            start = max(start, lines_back(text, MOST_LINES_BEHIND))
        for found in self.prompt.finditer(text, start):
            if found.end() == len(text) or (following and text.startswith(following, found.end())):
                return found.start(), found
            rest = text[found.end() :]
            if self._ends(rest, following):
                # Where a line was sent behind it, the last prompt may be the one of that line.
                last = found if following else [found, *self.prompt.finditer(text, found.end())][-1]
                return found.start(), last
        return None

    def _ends(self, rest: str, following: str) -> bool:
        if not following:
            return self.is_noise(rest)
        left = self._without_noise(rest[:LONGEST_TAIL]).split("\n", 1)[0]
        return following.startswith(left) or left.startswith(following)

    def is_noise(self, text: str) -> bool:
        """Say whether there is nothing but whole messages, blanks and prompts."""
        return not self._without_noise(text).strip()

    def _without_noise(self, text: str) -> str:
        if not text:
            return ""
        text = re.sub(self._message, "", text, flags=self._flags)
        return self.prompt.sub("", f"\n{text.lstrip()}").lstrip()

    def is_interrupted(self, output: str) -> bool:
        """Say whether a message broke into an output, so that half a row may stand for a whole one."""
        return self.grammar.log_line.search(output) is not None

    def may_be_interrupted(self, output: str) -> bool:
        """Say whether there is what looks like a message in the middle of a line; it may be somebody's text."""
        # A message is one line, and a table of many ports says the same lines again and again.
        return any(self._anywhere.search(line) for line in frozenset(output.split("\n")))

    def is_refusal(self, output: str) -> bool:
        """Say whether a reply is a refusal, also where a message broke into its words."""
        if not output or output.isspace():
            return False
        readings = {
            self.grammar.log_line.sub("", output),
            re.sub(rf"\n?(?:{self.grammar.log_line.pattern})", "", output, flags=self._flags),
            self._anywhere.sub("", output),
        }
        return any(is_refusal(each, self.grammar) for each in readings)

    @cached_property
    def _message(self) -> str:
        """A whole message; what is cut off is not known to be one."""
        return rf"(?:{self.grammar.log_line.pattern})(?<=\n)"

    @property
    def _flags(self) -> int:
        return self.grammar.log_line.flags

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        return re.compile(self.grammar.log_line.pattern.removeprefix("^"), self._flags)


def lines_back(text: str, count: int) -> int:
    """Give where the last lines of a text begin, with the line break in front of them."""
    place = len(text)
    for _ in range(count):
        place = text.rfind("\n", 0, place)
        if place < 0:
            return 0
    return place
