"""What a switch needs of the thing that forwards its frames, and the one that forwards nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from trunkline.lab.switch.lldp import Announcement, Neighbor
from trunkline.lab.switch.state import SwitchState
from trunkline.orchestrator.models import Address

NeighborState = Literal["REACH", "STALE", "DELAY", "PROBE", "INCMP"]
"""How sure it is of an IPv6 neighbour (RFC 4861, section 7.3.2), in the words of `show ipv6 neighbors`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedMac:
    """A row of the MAC address table."""

    vlan: int
    mac: str
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedNeighbor:
    """A row of the ARP table or of the IPv6 neighbour cache.

    Attributes:
        interface: Long name of the layer 3 interface.
        mac: Dotted; empty while nobody has answered.
        age_minutes: Since the address was last confirmed; None for one that was configured and never ages.
    """

    interface: str
    address: Address
    mac: str = ""
    age_minutes: int | None = 0
    state: NeighborState = "REACH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the data plane sees right now.

    Attributes:
        links: Long names of the ports with a cable that has somebody at its other end.
        macs: Learned addresses.
        neighbors: Whose MAC its layer 3 interfaces know.
        heard: Who announces himself by LLDP.
    """

    links: frozenset[str] = frozenset()
    macs: tuple[LearnedMac, ...] = ()
    neighbors: tuple[LearnedNeighbor, ...] = ()
    heard: tuple[Neighbor, ...] = ()


class Dataplane(Protocol):
    """Makes frames follow the configuration. Its functions block and run in a thread of their own."""

    def realise(self, state: SwitchState) -> None:
        """Make everything as the state says; nothing is touched that already is."""

    def observe(self) -> Observed:
        """Look at links and learned addresses."""

    def forget(self, neighbors: Sequence[LearnedNeighbor]) -> None:
        """Take these out of the ARP table and the neighbour cache; one that is gone already is no error."""

    def announce(self, said: Mapping[str, Announcement]) -> None:
        """Say these by LLDP, by the ports' long names, and listen there; on other ports neither."""

    def close(self) -> None:
        """Leave nothing behind."""


@dataclass(slots=True)
class NoDataplane:
    """A switch that only talks. Its cables are what the test says.

    Attributes:
        links: Ports with a link.
        macs: Addresses it claims to have learned.
        neighbors: Neighbours it claims to know.
        said: What it would have said by LLDP, every time.
    """

    links: set[str]
    macs: list[LearnedMac] = field(default_factory=list)
    neighbors: list[LearnedNeighbor] = field(default_factory=list)
    said: list[Mapping[str, Announcement]] = field(default_factory=list)

    @classmethod
    def with_all_links(cls, ports: Sequence[str]) -> NoDataplane:
        """Plug a cable into every port."""
        return cls(links=set(ports))

    def realise(self, state: SwitchState) -> None:
        """Do nothing."""

    def observe(self) -> Observed:
        """Give what was set."""
        return Observed(links=frozenset(self.links), macs=tuple(self.macs), neighbors=tuple(self.neighbors))

    def forget(self, neighbors: Sequence[LearnedNeighbor]) -> None:
        """Know them no longer."""
        self.neighbors[:] = [known for known in self.neighbors if known not in neighbors]

    def announce(self, said: Mapping[str, Announcement]) -> None:
        """Note it."""
        self.said.append(said)

    def close(self) -> None:
        """Do nothing."""
