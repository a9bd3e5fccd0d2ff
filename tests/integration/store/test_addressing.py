"""What the ledger is told of a subnet, against the plainest way to work it out: one address at a time."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import a_segment
from trunkline.orchestrator.addressing import place_of, pool, role
from trunkline.orchestrator.errors import AddressError
from trunkline.orchestrator.models import Subnet

SETTINGS = settings(derandomize=True, database=None, max_examples=150, deadline=None)


@st.composite
def subnets(draw: st.DrawFn) -> Subnet:
    """Small subnets of both families with any ranges, exclusions and gateway, in any order, overlapping or not."""
    bits = draw(st.integers(0, 6))
    network = draw(
        st.sampled_from((ip_network(f"10.0.0.64/{32 - bits}"), ip_network(f"fd00::40/{128 - bits}")))
    )
    offsets = st.integers(0, network.num_addresses - 1)
    spans = st.lists(st.tuples(offsets, offsets).map(sorted), max_size=3).map(
        lambda pairs: tuple((network[first], network[last]) for first, last in pairs)
    )
    gateway = draw(st.none() | offsets)
    return Subnet(
        network=network,
        gateway=None if gateway is None else network[gateway],
        ranges=draw(spans),
        exclude=draw(spans),
    )


def inside(subnet: Subnet, offset: int, *, of_ranges: bool) -> bool:
    address = subnet.network[offset]
    spans = subnet.ranges if of_ranges else subnet.exclude
    return any(int(first) <= int(address) <= int(last) for first, last in spans)


def barred(subnet: Subnet, offset: int) -> bool:
    return has_role(subnet, offset) or inside(subnet, offset, of_ranges=False)


def has_role(subnet: Subnet, offset: int) -> bool:
    network = subnet.network
    has_ends = network.num_addresses >= 4  # RFC 3021: a /31 and a /32 have none.
    if has_ends and (offset == 0 or (network.version == 4 and offset == network.num_addresses - 1)):
        return True
    return network[offset] == subnet.gateway


@SETTINGS
@given(subnet=subnets())
def test_network_broadcast_and_gateway_are_told_from_what_is_only_excluded(subnet: Subnet) -> None:
    for offset in range(subnet.network.num_addresses):
        assert bool(role(subnet, subnet.network[offset])) is has_role(subnet, offset)


@SETTINGS
@given(subnet=subnets())
def test_offered_is_what_lies_in_the_ranges_and_is_not_barred(subnet: Subnet) -> None:
    spec = pool(subnet)
    offered = {
        offset
        for offset in range(subnet.network.num_addresses)
        if not barred(subnet, offset) and (not subnet.ranges or inside(subnet, offset, of_ranges=True))
    }
    listed = [offset for first, last in spec.spans for offset in range(first, last + 1)]
    assert listed == sorted(offered)
    bits = "".join(f"{byte:08b}" for byte in spec.bitmap())
    assert {offset for offset, bit in enumerate(bits) if bit == "0"} == offered
    assert len(bits) >= spec.size


@SETTINGS
@given(subnet=subnets())
def test_a_wish_may_lie_outside_the_ranges_but_is_never_barred(subnet: Subnet) -> None:
    segment = a_segment(subnets=(subnet,))
    for offset in range(subnet.network.num_addresses):
        address = subnet.network[offset]
        if barred(subnet, offset):
            with pytest.raises(AddressError, match="network, broadcast, gateway or an excluded"):
                place_of(segment, address)
        else:
            spec, found = place_of(segment, address)
            assert (spec.id, found) == (str(subnet.network), offset)
    with pytest.raises(AddressError, match="in no subnet"):
        place_of(segment, subnet.network[0] - 1)
