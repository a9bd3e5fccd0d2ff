"""What a switch needs of the thing that forwards its frames, and the one that forwards nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trunkline.lab.switch.state import SwitchState


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedMac:
    """A row of the MAC address table."""

    vlan: int
    mac: str
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the data plane sees right now.

    Attributes:
        links: Long names of the ports with a cable that has somebody at its other end.
        macs: Learned addresses.
    """

    links: frozenset[str] = frozenset()
    macs: tuple[LearnedMac, ...] = ()


class Dataplane(Protocol):
    """Makes frames follow the configuration. Both functions block and run in a thread of their own."""

    def realise(self, state: SwitchState) -> None:
        """Make everything as the state says; nothing is touched that already is."""

    def observe(self) -> Observed:
        """Look at links and learned addresses."""

    def close(self) -> None:
        """Leave nothing behind."""


@dataclass(slots=True)
class NoDataplane:
    """A switch that only talks. Its cables are what the test says.

    Attributes:
        links: Ports with a link.
        macs: Addresses it claims to have learned.
    """

    links: set[str]
    macs: list[LearnedMac] = field(default_factory=list)

    @classmethod
    def with_all_links(cls, ports: Sequence[str]) -> NoDataplane:
        """Plug a cable into every port."""
        return cls(links=set(ports))

    def realise(self, state: SwitchState) -> None:
        """Do nothing."""

    def observe(self) -> Observed:
        """Give what was set."""
        return Observed(links=frozenset(self.links), macs=tuple(self.macs))

    def close(self) -> None:
        """Do nothing."""
