"""The switch driver over real SSH against the virtual switch: right, or an error; never a silent success."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.builders import PORT_1, a_switch_intent
from tests.integration.switch.driving import Notes, a_driver, as_inventory
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.host_keys import scan_host_key
from trunkline.drivers.switch.login import connect
from trunkline.lab.switch.faults import Faults
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.orchestrator.errors import (
    HostKeyRefused,
    LoginRefused,
    OrchestratorError,
    Superseded,
    TransientError,
)
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import SecretRef
from trunkline.orchestrator.vlans import Vid

TRUNK = """
ip routing
ipv6 unicast-routing
interface GigabitEthernet1/0/1
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100
 switchport mode trunk
interface GigabitEthernet1/0/2
 switchport trunk allowed vlan 100,200-210
 switchport mode trunk
end
"""
WEB = Carries(port=PORT_1, vlan=Vid(10))


@pytest.fixture
def running() -> Iterator[RunningSwitch]:
    with running_switch(startup_config=TRUNK) as switch:
        yield switch


def test_it_sends_the_difference_once_and_then_nothing(running: RunningSwitch) -> None:
    with a_driver(running) as (driver, switch):
        intent = a_switch_intent(switch=switch)
        first, again = driver.sync(intent, journal=(notes := Notes())), driver.sync(intent, journal=Notes())
    assert not first.problems
    assert first.verified
    assert first.unsaved
    assert first.gained == intent.present
    assert [line.strip() for line in first.sent] == [
        "vlan 10",
        "name tl-web",
        "interface GigabitEthernet1/0/1",
        "switchport trunk allowed vlan add 10",
        "interface Vlan10",
        "ip address 172.31.0.1 255.255.0.0",
        "ipv6 address fd00:31::1/64",
        "no shutdown",
    ]
    assert tuple(line for lines in notes.begun for line in lines) == first.sent
    assert again.sent == ()
    assert not again.gained
    assert "switchport trunk allowed vlan 10,100" in running.running_config
    assert "switchport trunk allowed vlan 100,200-210" in running.running_config


def test_what_was_added_is_taken_away_and_the_rest_stays(running: RunningSwitch) -> None:
    before = running.show("show running-config interface GigabitEthernet1/0/1")
    with a_driver(running) as (driver, switch):
        driver.sync(a_switch_intent(switch=switch), journal=Notes())
        gone = a_switch_intent(switch=switch, present=frozenset(), absent=frozenset({WEB}))
        result = driver.sync(gone, journal=Notes())
    assert result.lost == {WEB}
    assert running.show("show running-config interface GigabitEthernet1/0/1") == before


def test_in_observe_mode_it_reads_and_sends_nothing(running: RunningSwitch) -> None:
    before = running.running_config
    with a_driver(running, mode="observe") as (driver, switch):
        result = driver.sync(a_switch_intent(switch=switch), journal=(notes := Notes()))
    assert result.plan.lines
    assert result.sent == ()
    assert notes.begun == []
    assert running.running_config == before


def test_a_vlan_stays_where_a_stranger_talks_or_somebody_needs_it_again(running: RunningSwitch) -> None:
    with a_driver(running) as (driver, switch):
        driver.sync(a_switch_intent(switch=switch), journal=Notes())
        gone = a_switch_intent(switch=switch, present=frozenset(), absent=frozenset({WEB}))
        kept = driver.sync(gone, journal=Notes(unneeded=False))
        assert WEB in kept.problems
        assert kept.sent == ()
        running.learn(port=PORT_1, vlan=10, mac="0200.0000.0001")
        in_use = driver.sync(gone, journal=Notes())
        assert "in use" in in_use.problems[WEB]
        own = replace(gone, ports={PORT_1: PortRule(port=PORT_1, own_macs=frozenset({"02:00:00:00:00:01"}))})
        assert driver.sync(own, journal=Notes()).lost == {WEB}


def test_an_access_port_is_not_converted_unless_it_may_be_adopted() -> None:
    config = "interface GigabitEthernet1/0/1\n switchport access vlan 100\n switchport mode access\nend\n"
    with (
        running_switch(startup_config="vlan 100\n" + config) as running,
        a_driver(running) as (driver, switch),
    ):
        intent = a_switch_intent(
            switch=switch, present=frozenset({HasVlan(vlan=Vid(10), name="tl-web"), WEB})
        )
        refused = driver.sync(intent, journal=Notes())
        assert "not a trunk" in refused.problems[WEB]
        assert "switchport mode access" in running.running_config
        adopted = driver.sync(
            replace(intent, ports={PORT_1: PortRule(port=PORT_1, adopt=True)}), journal=Notes()
        )
        assert not adopted.problems
        lines = [line.strip() for line in adopted.sent]
        assert lines.index("switchport trunk allowed vlan 100") < lines.index("switchport mode trunk")
        assert "switchport trunk allowed vlan 10,100" in running.running_config


def test_a_trunk_that_carries_everything_is_left_alone() -> None:
    config = "interface GigabitEthernet1/0/1\n switchport mode trunk\nend\n"
    with running_switch(startup_config=config) as running, a_driver(running) as (driver, switch):
        vlan = HasVlan(vlan=Vid(10), name="tl-web")
        result = driver.sync(a_switch_intent(switch=switch, present=frozenset({vlan, WEB})), journal=Notes())
        assert result.gained == {vlan}
        gone = a_switch_intent(switch=switch, present=frozenset(), absent=frozenset({WEB}))
        assert WEB in driver.sync(gone, journal=Notes()).problems
        assert "allowed vlan" not in running.running_config


def test_a_rejected_line_is_the_problem_of_its_claim_with_the_switchs_words(running: RunningSwitch) -> None:
    running.set_faults(
        events=[{"matching": "^ ?ip address", "do": "reject", "text": "% 172.31.0.0 overlaps with Vlan99"}]
    )
    with a_driver(running) as (driver, switch):
        intent = a_switch_intent(switch=switch)
        result = driver.sync(intent, journal=(notes := Notes()))
    (problem,) = result.problems.values()
    assert "overlaps with Vlan99" in problem
    assert WEB in result.gained
    assert result.verified, "what was refused is not there at all"
    assert False in notes.ended
    assert "interface Vlan10" not in running.running_config, "half a gateway is taken back"


def test_a_vlan_whose_name_another_one_has_gets_its_number_into_the_name(running: RunningSwitch) -> None:
    running.configure("vlan 9\n name tl-web\n exit\nvlan 11\n name tl-shop-12\nend")
    present = frozenset({HasVlan(vlan=Vid(10), name="tl-web"), HasVlan(vlan=Vid(12), name="tl-shop")})
    with a_driver(running) as (driver, switch):
        result = driver.sync(a_switch_intent(switch=switch, present=present), journal=Notes())
    assert not result.problems
    words = running.show("show vlan brief").split()
    assert {"tl-web-10", "tl-shop"} <= set(words)


def test_a_name_that_the_switch_refuses_is_told_in_its_words(running: RunningSwitch) -> None:
    running.configure("vlan 9\n name tl-web\n exit\nvlan 11\n name tl-web-10\nend")
    present = frozenset({HasVlan(vlan=Vid(10), name="tl-web")})
    with a_driver(running) as (driver, switch):
        result = driver.sync(a_switch_intent(switch=switch, present=present), journal=Notes())
    (problem,) = result.problems.values()
    assert "identical name" in problem


def test_a_refused_line_is_told_also_where_the_rest_of_its_block_did_the_work(
    running: RunningSwitch,
) -> None:
    running.set_faults(
        events=[{"matching": "^ ?name ", "do": "reject", "text": "% Bad VLAN name", "times": 0}]
    )
    vlan = HasVlan(vlan=Vid(10), name="tl-web")
    with a_driver(running) as (driver, switch):
        result = driver.sync(
            a_switch_intent(switch=switch, present=frozenset({vlan})), journal=(notes := Notes())
        )
    assert "% Bad VLAN name" in result.problems[vlan]
    assert vlan in result.gained & notes.ours, "it is there through us all the same"
    assert notes.ended == [False]


@pytest.mark.parametrize(
    "command", ["show vlan brief", "show vtp status", "switchport$", "interface Vlan10", "include routing"]
)
def test_an_answer_that_cannot_be_read_is_an_error_and_nothing_is_sent(
    running: RunningSwitch, command: str
) -> None:
    running.set_faults(
        events=[{"matching": command, "do": "reject", "text": "% Authorization failed.", "times": 0}]
    )
    with (
        a_driver(running) as (driver, switch),
        pytest.raises(TransientError, match="cannot be read: '% Authorization failed"),
    ):
        driver.sync(a_switch_intent(switch=switch), journal=Notes())
    assert running.config_lines == []


def test_half_a_gateway_that_cannot_be_taken_back_is_not_verified(running: RunningSwitch) -> None:
    running.set_faults(
        events=[
            {"matching": "ipv6 address", "do": "reject", "text": "% Invalid input", "times": 0},
            {"matching": "no interface Vlan10", "do": "reject", "text": "% Busy", "times": 0},
        ]
    )
    with a_driver(running) as (driver, switch):
        result = driver.sync(a_switch_intent(switch=switch), journal=Notes())
    assert "interface Vlan10" in running.running_config
    assert result.problems
    assert not result.verified


def test_an_interface_that_somebody_made_gets_our_address_and_is_not_ours(running: RunningSwitch) -> None:
    running.configure("interface Vlan10\n ip address 172.31.0.1 255.255.0.0\n no shutdown\nend")
    with a_driver(running) as (driver, switch):
        intent = a_switch_intent(switch=switch)
        result = driver.sync(intent, journal=(notes := Notes()))
    assert not result.problems
    (gateway,) = (claim for claim in intent.present if isinstance(claim, Gateway))
    assert gateway not in result.gained | notes.ours
    assert WEB in notes.ours
    assert "ipv6 address FD00:31::1/64" in running.running_config


def test_nothing_is_sent_when_desired_state_moved_on(running: RunningSwitch) -> None:
    before = running.running_config
    with a_driver(running) as (driver, switch), pytest.raises(Superseded):
        driver.sync(a_switch_intent(switch=switch), journal=Notes(superseded=True))
    assert running.running_config == before


@pytest.mark.parametrize("line", range(14, 26))
def test_a_session_that_drops_is_an_error_and_the_next_one_finishes(
    running: RunningSwitch, line: int
) -> None:
    running.set_faults(events=[{"line": line, "do": "drop"}])
    with a_driver(running) as (driver, switch):
        intent = a_switch_intent(switch=switch)
        try:
            driver.sync(intent, journal=Notes())
        except OrchestratorError:
            pass
        else:
            running.set_faults()
    running.set_faults()
    with a_driver(running) as (driver, switch):
        assert not driver.sync(intent, journal=Notes()).problems
        assert not driver.plan(intent).changes


@pytest.mark.parametrize(
    "faults",
    [
        {"bytewise": True},
        {
            "events": [
                {
                    "matching": "switchport trunk",
                    "do": "syslog",
                    "text": "%LINK-3-UPDOWN: Interface Gi1/0/1, up",
                }
            ]
        },
        {
            "events": [
                {"matching": "show vlan", "do": "syslog", "text": "%LINK-3-UPDOWN: Interface Gi1/0/1, up"}
            ]
        },
        {"events": [{"matching": "show interfaces", "do": "garbage"}]},
        {"slow_ms": 5},
    ],
)
def test_a_difficult_terminal_changes_nothing(running: RunningSwitch, faults: dict[str, object]) -> None:
    with a_driver(running) as (driver, switch):
        running.set_faults(Faults.model_validate(faults))
        intent: SwitchIntent = a_switch_intent(switch=switch)
        result = driver.sync(intent, journal=Notes())
        running.set_faults()
        assert not result.problems
        assert not driver.plan(intent).changes


@pytest.mark.parametrize("do", ["leave_config", "confirm"])
def test_a_session_that_leaves_its_mode_or_asks_is_dropped(running: RunningSwitch, do: str) -> None:
    with a_driver(running) as (driver, switch):
        running.set_faults(events=[{"matching": "^ ?switchport trunk allowed", "do": do}])
        with pytest.raises(OrchestratorError):
            driver.sync(a_switch_intent(switch=switch), journal=Notes())


def test_saving_is_confirmed_by_the_switch(running: RunningSwitch) -> None:
    with a_driver(running) as (driver, switch):
        driver.sync(a_switch_intent(switch=switch), journal=Notes())
        assert "tl-web" not in running.startup_config
        driver.save()
    assert "interface Vlan10" in running.startup_config


def test_the_host_key_can_be_read_without_logging_in(running: RunningSwitch) -> None:
    key = scan_host_key(as_inventory(running))
    assert f"{key.type} {key.base64}" == " ".join(running.host_key.split()[:2])
    assert key.fingerprint.startswith("SHA256:")
    assert running.logins == 0


def test_no_password_goes_to_an_unknown_or_changed_host_key(running: RunningSwitch) -> None:
    asked: list[SecretRef] = []

    def secret(ref: SecretRef) -> str:
        asked.append(ref)
        return running.password

    with pytest.raises(HostKeyRefused):
        connect(as_inventory(running, host_key=None), GRAMMAR, secrets=secret)
    assert asked == []
    pinned = as_inventory(running)
    running.change_host_key()
    with pytest.raises(HostKeyRefused):
        connect(pinned, GRAMMAR, secrets=secret)
    assert running.logins == 0
    assert running.refused == 0, "nobody tried a password"


def test_a_refused_login_is_tried_once(running: RunningSwitch) -> None:
    with pytest.raises(LoginRefused):
        connect(as_inventory(running), GRAMMAR, secrets=lambda _: "wrong")
    assert running.refused <= 1
