"""The machines of the inventory, and which of them a peer or a MAC is. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from trunkline.orchestrator.intents import HostReport, Peer
from trunkline.orchestrator.inventory.ports import canonical_port
from trunkline.orchestrator.models import Host, HostName, Inventory, PortName, SwitchName
from trunkline.orchestrator.planning.cabling import first_label, is_machine
from trunkline.orchestrator.planning.names import names_of_host, names_of_switch

_CHANNEL = re.compile(
    r"(?:port-?channel|po|bridge-aggregation|eth-trunk|bond|trunk|trk|lag|ae|team)[ -]?\d+", re.IGNORECASE
)
_NIC = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A host or switch of the inventory, and what it may be known by."""

    kind: Literal["host", "switch"]
    name: str
    names: frozenset[str]
    macs: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Say which, as messages do."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """All of them, made once by `machines_of`: there may be hundreds, and as many ports to compare with each.

    ``nics`` gives for each address that a host reported of its uplinks the host, and the NIC if it is known.
    """

    inventory: Inventory
    reports: Mapping[HostName, HostReport]
    hosts: Mapping[HostName, Machine]
    switches: Mapping[SwitchName, Machine]
    nics: Mapping[str, tuple[HostName, str]]
    by_label: Mapping[str, Sequence[Machine]]

    def who(self, peer: Peer) -> Machine | None:
        """Tell which of them a peer is; None when it is none, and when it may be several."""
        found = self.candidates(peer)
        return found[0] if len(found) == 1 else None

    def candidates(self, peer: Peer) -> Sequence[Machine]:
        """Give every machine that a peer may be: names are not unique everywhere, `localhost` is many."""
        for mac in (peer.chassis, peer.far_port):
            if mac in self.nics:
                return [self.hosts[self.nics[mac][0]]]
        return [
            each
            for each in self.by_label.get(first_label(peer.name), ())
            if is_machine(peer, names=each.names, macs=each.macs)
        ]

    def port_of(self, switch: SwitchName, peer: Peer) -> PortName | None:
        """Read the port that a switch names as its own end of a cable; None when it is none."""
        driver = self.inventory.switches[switch].driver
        for text in (peer.far_port, peer.far_description):
            try:
                return PortName(canonical_port(text, driver=driver))
            except ValueError:
                continue
        return None


def machines_of(inventory: Inventory, reports: Mapping[HostName, HostReport]) -> Machines:
    """Put together what the inventory and the hosts' reports say of every machine."""
    hosts = {name: _host(host, reports.get(name)) for name, host in inventory.hosts.items()}
    switches = {
        name: Machine(kind="switch", name=name, names=names_of_switch(inventory, name))
        for name in inventory.switches
    }
    by_label: defaultdict[str, list[Machine]] = defaultdict(list)
    for machine in (*hosts.values(), *switches.values()):
        for label in {first_label(name) for name in machine.names} - {""}:
            by_label[label].append(machine)
    return Machines(
        inventory=inventory,
        reports=reports,
        hosts=hosts,
        switches=switches,
        nics={mac: place for name in hosts for mac, place in _nics(name, reports.get(name))},
        by_label=by_label,
    )


def _host(host: Host, report: HostReport | None) -> Machine:
    macs = report.macs if report else frozenset[str]()
    return Machine(kind="host", name=host.name, names=names_of_host(host, report), macs=macs)


def _nics(host: HostName, report: HostReport | None) -> Iterator[tuple[str, tuple[HostName, str]]]:
    for mac in report.macs if report else ():
        yield mac, (host, next((nic for nic, own in report.nics.items() if own == mac), "") if report else "")


def nic_of(peer: Peer, report: HostReport | None) -> str:
    """Tell which NIC of a host a peer is; empty when it does not say."""
    by_mac = {mac: nic for nic, mac in report.nics.items()} if report else {}
    if peer.far_port in by_mac:
        return by_mac[peer.far_port]
    return next((text for text in (peer.far_description, peer.far_port) if _NIC.fullmatch(text)), "")


def is_channel(port: str) -> bool:
    """Say whether a port's name is that of a port-channel or bond: its members are other ports."""
    return _CHANNEL.fullmatch(port) is not None
