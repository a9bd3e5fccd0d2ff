"""What is true of a switch, what stands in the way, what must stay: the comparison, without any device."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

import pytest

from tests.builders import PORT_1, a_switch_intent
from trunkline.drivers.switch.claims import Change, diff, holds, is_gone
from trunkline.drivers.switch.obstacles import remarks, why_not_add, why_not_remove
from trunkline.drivers.switch.state import Facts, GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.drivers.switch.untouched import untouched
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

WEB = Carries(port=PORT_1, vlan=Vid(10))
VLAN = HasVlan(vlan=Vid(10), name="tl-web")
PARENT = PortName("GigabitEthernet0/0")
OURS = ip_interface("172.31.0.1/16")
SVI = Gateway(vlan=Vid(10), addresses=(OURS,))
STICK = replace(SVI, parent=PARENT)


def a_row(**changes: Any) -> PortRow:
    row = PortRow(port=PORT_1, mode="trunk", allowed=VlanSet([10, 100]), native_vlan=Vid(100))
    return replace(row, **changes)


def a_state(*, port: PortRow | None = None, gateway: GatewayRow | None = None, **changes: Any) -> SwitchState:
    state = SwitchState(
        vlans={Vid(10): VlanRow(vlan=Vid(10), name="tl-web", active=True)},
        ports={} if port is None else {PORT_1: port},
        gateways={} if gateway is None else {(None, Vid(10)): gateway},
    )
    return replace(state, **changes)


@pytest.mark.parametrize(
    ("row", "holding", "gone"),
    [
        (a_row(), True, False),
        (a_row(allowed=VlanSet([100])), False, True),
        (a_row(mode="access", allowed=VlanSet.every()), False, True),
        (a_row(mode="dynamic", allowed=VlanSet.every()), False, True),
        (a_row(mode="dynamic", negotiated=True), False, False),
        (None, False, True),
    ],
)
def test_a_port_carries_a_vlan_only_while_it_is_a_trunk(
    row: PortRow | None, *, holding: bool, gone: bool
) -> None:
    state = a_state(port=row)
    assert holds(WEB, state) is holding
    assert is_gone(WEB, state) is gone


@pytest.mark.parametrize(
    ("row", "rule", "words"),
    [
        (a_row(mode="access", access_vlan=Vid(5)), PortRule(port=PORT_1), "adopt: true"),
        (a_row(mode="special", shown_mode="tunnel"), PortRule(port=PORT_1, adopt=True), "mode tunnel"),
        (
            a_row(mode="access", access_vlan=Vid(5), voice_vlan=Vid(6)),
            PortRule(port=PORT_1, adopt=True),
            "phone",
        ),
        (
            a_row(mode="access", access_vlan=Vid(5)),
            PortRule(port=PORT_1, adopt=True, native_vlan=Vid(100)),
            "cut off",
        ),
        (
            a_row(mode="dynamic", negotiated=True, allowed=VlanSet(), native_vlan=Vid(7)),
            PortRule(port=PORT_1, adopt=True, native_vlan=Vid(100)),
            "carries VLAN 7 untagged",
        ),
        (a_row(mode="access", access_vlan=Vid(10)), PortRule(port=PORT_1, adopt=True), "access VLAN"),
        (a_row(native_vlan=Vid(10)), PortRule(port=PORT_1, adopt=True), "native VLAN"),
        (a_row(mode="routed"), PortRule(port=PORT_1, adopt=True), "routed"),
        (a_row(mode="absent"), PortRule(port=PORT_1, adopt=True), "there is no port"),
        (
            a_row(mode="access", channel=PortName("Port-channel1")),
            PortRule(port=PORT_1, adopt=True),
            "member of",
        ),
        (a_row(), None, "protected"),
        (a_row(mode="access", access_vlan=Vid(5)), PortRule(port=PORT_1, adopt=True, native_vlan=Vid(5)), ""),
        (a_row(mode="dynamic", access_vlan=Vid(5)), PortRule(port=PORT_1, adopt=True), ""),
    ],
)
def test_what_stands_in_the_way_of_a_trunk(row: PortRow, rule: PortRule | None, words: str) -> None:
    intent = a_switch_intent(ports={} if rule is None else {PORT_1: rule})
    cause = why_not_add(WEB, intent, a_state(port=row))
    assert words in cause
    assert bool(words) is bool(cause)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (Facts(vtp_mode="client"), "client"),
        (Facts(vtp_mode="server", vtp_version=3), "primary server"),
        (Facts(vtp_mode="server", vtp_version=3, vtp_primary=True), ""),
        (Facts(vtp_mode="server", vtp_version=2), ""),
        (Facts(most_vlans=1), "all the 1 VLANs"),
    ],
)
def test_what_stands_in_the_way_of_a_vlan(facts: Facts, words: str) -> None:
    cause = why_not_add(replace(VLAN, vlan=Vid(20)), a_switch_intent(), a_state(facts=facts))
    assert words in cause
    assert bool(words) is bool(cause)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (GatewayRow(addresses=frozenset(), tagged=Vid(11)), "belongs to VLAN 11"),
        (GatewayRow(addresses=frozenset(), conflicts=(" encapsulation dot1Q 10 native",)), "native"),
        (GatewayRow(addresses=frozenset(), tagged=Vid(10), conflicts=(" ip address dhcp",)), "dhcp"),
        (GatewayRow(addresses=frozenset(), tagged=Vid(10)), ""),
    ],
)
def test_what_stands_in_the_way_of_a_sub_interface(row: GatewayRow, words: str) -> None:
    state = a_state(gateways={(PARENT, Vid(10)): row})
    cause = why_not_add(STICK, a_switch_intent(), state)
    assert words in cause
    assert bool(words) is bool(cause)


def test_a_switch_that_cannot_hold_a_gateway_says_why() -> None:
    state = a_state(facts=Facts(no_gateways="the feature is off; configure it by hand"))
    claim = Gateway(vlan=Vid(10), addresses=(ip_interface("10.0.0.1/24"),))
    assert why_not_add(claim, a_switch_intent(), state) == "the feature is off; configure it by hand"


def test_a_sub_interface_does_not_work_while_its_parent_is_down() -> None:
    row = GatewayRow(addresses=frozenset({OURS}), tagged=Vid(10))
    state = a_state(gateways={(PARENT, Vid(10)): row})
    assert holds(STICK, state)
    down = replace(state, down={PARENT: "interface GigabitEthernet0/0 is shut down"})
    assert not holds(STICK, down)
    assert "shut down" in why_not_add(STICK, a_switch_intent(), down)


@pytest.mark.parametrize(
    ("claim", "row", "words"),
    [
        (SVI, GatewayRow(addresses=frozenset({OURS})), ""),
        (SVI, GatewayRow(addresses=frozenset({OURS, ip_interface("10.0.0.1/24")})), "10.0.0.1/24"),
        (replace(SVI, addresses=()), GatewayRow(addresses=frozenset({OURS})), "172.31.0.1/16"),
        (SVI, GatewayRow(addresses=frozenset({OURS}), others=(" ip helper-address 10.0.0.9",)), "helper"),
        (SVI, GatewayRow(addresses=frozenset(), conflicts=(" ip address dhcp",)), "dhcp"),
        (replace(SVI, addresses=()), GatewayRow(addresses=frozenset()), ""),
    ],
)
def test_a_gateway_with_something_of_somebody_else_stays(claim: Gateway, row: GatewayRow, words: str) -> None:
    cause = why_not_remove(claim, a_switch_intent(), a_state(gateway=row))
    assert words in cause
    assert bool(words) is bool(cause)


def test_a_secret_among_what_is_somebody_elses_is_not_shown() -> None:
    row = GatewayRow(addresses=frozenset({OURS}), others=(" ip ospf message-digest-key 1 md5 7 s3cr3t",))

    cause = why_not_remove(SVI, a_switch_intent(), a_state(gateway=row))

    assert "'ip ospf message-digest-key <removed>'" in cause


def added(*claims: Carries | HasVlan | Gateway) -> list[Change]:
    return [Change(op="add", claim=claim) for claim in claims]


@pytest.mark.parametrize(
    ("before", "after", "strange"),
    [
        (a_row(allowed=VlanSet([100])), a_row(), []),
        (a_row(allowed=VlanSet([100])), a_row(allowed=VlanSet([100])), []),
        (a_row(allowed=VlanSet([100])), a_row(allowed=VlanSet([10, 11, 100])), ["VLANs 11"]),
        (a_row(allowed=VlanSet([100, 200])), a_row(), ["VLANs 200"]),
        (a_row(), a_row(native_vlan=Vid(1)), ["native"]),
        (a_row(), a_row(mode="access"), ["mode"]),
        (a_row(), a_row(others=(" shutdown",)), ["shutdown"]),
        (a_row(others=(" description x",)), a_row(), ["description x"]),
        (
            a_row(mode="access", access_vlan=Vid(100), native_vlan=Vid(1), allowed=VlanSet.every()),
            a_row(access_vlan=Vid(100)),
            [],
        ),
        (
            a_row(mode="access", access_vlan=Vid(100), native_vlan=Vid(1), allowed=VlanSet.every()),
            a_row(access_vlan=Vid(100), allowed=VlanSet.every()),
            ["VLANs 1-9,11-99,101-4094"],
        ),
        (
            a_row(mode="access", access_vlan=Vid(100), native_vlan=Vid(1), allowed=VlanSet.every()),
            a_row(access_vlan=Vid(100), native_vlan=Vid(1)),
            ["native"],
        ),
        (
            a_row(mode="access", access_vlan=Vid(100), native_vlan=Vid(1), allowed=VlanSet.every()),
            a_row(mode="access", access_vlan=Vid(100), native_vlan=Vid(1), allowed=VlanSet.every()),
            [],
        ),
        (a_row(mode="dynamic", negotiated=True), a_row(), []),
        (a_row(mode="dynamic", negotiated=True), a_row(allowed=VlanSet([10])), ["VLANs 100"]),
    ],
)
def test_whatever_changed_on_a_port_without_being_asked_for_is_named(
    before: PortRow, after: PortRow, strange: list[str]
) -> None:
    found = list(untouched(a_state(port=before), a_state(port=after), added(WEB)))
    assert len(found) == len(strange)
    assert all(words in line for words, line in zip(strange, found, strict=True))


def test_vlans_and_gateways_that_nobody_asked_for_are_named() -> None:
    row = GatewayRow(addresses=frozenset({OURS}))
    before = a_state(gateway=row)
    other = VlanRow(vlan=Vid(77), name="x", active=True)
    assert list(untouched(before, replace(before, vlans={**before.vlans, Vid(77): other}), added(VLAN)))
    assert list(untouched(before, replace(before, gateways={}), added(VLAN)))
    assert not list(untouched(replace(before, gateways={}), before, added(SVI)))
    acl = a_state(gateway=replace(row, others=(" ip access-group 1 in",)))
    assert "access-group" in "".join(untouched(before, acl, added(SVI)))


def test_the_native_vlan_of_a_trunk_that_is_not_as_declared_is_told_and_left() -> None:
    intent = a_switch_intent(
        present=frozenset({WEB}), ports={PORT_1: PortRule(port=PORT_1, native_vlan=Vid(200))}
    )
    assert "native VLAN 100" in "".join(remarks(intent, a_state(port=a_row())))
    assert diff(intent, a_state(port=a_row())) == ((), {})
    right = replace(intent, ports={PORT_1: PortRule(port=PORT_1, native_vlan=Vid(100))})
    assert not list(remarks(right, a_state(port=a_row())))


TAKES_TAGS = a_row(
    mode="access", takes_tags=True, allowed=VlanSet([100]), access_vlan=Vid(100), shown_mode="untagged"
)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PortRule(port=PORT_1), "say adopt"),
        (PortRule(port=PORT_1, native_vlan=Vid(7)), "say adopt"),
        (PortRule(port=PORT_1, adopt=True, native_vlan=Vid(7)), "cut off"),
        (PortRule(port=PORT_1, adopt=True), ""),
        (PortRule(port=PORT_1, native_vlan=Vid(100)), ""),
    ],
)
def test_a_port_without_a_mode_takes_a_tag_where_it_is_adopted_or_as_the_uplink_says(
    rule: PortRule, words: str
) -> None:
    intent = a_switch_intent(ports={PORT_1: rule})
    cause = why_not_add(WEB, intent, a_state(port=TAKES_TAGS))
    assert words in cause
    assert bool(words) is bool(cause)


def test_a_port_that_has_a_mode_is_not_adopted_because_its_vlan_is_as_the_uplink_says() -> None:
    intent = a_switch_intent(ports={PORT_1: PortRule(port=PORT_1, native_vlan=Vid(100))})
    assert "say adopt" in why_not_add(WEB, intent, a_state(port=replace(TAKES_TAGS, takes_tags=False)))


def test_the_mode_of_a_port_that_has_none_of_its_own_follows_its_tags() -> None:
    tagged = replace(TAKES_TAGS, mode="trunk", shown_mode="", allowed=VlanSet([10, 100]))
    bare, full = a_state(port=TAKES_TAGS), a_state(port=tagged)
    assert not list(untouched(bare, full, [Change(op="add", claim=WEB)]))
    assert not list(untouched(full, bare, [Change(op="remove", claim=WEB)]))
    assert list(untouched(full, bare, []))
    moved = a_state(port=replace(tagged, native_vlan=Vid(7)))
    assert list(untouched(bare, moved, [Change(op="add", claim=WEB)]))
    own = [replace(row, takes_tags=False) for row in (tagged, TAKES_TAGS)]
    assert list(untouched(a_state(port=own[0]), a_state(port=own[1]), [Change(op="remove", claim=WEB)]))


@pytest.mark.parametrize(
    ("allowed", "opens", "kept"),
    [([10], True, True), ([10], False, False), ([10, 20], True, False), ([10, 30], True, True)],
)
def test_the_last_vlan_of_a_trunk_that_would_open_is_kept(
    allowed: list[int], *, opens: bool, kept: bool
) -> None:
    leaving = frozenset({WEB, Carries(port=PORT_1, vlan=Vid(30))})
    intent = a_switch_intent(present=frozenset(), absent=leaving)
    state = a_state(port=a_row(allowed=VlanSet(allowed), opens_when_empty=opens))
    assert bool(why_not_remove(WEB, intent, state)) is kept


@pytest.mark.parametrize(
    ("row", "converted"),
    [
        (TAKES_TAGS, False),
        (replace(TAKES_TAGS, takes_tags=False), True),
        (a_row(), False),
        (a_row(mode="dynamic"), True),
    ],
)
def test_a_port_that_is_no_trunk_is_converted_first_unless_it_takes_tags(
    row: PortRow, *, converted: bool
) -> None:
    assert row.is_converted_first is converted
