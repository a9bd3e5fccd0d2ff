"""A gateway forgets over real SSH what it is told to, and keeps everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from tests.integration.switch.driving import Notes, a_driver
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.orchestrator.errors import CommandRejected, GuardRefused, Superseded, TransientError
from trunkline.orchestrator.intents import Claim, Neighbor
from trunkline.orchestrator.vlans import Vid

GATEWAYS = """
ip routing
ipv6 unicast-routing
vlan 10
 exit
interface GigabitEthernet1/0/1
 switchport mode trunk
interface Vlan10
 ip address 172.31.0.1 255.255.0.0
 ipv6 address fd00:31::1/64
end
"""


def a_neighbor(address: str, vlan: int = 10) -> Neighbor:
    return Neighbor(vlan=Vid(vlan), address=ip_address(address))


NINE, NINE6 = a_neighbor("172.31.0.9"), a_neighbor("fd00:31::9")


@pytest.fixture
def running() -> Iterator[RunningSwitch]:
    with running_switch(startup_config=GATEWAYS) as switch:
        for last in (8, 9):
            for address in (f"172.31.0.{last}", f"fd00:31::{last}"):
                switch.resolve(address, interface="Vlan10", mac=f"0200.0000.000{last}", age_minutes=7)
        yield switch


def entries(running: RunningSwitch) -> set[str]:
    """Give the addresses whose MAC the switch knows, without its own."""
    tables = running.show("show ip arp") + "\n" + running.show("show ipv6 neighbors")
    words = [word for word in tables.lower().split() if word.endswith((":8", ":9", ".8", ".9"))]
    return {str(ip_address(word)) for word in words}


def cleared(running: RunningSwitch) -> list[str]:
    return [line for line in running.lines if line.startswith("clear")]


def test_an_entry_goes_and_the_others_stay(running: RunningSwitch) -> None:
    with a_driver(running) as (driver, _):
        taken = driver.forget([NINE, NINE6], journal=(notes := Notes()))
    assert taken == ("clear ip arp 172.31.0.9", "clear ipv6 neighbors interface Vlan10 ipv6 fd00:31::9")
    assert entries(running) == {"172.31.0.8", "fd00:31::8"}
    assert tuple(line for lines in notes.begun for line in lines) == taken
    assert notes.ended == [True, True]
    assert not notes.ours
    assert running.config_lines == []


def test_a_switch_that_knows_only_the_interface_clears_the_vlan(running: RunningSwitch) -> None:
    running.set_faults(
        events=[
            {"matching": "^clear ipv6.*::9", "do": "reject", "text": "% Invalid input detected", "times": 0}
        ]
    )
    with a_driver(running) as (driver, _):
        assert driver.forget([NINE6], journal=Notes()) == ("clear ipv6 neighbors interface Vlan10",)
    assert entries(running) == {"172.31.0.8", "172.31.0.9"}


def test_in_observe_mode_nothing_is_sent(running: RunningSwitch) -> None:
    with a_driver(running, mode="observe") as (driver, _):
        before = running.lines
        assert driver.forget([NINE], journal=(notes := Notes())) == ()
    assert running.lines == before
    assert notes.begun == []
    assert "172.31.0.9" in entries(running)


def test_a_refusal_is_an_error_with_the_line_and_the_switchs_words(running: RunningSwitch) -> None:
    running.set_faults(
        events=[{"matching": "^clear ip arp", "do": "reject", "text": "% Authorization failed."}]
    )
    with a_driver(running) as (driver, _):
        with pytest.raises(CommandRejected) as caught:
            driver.forget([NINE], journal=(notes := Notes()))
        assert driver.forget([NINE], journal=Notes()), "the session is still good"
    assert caught.value.line == "clear ip arp 172.31.0.9"
    assert "% Authorization failed." in caught.value.reply
    assert notes.ended == [False]


def test_a_switch_that_asks_back_gets_no_answer(running: RunningSwitch) -> None:
    running.set_faults(events=[{"matching": "^clear ip arp", "do": "confirm", "text": "Really?"}])
    with a_driver(running) as (driver, _), pytest.raises(TransientError, match="asks a question"):
        driver.forget([NINE], journal=(notes := Notes()))
    assert notes.ended == [False]
    assert "172.31.0.9" in entries(running)


@dataclass
class Witness(Notes):
    """A journal that looks whether the switch has heard anything yet."""

    running: RunningSwitch | None = None
    heard: list[list[str]] = field(default_factory=list)

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        assert self.running is not None
        self.heard.append(cleared(self.running))
        return super().before_write(lines, adding)


def test_the_journal_knows_before_the_switch_does(running: RunningSwitch) -> None:
    with a_driver(running) as (driver, _):
        taken = driver.forget([NINE, NINE6], journal=(witness := Witness(running=running)))
    assert witness.heard == [[], [taken[0]]]


def test_nothing_is_sent_when_desired_state_moved_on(running: RunningSwitch) -> None:
    with a_driver(running) as (driver, _), pytest.raises(Superseded):
        driver.forget([NINE], journal=Notes(superseded=True))
    assert cleared(running) == []


@pytest.mark.parametrize("command", ["show running-config interface Vlan10", "show ip arp"])
def test_an_answer_that_cannot_be_read_is_an_error(running: RunningSwitch, command: str) -> None:
    running.set_faults(events=[{"matching": command, "do": "reject", "text": "% Authorization failed."}])
    with a_driver(running) as (driver, _), pytest.raises(TransientError, match="cannot be read"):
        driver.forget([NINE], journal=Notes())
    assert bool(cleared(running)) is (command == "show ip arp")


def test_an_interface_that_is_not_there_has_nothing_to_forget(running: RunningSwitch) -> None:
    with a_driver(running) as (driver, _):
        assert driver.forget([a_neighbor("10.0.0.9", vlan=20)], journal=Notes()) == ()
    assert cleared(running) == []


def test_a_vlan_that_is_not_ours_is_left_alone(running: RunningSwitch) -> None:
    running.configure("interface Vlan1\n ip address 10.0.0.1 255.0.0.0\n no shutdown\nend")
    running.resolve("10.0.0.9", interface="Vlan1", mac="0200.0000.0001")
    with a_driver(running) as (driver, _), pytest.raises(GuardRefused, match="VLAN 1 "):
        driver.forget([NINE, a_neighbor("10.0.0.9", vlan=1)], journal=Notes())
    assert cleared(running) == []
    assert "10.0.0.9" in entries(running)


def test_a_difficult_terminal_changes_nothing(running: RunningSwitch) -> None:
    event = {
        "matching": "^clear",
        "do": "syslog",
        "text": "%LINK-3-UPDOWN: Interface Gi1/0/1, up",
        "times": 0,
    }
    with a_driver(running) as (driver, _):
        running.set_faults(bytewise=True, slow_ms=5, events=[event])
        assert len(driver.forget([NINE, NINE6], journal=Notes())) == 2
    assert entries(running) == {"172.31.0.8", "fd00:31::8"}
