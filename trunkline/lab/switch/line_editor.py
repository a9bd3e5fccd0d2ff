"""Bytes in, lines out: the editing keys of an IOS terminal, and what is echoed for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["echo", "line", "end", "abort", "help", "complete"]
LONGEST_LINE = 254
"""IOS takes no more characters in one line; the rest is lost with a beep."""
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
        if code == 0x1B:  # noqa: PLR2004  # escape; arrow keys have no history here
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
        match code:
            case 0x0D | 0x0A:
                yield Key("line")
            case 0x1A:
                yield Key("end")
            case 0x03:
                yield Key("abort")
            case 0x3F:
                yield Key("help")
            case 0x09:
                yield Key("complete")
            case 0x16:
                self._verbatim = True
            case 0x08 | 0x7F:
                yield from self._erase(1)
            case 0x15 | 0x18:
                yield from self._erase(len(self.typed))
            case 0x17:
                word = re.search(rb"\S*\s*$", self.typed)
                yield from self._erase(len(word[0]) if word else 0)
            case _:
                return

    def _erase(self, count: int) -> Iterator[Key]:
        count = min(count, len(self.typed))
        if count:
            del self.typed[-count:]
            yield Key("echo", b"\b \b" * count)
