"""The main job on real VLANs with nothing but the switch exchanged: IOS, a bridge of Linux, Open vSwitch.

A container starts and its VLAN is there; the last one leaves and it goes. What else is on the ports is not touched.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import netmiko
import pytest

from trunkline.lab.building import Lab, default_out
from trunkline.lab.cabling import device_of
from trunkline.lab.control_plane import PROGRAM, ControlPlane
from trunkline.lab.nodes import Host
from trunkline.lab.processes import Process
from trunkline.lab.topology_file import load
from trunkline.lab.waiting import until
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import SegmentName, SwitchName, switch_key
from trunkline.orchestrator.store.connection import PREFIX
from trunkline.orchestrator.vlans import VlanSet

pytestmark = pytest.mark.timeout(900)
WEB, STORAGE = 10, 30
"""The segment's VLAN, and one that was on the ports before and is somebody else's."""
SERVER, HOST2 = "172.30.0.10", "192.168.0.12"
"""In another VLAN, and in the hosts' own network, which is untagged on the same ports."""
RUN = ("run", "--detach", "--label", "trunkline.segment=web", "--name")
PINGS = re.compile(r"(\d+) packets transmitted, (\d+) received")
IN_FLIGHT = 1
ENOUGH = 20
DAEMONS = {"sshd", "ovs-vswitchd", "ovsdb-server", "dockerd", "redis-server"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to be the switch.

    Attributes:
        topology: The shipped topology and the inventory of its name.
        ports: Of host1 and host2, as the inventory calls them.
        opened, closed: Lines that the audit trail must show for the first host's port.
    """

    topology: str
    ports: tuple[str, str]
    opened: str
    closed: str


KINDS = (
    Kind(
        topology="seed",
        ports=("GigabitEthernet1/0/1", "GigabitEthernet1/0/2"),
        opened="switchport trunk allowed vlan add 10",
        closed="switchport trunk allowed vlan remove 10",
    ),
    Kind(
        topology="linux",
        ports=("swp1", "swp2"),
        opened="bridge vlan add dev swp1 vid 10",
        closed="bridge vlan del dev swp1 vid 10",
    ),
    Kind(
        topology="openvswitch",
        ports=("swp1", "swp2"),
        opened="add port swp1 trunks 10",
        closed="remove port swp1 trunks 10",
    ),
)


@dataclass(frozen=True)
class Scene:
    kind: Kind
    plane: ControlPlane

    @property
    def hosts(self) -> tuple[Host, Host]:
        return self.plane.lab.host("host1"), self.plane.lab.host("host2")

    def on_ports(self) -> tuple[VlanSet, VlanSet]:
        """Ask the switch's forwarding itself, past its command line and past every driver, what its ports carry."""
        return self._carried(self.kind.ports[0]), self._carried(self.kind.ports[1])

    def _carried(self, port: str) -> VlanSet:
        switch = self.plane.lab.switch("sw1")
        if self.kind.topology == "openvswitch":
            listed = switch.exec(["ovs-vsctl", "--bare", "get", "port", port, "trunks"], check=True).stdout
            return VlanSet(int(each) for each in re.findall(r"\d+", listed) if int(each) < 4095)
        words = ["bridge", "-json", "vlan", "show", "dev", device_of(port)]
        rows = json.loads(switch.exec(words, check=True).stdout)[0]["vlans"]
        tagged = [row for row in rows if "Egress Untagged" not in row.get("flags", ())]
        return VlanSet(
            each for row in tagged for each in range(row["vlan"], row.get("vlanEnd", row["vlan"]) + 1)
        )

    def lines(self) -> list[str]:
        return [
            line
            for each in self.plane.store.operations.tail(1000, device="switch:sw1")
            for line in each.lines
        ]

    def addresses(self) -> dict[tuple[str, int], str]:
        current = self.plane.store.inventory.current()
        assert current is not None
        segment = restore(current[1]).segments[SegmentName("web")]
        return {
            (lease.name, lease.address.version): str(lease.address)
            for lease in self.plane.store.ledger.leases(segment)
            if lease.state == "ACTIVE"
        }

    def wait_for(self, state: str) -> None:
        for host in self.hosts:
            self.plane.wait_for(host.name, "web", state, seconds=120)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.topology)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    kind: Kind = request.param
    inventory = files("trunkline.lab") / "inventories" / f"{kind.topology}.yaml"
    with Lab(load(kind.topology), out=default_out() / f"any-{kind.topology}") as lab:
        if kind.topology == "seed":
            allow_storage(lab, *kind.ports)
        share_storage(lab)
        with ControlPlane(lab, inventory.read_text(encoding="utf-8")) as plane:
            yield Scene(kind, plane)
    assert running().isdisjoint(DAEMONS), "the machine ends with everything on it"


def running() -> set[str]:
    """Name every program that runs in this kernel."""
    found = set()
    for name in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            found.add(name.read_text().strip())
    return found


@pytest.fixture(autouse=True)
def tidy(scene: Scene) -> Iterator[None]:
    """Leave no container to the next test, whatever this one came to."""
    yield
    for host in scene.hosts:
        if there := host.docker("ps", "--all", "--quiet").stdout.split():
            host.docker("rm", "--force", *there)
    scene.wait_for("absent")


def allow_storage(lab: Lab, *ports: str) -> None:
    """Put the other VLAN on the virtual switch's ports, as a person does; the Linux topologies have it there."""
    switch = lab.switch("sw1")
    login = {"host": switch.address, "username": switch.user, "password": switch.password}
    lines = [f"vlan {STORAGE}", "name storage", "exit"]
    for port in ports:
        lines += [f"interface {port}", f"switchport trunk allowed vlan add {STORAGE}"]
    with netmiko.ConnectHandler(device_type="cisco_ios", secret=switch.password, **login) as person:
        person.enable()
        person.send_config_set(lines)
        person.save_config()


def share_storage(lab: Lab) -> None:
    """Give each host an 802.1Q interface of its own in the other VLAN."""
    for number, name in enumerate(("host1", "host2"), start=1):
        for words in (
            f"ip link add link eth0 name eth0.{STORAGE} type vlan id {STORAGE}",
            f"ip address add 10.30.0.{number}/24 dev eth0.{STORAGE}",
            f"ip link set dev eth0.{STORAGE} up",
        ):
            lab.host(name).exec(words.split(), check=True)


@contextmanager
def storage_in_use(host: Host) -> Iterator[None]:
    """Let hosts talk in the other VLAN all the time; not one answer may be missing at the end."""
    ping = host.popen(["ping", "-n", "-i", "0.5", "10.30.0.2"], name="storage-ping")
    ping.wait_for_log("icmp_seq=1 ", seconds=30)
    try:
        yield
    finally:
        ping.signal(signal.SIGINT)
        until(lambda: not ping.alive, subject="ping", what="does not end", seconds=30)
        host.processes.remove(ping)
    told = PINGS.search(ping.log.read_text())
    assert told, ping.tail()
    sent, answered = (int(number) for number in told.groups())
    assert sent >= ENOUGH
    assert sent - answered <= IN_FLIGHT, ping.tail()


def test_the_main_job_is_done_whatever_the_switch_is(scene: Scene) -> None:
    plane, (host1, host2) = scene.plane, scene.hosts
    before = scene.on_ports()
    assert before == (VlanSet({STORAGE}), VlanSet({STORAGE}))
    with storage_in_use(host1):
        host1.docker(*RUN, "c1", "busybox")
        host2.docker(*RUN, "c2", "busybox")
        scene.wait_for("ready")
        containers_meet(scene)
        assert scene.on_ports() == tuple(VlanSet({*carried, WEB}) for carried in before)
        it_is_told(scene)
        nothing_is_sent_again(scene)

        host1.docker("rm", "--force", "c1")
        host2.docker("rm", "--force", "c2")
        scene.wait_for("absent")
        assert scene.on_ports() == before
    assert f"eth0.{WEB}" not in host1.exec(["ip", "-o", "link"]).stdout
    assert "web" not in host1.docker("network", "ls", "--format", "{{.Name}}").stdout.split()
    assert scene.kind.closed in plane.trunkline("switch", "history", "sw1")
    assert not [claim for claim in plane.store.devices.owned(SwitchName("sw1")) if "carries" in claim]
    assert "BROKEN" not in plane.trunkline("verify")


def containers_meet(scene: Scene) -> None:
    """Each reaches the other, the gateway and what is behind it; their frames are tagged on the cable."""
    there = scene.addresses()
    others = ("172.31.0.1", "fd00:31::1", SERVER, HOST2)
    with scene.plane.lab.capture("sw1", scene.kind.ports[0], f"vlan {WEB} and icmp") as frames:
        for host, name, other in zip(scene.hosts, ("c1", "c2"), ("c2", "c1"), strict=True):
            namespace = namespace_of(host, name)
            for address in (there[other, 4], there[other, 6], *others):
                assert reaches(host, namespace, address), f"{name} does not reach {address}"
        seen = frames.wait_for(f"{there['c1', 4]} > {there['c2', 4]}: ICMP echo request")
    assert "802.1Q" in seen
    assert f"vlan {WEB}," in seen


def namespace_of(host: Host, container: str) -> str:
    """Name its network namespace; `docker exec` is slow in a kernel that runs as a program."""
    return f"/proc/{host.docker('inspect', '--format', '{{.State.Pid}}', container).stdout.strip()}/ns/net"


def reaches(host: Host, namespace: str, address: str) -> bool:
    ping = ["nsenter", f"--net={namespace}", "ping", "-n", "-q", "-c", "1", "-W", "1", address]
    return any(host.exec(ping).returncode == 0 for _ in range(4))


def it_is_told(scene: Scene) -> None:
    """What is on record says which ports carry the VLAN, and which lines did it."""
    shown = scene.plane.trunkline("switch", "show", "sw1")
    for port in scene.kind.ports:
        assert f"carries:{port}:{WEB}" in shown
    assert scene.kind.opened in scene.plane.trunkline("switch", "history", "sw1")


def nothing_is_sent_again(scene: Scene) -> None:
    """The switch is looked at once more and left as it is, a plan has nothing to say, and every promise holds."""
    sent = scene.lines()
    scene.plane.trunkline("jobs", "run", "reconcile", "--device", "sw1")
    assert scene.lines() == sent
    assert "Plan: 0 lines" in scene.plane.trunkline("plan")
    assert "BROKEN" not in scene.plane.trunkline("verify")


def test_a_worker_that_is_killed_as_the_vlan_comes_loses_nothing(scene: Scene) -> None:
    """It ends after the switch has the line and, as a rule, before the record says so."""
    plane, host = scene.plane, scene.hosts[0]
    before = scene.on_ports()
    worker = switch_worker(plane)
    lurk(scene, worker)
    host.docker(*RUN, "c3", "busybox")
    until(
        lambda: not worker.alive,
        subject=scene.kind.ports[0],
        what="does not carry the VLAN",
        seconds=60,
        because=lambda: plane.trunkline("status", check=False),
    )
    # As if the minute that its lease lasts had passed.
    plane.store.connection.do("DEL", f"{PREFIX}lease:{switch_key(SwitchName('sw1'))}")
    words = [PROGRAM, "worker", "switch", "--concurrency", "4"]
    plane.lab.management.popen(words, plane.environment, name="switch-worker")

    plane.wait_for("host1", "web", "ready", seconds=120)
    assert reaches(host, namespace_of(host, "c3"), "172.31.0.1")
    assert scene.on_ports() == (VlanSet({*before[0], WEB}), before[1])
    host.docker("rm", "--force", "c3")
    plane.wait_for("host1", "web", "absent", seconds=120)
    assert scene.on_ports() == before, "what it added is known to be ours"
    assert "BROKEN" not in plane.trunkline("verify")


def lurk(scene: Scene, worker: Process) -> None:
    """Have the worker killed within some 20 ms of the VLAN's coming: long before it has read back what it did."""
    switch, port = scene.plane.lab.switch("sw1"), scene.kind.ports[0]
    shown = f"bridge vlan show dev {device_of(port)}"
    if scene.kind.topology == "openvswitch":
        shown = f"ovs-vsctl --bare get port {port} trunks"
    place = ["--net=/run/netns/sw1"]
    if switch.init is not None:  # its files too, but not its process ids
        place = ["--target", str(switch.init.pid), "--mount", "--net", "--wd=/"]
    script = f"until {shown} | grep -qw {WEB}; do sleep 0.02; done; kill -9 {worker.pid}"
    scene.plane.lab.management.popen(["nsenter", *place, "sh", "-ec", script], name="lurker")


def switch_worker(plane: ControlPlane) -> Process:
    return next(
        each for each in plane.lab.management.processes if "switch-worker" in each.name and each.alive
    )
