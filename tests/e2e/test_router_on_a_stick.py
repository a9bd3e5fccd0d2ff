"""The main job with a router: its sub-interface is made, the cable to it carries the VLAN, and both are read back."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest

from trunkline.lab.building import Lab
from trunkline.lab.control_plane import ControlPlane
from trunkline.orchestrator.models import SwitchName

TOPOLOGY = "router"
INVENTORY = (files("trunkline.lab") / "inventories" / "router.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plane(lab: Lab) -> Iterator[ControlPlane]:
    with ControlPlane(lab, INVENTORY) as running:
        yield running


def test_a_container_reaches_other_networks_through_the_routers_sub_interface(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    host.docker("run", "--detach", "--label", "trunkline.segment=web", "--name", "c1", "busybox")
    plane.wait_for("host1", "web", "ready")
    for address in ("172.31.0.1", "172.30.0.10", "192.168.0.12", "fd00:31::1", "fd00:30::10"):
        assert host.container_pings("c1", address), address
    router = [line for op in plane.store.operations.tail(50, device="switch:r1") for line in op.lines]
    assert [line.strip() for line in router[:5]] == [
        "interface GigabitEthernet0/0.10",
        "encapsulation dot1Q 10",
        "ip address 172.31.0.1 255.255.0.0",
        "ipv6 address fd00:31::1/64",
        "no shutdown",
    ]
    assert "carries:GigabitEthernet1/0/48:10" in plane.store.devices.owned(SwitchName("sw1"))

    host.docker("rm", "--force", "c1")
    plane.wait_for("host1", "web", "absent")
