"""Who answers where the declared machine should."""

from __future__ import annotations

import pytest

from tests.builders import PORT_1
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.planning.cabling import stranger

MAC, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:99"
NAMES = frozenset({"h1"})


def a_peer(name: str = "", chassis: str = "", far_port: str = "") -> Peer:
    return Peer(port=PORT_1, name=name, chassis=chassis, far_port=far_port)


@pytest.mark.parametrize(
    ("peer", "names"),
    [
        (a_peer("h1"), {"h1"}),
        (a_peer("H1.Example.Net."), {"h1"}),
        (a_peer("h1.example.net"), {"old-name", "h1.EXAMPLE.net"}),
        (a_peer("h1"), {"h1.example.net"}),
        (a_peer("h1(FOX1234ABCD)"), {"h1"}),
        (a_peer("h1.example.net(FOX1234ABCD)"), {"h1"}),
        (a_peer("localhost", chassis=MAC), {"h1"}),
        (a_peer("", chassis=OTHER, far_port=MAC), {"h1"}),
    ],
)
def test_the_declared_machine_is_no_stranger_under_any_of_its_names_and_addresses(
    peer: Peer, names: set[str]
) -> None:
    assert stranger([peer], names=frozenset(names), macs=frozenset({MAC})) is None


@pytest.mark.parametrize(
    ("peer", "names"),
    [
        (a_peer("h2"), {"h1"}),
        (a_peer("h10"), {"h1"}),
        (a_peer("example.h1"), {"h1"}),
        (a_peer("h1.other.net"), {"h1.example.net"}),
        (a_peer("(h1)x"), {"h1"}),
        (a_peer("", chassis=OTHER), {"h1"}),
        (a_peer("h2", far_port=OTHER), {"h1", ""}),
    ],
)
def test_another_machine_is_a_stranger(peer: Peer, names: set[str]) -> None:
    assert stranger([peer], names=frozenset(names), macs=frozenset({MAC})) == peer


def test_who_does_not_tell_who_it_is_is_unknown() -> None:
    silent = [a_peer(), a_peer("  "), a_peer(chassis="rack 7, slot 2"), a_peer("(FOX1234ABCD)")]

    assert stranger(silent, names=NAMES, macs=frozenset({MAC})) is None
    assert stranger([a_peer(chassis=OTHER)], names=NAMES, macs=frozenset()) is None, "no address to compare"
    assert stranger([], names=NAMES, macs=frozenset({MAC})) is None


def test_a_stranger_beside_the_declared_machine_is_nobodys_business() -> None:
    assert stranger([a_peer("phone"), a_peer("h1")], names=NAMES, macs=frozenset()) is None
    assert stranger([a_peer(), a_peer("phone")], names=NAMES, macs=frozenset()) == a_peer("phone")


def test_where_anybody_may_be_nobody_is_a_stranger() -> None:
    assert stranger([a_peer("h2")], names=frozenset(), macs=frozenset({MAC})) is None
