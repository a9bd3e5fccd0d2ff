"""What a switch knows: VLAN database, interfaces, global settings; config commands change it, all else reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface
from typing import Literal

from trunkline.lab.switch import interface_names
from trunkline.lab.switch.hardware import Hardware
from trunkline.lab.switch.interface_names import InterfaceName
from trunkline.lab.switch.vlan_lists import EVERY
from trunkline.orchestrator.vlans import VlanSet

PortMode = Literal["dynamic auto", "dynamic desirable", "access", "trunk"]
Encapsulation = Literal["negotiate", "dot1q", "isl"]
VtpMode = Literal["server", "client", "transparent", "off"]

RESERVED_VLANS = {
    1: "default",
    1002: "fddi-default",
    1003: "token-ring-default",
    1004: "fddinet-default",
    1005: "trnet-default",
}
FIRST_EXTENDED = 1006
VTP_3 = 3
"""The VTP version that knows all 4094 VLANs and has one primary server."""


@dataclass(slots=True)
class Vlan:
    """A row of the VLAN database."""

    name: str
    suspended: bool = False
    shutdown: bool = False

    @property
    def active(self) -> bool:
        """Whether frames may travel in it."""
        return not self.suspended and not self.shutdown


@dataclass(slots=True)
class Vtp:
    """VLAN trunking protocol: who may change the VLAN database."""

    mode: VtpMode = "server"
    version: int = 1
    domain: str = ""
    primary: bool = False
    revision: int = 0


@dataclass(slots=True)
class PortSecurity:
    """`switchport port-security`."""

    enabled: bool = False
    maximum: int = 1
    violation: Literal["shutdown", "restrict", "protect"] = "shutdown"


@dataclass(slots=True)
class Switching:
    """Layer 2 settings of a port."""

    mode: PortMode = "dynamic auto"
    access_vlan: int = 1
    native_vlan: int = 1
    allowed: VlanSet = EVERY
    encapsulation: Encapsulation = "dot1q"
    nonegotiate: bool = False
    security: PortSecurity = field(default_factory=PortSecurity)


@dataclass(slots=True)
class Interface:
    """An interface and its configuration.

    Attributes:
        switching: Layer 2 settings; None when the port is routed or cannot switch.
        dot1q: The VLAN of a router sub-interface; None until `encapsulation dot1Q` was given.
        dot1q_native: The sub-interface takes the untagged frames.
        channel: Port-channel the port belongs to, and its mode.
        other: Accepted lines without meaning here, as running-config shows them.
    """

    name: InterfaceName
    description: str = ""
    shutdown: bool = False
    switching: Switching | None = None
    address: IPv4Interface | None = None
    secondaries: list[IPv4Interface] = field(default_factory=list)
    addresses6: list[IPv6Interface] = field(default_factory=list)
    dot1q: int | None = None
    dot1q_native: bool = False
    mtu: int | None = None
    channel: tuple[int, str] | None = None
    other: list[str] = field(default_factory=list)

    @property
    def physical(self) -> bool:
        """Whether it is a port one can plug a cable into."""
        return self.name.kind in {"GigabitEthernet", "TenGigabitEthernet"} and self.name.sub is None

    @property
    def is_svi(self) -> bool:
        """Whether it is a VLAN's own interface."""
        return self.name.kind == "Vlan"

    @property
    def is_trunk(self) -> bool:
        """Whether it is configured as a trunk (two ends of which one is dynamic never meet here)."""
        return self.switching is not None and self.switching.mode == "trunk"

    @property
    def addresses(self) -> list[IPv4Interface]:
        """IPv4 addresses, the primary first."""
        return ([] if self.address is None else [self.address]) + self.secondaries

    def clear_addresses(self) -> None:
        """Forget every address of both families."""
        self.address = None
        self.secondaries.clear()
        self.addresses6.clear()


def default_vlans() -> dict[int, Vlan]:
    """Give the VLAN database of a switch fresh from the box."""
    return {number: Vlan(name) for number, name in RESERVED_VLANS.items()}


def default_vlan_name(number: int) -> str:
    """Give the name of a VLAN nobody named: ``VLAN0010``."""
    return RESERVED_VLANS.get(number, f"VLAN{number:04d}")


@dataclass(slots=True)
class SwitchState:
    """Running configuration and VLAN database of one switch.

    Attributes:
        interfaces: By long name; physical ports always exist.
        settings: Accepted global lines without meaning here, as running-config shows them.
        removed: Deleted router sub-interfaces; making one again brings its old lines back, as on real routers.
        blocks: Accepted sections without meaning here (``line vty 0 15``), heading to lines.
    """

    hardware: Hardware
    hostname: str
    vlans: dict[int, Vlan]
    interfaces: dict[str, Interface]
    vtp: Vtp = field(default_factory=Vtp)
    ip_routing: bool = False
    ipv6_unicast_routing: bool = False
    domain_name: str = ""
    lldp: bool = False
    settings: list[str] = field(default_factory=list)
    blocks: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, Interface] = field(default_factory=dict)

    @classmethod
    def fresh(cls, hardware: Hardware, hostname: str) -> SwitchState:
        """Give the state of a switch without configuration."""
        state = cls(hardware=hardware, hostname=hostname, vlans={}, interfaces={})
        if hardware.switching:
            state.vlans = default_vlans()
        else:
            state.ip_routing = True
        for port in hardware.ports:
            state.interfaces[port] = state.blank(interface_names.named(port))
        if hardware.switching:
            state.interfaces["Vlan1"] = Interface(InterfaceName("Vlan", (1,)), shutdown=True)
        return state

    def blank(self, name: InterfaceName) -> Interface:
        """Give an interface as it is before anybody configured it."""
        interface = Interface(name)
        if interface.physical or name.kind == "Port-channel":
            if self.hardware.switching:
                interface.switching = Switching(encapsulation="negotiate" if self.hardware.isl else "dot1q")
            else:
                interface.shutdown = name.sub is None and interface.physical
        return interface

    def ordered(self) -> list[Interface]:
        """List interfaces as running-config does."""
        return sorted(self.interfaces.values(), key=lambda interface: interface.name.sort_key)

    def active(self, vlan: int) -> bool:
        """Whether a VLAN exists and may carry frames."""
        row = self.vlans.get(vlan)
        return row is not None and row.active and vlan not in range(1002, 1006)

    def carried(self, interface: Interface) -> VlanSet:
        """Give the VLANs a port lets through: allowed and active on a trunk, its access VLAN otherwise."""
        switching = interface.switching
        if switching is None or interface.shutdown:
            return VlanSet()
        trunk = switching.mode == "trunk"
        wanted = switching.allowed if trunk else VlanSet({switching.access_vlan})
        return VlanSet(number for number in self.vlans if number in wanted and self.active(number))
