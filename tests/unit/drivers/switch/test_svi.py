"""The lines of a layer 3 interface: what they mean, and which are missing or too many."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from trunkline.drivers.switch.svi import (
    ADDRESS_LINE,
    AddressForm,
    lines_to_add,
    lines_to_remove,
    read_gateway,
)
from trunkline.orchestrator.intents import Gateway
from trunkline.orchestrator.vlans import Vid

LINES = (
    "description x",
    "ip address 10.0.0.1 255.255.255.0",
    "ip address 10.0.1.1/24 secondary",
    "ipv6 address fd00::1/64",
    "no shutdown",
)
ROW = read_gateway(LINES)


def test_addresses_are_read_in_either_form() -> None:
    assert ROW.addresses == {ip_interface(text) for text in ("10.0.0.1/24", "10.0.1.1/24", "fd00::1/64")}
    assert ROW.primary == ip_interface("10.0.0.1/24")
    assert (ROW.shutdown, ROW.others, ROW.conflicts) == (False, ("description x",), ())


@pytest.mark.parametrize("line", ["ip address dhcp", "ip address dhcp-bootp", "ip unnumbered loopback 0"])
def test_what_stands_in_the_place_of_an_address_is_told(line: str) -> None:
    assert read_gateway((line, "shutdown")).conflicts == (line,)
    assert read_gateway((line, "shutdown")).shutdown


def test_an_address_that_is_none_is_not_read() -> None:
    with pytest.raises(ValueError, match=r"999"):
        read_gateway(("ip address 10.0.0.999/24",))


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        (
            AddressForm(),
            (
                "no ip address 10.0.1.1/24 secondary",
                "no ipv6 address fd00::1/64",
                "no ip address 10.0.0.1/24",
            ),
        ),
        (
            AddressForm(masks=True, secondary=""),
            (
                "no ip address 10.0.1.1 255.255.255.0",
                "no ipv6 address fd00::1/64",
                "no ip address 10.0.0.1 255.255.255.0",
            ),
        ),
    ],
)
def test_the_primary_address_goes_last(form: AddressForm, lines: tuple[str, ...]) -> None:
    assert lines_to_remove(ROW, form) == lines
    assert all(ADDRESS_LINE.fullmatch(line) for line in lines)
    assert lines_to_remove(None, form) == ()


def test_only_what_is_missing_is_added_beside_the_primary_address() -> None:
    addresses = tuple(map(ip_interface, ("10.0.0.1/24", "10.0.2.1/24", "fd00::1/64", "fd00::2/64")))
    claim = Gateway(vlan=Vid(10), addresses=addresses)
    assert lines_to_add(claim, ROW, AddressForm()) == (
        "ip address 10.0.2.1/24 secondary",
        "ipv6 address fd00::2/64",
    )
    assert lines_to_add(claim, None, AddressForm())[:2] == (
        "ip address 10.0.0.1/24",
        "ip address 10.0.2.1/24 secondary",
    )


@pytest.mark.parametrize(
    "line",
    [
        "no ip address",
        "ip address dhcp",
        "ip address 10.0.0.1/24 anycast",
        "no ipv6 address",
        "ip address 1.2.3.4",
    ],
)
def test_what_is_no_single_address_is_no_line_to_send(line: str) -> None:
    assert not ADDRESS_LINE.fullmatch(line)
