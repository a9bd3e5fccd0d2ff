"""Lines on their way before the ones in front of them are answered: few round trips, and nothing goes wrong unseen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from tests.integration.switch.driving import as_inventory
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.dialect import Block
from trunkline.drivers.switch.dialogue import Dialogue
from trunkline.drivers.switch.pool import SessionPool
from trunkline.drivers.switch.push import MOST_OCTETS, WIDEST_WINDOW, Window
from trunkline.drivers.switch.session import Session
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import Busy, TransientError
from trunkline.orchestrator.intents import Carries
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

PORTS = range(1, 21)
TRUNKS = "".join(
    f"interface GigabitEthernet1/0/{number}\n"
    " switchport trunk native vlan 100\n switchport trunk allowed vlan 100\n switchport mode trunk\n"
    for number in PORTS
)
NO_PORT = "GigabitEthernet1/0/99"


@pytest.fixture
def running() -> Iterator[RunningSwitch]:
    with running_switch(startup_config=TRUNKS) as switch:
        yield switch


@pytest.fixture
def pool(running: RunningSwitch) -> Iterator[SessionPool]:
    pool = SessionPool(secrets=lambda _: running.password, idle_seconds=60)
    yield pool
    pool.close()


class Counting:
    """A channel that passes everything on, and counts what went out before an answer was waited for."""

    def __init__(self, channel: object) -> None:
        self._channel = channel
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)
        self._channel.sendall(data)  # type: ignore[attr-defined]  # paramiko's, untyped

    def settimeout(self, seconds: float) -> None:
        self._channel.settimeout(seconds)  # type: ignore[attr-defined]  # as above

    def recv(self, most: int) -> bytes:
        data: bytes = self._channel.recv(most)  # type: ignore[attr-defined]  # as above
        return data


def counted(session: Session) -> tuple[Session, Counting]:
    channel = Counting(session._dialogue._channel)
    dialogue = Dialogue(channel, "switch sw1", GRAMMAR, hostname="sw1")
    return Session(dialogue, hang_up=session.close), channel


def on_port(name: str, vlan: int = 10) -> Block:
    return Block(
        enter=f"interface {name}",
        mode="config-if",
        lines=(f"switchport trunk allowed vlan add {vlan}",),
        claims=frozenset({Carries(port=PortName(name), vlan=Vid(vlan))}),
    )


def blocks_for(names: Sequence[str]) -> list[Block]:
    return [on_port(name) for name in names]


def every_port() -> list[str]:
    return [f"GigabitEthernet1/0/{number}" for number in PORTS]


def carrying(running: RunningSwitch) -> int:
    return running.running_config.count("switchport trunk allowed vlan 10,100")


def test_many_blocks_cost_few_round_trips(running: RunningSwitch, pool: SessionPool) -> None:
    session, channel = counted(pool.session(as_inventory(running), GRAMMAR))

    transcript = session.configure(blocks_for(every_port()), GRAMMAR)

    assert transcript.refusals == ()
    assert carrying(running) == len(PORTS)
    lines = sum(piece.count(b"\n") for piece in channel.pieces)
    assert lines == 3 * len(PORTS) + 2
    assert channel.pieces[0] == b"configure terminal\n", "it begins alone"
    assert max(map(len, channel.pieces)) <= MOST_OCTETS
    assert max(piece.count(b"\n") for piece in channel.pieces) > 1
    assert running.config_lines == [
        line for block in blocks_for(every_port()) for line in (block.enter, *block.lines, "exit")
    ]


def test_once_it_is_grown_a_change_is_two_round_trips(running: RunningSwitch, pool: SessionPool) -> None:
    session, channel = counted(pool.session(as_inventory(running), GRAMMAR))
    session.ask([f"show running-config interface {name}" for name in every_port()], GRAMMAR)
    channel.pieces.clear()

    transcript = session.configure([on_port("GigabitEthernet1/0/3")], GRAMMAR)

    assert transcript.refusals == ()
    lines = b"interface GigabitEthernet1/0/3\nswitchport trunk allowed vlan add 10\n"
    assert channel.pieces == [b"configure terminal\n" + lines, b"exit\nend\n"]

    channel.pieces.clear()
    session.configure([on_port("GigabitEthernet1/0/3")], GRAMMAR)
    assert channel.pieces == [b"configure terminal\n" + lines + b"exit\nend\n"], (
        "once it was let in it is one"
    )


def test_a_session_that_may_not_configure_is_not_logged_out_by_what_follows(
    running: RunningSwitch, pool: SessionPool
) -> None:
    session, channel = counted(pool.session(as_inventory(running), GRAMMAR))
    session.ask([f"show running-config interface {name}" for name in every_port()], GRAMMAR)
    before = running.running_config
    channel.pieces.clear()
    running.set_faults(
        events=[{"matching": "^configure terminal", "do": "reject", "text": "Command authorization failed."}]
    )

    with pytest.raises(TransientError, match="is in mode 'exec' after 'configure terminal'"):
        session.configure(blocks_for(every_port()), GRAMMAR)

    assert running.running_config == before
    assert not any(b"exit" in piece for piece in channel.pieces)
    assert running.sessions == 1


def test_show_commands_are_asked_together_and_their_answers_kept_apart(
    running: RunningSwitch, pool: SessionPool
) -> None:
    session, channel = counted(pool.session(as_inventory(running), GRAMMAR))
    commands = [f"show running-config interface {name}" for name in every_port()]

    outputs = session.ask(commands, GRAMMAR)

    assert len(outputs) == len(commands)
    for command, output in zip(commands, outputs, strict=True):
        assert f"interface {command.rpartition(' ')[2]}\n switchport" in output
        assert output.count("interface ") == 1
    assert max(piece.count(b"\n") for piece in channel.pieces) > 1


def test_a_block_that_cannot_be_entered_while_its_lines_are_on_their_way_is_noticed_and_told_apart_next_time(
    running: RunningSwitch, pool: SessionPool
) -> None:
    switch = as_inventory(running)
    names = every_port()
    blocks = blocks_for([*names[:10], NO_PORT, *names[10:]])

    with pytest.raises(TransientError, match="more lines were on their way") as caught:
        pool.session(switch, GRAMMAR).configure(blocks, GRAMMAR)
    assert caught.value.retry_in_seconds is not None
    # The lines of that block were refused where they landed, and no other port got them.
    allowed = [line for line in running.running_config.split("\n") if "allowed vlan" in line]
    assert set(allowed) <= {" switchport trunk allowed vlan 100", " switchport trunk allowed vlan 10,100"}

    transcript = pool.session(switch, GRAMMAR).configure(blocks, GRAMMAR)

    assert [refusal.line for refusal in transcript.refusals] == [f"interface {NO_PORT}"]
    assert transcript.refusals[0].claims == {Carries(port=PortName(NO_PORT), vlan=Vid(10))}
    assert carrying(running) == len(PORTS)
    assert f"interface {NO_PORT}" in transcript.sent
    assert transcript.sent.count(" switchport trunk allowed vlan add 10") == len(PORTS)


def test_care_ends_when_all_was_taken(running: RunningSwitch, pool: SessionPool) -> None:
    switch = as_inventory(running)
    with pytest.raises(TransientError):
        pool.session(switch, GRAMMAR).configure(blocks_for([*every_port(), NO_PORT]), GRAMMAR)
    session = pool.session(switch, GRAMMAR)
    assert session.careful
    session.configure(blocks_for(every_port()), GRAMMAR)
    assert not session.careful


def test_lines_that_would_do_harm_without_the_one_before_go_alone(
    running: RunningSwitch, pool: SessionPool
) -> None:
    session, channel = counted(pool.session(as_inventory(running), GRAMMAR))
    session.configure(blocks_for(every_port()[:10]), GRAMMAR)
    channel.pieces.clear()
    stepwise = Block(
        enter="interface GigabitEthernet1/0/11",
        mode="config-if",
        lines=("switchport trunk allowed vlan add 11", "switchport trunk allowed vlan add 12"),
        claims=frozenset(),
        stepwise=True,
    )
    session.configure(
        [on_port("GigabitEthernet1/0/1", 20), stepwise, on_port("GigabitEthernet1/0/2", 20)], GRAMMAR
    )

    steps = [(stepwise.enter + "\n").encode(), *[f"{line}\n".encode() for line in stepwise.lines], b"exit\n"]
    place = channel.pieces.index(steps[0])
    assert channel.pieces[place : place + len(steps)] == steps


def test_a_line_that_is_refused_ends_its_block_and_no_other(
    running: RunningSwitch, pool: SessionPool
) -> None:
    bad = Block(
        enter="interface GigabitEthernet1/0/5",
        mode="config-if",
        lines=("switchport trunk allowed vlan add 5000",),
        claims=frozenset({Carries(port=PortName("GigabitEthernet1/0/5"), vlan=Vid(50))}),
    )
    names = [name for name in every_port() if not name.endswith("/5")]
    blocks = [*blocks_for(names[:4]), bad, *blocks_for(names[4:])]
    transcript = pool.session(as_inventory(running), GRAMMAR).configure(blocks, GRAMMAR)
    assert [refusal.claims for refusal in transcript.refusals] == [bad.claims]
    assert carrying(running) == len(names)


def test_a_switch_that_gets_another_driver_gets_another_session(
    running: RunningSwitch, pool: SessionPool
) -> None:
    switch = as_inventory(running)
    first = pool.session(switch, GRAMMAR)
    assert pool.session(switch, GRAMMAR) is first
    assert pool.session(replace(switch, driver="cisco_xe"), GRAMMAR) is not first, (
        "it hears what the other one calls a refusal"
    )


def test_the_window_has_an_end() -> None:
    window = Window()
    for _ in range(20):
        window.grow()
    assert window.width == WIDEST_WINDOW
    assert not window.takes("x", flying=WIDEST_WINDOW, octets=1)
    assert not window.takes("x" * 100, flying=1, octets=MOST_OCTETS - 99)
    assert window.takes("x" * 100, flying=1, octets=MOST_OCTETS - 100)
    assert window.takes("x" * (MOST_OCTETS + 1), flying=0, octets=0), "one line always goes"


def test_two_threads_do_not_talk_in_one_session(running: RunningSwitch, pool: SessionPool) -> None:
    switch = as_inventory(running)
    session = pool.session(switch, GRAMMAR)
    running.set_faults(
        events=[{"matching": "show vlan brief", "do": "delay", "seconds": 1.5, "when": "before"}]
    )
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(session.query("show vlan brief", GRAMMAR)))
    slow.start()
    until(lambda: session.is_talking, subject="session", what="it does not talk", seconds=5)

    with pytest.raises(Busy, match="used by another thread"):
        session.query("show vtp status", GRAMMAR)
    with pytest.raises(Busy, match="used by another thread"):
        pool.session(switch, GRAMMAR)
    slow.join(10)

    assert "VLAN" in answers[0]
    assert pool.session(switch, GRAMMAR) is session, "nothing is broken by it"
    assert "VTP" in session.query("show vtp status", GRAMMAR)
