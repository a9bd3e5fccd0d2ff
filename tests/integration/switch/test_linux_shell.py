"""The session in the shell of a real sshd: a line is run as it is or refused, and nothing in it is for a shell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.linux_switch import LinuxSwitch, a_linux_switch
from trunkline.drivers.switch.dialect import Block
from trunkline.drivers.switch.linux_bridge import GRAMMAR, LinuxBridge
from trunkline.drivers.switch.session import Session
from trunkline.orchestrator.intents import Carries
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinuxSwitch]:
    with a_linux_switch(tmp_path_factory.mktemp("linux")) as running:
        yield running


@pytest.fixture
def session(machine: LinuxSwitch) -> Iterator[Session]:
    opened = machine.log_in(LinuxBridge())
    yield opened
    opened.close()


def a_block(enter: str, *lines: str, vlan: int = 10) -> Block:
    claims = frozenset({Carries(port=PortName("p1"), vlan=Vid(vlan))})
    return Block(enter=enter, mode="", lines=lines, claims=claims)


def test_a_command_gives_what_it_prints_and_how_it_ended(session: Session) -> None:
    assert session.query("echo all is well", GRAMMAR) == "all is well"
    assert session.query("true", GRAMMAR) == ""
    assert session.query("false", GRAMMAR) == "exit status 1"
    assert session.query("no-such-program", GRAMMAR).endswith("exit status 127")
    assert session.query("printf no-end-of-line", GRAMMAR) == "no-end-of-line"


@pytest.mark.parametrize(
    "words",
    [
        "a; touch {file}",
        "$(touch {file})",
        "`touch {file}`",
        "a && touch {file}",
        "a | tee {file}",
        "a > {file}",
    ],
)
def test_what_a_shell_would_run_is_text(session: Session, tmp_path: Path, words: str) -> None:
    text = words.format(file=tmp_path / "made")
    assert session.query(f"echo {text}", GRAMMAR) == text
    assert not (tmp_path / "made").exists()


def test_stars_dollars_and_quotes_are_text(session: Session) -> None:
    assert session.query("echo * $HOME ~ 'a  b'", GRAMMAR) == "* $HOME ~ 'a b'"


def test_a_refusal_is_known_by_the_exit_status_and_belongs_to_its_line(session: Session) -> None:
    refused = a_block("ip link set dev no-such up", "ip link set dev lo up", vlan=20)
    transcript = session.configure([a_block("ip link set dev lo up"), refused, a_block("true")], GRAMMAR)
    assert transcript.sent == ("ip link set dev lo up", "ip link set dev no-such up", "true")
    (refusal,) = transcript.refusals
    assert refusal.line == "ip link set dev no-such up"
    assert refusal.reply == 'Cannot find device "no-such" exit status 1'
    assert refusal.claims == refused.claims


def test_a_neighbor_that_is_not_there_is_forgotten(session: Session) -> None:
    assert not session.execute("ip neigh del 10.78.0.99 dev mgmt0", GRAMMAR).refusals
    assert session.execute("ip neigh del 10.78.0.99 dev no-such", GRAMMAR).refusals


def test_the_session_is_usable_after_a_while_and_not_after_its_end(session: Session) -> None:
    assert session.is_usable()
    assert session.query("echo again", GRAMMAR) == "again"
    session.close()
    assert not session.is_usable()
