"""How long a session waits: for a device that dribbles, one that falls silent, and one that never ends.

The channel is played: no real switch is slow in a way that a test can order.
"""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from trunkline.drivers.switch import session as module
from trunkline.drivers.switch.cisco_ios import GRAMMAR
from trunkline.drivers.switch.session import Session
from trunkline.orchestrator.errors import TransientError


class Dribble:
    """A channel that gives ``piece`` after every ``pause`` seconds, ``count`` times, and then ``end``."""

    def __init__(self, start: bytes, piece: bytes, *, count: int, pause: float, end: bytes = b"") -> None:
        self._pieces = [start, *[piece] * count, *([end] if end else [])]
        self._pause = pause
        self._timeout = 0.0

    def settimeout(self, seconds: float) -> None:
        self._timeout = seconds

    def sendall(self, data: bytes) -> None:
        del data

    def recv(self, most: int) -> bytes:
        del most
        if not self._pieces or self._pause > self._timeout:
            time.sleep(self._timeout)
            raise TimeoutError
        time.sleep(self._pause)
        return self._pieces.pop(0)


def ask(channel: Dribble, *, silence: float) -> str:
    connection = SimpleNamespace(base_prompt="sw1", remote_conn=channel)
    output, _ = Session(connection, "switch sw1", GRAMMAR)._answer("show run", GRAMMAR, silence=silence)
    return output


def test_an_answer_that_comes_slowly_is_waited_for() -> None:
    channel = Dribble(b"show run\r\n", b"line\r\n", count=10, pause=0.05, end=b"sw1#")
    assert ask(channel, silence=0.2).split() == ["line"] * 10


def test_a_device_that_falls_silent_is_given_up() -> None:
    channel = Dribble(b"show run\r\n", b"line\r\n", count=2, pause=0.01)
    with pytest.raises(TransientError, match="no answer in time"):
        ask(channel, silence=0.2)


def test_an_answer_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_ANSWER_SECONDS", 0.3)
    channel = Dribble(b"show run\r\n", b"line\r\n", count=100, pause=0.01)
    started = time.monotonic()
    with pytest.raises(TransientError, match="no answer in time"):
        ask(channel, silence=0.2)
    assert time.monotonic() - started < 0.9, "it would go on for a second"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_a_terminal_paints_is_no_part_of_an_answer(size: int) -> None:
    painted = (
        b"\x1b[24;6Hshow\x1b[24;10H run\x1b[24;14H\x1bE\x1b[?25h"
        b"\x1b[2K\x1b[24;1Hvlan 1\r\n\x1b[1;24r\x1b[0mvlan 2\x1b[24;1H\x1b[?25hsw1#"
    )
    pieces = [painted[index : index + size] for index in range(0, len(painted), size)]
    channel = Dribble(b"", b"", count=0, pause=0.0)
    channel._pieces = pieces
    assert ask(channel, silence=2.0).split("\n") == ["vlan 1", "vlan 2"]
