"""The demo's story, told inside the lab kernel: every step says what it did, how long it took, and must succeed."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.resources import files

from trunkline.lab.building import Lab, default_out
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.nodes import Host
from trunkline.lab.processes import Process
from trunkline.lab.topology_file import load
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.store import LedgerLease

RUN = ("run", "--detach", "--label", "trunkline.segment=web", "--name")
PORTS = {"host1": "GigabitEthernet1/0/1", "host2": "GigabitEthernet1/0/2"}
CONTAINERS = {"host1": "c1", "host2": "c2"}
# VLAN 10 alone or among others, and not the beginning of 100; a single VLAN is never written as a range.
CARRIES_10 = re.compile(r"allowed vlan (?:add )?(?:[\d,-]*,)?10(?![\d-])")
GONE_SECONDS = 60.0
EVENT_SECONDS = 10.0
EVENTS = ("events", "--format", "{{.TimeNano}} {{.Type}} {{.Action}} {{.Actor.Attributes.name}}")
TOLD_EVENTS = ("container create", "container start", "container die", "container destroy")
HAND_MADE = (
    "network",
    "create",
    "-d",
    "macvlan",
    "-o",
    "parent=eth0.10",
    "--subnet",
    "172.31.0.0/16",
    "byhand",
)


class DemoFailedError(Exception):
    """A step did not do what it says."""


@dataclass(slots=True)
class Story:
    """Prints steps with their time, and what happened on engines, hosts and switches as it happens.

    Attributes:
        plane: Trunkline, running in the lab.
        listeners: Per host a ``docker events`` that writes into its log.
        began: When the present chapter began, by the record's clock; what is told is dated from there.
    """

    plane: ControlPlane
    listeners: dict[str, Process] = field(default_factory=dict)
    began: float = 0.0
    told: set[str] = field(default_factory=set)

    def step(self, text: str, action: Callable[[], bool], *, expected: bool = True) -> None:
        """Do one thing and say how long it took.

        Raises:
            DemoFailedError: it did not come out as expected.
        """
        began = time.monotonic()
        outcome = action()
        took = (time.monotonic() - began) * 1000
        _say(f"  {'ok    ' if outcome is expected else 'FAILED'} {text}  ({took:.0f} ms)")
        if outcome is not expected:
            raise DemoFailedError(text)

    def listen(self, host: Host) -> None:
        """Follow a host's engine from now on."""
        self.listeners[host.name] = host.popen(["docker", *EVENTS], name="events")

    def begin(self) -> None:
        """Begin a chapter: date what happens from now on."""
        self.began = self.plane.store.now()

    def news(self) -> None:
        """Tell, in order, which events the engines sent and what was written to which device since the last time."""
        happened = sorted([*self._events(), *self._operations()])
        for at, key, lines in happened:
            self.told.add(key)
            first, *rest = lines
            _say(f"  +{max(0.0, at - self.began):5.2f} s  {first}")
            for line in rest:
                _say(f"               {line}")

    def _events(self) -> Iterator[tuple[float, str, list[str]]]:
        for name, listener in self.listeners.items():
            for line in listener.log.read_text().splitlines():
                at, _, what = line.partition(" ")
                key = f"{name} {line}"
                if key not in self.told and what.startswith(TOLD_EVENTS):
                    yield int(at) / 1e9, key, [f"{name}: docker event: {what}"]

    def _operations(self) -> Iterator[tuple[float, str, list[str]]]:
        for operation in self.plane.store.operations.tail(200):
            if operation.id in self.told or operation.finished_at is None or operation.at < self.began:
                continue
            device = operation.device.partition(":")[2]
            took = f"{(operation.finished_at - operation.at) * 1000:.0f} ms, {operation.result}"
            yield (
                operation.finished_at,
                operation.id,
                [f"{device}: {operation.why}  ({took})", *operation.lines],
            )

    def wait(self, state: str, *, seconds: float = GONE_SECONDS) -> None:
        """Wait until the segment is in a state on both hosts, telling news as it comes.

        Raises:
            DemoFailedError: it is not in time.
        """
        deadline = time.monotonic() + seconds
        while any(self.plane.state_of(host, "web") != state for host in CONTAINERS):
            self.news()
            if time.monotonic() > deadline:
                _say(self.plane.trunkline("status", check=False))
                raise DemoFailedError(f"segment web did not become {state}")
            time.sleep(0.05)
        self.news()

    def trunks(self) -> None:
        """Show what the switch's own configuration says the hosts' ports carry.

        Raises:
            DemoFailedError: the switch cannot be asked.
        """
        configuration = self.plane.running_config("sw1")
        for host, port in PORTS.items():
            section = configuration.partition(f"interface {port}\n")[2].partition("\n!")[0]
            allowed = [line.strip() for line in section.splitlines() if "allowed vlan" in line]
            _say(f"  sw1 {port} ({host}): {'; '.join(allowed) or 'no list: every VLAN'}")

    def leases(self) -> tuple[LedgerLease, ...]:
        """Give the ledger's entries for the segment."""
        current = self.plane.store.inventory.current()
        if current is None:
            return ()
        segment = next(iter(restore(current[1]).segments.values()))
        return self.plane.store.ledger.leases(segment)

    def address_of(self, container: str, family: int) -> str:
        """Give a container's address.

        Raises:
            DemoFailedError: the ledger has none.
        """
        for lease in self.leases():
            if (lease.name, lease.address.version, lease.state) == (container, family, "ACTIVE"):
                return str(lease.address)
        raise DemoFailedError(f"{container} has no IPv{family} address in the ledger")


def tell(story: Story) -> None:
    """Tell the main job from a dead VLAN to a clean switch."""
    before(story)
    come(story)
    prove(story)
    leave(story)


def before(story: Story) -> None:
    """Show that VLAN 10 is dead: containers wired to it by hand reach nobody."""
    one = story.plane.lab.host("host1")
    _title("Before: containers wired to VLAN 10 by hand; the ports do not carry it, so nothing answers")
    story.trunks()
    with _by_hand(one, "b1", "172.31.9.1"), _by_hand(story.plane.lab.host("host2"), "b2", "172.31.9.2"):
        for address in ("172.31.9.2", "172.31.0.1"):
            who = "container b2 on host2" if address.endswith("9.2") else "the gateway"
            story.step(
                f"b1 -> {address}, {who}: no answer, as it must be",
                lambda address=address: one.container_pings("b1", address, tries=1),  # type: ignore[misc]  # binds it now
                expected=False,
            )


@contextmanager
def _by_hand(host: Host, container: str, address: str) -> Iterator[None]:
    """Do what people do without Trunkline, but for the switch; undo it afterwards."""
    with ExitStack() as stack:
        add = ["ip", "link", "add", "link", "eth0", "name", "eth0.10", "type", "vlan", "id", "10"]
        host.exec(add, check=True)
        stack.callback(host.exec, ["ip", "link", "del", "eth0.10"], check=True)
        host.exec(["ip", "link", "set", "eth0.10", "up"], check=True)
        host.docker(*HAND_MADE)
        stack.callback(host.docker, "network", "rm", "byhand")
        words = ("run", "--detach", "--network", "byhand", "--ip", address, "--name", container, "busybox")
        host.docker(*words)
        stack.callback(host.docker, "rm", "--force", container)
        yield


def come(story: Story) -> None:
    """Start a container on each host and tell what follows."""
    lab = story.plane.lab
    _title("docker run --label trunkline.segment=web, on both hosts")
    for name in CONTAINERS:
        story.listen(lab.host(name))
    for name, listener in story.listeners.items():
        _await_listener(lab.host(name), listener)
    story.begin()
    for name, container in CONTAINERS.items():
        _say(
            f"  +{story.plane.store.now() - story.began:5.2f} s  {name}$ docker {' '.join(RUN)} {container} busybox"
        )
        lab.host(name).docker(*RUN, container, "busybox")
        story.news()
    story.wait("ready")
    _say(f"  both ready {story.plane.store.now() - story.began:.1f} s after the first docker run")
    for lease in story.leases():
        _say(f"  ledger: {lease.name} on {lease.host} has {lease.interface} ({lease.mac})")


def _await_listener(host: Host, listener: Process) -> None:
    """Wait until ``docker events`` listens: an event of our own making must show up."""
    deadline = time.monotonic() + EVENT_SECONDS
    number = 0
    while "network create probe" not in listener.log.read_text():
        if time.monotonic() > deadline:
            raise DemoFailedError(f"docker events on {host.name} shows nothing")
        number += 1
        host.docker("network", "create", "--internal", f"probe{number}")
        host.docker("network", "rm", f"probe{number}")


def prove(story: Story) -> None:
    """Ping everybody who should answer, and catch a tagged frame on the cable."""
    lab = story.plane.lab
    one = lab.host("host1")
    _title("Proof")
    story.trunks()
    c2, c2_v6 = story.address_of("c2", 4), story.address_of("c2", 6)
    with lab.capture("sw1", PORTS["host1"], "vlan 10 and icmp") as capture:
        story.step(f"c1 -> c2 {c2}, same VLAN, other host", lambda: one.container_pings("c1", c2))
        capture.wait_for("vlan 10")
        frames = capture.frames()
    if not frames:
        raise DemoFailedError("no frame with the tag of VLAN 10 was on the cable")
    _say(f"         on the cable: {frames[0]}")
    for text, address in (
        (f"c1 -> c2 {c2_v6}", c2_v6),
        ("c1 -> gateway 172.31.0.1", "172.31.0.1"),
        ("c1 -> gateway fd00:31::1", "fd00:31::1"),
        ("c1 -> server 172.30.0.10 in VLAN 20, routed", "172.30.0.10"),
        ("c1 -> server fd00:30::10 in VLAN 20, routed", "fd00:30::10"),
        ("c1 -> host2 192.168.0.12 in the hosts' own network, routed", "192.168.0.12"),
        ("c1 -> host2 fd00:192::12 in the hosts' own network, routed", "fd00:192::12"),
    ):
        story.step(text, lambda address=address: one.container_pings("c1", address))  # type: ignore[misc]  # a default binds it now


def leave(story: Story) -> None:
    """Remove the containers and see that nothing of the VLAN stays."""
    lab = story.plane.lab
    one, other = lab.host("host1"), lab.host("host2")
    _title("docker rm: the last one leaves, and after the grace the VLAN leaves the ports")
    story.begin()
    for name, container in CONTAINERS.items():
        _say(f"  +{story.plane.store.now() - story.began:5.2f} s  {name}$ docker rm --force {container}")
        lab.host(name).docker("rm", "--force", container)
        story.news()
    story.wait("absent")
    _say(f"  nothing is left {story.plane.store.now() - story.began:.1f} s later (the grace is 3 s)")
    story.trunks()
    story.step(
        "the sub-interface is gone from host1", lambda: "eth0.10" not in one.exec(["ip", "-o", "link"]).stdout
    )
    story.step(
        "the network is gone from host2",
        lambda: "web" not in other.docker("network", "ls", "--format", "{{.Name}}").stdout.split(),
    )
    story.step(
        "no port of sw1 carries VLAN 10",
        lambda: CARRIES_10.search(story.plane.running_config("sw1")) is None,
    )
    story.step(
        "trunkline verify: every promise holds", lambda: "BROKEN" not in story.plane.trunkline("verify")
    )


def main() -> int:
    """Build the lab, start Trunkline in it, tell the story; 0 when every step did what it says."""
    inventory = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8")
    try:
        _title("The lab: two hosts, one switch, all real but the switch's command line")
        with Lab(load("seed"), out=default_out(), say=lambda text: _say(f"  {text}")) as lab:
            _title("Trunkline: apply the inventory, trust the switch, start workers and agents")
            with ControlPlane(lab, inventory, sweep_seconds=2.0, say=lambda text: _say(f"  {text}")) as plane:
                tell(Story(plane))
    except (DemoFailedError, OrchestratorError, RuntimeError) as error:
        _say(f"\nThe demo failed: {error}")
        return 1
    _say("\nAll of it worked. Nothing is left running.")
    return 0


def _title(text: str) -> None:
    _say(f"\n{text}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
