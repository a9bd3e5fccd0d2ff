"""The network way on real VLANs: a Docker network whose addresses come from the plug-in, typed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files

import pytest

from trunkline.lab.building import Lab
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.nodes import Host
from trunkline.lab.waiting import until
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import SegmentName
from trunkline.orchestrator.store import LedgerLease

INVENTORY = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8")
CREATE = (
    *("network", "create", "-d", "macvlan", "--ipam-driver", "trunkline", "--ipam-opt", "segment=web"),
    *("-o", "parent=eth0.10", "--ipv6", "--subnet", "172.31.0.0/16", "--subnet", "fd00:31::/64", "web"),
)


@pytest.fixture(scope="module")
def plane(lab: Lab) -> Iterator[ControlPlane]:
    with ControlPlane(lab, INVENTORY, sweep_seconds=5.0) as running:
        yield running


def leases(plane: ControlPlane) -> dict[str, LedgerLease]:
    current = plane.store.inventory.current()
    assert current is not None
    segment = restore(current[1]).segments[SegmentName("web")]
    return {str(lease.address): lease for lease in plane.store.ledger.leases(segment)}


def address(host: Host, container: str) -> tuple[str, str]:
    found = json.loads(host.docker("inspect", container).stdout)[0]["NetworkSettings"]["Networks"]["web"]
    return str(found["IPAddress"]), str(found["GlobalIPv6Address"])


def test_a_network_typed_by_hand_brings_its_vlan_and_addresses_and_takes_them_away(
    plane: ControlPlane,
) -> None:
    host1, host2 = plane.lab.host("host1"), plane.lab.host("host2")
    for host in (host1, host2):
        host.docker(*CREATE)
    assert "allowed vlan 10,100" in plane.running_config("sw1")
    host1.docker("run", "--detach", "--network", "web", "--name", "n1", "busybox")
    host2.docker("run", "--detach", "--network", "web", "--name", "n2", "busybox")
    first, second = address(host1, "n1"), address(host2, "n2")
    assert len({*first, *second}) == 4
    assert host1.container_pings("n1", second[0])
    assert host1.container_pings("n1", second[1])
    assert host1.container_pings("n1", "172.31.0.1")
    until(
        lambda: all(leases(plane)[each].state == "ACTIVE" for each in (*first, *second)),
        subject="ledger",
        what="does not know whose the addresses are",
        seconds=30,
    )
    assert {leases(plane)[each].name for each in first} == {"n1"}

    for host, name in ((host1, "n1"), (host2, "n2")):
        host.docker("rm", "--force", name)
    until(
        lambda: all(leases(plane)[each].state == "QUARANTINE" for each in (*first, *second)),
        subject="ledger",
        what="the addresses do not rest",
        seconds=30,
    )
    for host in (host1, host2):
        host.docker("network", "rm", "web")
    for name in ("host1", "host2"):
        plane.wait_for(name, "web", "absent", seconds=150)
    assert "allowed vlan 10,100" not in plane.running_config("sw1")
    assert "eth0.10" not in host1.exec(["ip", "-o", "link"]).stdout


def test_a_switch_that_refuses_the_vlan_is_what_docker_says_and_nothing_is_left(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    said = host.docker(*CREATE[:-1], "--ipam-opt", "segment=nowhere", "other", check=False)
    assert said.returncode != 0
    assert "segment" in said.stderr
    assert "other" not in host.docker("network", "ls", "--format", "{{.Name}}").stdout.split()
