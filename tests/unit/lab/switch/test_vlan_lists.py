from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.lab.switch import vlan_lists
from trunkline.lab.switch.vlan_lists import EVERY, BadVlanListError
from trunkline.orchestrator.vlans import VlanSet

ids = st.frozensets(st.integers(1, 4094), max_size=60).map(VlanSet)
lists = st.one_of(ids, st.just(EVERY))


@given(ids.filter(bool))
def test_a_printed_list_reads_back(wanted: VlanSet) -> None:
    assert vlan_lists.parse(str(wanted)) == wanted


@given(lists, ids)
def test_adding_is_union_and_never_loses_anything(current: VlanSet, more: VlanSet) -> None:
    assert vlan_lists.change(current, "add", more) == current | more


@given(ids)
def test_adding_to_all_changes_nothing(more: VlanSet) -> None:
    assert vlan_lists.change(EVERY, "add", more) is EVERY


@given(lists, ids)
def test_removing_what_was_added_leaves_the_others(current: VlanSet, some: VlanSet) -> None:
    assert vlan_lists.change(vlan_lists.change(current, "add", some), "remove", some) == current - some


@given(lists, ids)
def test_except_is_the_complement_whatever_was_there(current: VlanSet, some: VlanSet) -> None:
    result = vlan_lists.change(current, "except", some)
    assert not result & some
    assert result | some == EVERY


@given(lists)
def test_the_lines_of_running_config_rebuild_the_list(wanted: VlanSet) -> None:
    current = EVERY
    for line in vlan_lists.config_lines(wanted):
        words = line.removeprefix("switchport trunk allowed vlan ").split()
        if words == ["none"]:
            current = vlan_lists.NONE
        elif words[0] == "add":
            current = vlan_lists.change(current, "add", vlan_lists.parse(words[1]))
        else:
            current = vlan_lists.parse(words[0])
        assert len(line) < 80
    assert current == wanted


def test_all_has_no_line_and_none_says_so() -> None:
    assert vlan_lists.config_lines(EVERY) == []
    assert vlan_lists.config_lines(VlanSet()) == ["switchport trunk allowed vlan none"]
    assert vlan_lists.shown(EVERY) == "ALL"
    assert vlan_lists.shown(VlanSet()) == "NONE"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5000", "character #5 (EOL) delimits a VLAN\nnumber which is out of the range 1..4094."),
        ("4095,10", "character #5 (',') delimits a VLAN\nnumber which is out of the range 1..4094."),
        ("10,x", "character #4 is a non-numeric\ncharacter ('x')."),
        ("1O", "character #2 is a non-numeric\ncharacter ('O')."),
        ("010", "character #1"),
        ("", "character #1"),
        ("10,,20", "character #4"),
        ("20-10", "out of the range"),
        ("0", "character #1"),
    ],
)
def test_what_is_no_list_is_refused_in_the_words_of_a_switch(text: str, said: str) -> None:
    with pytest.raises(BadVlanListError) as caught:
        vlan_lists.parse(text)

    assert str(caught.value).startswith("Command rejected: Bad VLAN list - ")
    assert said in str(caught.value)
