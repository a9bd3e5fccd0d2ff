"""The lab's shape: hosts, switches, the management network, and which cable goes where; read by topology_file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface
from typing import Literal, NewType

NodeName = NewType("NodeName", str)
MANAGEMENT_NIC = "mgmt0"
Model = Literal["catalyst-l3", "isr-router"]
Platform = Literal["ios", "linux-bridge", "openvswitch"]
Interface = IPv4Interface | IPv6Interface
Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class PortEnd:
    """One socket of a switch or router."""

    switch: NodeName
    port: str

    def __str__(self) -> str:
        return f"{self.switch} {self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """A host's network interface with its cable and the untagged network it lives in."""

    name: str
    cable: PortEnd
    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabHost:
    """A machine of the lab; with ``docker`` it runs a Docker engine of its own."""

    name: NodeName
    management: IPv4Address
    nics: tuple[Nic, ...]
    docker: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSwitch:
    """A switch or router and the configuration it boots with.

    Attributes:
        platform: What it is: a virtual switch with an IOS command line, or a Linux machine that switches.
        model: Which virtual switch; None for a Linux machine.
        startup_config: Lines that are typed in at its start: of IOS, or of shell on a Linux machine.
        latency_ms: Delay of every answer of a virtual switch.
    """

    name: NodeName
    management: IPv4Address
    platform: Platform = "ios"
    model: Model | None = None
    startup_config: str = ""
    latency_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything the lab builds.

    Attributes:
        network: The management network; every node has one address in it.
        address: The management station's own address: Redis, workers and tests are there.
        links: Cables between switches; those of hosts are in their NICs.
    """

    source: str
    network: IPv4Network
    address: IPv4Address
    hosts: Mapping[NodeName, LabHost]
    switches: Mapping[NodeName, LabSwitch]
    links: tuple[tuple[PortEnd, PortEnd], ...] = field(default=())

    def cables(self) -> Iterator[tuple[str, PortEnd]]:
        """List every plugged switch port with the words for what is at the other end."""
        for host in self.hosts.values():
            for nic in host.nics:
                yield f"{host.name} {nic.name}", nic.cable
        for one, other in self.links:
            yield str(other), one
            yield str(one), other

    def ports_of(self, switch: NodeName) -> tuple[str, ...]:
        """List the plugged ports of a switch."""
        return tuple(end.port for _, end in self.cables() if end.switch == switch)
