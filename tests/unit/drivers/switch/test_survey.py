"""What is on a switch and in no claim."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

import pytest

from tests.builders import PORT_1, PORT_2, a_switch_intent
from trunkline.drivers.switch.state import GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.drivers.switch.survey import foreign
from trunkline.orchestrator.intents import Carries, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet


def found(state: SwitchState, intent: SwitchIntent | None = None) -> list[str]:
    return list(foreign(intent or a_switch_intent(), state))


def a_trunk(port: PortName = PORT_1, allowed: str = "10,100", native: int | None = 100) -> SwitchState:
    native_vlan = None if native is None else Vid(native)
    row = PortRow(port=port, mode="trunk", allowed=VlanSet.parse(allowed), native_vlan=native_vlan)
    return SwitchState(ports={port: row})


def test_a_vlan_that_no_claim_names_is_foreign_and_leftovers_of_ours_and_the_switchs_own_are_not() -> None:
    names = {1: "default", 10: "web", 30: "pr\x1b[31m", 31: "", 32: "tl-old", 1002: "fddi-default"}
    rows = {Vid(vlan): VlanRow(vlan=Vid(vlan), name=name, active=True) for vlan, name in names.items()}

    assert found(SwitchState(vlans=rows)) == ["VLAN 30 named pr\\x1b[31m", "VLAN 31"]


@pytest.mark.parametrize(
    ("state", "lines"),
    [
        (a_trunk(), []),
        (a_trunk(allowed="1,10,100,1002-1005"), []),
        (a_trunk(allowed="10,20-22,100"), [f"VLANs 20-22 on port {PORT_1}"]),
        (a_trunk(PORT_2, allowed="10"), [f"VLAN 10 on port {PORT_2}"]),
        (a_trunk(allowed="all"), [f"every VLAN on port {PORT_1}"]),
        (a_trunk(PortName("Te1/1/1"), allowed="20"), []),
    ],
)
def test_on_a_port_that_may_be_written_what_is_not_wanted_there_is_foreign(
    state: SwitchState, lines: list[str]
) -> None:
    assert found(state) == lines


@pytest.mark.parametrize(
    ("vlan", "lines"), [(20, [f"VLAN 20 untagged on port {PORT_1}"]), (1, []), (7, []), (None, [])]
)
def test_what_a_port_carries_untagged_is_foreign_unless_the_inventory_says_so(
    vlan: int | None, lines: list[str]
) -> None:
    access = None if vlan is None else Vid(vlan)
    row = PortRow(port=PORT_1, mode="access", allowed=VlanSet(), access_vlan=access)
    intent = a_switch_intent(ports={PORT_1: PortRule(port=PORT_1, native_vlan=Vid(7))})

    assert found(SwitchState(ports={PORT_1: row}), intent) == lines


def test_what_is_to_go_is_not_foreign() -> None:
    intent = a_switch_intent(absent=frozenset({Carries(port=PORT_1, vlan=Vid(20))}))

    assert found(a_trunk(allowed="10,20,21,100"), intent) == [f"VLAN 21 on port {PORT_1}"]


def test_a_secret_on_a_gateway_is_not_shown() -> None:
    row = GatewayRow(addresses=frozenset(), conflicts=(" standby 1 authentication s3cr3t",))

    assert found(SwitchState(gateways={(None, Vid(10)): row})) == [
        "standby 1 authentication <removed> on the gateway of VLAN 10"
    ]


def test_other_addresses_on_a_gateway_are_foreign() -> None:
    ours, theirs = ip_interface("172.31.0.1/16"), ip_interface("192.0.2.1/24")
    row = GatewayRow(addresses=frozenset({ours, theirs}), conflicts=(" ip address dhcp",))
    state = SwitchState(gateways={(None, Vid(10)): row})

    assert found(state) == [
        "192.0.2.1/24 on the gateway of VLAN 10",
        "ip address dhcp on the gateway of VLAN 10",
    ]
    own = replace(row, addresses=frozenset({ours}), conflicts=())
    assert found(SwitchState(gateways={(None, Vid(10)): own})) == []
    parent = PortName("GigabitEthernet0/0")
    assert found(SwitchState(gateways={(parent, Vid(10)): own})) == [
        f"{ours} on the gateway of VLAN 10 on {parent}"
    ]
