from __future__ import annotations

import pytest

from trunkline.lab.switch import interface_names
from trunkline.lab.switch.hardware import MODELS


@pytest.mark.parametrize(
    ("typed", "long", "short"),
    [
        ("gi1/0/1", "GigabitEthernet1/0/1", "Gi1/0/1"),
        ("GigabitEthernet 1/0/48", "GigabitEthernet1/0/48", "Gi1/0/48"),
        ("TE1/1/2", "TenGigabitEthernet1/1/2", "Te1/1/2"),
        ("vlan 10", "Vlan10", "Vl10"),
        ("gig0/0.10", "GigabitEthernet0/0.10", "Gi0/0.10"),
        ("po1", "Port-channel1", "Po1"),
        ("lo0", "Loopback0", "Lo0"),
    ],
)
def test_a_name_is_read_in_any_form(typed: str, long: str, short: str) -> None:
    name = interface_names.named(typed)

    assert (str(name), name.short) == (long, short)


@pytest.mark.parametrize("text", ["", "gi", "1/0/1", "x1/0/1", "gi1//1", "gi1/0/1.", "gi1/0/1.a", "vlan"])
def test_what_is_no_name_is_none(text: str) -> None:
    assert interface_names.parse(text) is None


def test_long_and_short_names_of_every_port_mean_the_same() -> None:
    for hardware in MODELS.values():
        for port in hardware.ports:
            name = interface_names.named(port)
            assert str(name) == port
            assert interface_names.named(name.short) == name


@pytest.mark.parametrize(
    ("text", "count", "last"),
    [
        ("gi1/0/1 - 4", 4, "Gi1/0/4"),
        ("Gi1/0/1-4,te1/1/1", 5, "Te1/1/1"),
        ("gi1/0/1 - gi1/0/3", 3, "Gi1/0/3"),
        ("vlan 10 - 12", 3, "Vl12"),
        ("gi1/0/7", 1, "Gi1/0/7"),
        ("Port-channel1-2", 2, "Po2"),
    ],
)
def test_a_range_is_read(text: str, count: int, last: str) -> None:
    names = interface_names.parse_range(text)

    assert names is not None
    assert len(names) == count
    assert names[-1].short == last


@pytest.mark.parametrize("text", ["", "gi1/0/4 - 2", "gi1/0/1 - te1/1/1", "nonsense", "gi1/0/1 - x"])
def test_what_is_no_range_is_none(text: str) -> None:
    assert interface_names.parse_range(text) is None
