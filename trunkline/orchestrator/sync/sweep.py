"""Rings what is due and, once a sweep, everything: level-triggered correctness does not rest on any event.

One process at a time sweeps, under a lease; any number may run. Called every tick by `trunkline sweeper`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.models import DeviceKey, HostName, Inventory, host_key, switch_key
from trunkline.orchestrator.sync.liveness import queue_is_alive

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.context import Context

log = structlog.get_logger(__name__)

LEASE = DeviceKey("sweeper:all")
LEASE_SECONDS = 15.0
AT_MOST_PER_TICK = 500


@dataclass(slots=True)
class Sweeper:
    """Ticks; ``last_sweep_at`` is in seconds since the epoch by the store's clock."""

    context: Context
    last_sweep_at: float = 0.0

    def tick(self) -> int:
        """Ring what is due; sweep when it is time.

        Returns:
            How many devices were rung; 0 also when another process sweeps.
        """
        store = self.context.store
        lease = store.devices.acquire(LEASE, LEASE_SECONDS)
        if lease is None:
            return 0
        try:
            return self._tick()
        finally:
            store.devices.release(lease)

    def _tick(self) -> int:
        store, bell = self.context.store, self.context.bell
        now = store.now()
        store.desired.expire()
        if now - self.last_sweep_at >= self.context.settings.sweep_seconds:
            self.last_sweep_at = now
            self._sweep()
        due = [device for device in store.devices.due(AT_MOST_PER_TICK) if self._reachable(device)]
        for device in due:
            bell.device(device)
        return len(due)

    def _sweep(self) -> None:
        if self.context.store.inventory.current() is None:
            return
        inventory = self.context.inventory()
        self.context.store.devices.mark_dirty(every_device(inventory))
        for host in inventory.hosts:
            if self._reachable(host_key(host)):
                self.context.bell.resync(HostName(host))
        for job in self.context.store.jobs.list():
            if job.state in {"queued", "running"}:
                self.context.bell.job(job.id)

    def _reachable(self, device: DeviceKey) -> bool:
        """A queue that nobody reads must not grow: what is dirty stays dirty without a doorbell."""
        kind, _, name = device.partition(":")
        return kind == "switch" or queue_is_alive(self.context, f"host.{name}")


def every_device(inventory: Inventory) -> tuple[DeviceKey, ...]:
    """Name all switches and hosts."""
    return (*map(switch_key, inventory.switches), *map(host_key, inventory.hosts))
