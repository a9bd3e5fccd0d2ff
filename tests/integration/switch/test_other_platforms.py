"""Sessions with switches that do not talk like Cisco's: log in, apply, be refused, commit, save with its question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest

from tests.builders import a_switch_intent
from tests.integration.switch.driving import Notes
from tests.played.junos import JunosSwitch
from tests.played.server import PASSWORD, PlayedSwitch, serving
from tests.played.views import Kind, ViewSwitch
from trunkline.drivers.registry import dialect
from trunkline.drivers.switch.dialect import Block
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.login import connect
from trunkline.drivers.switch.session import Session
from trunkline.orchestrator.errors import NotVerified, PermanentError, TransientError
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, Neighbor, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName, Switch
from trunkline.orchestrator.vlans import Vid

DRIVERS = {"vrp": "huawei_vrp", "vrp8": "huawei_vrpv8", "comware": "hp_comware", "junos": "juniper_junos"}
PORTS = {
    "vrp": ("GigabitEthernet0/0/1", "GigabitEthernet0/0/2"),
    "vrp8": ("10GE1/0/1", "10GE1/0/2"),
    "comware": ("GigabitEthernet1/0/1", "GigabitEthernet1/0/2"),
    "junos": ("ge-0/0/1", "ge-0/0/2"),
}
KINDS = tuple(DRIVERS)
VIEWS: tuple[Kind, ...] = ("vrp", "vrp8", "comware")
TEN = Vid(10)


def a_played(kind: str) -> JunosSwitch | ViewSwitch:
    return JunosSwitch() if kind == "junos" else ViewSwitch(kind, PORTS[kind])  # type: ignore[arg-type]  # from KINDS


@contextmanager
def driving(kind: str, played: PlayedSwitch) -> Iterator[tuple[SwitchDriver, Session, Switch]]:
    platform = DRIVERS[kind]
    speech = dialect(platform, allowed={platform})
    with serving(played, platform) as switch:
        session = connect(switch, speech.grammar, secrets=lambda _: PASSWORD)
        try:
            yield SwitchDriver(switch, speech, session), session, switch
        finally:
            session.close()


def web(kind: str, switch: Switch, *, port: int = 0) -> SwitchIntent:
    """VLAN 10 with its gateway, on a port."""
    name = PortName(PORTS[kind][port])
    return a_switch_intent(
        switch=switch,
        present=frozenset(
            {
                HasVlan(vlan=TEN, name="tl-web"),
                Carries(port=name, vlan=TEN),
                Gateway(vlan=TEN, addresses=(ip_interface("172.31.0.1/16"), ip_interface("fd00:31::1/64"))),
            }
        ),
        ports={name: PortRule(port=name)},
    )


def reverse(intent: SwitchIntent) -> SwitchIntent:
    return a_switch_intent(
        switch=intent.switch, present=frozenset(), absent=intent.present, ports=intent.ports
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_segment_is_brought_saved_and_taken_away_again(kind: str) -> None:
    played = a_played(kind)
    before = repr(played.running) if isinstance(played, ViewSwitch) else repr(sorted(played.running))
    with driving(kind, played) as (driver, _, switch):
        intent = web(kind, switch)
        result = driver.sync(intent, journal=Notes())
        assert not result.problems
        assert result.verified
        assert result.gained == intent.present
        again = driver.sync(intent, journal=Notes())
        assert not again.sent, "what is there is not sent again"
        driver.save()
        gone = driver.sync(reverse(intent), journal=Notes())
        assert not gone.problems
        assert gone.lost == intent.present
    after = repr(played.running) if isinstance(played, ViewSwitch) else repr(sorted(played.running))
    assert after == before, "nothing of anybody else's was touched"
    if isinstance(played, ViewSwitch):
        assert played.saved is not None
        assert 10 in played.saved.vlans


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_starts_and_ends_outside_of_configuration(kind: str) -> None:
    played = a_played(kind)
    with driving(kind, played) as (driver, session, switch):
        assert not {"system-view", "configure exclusive"} & set(played.lines), "netmiko must not enter it"
        driver.sync(web(kind, switch), journal=Notes())
        assert session.is_usable()
        assert not played.prompt().rstrip().endswith(("]", "#"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_port_that_is_no_trunk_is_left_alone_though_it_may_be_adopted(kind: str) -> None:
    played = a_played(kind)
    with driving(kind, played) as (driver, _, switch):
        intent = web(kind, switch, port=1)
        name = PortName(PORTS[kind][1])
        intent = a_switch_intent(
            switch=switch, present=intent.present, ports={name: PortRule(port=name, adopt=True)}
        )
        problems = driver.sync(intent, journal=Notes()).problems
        assert "make it one by hand" in problems[Carries(port=name, vlan=TEN)]
    assert not any(name in line and not line.startswith(("display", "show")) for line in played.lines)


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_line_is_told_and_what_hangs_on_it_is_not_sent(kind: str) -> None:
    played = a_played(kind)
    port = PORTS[kind][0]
    line = {
        "junos": f"set interfaces {port} unit 0 family ethernet-switching vlan members 10",
        "comware": "port trunk permit vlan 10",
    }.get(kind, "port trunk allow-pass vlan 10")
    played.refuses[line] = {
        "junos": "                                  ^\nsyntax error, expecting <data>.\n",
        "comware": "           ^\n% Wrong parameter found at '^' position.",
    }.get(kind, "Error: The port is in a group that does not allow it.")
    with driving(kind, played) as (driver, _, switch):
        result = driver.sync(web(kind, switch), journal=Notes())
        assert line in result.problems[Carries(port=PortName(port), vlan=TEN)]
        assert {type(each) for each in result.problems} == {Carries, Gateway}
        assert {type(each) for each in result.gained} == {HasVlan}
        assert result.verified


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("vrp8", "Error: The configuration conflicts with what another user has committed."),
        ("junos", "[edit vlans]\n  'tl-vlan10'\n    too many\nerror: configuration check-out failed\n"),
        ("junos", "\n"),
    ],
)
def test_a_refused_commit_is_discarded_and_nothing_of_it_stays(kind: str, reply: str) -> None:
    played = a_played(kind)
    played.refuses["commit"] = reply
    with driving(kind, played) as (driver, session, switch):
        result = driver.sync(web(kind, switch), journal=Notes())
        assert HasVlan(vlan=TEN, name="tl-web") in result.problems
        assert not result.gained
        assert session.is_usable()
    assert played.candidate == played.running
    assert "commit" in played.lines
    assert {"rollback 0", "clear configuration candidate"} & set(played.lines)


def test_of_the_questions_after_save_only_the_known_one_is_answered_and_once() -> None:
    played = ViewSwitch("vrp", PORTS["vrp"])
    played.ask_before_saving("Are you sure to continue?[Y/N]", "vrpcfg.zip exists, overwrite?[Y/N]:")
    with (
        driving("vrp", played) as (driver, session, _),
        pytest.raises(TransientError, match="asks a question"),
    ):
        driver.save()
    assert session.broken
    assert played.lines.count("y") == 1
    assert played.saved is None


def test_the_answer_to_save_is_given_nowhere_else() -> None:
    played = ViewSwitch("vrp", PORTS["vrp"])
    played.refuses["vlan 10"] = "Warning: this takes long.\nAre you sure to continue?[Y/N]"
    real = played.answer
    played.answer = lambda line: played.refuses.get(line) or real(line)  # type: ignore[method-assign]  # it asks
    with (
        driving("vrp", played) as (driver, _, switch),
        pytest.raises(TransientError, match="asks a question"),
    ):
        driver.sync(web("vrp", switch), journal=Notes())
    assert "y" not in played.lines


@pytest.mark.parametrize(
    "question",
    [
        "The password needs to be changed. Change now? [Y/N]: ",
        "There are security risks in the configuration file. Convert and save it? [y/n]:",
    ],
)
def test_a_question_at_login_is_not_answered(question: str) -> None:
    played = ViewSwitch("vrp", PORTS["vrp"])
    played.greeting = lambda: f"\nWarning: this device is used.\n{question}"  # type: ignore[method-assign]  # it asks
    with pytest.raises(PermanentError, match="asks a question at login"), driving("vrp", played):
        pass
    assert not played.lines


def test_a_save_that_is_not_confirmed_is_told() -> None:
    played = ViewSwitch("comware", PORTS["comware"])
    played.refuses["save force"] = "The device has no space left."
    with driving("comware", played) as (driver, _, _), pytest.raises(NotVerified, match="no space left"):
        driver.save()


def test_a_commit_that_is_for_good_needs_no_saving() -> None:
    played = JunosSwitch()
    with driving("junos", played) as (driver, _, _):
        said = len(played.lines)
        driver.save()
        assert len(played.lines) == said


def test_codes_that_move_the_cursor_are_no_part_of_an_answer() -> None:
    played = ViewSwitch("vrp", PORTS["vrp"])
    played.refuses["display vlan"] = " \x1b[1D\x1b[42D  hello\x1b[0m"
    with driving("vrp", played) as (_, session, _):
        grammar = dialect("huawei_vrp", allowed={"huawei_vrp"}).grammar
        assert session.query("display vlan", grammar).strip() == "hello"


@pytest.mark.parametrize("kind", VIEWS)
def test_a_session_that_is_moved_to_another_view_is_dropped(kind: Kind) -> None:
    played = ViewSwitch(kind, PORTS[kind])
    real = played.answer

    def moved(line: str) -> str:
        answer = real(line)
        return answer.replace("-vlan10]", "-aaa]")

    played.answer = moved  # type: ignore[method-assign]  # somebody at the same line
    with driving(kind, played) as (driver, session, switch):
        with pytest.raises(TransientError, match="is in mode 'aaa'"):
            driver.sync(web(kind, switch), journal=Notes())
        assert session.broken


def test_another_one_who_configures_junos_is_waited_for() -> None:
    played = JunosSwitch()
    played.refuses["configure exclusive"] = (
        "error: configuration database locked by:\n  v terminal p0 (pid 7)\n"
    )
    with (
        driving("junos", played) as (driver, _, switch),
        pytest.raises(TransientError, match="is in mode 'exec'"),
    ):
        driver.sync(web("junos", switch), journal=Notes())


@pytest.mark.parametrize(
    ("kind", "row", "command"),
    [
        ("vrp", "172.31.0.9 0000-0a41-0201 12 D-0 Vlanif10", "reset arp interface Vlanif10 ip 172.31.0.9"),
        (
            "junos",
            "00:00:0a:41:02:01 172.31.0.9 irb.10 none",
            "clear arp hostname 172.31.0.9 interface irb.10",
        ),
    ],
)
def test_an_arp_entry_is_cleared_where_a_command_is_known(kind: str, row: str, command: str) -> None:
    played = a_played(kind)
    shown = played if isinstance(played, JunosSwitch) else played.device
    shown.arp = [row, row.replace("0.9", "0.8")]
    with driving(kind, played) as (driver, _, switch):
        driver.sync(web(kind, switch), journal=Notes())
        neighbor = Neighbor(vlan=TEN, address=ip_address("172.31.0.9"))
        assert driver.forget([neighbor], journal=Notes()) == (command,)
    assert len(shown.arp) == 1


@pytest.mark.parametrize(
    ("kind", "address"), [("vrp", "fd00:31::9"), ("comware", "172.31.0.9"), ("junos", "fd00:31::9")]
)
def test_where_no_command_is_known_nothing_is_sent(kind: str, address: str) -> None:
    played = a_played(kind)
    with driving(kind, played) as (driver, _, switch):
        driver.sync(web(kind, switch), journal=Notes())
        with pytest.raises(PermanentError, match="is not known"):
            driver.forget([Neighbor(vlan=TEN, address=ip_address(address))], journal=Notes())
    assert not any(line.startswith(("reset", "clear arp", "clear ipv6")) for line in played.lines)


def test_a_refused_line_of_several_without_a_sub_mode_stops_the_rest_of_its_block() -> None:
    played = JunosSwitch()
    played.refuses["set vlans tl-a vlan-id 20"] = "        ^\nsyntax error.\n"
    lines = ("set vlans tl-a vlan-id 20", "set vlans tl-a description tl-a", "set vlans tl-b vlan-id 30")
    with driving("junos", played) as (_, session, _):
        first = Block(enter=lines[0], mode="config", lines=(lines[1],), claims=frozenset())
        second = Block(enter=lines[2], mode="config", lines=(), claims=frozenset())
        grammar = dialect("juniper_junos", allowed={"juniper_junos"}).grammar
        transcript = session.configure([first, second], grammar)
    assert [refusal.line for refusal in transcript.refusals] == [lines[0]]
    assert played.vlans() == {1: "default", 7: "v7", 30: "tl-b"}


def test_junos_takes_a_commit_back_that_is_not_confirmed_after_the_read_back() -> None:
    played = JunosSwitch()
    with driving("junos", played) as (_, session, switch):
        speech = dialect("juniper_junos", allowed={"juniper_junos"})
        timed = replace(switch, revert_minutes=3)
        driver = SwitchDriver(timed, speech, session)
        result = driver.sync(web("junos", timed), journal=Notes())
        confirmed = set(played.running)
        played.let_the_timer_end()
        assert not result.problems
        assert set(played.running) == confirmed
        commits = [line for line in played.lines if line.startswith("commit")]
        assert commits == ["commit confirmed 3"] * 3 + ["commit"]

        session.configure(
            [
                Block(
                    enter="set vlans tl-vlan20 vlan-id 20",
                    mode="config",
                    lines=(),
                    claims=frozenset({HasVlan(vlan=Vid(20), name="tl-db")}),
                )
            ],
            speech.grammar,
            revert_minutes=3,
        )
        assert 20 in played.vlans()
        played.let_the_timer_end()
        assert set(played.running) == confirmed
