from __future__ import annotations

import socket

import pytest

from trunkline.lab.switch.hardware import MODELS
from trunkline.lab.switch.port_map import default_map, parse_map
from trunkline.orchestrator.errors import ConfigError

CATALYST = MODELS["catalyst-l3"]


def test_ports_in_any_form_are_mapped() -> None:
    assert parse_map("Gi1/0/1=p1, TenGigabitEthernet1/1/2=eth1", CATALYST) == {
        "GigabitEthernet1/0/1": "p1",
        "TenGigabitEthernet1/1/2": "eth1",
    }


@pytest.mark.parametrize(
    "text", ["Gi1/0/1", "Gi9/9/9=p1", "x=p1", "Gi1/0/1=", "Gi1/0/1=p1,gi1/0/1=p2", "Gi1/0/1=p1,Gi1/0/2=p1"]
)
def test_a_wrong_map_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--port-map"):
        parse_map(text, CATALYST)


def test_without_a_map_the_ports_of_this_network_namespace_are_looked_for() -> None:
    present = {name for _, name in socket.if_nameindex()}
    assert set(default_map(CATALYST).values()) <= present
