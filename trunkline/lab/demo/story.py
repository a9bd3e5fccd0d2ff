"""The demo's story, told inside the lab kernel: every step says what it did, how long it took, and must succeed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files

from trunkline.lab.building import Lab, default_out
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.topology_file import load
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.store import LedgerLease

RUN = ("run", "--detach", "--label", "trunkline.segment=web", "--name")
PORT = "GigabitEthernet1/0/1"
HOSTS = (("host1", "c1"), ("host2", "c2"))
GONE_SECONDS = 60.0


class DemoFailedError(Exception):
    """A step did not do what it says."""


@dataclass(slots=True)
class Story:
    """Prints steps with their time, and operations as they are recorded."""

    plane: ControlPlane
    told: set[str] = field(default_factory=set)

    def step(self, text: str, action: Callable[[], bool], *, expected: bool = True) -> None:
        """Do one thing and say how long it took.

        Raises:
            DemoFailedError: it did not come out as expected.
        """
        began = time.monotonic()
        outcome = action()
        took = (time.monotonic() - began) * 1000
        _say(f"  {'ok' if outcome is expected else 'FAILED'}  {text}  ({took:.0f} ms)")
        if outcome is not expected:
            raise DemoFailedError(text)

    def operations(self) -> None:
        """Tell what was written to which device since the last time."""
        for operation in self.plane.store.operations.tail(200):
            if operation.id in self.told or operation.finished_at is None:
                continue
            self.told.add(operation.id)
            took = (operation.finished_at - operation.at) * 1000
            _say(f"  {operation.device}: {operation.why}  ({took:.0f} ms, {operation.result})")
            for line in operation.lines:
                _say(f"      {line}")

    def wait(self, state: str, *, seconds: float = GONE_SECONDS) -> None:
        """Wait until the segment is in a state on both hosts, telling operations as they happen."""
        deadline = time.monotonic() + seconds
        while any(self.plane.state_of(host, "web") != state for host, _ in HOSTS):
            self.operations()
            if time.monotonic() > deadline:
                _say(self.plane.trunkline("status", check=False))
                raise DemoFailedError(f"segment web did not become {state}")
            time.sleep(0.05)
        self.operations()

    def leases(self) -> tuple[LedgerLease, ...]:
        """Give the ledger's entries for the segment."""
        current = self.plane.store.inventory.current()
        if current is None:
            return ()
        segment = next(iter(restore(current[1]).segments.values()))
        return self.plane.store.ledger.leases(segment)

    def address_of(self, container: str, family: int) -> str:
        """Give a container's address."""
        for lease in self.leases():
            if (lease.name, lease.address.version, lease.state) == (container, family, "ACTIVE"):
                return str(lease.address)
        raise DemoFailedError(f"{container} has no IPv{family} address in the ledger")


def tell(story: Story) -> None:
    """Tell the main job from a dead VLAN to a clean switch."""
    lab = story.plane.lab
    one, other = lab.host("host1"), lab.host("host2")
    _title("Before: no port carries VLAN 10, so nothing answers")
    story.step(
        "ping 172.31.0.1 from host1 fails, as it must",
        lambda: one.pings("172.31.0.1", tries=1),
        expected=False,
    )
    _title("docker run --label trunkline.segment=web, on both hosts")
    began = time.monotonic()
    for host, container in HOSTS:
        lab.host(host).docker(*RUN, container, "busybox")
        _say(f"  {host}$ docker run -d --label trunkline.segment=web --name {container} busybox")
    story.wait("ready")
    _say(f"  both ready {time.monotonic() - began:.1f} s after the first docker run")
    for lease in story.leases():
        _say(f"  ledger: {lease.name} on {lease.host} has {lease.interface} ({lease.mac})")
    _title("Proof")
    c2, c2_v6 = story.address_of("c2", 4), story.address_of("c2", 6)
    with lab.capture("sw1", PORT, "vlan 10 and icmp") as capture:
        story.step(f"c1 -> c2 {c2}, same VLAN, other host", lambda: one.container_pings("c1", c2))
        capture.wait_for("vlan 10")
        frames = capture.frames()
    _say(f"      on the cable: {frames[0] if frames else '?'}")
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
    _title("docker rm: the last one leaves, and after the grace the VLAN leaves the ports")
    for host, container in HOSTS:
        lab.host(host).docker("rm", "--force", container)
        _say(f"  {host}$ docker rm -f {container}")
    began = time.monotonic()
    story.wait("absent")
    _say(f"  nothing is left {time.monotonic() - began:.1f} s later (the grace was 3 s)")
    story.step(
        "the sub-interface is gone from host1", lambda: "eth0.10" not in one.exec(["ip", "-o", "link"]).stdout
    )
    story.step(
        "the network is gone from host2",
        lambda: "web" not in other.docker("network", "ls", "--format", "{{.Name}}").stdout.split(),
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
