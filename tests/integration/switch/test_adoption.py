"""Making a port a trunk, over real SSH: what it carries stays, a refusal on the way puts it back, and it prunes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.builders import PORT_1, a_switch_intent
from tests.integration.switch.driving import Notes, a_driver
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.orchestrator.intents import Carries, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import Switch
from trunkline.orchestrator.vlans import Vid

WEB = Carries(port=PORT_1, vlan=Vid(10))
VLAN = HasVlan(vlan=Vid(10), name="tl-web")
ACCESS = " switchport access vlan 100\n switchport mode access\n"


def adopting(switch: Switch, **rule: object) -> SwitchIntent:
    return a_switch_intent(
        switch=switch,
        present=frozenset({VLAN, WEB}),
        ports={PORT_1: PortRule(port=PORT_1, adopt=True, **rule)},  # type: ignore[arg-type]  # the field's own type
    )


@contextmanager
def a_port(config: str) -> Iterator[RunningSwitch]:
    startup = f"vlan 100\n exit\nvlan 200\n exit\ninterface {PORT_1}\n{config}end\n"
    with running_switch(startup_config=startup) as running:
        yield running


def section(running: RunningSwitch) -> str:
    return running.show(f"show running-config interface {PORT_1}")


def test_an_adopted_port_carries_what_it_did_and_gives_the_vlan_back_later() -> None:
    with a_port(ACCESS) as running, a_driver(running) as (driver, switch):
        intent = adopting(switch)
        first = driver.sync(intent, journal=(notes := Notes()))
        assert first.verified
        assert not first.strange
        assert WEB in first.gained & notes.ours, "it is ours, or nobody would ever prune it"
        assert "switchport trunk allowed vlan 10,100" in section(running)
        gone = replace(intent, present=frozenset(), absent=frozenset({WEB}))
        assert driver.sync(gone, journal=Notes()).lost == {WEB}
        assert "switchport trunk allowed vlan 100\n" in section(running)
        assert "switchport mode trunk" in section(running)


@pytest.mark.parametrize(
    "line",
    [
        "switchport trunk native vlan 100",
        "switchport trunk allowed vlan 100",
        "switchport mode trunk",
        "switchport trunk allowed vlan add 10",
    ],
)
@pytest.mark.parametrize("config", [ACCESS, " switchport access vlan 100\n"], ids=["access", "dynamic"])
def test_a_line_refused_on_the_way_leaves_the_port_as_it_was(line: str, config: str) -> None:
    with a_port(config) as running, a_driver(running) as (driver, switch):
        before = section(running)
        running.set_faults(
            events=[{"matching": f"^ ?{line}$", "do": "reject", "text": "Command rejected: no", "times": 0}]
        )
        result = driver.sync(adopting(switch), journal=(notes := Notes()))
        assert "Command rejected: no" in result.problems[WEB]
        assert WEB not in result.gained
        assert not result.strange
        assert section(running) == before
        assert set(result.sent) <= {text for lines in notes.begun for text in lines}, (
            "all of it is in the audit"
        )


def test_a_port_that_cannot_be_put_back_is_told_and_not_verified() -> None:
    with a_port(ACCESS) as running, a_driver(running) as (driver, switch):
        running.set_faults(
            events=[
                {"matching": "allowed vlan add 10", "do": "reject", "text": "% No", "times": 0},
                {"matching": "switchport mode access", "do": "reject", "text": "% No", "times": 0},
            ]
        )
        result = driver.sync(adopting(switch), journal=Notes())
        assert WEB in result.problems
        assert "allowed vlan 100" in section(running), "it never carried more than it did"


@pytest.mark.parametrize(
    ("config", "rule", "words"),
    [
        (ACCESS, {"native_vlan": Vid(200)}, "cut off"),
        (" switchport access vlan 10\n switchport mode access\n", {}, "access VLAN"),
    ],
)
def test_a_port_with_somebody_on_it_who_would_be_cut_off_is_not_adopted(
    config: str, rule: dict[str, object], words: str
) -> None:
    with a_port(config) as running, a_driver(running) as (driver, switch):
        before = section(running)
        result = driver.sync(adopting(switch, **rule), journal=Notes())
        assert words in result.problems[WEB]
        assert section(running) == before
