"""What differs between what a switch showed before and shows now."""

from __future__ import annotations

import pytest

from trunkline.orchestrator.shown_text import commands_of, differences, lost_commands

ONE, TWO = "show running-config interface Gi1/0/1", "show vlan brief"
TEXT = (
    f"! {ONE}\nBuilding configuration...\n\nCurrent configuration : 91 bytes\n!\n"
    f"interface Gi1/0/1\n vlan 1\nend\n! {TWO}\n1 default\n"
)
NOW = {ONE: "Current configuration : 95 bytes\n!\ninterface Gi1/0/1  \n vlan 1\nend", TWO: "1 default"}


def diff(text: str = TEXT, answers: dict[str, str] | None = None, *, cut: bool = False) -> list[str]:
    return list(differences(text, NOW if answers is None else answers, cut=cut))


def test_the_same_differs_in_nothing_whatever_changes_by_itself() -> None:
    assert diff() == []


def test_what_differs_is_shown_per_command_with_what_is_around_it() -> None:
    lines = diff(answers=NOW | {ONE: "interface Gi1/0/1\n vlan 2\nend", TWO: "1 default\n2 two"})

    assert lines[:2] == [f"--- {ONE}  (kept)", f"+++ {ONE}  (now)"]
    assert lines[3:7] == [" interface Gi1/0/1", "- vlan 1", "+ vlan 2", " end"]
    assert f"+++ {TWO}  (now)" in lines
    assert lines[-1] == "+2 two"


def test_what_is_not_asked_now_is_not_compared_and_is_no_part_of_what_was_before_it() -> None:
    assert commands_of(TEXT) == {ONE, TWO}
    assert diff(answers={ONE: NOW[ONE]}) == []


@pytest.mark.parametrize("begin", ["display", "ovs-vsctl --format=json list"])
def test_what_is_not_asked_now_is_no_part_of_what_was_before_it_on_any_platform(begin: str) -> None:
    one, other = f"{begin} port", f"{begin} vlan"
    text = f"! {one}\nport 1\n! {other}\nvlan 1\n"

    assert diff(text, {one: "port 1"}) == []
    assert lost_commands(text, {one: "port 1"}) == [other]


def test_a_remark_in_a_configuration_is_no_command_that_got_lost() -> None:
    text = f"! {ONE}\n! Last configuration change at noon\n! NVRAM config\n"

    assert lost_commands(text, {ONE: ""}) == []
    assert lost_commands(f"{text}! show clock\n", {}) == ["show clock", ONE]


def test_the_last_command_of_a_text_that_was_cut_is_not_compared() -> None:
    short = TEXT.removesuffix("1 default\n")

    assert diff(short) != []
    assert diff(short, cut=True) == []


def test_a_secret_is_compared_without_being_shown() -> None:
    text = f"! {ONE}\nkey <removed>\n"

    assert diff(text, {ONE: "key s3cr3t"}) == []
    assert "s3cr3t" not in str(diff(text, {ONE: "key s3cr3t\nsnmp-server community s3cr3t"}))


LINKS = "ip -json -details address show"
BRIDGE = (
    '[{"ifname":"br0","linkinfo":{"info_kind":"bridge","info_data":{"gc_timer":%s,"vlan_filtering":1}},'
    '"addr_info":[{"local":"192.0.2.1","valid_life_time":%s}]},{"ifname":"swp1","mtu":%s}]'
)


def test_json_is_compared_value_by_value_without_what_counts_by_itself() -> None:
    text = f"! {LINKS}\n{BRIDGE % (12.5, 3599, 1500)}\n"

    assert diff(text, {LINKS: BRIDGE % (0.25, 1200, 1500)}) == []
    lines = diff(text, {LINKS: BRIDGE % (12.5, 3599, 9000)})
    assert [line for line in lines[2:] if line.startswith(("+", "-"))] == ['-  "mtu": 1500', '+  "mtu": 9000']


def test_what_only_looks_like_json_is_compared_as_it_is() -> None:
    assert diff(f"! {LINKS}\n[ 1\n", {LINKS: "[ 1"}) == []
    assert diff(f"! {LINKS}\n{'[' * 4000}\n", {LINKS: "[ 1"})[-1] == "+[ 1"
