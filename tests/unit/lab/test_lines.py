"""The end of a session is found wherever the stream is cut, and nothing of the output is lost or added."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.lab.backends.machine import GUEST_FOLDER
from trunkline.lab.lines import Request, Trailer, await_ready, converse
from trunkline.orchestrator.errors import Unreachable

TOKEN = "0123456789abcdef"


def fed(stream: bytes, cuts: list[int]) -> tuple[bytes, int | None]:
    trailer, shown = Trailer(TOKEN), b""
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in pairwise(edges):
        piece, status = trailer.feed(stream[start:end])
        shown += piece
        if status is not None:
            return shown, status
    return shown, None


@given(st.binary(), st.integers(0, 255), st.lists(st.integers(min_value=0), max_size=6))
def test_output_and_status_come_back_whole_however_the_stream_is_cut(
    output: bytes, status: int, cuts: list[int]
) -> None:
    stream = output + f"\0{TOKEN}:{status}\n".encode()

    assert fed(stream, cuts) == (output, status)


@given(st.lists(st.sampled_from([b"\0", TOKEN.encode(), b":", b"7", b"x"]), max_size=8))
def test_output_that_resembles_the_end_is_still_output(pieces: list[bytes]) -> None:
    output = b"".join(pieces)

    assert fed(output + f"\0{TOKEN}:3\n".encode(), [])[1] is not None


def test_a_half_trailer_is_held_back_until_the_rest_decides() -> None:
    trailer = Trailer(TOKEN)

    assert trailer.feed(b"text\0" + TOKEN[:4].encode()) == (b"text", None)
    assert trailer.feed(b"!") == (b"\0" + TOKEN[:4].encode() + b"!", None)


@pytest.fixture
def line() -> Iterator[int]:
    """A real session server on a pseudo-terminal of this machine, without any lab kernel."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    server = subprocess.Popen(
        [sys.executable, "-I", "-S", str(GUEST_FOLDER / "sessions.py"), os.ttyname(theirs)],
        start_new_session=True,
    )
    try:
        await_ready(ours, None)
        yield ours
    finally:
        os.killpg(server.pid, 9)
        server.wait()
        os.close(ours)
        os.close(theirs)


def request(*argv: str, terminal: bool = False) -> Request:
    return Request(argv=argv, env={"PATH": os.environ["PATH"]}, cwd="/", terminal=terminal)


def spoken(line: int, asked: Request, *, keys: int | None = None) -> tuple[bytes, int]:
    reading, writing = os.pipe()
    try:
        status = converse(line, asked, keys=keys, output=writing, deadline=time.monotonic() + 20)
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as output:
        return output.read(), status


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the session server keeps its list in /run")


@needs_root
@pytest.mark.root
def test_the_server_gives_output_and_status_of_one_program_after_the_other(line: int) -> None:
    assert spoken(line, request("sh", "-c", "printf 'a\\nb'; exit 7")) == (b"a\nb", 7)
    assert spoken(line, request("sh", "-c", "kill -9 $$")) == (b"", 137)
    assert spoken(line, request("no-such-program"))[1] == 127


@needs_root
@pytest.mark.root
def test_a_program_without_a_terminal_is_told_so_and_one_with_a_terminal_has_it(line: int) -> None:
    assert spoken(line, request("test", "-t", "1"))[1] == 1
    assert spoken(line, request("test", "-t", "1", terminal=True))[1] == 0


@needs_root
@pytest.mark.root
def test_keys_reach_a_program_on_a_terminal(line: int) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"hello\n")
    os.close(writing)

    output, status = spoken(
        line, request("sh", "-c", "read word; echo got $word", terminal=True), keys=reading
    )

    os.close(reading)
    assert (b"got hello" in output, status) == (True, 0)


def test_a_kernel_that_ends_is_an_error_not_an_empty_result() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    ours, theirs = pty.openpty()
    os.close(theirs)
    try:
        with pytest.raises((Unreachable, OSError)):
            converse(ours, request("true"), keys=None, output=1)
    finally:
        os.close(ours)
        os.close(reading)
