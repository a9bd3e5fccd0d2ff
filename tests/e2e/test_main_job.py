"""The main job on real VLANs: a container starts and its VLAN is there; the last one leaves and it goes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest

from trunkline.lab.building import Lab
from trunkline.lab.control_plane import ControlPlane

INVENTORY = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8")
RUN = ("run", "--detach", "--label", "trunkline.segment=web", "--name")


@pytest.fixture(scope="module")
def plane(lab: Lab) -> Iterator[ControlPlane]:
    with ControlPlane(lab, INVENTORY) as running:
        yield running


def addresses(plane: ControlPlane) -> dict[tuple[str, int], str]:
    inventory_segments = plane.store.inventory.current()
    assert inventory_segments is not None
    from trunkline.orchestrator.inventory import restore  # noqa: PLC0415  # only this helper needs it

    segment = next(iter(restore(inventory_segments[1]).segments.values()))
    return {
        (lease.name, lease.address.version): str(lease.address)
        for lease in plane.store.ledger.leases(segment)
        if lease.state == "ACTIVE"
    }


def trunk_of(plane: ControlPlane, port: str) -> str:
    """Read the port's configuration on the switch by hand, as a person would: over its own SSH session."""
    import netmiko  # noqa: PLC0415  # only inside the lab

    switch = plane.lab.switch("sw1")
    password = switch.password_file.read_text().strip()
    with netmiko.ConnectHandler(
        device_type="cisco_ios", host=switch.address, username=switch.user, password=password, secret=password
    ) as session:
        session.enable()
        return str(session.send_command(f"show running-config interface {port}"))


def test_containers_on_two_hosts_meet_on_their_vlan_and_leave_nothing(plane: ControlPlane) -> None:
    host1, host2 = plane.lab.host("host1"), plane.lab.host("host2")
    before = trunk_of(plane, "GigabitEthernet1/0/1")
    assert "allowed vlan 100" in before

    host1.docker(*RUN, "c1", "busybox")
    host2.docker(*RUN, "c2", "busybox")
    plane.wait_for("host1", "web", "ready")
    plane.wait_for("host2", "web", "ready")

    there = addresses(plane)
    assert host1.container_pings("c1", there["c2", 4])
    assert host1.container_pings("c1", there["c2", 6])
    assert host1.container_pings("c1", "172.31.0.1")
    assert host1.container_pings("c1", "172.30.0.10"), "the server in another VLAN"
    assert host1.container_pings("c1", "192.168.0.12"), "the other host, in the hosts' own network"
    assert "allowed vlan 10,100" in trunk_of(plane, "GigabitEthernet1/0/1")

    host1.docker("rm", "--force", "c1")
    host2.docker("rm", "--force", "c2")
    plane.wait_for("host1", "web", "absent")
    plane.wait_for("host2", "web", "absent")
    assert trunk_of(plane, "GigabitEthernet1/0/1") == before
    assert "eth0.10" not in host1.exec(["ip", "-o", "link"]).stdout
    assert "web" not in host1.docker("network", "ls", "--format", "{{.Name}}").stdout.split()


def test_the_promises_hold_afterwards(plane: ControlPlane) -> None:
    assert "BROKEN" not in plane.trunkline("verify")


def test_a_plan_of_what_is_as_desired_is_empty(plane: ControlPlane) -> None:
    output = plane.trunkline("plan")
    assert "Plan: 0 lines" in output, output
