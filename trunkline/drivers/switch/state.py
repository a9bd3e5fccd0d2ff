"""What a switch looks like: the vendor-neutral values a dialect reads out of its output. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PortMode = Literal["trunk", "access", "dynamic", "routed", "absent"]
GatewayKey = tuple[PortName | None, Vid]
"""Parent interface (None for an SVI) and VLAN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VlanRow:
    """A VLAN of the switch."""

    vlan: Vid
    name: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRow:
    """A port, as configured.

    ``allowed`` is what its trunk may carry; every id when the switch shows ALL. ``encapsulation_open`` says that
    the trunk encapsulation must be set before the port can become a trunk (switches that still know ISL).
    ``channel`` is the port-channel it is a member of.
    """

    port: PortName
    mode: PortMode
    allowed: VlanSet
    native_vlan: Vid | None = None
    access_vlan: Vid | None = None
    encapsulation_open: bool = False
    channel: PortName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRow:
    """A layer 3 interface of a VLAN. ``primary`` is its primary IPv4 address; ``tagged`` its dot1Q id."""

    addresses: frozenset[Interface]
    primary: Interface | None = None
    shutdown: bool = False
    tagged: Vid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the device can do."""

    vtp_mode: str = "transparent"
    vtp_version: int = 1
    most_vlans: int | None = None
    routes_ipv4: bool = True
    routes_ipv6: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchState:
    """One reading of the part of a switch that an intent is about.

    ``texts`` is the configuration of each interface read, line by line, for the proof that nothing else changed.
    ``macs`` are dynamic addresses learned per (port, VLAN), lower-case with colons, for removals only.
    """

    vlans: Mapping[Vid, VlanRow] = field(default_factory=dict)
    ports: Mapping[PortName, PortRow] = field(default_factory=dict)
    gateways: Mapping[GatewayKey, GatewayRow] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    macs: Mapping[tuple[PortName, Vid], frozenset[str]] = field(default_factory=dict)
