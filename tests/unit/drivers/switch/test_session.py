"""How long a session waits for a slow device, and the one question that it answers.

The channel is played: no real switch is slow in a way that a test can order.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import ClassVar

import pytest

from trunkline.drivers.switch import dialogue as module
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.cisco_s300 import GRAMMAR as ASKS
from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.drivers.switch.dialogue import Dialogue, Reader
from trunkline.drivers.switch.session import Session
from trunkline.orchestrator.errors import NotVerified, TransientError


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
    output, _ = Dialogue(channel, "switch sw1", GRAMMAR, hostname="sw1").answer("show run", silence=silence)
    return output


def a_session(channel: Played, grammar: Grammar) -> Session:
    return Session(Dialogue(channel, "switch sw1", grammar, hostname="sw1"), hang_up=lambda: None)


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


class Prompt:
    """A channel that echoes whole pieces, each line with the prompt of the mode it leads to."""

    MODES: ClassVar = {"interface": "(config-if)", "switchport": "(config-if)", "end": ""}

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._said = b""

    def settimeout(self, seconds: float) -> None:
        del seconds

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data.decode())
        for line in data.decode().split("\n")[:-1]:
            mode = self.MODES.get(line.partition(" ")[0], "(config)")
            self._said += f"{line}\r\nsw1{mode}#".encode()

    def recv(self, most: int) -> bytes:
        del most
        said, self._said = self._said, b""
        return said


def test_answers_that_are_here_are_read_before_more_lines_go_out_so_that_these_go_out_together() -> None:
    channel = Prompt()
    blocks = [
        Block(enter=f"interface Gi1/0/{n}", mode="config-if", lines=("switchport x",), claims=frozenset())
        for n in range(100)
    ]
    session = Session(Dialogue(channel, "switch sw1", GRAMMAR, hostname="sw1"), hang_up=lambda: None)
    session.configure(blocks, GRAMMAR)
    assert sum(piece.count("\n") for piece in channel.pieces) == 3 * len(blocks) + 2
    assert len(channel.pieces) < 20, "one packet per line costs more than the line"


QUESTION = b"Overwrite file [startup-config].... (Y/N)[N] ?"
COPIED = b"06-Oct-2020 22:08:33 %COPY-N-TRAP: The copy operation was completed successfully\r\n"


class Played:
    """A channel that echoes every line it is sent and says the next reply."""

    def __init__(self, *replies: bytes, echoes_answers: bool = True) -> None:
        self._echoes_answers = echoes_answers
        self._replies = list(replies)
        self._pieces: list[bytes] = []
        self.lines: list[bytes] = []

    def settimeout(self, seconds: float) -> None:
        del seconds

    def sendall(self, data: bytes) -> None:
        self.lines.append(data)
        reply = self._replies.pop(0) if self._replies else b"\r\nsw1#"
        # In two pieces, so that half a question is seen as well.
        whole = (data.strip() if self._echoes_answers or len(data) > len("Y\n") else b"") + reply
        self._pieces += [whole[: len(whole) - 5], whole[-5:]]

    def recv(self, most: int) -> bytes:
        del most
        return self._pieces.pop(0) if self._pieces else b""


def save(channel: Played, grammar: Grammar) -> None:
    a_session(channel, grammar).save(grammar)


def test_whether_the_saved_configuration_may_be_replaced_is_answered_once() -> None:
    channel = Played(b"\r\n" + QUESTION, b"\r\n" + COPIED + b"\r\nsw1#")
    save(channel, ASKS)
    assert channel.lines == [b"write memory\n", b"Y\n"]


@pytest.mark.parametrize("echoes", [True, False])
def test_a_question_that_is_asked_again_is_not_answered_again(*, echoes: bool) -> None:
    again = Played(b"\r\n" + QUESTION, b"\r\n" + QUESTION, echoes_answers=echoes)
    with pytest.raises(TransientError, match="asks a question"):
        save(again, ASKS)
    assert again.lines == [b"write memory\n", b"Y\n"]


def test_a_device_that_does_not_ask_is_not_answered() -> None:
    channel = Played(b"\r\n" + COPIED + b"\r\nsw1#")
    save(channel, ASKS)
    assert channel.lines == [b"write memory\n"]


def test_an_answer_does_not_make_it_saved() -> None:
    with pytest.raises(NotVerified, match="not confirmed"):
        save(Played(b"\r\n" + QUESTION, b"\r\n% copy failed\r\nsw1#"), ASKS)


@pytest.mark.parametrize(
    "question",
    [
        b"Overwrite file [backup-config].... (Y/N)[N] ?",
        b"Reload now? (Y/N)[N] ?",
        b"Something went wrong.\r\n" + QUESTION,
        QUESTION + b"\r\nErase everything (Y/N)[N] ?",
    ],
)
def test_no_other_question_is_answered_while_saving(question: bytes) -> None:
    channel = Played(b"\r\n" + question)
    with pytest.raises(TransientError, match="asks a question"):
        save(channel, ASKS)
    assert channel.lines == [b"write memory\n"]


def test_the_question_is_answered_only_while_saving_and_only_where_a_device_is_known_to_ask() -> None:
    channel = Played(b"\r\n" + QUESTION)
    with pytest.raises(TransientError, match="asks a question"):
        a_session(channel, ASKS).query("write memory", ASKS)
    other = Played(b"\r\n" + QUESTION)
    with pytest.raises(TransientError, match="asks a question"):
        save(other, replace(ASKS, save_answer=None))
    assert channel.lines == other.lines == [b"write memory\n"]


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


def test_a_question_is_one_also_where_the_next_line_was_on_its_way_and_taken_for_the_answer() -> None:
    channel = Dribble(b"", b"", count=0, pause=0.0)
    channel._pieces = [b"vlan 10\r\nSure? [confirm]name tl-web\r\nsw1(config)#"]
    dialogue = Dialogue(channel, "switch sw1", GRAMMAR, hostname="sw1")
    with pytest.raises(TransientError, match="asks a question"):
        dialogue.answer("vlan 10", following="name tl-web")


def test_a_session_that_ended_before_anybody_knew_is_an_error_of_ours() -> None:
    channel = Dribble(b"", b"", count=0, pause=0.0)

    def gone(data: bytes) -> None:
        raise EOFError(len(data))

    channel.sendall = gone  # type: ignore[method-assign]  # paramiko's way of saying so
    with pytest.raises(TransientError, match="the session ended"):
        Dialogue(channel, "switch sw1", GRAMMAR, hostname="sw1").write("exit")


def test_a_secret_among_the_last_words_before_silence_is_not_shown() -> None:
    line = "username ops privilege 15 secret 9 " + "S3CR3T" * 40
    reader = Reader(channel=None, subject="switch sw1", text=f"hostname sw1\n{line}")

    with pytest.raises(TransientError) as refused:
        reader.more(deadline=0.0, waiting_for="the prompt")

    assert "S3CR3T" not in str(refused.value)
    assert "username ops privilege 15 secret <removed>" in str(refused.value)
