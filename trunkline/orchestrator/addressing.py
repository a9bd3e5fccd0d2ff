"""Which addresses of a subnet may be handed out: a subnet of a segment -> offsets and ranges of them. Pure.

An offset counts from the network address. Called by the ledger, which only knows offsets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trunkline.orchestrator.errors import AddressError
from trunkline.orchestrator.models import Address, Segment, Subnet

IPV4 = 4
SMALLEST_WITH_BROADCAST = 4
"""Addresses: a /31 and a /32 have no network and broadcast address (RFC 3021)."""
LARGEST_COUNTABLE = 2**53 - 1
"""Redis counts in doubles: offsets beyond are never handed out unasked."""

Span = tuple[int, int]
"""First and last offset, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """One subnet as the ledger needs it.

    Attributes:
        id: The subnet in its usual notation.
        family: 4 or 6.
        size: How many addresses the subnet has.
        spans: Offsets that may be handed out unasked, in order, never touching the reserved ones.
        reserved: Offsets that nobody gets, asked for or not: network, broadcast, gateway, excluded.
    """

    id: str
    family: int
    size: int
    spans: tuple[Span, ...]
    reserved: tuple[Span, ...]
    subnet: Subnet

    def offset(self, address: Address) -> int:
        """Turn an address of this subnet into its offset."""
        return int(address) - int(self.subnet.network.network_address)

    def bitmap(self) -> bytes:
        """Give one bit per address of an IPv4 subnet, set where nothing is handed out unasked; first bit first."""
        bits = bytearray(b"\xff" * ((self.size + 7) // 8))
        for first, last in self.spans:
            whole, end = (first + 7) // 8, (last + 1) // 8
            if whole < end:
                bits[whole:end] = bytes(end - whole)
            edges = (*range(first, min(whole * 8, last + 1)), *range(max(end * 8, first), last + 1))
            for offset in edges:
                bits[offset // 8] &= ~(0x80 >> (offset % 8))
        return bytes(bits)


def pools(segment: Segment, family: int) -> tuple[PoolSpec, ...]:
    """Give the pools of one family, in the inventory's order."""
    return tuple(pool(subnet) for subnet in segment.subnets if subnet.network.version == family)


def pool(subnet: Subnet) -> PoolSpec:
    """Work out one subnet's pool."""
    network = subnet.network
    base, size = int(network.network_address), network.num_addresses
    peculiar = {0, size - 1} | ({int(subnet.gateway) - base} if subnet.gateway is not None else set())
    reserved = [(offset, offset) for offset in peculiar if role(subnet, network[offset])]
    reserved += [(int(first) - base, int(last) - base) for first, last in subnet.exclude]
    offered = [(int(first) - base, int(last) - base) for first, last in subnet.ranges] or [(0, size - 1)]
    barred = _merged(reserved)
    last_countable = size - 1 if network.version == IPV4 else min(size - 1, LARGEST_COUNTABLE)
    spans = tuple(
        (first, min(last, last_countable))
        for offer in _merged(offered)
        for first, last in _without(offer, barred)
        if first <= last_countable
    )
    return PoolSpec(
        id=str(network), family=network.version, size=size, spans=spans, reserved=tuple(barred), subnet=subnet
    )


def role(subnet: Subnet, address: Address) -> str:
    """Say what an address of this subnet is to everybody in it, so that nobody may have it; empty when nothing."""
    network = subnet.network
    has_ends = network.num_addresses >= SMALLEST_WITH_BROADCAST
    if address == subnet.gateway:
        return "the gateway"
    if has_ends and address == network.network_address:
        return "the network address"
    if has_ends and network.version == IPV4 and address == network.broadcast_address:
        return "the broadcast address"
    return ""


def place_of(segment: Segment, address: Address) -> tuple[PoolSpec, int]:
    """Find the pool and the offset of an address that somebody asks for.

    It may lie outside the ranges: those only bound what is handed out unasked.

    Raises:
        AddressError: no subnet of the segment has it, or it is reserved.
    """
    for spec in pools(segment, address.version):
        if address not in spec.subnet.network:
            continue
        offset = spec.offset(address)
        if any(first <= offset <= last for first, last in spec.reserved):
            raise AddressError(
                "is the network, broadcast, gateway or an excluded address",
                subject=f"address {address} of segment {segment.name}",
                fix="ask for another one",
            )
        return spec, offset
    subnets = ", ".join(str(subnet.network) for subnet in segment.subnets)
    raise AddressError(
        "is in no subnet of the segment",
        subject=f"address {address} of segment {segment.name}",
        fix=f"choose one of {subnets}",
    )


def placeholder(subnet: Subnet) -> Address:
    """Give the gateway to declare to Docker.

    Docker before 29 takes an address as gateway for every subnet, the first one if none is named, and never lends
    that to a container. A subnet without a gateway sacrifices one of its last addresses, which the ledger reaches last.
    """
    if subnet.gateway is not None:
        return subnet.gateway
    network = subnet.network
    # One before the last: the last is IPv4's broadcast address, and Docker 20.10 cannot count up to it in a /64.
    return network.broadcast_address - 1 if network.num_addresses > 2 else network.broadcast_address  # noqa: PLR2004  # RFC 3021


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _without(span: Span, barred: Sequence[Span]) -> Iterator[Span]:
    start, end = span
    for first, last in barred:
        if last < start or first > end:
            continue
        if start < first:
            yield (start, first - 1)
        start = last + 1
    if start <= end:
        yield (start, end)
