"""What the engine makes sure of whatever a dialect does, over real SSH against the virtual switch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_interface
from typing import Any, ClassVar

import pytest

from tests.builders import PORT_1, PORT_2, a_switch
from tests.integration.switch.driving import Notes, a_driver
from trunkline.drivers.switch.engine import SwitchResult
from trunkline.lab.switch.lldp import Neighbor
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.orchestrator.errors import CommandRejected, Superseded, TransientError
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName, Switch
from trunkline.orchestrator.vlans import Vid

WEB = Vid(10)
VLAN = HasVlan(vlan=WEB, name="tl-web")
PORT_3, CHANNEL = PortName("GigabitEthernet1/0/3"), PortName("Port-channel1")
ON_1, ON_2, ON_3 = (Carries(port=port, vlan=WEB) for port in (PORT_1, PORT_2, PORT_3))
CONFIG = """
lldp run
ip routing
archive
 path flash:before
interface Port-channel1
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100,200
 switchport mode trunk
interface GigabitEthernet1/0/1
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100,200
 switchport mode trunk
 channel-group 1 mode active
interface GigabitEthernet1/0/2
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100,200
 switchport mode trunk
 channel-group 1 mode active
interface GigabitEthernet1/0/3
 switchport trunk native vlan 100
 switchport mode trunk
interface GigabitEthernet1/0/4
 switchport mode trunk
end
"""


@pytest.fixture
def running() -> Iterator[RunningSwitch]:
    with running_switch(startup_config=CONFIG) as switch:
        yield switch


def intent(switch: Switch, *present: Claim, absent: tuple[Claim, ...] = (), **rule: Any) -> SwitchIntent:
    ports = {claim.port for claim in (*present, *absent) if isinstance(claim, Carries)}
    return SwitchIntent(
        switch=switch,
        generation=1,
        present=frozenset(present),
        absent=frozenset(absent),
        ports={port: PortRule(port=port, **rule) for port in sorted(ports)},
    )


def section(running: RunningSwitch, port: str) -> list[str]:
    text = running.show(f"show running-config interface {port}")
    return [line.strip() for line in text.split("\n") if line.startswith(" ")]


class TestChannels:
    def test_a_vlan_for_a_member_goes_on_its_channel_and_is_recorded_for_the_member(
        self, running: RunningSwitch
    ) -> None:
        members = [section(running, port) for port in (PORT_1, PORT_2)]
        with a_driver(running) as (driver, switch):
            wanted = intent(switch, VLAN, ON_1, ON_2)
            plan = driver.plan(wanted)
            first = driver.sync(wanted, journal=(notes := Notes()))
            again = driver.sync(wanted, journal=Notes())
            gone = driver.sync(intent(switch, VLAN, absent=(ON_1, ON_2)), journal=Notes())

        assert [line.strip() for line in plan.lines][-2:] == [
            "interface Port-channel1",
            "switchport trunk allowed vlan add 10",
        ]
        assert not first.problems
        assert first.gained == {VLAN, ON_1, ON_2} == notes.ours
        assert first.verified
        assert again.sent == ()
        assert [section(running, port) for port in (PORT_1, PORT_2)] == members
        assert gone.lost == {ON_1, ON_2}
        assert "switchport trunk allowed vlan 100,200" in section(running, CHANNEL)

    def test_it_stays_on_the_channel_while_one_member_needs_it(self, running: RunningSwitch) -> None:
        with a_driver(running) as (driver, switch):
            driver.sync(intent(switch, VLAN, ON_1, ON_2), journal=Notes())
            result = driver.sync(intent(switch, VLAN, ON_1, absent=(ON_2,)), journal=Notes())
        assert result.sent == ()
        assert "switchport trunk allowed vlan 10,100,200" in section(running, CHANNEL)

    def test_it_stays_on_the_channel_when_the_member_is_needed_again_at_the_last_moment(
        self, running: RunningSwitch
    ) -> None:
        with a_driver(running) as (driver, switch):
            driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
            result = driver.sync(intent(switch, VLAN, absent=(ON_1,)), journal=Notes(unneeded=False))
        assert set(result.problems) == {ON_1}
        assert "switchport trunk allowed vlan 10,100,200" in section(running, CHANNEL)

    @pytest.mark.parametrize("protected", [CHANNEL, PORT_2])
    def test_a_protected_port_protects_the_channel_that_it_is_in(
        self, running: RunningSwitch, protected: PortName
    ) -> None:
        with a_driver(running, protected_ports=frozenset({protected})) as (driver, switch):
            wanted = intent(switch, VLAN, ON_1, ON_2)
            ports = {port: rule for port, rule in wanted.ports.items() if port != protected}
            result = driver.sync(replace(wanted, ports=ports), journal=Notes())
        assert ON_1 in result.problems
        assert not [line for line in running.config_lines if "switchport" in line]

    def test_a_protected_member_does_so_too_though_the_plan_never_names_it(
        self, running: RunningSwitch
    ) -> None:
        with a_driver(running, protected_ports=frozenset({PORT_2})) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
        assert f"{PORT_2}, which is protected" in result.problems[ON_1]
        assert not [line for line in running.config_lines if "switchport" in line]

    def test_a_protected_port_elsewhere_changes_nothing(self, running: RunningSwitch) -> None:
        others = frozenset({PORT_3, PortName("GigabitEthernet0/0"), PortName("Vlan99")})
        with a_driver(running, protected_ports=others) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
        assert not result.problems
        assert "switchport trunk allowed vlan 10,100,200" in section(running, CHANNEL)

    def test_what_was_a_members_is_the_channels_when_the_inventory_names_that(
        self, running: RunningSwitch
    ) -> None:
        on_channel = Carries(port=CHANNEL, vlan=WEB)
        with a_driver(running) as (driver, switch):
            driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
            renamed = driver.sync(intent(switch, VLAN, on_channel, absent=(ON_1,)), journal=Notes())
            kept = driver.sync(intent(switch, VLAN, on_channel), journal=Notes())
        assert renamed.sent == ()
        assert renamed.gained == {on_channel}, "or nobody takes it away when it is not needed any more"
        assert kept.gained == frozenset()


class TestOpenTrunks:
    def test_a_trunk_that_carries_every_vlan_is_left_as_it_is(self, running: RunningSwitch) -> None:
        before = section(running, PORT_3)
        with a_driver(running) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_3), journal=Notes())
        assert not result.problems
        assert result.gained == {VLAN}
        assert section(running, PORT_3) == before

    def test_where_it_is_said_it_is_restricted_to_what_is_needed_with_one_line(
        self, running: RunningSwitch
    ) -> None:
        also = Carries(port=PORT_3, vlan=Vid(20))
        other = HasVlan(vlan=Vid(20), name="tl-db")
        with a_driver(running) as (driver, switch):
            wanted = intent(switch, VLAN, other, ON_3, also, restrict=True)
            warned = [note for note in driver.plan(wanted).notes if "cuts off" in note]
            result = driver.sync(wanted, journal=(notes := Notes()))
            again = driver.sync(wanted, journal=Notes())
        assert not result.problems
        assert not result.strange
        assert {ON_3, also} <= result.gained
        assert {ON_3, also} <= notes.ours, "it is told before it is sent"
        assert [line for line in running.config_lines if "switchport" in line] == [
            "switchport trunk allowed vlan 10,20,100"
        ]
        assert "switchport trunk allowed vlan 10,20,100" in section(running, PORT_3)
        assert again.sent == ()
        assert [PORT_3 in note for note in warned] == [True], "who plans it is told what it does to others"
        assert section(running, "GigabitEthernet1/0/4") == ["switchport mode trunk"]

    def test_what_is_not_ours_to_cut_stays_on_it(self, running: RunningSwitch) -> None:
        keeps = frozenset(map(Vid, (30, *range(2000, 4095))))
        with a_driver(running) as (driver, switch):
            wanted = intent(switch, VLAN, ON_3, restrict=True, keeps=keeps)
            result = driver.sync(wanted, journal=Notes())
            again = driver.sync(wanted, journal=Notes())
        assert not result.problems
        assert not result.strange
        assert result.gained == {VLAN, ON_3}
        assert "switchport trunk allowed vlan 10,30,100,2000-4094" in section(running, PORT_3)
        assert again.sent == ()

    def test_why_it_is_open_still_is_told(self, running: RunningSwitch) -> None:
        with a_driver(running) as (driver, switch):
            notes = driver.plan(intent(switch, VLAN, ON_3, why_open="somebody is silent")).notes
        assert f"port {PORT_3} carries every VLAN and is not restricted yet: somebody is silent" in notes

    def test_a_trunk_with_a_list_keeps_what_is_on_it(self, running: RunningSwitch) -> None:
        with a_driver(running) as (driver, switch):
            driver.sync(intent(switch, VLAN, ON_1, restrict=True), journal=Notes())
        assert "switchport trunk allowed vlan 10,100,200" in section(running, CHANNEL)


class TestPortFacts:
    @pytest.mark.parametrize(
        ("lines", "stations", "fits"),
        [
            ("switchport port-security", 2, False),
            ("switchport port-security\n switchport port-security maximum 3", 4, False),
            ("switchport port-security\n switchport port-security maximum 4", 4, True),
            ("switchport port-security maximum 1", 4, True),
        ],
    )
    def test_port_security_that_would_shut_the_port_down_is_told_first(
        self, running: RunningSwitch, lines: str, stations: int, *, fits: bool
    ) -> None:
        running.configure(f"interface {PORT_3}\n switchport trunk allowed vlan 100\n {lines}\nend")
        with a_driver(running) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_3, stations=stations), journal=Notes())
        if fits:
            assert not result.problems
        else:
            assert "port security lets" in result.problems[ON_3]
        assert ("switchport trunk allowed vlan 10,100" in section(running, PORT_3)) is fits

    def test_a_port_that_the_switch_shut_down_by_itself_gets_no_vlan(self, running: RunningSwitch) -> None:
        running.configure(f"interface {PORT_3}\n switchport trunk allowed vlan 100\nend")
        running.err_disable(PORT_3, "psecure-violation")
        with a_driver(running) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_3), journal=Notes())
        assert "err-disabled (psecure-violation)" in result.problems[ON_3]
        assert "switchport trunk allowed vlan 100" in section(running, PORT_3)

    def test_one_that_is_shut_down_with_the_vlan_on_it_is_told(self, running: RunningSwitch) -> None:
        running.err_disable(PORT_3, "bpduguard")
        with a_driver(running) as (driver, switch):
            notes = driver.plan(intent(switch, VLAN, ON_3)).notes
        assert any("err-disabled (bpduguard)" in note for note in notes)

    @pytest.mark.parametrize(
        ("line", "edge", "told"),
        [
            ("no shutdown", True, True),
            ("spanning-tree portfast", True, True),
            ("spanning-tree portfast trunk", True, False),
            ("spanning-tree portfast edge trunk", True, False),
            ("no shutdown", False, False),
        ],
    )
    def test_a_host_port_that_spanning_tree_holds_up_is_told(
        self, running: RunningSwitch, line: str, *, edge: bool, told: bool
    ) -> None:
        running.configure(f"interface {PORT_3}\n {line}\nend")
        with a_driver(running) as (driver, switch):
            notes = driver.plan(intent(switch, VLAN, ON_3, is_edge=edge)).notes
        assert any("portfast trunk" in note for note in notes) is told


class TestStrangers:
    RULE: ClassVar[dict[str, Any]] = {
        "peers": frozenset({"h1"}),
        "own_macs": frozenset({"02:00:00:00:00:aa"}),
        "is_edge": True,
    }

    def sync(self, running: RunningSwitch, **rule: Any) -> dict[Claim, str]:
        running.configure(f"interface {PORT_3}\n switchport trunk allowed vlan 100\nend")
        with a_driver(running) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_3, **{**self.RULE, **rule}), journal=Notes())
        opened = "switchport trunk allowed vlan 10,100" in section(running, PORT_3)
        assert opened is (ON_3 not in result.problems)
        return dict(result.problems)

    def test_a_vlan_is_not_opened_where_another_machine_answers(self, running: RunningSwitch) -> None:
        running.neighbors(
            Neighbor(port=PORT_3, system_name="core2.example.net", port_id="Te1/1/1", capabilities="B")
        )
        (cause,) = self.sync(running).values()
        assert (
            "core2.example.net answers on port GigabitEthernet1/0/3 by LLDP, the inventory says h1" in cause
        )

    def test_unless_it_is_forced(self, running: RunningSwitch) -> None:
        running.neighbors(Neighbor(port=PORT_3, system_name="core2", port_id="Te1/1/1"))
        assert not self.sync(running, peers=frozenset())

    @pytest.mark.parametrize(
        "neighbor",
        [
            Neighbor(port=PORT_3, system_name="h1", port_id="eth0"),
            Neighbor(port=PORT_3, system_name="H1.example.net", port_id="eth0"),
            Neighbor(port=PORT_3, system_name="else", port_id="eth0", chassis_id="0200.0000.00aa"),
            Neighbor(port=PORT_1, system_name="core2", port_id="Te1/1/1"),
        ],
        ids=["by name", "by name with a domain", "by its MAC", "at another port"],
    )
    def test_it_is_opened_where_the_declared_machine_answers(
        self, running: RunningSwitch, neighbor: Neighbor
    ) -> None:
        running.neighbors(neighbor)
        assert not self.sync(running)

    def test_and_where_nobody_does(self, running: RunningSwitch) -> None:
        assert not self.sync(running)

    def test_on_a_channel_its_members_are_asked(self, running: RunningSwitch) -> None:
        running.neighbors(Neighbor(port=PORT_2, system_name="core2", port_id="Te1/1/1"))
        with a_driver(running) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_1, ON_2, **self.RULE), journal=Notes())
        assert set(result.problems) == {ON_1, ON_2}
        assert "switchport trunk allowed vlan 100,200" in section(running, CHANNEL)


class TestManyPorts:
    """More ports than are asked for one by one."""

    PORTS = tuple(PortName(f"GigabitEthernet1/0/{number}") for number in range(5, 11))

    def sync(self, running: RunningSwitch) -> SwitchResult:
        for port in self.PORTS:
            running.configure(
                f"interface {port}\n switchport trunk allowed vlan 100\n switchport mode trunk\nend"
            )
        claims = [Carries(port=port, vlan=WEB) for port in self.PORTS]
        with a_driver(running) as (driver, switch):
            return driver.sync(intent(switch, VLAN, *claims, **TestStrangers.RULE), journal=Notes())

    def test_they_are_asked_about_at_once(self, running: RunningSwitch) -> None:
        running.neighbors(Neighbor(port=self.PORTS[2], system_name="core2", port_id="Te1/1/1"))
        result = self.sync(running)
        assert set(result.problems) == {Carries(port=self.PORTS[2], vlan=WEB)}
        assert "show lldp neighbors detail" in running.lines
        assert not [line for line in running.lines if line.startswith(f"show lldp neighbors {PORT_1}")]


class TestRevertTimer:
    def test_what_is_verified_is_confirmed(self, running: RunningSwitch) -> None:
        with a_driver(running, revert_minutes=5) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
        running.let_the_timer_end()
        assert not result.problems
        assert [line for line in running.lines if line.startswith("configure")] == [
            "configure terminal revert timer 5",
            "configure terminal",
            "configure confirm",
        ]
        assert "switchport trunk allowed vlan 10,100,200" in section(running, CHANNEL)

    def test_what_cannot_be_read_back_is_taken_back_by_the_switch(self, running: RunningSwitch) -> None:
        before = section(running, CHANNEL)
        running.set_faults(events=[{"matching": "^switchport trunk allowed vlan add", "do": "drop"}])
        with a_driver(running, revert_minutes=5) as (driver, switch), pytest.raises(TransientError) as error:
            driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
        assert error.value.retry_in_seconds == 5 * 60 + 10, "until then it shows what will not stay"
        running.set_faults()
        assert section(running, CHANNEL) != before
        running.let_the_timer_end()
        assert section(running, CHANNEL) == before
        assert "tl-web" not in running.show("show vlan brief")

    def test_what_changed_besides_is_not_confirmed(self, running: RunningSwitch) -> None:
        before = running.running_config

        class Meddling(Notes):
            def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
                super().after_write(operation, ok=ok, reply=reply)
                running.configure(f"interface {CHANNEL}\n switchport trunk allowed vlan add 300\nend")

        with a_driver(running, revert_minutes=5) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_1), journal=Meddling())
        assert "takes it back" in result.problems[ON_1]
        assert result.settles_in_seconds == 5 * 60 + 10
        assert not result.gained
        assert not result.verified
        running.let_the_timer_end()
        assert running.running_config == before

    def test_a_session_that_breaks_while_it_is_read_back_waits_for_the_switch_too(
        self, running: RunningSwitch
    ) -> None:
        class Falling(Notes):
            def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
                super().after_write(operation, ok=ok, reply=reply)
                running.set_faults(events=[{"matching": "^show", "do": "drop"}])

        with a_driver(running, revert_minutes=2) as (driver, switch), pytest.raises(TransientError) as error:
            driver.sync(intent(switch, VLAN), journal=Falling())
        assert error.value.retry_in_seconds == 2 * 60 + 10
        assert "takes back" in str(error.value)

    @pytest.mark.parametrize("meddles", [False, True])
    def test_what_was_sent_before_desired_state_moved_on_is_confirmed_only_when_it_is_right(
        self, running: RunningSwitch, *, meddles: bool
    ) -> None:
        class Moving(Notes):
            def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
                self.superseded = bool(self.begun)
                if self.superseded and meddles:
                    running.configure(f"interface {CHANNEL}\n switchport trunk allowed vlan add 300\nend")
                return super().before_write(lines, adding)

        expected = TransientError if meddles else Superseded
        with a_driver(running, revert_minutes=5) as (driver, switch), pytest.raises(expected):
            driver.sync(intent(switch, VLAN, ON_1), journal=Moving())
        running.let_the_timer_end()
        assert ("tl-web" in running.show("show vlan brief")) is not meddles
        assert "switchport trunk allowed vlan 100,200" in section(running, CHANNEL)

    def test_a_switch_without_an_archive_is_not_changed(self, running: RunningSwitch) -> None:
        running.configure("archive\n no path flash:before\nend")
        before = running.running_config
        with (
            a_driver(running, revert_minutes=5) as (driver, switch),
            pytest.raises(CommandRejected, match="configure `archive` with a path on it"),
        ):
            driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
        assert running.running_config == before

    def test_without_it_nothing_is_said_about_it(self, running: RunningSwitch) -> None:
        with a_driver(running) as (driver, switch):
            driver.sync(intent(switch, VLAN, ON_1), journal=Notes())
        assert not [line for line in running.lines if "revert" in line or "confirm" in line]


class TestKeeping:
    def test_what_was_there_is_kept_once_a_session_and_before_anything_is_sent(
        self, running: RunningSwitch
    ) -> None:
        with a_driver(running) as (driver, switch):
            nothing = Notes()
            driver.sync(intent(switch), journal=nothing)
            first, second = Notes(), Notes()
            driver.sync(intent(switch, VLAN, ON_1), journal=first)
            driver.sync(intent(switch, VLAN, absent=(ON_1,)), journal=second)
        assert nothing.kept == second.kept == []
        (text,) = first.kept
        assert f"! show running-config interface {CHANNEL}\n" in text
        assert "switchport trunk allowed vlan 100,200" in text
        assert "10,100" not in text


def test_the_switch_of_the_builders_has_none_of_it() -> None:
    switch = a_switch()
    assert (switch.revert_minutes, switch.patience, switch.jump) == (0, 1.0, None)


class TestTheWholeConfiguration:
    class Meddling(Notes):
        """Somebody types on a port that nobody reads, while something is written."""

        def __init__(self, running: RunningSwitch, lines: str) -> None:
            super().__init__()
            self.running, self.lines = running, lines

        def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
            super().after_write(operation, ok=ok, reply=reply)
            self.running.configure(self.lines)
            self.lines = "end"

    @pytest.mark.parametrize(
        ("lines", "shown"),
        [
            ("interface GigabitEthernet1/0/7\n description moved\nend", "description moved"),
            ("hostname sw1\nip domain name example.net\nend", "ip domain name example.net"),
            ("interface Vlan99\n ip address 10.99.0.1 255.255.255.0\nend", "interface Vlan99"),
        ],
    )
    def test_what_changes_anywhere_is_strange(self, running: RunningSwitch, lines: str, shown: str) -> None:
        with a_driver(running, compare="device") as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_1), journal=self.Meddling(running, lines))
        assert any(shown in each for each in result.strange), result.strange
        assert not result.verified

    def test_unless_nobody_compares_it(self, running: RunningSwitch) -> None:
        lines = "interface GigabitEthernet1/0/7\n description moved\nend"
        with a_driver(running) as (driver, switch):
            result = driver.sync(intent(switch, VLAN, ON_1), journal=self.Meddling(running, lines))
        assert not result.strange
        assert "show running-config" not in running.lines

    def test_what_was_asked_for_is_not(self, running: RunningSwitch) -> None:
        gateway = Gateway(vlan=WEB, addresses=(ip_interface("172.31.0.1/16"),))
        with a_driver(running, compare="device") as (driver, switch):
            up = driver.sync(intent(switch, VLAN, ON_1, gateway), journal=Notes())
            down = driver.sync(intent(switch, VLAN, absent=(ON_1, gateway)), journal=Notes())
        assert not up.strange
        assert not down.strange
        assert up.verified
        assert down.verified
        assert down.lost == {ON_1, gateway}
