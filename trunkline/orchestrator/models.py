"""The inventory as values: what an operator declared. Built by `inventory`, read by everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Literal, NewType

from trunkline.orchestrator.vlans import Vid, VlanSet

SwitchName = NewType("SwitchName", str)
HostName = NewType("HostName", str)
SegmentName = NewType("SegmentName", str)
PortName = NewType("PortName", str)
"""A port in its device's long form, ``GigabitEthernet1/0/3``; dialects canonicalise shorter forms."""
ContainerId = NewType("ContainerId", str)
DeviceKey = NewType("DeviceKey", str)
"""What a sync is about: ``switch:sw1`` or ``host:h1``."""

OpenTrunk = Literal["leave", "restrict"]
Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network


def switch_key(name: SwitchName) -> DeviceKey:
    """Name a switch as a device."""
    return DeviceKey(f"switch:{name}")


def host_key(name: HostName) -> DeviceKey:
    """Name a Docker host as a device."""
    return DeviceKey(f"host:{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Where a secret is; never the secret itself.

    ``file`` holds a path whose first line is the secret, ``env`` an environment variable's name.
    """

    kind: Literal["file", "env"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to log in to a switch. At least one of ``password`` and ``key_file`` is set."""

    username: str
    password: SecretRef | None = None
    enable: SecretRef | None = None
    key_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A device Trunkline configures.

    ``host_key`` is the pinned OpenSSH public key, ``ssh-ed25519 AAAA...``; None means not trusted yet.
    ``managed_vlans`` bounds the ids that may be touched; ``protected_*`` are never touched.
    ``system_name`` is what it announces itself as by LLDP or CDP; None: its name here. ``jump`` is the SSH host that
    leads to it, ``user@host:port``. ``patience``: every deadline is so many times as long. ``revert_minutes``: so long
    the device waits for the word that a change is good before it takes it back by itself; 0: it does not. ``compare``
    says what must be the same after a change: what was read of ports, VLANs and gateways, or the whole configuration.
    """

    name: SwitchName
    driver: str
    address: str
    port: int = 22
    credentials: Credentials
    host_key: str | None = None
    kind: Literal["l3switch", "l2switch", "router"]
    mode: Literal["observe", "enforce"] = "observe"
    protected_ports: frozenset[PortName] = frozenset()
    protected_vlans: VlanSet = field(default_factory=VlanSet)
    managed_vlans: VlanSet = field(default_factory=VlanSet.every)
    save_after_seconds: float = 30.0
    system_name: str | None = None
    jump: str | None = None
    patience: float = 1.0
    revert_minutes: int = 0
    compare: Literal["ports", "device"] = "ports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """A NIC (or bond) of a host, cabled to a port (or port-channel) of a switch.

    ``adopt`` allows turning the port into a trunk; without it a port that is no trunk is an error. ``open_trunk`` says
    what becomes of a trunk that carries every VLAN: left so, or restricted to those that are needed here.
    ``any_peer``: VLANs are put there whoever announces himself on that port.
    """

    nic: str
    switch: SwitchName
    port: PortName
    native_vlan: Vid | None = None
    adopt: bool = False
    open_trunk: OpenTrunk = "leave"
    any_peer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A Docker host.

    ``docker`` is the engine's URL as seen from the host's own worker; ``system_name`` as for a switch.
    """

    name: HostName
    uplinks: tuple[Uplink, ...]
    docker: str = "unix:///var/run/docker.sock"
    system_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A cable between two devices that Trunkline may put VLANs on, each end ``(device, port)``.

    A router's end is its parent interface. The rest is as for an uplink, for both ends.
    """

    ends: tuple[tuple[SwitchName, PortName], tuple[SwitchName, PortName]]
    adopt: bool = False
    open_trunk: OpenTrunk = "leave"
    any_peer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """One subnet of a segment. ``ranges`` are inclusive; empty means every usable address."""

    network: Network
    gateway: Address | None = None
    ranges: tuple[tuple[Address, Address], ...] = ()
    exclude: tuple[tuple[Address, Address], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SviGateway:
    """The segment's gateway is interface Vlan<id> of this L3 switch."""

    switch: SwitchName


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterGateway:
    """The segment's gateway is a dot1Q sub-interface of this router's interface."""

    router: SwitchName
    interface: PortName


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalGateway:
    """Somebody else provides the gateway, or there is none."""


GatewayPlace = SviGateway | RouterGateway | ExternalGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A named VLAN with its addresses.

    ``default_route``: a container connected by label gets its default route through this segment.
    ``networks``: its Docker network is on every host that may use it, or only where something asks for it.
    ``prune``: a VLAN leaves the port with the last container, or with the last Docker network.
    ``quarantine_seconds``: so long a released address rests; None: as long as routers may remember its last owner.
    ``clear_neighbors``: its gateway forgets the ARP or ND entry of an address that goes to another MAC.
    ``host_access``: a host with containers of the segment has an interface and an address of its own in it.
    """

    name: SegmentName
    vlan: Vid
    subnets: tuple[Subnet, ...]
    gateway: GatewayPlace
    mtu_bytes: int = 1500
    trunk: Literal["on-demand", "always"] = "on-demand"
    grace_seconds: float = 600.0
    quarantine_seconds: float | None = None
    default_route: bool = True
    networks: Literal["declared", "on-demand"] = "declared"
    prune: Literal["container", "network"] = "container"
    host_access: bool = False
    clear_neighbors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the policy: these hosts may use these segments. ``*`` stands for all."""

    hosts: frozenset[str]
    segments: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The brake on removals (promise I12): more than these in one pass stop and ask."""

    removals_per_pass: int = 20
    removals_share: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Everything an operator declared, consistent in itself: every name refers to something."""

    switches: Mapping[SwitchName, Switch]
    hosts: Mapping[HostName, Host]
    segments: Mapping[SegmentName, Segment]
    links: tuple[Link, ...] = ()
    policy: tuple[Rule, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def allows(self, host: HostName, segment: SegmentName) -> bool:
        """Say whether the policy lets ``host`` use ``segment``; without a matching rule it does not."""
        return any(
            not {host, "*"}.isdisjoint(rule.hosts) and not {segment, "*"}.isdisjoint(rule.segments)
            for rule in self.policy
        )
