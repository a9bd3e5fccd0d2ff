"""Many ports are read with one question for all of them, and as one by one; the virtual switch answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.builders import a_switch
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_questions import FEW, INTERFACES, SWITCHPORTS
from trunkline.drivers.switch.dialect import Scope
from trunkline.drivers.switch.state import SwitchState
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

CONFIG = """
ip routing
vlan 10
 name tl-web
vlan 20
 name tl-db
interface Port-channel1
 switchport trunk allowed vlan 20
 switchport mode trunk
interface GigabitEthernet1/0/1
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100
 switchport mode trunk
interface GigabitEthernet1/0/2
 description sw1# interface GigabitEthernet1/0/1
 switchport access vlan 20
 switchport mode access
interface GigabitEthernet1/0/3
 no switchport
 ip address 10.9.9.1 255.255.255.0
interface GigabitEthernet1/0/4
 channel-group 1 mode active
interface Vlan10
 ip address 10.10.0.254 255.255.255.0
 no shutdown
interface Vlan20
 ip address 10.20.0.254 255.255.255.0
 ip address 10.21.0.254 255.255.255.0 secondary
 shutdown
end
"""
PORTS = (*(PortName(f"GigabitEthernet1/0/{number}") for number in range(1, 13)), PortName("Port-channel1"))
NOWHERE = PortName("GigabitEthernet9/0/9")
MANY = Scope(
    switch=a_switch(),
    vlans=frozenset({Vid(10)}),
    ports=(*PORTS, NOWHERE),
    gateways=((None, Vid(10)), (None, Vid(20)), (None, Vid(30))),
)
OLD = "                                       ^\n% Invalid input detected at '^' marker.\n"


@pytest.fixture
def running() -> Iterator[RunningSwitch]:
    with running_switch(startup_config=CONFIG) as switch:
        yield switch


def read(running: RunningSwitch, scope: Scope, *, old: bool = False) -> tuple[SwitchState, list[str]]:
    """Ask as the engine does; ``old``: the switch knows no sections."""
    dialect = CiscoIos()
    asked: list[str] = []

    def answer(command: str) -> str:
        asked.append(command)
        return OLD if old and command == INTERFACES else running.show(command)

    outputs = {}
    for query in dialect.queries(scope):
        outputs[query.command] = answer(query.command)
        assert query.answer.search(outputs[query.command]), query.command
    for query in dialect.more_queries(dict(outputs), scope):
        outputs[query.command] = answer(query.command)
    return dialect.parse(outputs, scope), asked


def one_by_one(running: RunningSwitch) -> SwitchState:
    """Read the same with questions for one port or gateway at a time."""
    whole, _ = read(running, replace(MANY, ports=(), gateways=()))
    for port in MANY.ports:
        state, _ = read(running, replace(MANY, ports=(port,), gateways=()))
        whole = replace(whole, ports={**whole.ports, **state.ports})
    state, _ = read(running, replace(MANY, ports=()))
    return replace(whole, gateways=state.gateways)


def test_many_ports_are_one_question_and_read_as_each_by_itself(running: RunningSwitch) -> None:
    state, asked = read(running, MANY)
    assert state == one_by_one(running)
    assert state.ports[PORTS[0]].allowed == VlanSet({Vid(100)})
    assert state.ports[PORTS[3]].channel == "Port-channel1"
    assert state.ports[NOWHERE].mode == "absent"
    assert len(state.gateways) == 2
    assert len(asked) == 6
    assert {SWITCHPORTS, INTERFACES} <= set(asked)


def test_a_release_that_knows_no_sections_is_asked_for_each(running: RunningSwitch) -> None:
    state, asked = read(running, MANY, old=True)
    assert state == one_by_one(running)
    assert f"show running-config interface {PORTS[0]}" in asked


def test_few_ports_are_asked_for_by_name(running: RunningSwitch) -> None:
    _, asked = read(running, replace(MANY, ports=PORTS[: FEW - 3]))
    assert not {SWITCHPORTS, INTERFACES} & set(asked)
