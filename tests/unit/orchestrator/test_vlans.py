from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.orchestrator.vlans import HIGHEST, LOWEST, RESERVED, VlanSet, vid

ids = st.integers(LOWEST, HIGHEST)
sets = st.frozensets(ids, max_size=200).map(VlanSet)


@pytest.mark.parametrize("number", [0, 4095, -1, 70000])
def test_a_number_outside_1_to_4094_is_no_vlan(number: int) -> None:
    with pytest.raises(ValueError, match=f"{number} is not a VLAN id"):
        vid(number)
    with pytest.raises(ValueError, match="is not a VLAN id"):
        VlanSet([10, number])


@pytest.mark.parametrize("number", [1, 4094])
def test_the_lowest_and_the_highest_id_are_vlans(number: int) -> None:
    assert vid(number) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10", {10}),
        ("1,5-7", {1, 5, 6, 7}),
        (" 5-7 , 1 ", {1, 5, 6, 7}),
        ("10-10", {10}),
        ("none", set()),
        ("", set()),
        ("ALL", set(range(1, 4095))),
        ("1-4094", set(range(1, 4095))),
    ],
)
def test_the_notation_of_switches_is_read(text: str, expected: set[int]) -> None:
    assert set(VlanSet.parse(text)) == expected


@pytest.mark.parametrize("text", ["ten", "1,,2", "1-", "-5", "1-2-3", "1;2", "5000", "0-3", "1.5"])
def test_what_is_no_vlan_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="VLAN"):
        VlanSet.parse(text)


def test_a_backward_range_is_refused_with_the_right_way_round() -> None:
    with pytest.raises(ValueError, match="write 5-7"):
        VlanSet.parse("7-5")


def test_an_empty_set_is_written_none_and_neighbours_become_ranges() -> None:
    assert str(VlanSet()) == "none"
    assert str(VlanSet([7, 5, 6, 1, 9, 10])) == "1,5-7,9-10"


def test_every_vlan_a_catalyst_keeps_for_itself_is_known() -> None:
    assert {1, 1002, 1003, 1004, 1005} == RESERVED


@given(sets)
def test_what_is_written_reads_back_as_the_same_set(vlans: VlanSet) -> None:
    assert VlanSet.parse(str(vlans)) == vlans


@settings(max_examples=50)
@given(sets, st.integers(9, 220))
def test_chunks_are_short_enough_and_together_the_whole_set(vlans: VlanSet, most: int) -> None:
    chunks = list(vlans.chunks(most))
    assert all(0 < len(chunk) <= most for chunk in chunks)
    assert ",".join(chunks) == ("" if not vlans else str(vlans))


def test_the_worst_list_is_cut_at_the_length_of_a_line() -> None:
    odd = VlanSet(range(1, 4095, 2))
    chunks = list(odd.chunks())
    assert max(map(len, chunks)) <= 220
    assert VlanSet.parse(",".join(chunks)) == odd
