"""What goes wrong in the field, one fault at a time: told by `trunkline status`, healed once it is gone."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import netmiko
import pytest
from ruamel.yaml import YAML

from trunkline.lab.building import Lab
from trunkline.lab.control_plane import PROGRAM, ControlPlane
from trunkline.lab.nodes import Host
from trunkline.lab.processes import Process
from trunkline.lab.waiting import until
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import SegmentName
from trunkline.orchestrator.status import snapshot
from trunkline.orchestrator.store import LedgerLease

INVENTORY = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8")
WEB = ("--label", "trunkline.segment=web")
MANAGEMENT_PORT = "mgmt0"
PORT = "GigabitEthernet1/0/1"
CARRIES_10 = re.compile(r"allowed vlan (?:add )?(?:[\d,-]*,)?10(?![\d-])")


@pytest.fixture(scope="module")
def plane(lab: Lab) -> Iterator[ControlPlane]:
    with ControlPlane(lab, INVENTORY, sweep_seconds=3.0) as running:
        yield running


@pytest.fixture(autouse=True)
def tidy(plane: ControlPlane) -> Iterator[None]:
    """Leave no container, and wait until everything is as desired again."""
    yield
    for name in ("host1", "host2"):
        host = plane.lab.host(name)
        there = host.docker("ps", "--all", "--quiet").stdout.split()
        if there:
            host.docker("rm", "--force", *there)
    for name in ("host1", "host2"):
        plane.wait_for(name, "web", "absent")
    until(
        lambda: not [device for device in snapshot(plane.store)["devices"] if device["error"]],
        subject="lab",
        what="not everything healed",
        seconds=60,
        because=lambda: plane.trunkline("status", check=False),
    )


def run(host: Host, name: str, *words: str) -> str:
    return host.docker("run", "--detach", "--name", name, *WEB, *words, "busybox").stdout.strip()


def told(plane: ControlPlane, *needles: str) -> None:
    """Wait until the status says all of this, then see that the command prints it for a person, too."""
    until(
        lambda: all(needle in json.dumps(snapshot(plane.store)) for needle in needles),
        subject="status",
        what=f"does not say {needles}",
        seconds=60,
        because=lambda: plane.trunkline("status", check=False),
    )
    printed = " ".join(plane.trunkline("status", "-o", "json", check=False).split())
    for needle in needles:
        assert needle in printed


def leases(plane: ControlPlane) -> tuple[LedgerLease, ...]:
    current = plane.store.inventory.current()
    assert current is not None
    return plane.store.ledger.leases(restore(current[1]).segments[SegmentName("web")])


def as_yaml(document: object) -> str:
    text = io.StringIO()
    YAML(typ="safe").dump(document, text)
    return text.getvalue()


def process(host: Host, name: str) -> Process:
    return next(each for each in host.processes if each.name == f"{host.name} {name}" and each.alive)


def test_labels_that_ask_for_what_is_not_there_are_told_and_harm_nobody(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    host.docker("run", "--detach", "--name", "typo", "--label", "trunkline.segment=wbe", "busybox")
    told(plane, "container typo", "wbe")
    run(host, "outside", "--label", "trunkline.ip.web=10.9.9.9")
    told(plane, "container outside", "10.9.9.9")
    run(host, "good")
    plane.wait_for("host1", "web", "ready")
    assert host.container_pings("good", "172.31.0.1")


def test_an_address_goes_to_one_container_and_the_other_is_told_who_has_it(plane: ControlPlane) -> None:
    run(plane.lab.host("host1"), "first", "--label", "trunkline.ip.web=172.31.4.77")
    plane.wait_for("host1", "web", "ready")
    run(plane.lab.host("host2"), "second", "--label", "trunkline.ip.web=172.31.4.77")
    told(plane, "172.31.4.77", "is held by container first on host1")
    holders = [lease.name for lease in leases(plane) if str(lease.address) == "172.31.4.77"]
    assert holders == ["first"]


def test_a_switch_that_is_away_is_told_and_the_container_gets_its_vlan_when_it_is_back(
    plane: ControlPlane,
) -> None:
    switch, host = plane.lab.switch("sw1"), plane.lab.host("host1")
    switch.exec(["ip", "link", "set", "dev", MANAGEMENT_PORT, "down"], check=True)
    try:
        run(host, "early")
        told(plane, "switch sw1", "does not answer")
        assert plane.state_of("host1", "web") == "failed"
        assert not host.container_pings("early", "172.31.0.1", tries=1)
    finally:
        switch.exec(["ip", "link", "set", "dev", MANAGEMENT_PORT, "up"], check=True)
    plane.wait_for("host1", "web", "ready", seconds=90)
    assert host.container_pings("early", "172.31.0.1")


def test_a_wrong_password_is_told_and_the_right_one_heals(plane: ControlPlane, tmp_path: Path) -> None:
    right = plane.inventory
    wrong_file = tmp_path / "password"
    wrong_file.write_text("wrong\n")
    plane.inventory = right.replace(str(plane.lab.switch("sw1").password_file), str(wrong_file))
    plane.trunkline("apply", "-")
    try:
        run(plane.lab.host("host1"), "locked")
        told(plane, "switch sw1", "it refused user")
    finally:
        plane.inventory = right
        plane.trunkline("apply", "-")
    plane.wait_for("host1", "web", "ready", seconds=90)


def test_an_engine_that_is_down_is_told_and_caught_up_with(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    run(host, "before", "--restart", "always")
    plane.wait_for("host1", "web", "ready")
    host.kill_docker()
    told(plane, "is dockerd running")
    host.start_docker()
    host.wait_for_docker()
    until(
        lambda: host.container_pings("before", "172.31.0.1", tries=1),
        subject="before",
        what="is not back",
        seconds=60,
    )
    plane.wait_for("host1", "web", "ready")


def test_a_lost_record_server_is_told_and_what_happened_meanwhile_is_caught_up_with(
    plane: ControlPlane,
) -> None:
    host = plane.lab.host("host1")
    run(host, "first")
    plane.wait_for("host1", "web", "ready")
    given = {lease.address: lease.owner for lease in leases(plane)}
    redis = next(each for each in plane.lab.management.processes if "redis" in each.name and each.alive)
    redis.kill()
    printed = plane.trunkline("status", check=False)
    assert "Redis" in printed
    assert "Traceback" not in printed
    run(host, "meanwhile")
    assert host.container_pings("first", "172.31.0.1"), "what works goes on working"
    plane.lab.wait_for_redis(plane.lab.start_redis())
    until(
        lambda: {"first", "meanwhile"} <= {lease.name for lease in leases(plane) if lease.state == "ACTIVE"},
        subject="ledger",
        what="has not both containers",
        seconds=90,
        because=lambda: plane.trunkline("status", check=False),
    )
    assert given.items() <= {lease.address: lease.owner for lease in leases(plane)}.items()
    assert host.container_pings("meanwhile", "172.31.0.1")


def test_a_container_that_stops_and_starts_keeps_its_address(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    run(host, "sleepy")
    plane.wait_for("host1", "web", "ready")
    before = {lease.address for lease in leases(plane) if lease.name == "sleepy"}
    host.docker("stop", "--time", "0", "sleepy")
    host.docker("start", "sleepy")
    until(
        lambda: host.container_pings("sleepy", "172.31.0.1", tries=1),
        subject="sleepy",
        what="is not back",
        seconds=60,
    )
    plane.wait_for("host1", "web", "ready")
    assert {lease.address for lease in leases(plane) if lease.name == "sleepy"} == before


def test_workers_and_agents_that_are_killed_lose_nothing(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    own = plane.environment | {"TRUNKLINE_HOST": "host1"}
    process(host, "agent").kill()
    process(host, "host-worker").kill()
    run(host, "unseen")
    host.popen([PROGRAM, "worker", "host"], own, name="host-worker")
    host.popen([PROGRAM, "agent"], own, name="agent")
    plane.wait_for("host1", "web", "ready", seconds=90)
    assert host.container_pings("unseen", "172.31.0.1")


def test_a_hand_made_network_of_the_same_name_is_told_and_never_touched(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    made = host.docker("network", "create", "--internal", "web").stdout.strip()
    try:
        run(host, "blocked")
        told(plane, "docker network web", "did not make it")
        assert host.docker("network", "inspect", "--format", "{{.Id}}", "web").stdout.strip() == made
    finally:
        host.docker("network", "rm", "web")
    plane.wait_for("host1", "web", "ready", seconds=90)


def test_a_vlan_taken_off_the_port_by_hand_comes_back(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    run(host, "steady")
    plane.wait_for("host1", "web", "ready")
    switch = plane.lab.switch("sw1")
    login = {"host": switch.address, "username": switch.user, "password": switch.password}
    with netmiko.ConnectHandler(device_type="cisco_ios", secret=switch.password, **login) as person:
        person.enable()
        person.send_config_set([f"interface {PORT}", "switchport trunk allowed vlan remove 10"])
    until(
        lambda: host.container_pings("steady", "172.31.0.1", tries=1),
        subject="steady",
        what="stays cut off",
        seconds=60,
    )


def test_a_segment_that_is_dropped_by_force_leaves_host_and_switch_and_returns(plane: ControlPlane) -> None:
    host, right = plane.lab.host("host1"), plane.inventory
    run(host, "orphan")
    plane.wait_for("host1", "web", "ready")
    document = YAML(typ="safe").load(right)
    del document["segments"]["web"], document["policy"]
    plane.inventory = as_yaml(document)
    try:
        assert "host1/web" in plane.trunkline("apply", "-", check=False), "it is refused, and says for whom"
        plane.trunkline("apply", "-", "--force")
        plane.wait_for("host1", "web", "absent", seconds=90)
        assert "eth0.10" not in host.exec(["ip", "-o", "link"]).stdout
        assert "web" not in host.docker("network", "ls", "--format", "{{.Name}}").stdout.split()
        until(
            lambda: not CARRIES_10.search(plane.running_config("sw1")),
            subject="sw1",
            what="still carries VLAN 10",
            seconds=30,
            because=lambda: plane.trunkline("status", check=False),
        )
        told(plane, "container orphan", "web")
    finally:
        plane.inventory = right
        plane.trunkline("apply", "-")
    plane.wait_for("host1", "web", "ready", seconds=90)
    assert host.container_pings("orphan", "172.31.0.1")


def test_a_renumbered_segment_moves_with_its_containers(plane: ControlPlane) -> None:
    host, right = plane.lab.host("host1"), plane.inventory
    run(host, "mover")
    plane.wait_for("host1", "web", "ready")
    before = {lease.address for lease in leases(plane) if lease.name == "mover"}
    plane.inventory = right.replace("vlan: 10\n", "vlan: 11\n")
    assert "host1/web" in plane.trunkline("apply", "-", check=False), "it is refused, and says for whom"
    plane.trunkline("apply", "-", "--force")
    try:
        until(
            lambda: (
                host.container_pings("mover", "172.31.0.1", tries=1)
                and "eth0.11" in host.exec(["ip", "-o", "link"]).stdout
            ),
            subject="mover",
            what="has not moved to VLAN 11",
            seconds=90,
            because=lambda: plane.trunkline("status", check=False),
        )
        plane.wait_for("host1", "web", "ready")
        assert "eth0.10" not in host.exec(["ip", "-o", "link"]).stdout
        assert {lease.address for lease in leases(plane) if lease.name == "mover"} == before
        configuration = plane.running_config("sw1")
        assert not CARRIES_10.search(configuration)
        assert "interface Vlan10\n" not in configuration
    finally:
        host.docker("rm", "--force", "mover")
        plane.wait_for("host1", "web", "absent", seconds=90)
        plane.inventory = right
        plane.trunkline("apply", "-")


def test_a_switch_that_is_only_observed_is_read_and_never_written(plane: ControlPlane) -> None:
    right = plane.inventory
    plane.inventory = right.replace("mode: enforce", "mode: observe")
    plane.trunkline("apply", "-")
    try:
        before = plane.running_config("sw1")
        run(plane.lab.host("host1"), "watched")
        told(plane, "observe mode", "switchport trunk allowed vlan add 10")
        assert plane.running_config("sw1") == before
    finally:
        plane.inventory = right
        plane.trunkline("apply", "-")
    plane.wait_for("host1", "web", "ready", seconds=90)


def test_a_host_that_reboots_has_its_links_before_docker_starts(plane: ControlPlane) -> None:
    host = plane.lab.host("host1")
    own = plane.environment | {"TRUNKLINE_HOST": "host1"}
    run(host, "kept", "--restart", "always")
    plane.wait_for("host1", "web", "ready")
    written = host.path(plane.environment["TRUNKLINE_STATE_DIR"]) / "links.json"
    until(lambda: "eth0.10" in written.read_text(), subject="host1", what="wrote no links down", seconds=30)
    process(host, "agent").kill()
    process(host, "host-worker").kill()
    host.stop_docker()
    host.exec(["ip", "link", "del", "eth0.10"], check=True)

    host.popen([PROGRAM, "agent"], own, name="agent")
    until(
        lambda: "trunkline:vlan=10" in host.exec(["ip", "-details", "link", "show", "eth0.10"]).stdout,
        subject="host1",
        what="has no link of ours",
        seconds=30,
    )
    host.start_docker()
    host.wait_for_docker()
    until(
        lambda: host.container_pings("kept", "172.31.0.1", tries=1),
        subject="kept",
        what="is not back without a worker",
        seconds=60,
    )
    host.popen([PROGRAM, "worker", "host"], own, name="host-worker")
    plane.wait_for("host1", "web", "ready", seconds=90)


def test_a_record_that_was_lost_learns_what_is_in_use_before_it_gives_out_anything(
    plane: ControlPlane,
) -> None:
    hosts = [plane.lab.host("host1"), plane.lab.host("host2")]
    for host in hosts:
        run(host, "survivor")
    for host in hosts:
        plane.wait_for(host.name, "web", "ready")
    before = {lease.address: lease.host for lease in leases(plane) if lease.state == "ACTIVE"}
    assert len(before) == 4
    plane.store.connection.do("FLUSHDB")
    assert "no inventory was applied yet" in plane.trunkline("status", check=False)
    plane.trunkline("apply", "-")
    plane.trunkline("switch", "trust", "sw1", "--yes")
    run(hosts[0], "newcomer")
    until(
        lambda: {lease.address: lease.host for lease in leases(plane)}.items() >= before.items(),
        subject="ledger",
        what="does not know again who has what",
        seconds=60,
        because=lambda: plane.trunkline("status", check=False),
    )
    until(
        lambda: (
            len([lease for lease in leases(plane) if lease.name == "newcomer" and lease.state == "ACTIVE"])
            == 2
        ),
        subject="newcomer",
        what="gets no addresses",
        seconds=60,
        because=lambda: plane.trunkline("status", check=False),
    )
    assert before.keys().isdisjoint(lease.address for lease in leases(plane) if lease.name == "newcomer")
    for host in hosts:
        plane.wait_for(host.name, "web", "ready", seconds=90)
        assert host.container_pings("survivor", "172.31.0.1")
    assert hosts[0].container_pings("newcomer", "172.31.0.1")
