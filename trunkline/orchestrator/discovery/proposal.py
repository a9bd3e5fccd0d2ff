"""What is seen at the ports -> an inventory that says so, and what a person has to decide. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trunkline.orchestrator.discovery.links import found_links
from trunkline.orchestrator.discovery.machines import Machine, Machines, is_channel, nic_of
from trunkline.orchestrator.discovery.ports import PortView, described
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.inventory.ports import canonical_port
from trunkline.orchestrator.models import Host, HostName, Inventory, PortName, SwitchName, Uplink

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
Place = tuple[SwitchName, PortName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An inventory with the cables that were seen.

    ``hosts`` are those whose uplinks differ from the inventory's own, ``links`` says whether the links do. ``remarks``
    are for a person: what was seen and cannot be proposed.
    """

    inventory: Inventory
    hosts: tuple[HostName, ...] = ()
    links: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to tell."""
        return not (self.hosts or self.links or self.remarks)


@dataclass(slots=True)
class _Finds:
    """NICs of one host by the port that they were found at, from announcements and from addresses."""

    announced: dict[Place, str] = field(default_factory=dict)
    learned: dict[Place, str] = field(default_factory=dict)
    chassis: dict[Place, str] = field(default_factory=dict)
    """By LLDP, where every machine has one of its own (IEEE 802.1AB, 8.5.2)."""

    def tell(self, place: Place, peer: Peer) -> None:
        """Keep by what an announcement is told from one of another machine."""
        if peer.via == "lldp" and peer.chassis:
            self.chassis[place] = peer.chassis

    def twins(self) -> frozenset[Place]:
        """Give where more than one machine has this name: two chassis, or one NIC at two ports of a switch."""
        if len(set(self.chassis.values())) > 1:
            return frozenset(self.chassis)
        places: defaultdict[tuple[SwitchName, str], set[Place]] = defaultdict(set)
        for place, nic in self.announced.items():
            places[place[0], nic].add(place)
        several = (each for (_, nic), each in places.items() if nic and not is_channel(nic) and len(each) > 1)
        return frozenset[Place]().union(*several)


def propose(machines: Machines, ports: Sequence[PortView]) -> Proposal:
    """Propose what is not declared yet, or is declared otherwise."""
    inventory = machines.inventory
    remarks: list[str] = []
    uplinks: dict[HostName, tuple[Uplink, ...]] = {}
    for name, finds in _finds(machines, ports, remarks).items():
        declared = inventory.hosts[name].uplinks if name in inventory.hosts else ()
        uplinks[name] = _merged(name, declared, _places(name, declared, finds, ports, remarks), remarks)
    changed = _settled(inventory, uplinks, remarks)
    links = found_links(machines, ports, remarks)
    hosts = dict(inventory.hosts)
    for name, cables in changed.items():
        hosts[name] = replace(hosts.get(name, Host(name=name, uplinks=())), uplinks=cables)
    return Proposal(
        inventory=replace(inventory, hosts=hosts, links=links),
        hosts=tuple(sorted(changed)),
        links=links != inventory.links,
        remarks=tuple(dict.fromkeys(remarks)),
    )


def _finds(machines: Machines, ports: Sequence[PortView], remarks: list[str]) -> Mapping[HostName, _Finds]:
    found: defaultdict[HostName, _Finds] = defaultdict(_Finds)
    for view in ports:
        place = (view.switch, view.port)
        usable = _may_be_cabled(machines.inventory, place)
        for peer, who in view.peers:
            if who is None and (several := machines.candidates(peer)):
                which = ", ".join(map(str, several))
                remarks.append(
                    f"{view.switch}:{view.port}: {described(peer)} may be any of {which}; say system_name there"
                )
                continue
            name = _host_name(peer, who)
            if name is not None and usable:
                nic = nic_of(peer, machines.reports.get(name))
                found[name].announced[place] = nic
                found[name].tell(place, peer)
            elif name is not None:
                remarks.append(
                    f"host {name} is at {place[0]}:{place[1]}, which is protected, a router's or no port"
                )
            elif who is None and (said := _unknown(peer)):
                remarks.append(f"{view.switch}:{view.port}: {said}")
        for each in view.learned if view.is_edge and usable else ():
            found[each.host].learned[place] = each.nic
    _without_twins(found, remarks)
    for name, place, nic in _heard(machines):
        found[name].announced[place] = nic
    return dict(sorted(found.items()))


def _without_twins(found: Mapping[HostName, _Finds], remarks: list[str]) -> None:
    """Believe no announcement of a name that more than one machine has."""
    for name, finds in found.items():
        if twins := finds.twins():
            where = " and ".join(f"{switch}:{port}" for switch, port in sorted(twins))
            remarks.append(
                f"host {name} announces itself at {where}: another machine has its name, or a cable was moved just "
                "now; look which one it is"
            )
            finds.announced = {}


def _heard(machines: Machines) -> Iterator[tuple[HostName, Place, str]]:
    """Give what the hosts themselves hear: host, the switch's port, NIC."""
    for name in sorted(machines.inventory.hosts.keys() & machines.reports.keys()):
        for peer in machines.reports[name].peers:
            who = machines.who(peer)
            if who is None or who.kind != "switch":
                continue
            switch = SwitchName(who.name)
            port = machines.port_of(switch, peer)
            if port is not None and _may_be_cabled(machines.inventory, (switch, port)):
                yield name, (switch, port), peer.port


def _may_be_cabled(inventory: Inventory, place: Place) -> bool:
    switch = inventory.switches[place[0]]
    try:
        is_port = canonical_port(place[1], driver=switch.driver) == place[1]
    except ValueError:
        return False
    return is_port and switch.kind != "router" and place[1] not in switch.protected_ports


def _host_name(peer: Peer, who: Machine | None) -> HostName | None:
    """Name the host that a peer is, also one that the inventory does not know yet."""
    if who is not None:
        return HostName(who.name) if who.kind == "host" else None
    label = peer.name.partition(".")[0]
    return HostName(label) if _is_like_a_host(peer) and _NAME.fullmatch(label) else None


def _is_like_a_host(peer: Peer) -> bool:
    """Tell a Linux host from a switch: lldpd names a NIC's port by its MAC, and bridges make a host a bridge too."""
    if not peer.capabilities.isdisjoint({"phone", "access-point"}):
        return False
    return peer.capabilities == {"station"} or _MAC.fullmatch(peer.far_port) is not None


def _unknown(peer: Peer) -> str:
    """Say who an unknown machine is, where it may matter; phones and the like are in the table alone."""
    if _is_like_a_host(peer):
        return f"{described(peer)} has no name that an inventory could have"
    if peer.capabilities.isdisjoint({"bridge", "router"}) or "phone" in peer.capabilities:
        return ""
    return (
        f"{described(peer)} is no switch of the inventory; declare it there if VLANs are to cross that cable"
    )


def _places(
    name: HostName,
    declared: tuple[Uplink, ...],
    finds: _Finds,
    ports: Sequence[PortView],
    remarks: list[str],
) -> Mapping[Place, str]:
    """Decide where a host is: an announcement counts more than an address, a port-channel more than its members."""
    stations = {(view.switch, view.port): view.stations for view in ports}
    announced = dict(finds.announced)
    switches = {switch for switch, _ in announced}
    channels = {
        place: nic for place, nic in finds.learned.items() if place[0] in switches and is_channel(place[1])
    }
    for switch in {switch for switch, port in (*channels, *_ends(declared)) if is_channel(port)}:
        # Addresses are learned on the channel and never on a member of it.
        for place in [each for each in announced if each[0] == switch and not stations.get(each)]:
            del announced[place]
    if announced or channels:
        return announced | channels
    if len(finds.learned) > 1:
        where = ", ".join(f"{switch}:{port}" for switch, port in sorted(finds.learned))
        remarks.append(f"host {name} is behind one of {where}: its address was learned on each of them")
        return {}
    return finds.learned


def _merged(
    name: HostName, declared: tuple[Uplink, ...], places: Mapping[Place, str], remarks: list[str]
) -> tuple[Uplink, ...]:
    """Put what was found into a host's uplinks: a NIC that was found elsewhere on its switch has moved."""
    kept = list(declared)
    only = declared[0].nic if len(declared) == 1 else ""
    for place, told in sorted(places.items()):
        if any((each.switch, each.port) == place for each in kept):
            continue
        nic = told or only
        if not nic:
            remarks.append(f"host {name} is at {place[0]}:{place[1]}, with which NIC nobody said")
            continue
        same = [each for each in kept if each.nic == nic and (each.switch, each.port) not in places]
        moved = [each for each in same if each.switch == place[0] or len(same) == 1]
        kept = [each for each in kept if each not in moved]
        kept.append(Uplink(nic=nic, switch=place[0], port=place[1]))
    return tuple(kept)


def _settled(
    inventory: Inventory, wished: Mapping[HostName, tuple[Uplink, ...]], remarks: list[str]
) -> Mapping[HostName, tuple[Uplink, ...]]:
    """Keep the wishes that fit together: a port takes one cable, so who is only declared there makes room."""
    cables = {name: host.uplinks for name, host in inventory.hosts.items()} | dict(wished)
    linked = {end for link in inventory.links for end in link.ends}
    for name in wished:
        before = _ends(inventory.hosts[name].uplinks) if name in inventory.hosts else frozenset[Place]()
        for place in sorted(_ends(cables[name]) - before):
            others = [each for each in cables if each != name and place in _ends(cables[each])]
            stuck = [each for each in others if len(cables[each]) == 1 or each not in inventory.hosts]
            if place in linked or stuck:
                whose = f"host {stuck[0]}" if stuck else "a link"
                remarks.append(
                    f"host {name} is at {place[0]}:{place[1]}, where {whose} is declared; settle that first"
                )
                cables[name] = tuple(each for each in cables[name] if (each.switch, each.port) != place)
                continue
            for other in others:
                cables[other] = tuple(each for each in cables[other] if (each.switch, each.port) != place)
    return {
        name: uplinks
        for name, uplinks in cables.items()
        if uplinks and (name not in inventory.hosts or uplinks != inventory.hosts[name].uplinks)
    }


def _ends(uplinks: Iterable[Uplink]) -> frozenset[Place]:
    return frozenset((each.switch, each.port) for each in uplinks)
