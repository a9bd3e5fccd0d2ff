"""Tells what is done and what follows from it, step by step and as it happens; used by every chapter of the demo."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.nodes import Host
from trunkline.lab.processes import Process
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.store import LedgerLease

PORTS = {"host1": "GigabitEthernet1/0/1", "host2": "GigabitEthernet1/0/2"}
WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.05
EVENTS = ("events", "--format", "{{.TimeNano}} {{.Type}} {{.Action}} {{.Actor.Attributes.name}}")
TOLD_EVENTS = ("container create", "container start", "container die", "container destroy")


class DemoFailedError(Exception):
    """A step did not do what it says."""


@dataclass(slots=True)
class Narrator:
    """Prints steps with their time, and what happened on engines, hosts and switches as it happens.

    Attributes:
        plane: Trunkline, running in the lab.
        listeners: Per host a ``docker events`` that writes into its log.
        began: When the present chapter began, by the record's clock; what is told is dated from there.
        told: What was told already, by its key.
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
        say(f"  {'ok    ' if outcome is expected else 'FAILED'} {text}  ({took:.0f} ms)")
        if outcome is not expected:
            raise DemoFailedError(text)

    def begin(self) -> None:
        """Begin a chapter: date what happens from now on."""
        self.began = self.plane.store.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the chapter began."""
        return self.plane.store.now() - self.began

    def listen(self, host: Host) -> None:
        """Follow a host's engine from the chapter's beginning on."""
        words = ["docker", *EVENTS, "--since", f"{self.began:.6f}"]
        self.listeners[host.name] = host.popen(words, name="events")

    def typed(self, host: Host, *words: str) -> None:
        """Say which command is given on a host now."""
        say(f"  +{self.elapsed:5.2f} s  {host.name}$ docker {' '.join(words)}")

    def news(self) -> None:
        """Tell, in order, which events the engines sent and what was written to which device since the last time."""
        happened = sorted([*self._events(), *self._operations()])
        for at, key, lines in happened:
            self.told.add(key)
            first, *rest = lines
            say(f"  +{max(0.0, at - self.began):5.2f} s  {first}")
            for line in rest:
                say(f"               {line}")

    def _events(self) -> Iterator[tuple[float, str, list[str]]]:
        for name, listener in self.listeners.items():
            for line in listener.log.read_text().splitlines():
                at, _, what = line.partition(" ")
                key = f"{name} {line}"
                if key in self.told or not what.startswith(TOLD_EVENTS) or int(at) / 1e9 < self.began:
                    continue
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

    def wait_until(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Wait for a condition, telling news as it comes.

        Raises:
            DemoFailedError: it does not come about in time; ``otherwise`` says what is missing.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            self.news()
            if time.monotonic() > deadline:
                say(self.plane.trunkline("status", check=False))
                raise DemoFailedError(otherwise)
            time.sleep(LOOK_SECONDS)
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
            say(f"  sw1 {port} ({host}): {'; '.join(allowed) or 'no list: every VLAN'}")

    def leases(self) -> tuple[LedgerLease, ...]:
        """Give the ledger's entries for the segment."""
        current = self.plane.store.inventory.current()
        if current is None:
            return ()
        segment = next(iter(restore(current[1]).segments.values()))
        return self.plane.store.ledger.leases(segment)

    def active(self) -> dict[tuple[str, int], LedgerLease]:
        """Give the entries of running containers, by the container's name and the family."""
        return {
            (lease.name, lease.address.version): lease for lease in self.leases() if lease.state == "ACTIVE"
        }

    def address_of(self, container: str, family: int) -> str:
        """Give a container's address.

        Raises:
            DemoFailedError: the ledger has none.
        """
        lease = self.active().get((container, family))
        if lease is None:
            raise DemoFailedError(f"{container} has no IPv{family} address in the ledger")
        return str(lease.address)


def title(text: str) -> None:
    """Print the title of a chapter."""
    say(f"\n{text}")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
