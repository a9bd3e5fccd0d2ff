"""The network way on real VLANs: a Docker network whose addresses come from the plug-in, typed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from importlib.resources import files
from ipaddress import IPv4Address, IPv6Address, ip_address

import docker
import netmiko
import pytest

from trunkline.lab.ask import ask
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


AT_ONCE = 6
"""Containers that are started at the same moment, on both hosts together."""


def leases(plane: ControlPlane) -> dict[str, LedgerLease]:
    current = plane.store.inventory.current()
    assert current is not None
    segment = restore(current[1]).segments[SegmentName("web")]
    return {str(lease.address): lease for lease in plane.store.ledger.leases(segment)}


def address(host: Host, container: str) -> tuple[str, str]:
    found = json.loads(host.docker("inspect", container).stdout)[0]["NetworkSettings"]["Networks"]["web"]
    return str(found["IPAddress"]), str(found["GlobalIPv6Address"])


def links(host: Host) -> str:
    return host.exec(["ip", "-o", "link"]).stdout


CARRIES_10 = re.compile(r"allowed vlan (?:[\d,-]*,)?10(?![\d-])")


def gone(plane: ControlPlane) -> None:
    """Wait until nothing holds the segment anywhere and no trunk carries its VLAN."""
    for name in ("host1", "host2"):
        plane.wait_for(name, "web", "absent", seconds=90)
    assert not CARRIES_10.search(plane.running_config("sw1"))


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
    for name in ("host1", "host2"):
        plane.wait_for(name, "web", "absent", seconds=150)
    assert "allowed vlan 10,100" not in plane.running_config("sw1"), (
        "the network alone does not keep the VLAN"
    )
    assert "eth0.10" in links(host1)

    host1.docker("run", "--detach", "--network", "web", "--name", "n3", "busybox")
    assert host1.container_pings("n3", "172.31.0.1"), "the VLAN is back before the container starts"
    host1.docker("rm", "--force", "n3")
    for host in (host1, host2):
        host.docker("network", "rm", "web")
    for host in (host1, host2):
        until(
            lambda host=host: "eth0.10" not in links(host),  # type: ignore[misc]
            subject=host.name,
            what="still has the link of a network that is gone",
            seconds=60,
        )
    gone(plane)


def test_a_segment_that_is_not_there_makes_no_network(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    said = host.docker(*CREATE[:-1], "--ipam-opt", "segment=nowhere", "other", check=False)
    assert said.returncode != 0
    assert "segment" in said.stderr
    assert "other" not in host.docker("network", "ls", "--format", "{{.Name}}").stdout.split()


@pytest.fixture(scope="module")
def declared(plane: ControlPlane) -> Iterator[ControlPlane]:
    """Have the network made on every host, as soon as the inventory is applied."""
    before = plane.inventory
    plane.inventory = before.replace(
        "    networks: on-demand\n",
        "    networks: declared\n    host_access: true\n    clear_neighbors: true\n",
    )
    plane.trunkline("apply", "-")
    for name in ("host1", "host2"):
        has_network(plane.lab.host(name))
    yield plane
    for name in ("host1", "host2"):
        host = plane.lab.host(name)
        there = host.docker("ps", "--all", "--quiet").stdout.split()
        if there:
            host.docker("rm", "--force", *there)
    plane.inventory = before
    plane.trunkline("apply", "-")


def has_network(host: Host) -> None:
    until(
        lambda: "web" in host.docker("network", "ls", "--format", "{{.Name}}").stdout.split(),
        subject=host.name,
        what="its network is not made",
        seconds=60,
    )


def test_a_declared_network_is_there_without_its_vlan_and_comes_back_when_it_is_removed(
    declared: ControlPlane,
) -> None:
    host = declared.lab.host("host1")
    assert not CARRIES_10.search(declared.running_config("sw1"))
    first = json.loads(host.docker("network", "inspect", "web").stdout)[0]
    assert first["Labels"]["trunkline.segment"] == "web"
    assert first["IPAM"]["Driver"] == "trunkline"
    assert {pool["Subnet"] for pool in first["IPAM"]["Config"]} == {"172.31.0.0/16", "fd00:31::/64"}
    for words in (("network", "rm", "web"), ("network", "prune", "--force")):
        host.docker(*words)
        has_network(host)
    assert json.loads(host.docker("network", "inspect", "web").stdout)[0]["Id"] != first["Id"]
    assert declared.state_of("host1", "web") == "absent"


@pytest.mark.timeout(600)
def test_forty_containers_on_two_hosts_get_forty_addresses_and_reach_each_other(
    declared: ControlPlane,
) -> None:
    hosts = [declared.lab.host(name) for name in ("host1", "host2")]
    places = [(host, f"c{number}-{host.name}") for number in range(20) for host in hosts]

    # Through the API, and so many at a time: forty starts at once choke a kernel that runs as a program on one core.
    # All at once, without VLANs, is tests/integration/ipam/test_docker.py.
    with ExitStack() as open_engines, ThreadPoolExecutor(AT_ONCE) as crowd:
        engines = {
            host: open_engines.enter_context(closing(docker.APIClient(host.docker_url, timeout=200)))
            for host in hosts
        }

        def run(place: tuple[Host, str]) -> tuple[int, str, str]:
            engine, name = engines[place[0]], place[1]
            wish = engine.create_host_config(network_mode="web")
            engine.create_container("busybox", name=name, host_config=wish)
            engine.start(name)
            found = engine.inspect_container(name)
            endpoint = found["NetworkSettings"]["Networks"]["web"]
            return int(found["State"]["Pid"]), str(endpoint["IPAddress"]), str(endpoint["GlobalIPv6Address"])

        # The first of each host brings the VLAN, the others find it.
        given = [run(place) for place in places[:2]]
        given += crowd.map(run, places[2:])
    everyone = {each for _, *both in given for each in both}
    assert len(everyone) == 2 * len(places)
    # Each reaches the next one, which is on the other host. From its namespace: `docker exec` is slow.
    for (host, name), (pid, *_), (_, *others) in zip(places, given, [*given[1:], given[0]], strict=True):
        for other in others:
            ping = ["nsenter", f"--net=/proc/{pid}/ns/net", "ping", "-n", "-q", "-c", "1", "-W", "1", other]
            assert any(host.exec(ping).returncode == 0 for _ in range(4)), f"{name} does not reach {other}"
    assert everyone <= leases(declared).keys()
    for host in hosts:
        host.docker("rm", "--force", *(name for each, name in places if each is host))
    gone(declared)
    assert all(lease.state == "QUARANTINE" for lease in leases(declared).values())


def test_a_switch_that_rejects_the_vlan_is_what_docker_run_says_and_nothing_is_left(
    declared: ControlPlane,
) -> None:
    host = declared.lab.host("host1")
    gone(declared)
    held = {each for each, lease in leases(declared).items() if lease.state != "QUARANTINE"}
    by_hand(declared, "no vlan 10", "vtp mode client")
    try:
        before = declared.running_config("sw1")
        words = ("run", "--detach", "--restart", "always", "--network", "web", "--name", "refused", "busybox")
        said = host.docker(*words, check=False)
        assert said.returncode == 125
        for word in ("segment web", "switch sw1", "VTP", "GigabitEthernet1/0/1"):
            assert word in said.stderr
        assert {each for each, lease in leases(declared).items() if lease.state != "QUARANTINE"} == held
        assert json.loads(host.docker("network", "inspect", "web").stdout)[0]["Containers"] == {}
        assert declared.running_config("sw1") == before
    finally:
        by_hand(declared, "vtp mode transparent")
    until(
        lambda: host.container_pings("refused", "172.31.0.1", tries=1),
        subject="container refused",
        what="is not started though its network can be had now",
        seconds=120,
        because=lambda: declared.trunkline("status", check=False),
    )
    for own in address(host, "refused"):
        assert host.pings(own), "the host has a way of its own to its containers"
    assert "h-eth0.10" in links(host)
    host.docker("rm", "--force", "refused")
    gone(declared)
    assert "h-eth0.10" not in links(host)
    assert all(lease.state == "QUARANTINE" for lease in leases(declared).values())


def test_the_gateway_forgets_the_mac_that_a_container_had_before_its_restart(declared: ControlPlane) -> None:
    host = declared.lab.host("host1")
    host.docker("run", "--detach", "--label", "trunkline.segment=web", "--name", "r1", "busybox")
    declared.wait_for("host1", "web", "ready")
    own, own6 = address(host, "r1")
    for gateway in ("172.31.0.1", "fd00:31::1"):
        assert host.container_pings("r1", gateway)
    former = known_macs(declared, own, own6)
    assert len(former) == 1
    host.docker("restart", "--time", "0", "r1")
    assert address(host, "r1") == (own, own6)
    wanted = {f"clear ip arp {own}", f"clear ipv6 neighbors interface Vlan10 ipv6 {own6}"}
    until(
        lambda: wanted <= {line for each in declared.store.operations.tail(100) for line in each.lines},
        subject="sw1",
        what="was not told to forget",
        seconds=30,
        because=lambda: declared.trunkline("status", check=False),
    )
    for gateway in ("172.31.0.1", "fd00:31::1"):
        assert host.container_pings("r1", gateway)
    assert known_macs(declared, own, own6).isdisjoint(former)
    host.docker("rm", "--force", "r1")
    gone(declared)


def known_macs(plane: ControlPlane, *addresses: str) -> set[str]:
    """Ask the switch which MACs it knows for these addresses."""
    device = plane.lab.switch("sw1")
    rows = [
        line.split()
        for command in ("show ip arp", "show ipv6 neighbors")
        for line in ask(
            device.address, user=device.user, password=device.password, command=command
        ).splitlines()
    ]
    wanted = {ip_address(each) for each in addresses}
    return {
        word
        for row in rows
        if any(_is_one_of(each, wanted) for each in row)
        for word in row
        if re.fullmatch(r"[0-9a-f]{4}(\.[0-9a-f]{4}){2}", word)
    }


def _is_one_of(word: str, addresses: set[IPv4Address | IPv6Address]) -> bool:
    try:
        return ip_address(word) in addresses
    except ValueError:
        return False


def by_hand(plane: ControlPlane, *lines: str) -> None:
    """Type into the switch's configuration mode."""
    device = plane.lab.switch("sw1")
    with netmiko.ConnectHandler(
        device_type="cisco_ios",
        host=device.address,
        username=device.user,
        password=device.password,
        secret=device.password,
    ) as session:
        session.enable()
        session.send_config_set(lines)
