"""What is seen at ports against what is declared there, and the inventory that is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.builders import PORT_1, PORT_2, a_host, a_segment, a_switch, an_inventory
from trunkline.orchestrator.discovery import Proposal, check_cables, machines_of, propose, views
from trunkline.orchestrator.intents import HostReport, Peer, Seen
from trunkline.orchestrator.models import (
    ExternalGateway,
    HostName,
    Inventory,
    Link,
    PortName,
    SegmentName,
    SwitchName,
    Uplink,
)
from trunkline.orchestrator.vlans import Vid

SW1, SW2, H1, H2 = SwitchName("sw1"), SwitchName("sw2"), HostName("h1"), HostName("h2")
PORT_3, CHANNEL = PortName("GigabitEthernet1/0/3"), PortName("Port-channel1")
TRUNK, FAR = PortName("TenGigabitEthernet1/1/1"), PortName("TenGigabitEthernet1/1/2")
MAC1, MAC2, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:99"
REPORTS = {
    H1: HostReport(host=H1, reported_at=1.0, macs=frozenset({MAC1}), nics={"eth0": MAC1}),
    H2: HostReport(host=H2, reported_at=1.0, macs=frozenset({MAC2}), nics={"eth0": MAC2}),
}
DAY = 24 * 3600.0


def a_peer(port: PortName, name: str, **changes: object) -> Peer:
    told = Peer(port=port, name=name, chassis=OTHER, far_port=OTHER, far_description="eth0")
    return replace(told, **changes)  # type: ignore[arg-type]  # tests pass the field's own type


def a_switch_peer(port: PortName, name: str, far_port: str) -> Peer:
    return Peer(port=port, name=name, far_port=far_port, capabilities=frozenset({"bridge"}))


def at(port: PortName, *macs: str) -> Mapping[tuple[PortName, Vid], frozenset[str]]:
    return {(port, Vid(1)): frozenset(macs)}


def two_switches(**changes: object) -> Inventory:
    switches = {SW1: a_switch("sw1"), SW2: a_switch("sw2", address="127.0.0.2")}
    web = a_segment(gateway=ExternalGateway())
    whole = an_inventory(switches=switches, segments={SegmentName("web"): web})
    return replace(whole, **changes)  # type: ignore[arg-type]  # tests pass the field's own type


def proposed(
    seen: Seen, *, inventory: Inventory | None = None, sw2: Seen | None = None, **reports: HostReport
) -> Proposal:
    told = {HostName(name): report for name, report in reports.items()} or REPORTS
    machines = machines_of(inventory or an_inventory(), told)
    return propose(machines, views(machines, {SW1: seen} | ({SW2: sw2} if sw2 else {})))


def uplinks(proposal: Proposal, host: HostName) -> list[tuple[str, str, str]]:
    return [(each.nic, each.switch, each.port) for each in proposal.inventory.hosts[host].uplinks]


def test_what_is_as_declared_is_not_proposed() -> None:
    seen = Seen(peers=(a_peer(PORT_1, "h1.example.net"),), stations={**at(PORT_1, MAC1), **at(PORT_2, MAC2)})

    assert proposed(seen).is_empty


def test_a_host_that_announces_itself_at_another_port_of_its_switch_has_moved() -> None:
    found = proposed(Seen(peers=(a_peer(PORT_3, "H1"),)))

    assert found.hosts == (H1,)
    assert uplinks(found, H1) == [("eth0", "sw1", PORT_3)]


def test_two_hosts_with_swapped_cables_are_both_put_right() -> None:
    found = proposed(Seen(peers=(a_peer(PORT_2, "h1"), a_peer(PORT_1, "h2"))))

    assert found.hosts == (H1, H2)
    assert (uplinks(found, H1), uplinks(found, H2)) == (
        [("eth0", "sw1", PORT_2)],
        [("eth0", "sw1", PORT_1)],
    )


def test_another_nic_is_added_and_the_declared_uplink_stays_with_all_it_says() -> None:
    own = Uplink(nic="eth0", switch=SW1, port=PORT_1, native_vlan=Vid(100), adopt=True)
    inventory = an_inventory(hosts={H1: a_host("h1", uplinks=(own,))})

    found = proposed(Seen(peers=(a_peer(PORT_3, "h1", far_description="eth1"),)), inventory=inventory)

    assert found.inventory.hosts[H1].uplinks == (own, Uplink(nic="eth1", switch=SW1, port=PORT_3))


def test_a_host_that_says_nothing_is_found_by_its_address() -> None:
    found = proposed(Seen(stations=at(PORT_3, MAC1, OTHER)))

    assert uplinks(found, H1) == [("eth0", "sw1", PORT_3)]


@pytest.mark.parametrize(
    "seen",
    [
        Seen(stations=at(PORT_3, MAC1, MAC2)),
        Seen(peers=(a_switch_peer(PORT_3, "core9", "Te1/0/1"),), stations=at(PORT_3, MAC1)),
        Seen(peers=(a_switch_peer(PORT_3, "sw2", "Te1/0/1"),), stations=at(PORT_3, MAC1)),
    ],
)
def test_an_address_behind_another_switch_says_nothing_about_the_cable(seen: Seen) -> None:
    found = proposed(seen, inventory=two_switches())

    assert found.hosts == ()


def test_an_address_at_the_end_of_a_declared_link_says_nothing_about_the_cable() -> None:
    inventory = two_switches(links=(Link(ends=((SW1, TRUNK), (SW2, TRUNK))),))

    assert proposed(Seen(stations=at(TRUNK, MAC1)), inventory=inventory).is_empty


def test_a_host_that_announces_another_name_is_known_by_the_address_of_its_nic() -> None:
    found = proposed(Seen(peers=(a_peer(PORT_3, "localhost", far_port=MAC1, far_description=""),)))

    assert uplinks(found, H1) == [("eth0", "sw1", PORT_3)]
    assert HostName("localhost") not in found.inventory.hosts


@pytest.mark.parametrize("name", ["h1", "new"])
@pytest.mark.parametrize("there", [{}, {"far_description": "eth1", "chassis": MAC2}])
def test_two_machines_that_announce_one_name_are_left_to_a_person(name: str, there: dict[str, str]) -> None:
    at_ports = PORT_1 if name == "h1" else PORT_2, PORT_3
    h2 = HostReport(host=H2, reported_at=1.0)
    found = proposed(Seen(peers=(a_peer(at_ports[0], name), a_peer(PORT_3, name, **there))), h2=h2)

    assert found.hosts == ()
    (remark,) = found.remarks
    assert remark.startswith(
        f"host {name} announces itself at sw1:{at_ports[0]} and sw1:{PORT_3}: another machine"
    )


def test_members_of_a_bond_that_all_say_its_address_are_one_machine() -> None:
    report = replace(REPORTS[H1], nics={"bond0": MAC1})
    peers = tuple(a_peer(port, "h1", chassis=MAC1, far_port=MAC1) for port in (PORT_1, PORT_3))

    found = proposed(Seen(peers=peers, stations=at(CHANNEL, MAC1)), h1=report)

    assert ("bond0", "sw1", CHANNEL) in uplinks(found, H1)
    assert found.remarks == ()


def test_a_host_with_two_cables_and_both_protocols_is_one_machine() -> None:
    peers = (
        a_peer(PORT_1, "h1"),
        a_peer(PORT_1, "h1", via="cdp", chassis="h1", far_port="eth0", far_description=""),
        a_peer(PORT_3, "h1", far_description="eth1"),
    )

    assert uplinks(proposed(Seen(peers=peers)), H1) == [("eth0", "sw1", PORT_1), ("eth1", "sw1", PORT_3)]


def test_a_name_that_several_hosts_call_themselves_is_none_of_them() -> None:
    h1, h2 = (replace(report, hostname="localhost") for report in REPORTS.values())

    found = proposed(Seen(peers=(a_peer(PORT_3, "localhost"),)), h1=h1, h2=h2)

    assert found.hosts == ()
    assert found.remarks == (
        f"sw1:{PORT_3}: localhost port eth0 (lldp) may be any of host h1, host h2; say system_name there",
    )


def test_a_name_with_a_domain_tells_hosts_of_one_short_name_apart() -> None:
    inventory = an_inventory()
    named = {H1: "dock.a.example", H2: "dock.b.example"}
    hosts = {name: replace(host, system_name=named[name]) for name, host in inventory.hosts.items()}

    found = proposed(
        Seen(peers=(a_peer(PORT_3, "dock.b.example"),)), inventory=replace(inventory, hosts=hosts)
    )

    assert (found.hosts, uplinks(found, H2)) == ((H2,), [("eth0", "sw1", PORT_3)])


def test_an_address_on_two_ports_is_left_to_a_person() -> None:
    found = proposed(Seen(stations={**at(PORT_3, MAC1), **at(TRUNK, MAC1)}))

    assert found.hosts == ()
    (remark,) = found.remarks
    assert remark.startswith(f"host h1 is behind one of sw1:{PORT_3}, sw1:{TRUNK}")


def test_a_bond_is_proposed_with_its_channel_and_not_with_the_members_that_announce_it() -> None:
    bond = HostReport(host=H1, reported_at=1.0, macs=frozenset({MAC1}), nics={"bond0": MAC1})
    peers = (
        a_peer(PORT_1, "h1", far_description="eth0"),
        a_peer(PORT_3, "h1", far_description="eth1"),
    )
    inventory = an_inventory(
        hosts={
            H1: a_host("h1", uplinks=(Uplink(nic="bond0", switch=SW1, port=PORT_1),)),
            H2: a_host("h2", PORT_2),
        }
    )

    found = proposed(Seen(peers=peers, stations=at(CHANNEL, MAC1)), inventory=inventory, h1=bond)

    assert uplinks(found, H1) == [("bond0", "sw1", CHANNEL)]


def test_members_of_a_declared_channel_are_not_proposed_while_it_is_silent() -> None:
    bond = Uplink(nic="bond0", switch=SW1, port=CHANNEL)
    inventory = an_inventory(hosts={H1: a_host("h1", uplinks=(bond,))})
    members = (a_peer(PORT_1, "h1"), a_peer(PORT_3, "h1", far_description="eth1"))

    assert proposed(Seen(peers=members), inventory=inventory).is_empty
    moved = proposed(Seen(peers=members[:1], stations=at(PORT_1, OTHER)), inventory=inventory)
    assert ("eth0", "sw1", PORT_1) in uplinks(moved, H1)


def test_what_the_host_itself_hears_counts_as_well() -> None:
    heard = replace(REPORTS[H1], peers=(a_switch_peer(PortName("eth7"), "sw1.example.net", "Gi1/0/3"),))

    assert uplinks(proposed(Seen(), h1=heard), H1) == [
        ("eth0", "sw1", PORT_1),
        ("eth7", "sw1", PORT_3),
    ]


def test_a_new_host_is_proposed_by_its_short_name_and_what_is_none_is_not() -> None:
    peers = (
        a_peer(PORT_3, "dock7.example.net", far_description="ens3"),
        a_peer(TRUNK, "sep0011", capabilities=frozenset({"bridge", "phone"})),
    )

    found = proposed(Seen(peers=peers))

    assert found.hosts == (HostName("dock7"),)
    assert uplinks(found, HostName("dock7")) == [("ens3", "sw1", PORT_3)]
    assert found.remarks == ()


@pytest.mark.parametrize(
    "name", ["", "x: y", "-h", "h{1}", "h1\nx", "a b", "x" * 64, "\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_a_name_that_no_inventory_could_have_is_a_remark(name: str) -> None:
    found = proposed(Seen(peers=(a_peer(PORT_3, name),)))

    assert found.hosts == ()
    assert len(found.remarks) == 1
    assert found.inventory == an_inventory()


@pytest.mark.parametrize("nic", ["", "eth 0", "x" * 16, "a,b", "Broadcom 10G port"])
def test_a_nic_that_linux_could_not_have_is_asked_for(nic: str) -> None:
    found = proposed(Seen(peers=(a_peer(PORT_3, "dock7", far_description=nic),)))

    assert found.hosts == ()
    assert found.remarks == (f"host dock7 is at sw1:{PORT_3}, with which NIC nobody said",)


def test_protected_ports_routers_and_ports_that_are_none_are_not_proposed() -> None:
    inventory = an_inventory(switches={SW1: a_switch(protected_ports=frozenset({PORT_3}))})
    vlan = PortName("Vlan10")

    found = proposed(Seen(peers=(a_peer(PORT_3, "h1"), a_peer(vlan, "h1"))), inventory=inventory)

    assert found.hosts == ()
    assert len(found.remarks) == 2


def test_a_port_where_another_host_has_its_only_uplink_is_settled_by_a_person() -> None:
    found = proposed(Seen(peers=(a_peer(PORT_2, "h1"),)))

    assert found.hosts == ()
    assert found.remarks == (f"host h1 is at sw1:{PORT_2}, where host h2 is declared; settle that first",)


def test_a_cable_between_switches_is_proposed_once_whoever_tells_of_it() -> None:
    near = Seen(peers=(a_switch_peer(TRUNK, "sw2.example.net", "Te1/1/2"),))
    far = Seen(peers=(a_switch_peer(FAR, "SW1", "TenGigabitEthernet1/1/1"),))

    found = proposed(near, inventory=two_switches(), sw2=far)

    assert found.links
    assert found.inventory.links == (Link(ends=((SW1, TRUNK), (SW2, FAR))),)


def test_a_declared_link_that_leads_elsewhere_is_replaced_and_keeps_what_it_allows() -> None:
    kept = Link(ends=((SW1, PORT_3), (SW2, PORT_3)))
    wrong = Link(ends=((SW1, TRUNK), (SW2, TRUNK)), adopt=True)

    found = proposed(
        Seen(peers=(a_switch_peer(TRUNK, "sw2", "Te1/1/2"),)), inventory=two_switches(links=(wrong, kept))
    )

    assert found.inventory.links == (kept, Link(ends=((SW1, TRUNK), (SW2, FAR)), adopt=True))


def test_members_of_a_port_channel_between_switches_are_not_proposed_as_links() -> None:
    seen = Seen(peers=(a_switch_peer(TRUNK, "sw2", "Te1/1/2"),), stations=at(CHANNEL, OTHER))
    declared = Link(ends=((SW1, CHANNEL), (SW2, CHANNEL)))

    unknown = proposed(seen, inventory=two_switches())
    known = proposed(seen, inventory=two_switches(links=(declared,)))

    assert not unknown.links
    assert "may be a member of sw1:Port-channel1" in unknown.remarks[0]
    assert known.is_empty


def test_a_far_port_that_is_none_is_never_proposed() -> None:
    found = proposed(Seen(peers=(a_switch_peer(TRUNK, "sw2", "x]\nhosts: {"),)), inventory=two_switches())

    assert not found.links
    assert len(found.remarks) == 1


def checked(
    seen: Seen, *, inventory: Inventory | None = None, age: float = 60.0, **reports: HostReport
) -> tuple[tuple[str, ...], str]:
    told = {HostName(name): report for name, report in reports.items()} or REPORTS
    machines = machines_of(inventory or an_inventory(), told)
    found = check_cables(machines, {SW1: (1000.0, seen)}, 1000.0 + age)
    return found.faults, found.looked_at


def test_cables_that_lead_where_they_should_are_no_fault_and_silent_ports_are_counted() -> None:
    faults, looked_at = checked(Seen(peers=(a_peer(PORT_1, "h1"),)))

    assert faults == ()
    assert looked_at == "2 ports with a cable, nobody announced himself on 1"


def test_another_machine_at_a_declared_port_is_a_fault_that_names_both() -> None:
    assert checked(Seen(peers=(a_peer(PORT_1, "h9"),)))[0] == (
        f"host h1 eth0 is declared at sw1:{PORT_1}, but h9 port eth0 (lldp) is there",
    )


def test_a_host_that_is_heard_at_an_undeclared_port_while_its_own_is_silent_is_a_fault() -> None:
    away = PortName("GigabitEthernet1/0/9")
    (fault,), _ = checked(Seen(peers=(a_peer(away, "h1"),)))
    assert fault == (
        f"host h1 eth0 is declared at sw1:{PORT_1}, where nobody announces himself, but it is heard at sw1:{away}"
    )
    other_nic = replace(a_peer(away, "h1"), far_port="eth7", far_description="eth7")
    assert checked(Seen(peers=(other_nic,)))[0] == ()
    assert checked(Seen(peers=(a_peer(PORT_1, "h1"), a_peer(away, "h1"))))[0] == ()


def test_where_anybody_may_be_nobody_is_a_fault() -> None:
    uplink = Uplink(nic="eth0", switch=SW1, port=PORT_1, any_peer=True)
    inventory = an_inventory(hosts={H1: a_host("h1", uplinks=(uplink,))})
    heard = replace(REPORTS[H1], peers=(a_switch_peer(PortName("eth0"), "sw9", "Gi1/0/1"),))

    assert checked(Seen(peers=(a_peer(PORT_1, "h9"),)), inventory=inventory, h1=heard)[0] == ()


def test_a_host_is_known_by_the_name_that_it_reported_and_by_its_addresses() -> None:
    reported = replace(REPORTS[H1], hostname="dock1")

    assert checked(Seen(peers=(a_peer(PORT_1, "dock1.example.net"),)), h1=reported)[0] == ()
    assert checked(Seen(peers=(a_peer(PORT_1, "localhost", far_port=MAC1),)))[0] == ()
    assert len(checked(Seen(peers=(a_peer(PORT_1, "localhost"),)))[0]) == 1


def test_a_link_to_the_right_switch_at_the_wrong_port_is_a_fault() -> None:
    inventory = two_switches(links=(Link(ends=((SW1, TRUNK), (SW2, FAR))),))

    right = checked(Seen(peers=(a_switch_peer(TRUNK, "sw2", "Te1/1/2"),)), inventory=inventory)
    wrong = checked(Seen(peers=(a_switch_peer(TRUNK, "sw2", "Te1/1/4"),)), inventory=inventory)
    unreadable = checked(
        Seen(peers=(a_switch_peer(TRUNK, "sw2", "uplink to the left"),)), inventory=inventory
    )

    assert (right[0], unreadable[0]) == ((), ())
    assert wrong[0] == (
        f"switch sw2 {FAR} is declared at sw1:{TRUNK}, but its port TenGigabitEthernet1/1/4 is there",
    )


@pytest.mark.parametrize(
    ("name", "far_port", "fault"),
    [
        ("sw1", "Gi1/0/1", ""),
        ("sw1", "52:54:00:00:00:77", ""),
        ("sw1", "Gi1/0/9", "but it hears port GigabitEthernet1/0/9 of switch sw1"),
        ("sw9", "Gi1/0/1", "but sw9 port Gi1/0/1 (lldp) is heard there"),
    ],
)
def test_what_a_host_hears_is_compared_with_its_uplink(name: str, far_port: str, fault: str) -> None:
    heard = replace(REPORTS[H1], peers=(a_switch_peer(PortName("eth0"), name, far_port),))

    faults, _ = checked(Seen(), h1=heard)

    assert bool(faults) == bool(fault)
    assert all(fault in each for each in faults)


def test_what_is_old_and_who_was_never_asked_is_said() -> None:
    looked_at = checked(Seen(), inventory=two_switches(), age=DAY + 3600)[1]

    assert "sw2 was never asked, run `trunkline discover`" in looked_at
    assert "sw1 was asked 25 h ago, run `trunkline discover sw1`" in looked_at
    assert "ago" not in checked(Seen(), age=DAY - 3600)[1]
