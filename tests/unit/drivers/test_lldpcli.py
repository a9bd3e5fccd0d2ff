"""What lldpd's lldpcli prints, read as the neighbors of a Linux machine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.drivers.lldpcli import read_neighbors
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

Json = dict[str, Any]  # as lldpcli prints it


def values(text: str) -> list[Json]:
    return [{"value": text}]


def an_interface(name: str = "eno1", *, via: str = "LLDP", capabilities: Json | None = None) -> Json:
    enabled = {"Bridge": True, "Router": False, "Wlan": False, "Station": False}
    return {
        "name": name,
        "via": via,
        "rid": "1",
        "age": "0 day, 00:00:04",
        "chassis": [
            {
                "id": [{"type": "mac", "value": "02:00:00:00:0A:01"}],
                "name": values("sw1"),
                "descr": values("A switch\nof two lines"),
                "mgmt-ip": values("192.0.2.1"),
                "capability": [{"type": t, "enabled": e} for t, e in (capabilities or enabled).items()],
            }
        ],
        "port": [
            {
                "id": [{"type": "ifname", "value": "Gi1/0/1"}],
                "descr": values("GigabitEthernet1/0/1"),
                "ttl": values("120"),
            }
        ],
    }


def printed(*interfaces: Json) -> str:
    return json.dumps({"lldp": [{"interface": list(interfaces)}] if interfaces else [{}]})


def test_a_neighbor_is_read_with_what_it_has_enabled() -> None:
    assert read_neighbors(printed(an_interface())) == (
        Peer(
            port=PortName("eno1"),
            name="sw1",
            chassis="02:00:00:00:0a:01",
            far_port="Gi1/0/1",
            far_description="GigabitEthernet1/0/1",
            capabilities=frozenset({"bridge"}),
        ),
    )


def test_several_neighbors_of_one_interface_are_several() -> None:
    found = read_neighbors(printed(an_interface(), an_interface(via="CDPv2"), an_interface("eno2")))
    assert [(peer.port, peer.via) for peer in found] == [("eno1", "lldp"), ("eno1", "cdp"), ("eno2", "lldp")]


def test_capabilities_are_read_in_lldpds_words() -> None:
    every = dict.fromkeys(("Bridge", "Router", "Wlan", "Station", "Tel", "Docsis", "Repeater", "Other"), True)
    (peer,) = read_neighbors(printed(an_interface(capabilities=every)))
    assert peer.capabilities == {"bridge", "router", "access-point", "station", "phone"}


def test_other_protocols_are_left_out() -> None:
    assert read_neighbors(printed(an_interface(via="SONMP"), an_interface(via="EDP"))) == ()


def test_a_neighbor_that_tells_nothing_has_empty_values() -> None:
    bare = {"name": "eno1", "via": "LLDP", "chassis": [{}], "port": [{}]}
    assert read_neighbors(printed(bare)) == (Peer(port=PortName("eno1")),)


def test_an_interface_whose_name_cannot_be_told_is_left_out() -> None:
    assert read_neighbors(printed(an_interface("e\x1bno1"), an_interface(""))) == ()


@pytest.mark.parametrize("text", ['{"lldp": [{}]}', '{"lldp": {}}', '{"lldp": [{"interface": []}]}'])
def test_nobody_is_an_answer(text: str) -> None:
    assert read_neighbors(text) == ()


@pytest.mark.parametrize("text", ["", "lldpcli: not found", "[]", "{}", "{", "[" * 100_000, "null"])
def test_what_lldpcli_does_not_print_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        read_neighbors(text)


@pytest.mark.parametrize(
    "name", ["a" * 5000, "\x1b[2J", "naïve\u202e", "x\ny", "'; reboot", "\ud800", "interface", "\x00"]
)
def test_a_hostile_name_comes_back_short_and_printable(name: str) -> None:
    interface = an_interface()
    interface["chassis"][0]["name"] = values(name)
    interface["port"][0]["descr"] = values(name)
    (peer,) = read_neighbors(printed(interface))
    for text in (peer.name, peer.far_description):
        assert 0 < len(text) <= 255
        assert text.isascii()
        assert text.isprintable()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["interface", "name", "via", "chassis", "id", "value", "port", "capability"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_stands_in_the_json_it_is_read_without_harm(found: Any) -> None:
    for peer in read_neighbors(json.dumps({"lldp": found})):
        assert peer.port
