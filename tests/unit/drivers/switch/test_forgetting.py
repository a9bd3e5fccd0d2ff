"""Forgetting on switches that are older, stricter or slower than the virtual one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from tests.builders import a_switch
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.drivers.switch.forgetting import READS, forget
from trunkline.drivers.switch.transport import Refusal, Transcript, is_refusal
from trunkline.orchestrator.errors import CommandRejected, GuardRefused, NotVerified, PermanentError
from trunkline.orchestrator.intents import Claim, Neighbor
from trunkline.orchestrator.vlans import Vid

UNKNOWN = "            ^\n% Invalid input detected at '^' marker.\n"
DENIED = "% Authorization failed."
OLD = "Internet  172.31.0.9              7   0200.0000.0009  ARPA   Vlan10\n"
NINE = Neighbor(vlan=Vid(10), address=ip_address("172.31.0.9"))
NINE6 = Neighbor(vlan=Vid(10), address=ip_address("fd00:31::9"))
PRECISE = [
    "clear ipv6 neighbors interface Vlan10 ipv6 fd00:31::9",
    "clear ipv6 neighbors interface Vlan10 fd00:31::9",
]
WHOLE = "clear ipv6 neighbors interface Vlan10"


@dataclass
class Device:
    """A session and a journal in one, so that the order of what they hear is known."""

    config: str = "interface Vlan10\nend\n"
    replies: dict[str, str] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    results: list[bool] = field(default_factory=list)
    pauses: int = 0
    has_configured: bool = False

    def query(self, command: str, grammar: Grammar) -> str:
        del grammar
        if command.startswith("show running-config"):
            return self.config
        return self.tables.pop(0) if self.tables else ""

    def ask(self, commands: Sequence[str], grammar: Grammar) -> Sequence[str]:
        return [self.query(command, grammar) for command in commands]

    def execute(self, command: str, grammar: Grammar) -> Transcript:
        output = self.replies.get(command, "")
        reply = " ".join(output.split())
        self.heard.append(command)
        refused = (Refusal(line=command, reply=reply, claims=frozenset()),)
        return Transcript(
            sent=(command,), reply=reply, refusals=refused if is_refusal(output, grammar) else ()
        )

    def configure(self, blocks: Sequence[Block], grammar: Grammar, *, revert_minutes: int = 0) -> Transcript:
        raise NotImplementedError

    def confirm(self, grammar: Grammar) -> None:
        raise NotImplementedError

    def save(self, grammar: Grammar) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def keep(self, text: str) -> None:
        raise NotImplementedError

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        assert not adding
        self.heard += [f"journal: {line}" for line in lines]
        return "1"

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        del operation, reply
        self.results.append(ok)

    def still_unneeded(self, claim: Claim) -> bool:
        raise NotImplementedError

    def pause(self, seconds: float) -> None:
        assert seconds > 0
        self.pauses += 1

    def forget(self, *neighbors: Neighbor) -> tuple[str, ...]:
        return forget(
            neighbors,
            switch=a_switch(),
            dialect=CiscoIos(),
            transport=self,
            journal=self,
            pause=self.pause,
        )


def test_a_switch_that_does_not_know_the_precise_form_is_told_the_next_one() -> None:
    device = Device(replies=dict.fromkeys(PRECISE, UNKNOWN))
    assert device.forget(NINE6) == (WHOLE,)
    expected = [*PRECISE, WHOLE]
    assert device.heard == [word for line in expected for word in (f"journal: {line}", line)]
    assert device.results == [False, False, True]


def test_what_a_user_may_not_do_precisely_is_not_done_at_large() -> None:
    device = Device(replies={PRECISE[0]: DENIED})
    with pytest.raises(CommandRejected, match="Authorization failed") as caught:
        device.forget(NINE6)
    assert (caught.value.line, caught.value.reply) == (PRECISE[0], DENIED)
    assert PRECISE[1] not in device.heard
    assert WHOLE not in device.heard


def test_a_switch_that_knows_no_form_has_refused() -> None:
    device = Device(replies=dict.fromkeys([*PRECISE, WHOLE], UNKNOWN))
    with pytest.raises(CommandRejected, match="Invalid input"):
        device.forget(NINE6)
    assert device.results == [False, False, False]


def test_a_switch_may_take_its_time_to_let_go() -> None:
    device = Device(tables=[OLD, OLD, ""])
    assert device.forget(NINE) == ("clear ip arp 172.31.0.9",)
    assert device.pauses == 2


def test_an_entry_that_stays_is_told_with_the_switchs_words() -> None:
    device = Device(tables=[OLD] * READS)
    with pytest.raises(NotVerified, match=re.escape("172.31.0.9 7 0200.0000.0009 ARPA Vlan10")):
        device.forget(NINE)


def test_a_new_entry_is_somebody_who_talks_already() -> None:
    device = Device(tables=[OLD.replace(" 7 ", " 0 ")])
    assert device.forget(NINE)
    assert device.pauses == 0


def test_an_address_is_cleared_once() -> None:
    assert Device().forget(NINE, NINE) == ("clear ip arp 172.31.0.9",)


@pytest.mark.parametrize(
    ("config", "other", "error"),
    [
        ("interface Vlan10\n vrf forwarding a|b\nend\n", NINE6, PermanentError),
        ("interface Vlan10\nend\n", Neighbor(vlan=Vid(1), address=NINE.address), GuardRefused),
    ],
)
def test_nothing_is_sent_before_all_of_it_may_be(
    config: str, other: Neighbor, error: type[Exception]
) -> None:
    device = Device(config=config)
    with pytest.raises(error):
        device.forget(NINE, other)
    assert device.heard == []
