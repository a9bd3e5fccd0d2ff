"""What a device says of itself is cut, kept printable, and compared in one notation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.drivers.announcements import LONGEST, capabilities, identifier, told


@given(st.text(max_size=2 * LONGEST))
def test_whatever_is_announced_becomes_short_printable_ascii(text: str) -> None:
    for kept in (told(text), identifier(text)):
        assert len(kept) <= LONGEST
        assert kept.isascii()
        assert kept.isprintable()


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=LONGEST))
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    assert told(text) == text


@pytest.mark.parametrize(
    "text", ["0200.0000.0aBc", "02:00:00:00:0A:bc", "02-00-00-00-0a-bc", "0200-0000-0abc", "020000-000abc"]
)
def test_a_mac_is_told_in_one_notation(text: str) -> None:
    assert identifier(f" {text} ") == "02:00:00:00:0a:bc"


@pytest.mark.parametrize(
    "text", ["0200.0000.0abc:P1", "Gi1/0/1", "10.0.0.1", "020000000abc", "02:00-00:00:00:0a"]
)
def test_what_is_no_mac_stays_a_name(text: str) -> None:
    assert identifier(text) == text


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("B,R", {"bridge", "router"}),
        ("B, W, R, S", {"bridge", "access-point", "router", "station"}),
        ("T", {"phone"}),
        ("Bridge, Router", {"bridge", "router"}),
        ("Router Switch IGMP", {"bridge", "router"}),
        ("Router Trans-Bridge", {"bridge", "router"}),
        ("Host Phone Two-port Mac Relay", {"station", "phone"}),
        ("Switch IGMP Filtering Supports-STP-Dispute", {"bridge"}),
        ("bridge telephone", {"bridge", "phone"}),
        ("Station Only", {"station"}),
        ("C,P,O", set()),
        ("- not advertised", set()),
        ("", set()),
    ],
)
def test_capabilities_are_read_in_the_letters_of_lldp_and_the_words_of_both(
    text: str, known: set[str]
) -> None:
    assert capabilities(text) == known
