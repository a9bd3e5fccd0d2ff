"""What devices should look like and what they reported: the values between planning and drivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trunkline.orchestrator.models import (
    Address,
    ContainerId,
    HostName,
    Interface,
    Network,
    PortName,
    SegmentName,
    Subnet,
    Switch,
)
from trunkline.orchestrator.vlans import Vid

IPV4, IPV6 = 4, 6
AttachmentState = Literal[
    "absent", "requested", "switch-ready", "link-ready", "ready", "draining", "failed", "degraded"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HasVlan:
    """The VLAN exists on the switch and is active. ``name`` is what we give a VLAN we create."""

    vlan: Vid
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carries:
    """The port is a trunk that carries the VLAN tagged, or untagged where it is the native VLAN."""

    port: PortName
    vlan: Vid


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The device holds these addresses in the VLAN.

    ``parent`` None means the SVI ``Vlan<id>``, otherwise the sub-interface ``<parent>.<id>``.
    """

    vlan: Vid
    addresses: tuple[Interface, ...]
    parent: PortName | None = None


Claim = HasVlan | Carries | Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbor:
    """An address whose ARP or ND entry a gateway may hold.

    ``vlan`` and ``parent`` name the gateway's interface, as those of `Gateway`.
    """

    vlan: Vid
    address: Address
    parent: PortName | None = None


Capability = Literal["bridge", "router", "station", "phone", "access-point"]
"""What a device says of itself that it is, as far as that matters here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What announces itself at the other end of a cable, by LLDP (IEEE 802.1AB) or CDP. All of it is untrusted text.

    Attributes:
        port: The switch's own port, in its long form.
        name: The system name that it announces; empty when it tells none.
        chassis: Its chassis id; a MAC is lower-case with colons.
        far_port: The id of its port; a MAC is lower-case with colons.
        far_description: How it describes that port; on a Linux host the NIC's name.
        capabilities: What it says that it is; empty when it does not say.
        via: The protocol.
    """

    port: PortName
    name: str = ""
    chassis: str = ""
    far_port: str = ""
    far_description: str = ""
    capabilities: frozenset[Capability] = frozenset()
    via: Literal["lldp", "cdp"] = "lldp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a switch knows of the machines around it.

    Attributes:
        peers: What announces itself at its ports.
        stations: The MACs that it learned, by port and VLAN; lower-case with colons.
    """

    peers: tuple[Peer, ...] = ()
    stations: Mapping[tuple[PortName, Vid], frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRule:
    """What may be done to one port. Ports without a rule are never written.

    Attributes:
        port: Which one.
        adopt: It may be turned into a trunk.
        native_vlan: What it carries untagged, by the inventory.
        own_macs: The host's own addresses, lower-case with colons: seeing them on the port does not keep a VLAN there,
            and whoever announces himself with one of them is the host.
        restrict: A trunk that carries every VLAN is restricted to what is needed.
        keeps: VLANs that are not ours to cut there; a trunk that is restricted goes on carrying them.
        why_open: Why a trunk that is to be restricted is not yet; empty when nothing is in the way.
        peers: Names under which the machine at the other end may announce itself; empty: whoever does is right.
        stations: So many MACs will talk there at least; 0 when nobody knows.
        is_edge: A host is there and no switch.
    """

    port: PortName
    adopt: bool = False
    native_vlan: Vid | None = None
    own_macs: frozenset[str] = frozenset()
    restrict: bool = False
    keeps: frozenset[Vid] = frozenset()
    why_open: str = ""
    peers: frozenset[str] = frozenset()
    stations: int = 0
    is_edge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchIntent:
    """Desired state of one device.

    ``present`` must hold. ``absent`` names only what Trunkline itself added and nobody needs any more.
    What is in neither is somebody else's and stays as it is.
    """

    switch: Switch
    generation: int
    present: frozenset[Claim] = frozenset()
    absent: frozenset[Claim] = frozenset()
    ports: Mapping[PortName, PortRule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkIntent:
    """An 802.1Q sub-interface of a host."""

    name: str
    parent: str
    vlan: Vid
    mtu_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShimIntent:
    """A host's own interface in a segment: a macvlan on ``link`` beside those of its containers.

    ``addresses`` have host masks, /32 and /128; ``routes`` are the networks that the host reaches through it.
    """

    name: str
    link: str
    mac: str
    addresses: tuple[Interface, ...]
    routes: tuple[Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkIntent:
    """A macvlan network on a sub-interface, named like its segment; its addresses come from our IPAM plug-in."""

    segment: SegmentName
    parent: str
    subnets: tuple[Subnet, ...]

    @property
    def internal(self) -> bool:
        """Whether containers get no default route: nobody routes for this segment."""
        return all(subnet.gateway is None for subnet in self.subnets)

    @property
    def has_ipv4(self) -> bool:
        """Whether Docker has to be told that there is none."""
        return any(subnet.network.version == IPV4 for subnet in self.subnets)

    @property
    def has_ipv6(self) -> bool:
        """Whether Docker has to be told of IPv6."""
        return any(subnet.network.version == IPV6 for subnet in self.subnets)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentIntent:
    """What one segment needs on one host."""

    segment: SegmentName
    link: LinkIntent
    network: NetworkIntent


@dataclass(frozen=True, slots=True, kw_only=True)
class HostIntent:
    """Desired state of one Docker host.

    ``present`` are attachments whose switch side is ready; ``waiting`` are wanted but the switch side is
    not there yet (name -> why); ``absent`` are ours, drained and past their grace.
    """

    host: HostName
    generation: int
    present: tuple[AttachmentIntent, ...] = ()
    absent: tuple[AttachmentIntent, ...] = ()
    waiting: Mapping[SegmentName, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A container's place on one Docker network, as `docker inspect` shows it.

    ``endpoint_id`` and ``mac`` are empty while the container is not running.
    """

    network: str
    network_id: str
    endpoint_id: str = ""
    mac: str = ""
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedNetwork:
    """A Docker network whose addresses come from our IPAM plug-in, whoever made it.

    ``endpoints`` are those of running containers, by container. ``ours``: Trunkline made it.
    """

    id: str
    name: str
    segment: SegmentName
    parent: str
    ours: bool = False
    endpoints: Mapping[ContainerId, Endpoint] = field(default_factory=dict)
    names: Mapping[ContainerId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFacts:
    """A container as `docker inspect` shows it; labels are untrusted text."""

    id: ContainerId
    name: str
    running: bool
    labels: Mapping[str, str]
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    network_mode: str = "default"
    publishes_ports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one container's labels ask for: segments in order, each with the addresses asked for."""

    segments: tuple[SegmentName, ...] = ()
    addresses: Mapping[SegmentName, tuple[Address, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What a host's worker last saw on its own host.

    ``links`` and ``networks`` are the segments of ours that are there, a link of no known segment by its own
    name; ``macs`` the host's own NIC addresses, ``nics`` the same by NIC. ``hostname`` is what the machine calls
    itself; ``peers`` are who announces himself at its NICs, where an lldpd listens: there `Peer.port` is the NIC.
    ``reported_at`` is in seconds since the epoch, by the store's clock.
    """

    host: HostName
    reported_at: float
    boot_id: str = ""
    links: frozenset[SegmentName] = frozenset()
    networks: frozenset[SegmentName] = frozenset()
    macs: frozenset[str] = frozenset()
    hostname: str = ""
    nics: Mapping[str, str] = field(default_factory=dict)
    peers: tuple[Peer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The record of one (host, segment).

    ``drain_at`` is the end of the grace, in seconds since the epoch; None while there are holders.
    """

    host: HostName
    segment: SegmentName
    holders: frozenset[str] = frozenset()
    state: AttachmentState = "absent"
    cause: str = ""
    since: float = 0.0
    drain_at: float | None = None
