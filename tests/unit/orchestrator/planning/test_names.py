from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import PORT_1, an_inventory
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan
from trunkline.orchestrator.models import PortName, SegmentName
from trunkline.orchestrator.planning import claim_from_owned, link_name, owned_key, vlan_name
from trunkline.orchestrator.vlans import HIGHEST, LOWEST, Vid

VIDS = st.integers(LOWEST, HIGHEST).map(Vid)


@pytest.mark.parametrize(
    ("nic", "vlan", "name"),
    [
        ("eth0", 10, "eth0.10"),
        ("enp130s0f1", 4094, "enp130s0f1.4094"),
        ("enx001122334455", 10, "v10.f5a1"),
    ],
)
def test_a_link_is_called_after_its_nic_where_linux_allows_it(nic: str, vlan: int, name: str) -> None:
    found = link_name(nic, Vid(vlan))
    assert len(found) <= 15
    assert re.fullmatch(r"v10\.[0-9a-f]{4}", found) if name.startswith("v") else found == name


@given(st.text("abcdef0123456789_-.", min_size=1, max_size=15), VIDS)
def test_a_link_name_always_fits_and_shows_its_vlan(nic: str, vlan: Vid) -> None:
    name = link_name(nic, vlan)
    assert len(name) <= 15
    assert str(vlan) in name
    assert link_name(nic, vlan) == name


def test_two_long_nics_get_two_link_names() -> None:
    assert link_name("enx001122334455", Vid(10)) != link_name("enx001122334466", Vid(10))


def test_a_vlan_is_called_after_its_segment() -> None:
    assert vlan_name(SegmentName("web-1_a")) == "tl-web-1_a"


@given(st.text(min_size=1, max_size=60))
def test_a_vlan_name_is_one_a_switch_takes_whatever_the_segment_is_called(text: str) -> None:
    assert re.fullmatch(r"tl-[A-Za-z0-9_-]{1,29}", vlan_name(SegmentName(text)))


def test_two_long_segments_get_two_vlan_names() -> None:
    one, other = (vlan_name(SegmentName("x" * 40 + end)) for end in "ab")
    assert one != other


@pytest.mark.parametrize(
    ("claim", "key"),
    [
        (HasVlan(vlan=Vid(10), name="tl-web"), "vlan:10"),
        (Carries(port=PORT_1, vlan=Vid(10)), "carries:GigabitEthernet1/0/1:10"),
        (Gateway(vlan=Vid(10), addresses=()), "gateway:Vlan:10"),
        (
            Gateway(vlan=Vid(10), addresses=(), parent=PortName("GigabitEthernet0/0")),
            "gateway:GigabitEthernet0/0:10",
        ),
    ],
)
def test_what_is_ours_is_remembered_under_a_key_that_reads_back(claim: Claim, key: str) -> None:
    assert owned_key(claim) == key
    again = claim_from_owned(key, an_inventory())
    assert type(again) is type(claim)
    assert owned_key(again) == key


def test_a_key_reads_back_with_the_addresses_of_the_segment_that_has_the_vlan() -> None:
    gateway = claim_from_owned("gateway:Vlan:10", an_inventory())
    assert isinstance(gateway, Gateway)
    assert [str(address) for address in gateway.addresses] == ["172.31.0.1/16", "fd00:31::1/64"]
    assert claim_from_owned("gateway:Vlan:77", an_inventory()) == Gateway(vlan=Vid(77), addresses=())


@pytest.mark.parametrize("key", ["", "vlan:", "vlan:0", "vlan:4095", "carries:10", "port:x:10", "vlan:x:10"])
def test_a_key_that_nobody_wrote_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a key of something owned"):
        claim_from_owned(key, an_inventory())
