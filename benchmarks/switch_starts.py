"""Fifty containers start at once behind one switch: from their holds in Redis to every attachment being switch-ready.

The record is a real Redis, the sync is the worker's own; what stands in for Celery is a queue and one thread, and for
the hosts their reports.
"""

from __future__ import annotations

import queue
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.delay_line import delayed
from benchmarks.switch_clients import as_inventory
from benchmarks.switch_device import NATIVE, PORTS, VLAN, BenchSwitch
from tests.builders import a_host, a_segment, an_inventory
from tests.integration.store.servers import Server
from trunkline.orchestrator.intents import HostReport
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.models import (
    ContainerId,
    Credentials,
    DeviceKey,
    Host,
    HostName,
    Inventory,
    SecretRef,
    SegmentName,
    SwitchName,
    switch_key,
)
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import SegmentNeeds, Store, open_store
from trunkline.orchestrator.sync.context import Context
from trunkline.orchestrator.sync.holders import needs_on
from trunkline.orchestrator.sync.sweep import Sweeper
from trunkline.orchestrator.sync.switches import sync_switch
from trunkline.orchestrator.vlans import Vid
from trunkline.tasks.devices import Switches

SW1, WEB = SwitchName("sw1"), SegmentName("web")
QUIET_SECONDS = 1.0
"""So long a switch must be left alone before its configuration is saved."""
CONFIGURED_WITHIN_SECONDS = 60.0
CROWD = 8
"""So many of the starts are at Redis at the same moment."""


@dataclass(slots=True)
class Bell:
    """Rings by putting the device into a queue, as Celery does."""

    rung: queue.SimpleQueue[DeviceKey | None] = field(default_factory=queue.SimpleQueue)

    def container(self, host: HostName, container: ContainerId) -> None:
        """Nobody listens."""

    def resync(self, host: HostName) -> None:
        """Nobody listens."""

    def device(self, device: DeviceKey) -> None:
        """Ring, if it is the switch."""
        if device == switch_key(SW1):
            self.rung.put(device)

    def job(self, job: str) -> None:
        """Nobody listens."""

    def job_step(self, job: str, device: DeviceKey) -> None:
        """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What came of it: the time until the last was configured, and what the switch saw of us."""

    seconds: float
    logins: int
    saves_meanwhile: int
    saves_after: int
    pushes: int


@dataclass(slots=True, kw_only=True)
class _Site:
    """One switch, so many hosts, one segment."""

    context: Context
    agents: Store
    bell: Bell
    switches: Switches
    inventory: Inventory
    _ready_at: float = 0.0
    _waited_for: int = 0
    _all_ready: threading.Event = field(default_factory=threading.Event)

    def start(self, hosts: list[HostName]) -> float:
        """Let a container start on each host at the same moment; gives the seconds until all are configured."""
        needs = {host: needs_on(self.inventory, host) for host in hosts}
        self._waited_for += len(hosts)
        self._all_ready.clear()
        with ThreadPoolExecutor(CROWD) as crowd:
            gate = threading.Barrier(CROWD + 1)
            for _ in range(CROWD):
                crowd.submit(self._connect, gate)
            gate.wait()
            began = time.monotonic()
            for done in [crowd.submit(self._hold, host, needs[host]) for host in hosts]:
                done.result()
        if not self._all_ready.wait(CONFIGURED_WITHIN_SECONDS):
            raise TimeoutError(f"not all of {len(hosts)} starts were configured")
        return self._ready_at - began

    def _connect(self, gate: threading.Barrier) -> None:
        """Be connected to the record, as an agent is long before its containers start."""
        self.agents.now()
        gate.wait()

    def _hold(self, host: HostName, needs: Mapping[SegmentName, SegmentNeeds]) -> None:
        """Hold the segment, as the host's agent does when it hears of a container, and ring."""
        held = self.agents.desired.hold(f"container:{host}", host=host, wanted=frozenset({WEB}), known=needs)
        for device in held.devices:
            self.bell.device(device)

    def work(self) -> None:
        """Be the switch worker: sync the switch whenever its doorbell rings."""
        while self.bell.rung.get() is not None:
            self.settle()

    def settle(self) -> None:
        """Sync the switch if it is due, and see whether all are configured."""
        sync_switch(SW1, context=self.context, open_switch=self.switches)
        states = [each.state for each in self.context.store.desired.attachments()]
        if states.count("switch-ready") == self._waited_for and not self._all_ready.is_set():
            self._ready_at = time.monotonic()
            self._all_ready.set()

    def save(self, device: BenchSwitch) -> int:
        """Wait for the save that was put off; gives how many there were."""
        before = int(device.ask("saves"))
        sweeper = Sweeper(self.context, last_sweep_at=self.context.store.now())
        deadline = time.monotonic() + CONFIGURED_WITHIN_SECONDS
        enough = deadline
        while time.monotonic() < min(deadline, enough):
            time.sleep(QUIET_SECONDS / 5)
            sweeper.tick()
            if enough == deadline and device.ask("saves") > before:
                enough = time.monotonic() + QUIET_SECONDS
        return int(device.ask("saves")) - before


def a_start(device: BenchSwitch, *, count: int, round_trip_seconds: float, warm: bool) -> Started:
    """Measure once. ``warm``: a container of the segment runs on another host already, on a kept session.

    Raises:
        RuntimeError: the switch does not have the VLAN where it should.
    """
    device.ask("reset", len(PORTS))
    with (
        delayed(device.port, round_trip_seconds) as port,
        _a_site(device, port, count + 1) as site,
    ):
        first, *rest = site.inventory.hosts
        if warm:
            site.start([first])
            site.save(device)
        logins, saves, said = device.ask("logins"), device.ask("saves"), device.ask("said")
        seconds = site.start(rest)
        heard = device.ask("heard", said)
        meanwhile = device.ask("saves") - saves
        after = site.save(device)
        carried = device.ask("ports", VLAN, "trunk")
        if carried != list(PORTS[0 if warm else 1 : count + 1]):
            raise RuntimeError(f"VLAN {VLAN} is on {len(carried)} ports after {count} starts")
        return Started(
            seconds=seconds,
            logins=device.ask("logins") - logins + (1 if warm else 0),
            saves_meanwhile=meanwhile,
            saves_after=after,
            pushes=heard.count("configure terminal"),
        )


@contextmanager
def _a_site(device: BenchSwitch, port: int, count: int) -> Iterator[_Site]:
    with tempfile.TemporaryDirectory() as name, Server(Path(name)) as server:
        folder = Path(name)
        store, agents, bell = open_store(server.url), open_store(server.url), Bell()
        inventory = _inventory(device, port, count, folder)
        _declare(store, inventory)
        settings = Settings(redis_url=server.url)
        switches = Switches(settings, store.devices)
        context = Context(store=store, bell=bell, settings=settings, process="benchmark")
        site = _Site(context=context, agents=agents, bell=bell, switches=switches, inventory=inventory)
        worker = threading.Thread(target=site.work)
        worker.start()
        try:
            yield site
        finally:
            bell.rung.put(None)
            worker.join()
            switches.close()
            store.close()
            agents.close()


def _inventory(device: BenchSwitch, port: int, count: int, folder: Path) -> Inventory:
    secret = folder / "password"
    secret.write_text(device.password)
    login = Credentials(username=device.user, password=SecretRef(kind="file", name=str(secret)))
    switch = replace(as_inventory(device, port), credentials=login, save_after_seconds=QUIET_SECONDS)
    return an_inventory(
        switches={SW1: switch},
        hosts={host.name: host for host in map(_host, range(count))},
        segments={WEB: a_segment(vlan=VLAN)},
    )


def _host(number: int) -> Host:
    host = a_host(f"h{number + 1}", PORTS[number])
    return replace(host, uplinks=(replace(host.uplinks[0], native_vlan=Vid(NATIVE)),))


def _declare(store: Store, inventory: Inventory) -> None:
    """Apply the inventory, and let every host report that it has nothing of ours yet."""
    store.inventory.put(dump(inventory), who="benchmark")
    for host in inventory.hosts:
        store.devices.report(HostReport(host=host, reported_at=store.now()))
