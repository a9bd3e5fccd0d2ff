from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.lab.switch.line_editor import LONGEST_LINE, LineEditor


def keys(data: bytes) -> tuple[list[str], list[str], bytes]:
    """Type; give finished lines, other keys, and what was echoed."""
    editor, pending = LineEditor(), bytearray(data)
    lines: list[str] = []
    others: list[str] = []
    echoed = b""
    for key in editor.feed(pending):
        if key.kind == "line":
            lines.append(editor.take())
        elif key.kind == "echo":
            echoed += key.data
        else:
            others.append(key.kind)
    assert not pending
    return lines, others, echoed


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\rb\r", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\r\n\r\n", ["a", ""]),
        (b"ab\x7fc\n", ["ac"]),
        (b"ab\x08c\n", ["ac"]),
        (b"abc\x15d\n", ["d"]),
        (b"one two\x17three\n", ["one three"]),
        (b"\x1b[Aa\x1b[Db\n", ["ab"]),
        (b"\x00a\x00\n", ["a"]),
        (b"a\x16?b\n", ["a?b"]),
        (b"caf\xc3\xa9\n", ["café"]),
        (b"\xff\n", ["\ufffd"]),
    ],
)
def test_keys_make_lines(data: bytes, lines: list[str]) -> None:
    assert keys(data)[0] == lines


def test_other_keys_are_told_apart() -> None:
    assert keys(b"?\t\x1a\x03")[1] == ["help", "complete", "end", "abort"]


def test_a_line_has_an_end_and_what_is_too_long_is_lost_with_a_beep() -> None:
    lines, _, echoed = keys(b"x" * 300 + b"\n")
    assert lines == ["x" * LONGEST_LINE]
    assert echoed.endswith(b"\x07")


@given(st.binary(max_size=60), st.integers(0, 60))
def test_it_does_not_matter_how_bytes_are_cut_into_packets(data: bytes, cut: int) -> None:
    if b"\x1b" in data:
        return  # an escape sequence is one key press and arrives in one packet
    editor = LineEditor()
    lines = []
    for piece in (data[:cut], data[cut:]):
        lines += [editor.take() for key in editor.feed(bytearray(piece)) if key.kind == "line"]
    assert lines == keys(data)[0]
