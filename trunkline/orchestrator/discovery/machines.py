"""The machines of the inventory, and which of them a peer or a MAC is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from trunkline.orchestrator.intents import HostReport, Peer
from trunkline.orchestrator.inventory.ports import canonical_port
from trunkline.orchestrator.models import HostName, Inventory, PortName, SwitchName
from trunkline.orchestrator.planning.cabling import is_machine
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
    """All of them."""

    inventory: Inventory
    reports: Mapping[HostName, HostReport]

    def host(self, name: HostName) -> Machine:
        """Give a host of the inventory."""
        report = self.reports.get(name)
        macs = report.macs if report else frozenset[str]()
        names = names_of_host(self.inventory.hosts[name], report)
        return Machine(kind="host", name=name, names=names, macs=macs)

    def switch(self, name: SwitchName) -> Machine:
        """Give a switch of the inventory."""
        return Machine(kind="switch", name=name, names=names_of_switch(self.inventory, name))

    def who(self, peer: Peer) -> Machine | None:
        """Tell which of them a peer is; None when it is none."""
        known = [*map(self.host, self.inventory.hosts), *map(self.switch, self.inventory.switches)]
        return next(
            (each for each in known if is_machine(peer, names=each.names, macs=each.macs)),
            None,
        )

    def by_mac(self) -> Mapping[str, tuple[HostName, str]]:
        """Give every address that a host reported of its uplinks: the host, and the NIC if it is known."""
        found = {}
        for name in self.inventory.hosts:
            report = self.reports.get(name)
            for mac in report.macs if report else ():
                nics = [nic for nic, own in report.nics.items() if own == mac] if report else []
                found[mac] = (name, nics[0] if nics else "")
        return found

    def port_of(self, switch: SwitchName, peer: Peer) -> PortName | None:
        """Read the port that a switch names as its own end of a cable; None when it is none."""
        driver = self.inventory.switches[switch].driver
        for text in (peer.far_port, peer.far_description):
            try:
                return PortName(canonical_port(text, driver=driver))
            except ValueError:
                continue
        return None


def nic_of(peer: Peer, report: HostReport | None) -> str:
    """Tell which NIC of a host a peer is; empty when it does not say."""
    by_mac = {mac: nic for nic, mac in report.nics.items()} if report else {}
    if peer.far_port in by_mac:
        return by_mac[peer.far_port]
    return next((text for text in (peer.far_description, peer.far_port) if _NIC.fullmatch(text)), "")


def is_channel(port: str) -> bool:
    """Say whether a port's name is that of a port-channel or bond: its members are other ports."""
    return _CHANNEL.fullmatch(port) is not None
