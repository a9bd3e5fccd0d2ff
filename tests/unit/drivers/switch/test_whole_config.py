"""What differs between two whole configurations, in the forms in which switches show them."""

from __future__ import annotations

import pytest

from trunkline.drivers.switch.aruba_aoscx import ArubaAosCx
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.drivers.switch.juniper_junos import JuniperJunos
from trunkline.drivers.switch.whole_config import strange

IOS = """Building configuration...

Current configuration : 812 bytes
!
! Last configuration change at 10:00:00 UTC Mon Mar 1 2026
!
hostname sw1
vlan 20,30
!
interface GigabitEthernet1/0/1
 switchport trunk allowed vlan 100
 switchport mode trunk
!
interface GigabitEthernet1/0/11
 description phone
ntp clock-period 36028899
end
"""
PORT = Block(
    enter="interface GigabitEthernet1/0/1",
    mode="config-if",
    lines=("switchport trunk allowed vlan add 10",),
    claims=frozenset(),
)
VLAN = Block(enter="vlan 10", mode="config-vlan", lines=("name tl-web",), claims=frozenset())
JUNOS = """## Last commit: 2026-03-01 10:00:00 UTC by ops
version 21.4R3;
interfaces {
    ge-0/0/1 {
        unit 0 {
            family ethernet-switching {
                vlan {
                    members 7;
                }
            }
        }
    }
    ge-0/0/10 {
        description phone;
    }
}
"""
SET = Block(
    enter="set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members 10",
    mode="config",
    lines=(),
    claims=frozenset(),
)


def found(before: str, after: str, *blocks: Block, grammar: Grammar = GRAMMAR) -> list[str]:
    return list(strange(before, after, blocks, grammar))


def test_what_was_written_and_what_a_listing_says_of_itself_is_no_difference() -> None:
    after = (
        IOS.replace("812", "830")
        .replace("10:00:00", "10:00:09")
        .replace("36028899", "36028900")
        .replace("vlan 100\n", "vlan 10,100\n")
        .replace("vlan 20,30\n", "vlan 10\n name tl-web\n!\nvlan 20,30\n")
    )
    assert found(IOS, after, PORT, VLAN) == []
    assert found(IOS, IOS) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("description phone", "description moved", "description moved came"),
        ("description phone", "shutdown", "interface GigabitEthernet1/0/11 / description phone went"),
        ("hostname sw1", "hostname sw2", "hostname sw2 came"),
        ("vlan 20,30", "vlan 20", "vlan 20,30 went"),
    ],
)
def test_what_nobody_wrote_is_named(old: str, new: str, words: str) -> None:
    lines = found(IOS, IOS.replace(old, new), PORT)
    assert any(words in line for line in lines), lines


def test_a_port_whose_name_begins_like_another_ones_is_another_one() -> None:
    assert found(IOS, IOS.replace("description phone", "description x"), PORT)
    one = Block(enter="interface GigabitEthernet1/0/11", mode="config-if", lines=(), claims=frozenset())
    assert not found(IOS, IOS.replace("description phone", "description x"), one)


def test_braces_are_read_and_lines_without_a_sub_mode_speak_for_their_port() -> None:
    grammar = JuniperJunos().grammar
    after = JUNOS.replace("10:00:00", "10:00:09").replace("members 7;", "members [ 7 10 ];")
    assert found(JUNOS, after, SET, grammar=grammar) == []
    lines = found(JUNOS, after.replace("description phone", "disable"), SET, grammar=grammar)
    assert any("ge-0/0/10" in line for line in lines)
    assert found(JUNOS, after, grammar=grammar)


def test_a_line_that_is_taken_away_speaks_for_what_it_names() -> None:
    gone = Block(enter="no interface vlan10", mode="config", lines=(), claims=frozenset())
    before = "interface vlan10\n    ip address 10.0.0.1/24\ninterface 1/1/1\n    no shutdown\n"
    assert found(before, "interface 1/1/1\n    no shutdown\n", gone, grammar=ArubaAosCx().grammar) == []


def test_text_of_a_device_is_shown_plain_and_cut_and_not_without_end() -> None:
    after = IOS + "\n".join(f"\x1b[2Jevil{number} {'x' * 500}" for number in range(40))
    lines = found(IOS, after)
    assert len(lines) == 6
    assert all(line.isascii() and line.isprintable() and len(line) < 200 for line in lines)
    assert "35 more" in lines[-1]


def test_a_secret_that_somebody_changed_meanwhile_is_not_shown() -> None:
    before = IOS.replace("hostname sw1", "hostname sw1\nrouter bgp 1\n neighbor 192.0.2.1 password 7 s3cr3t")

    assert list(strange(before, before.replace("7 s3cr3t", "7 n3xts3cr3t"), [PORT], GRAMMAR)) == [
        "configuration line router bgp 1 / neighbor 192.0.2.1 password <removed> came though nobody asked",
        "configuration line router bgp 1 / neighbor 192.0.2.1 password <removed> went though nobody asked",
    ]
