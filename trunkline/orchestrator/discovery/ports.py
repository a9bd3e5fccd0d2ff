"""What is at every port, and what the inventory says is there. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trunkline.orchestrator.discovery.machines import Machine, Machines, is_channel
from trunkline.orchestrator.intents import Peer, Seen
from trunkline.orchestrator.models import HostName, PortName, SwitchName
from trunkline.orchestrator.planning.cabling import stranger
from trunkline.orchestrator.vlans import Vid

End = tuple[SwitchName, PortName]
_RUNS = re.compile(r"[0-9]+|[^0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One end of a cable, as the inventory has it: which machine is there, and which of its ports.

    ``far_end`` is the other end of a link; ``anybody``: whoever announces himself there is right.
    """

    machine: Machine
    port: str
    far_end: End | None = None
    anybody: bool = False

    def __str__(self) -> str:
        """Say what is there, as the table of `discover` does."""
        return f"{self.machine} {self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """An address of a host that was learned at a port. ``nic`` is empty when the host did not say."""

    host: HostName
    nic: str
    mac: str
    vlans: frozenset[Vid]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortView:
    """One port of one switch.

    Attributes:
        switch: Which switch.
        port: Which port.
        peers: Who announces himself there, and which machine of the inventory that is.
        learned: Addresses of hosts of the inventory that were learned there.
        stations: How many addresses were learned there.
        declared: What the inventory says is there.
        mismatch: What of it is not so; empty when nothing speaks against it.
    """

    switch: SwitchName
    port: PortName
    peers: tuple[tuple[Peer, Machine | None], ...] = ()
    learned: tuple[Learned, ...] = ()
    stations: int = 0
    declared: Declared | None = None
    mismatch: str = ""

    @property
    def is_edge(self) -> bool:
        """Say whether an address that was learned here may be that of the machine at the cable's other end."""
        to_switch = self.declared is not None and self.declared.machine.kind == "switch"
        through = any(
            who.kind == "switch" if who else "bridge" in peer.capabilities for peer, who in self.peers
        )
        return not to_switch and not through and len({each.host for each in self.learned}) <= 1


def views(machines: Machines, seen: Mapping[SwitchName, Seen]) -> tuple[PortView, ...]:
    """Put together what is known of every port where somebody known is or should be, of these switches."""
    cables = declared_ends(machines)
    return tuple(
        view
        for switch in machines.inventory.switches
        if switch in seen
        for view in _of_switch(machines, switch, seen[switch], cables)
    )


def _of_switch(
    machines: Machines, switch: SwitchName, seen: Seen, cables: Mapping[End, Declared]
) -> Iterator[PortView]:
    peers: defaultdict[PortName, list[Peer]] = defaultdict(list)
    for peer in seen.peers:
        peers[peer.port].append(peer)
    stations: defaultdict[PortName, defaultdict[str, set[Vid]]] = defaultdict(lambda: defaultdict(set))
    for (port, vlan), macs in seen.stations.items():
        for mac in macs:
            stations[port][mac].add(vlan)
    ports = {port for name, port in cables if name == switch} | peers.keys()
    ports |= {
        port
        for port, macs in stations.items()
        if is_channel(port) or not macs.keys().isdisjoint(machines.nics)
    }
    for port in sorted(ports, key=natural):
        here, declared = peers.get(port, []), cables.get((switch, port))
        yield PortView(
            switch=switch,
            port=port,
            peers=tuple((peer, machines.who(peer)) for peer in here),
            learned=tuple(_learned(machines, stations[port])),
            stations=len(stations[port]),
            declared=declared,
            mismatch=_mismatch(machines, (switch, port), here, declared),
        )


def _learned(machines: Machines, addresses: Mapping[str, set[Vid]]) -> Iterator[Learned]:
    for mac in sorted(addresses.keys() & machines.nics.keys()):
        host, nic = machines.nics[mac]
        yield Learned(host=host, nic=nic, mac=mac, vlans=frozenset(addresses[mac]))


def _mismatch(machines: Machines, end: End, peers: list[Peer], declared: Declared | None) -> str:
    """Say what at a port is not as declared; the far port of a link counts too."""
    if declared is None or declared.anybody:
        return ""
    machine = declared.machine
    if other := stranger(peers, names=machine.names, macs=machine.macs):
        return f"{declared} is declared at {end[0]}:{end[1]}, but {described(other)} is there"
    if declared.far_end is None:
        return ""
    switch, wanted = declared.far_end
    told = [(peer, machines.port_of(switch, peer)) for peer in peers if machines.who(peer) == machine]
    ports = {port for _, port in told if port is not None}
    if not ports or wanted in ports:
        return ""
    return f"{declared} is declared at {end[0]}:{end[1]}, but its port {min(ports)} is there"


def described(peer: Peer) -> str:
    """Name a peer by what it says of itself."""
    who = peer.name or peer.chassis or "somebody"
    port = peer.far_description or peer.far_port
    return f"{who}{f' port {port}' if port else ''} ({peer.via})"


def declared_ends(machines: Machines) -> Mapping[End, Declared]:
    """Give every end of a cable that the inventory has at a switch."""
    return dict(_declared_ends(machines))


def _declared_ends(machines: Machines) -> Iterator[tuple[End, Declared]]:
    for host in machines.inventory.hosts.values():
        for uplink in host.uplinks:
            yield (
                (uplink.switch, uplink.port),
                Declared(machine=machines.hosts[host.name], port=uplink.nic, anybody=uplink.any_peer),
            )
    for link in machines.inventory.links:
        for near, far in (link.ends, link.ends[::-1]):
            yield (
                near,
                Declared(machine=machines.switches[far[0]], port=far[1], far_end=far, anybody=link.any_peer),
            )


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """Sort ports by their numbers: 1/0/2 before 1/0/10."""
    return tuple((0, int(part)) if part[0] in "0123456789" else (1, part) for part in _RUNS.findall(text))
