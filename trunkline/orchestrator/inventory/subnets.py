"""Whether the subnets of segments make sense, alone and beside each other. Values -> problems."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network

from trunkline.orchestrator.inventory.document import Path, Problem
from trunkline.orchestrator.models import Address, ExternalGateway, Inventory, Network, Segment, Subnet
from trunkline.orchestrator.planning.topology import gateway_device

SMALLEST_MTU, SMALLEST_MTU_IPV6, LARGEST_MTU = 576, 1280, 9216
"""Bytes: what every IPv4 host accepts (RFC 791), what IPv6 demands (RFC 8200, 5), what switches carry."""
_POINT_TO_POINT_BITS = 1


def check_subnets(inventory: Inventory) -> Iterator[Problem]:
    """Check every segment's subnets, gateways, ranges and MTU, and overlaps between segments that meet."""
    for segment in inventory.segments.values():
        where: Path = ("segments", segment.name)
        yield from _mtu(segment, where)
        if not segment.subnets:
            fix = "write for example [{subnet: 172.31.0.0/16, gateway: 172.31.0.1}]"
            yield Problem(path=(*where, "subnets"), what="is empty", fix=fix)
        elif not isinstance(segment.gateway, ExternalGateway) and not any(
            subnet.gateway for subnet in segment.subnets
        ):
            what = "has no address for its gateway"
            fix = "add gateway: to a subnet, or write gateway: external"
            yield Problem(path=(*where, "subnets"), what=what, fix=fix)
        for index, subnet in enumerate(segment.subnets):
            yield from _subnet(subnet, (*where, "subnets", index))
    yield from _overlaps(inventory)


def is_usable(address: Address, network: Network) -> bool:
    """Say whether a machine may have this address.

    It is inside and neither the network or broadcast address nor, in IPv6, the routers' anycast address.
    """
    if address.version != network.version or address not in network:
        return False
    if network.max_prefixlen - network.prefixlen <= _POINT_TO_POINT_BITS:
        return True
    if address == network.network_address:
        return False
    return isinstance(network, IPv6Network) or address != network.broadcast_address


def _mtu(segment: Segment, where: Path) -> Iterator[Problem]:
    has_ipv6 = any(isinstance(subnet.network, IPv6Network) for subnet in segment.subnets)
    least = SMALLEST_MTU_IPV6 if has_ipv6 else SMALLEST_MTU
    if not least <= segment.mtu_bytes <= LARGEST_MTU:
        reason = " with IPv6" if has_ipv6 and segment.mtu_bytes >= SMALLEST_MTU else ""
        fix = f"write {least} to {LARGEST_MTU} bytes"
        yield Problem(
            path=(*where, "mtu"), what=f"is {segment.mtu_bytes}, too small or large{reason}", fix=fix
        )


def _subnet(subnet: Subnet, where: Path) -> Iterator[Problem]:
    network, gateway = subnet.network, subnet.gateway
    if gateway is not None and not is_usable(gateway, network):
        inside = gateway.version == network.version and gateway in network
        what = "is the network or broadcast address of" if inside else "is outside"
        first = network.network_address if is_usable(network[0], network) else network[1]
        yield Problem(
            path=(*where, "gateway"), what=f"{gateway} {what} {network}", fix=f"write for example {first}"
        )
    for key, spans in (("ranges", subnet.ranges), ("exclude", subnet.exclude)):
        for index, (low, high) in enumerate(spans):
            if low.version != network.version or low not in network or high not in network:
                fix = f"stay within {network.network_address}-{network.broadcast_address}"
                what = f"{low}-{high} is outside {network}"
                yield Problem(path=(*where, key, index), what=what, fix=fix)
    for index, (low, high) in enumerate(subnet.ranges):
        for other_low, other_high in subnet.ranges[:index]:
            if (
                low.version == other_low.version
                and int(low) <= int(other_high)
                and int(other_low) <= int(high)
            ):
                what = f"{low}-{high} overlaps {other_low}-{other_high}"
                yield Problem(path=(*where, "ranges", index), what=what, fix="write one range for both")


def _overlaps(inventory: Inventory) -> Iterator[Problem]:
    places = [
        (segment, index, subnet)
        for segment in inventory.segments.values()
        for index, subnet in enumerate(segment.subnets)
    ]
    for number, (segment, index, subnet) in enumerate(places):
        for other, _, earlier in places[:number]:
            if subnet.network.version != earlier.network.version:
                continue
            place = _meeting_place(inventory, segment, other)
            if place and subnet.network.overlaps(earlier.network):
                what = f"{subnet.network} overlaps {earlier.network} of segment {other.name} {place}"
                where: Path = ("segments", segment.name, "subnets", index)
                yield Problem(path=where, what=what, fix="give every segment a subnet of its own")


def _meeting_place(inventory: Inventory, one: Segment, other: Segment) -> str:
    """Say where the two segments' addresses would be in each other's way; empty when nowhere."""
    if one.name == other.name:
        return "itself"
    device = gateway_device(one)
    if device is not None and device == gateway_device(other):
        return f"on the same gateway device {device}"
    for host in inventory.hosts:
        if inventory.allows(host, one.name) and inventory.allows(host, other.name):
            return f"on host {host}, which may use both"
    return ""
