"""The Open vSwitch dialect against a real one, with its own datapath, over a real sshd: frames cross as it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from pathlib import Path

import pytest

from tests.integration.switch.driving import Notes
from tests.linux_switch import (
    P1,
    P2,
    RULES,
    LinuxSwitch,
    a_linux_driver,
    a_linux_switch,
    crosses,
)
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.openvswitch import OpenVswitch
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

pytestmark = pytest.mark.root

WEB = Vid(10)
VLAN = HasVlan(vlan=WEB, name="tl-web")
ON_P1, ON_P2 = Carries(port=P1, vlan=WEB), Carries(port=P2, vlan=WEB)
GATEWAY = Gateway(vlan=WEB, addresses=(ip_interface("10.10.0.254/24"), ip_interface("fd00:10::ff/64")))
SENDER = "02:00:00:00:00:01"
SET_UP = (
    "ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev",
    "ovs-vsctl add-port br0 p1 -- set port p1 trunks=100",
    "ovs-vsctl add-port br0 p2 -- set port p2 trunks=4095",
    "ip link set dev br0 up",
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
    "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding",
)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[LinuxSwitch]:
    with a_linux_switch(tmp_path, *SET_UP, platform="openvswitch") as running:
        yield running


@pytest.fixture
def driver(machine: LinuxSwitch) -> Iterator[SwitchDriver]:
    with a_linux_driver(machine, OpenVswitch()) as opened:
        yield opened


def an_intent(
    machine: LinuxSwitch, *present: Claim, absent: tuple[Claim, ...] = (), adopt: bool = False, **own: str
) -> SwitchIntent:
    macs = frozenset(own.values())
    return SwitchIntent(
        switch=machine.inventory,
        generation=1,
        present=frozenset(present),
        absent=frozenset(absent),
        ports={port: replace(rule, adopt=adopt, own_macs=macs) for port, rule in RULES.items()},
    )


def trunks(machine: LinuxSwitch, port: str) -> str:
    return machine.run(f"ovs-vsctl get port {port} trunks").strip()


def test_frames_cross_only_while_both_ports_carry_the_vlan(
    machine: LinuxSwitch, driver: SwitchDriver
) -> None:
    assert not crosses(WEB)
    both = an_intent(machine, VLAN, ON_P1, ON_P2)

    first, again = driver.sync(both, journal=Notes()), driver.sync(both, journal=Notes())

    assert first.sent == (
        "ovs-vsctl --timeout=5 wait-until port p1 trunks!=[] -- add port p1 trunks 10",
        "ovs-vsctl --timeout=5 wait-until port p2 trunks!=[] -- add port p2 trunks 10",
    )
    assert first.gained == {ON_P1, ON_P2}
    assert first.verified
    assert not first.problems
    assert not first.unsaved
    assert again.sent == ()
    assert trunks(machine, "p1") == "[10, 100]"
    assert crosses(WEB)
    assert not crosses(100), "p2 does not carry it"

    gone = an_intent(machine, VLAN, ON_P2, absent=(ON_P1,))
    talking = driver.sync(gone, journal=Notes())
    assert talking.sent == ()
    assert SENDER in talking.problems[ON_P1]
    own = an_intent(machine, VLAN, ON_P2, absent=(ON_P1,), host=SENDER)
    result = driver.sync(own, journal=Notes())
    assert result.lost == {ON_P1}
    assert result.verified
    assert not crosses(WEB)


def test_the_last_vlan_of_a_port_goes_without_opening_it_to_every_vlan(
    machine: LinuxSwitch, driver: SwitchDriver
) -> None:
    machine.run("ovs-vsctl set port p1 trunks=10")
    driver.sync(an_intent(machine, ON_P2), journal=Notes())
    result = driver.sync(an_intent(machine, absent=(ON_P1,)), journal=Notes())
    assert result.lost == {ON_P1}
    assert trunks(machine, "p1") == "[4095]"
    assert not crosses(WEB)
    assert driver.sync(an_intent(machine, ON_P1), journal=Notes()).gained == {ON_P1}
    assert crosses(WEB)


def test_a_port_that_carries_every_vlan_is_left_alone(machine: LinuxSwitch, driver: SwitchDriver) -> None:
    machine.run("ovs-vsctl clear port p1 trunks")
    assert driver.sync(an_intent(machine, ON_P1), journal=Notes()).sent == ()
    result = driver.sync(an_intent(machine, absent=(ON_P1,)), journal=Notes())
    assert "carries every VLAN" in result.problems[ON_P1]
    assert trunks(machine, "p1") == "[]"


def test_a_port_that_was_opened_since_it_was_read_is_not_narrowed(
    machine: LinuxSwitch, driver: SwitchDriver
) -> None:
    class Opener(Notes):
        def before_write(self, lines: object, adding: object) -> str:
            del lines, adding
            machine.run("ovs-vsctl clear port p1 trunks")
            return "1"

    result = driver.sync(an_intent(machine, ON_P1), journal=Opener())
    assert "refused" in result.problems[ON_P1]
    assert trunks(machine, "p1") == "[]"


def test_an_access_port_becomes_a_trunk_only_where_it_is_adopted(
    machine: LinuxSwitch, driver: SwitchDriver
) -> None:
    machine.run("ovs-vsctl set port p1 tag=5 trunks=[]")
    refused = driver.sync(an_intent(machine, ON_P1, ON_P2), journal=Notes())
    assert "say adopt: true" in refused.problems[ON_P1]
    assert not crosses(WEB)

    result = driver.sync(an_intent(machine, ON_P1, ON_P2, adopt=True), journal=Notes())

    assert not result.problems
    assert result.verified
    assert machine.run("ovs-vsctl get port p1 tag vlan_mode").split() == ["5", "native-untagged"]
    assert crosses(WEB)


def test_a_gateway_is_a_port_of_the_switch_with_addresses(machine: LinuxSwitch, driver: SwitchDriver) -> None:
    wanted = an_intent(machine, VLAN, ON_P1, GATEWAY)
    first, again = driver.sync(wanted, journal=Notes()), driver.sync(wanted, journal=Notes())
    assert not first.problems
    assert GATEWAY in first.gained
    assert again.sent == ()
    assert "10.10.0.254/24" in machine.run("ip -br address show dev gl10")

    machine.run("ip neigh add 10.10.0.9 lladdr 02:00:00:00:00:09 dev gl10 nud reachable")
    there, nobody = (Neighbor(vlan=WEB, address=ip_address(text)) for text in ("10.10.0.9", "10.10.0.99"))
    assert driver.forget([there, nobody], journal=Notes()) == (
        "ip neigh del 10.10.0.9 dev gl10",
        "ip neigh del 10.10.0.99 dev gl10",
    )
    assert "10.10.0.9" not in machine.run("ip neigh show dev gl10")

    gone = driver.sync(an_intent(machine, VLAN, ON_P1, absent=(GATEWAY,)), journal=Notes())
    assert gone.lost == {GATEWAY}
    assert "gl10" not in machine.run("ovs-vsctl list-ports br0")


def test_a_name_that_is_none_reaches_neither_the_switch_nor_a_shell(
    machine: LinuxSwitch, driver: SwitchDriver
) -> None:
    port = PortName("p1;ovs-vsctl del-br br0")
    intent = an_intent(machine, Carries(port=port, vlan=WEB))
    rule = replace(RULES[P1], port=port, adopt=True)
    result = driver.sync(replace(intent, ports={port: rule}), journal=(notes := Notes()))
    assert "there is no port" in next(iter(result.problems.values()))
    assert notes.begun == []
    assert "br0" in machine.run("ovs-vsctl list-br")
    plan = driver.plan(an_intent(machine, ON_P1))
    assert any("forgets the addresses of gateways" in note for note in plan.notes)
