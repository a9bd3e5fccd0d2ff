"""Bytes in, lines out: the editing keys of an IOS terminal, and what is echoed for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["echo", "line", "end", "abort", "help", "complete"]
LONGEST_LINE = 254
"""IOS takes no more characters in one line; the rest is lost with a beep."""
_KEYS: dict[int, Kind] = {
    0x0D: "line",
    0x0A: "line",
    0x1A: "end",
    0x03: "abort",
    0x3F: "help",
    0x09: "complete",
}
_ERASE_CHARACTER, _ERASE_LINE, _ERASE_WORD = (0x08, 0x7F), (0x15, 0x18), 0x17
_VERBATIM = 0x16  # ctrl-V: the next character is text, even a question mark
_ESCAPE = 0x1B
_BELL = b"\x07"
_CONTROL = re.compile(rb"[\x00-\x1f\x7f?]")
_ARROW = re.compile(rb"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z]|.)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Key:
    """Something happened: bytes to echo, a finished line, ctrl-Z (``end``), ctrl-C (``abort``), ``?``, tab."""

    kind: Kind
    data: bytes = b""


@dataclass(slots=True)
class LineEditor:
    """The line being typed."""

    typed: bytearray = field(default_factory=bytearray)
    _after_return: bool = False
    _verbatim: bool = False

    def feed(self, data: bytearray) -> Iterator[Key]:
        """Consume ``data`` from its front, one key at a time; stop iterating to leave the rest for somebody else."""
        while data:
            yield from self._one(data)

    def take(self) -> str:
        """Give the line and start a new one; what is no UTF-8 becomes replacement characters."""
        text = bytes(self.typed).decode(errors="replace")
        self.typed.clear()
        return text

    def _one(self, data: bytearray) -> Iterator[Key]:
        first = _CONTROL.search(data)
        plain = len(data) if first is None else first.start()
        if self._verbatim:
            plain = max(plain, 1)
            self._verbatim = False
        if plain:
            yield from self._insert(bytes(data[:plain]))
            del data[:plain]
            self._after_return = False
            return
        code = data[0]
        if code == _ESCAPE:  # arrow keys have no history here
            match = _ARROW.match(data)
            del data[: match.end() if match else 1]
            return
        del data[:1]
        yield from self._control(code)

    def _insert(self, text: bytes) -> Iterator[Key]:
        room = LONGEST_LINE - len(self.typed)
        kept = text[:room]
        self.typed += kept
        yield Key("echo", kept + _BELL * (len(text) > room))

    def _control(self, code: int) -> Iterator[Key]:
        newline_of_return = code == ord("\n") and self._after_return
        self._after_return = code == ord("\r")
        if newline_of_return:
            return
        if code in _KEYS:
            yield Key(_KEYS[code])
        elif code == _VERBATIM:
            self._verbatim = True
        else:
            yield from self._erase(self._erased_by(code))

    def _erased_by(self, code: int) -> int:
        if code in _ERASE_CHARACTER:
            return 1
        if code in _ERASE_LINE:
            return len(self.typed)
        word = re.search(rb"\S*\s*$", self.typed) if code == _ERASE_WORD else None
        return len(word[0]) if word else 0

    def _erase(self, count: int) -> Iterator[Key]:
        count = min(count, len(self.typed))
        if count:
            del self.typed[-count:]
            yield Key("echo", b"\b \b" * count)
