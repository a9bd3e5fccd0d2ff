"""A login waits for what comes, and no longer; netmiko's part is played by its form alone."""

from __future__ import annotations

import re
import time
from typing import Any

from trunkline.drivers.switch.wakeful import wakeful


class Channel:
    """Has something to read from the moment ``at`` on."""

    def __init__(self, *, after: float, closed: bool = False) -> None:
        self.at = time.monotonic() + after
        self.closed = closed
        self.eof_received = False

    def recv_ready(self) -> bool:
        return time.monotonic() >= self.at


class Base:
    """Looks, and looks again, as netmiko does; counts how often it found nothing."""

    RETURN = "\n"

    def __init__(self, channel: Channel, buffered: str = "") -> None:
        self.remote_conn = channel
        self._read_buffer = buffered
        self.looks_in_vain = 0
        self.prepared: list[bool] = []

    def write_channel(self, text: str) -> None:
        assert text == self.RETURN

    def _try_session_preparation(self, force_data: bool = True) -> None:  # noqa: FBT001, FBT002  # netmiko's form
        self.prepared.append(force_data)

    def read_channel(self) -> str:
        data, self._read_buffer = self._read_buffer, ""
        if self.remote_conn.recv_ready():
            return data + "sw1#"
        self.looks_in_vain += 1
        return data

    def read_until_pattern(
        self, pattern: str, read_timeout: float, re_flags: int, max_loops: int | None
    ) -> str:
        del max_loops
        output, end = "", time.monotonic() + read_timeout
        while time.monotonic() < end:
            output += self.read_channel()
            if re.search(pattern, output, re_flags):
                return output
            time.sleep(0.01)
        return ""


def a_session(channel: Channel, buffered: str = "") -> Any:  # Any: the class is made at run time
    return wakeful(Base)(channel, buffered)


def test_an_answer_is_there_at_the_first_look() -> None:
    session = a_session(Channel(after=0.05))
    assert session.read_until_pattern("#") == "sw1#"
    assert session.looks_in_vain == 0


def test_what_is_left_of_an_earlier_answer_is_no_reason_to_look_in_vain() -> None:
    session = a_session(Channel(after=0.05), "width 511")
    assert session.read_until_pattern("#") == "width 511sw1#"
    assert session.looks_in_vain == 0


def test_what_is_here_already_is_not_waited_for() -> None:
    session = a_session(Channel(after=60), "sw1#")
    began = time.monotonic()
    assert session.read_until_pattern("#") == "sw1#"
    assert time.monotonic() - began < 0.1


def test_a_closed_channel_is_not_waited_for() -> None:
    session = a_session(Channel(after=60, closed=True))
    began = time.monotonic()
    assert session.read_until_pattern("#", read_timeout=0.02) == ""
    assert time.monotonic() - began < 0.1


def test_a_look_outside_of_an_answer_does_not_wait() -> None:
    session = a_session(Channel(after=60))
    began = time.monotonic()
    assert session.read_channel() == ""
    assert time.monotonic() - began < 0.1


def test_the_first_line_is_followed_by_what_comes_and_not_by_a_sleep() -> None:
    session = a_session(Channel(after=0.01))
    began = time.monotonic()
    session._try_session_preparation()
    assert time.monotonic() - began < 0.08
    assert session.prepared == [False], "netmiko's own line and sleep are left out"
