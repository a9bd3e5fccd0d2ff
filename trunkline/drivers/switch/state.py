"""What a switch looks like: the vendor-neutral values a dialect reads out of its output. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PortMode = Literal["trunk", "access", "dynamic", "special", "routed", "absent"]
"""``special`` is a tunnel, a private-VLAN port, or whatever else must not be made a trunk."""
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
    ``channel`` is the port-channel it is a member of. ``negotiated`` says that a dynamic port is a trunk right
    now because its peer asked for one. ``shown_mode`` is the device's word for the mode. ``others`` are its
    configured lines that we never write. ``takes_tags``: it has no mode of its own, so that a VLAN is tagged on it
    as it is, and what it carries untagged stays. ``opens_when_empty``: a trunk whose last VLAN is taken away carries
    every VLAN. ``most_stations``: port security lets so many MACs talk; None: it does not limit them. ``err_disabled``
    is the reason why the switch has shut it down by itself. ``edge``: spanning tree forwards there at once; None where
    that is not read.
    """

    port: PortName
    mode: PortMode
    allowed: VlanSet
    native_vlan: Vid | None = None
    access_vlan: Vid | None = None
    voice_vlan: Vid | None = None
    negotiated: bool = False
    shown_mode: str = ""
    encapsulation_open: bool = False
    channel: PortName | None = None
    others: tuple[str, ...] = ()
    takes_tags: bool = False
    opens_when_empty: bool = False
    most_stations: int | None = None
    err_disabled: str = ""
    edge: bool | None = None

    @property
    def untagged_vlan(self) -> Vid | None:
        """Give the VLAN that its untagged frames belong to now."""
        return self.native_vlan if self.is_trunk else self.access_vlan

    @property
    def is_open(self) -> bool:
        """Say whether it is a trunk that carries every VLAN."""
        return self.mode == "trunk" and len(self.allowed) == len(VlanSet.every())

    @property
    def is_trunk(self) -> bool:
        """Say whether its VLANs cross it tagged now, whatever made it a trunk."""
        return self.mode == "trunk" or self.negotiated

    @property
    def is_converted_first(self) -> bool:
        """Say whether it must be made a trunk before it carries a VLAN tagged."""
        return self.mode != "trunk" and not self.takes_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRow:
    """A layer 3 interface of a VLAN.

    ``primary`` is its primary IPv4 address; ``tagged`` its dot1Q id. ``conflicts`` are lines in the place of
    ours (an address by DHCP, another encapsulation), ``others`` lines that we never write; both as configured.
    """

    addresses: frozenset[Interface]
    primary: Interface | None = None
    shutdown: bool = False
    tagged: Vid | None = None
    conflicts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the device can do.

    ``makes_vlans``: a VLAN is there once it is made. Without, every VLAN is there, and none of it is left behind.
    ``no_gateways`` says why it cannot hold one, and what to do; empty when it can.
    ``restricts_trunks``: a trunk that carries every VLAN can be restricted to a list with one line.
    ``writes_channels``: VLANs are put on a port-channel under the name that its members' rows give it.
    ``has_modes``: its ports have a configured mode. Without, a port reads as a trunk while it carries something tagged.
    """

    has_modes: bool = True
    restricts_trunks: bool = False
    writes_channels: bool = False
    makes_vlans: bool = True
    vtp_mode: str = "transparent"
    vtp_version: int = 1
    vtp_primary: bool = False
    most_vlans: int | None = None
    routes_ipv4: bool = True
    routes_ipv6: bool = True
    no_gateways: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchState:
    """One reading of the part of a switch that an intent is about.

    ``macs`` are the addresses known per (port, VLAN), learned or configured, lower-case with colons, for removals
    only. ``down`` says of a parent interface why its sub-interfaces cannot work, and of None why SVIs cannot.
    ``bridge`` is what SVIs are made on, where that has a name.
    """

    vlans: Mapping[Vid, VlanRow] = field(default_factory=dict)
    ports: Mapping[PortName, PortRow] = field(default_factory=dict)
    gateways: Mapping[GatewayKey, GatewayRow] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    macs: Mapping[tuple[PortName, Vid], frozenset[str]] = field(default_factory=dict)
    down: Mapping[PortName | None, str] = field(default_factory=dict)
    bridge: PortName | None = None
