"""A real SSH session whose words are broken up, interrupted, doubled or cut off: right, or an error, never in between.

Whatever happened, the next sync over a healthy session makes it right, and what nobody named is as it was.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import paramiko
import pytest

from tests.builders import PORT_1, PORT_2, a_switch_intent
from tests.integration.switch.driving import Notes
from tests.played.server import PASSWORD
from tests.played.tortured import (
    HANG_UP,
    Meddling,
    Piece,
    Said,
    Torture,
    TorturedSwitch,
    healthy,
    nobody,
    tortured,
)
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.dialogue import ANSWER_SECONDS, Dialogue
from trunkline.drivers.switch.engine import SwitchDriver, SwitchResult
from trunkline.drivers.switch.session import Session
from trunkline.lab.switch.command_line import CommandLine
from trunkline.lab.switch.session import Session as Login
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.intents import Carries, Claim, HasVlan, SwitchIntent
from trunkline.orchestrator.models import Switch
from trunkline.orchestrator.vlans import Vid

CONFIG = """
ip routing
ipv6 unicast-routing
vtp mode transparent
vlan 30
 name tl-old
vlan 100
 name house
interface GigabitEthernet1/0/1
 description sw1# to host1 >
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100
 switchport mode trunk
interface GigabitEthernet1/0/2
 description B\u00fcro, 2. Stock \u2013 T\u00fcr
 switchport trunk allowed vlan 30,100,200-210
 switchport mode trunk
interface GigabitEthernet1/0/3
 switchport trunk allowed vlan 100
 switchport mode trunk
end
"""
LOG = b"*Mar  1 00:00:01.000: %LINK-3-UPDOWN: Interface GigabitEthernet1/0/9, changed state to up\r\n"
LOGS = {
    "plain": LOG,
    "several": LOG * 3,
    "sequence": b"000123: *Nov 26 2026 10:00:00.123 UTC: %SYS-5-CONFIG_I: Configured from console by vty0\r\n",
    "uptime": b"1d02h: %LINEPROTO-5-UPDOWN: Line protocol on Interface Vlan9, changed state to down\r\n",
    "prompt": b"*Mar  1 00:00:01.000: %SYS-5-NOTE: sw1# and sw1(config-if)# are prompts\r\n",
    "error": b"%SYS-3-CPUHOG: % Invalid input detected at '^' marker. Command rejected: no\r\n",
    "command": b"*Mar  1 00:00:01.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:u  logged command:%s\r\n",
}
PATIENCE, HASTE = 0.5, 0.02
"""Shares of the time that a device is given to answer: where it will, and where it will not."""


def wish(switch: Switch) -> SwitchIntent:
    """VLANs 10 and 20 on port 1, 10 with a gateway, and VLAN 30 no more on port 2."""
    intent = a_switch_intent(switch=switch)
    more: set[Claim] = {HasVlan(vlan=Vid(20), name="tl-db"), Carries(port=PORT_1, vlan=Vid(20))}
    gone = frozenset({Carries(port=PORT_2, vlan=Vid(30))})
    return replace(intent, present=intent.present | more, absent=gone)


@contextmanager
def driving(switch: Switch, *, hostname: str = "sw1", patience: float = PATIENCE) -> Iterator[SwitchDriver]:
    """Log in without netmiko, which takes its time and has nothing to do with what is tested."""
    with (
        socket.create_connection((switch.address, switch.port)) as link,
        paramiko.Transport(link) as transport,
    ):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.connect(username=switch.credentials.username, password=PASSWORD)
        channel = transport.open_session()
        channel.get_pty(width=511)
        channel.invoke_shell()
        dialogue = Dialogue(channel, "switch sw1", GRAMMAR, hostname=hostname, patience=patience)
        dialogue.settle(ANSWER_SECONDS / patience)
        yield SwitchDriver(switch, CiscoIos(), Session(dialogue, hang_up=transport.close))


@dataclass(frozen=True)
class Outcome:
    """How a sync with its save went: a result, or the error's words."""

    result: SwitchResult | None
    saved: bool = False
    error: str = ""

    @property
    def is_right(self) -> bool:
        """It says that all is well."""
        result = self.result
        return (
            result is not None and self.saved and result.verified and not (result.problems or result.strange)
        )


def once(
    played: TorturedSwitch,
    switch: Switch,
    torture: Torture,
    meddling: Meddling = nobody,
    *,
    patience: float = PATIENCE,
) -> Outcome:
    """Log in to a healthy device, sync and save while this happens; it is over afterwards."""
    result = None
    with driving(switch, hostname=played.device.state.hostname, patience=patience) as driver:
        played.start(torture, meddling)
        try:
            result = driver.sync(wish(switch), journal=Notes())
            driver.save()
        except OrchestratorError as error:
            return Outcome(result=result, error=str(error))
        finally:
            played.start()
    return Outcome(result=result, saved=True)


@cache
def lines_of_a_healthy_sync() -> tuple[str, ...]:
    with tortured(CONFIG) as (played, switch), driving(switch) as driver:
        played.start()
        driver.sync(wish(switch), journal=Notes())
        driver.save()
        return tuple(line for _, line in played.received)


@cache
def as_wished() -> tuple[str, dict[int, str]]:
    """What the device looks like when all went well, and it has saved."""
    with tortured(CONFIG) as (played, switch):
        assert once(played, switch, healthy).is_right
        assert played.device.flash.startup == played.running_config
        return played.looks


def suffer(torture: Torture, *, patience: float = PATIENCE) -> Outcome:
    """Sync under torture: what says that it is right is right; afterwards a healthy sync makes it right in any case."""
    with tortured(CONFIG) as (played, switch):
        outcome = once(played, switch, torture, patience=patience)
        if outcome.is_right:
            assert played.looks == as_wished()
            assert played.device.flash.startup == played.running_config
        else:
            assert (
                outcome.error or outcome.result is None or outcome.result.problems or outcome.result.strange
            )
        assert once(played, switch, healthy).is_right
        assert played.looks == as_wished()
    return outcome


def cut(said: Said, size: int) -> Iterable[Piece]:
    return [said.whole[at : at + size] for at in range(0, len(said.whole), size)]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_words_that_come_in_pieces_are_read_as_one(size: int) -> None:
    assert suffer(lambda said: cut(said, size)).is_right


def _logged(said: Said, kind: str) -> bytes:
    return LOGS[kind].replace(b"%s", said.line.encode())


def _after_echo(said: Said, log: bytes) -> Iterable[Piece]:
    yield said.line.encode() + b"\r\n" + log + said.output + said.prompt


def _between_lines(said: Said, log: bytes) -> Iterable[Piece]:
    rows = said.output.split(b"\r\n")
    middle = len(rows) // 2
    output = b"\r\n".join(rows[:middle]) + (b"\r\n" if middle else b"") + log + b"\r\n".join(rows[middle:])
    yield said.line.encode() + b"\r\n" + output + said.prompt


def _within_a_line(said: Said, log: bytes) -> Iterable[Piece]:
    middle = len(said.output) // 2
    yield (
        said.line.encode()
        + b"\r\n"
        + said.output[:middle]
        + b"\r\n"
        + log
        + said.output[middle:]
        + said.prompt
    )


def _without_a_new_line(said: Said, log: bytes) -> Iterable[Piece]:
    middle = len(said.output) // 2
    yield said.line.encode() + b"\r\n" + said.output[:middle] + log + said.output[middle:] + said.prompt


def _within_echo(said: Said, log: bytes) -> Iterable[Piece]:
    middle = len(said.line) // 2
    line = said.line.encode()
    yield line[:middle] + b"\r\n" + log + line[middle:] + b"\r\n" + said.output + said.prompt


def _after_prompt(said: Said, log: bytes) -> Iterable[Piece]:
    yield said.whole + b"\r\n" + log


def _after_prompt_again(said: Said, log: bytes) -> Iterable[Piece]:
    """`logging synchronous` shows the prompt once more."""
    yield said.whole + b"\r\n" + log + said.prompt


def _later(said: Said, log: bytes) -> Iterable[Piece]:
    yield said.whole
    yield 0.001
    yield b"\r\n" + log[:40]
    yield 0.001
    yield log[40:] + said.prompt


PLACES = {
    "after the echo": _after_echo,
    "between lines": _between_lines,
    "within a line": _within_a_line,
    "within a line without a new line": _without_a_new_line,
    "within the echo": _within_echo,
    "after the prompt": _after_prompt,
    "after the prompt, which is repeated": _after_prompt_again,
    "some time after the prompt": _later,
}


@pytest.mark.parametrize("phase", range(5))
@pytest.mark.parametrize("place", PLACES)
def test_log_messages_now_and_then_spoil_nothing(place: str, phase: int) -> None:
    kinds = tuple(LOGS)

    def now_and_then(said: Said) -> Iterable[Piece]:
        kind = kinds[(said.number // 5 + phase) % len(kinds)]
        return PLACES[place](said, _logged(said, kind)) if said.number % 5 == phase else healthy(said)

    assert suffer(now_and_then).is_right


@pytest.mark.parametrize("kind", ["several", "prompt", "command"])
@pytest.mark.parametrize("place", PLACES)
def test_log_messages_in_every_answer_are_no_part_of_it(place: str, kind: str) -> None:
    outcome = suffer(lambda said: PLACES[place](said, _logged(said, kind)))
    assert outcome.is_right or "log messages break into every answer" in outcome.error


def _no_echo(said: Said) -> Iterable[Piece]:
    yield b"\r\n" + said.output + said.prompt


def _wrapped(said: Said) -> Iterable[Piece]:
    shown = said.prompt.rstrip(b"#") + said.line.encode()
    wrapped = b"\r\n".join(shown[at : at + 20] for at in range(0, len(shown), 20))
    yield wrapped[len(said.prompt) - 1 :] + b"\r\n" + said.output + said.prompt


def _typed_over(said: Said) -> Iterable[Piece]:
    line = said.line.encode()
    yield line[:3] + b"x\x08 \x08" + line[3:] + b"?\x07\x08\x00\r\n" + said.output + said.prompt


def _twice(said: Said) -> Iterable[Piece]:
    yield said.line.encode() + b"\r\n" + said.whole


def _bad_utf8(said: Said) -> Iterable[Piece]:
    yield (
        said.line.encode()
        + b"\r\n\xff\xfe\xc3\x28\x80\xe2\x82\r\n"
        + said.output
        + b"\xf0\x9f\r\n"
        + said.prompt
    )


def _half_a_prompt(said: Said) -> Iterable[Piece]:
    middle = len(said.whole) - len(said.prompt) // 2
    yield from (said.whole[:middle], 0.01, said.whole[middle:])


def _prompt_in_pieces(said: Said) -> Iterable[Piece]:
    start = len(said.whole) - len(said.prompt)
    yield said.whole[:start]
    for at in range(start, len(said.whole)):
        yield 0.001
        yield said.whole[at : at + 1]


def _big(said: Said) -> Iterable[Piece]:
    yield said.line.encode() + b"\r\n" + b"! nothing new\r\n" * 14_000 + said.output + said.prompt


def _big_without_new_line(said: Said) -> Iterable[Piece]:
    yield said.line.encode() + b"\r\n" + b"!" * 200_000 + b"\r\n" + said.output + said.prompt


def _prompt_like_text(said: Said) -> Iterable[Piece]:
    yield said.line.encode() + b"\r\n" + b"sw1# is no prompt\r\n" + said.output + said.prompt


@pytest.mark.parametrize(
    "terminal",
    [_wrapped, _typed_over, _twice, _bad_utf8, _prompt_in_pieces, _half_a_prompt, _prompt_like_text],
)
def test_a_terminal_with_habits_is_understood(terminal: Torture) -> None:
    assert suffer(terminal).is_right


@pytest.mark.parametrize("big", [_big, _big_without_new_line])
@pytest.mark.parametrize("line", ["show vlan brief", "name tl-web", "exit", "end", "write memory"])
def test_a_very_long_answer_is_read_to_its_end(big: Torture, line: str) -> None:
    assert suffer(lambda said: big(said) if said.line == line else healthy(said)).is_right


def test_a_terminal_without_an_echo_is_an_error_and_nothing_is_configured() -> None:
    outcome = suffer(_no_echo, patience=HASTE)
    assert "the echo of" in outcome.error
    assert outcome.result is None


@pytest.mark.parametrize(
    "line", ["show vlan brief", "show running-config interface Vlan10", "name tl-web", "write memory"]
)
def test_an_answer_that_stops_for_a_key_is_an_error(line: str) -> None:
    stopped: list[int] = []

    def stops(said: Said) -> Iterable[Piece]:
        if said.line != line:
            return [] if stopped else healthy(said)
        stopped.append(said.number)
        middle = said.output.find(b"\r\n", len(said.output) // 2) + 2
        return [said.line.encode() + b"\r\n" + said.output[:middle] + b" --More-- "]

    with tortured(CONFIG) as (played, switch):
        assert "asks a question" in once(played, switch, stops).error
        assert once(played, switch, healthy).is_right
        assert played.looks == as_wished()


@pytest.mark.parametrize("gap", [b"sw1#", b"sw1#\r\n", b"\r\nsw1(config-if)#\r\n"])
def test_a_line_like_a_prompt_before_a_pause_is_not_taken_for_the_end_of_an_answer(gap: bytes) -> None:
    for number in range(1, 1 + len(lines_of_a_healthy_sync()), 5):

        def pauses(said: Said, number: int = number) -> Iterable[Piece]:
            if said.number != number:
                return healthy(said)
            echo = said.line.encode() + b"\r\n"
            return [echo + gap, 0.02, b"and more\r\n" + said.output + said.prompt]

        outcome = suffer(pauses, patience=HASTE)
        assert outcome.is_right or outcome.error, number


@pytest.mark.parametrize("name", ["sw1-lab", "sw", "core2", "s" * 60])
def test_a_switch_that_gets_another_name_is_read_under_that_name_or_is_an_error(name: str) -> None:
    for number in range(1, 1 + len(lines_of_a_healthy_sync()), 8):

        def rename(at: int, session: Login, number: int = number) -> None:
            if at == number:
                session.device.state.hostname = name

        with tortured(CONFIG) as (played, switch):
            outcome = once(played, switch, healthy, rename, patience=HASTE)
            assert outcome.is_right or "in time" in outcome.error, (number, outcome)
            assert once(played, switch, healthy).is_right
            played.device.state.hostname = "sw1"
            assert played.looks == as_wished()


@pytest.mark.parametrize("said_before", ["nothing", "half", "all"])
@pytest.mark.parametrize("part", range(4))
def test_a_connection_that_drops_at_any_line_is_an_error(said_before: str, part: int) -> None:
    sent = lines_of_a_healthy_sync()
    for number in range(1 + part, 1 + len(sent), 4):

        def drop(said: Said, number: int = number) -> Iterable[Piece]:
            share = {"nothing": 0, "half": len(said.whole) // 2, "all": len(said.whole)}[said_before]
            return [said.whole[:share], HANG_UP] if said.number == number else healthy(said)

        outcome = suffer(drop)
        last = number == len(sent) and said_before == "all"
        assert "session ended" in outcome.error or (last and outcome.is_right), (number, sent[number - 1])


def _moved_to(mode: str, session: Login) -> None:
    if mode == "user":
        session.leave("enable")
        session.mode = "exec"
    elif mode == "exec":
        session.leave("enable")
    else:
        session.leave("config")
    if mode in ENTERED:
        CommandLine(session).execute(ENTERED[mode])


ENTERED = {"port": "interface GigabitEthernet1/0/3", "vlan": "vlan 100"}


@pytest.mark.parametrize("mode", ["user", "exec", "config", "port", "vlan"])
@pytest.mark.parametrize("part", range(2))
def test_a_session_that_is_moved_to_another_mode_at_any_line_never_says_that_it_did_it(
    mode: str, part: int
) -> None:
    sent = lines_of_a_healthy_sync()
    for number in range(1 + part, 1 + len(sent), 2):

        def move(at: int, session: Login, number: int = number) -> None:
            if at == number:
                _moved_to(mode, session)

        with tortured(CONFIG) as (played, switch):
            outcome = once(played, switch, healthy, move)
            where = (number, sent[number - 1], outcome.error, outcome.result and outcome.result.problems)
            assert not outcome.is_right or played.looks == as_wished(), where
            assert once(played, switch, healthy).is_right, where
            assert _apart(played.looks, mode) == _apart(as_wished(), mode), where


def _apart(looks: tuple[str, dict[int, str]], mode: str) -> tuple[str, dict[int, str]]:
    """Leave out what a session was moved to, where lines that were on their way may have landed, and our VLANs' names.

    A VLAN that was made and not named before the session broke off is there, and nobody renames it.
    """
    config, vlans = looks
    entered = re.escape(ENTERED.get(mode, "nothing"))
    named = {
        number: name for number, name in vlans.items() if number > 20 and (number, mode) != (100, "vlan")
    }
    return re.sub(rf"^{entered}\n(?: .*\n)+", "", config, flags=re.MULTILINE), named
