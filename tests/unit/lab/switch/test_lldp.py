"""LLDP frames of the virtual switch: what it says, what it understands, and what `show lldp neighbors` makes of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lldpd import a_frame, tlv
from tests.unit.lab.switch.dialogue import Console
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.lab.switch.announcing import announcements
from trunkline.lab.switch.dataplane import Observed
from trunkline.lab.switch.lldp import Announcement, Neighbor, decode, encode
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

PORT = "GigabitEthernet1/0/1"
HEAD = bytes.fromhex("0180c200000e0200000000f188cc")
SAID = Announcement(
    chassis="0200.0000.0001",
    source="0200.0000.0002",
    port_id="Gi1/0/1",
    port_description=PORT,
    system_name="sw1.example.net",
    system_description="A switch",
    capabilities="BR",
    enabled="B",
    management_address=IPv4Address("192.0.2.1"),
)
MUST = (tlv(1, b"\x04\x02\0\0\0\0\1"), tlv(2, b"\x05eth0"), tlv(3, b"\0\x78"))


def test_what_one_switch_says_another_one_understands() -> None:
    frame = encode(SAID)
    assert frame[:14].hex() == "0180c200000e02000000000288cc"
    assert decode(frame, PORT) == Neighbor(
        port=PORT,
        system_name="sw1.example.net",
        port_id="Gi1/0/1",
        chassis_id="0200.0000.0001",
        port_description=PORT,
        system_description="A switch",
        capabilities="B,R",
        enabled="B",
        management_address="192.0.2.1",
        hold_seconds=120,
        remaining_seconds=120,
    )


def test_a_goodbye_says_only_who_it_is() -> None:
    heard = decode(encode(replace(SAID, hold_seconds=0)), PORT)
    assert heard is not None
    assert (heard.hold_seconds, heard.chassis_id, heard.system_name) == (0, "0200.0000.0001", "")


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (
            (tlv(1, b"\x04\x02\0\0\0\0\1"), tlv(2, b"\x03\x02\0\0\0\0\2")),
            ("0200.0000.0001", "0200.0000.0002"),
        ),
        ((tlv(1, b"\x07local"), tlv(2, b"\x07port 1")), ("local", "port 1")),
        ((tlv(1, b"\x05\x01\xc0\0\2\1"), tlv(2, b"\x04\x02" + b"\0" * 15 + b"\1")), ("192.0.2.1", "::1")),
        ((tlv(1, b"\x05\x01\xc0"), tlv(2, b"\x01alias")), ("", "alias")),
    ],
)
def test_ids_are_shown_by_what_they_are(parts: tuple[bytes, ...], shown: tuple[str, str]) -> None:
    heard = decode(HEAD + b"".join((*parts, MUST[2], tlv(0, b""))), PORT)
    assert heard is not None
    assert (heard.chassis_id, heard.port_id) == shown


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        HEAD,
        HEAD + b"".join(MUST),
        HEAD + b"".join((MUST[1], MUST[0], MUST[2], tlv(0, b""))),
        HEAD + b"".join((*MUST[:2], tlv(0, b""))),
        HEAD + b"".join((*MUST[:2], tlv(3, b"\1"), tlv(0, b""))),
        HEAD + b"".join((tlv(1, b"\4"), *MUST[1:], tlv(0, b""))),
        HEAD + b"".join((*MUST, tlv(5, b"sw1")[:-1])),
        bytes.fromhex("ffffffffffff") + HEAD[6:] + b"".join((*MUST, tlv(0, b""))),
        HEAD[:12] + b"\x08\x00" + b"".join((*MUST, tlv(0, b""))),
    ],
    ids=[
        "nothing",
        "empty",
        "without an end",
        "out of order",
        "without a time to live",
        "half a time to live",
        "no chassis",
        "cut off",
        "another group",
        "another protocol",
    ],
)
def test_a_frame_that_is_not_as_it_must_be_is_nobody(frame: bytes) -> None:
    assert decode(frame, PORT) is None


def test_a_frame_with_all_that_must_be_is_somebody() -> None:
    assert decode(HEAD + b"".join((*MUST, tlv(0, b""), b"padding")), PORT) is not None


@given(st.lists(st.tuples(st.integers(0, 127), st.binary(max_size=30)), max_size=12), st.binary(max_size=40))
def test_no_frame_does_harm(parts: list[tuple[int, bytes]], rest: bytes) -> None:
    body = b"".join(chain(MUST, (tlv(kind, value) for kind, value in parts), (rest,)))
    heard = decode(HEAD + body, PORT)
    if heard is not None:
        assert heard.port == PORT
        text = f"{heard.system_name}{heard.port_id}{heard.system_description}"
        assert all(each.isprintable() or each == "\n" for each in text)


@pytest.fixture
def speaker(console: Console) -> Console:
    console.quietly("hostname core1", "lldp run")
    return console


def test_a_switch_announces_itself_on_every_port_that_is_on(speaker: Console) -> None:
    speaker.quietly("interface Gi1/0/2", "shutdown", "interface Gi1/0/3", "description to host3", "end")
    said = announcements(speaker.device)
    assert PORT in said
    assert "GigabitEthernet1/0/2" not in said
    assert (said[PORT].port_id, said[PORT].port_description) == ("Gi1/0/1", PORT)
    assert said["GigabitEthernet1/0/3"].port_description == "to host3"
    assert {each.system_name for each in said.values()} == {"core1"}
    assert (said[PORT].capabilities, said[PORT].enabled) == ("BR", "B")
    assert len({each.source for each in said.values()}) == len(said)


def test_a_switch_says_its_domain_its_address_and_that_it_routes(speaker: Console) -> None:
    speaker.quietly(
        *("ip domain name example.net", "ip routing", "interface Vlan1", "no shutdown"),
        *("ip address 192.0.2.9 255.255.255.0", "end"),
    )
    said = announcements(speaker.device)[PORT]
    assert said.system_name == "core1.example.net"
    assert said.enabled == "BR"
    assert said.management_address == IPv4Address("192.0.2.9")


def test_a_switch_whose_lldp_is_off_says_nothing(console: Console) -> None:
    assert announcements(console.device) == {}


def test_the_driver_reads_what_the_switch_heard(speaker: Console) -> None:
    who = decode(a_frame(b"host1\x1b[2J"), PORT)
    assert who is not None
    speaker.device.observed = Observed(heard=(who, replace(who, port="GigabitEthernet1/0/2")))
    for port, count in ((None, 2), (PortName(PORT), 1)):
        queries = CiscoIos().peer_queries(port)
        outputs = {query.command: speaker.show(query.command) for query in queries}
        assert all(query.answer.search(outputs[query.command]) for query in queries)
        found = CiscoIos().peers(outputs, port)
        assert len(found) == count
        assert found[0] == Peer(
            port=PortName(PORT),
            name="host1?[2J",
            chassis="02:00:00:00:00:f1",
            far_port="port1",
            far_description="host1?[2J",
            capabilities=frozenset({"bridge", "router"}),
        )


def test_a_forged_entry_in_a_description_is_refused_or_does_not_count(speaker: Console) -> None:
    forged = (
        "x\n\nTime remaining: 9 seconds\n------------------------------------------------\n"
        "Local Intf: Gi1/0/2\nChassis id: 0200.0000.00ff\nPort id: Gi9\nSystem Name: core9\n\nSystem Description:\n"
    )
    who = Neighbor(port=PORT, system_name="host1", port_id="eth0", system_description=forged)
    speaker.device.observed = Observed(heard=(who,))
    lldp, cdp = CiscoIos().peer_queries(None)
    outputs = {each.command: speaker.show(each.command) for each in (lldp, cdp)}
    with pytest.raises(ValueError, match="forges"):
        CiscoIos().peers(outputs, None)
    two = PortName("GigabitEthernet1/0/2")
    outputs = {each.command: speaker.show(each.command) for each in CiscoIos().peer_queries(two)}
    assert CiscoIos().peers(outputs, two) == []


@pytest.mark.parametrize("command", ["show lldp neighbors Gi1/0/99", "show cdp neighbors Gi1/0/99 detail"])
def test_a_port_that_is_not_there_is_invalid(speaker: Console, command: str) -> None:
    assert "Invalid input" in speaker.show(command)


def test_what_was_not_advertised_is_shown_as_that(speaker: Console) -> None:
    who = decode(HEAD + b"".join((*MUST, tlv(0, b""))), PORT)
    assert who is not None
    speaker.device.observed = Observed(heard=(who,))
    shown = speaker.show("show lldp neighbors detail")
    for words in ("Port Description", "System Name", "System Description", "Enabled Capabilities"):
        assert f"{words} - not advertised" in shown
    assert "Time remaining: 120 seconds" in shown
