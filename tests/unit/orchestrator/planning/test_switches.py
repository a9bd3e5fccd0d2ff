"""Promises I3, I4, I5, I8, I11 and I12 of the switch planner, on one switch and on random networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_interface
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import PORT_1, PORT_2, a_host, a_segment, a_subnet, a_switch, an_inventory
from trunkline.orchestrator.errors import ConfigError, GuardRefused
from trunkline.orchestrator.intents import Attachment, Carries, Gateway, HasVlan, HostReport, SwitchIntent
from trunkline.orchestrator.models import (
    HostName,
    Inventory,
    Limits,
    Link,
    PortName,
    RouterGateway,
    Rule,
    SegmentName,
    SviGateway,
    SwitchName,
    Uplink,
)
from trunkline.orchestrator.planning import TooManyRemovals, owned_key, path, switch_intent
from trunkline.orchestrator.vlans import RESERVED, Vid, VlanSet

NOW, STALE = 10_000.0, 120.0
H1, H2, SW1 = HostName("h1"), HostName("h2"), SwitchName("sw1")
WEB, DB = SegmentName("web"), SegmentName("db")
VLAN = Vid(10)
GATEWAYS = (ip_interface("172.31.0.1/16"), ip_interface("fd00:31::1/64"))
ON_1 = f"carries:{PORT_1}:10"


def an_attachment(host: str = "h1", segment: str = "web", **changes: Any) -> Attachment:
    attachment = Attachment(
        host=HostName(host), segment=SegmentName(segment), holders=frozenset({"container:1"}), state="ready"
    )
    return replace(attachment, **changes)


def a_drained(host: str = "h1", segment: str = "web", drain_at: float = NOW - 1) -> Attachment:
    return an_attachment(host, segment, holders=frozenset(), state="draining", drain_at=drain_at)


def a_report(host: str, age: float = 1, **changes: Any) -> HostReport:
    return replace(HostReport(host=HostName(host), reported_at=NOW - age), **changes)


def plan(inventory: Inventory | None = None, switch: str = "sw1", **changes: Any) -> SwitchIntent:
    given_facts: dict[str, Any] = {
        "attachments": (),
        "owned": frozenset({ON_1}),
        "reports": {host: a_report(host) for host in (H1, H2)},
        "now": NOW,
        "stale_after_seconds": STALE,
        "generation": 7,
    }
    return switch_intent(inventory or an_inventory(), switch=SwitchName(switch), **given_facts | changes)


def test_one_holder_brings_vlan_gateway_and_its_port_and_nothing_else() -> None:
    intent = plan(attachments=[an_attachment()], owned=frozenset())
    assert intent.present == {
        HasVlan(vlan=VLAN, name="tl-web"),
        Carries(port=PORT_1, vlan=VLAN),
        Gateway(vlan=VLAN, addresses=GATEWAYS),
    }
    assert (intent.absent, intent.generation, intent.switch.name) == (frozenset(), 7, "sw1")


def test_nobody_needs_anything_so_nothing_is_present() -> None:
    assert plan(owned=frozenset()).present == frozenset()


def test_a_port_is_pruned_when_grace_is_over_and_a_fresh_report_shows_the_link_gone() -> None:
    intent = plan(attachments=[a_drained()])
    assert intent.absent == {Carries(port=PORT_1, vlan=VLAN)}
    assert intent.present == frozenset()


def test_pruning_keeps_the_vlan_and_its_gateway() -> None:
    owned = frozenset({ON_1, "vlan:10", "gateway:Vlan:10"})
    assert {owned_key(claim) for claim in plan(attachments=[a_drained()], owned=owned).absent} == {ON_1}


def test_inside_the_grace_the_port_stays_as_if_held() -> None:
    inside = plan(attachments=[a_drained(drain_at=NOW + 1)])
    assert Carries(port=PORT_1, vlan=VLAN) in inside.present
    assert not inside.absent


def test_the_grace_ends_on_the_second() -> None:
    assert plan(attachments=[a_drained(drain_at=NOW)]).absent


@pytest.mark.parametrize(
    "report",
    [
        None,
        a_report("h1", age=STALE + 1),
        a_report("h1", age=-STALE - 1),
        a_report("h1", links=frozenset({WEB})),
        a_report("h1", networks=frozenset({WEB})),
    ],
    ids=["missing", "stale", "from the future", "link still there", "network still there"],
)
def test_without_fresh_proof_the_port_keeps_its_vlan(report: HostReport | None) -> None:
    reports = {H2: a_report("h2")} | ({} if report is None else {H1: report})
    intent = plan(attachments=[a_drained()], reports=reports)
    assert not intent.absent
    assert not intent.present


def test_a_report_is_fresh_up_to_the_limit() -> None:
    assert plan(attachments=[a_drained()], reports={H1: a_report("h1", age=STALE)}).absent


def test_the_silence_of_one_host_does_not_keep_the_port_of_another() -> None:
    assert plan(attachments=[a_drained()], reports={H1: a_report("h1")}).absent


def test_a_record_without_holders_whose_grace_never_started_proves_nothing() -> None:
    odd = an_attachment(holders=frozenset(), state="ready", drain_at=None)
    intent = plan(attachments=[odd])
    assert not intent.absent
    assert not intent.present


def test_what_somebody_else_added_is_not_ours_to_remove() -> None:
    assert not plan(attachments=[a_drained()], owned=frozenset()).absent


def test_an_always_segment_is_on_the_ports_of_all_hosts_the_policy_lets_in_and_only_those() -> None:
    inventory = an_inventory(
        segments={WEB: a_segment(trunk="always")},
        policy=(Rule(hosts=frozenset({"h1"}), segments=frozenset({"web"})),),
    )
    ports = {each.port for each in plan(inventory).present if isinstance(each, Carries)}
    assert ports == {PORT_1}


def test_a_host_the_policy_no_longer_lets_in_keeps_what_it_holds() -> None:
    intent = plan(an_inventory(policy=()), attachments=[an_attachment()])
    assert Carries(port=PORT_1, vlan=VLAN) in intent.present


def test_the_router_gets_a_sub_interface_and_the_switch_the_cable_to_it() -> None:
    inventory = _on_a_stick()
    attachments = [an_attachment()]
    router = plan(inventory, "r1", attachments=attachments, owned=frozenset())
    gateway = Gateway(
        vlan=VLAN,
        addresses=GATEWAYS,
        parent=PortName("GigabitEthernet0/0"),
    )
    assert router.present == {gateway}
    assert set(router.ports) == {"GigabitEthernet0/0"}
    switch = plan(inventory, "sw1", attachments=attachments)
    assert {each.port for each in switch.present if isinstance(each, Carries)} == {PORT_1, "t1"}
    assert not any(isinstance(each, Gateway) for each in switch.present)


def _on_a_stick(**changes: Any) -> Inventory:
    interface = PortName("GigabitEthernet0/0")
    return an_inventory(
        switches={
            SW1: a_switch(kind="l2switch"),
            SwitchName("r1"): a_switch("r1", kind="router"),
        },
        links=(Link(ends=((SW1, PortName("t1")), (SwitchName("r1"), interface)), adopt=True),),
        segments={
            WEB: a_segment(gateway=RouterGateway(router=SwitchName("r1"), interface=interface), **changes)
        },
    )


def test_the_cable_to_the_router_stays_while_another_host_holds_the_segment() -> None:
    owned = frozenset({"carries:t1:10", ON_1})
    intent = plan(_on_a_stick(), attachments=[a_drained("h1"), an_attachment("h2")], owned=owned)
    assert {owned_key(claim) for claim in intent.absent} == {ON_1}


def test_the_cable_to_the_router_stays_while_another_host_is_silent() -> None:
    owned = frozenset({"carries:t1:10", ON_1})
    intent = plan(_on_a_stick(), attachments=[a_drained()], owned=owned, reports={H1: a_report("h1")})
    assert {owned_key(claim) for claim in intent.absent} == {ON_1}


def test_the_cable_to_the_router_is_pruned_after_the_last_host() -> None:
    owned = frozenset({"carries:t1:10", ON_1})
    assert {owned_key(claim) for claim in plan(_on_a_stick(), owned=owned).absent} == owned


def test_port_rules_say_what_the_inventory_says() -> None:
    uplink = Uplink(nic="eth0", switch=SW1, port=PORT_1, native_vlan=Vid(192), adopt=True)
    inventory = an_inventory(hosts={H1: a_host("h1", uplinks=(uplink,)), H2: a_host("h2", PORT_2)})
    macs = frozenset({"02:00:00:00:00:01"})
    intent = plan(inventory, reports={H1: a_report("h1", macs=macs)})
    assert list(intent.ports) == sorted([PORT_1, PORT_2])
    rule = intent.ports[PORT_1]
    assert (rule.port, rule.adopt, rule.native_vlan, rule.own_macs) == (PORT_1, True, 192, macs)
    assert intent.ports[PORT_2].own_macs == frozenset()
    assert not intent.ports[PORT_2].adopt


def test_a_port_that_left_the_inventory_gets_a_rule_when_it_is_pruned_and_none_otherwise() -> None:
    old = "carries:GigabitEthernet1/0/9:10"
    intent = plan(owned=frozenset({old}))
    assert {owned_key(claim) for claim in intent.absent} == {old}
    assert "GigabitEthernet1/0/9" in intent.ports
    assert "GigabitEthernet1/0/9" not in plan(owned=frozenset()).ports


class TestWhatLeftTheInventory:
    def test_a_vlan_of_no_segment_is_pruned_and_its_gateway_goes_but_the_vlan_stays(self) -> None:
        owned = frozenset({"vlan:77", f"carries:{PORT_1}:77", "gateway:Vlan:77"})
        intent = plan(owned=owned, attachments=[a_drained(segment="gone")])
        assert {owned_key(claim) for claim in intent.absent} == {f"carries:{PORT_1}:77", "gateway:Vlan:77"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"attachments": [an_attachment(segment="gone")]},
            {"attachments": [a_drained(segment="gone", drain_at=NOW + 1)]},
            {"reports": {H2: a_report("h2")}},
            {"reports": {H1: a_report("h1", links=frozenset({"gone"})), H2: a_report("h2")}},
        ],
        ids=["held", "in its grace", "host silent", "link still there"],
    )
    def test_it_stays_while_the_host_may_be_using_it(self, changes: dict[str, Any]) -> None:
        owned = frozenset({f"carries:{PORT_1}:77", "gateway:Vlan:77", "carries:t9:77"})
        assert not plan(owned=owned, **changes).absent

    def test_a_silent_host_elsewhere_does_not_keep_it_on_this_hosts_port(self) -> None:
        owned = frozenset({f"carries:{PORT_1}:77", "gateway:Vlan:77"})
        intent = plan(owned=owned, reports={H1: a_report("h1")})
        assert {owned_key(claim) for claim in intent.absent} == {f"carries:{PORT_1}:77"}

    @pytest.mark.parametrize("segment", ["web", "gone"])
    def test_a_host_nobody_knows_any_more_keeps_ports_nobody_else_is_behind(self, segment: str) -> None:
        vlan = 10 if segment == "web" else 77
        owned = frozenset({f"carries:GigabitEthernet1/0/9:{vlan}", f"carries:{PORT_1}:{vlan}"})
        intent = plan(owned=owned, attachments=[an_attachment("h9", segment)])
        assert {owned_key(claim) for claim in intent.absent} == {f"carries:{PORT_1}:{vlan}"}

    @pytest.mark.parametrize(("segment", "vlan"), [("web", 10), ("gone", 77)])
    def test_a_host_nobody_knows_any_more_keeps_the_gateway_it_may_be_using(
        self, segment: str, vlan: int
    ) -> None:
        inventory = an_inventory(
            switches={SW1: a_switch(), SwitchName("sw2"): a_switch("sw2")},
            segments={WEB: a_segment(gateway=SviGateway(switch=SwitchName("sw2")))},
        )
        owned = frozenset({f"gateway:Vlan:{vlan}"})
        assert not plan(inventory, owned=owned, attachments=[an_attachment("h9", segment)]).absent
        assert plan(inventory, owned=owned, attachments=[a_drained("h9", segment)]).absent

    def test_a_gateway_that_moved_to_another_interface_of_the_router_is_withdrawn(self) -> None:
        owned = frozenset({"gateway:GigabitEthernet0/0:10", "gateway:GigabitEthernet0/1:10"})
        intent = plan(_on_a_stick(), "r1", owned=owned)
        assert {owned_key(claim) for claim in intent.absent} == {"gateway:GigabitEthernet0/1:10"}

    def test_the_old_nic_of_a_host_keeps_the_vlan_while_the_host_holds_it(self) -> None:
        uplinks = (
            Uplink(nic="eth1", switch=SW1, port=PORT_2),
            Uplink(nic="eth0", switch=SW1, port=PORT_1),
        )
        inventory = an_inventory(hosts={H1: a_host("h1", uplinks=uplinks)})
        intent = plan(inventory, attachments=[an_attachment()])
        assert {each.port for each in intent.present if isinstance(each, Carries)} == {PORT_2}
        assert not intent.absent

    def test_a_gateway_that_moved_to_another_device_is_withdrawn_once_nobody_holds_the_segment(self) -> None:
        inventory = an_inventory(
            switches={SW1: a_switch(), SwitchName("sw2"): a_switch("sw2")},
            segments={WEB: a_segment(gateway=SviGateway(switch=SwitchName("sw2")))},
        )
        owned = frozenset({"gateway:Vlan:10"})
        assert {owned_key(claim) for claim in plan(inventory, owned=owned).absent} == owned
        assert not plan(inventory, owned=owned, attachments=[an_attachment()]).absent


@pytest.mark.parametrize(
    "changes",
    [
        {"protected_vlans": VlanSet([10])},
        {"managed_vlans": VlanSet([20])},
        {"protected_ports": frozenset({PORT_1})},
    ],
)
def test_protected_ports_and_vlans_are_neither_added_nor_removed(changes: dict[str, Any]) -> None:
    inventory = an_inventory(switches={SW1: a_switch(**changes)})
    for attachments in ([an_attachment()], [a_drained()]):
        intent = plan(inventory, attachments=attachments, owned=frozenset({ON_1, "gateway:Vlan:10"}))
        assert Carries(port=PORT_1, vlan=VLAN) not in intent.present | intent.absent


def test_a_protected_interface_of_a_router_gets_no_sub_interface_and_loses_none() -> None:
    parent = PortName("GigabitEthernet0/0")
    stick = _on_a_stick()
    router = a_switch("r1", kind="router", protected_ports=frozenset({parent}))
    inventory = replace(stick, switches={**stick.switches, router.name: router})
    owned = frozenset({f"gateway:{parent}:10", f"gateway:{parent}:77"})
    for attachments in ([an_attachment()], [a_drained()]):
        intent = plan(inventory, "r1", attachments=attachments, owned=owned)
        assert not intent.present | intent.absent
        assert not intent.ports


def test_a_vlan_of_the_switch_itself_is_never_touched_even_where_it_is_managed() -> None:
    inventory = an_inventory(
        switches={SW1: a_switch(managed_vlans=VlanSet.every())}, segments={WEB: a_segment(vlan=1003)}
    )
    owned = frozenset({f"carries:{PORT_2}:1003", f"carries:{PORT_2}:1"})
    intent = plan(inventory, attachments=[an_attachment()], owned=owned)
    assert not intent.present | intent.absent


def test_the_native_vlan_of_a_port_is_never_taken_off_it() -> None:
    uplink = Uplink(nic="eth0", switch=SW1, port=PORT_1, native_vlan=VLAN)
    assert not plan(an_inventory(hosts={H1: a_host("h1", uplinks=(uplink,))})).absent


def test_a_switch_that_is_not_declared_cannot_be_planned() -> None:
    with pytest.raises(ConfigError, match="switch sw9: is not in the inventory"):
        plan(switch="sw9")


class TestTheBrake:
    ports = tuple(PortName(f"GigabitEthernet1/0/{number}") for number in range(3, 60))

    def owned(self, removals: int, others: int = 0) -> frozenset[str]:
        spare = {f"vlan:{number}" for number in range(100, 100 + others)}
        return frozenset({f"carries:{port}:10" for port in self.ports[:removals]} | spare)

    @pytest.mark.parametrize(
        ("removals", "others", "stops"),
        [(10, 0, False), (11, 0, True), (12, 48, False), (13, 47, True), (20, 200, False), (21, 200, True)],
    )
    def test_it_stops_more_than_a_small_pass_a_share_or_the_number_allowed(
        self, removals: int, others: int, *, stops: bool
    ) -> None:
        owned = self.owned(removals, others)
        if not stops:
            assert len(plan(owned=owned).absent) == removals
            return
        with pytest.raises(TooManyRemovals, match=f"take away {removals} of {len(owned)} things"):
            plan(owned=owned)

    def test_it_carries_the_additions_so_that_new_containers_are_not_held_up(self) -> None:
        with pytest.raises(GuardRefused) as caught:
            plan(owned=self.owned(11), attachments=[an_attachment("h2")])
        assert isinstance(caught.value, TooManyRemovals)
        assert Carries(port=PORT_2, vlan=VLAN) in caught.value.additions.present
        assert not caught.value.additions.absent
        assert len(caught.value.removals) == 11

    def test_a_person_can_lift_it(self) -> None:
        assert len(plan(owned=self.owned(30), removals_confirmed=True).absent) == 30

    def test_the_inventory_can_make_it_stricter(self) -> None:
        inventory = an_inventory(limits=Limits(removals_per_pass=0))
        with pytest.raises(TooManyRemovals):
            plan(inventory)


@dataclass(frozen=True)
class World:
    inventory: Inventory
    attachments: Sequence[Attachment]
    owned: Mapping[SwitchName, frozenset[str]]
    reports: Mapping[HostName, HostReport]

    def intent(self, switch: SwitchName, **changes: Any) -> SwitchIntent:
        facts: dict[str, Any] = {
            "attachments": self.attachments,
            "owned": self.owned[switch],
            "reports": self.reports,
            "now": NOW,
            "stale_after_seconds": STALE,
            "generation": 1,
            "removals_confirmed": True,
        }
        return switch_intent(self.inventory, switch=switch, **facts | changes)

    def intents(self, **changes: Any) -> dict[SwitchName, SwitchIntent]:
        return {name: self.intent(name, **changes) for name in self.inventory.switches}

    def holding(self, segment: SegmentName) -> set[HostName]:
        return {
            each.host
            for each in self.attachments
            if each.segment == segment
            and each.host in self.inventory.hosts
            and (each.holders or (each.drain_at is not None and each.drain_at > NOW))
        }

    def silent(self) -> set[HostName]:
        return {
            host
            for host in self.inventory.hosts
            if host not in self.reports or NOW - self.reports[host].reported_at > STALE
        }


HOSTS = ("h1", "h2", "h3")
SEGMENTS = {"web": 10, "db": 20, "iot": 30}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small network with records and reports that may say anything about it."""
    names = [SwitchName(f"sw{number}") for number in range(1, draw(st.integers(1, 4)) + 1)]
    pairs = [(one, other) for index, one in enumerate(names) for other in names[:index]]
    drawn = draw(st.lists(st.sampled_from(pairs), max_size=5)) if pairs else []
    links = tuple(
        Link(ends=((one, PortName(f"p{index}")), (other, PortName(f"q{index}"))))
        for index, (one, other) in enumerate(drawn)
    )
    hosts = {
        HostName(name): a_host(
            name,
            uplinks=tuple(
                Uplink(
                    nic=nic,
                    switch=draw(st.sampled_from(names)),
                    port=PortName(f"{name}-{nic}"),
                    native_vlan=draw(st.sampled_from([None, None, Vid(20)])),
                )
                for nic in draw(st.sampled_from([("e0",), ("e0", "e1")]))
            ),
        )
        for name in HOSTS
    }
    segments = {
        SegmentName(name): a_segment(
            name,
            vlan,
            subnets=(a_subnet(f"10.{vlan}.0.0/16", f"10.{vlan}.0.1"),),
            gateway=SviGateway(switch=draw(st.sampled_from(names))),
            trunk=draw(st.sampled_from(["on-demand", "on-demand", "on-demand", "always"])),
        )
        for name, vlan in SEGMENTS.items()
    }
    ports = sorted(
        {(name, port) for link in links for name, port in link.ends}
        | {(uplink.switch, uplink.port) for host in hosts.values() for uplink in host.uplinks}
        | {(name, PortName("spare")) for name in names}
    )
    switches = {
        name: a_switch(
            name,
            protected_ports=frozenset(
                draw(st.sets(st.sampled_from([port for _, port in ports]), max_size=1))
            ),
            protected_vlans=VlanSet(draw(st.sampled_from([(), (), (30,)]))),
            managed_vlans=VlanSet(range(2, 100)),
        )
        for name in names
    }
    owned = {
        name: frozenset(
            {f"carries:{port}:{vlan}" for where, port in ports for vlan in (10, 20, 30, 77) if where == name}
            | {f"vlan:{vlan}" for vlan in (10, 20, 77)}
            | {f"gateway:Vlan:{vlan}" for vlan in (10, 20, 30, 77, 1, 300)}
        )
        for name in names
    }
    return World(
        inventory=an_inventory(switches=switches, hosts=hosts, segments=segments, links=links),
        attachments=draw(
            st.lists(attachments(), max_size=6, unique_by=lambda each: (each.host, each.segment))
        ),
        owned=owned,
        reports=draw(reports()),
    )


def attachments() -> st.SearchStrategy[Attachment]:
    return st.builds(
        an_attachment,
        host=st.sampled_from([*HOSTS, "ghost"]),
        segment=st.sampled_from([*SEGMENTS, "gone"]),
        holders=st.sampled_from([frozenset(), frozenset(), frozenset({"pin:ann"})]),
        state=st.sampled_from(["requested", "ready", "draining", "absent"]),
        drain_at=st.sampled_from([None, NOW - 60, NOW + 60]),
    )


@st.composite
def reports(draw: st.DrawFn) -> dict[HostName, HostReport]:
    names = st.frozensets(st.sampled_from([*SEGMENTS, "gone"]), max_size=2)
    return {
        HostName(host): a_report(host, age=draw(st.sampled_from([1.0, 1.0, STALE + 60])), links=draw(names))
        for host in draw(st.sets(st.sampled_from(HOSTS)))
    }


many = settings(max_examples=75, deadline=None)


@many
@given(worlds())
def test_i3_a_held_vlan_is_present_on_every_port_of_its_path(world: World) -> None:
    intents = world.intents()
    for segment in world.inventory.segments.values():
        for name, ports in path(world.inventory, world.holding(segment.name), segment.name).items():
            switch = world.inventory.switches[name]
            if segment.vlan in switch.protected_vlans:
                continue
            carried = {
                each.port
                for each in intents[name].present
                if isinstance(each, Carries) and each.vlan == segment.vlan
            }
            assert ports - switch.protected_ports <= carried


@many
@given(worlds())
def test_i4_nothing_that_a_holder_needs_is_ever_removed(world: World) -> None:
    intents = world.intents()
    for segment in world.inventory.segments.values():
        holding = world.holding(segment.name)
        needed = {
            (name, port)
            for name, ports in path(world.inventory, holding, segment.name).items()
            for port in ports
        }
        needed |= {(up.switch, up.port) for host in holding for up in world.inventory.hosts[host].uplinks}
        for name, intent in intents.items():
            for claim in intent.absent:
                assert claim.vlan != segment.vlan or not isinstance(claim, Gateway) or not holding
                if isinstance(claim, Carries) and claim.vlan == segment.vlan:
                    assert (name, claim.port) not in needed


@many
@given(worlds())
def test_i4_a_held_segment_that_left_the_inventory_keeps_what_might_be_its_own(
    world: World,
) -> None:
    for each in world.attachments:
        if each.segment != "gone" or not each.holders:
            continue
        known = world.inventory.hosts.get(each.host)
        behind = {(up.switch, up.port) for up in known.uplinks} if known else set()
        for name, intent in world.intents().items():
            gone = {claim for claim in intent.absent if claim.vlan == 77}
            assert not any(isinstance(claim, Gateway) for claim in gone)
            assert not {(name, claim.port) for claim in gone if isinstance(claim, Carries)} & behind


@many
@given(worlds())
def test_i11_a_silent_host_keeps_everything_it_might_be_using(world: World) -> None:
    removed = {
        (name, claim.port, claim.vlan)
        for name, intent in world.intents().items()
        for claim in intent.absent
        if isinstance(claim, Carries)
    }
    for host in world.silent():
        cabled = {(up.switch, up.port) for up in world.inventory.hosts[host].uplinks}
        assert not {(name, port) for name, port, _ in removed} & cabled
        for segment in world.inventory.segments.values():
            way = path(world.inventory, [host], segment.name)
            kept = {(name, port, segment.vlan) for name, ports in way.items() for port in ports}
            assert not removed & kept


@many
@given(worlds(), st.data())
def test_i11_losing_reports_never_removes_more(world: World, data: st.DataObject) -> None:
    lost = data.draw(st.sets(st.sampled_from(HOSTS), min_size=1))
    fewer = {host: report for host, report in world.reports.items() if host not in lost}
    for name, intent in world.intents().items():
        assert world.intent(name, reports=fewer).absent <= intent.absent


@many
@given(worlds())
def test_i5_nothing_protected_or_unmanaged_is_named(world: World) -> None:
    for intent in world.intents().values():
        switch = intent.switch
        for claim in intent.present | intent.absent:
            assert claim.vlan in switch.managed_vlans
            assert claim.vlan not in switch.protected_vlans | RESERVED
            assert not isinstance(claim, Carries) or claim.port not in switch.protected_ports
        assert not switch.protected_ports & intent.ports.keys()
        for claim in intent.absent:
            if isinstance(claim, Carries) and claim.port in intent.ports:
                assert intent.ports[claim.port].native_vlan != claim.vlan


@many
@given(worlds())
def test_only_what_is_ours_goes_and_never_what_must_be_there(world: World) -> None:
    for name, intent in world.intents().items():
        assert {owned_key(claim) for claim in intent.absent} <= world.owned[name]
        assert not intent.absent & intent.present
        assert not any(isinstance(claim, HasVlan) for claim in intent.absent)
        assert {claim.port for claim in intent.absent if isinstance(claim, Carries)} <= intent.ports.keys()
        assert {claim.port for claim in intent.present if isinstance(claim, Carries)} <= intent.ports.keys()


@many
@given(worlds(), st.randoms())
def test_the_order_of_facts_does_not_matter(world: World, random: Any) -> None:
    def shuffled(items: Any) -> list[Any]:
        mixed = list(items)
        random.shuffle(mixed)
        return mixed

    inventory = world.inventory
    other = replace(
        world,
        attachments=shuffled(world.attachments),
        reports=dict(shuffled(world.reports.items())),
        inventory=replace(
            inventory,
            switches=dict(shuffled(inventory.switches.items())),
            hosts=dict(shuffled(inventory.hosts.items())),
            segments=dict(shuffled(inventory.segments.items())),
            links=tuple(shuffled(inventory.links)),
        ),
    )
    for name, intent in world.intents().items():
        assert other.intent(name) == intent
        assert list(other.intent(name).ports) == list(intent.ports)


@many
@given(worlds())
def test_i8_when_all_is_quiet_every_trunk_entry_of_ours_goes(world: World) -> None:
    quiet = replace(
        world,
        inventory=replace(
            world.inventory,
            segments={
                name: replace(each, trunk="on-demand") for name, each in world.inventory.segments.items()
            },
        ),
        attachments=[replace(each, holders=frozenset(), drain_at=NOW - 1) for each in world.attachments],
        reports={HostName(host): a_report(host) for host in HOSTS},
    )
    for name, intent in quiet.intents().items():
        switch = intent.switch
        native = {port: rule.native_vlan for port, rule in intent.ports.items()}
        for key in world.owned[name]:
            kind, _, rest = key.partition(":")
            port, _, vlan = rest.rpartition(":")
            allowed = Vid(int(vlan)) not in switch.protected_vlans and port not in switch.protected_ports
            if kind == "carries" and allowed and native.get(PortName(port)) != int(vlan):
                assert Carries(port=PortName(port), vlan=Vid(int(vlan))) in intent.absent
