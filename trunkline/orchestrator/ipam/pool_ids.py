"""The name of a pool towards Docker: text <-> segment and subnet. It holds all that is needed to serve the pool. Pure.

Docker keeps a pool's name for as long as the network exists, through every restart of ours, and never tells of which
network it speaks; so the name refers to nothing that could be lost, and two networks of one segment share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Self

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import Network, SegmentName

VERSION = "tl1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolId:
    """A subnet of a segment, or the part of it that `--ip-range` left."""

    segment: SegmentName
    subnet: Network
    part: Network | None = None

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.subnet.version

    def __str__(self) -> str:
        part = "" if self.part is None else str(self.part)
        return f"{VERSION}|{self.segment}|{self.subnet}|{part}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote.

        Raises:
            ConfigError: it is no name of ours.
        """
        match text.split("|"):
            case [version, segment, subnet, part] if version == VERSION and segment:
                try:
                    return cls(
                        segment=SegmentName(segment),
                        subnet=ip_network(subnet),
                        part=ip_network(part) if part else None,
                    )
                except ValueError:
                    pass
        raise ConfigError(
            "is no pool of Trunkline's",
            subject=f"pool {text[:80]!r}",
            fix="remove the network and create it again",
        )
