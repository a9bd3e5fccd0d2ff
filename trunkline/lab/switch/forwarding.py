"""From configuration to kernel objects: what the bridge, its ports and its interfaces must be, and the steps to there.

Pure: ``plan`` turns a switch's state into a ``Forwarding``, ``steps`` compares it with what the kernel has. A frame
crosses only where the plan says so: a port without an entry for a VLAN drops its frames, a port without a native VLAN
drops untagged ones. Port-channels are not built: their members carry nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface

from trunkline.lab.switch.interface_names import InterfaceName
from trunkline.lab.switch.state import Interface, SwitchState

BRIDGE = "br0"
LONGEST_DEVICE = 15
"""Characters of a Linux interface name (IFNAMSIZ less its end)."""
Address = IPv4Interface | IPv6Interface


@dataclass(frozen=True, slots=True, order=True)
class Membership:
    """A VLAN on a port of the bridge; the native one is untagged both ways."""

    vlan: int
    untagged: bool = False


@dataclass(frozen=True, slots=True)
class TaggedLink:
    """An 802.1Q device."""

    parent: str
    vlan: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """What must be there.

    Attributes:
        switching: Whether there is a bridge at all; routers have none.
        up: For every port, whether it is on.
        members: Ports of the bridge with their VLANs.
        own: VLANs the bridge itself takes part in, for its SVIs.
        links: SVIs and sub-interfaces that are up, by device name; those that are down do not exist.
        addresses: By device name, for every device whose addresses are ours.
        route4: Forward IPv4.
        route6: Forward IPv6.
    """

    switching: bool
    up: Mapping[str, bool]
    members: Mapping[str, frozenset[Membership]]
    own: frozenset[int]
    links: Mapping[str, TaggedLink]
    addresses: Mapping[str, frozenset[Address]]
    route4: bool
    route6: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What is there, in the same words; only devices that exist are in it.

    Attributes:
        up: Switched on, for every port and 802.1Q device.
        bridged: Ports that are in the bridge.
        members: VLANs of the bridge's ports; the bridge's own under its name.
        links: 802.1Q devices on the bridge or on a port.
    """

    bridge: bool = False
    up: Mapping[str, bool] = field(default_factory=dict)
    bridged: frozenset[str] = frozenset()
    members: Mapping[str, frozenset[Membership]] = field(default_factory=dict)
    links: Mapping[str, TaggedLink] = field(default_factory=dict)
    addresses: Mapping[str, frozenset[Address]] = field(default_factory=dict)
    route4: bool | None = None
    route6: bool | None = None


@dataclass(frozen=True, slots=True)
class MakeBridge:
    """Create the bridge: VLAN filtering on, no default VLAN, no spanning tree."""


@dataclass(frozen=True, slots=True)
class SetMaster:
    """Put a port into the bridge, or take it out."""

    device: str
    bridged: bool


@dataclass(frozen=True, slots=True)
class SetUp:
    """Switch a port on or off."""

    device: str
    up: bool


@dataclass(frozen=True, slots=True)
class SetVlan:
    """Add a VLAN to a port or to the bridge itself, or remove it."""

    device: str
    membership: Membership
    present: bool


@dataclass(frozen=True, slots=True)
class MakeLink:
    """Create an 802.1Q device and switch it on."""

    device: str
    link: TaggedLink


@dataclass(frozen=True, slots=True)
class RemoveLink:
    """Delete an 802.1Q device."""

    device: str


@dataclass(frozen=True, slots=True)
class SetAddress:
    """Add an address to a device, or remove it."""

    device: str
    address: Address
    present: bool


@dataclass(frozen=True, slots=True)
class SetRouting:
    """Forward packets of a family, or not."""

    family: int
    on: bool


Step = MakeBridge | SetMaster | SetUp | SetVlan | MakeLink | RemoveLink | SetAddress | SetRouting


def plan(state: SwitchState, devices: Mapping[str, str]) -> Forwarding:
    """Say what the kernel must have.

    Args:
        state: The running configuration.
        devices: Which Linux interface is which port, by the port's long name.
    """
    members: dict[str, frozenset[Membership]] = {}
    up: dict[str, bool] = {}
    links: dict[str, TaggedLink] = {}
    addresses: dict[str, frozenset[Address]] = {}
    for port, device in devices.items():
        interface = state.interfaces[port]
        up[device] = not interface.shutdown
        if interface.switching is not None:
            members[device] = memberships(state, interface)
        else:
            addresses[device] = _addresses(interface)
    for interface in state.interfaces.values():
        _add_virtual(state, interface, devices, links, addresses)
    return Forwarding(
        switching=state.hardware.switching,
        up=up,
        members=members,
        own=frozenset(link.vlan for link in links.values() if link.parent == BRIDGE),
        links=links,
        addresses=addresses,
        route4=state.ip_routing,
        route6=state.ipv6_unicast_routing,
    )


def layer3(state: SwitchState, devices: Mapping[str, str]) -> dict[str, str]:
    """Say which interface, by its long name, the addresses of each Linux device belong to."""
    found = {device: port for port, device in devices.items() if state.interfaces[port].switching is None}
    for interface in state.interfaces.values():
        parent = devices.get(str(interface.name.parent)) if interface.name.sub is not None else None
        if interface.is_svi:
            found[str(interface.name)] = str(interface.name)
        elif parent is not None:
            device = parent if interface.dot1q_native else link_device(parent, interface.name)
            found[device] = str(interface.name)
    return found


def memberships(state: SwitchState, interface: Interface) -> frozenset[Membership]:
    """Give the VLANs of a port: those it carries, the native or access one untagged."""
    switching = interface.switching
    isl = switching is not None and switching.mode == "trunk" and switching.encapsulation == "isl"
    if switching is None or interface.channel is not None or isl:
        return frozenset()
    untagged = switching.native_vlan if switching.mode == "trunk" else switching.access_vlan
    return frozenset(Membership(vlan, vlan == untagged) for vlan in state.carried(interface))


def _add_virtual(
    state: SwitchState,
    interface: Interface,
    devices: Mapping[str, str],
    links: dict[str, TaggedLink],
    addresses: dict[str, frozenset[Address]],
) -> None:
    """Add the device of an SVI or a sub-interface, when it is up."""
    name = interface.name
    if interface.shutdown:
        return
    if interface.is_svi and state.active(name.number):
        links[str(name)] = TaggedLink(BRIDGE, name.number)
        addresses[str(name)] = _addresses(interface)
    parent = devices.get(str(name.parent)) if name.sub is not None else None
    if parent is None or interface.dot1q is None or state.interfaces[str(name.parent)].shutdown:
        return
    if interface.dot1q_native:
        addresses[parent] = addresses.get(parent, frozenset()) | _addresses(interface)
        return
    device = link_device(parent, name)
    links[device] = TaggedLink(parent, interface.dot1q)
    addresses[device] = _addresses(interface)


def link_device(parent: str, name: InterfaceName) -> str:
    """Give the Linux name of a sub-interface, shortened by a hash where it would be too long."""
    device = f"{parent}.{name.sub}"
    if len(device) <= LONGEST_DEVICE:
        return device
    return f"sub{hashlib.sha256(device.encode()).hexdigest()[:10]}"


def _addresses(interface: Interface) -> frozenset[Address]:
    return frozenset([*interface.addresses, *interface.addresses6])


def steps(desired: Forwarding, kernel: Kernel) -> Iterator[Step]:
    """Give what to do, in an order in which nothing passes that neither state allows: removals come first."""
    if desired.switching and not kernel.bridge:
        yield MakeBridge()
    yield from _routing(desired, kernel, on=False)
    yield from (
        SetUp(device, up=False) for device, up in desired.up.items() if not up and kernel.up.get(device)
    )
    stale = [name for name, link in kernel.links.items() if desired.links.get(name) != link]
    stale += [name for name in kernel.links if name in desired.links and not kernel.up.get(name)]
    gone = sorted(set(stale))
    yield from (RemoveLink(name) for name in gone)
    yield from _vlans(desired, kernel, present=False)
    yield from (SetMaster(d, bridged=False) for d in sorted(kernel.bridged - desired.members.keys()))
    yield from _addresses_steps(desired, kernel, present=False, gone=gone)
    joining = sorted(desired.members.keys() - kernel.bridged)
    yield from (SetMaster(device, bridged=True) for device in joining if device in kernel.up)
    yield from _vlans(desired, kernel, present=True)
    yield from (SetUp(d, up=True) for d, up in desired.up.items() if up and kernel.up.get(d) is False)
    for name, link in sorted(desired.links.items()):
        if name in gone or name not in kernel.links:
            yield MakeLink(name, link)
    yield from _addresses_steps(desired, kernel, present=True, gone=gone)
    yield from _routing(desired, kernel, on=True)


def _vlans(desired: Forwarding, kernel: Kernel, *, present: bool) -> Iterator[Step]:
    wanted = dict(desired.members)
    if desired.switching:
        wanted[BRIDGE] = frozenset(Membership(vlan) for vlan in desired.own)
    for device, vlans in sorted(wanted.items()):
        if device != BRIDGE and device not in kernel.up:
            continue
        # A port that joins the bridge only now begins without any VLAN: there is no default one.
        has = kernel.members.get(device, frozenset())
        chosen = vlans - has if present else has - vlans
        yield from (SetVlan(device, membership, present) for membership in sorted(chosen))


def _addresses_steps(
    desired: Forwarding, kernel: Kernel, *, present: bool, gone: list[str]
) -> Iterator[Step]:
    for device, wanted in sorted(desired.addresses.items()):
        has = frozenset() if device in gone else kernel.addresses.get(device, frozenset())
        if device not in kernel.up and device not in desired.links:
            continue
        chosen = wanted - has if present else has - wanted
        ordered = sorted(chosen, key=lambda address: (address.version, int(address.ip)))
        yield from (SetAddress(device, address, present) for address in ordered)


def _routing(desired: Forwarding, kernel: Kernel, *, on: bool) -> Iterator[Step]:
    for family, wanted, has in ((4, desired.route4, kernel.route4), (6, desired.route6, kernel.route6)):
        if wanted == on and has != wanted:
            yield SetRouting(family, wanted)
