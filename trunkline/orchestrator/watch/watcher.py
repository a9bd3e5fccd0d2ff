"""Hop 1: an engine's events become doorbells. Reconnects for ever; what may have been missed is listed again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import structlog

from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.models import ContainerId, HostName
from trunkline.orchestrator.sync.protocols import Bell

log = structlog.get_logger(__name__)

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
TELLING = frozenset({"create", "start", "die", "destroy", "rename", "update", "connect", "disconnect"})
"""Actions after which a container may want, hold or lack something else than before."""


NETWORKS_CHANGED = frozenset({"create", "destroy"})
"""Actions after which another set of networks holds its segments."""


class Event(Protocol):
    """One event of an engine."""

    @property
    def kind(self) -> str:
        """What it is about: ``container``, ``network``."""

    @property
    def action(self) -> str:
        """What happened."""

    @property
    def container(self) -> ContainerId:
        """To whom; empty when not to a container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Watches one engine. ``events`` opens a stream from now on and raises when it ends."""

    host: HostName
    events: Callable[[], Iterator[Event]]
    bell: Bell
    wait: Callable[[float], bool]

    def run(self) -> None:
        """Watch until ``wait`` says stop: it waits that many seconds and tells whether to stop."""
        pause = FIRST_WAIT_SECONDS
        while True:
            heard = self._follow()
            pause = FIRST_WAIT_SECONDS if heard else min(LONGEST_WAIT_SECONDS, pause * 2)
            if self.wait(pause):
                return

    def _follow(self) -> bool:
        """Follow one stream to its end; says whether anything came."""
        heard = False
        try:
            stream = self.events()
            # The stream is open on the engine's side before its first event: list now, follow then.
            self.bell.resync(self.host)
            for event in stream:
                heard = True
                if self.wait(0):
                    break
                if event.kind == "network" and event.action in NETWORKS_CHANGED:
                    self.bell.resync(self.host)
                if event.container and event.action in TELLING:
                    self.bell.container(self.host, event.container)
        except OrchestratorError as error:
            log.warning("watch.interrupted", host=self.host, error=str(error))
        except Exception:  # a watch that ends misses everything from then on, and nobody would see it
            log.exception("watch.broke", host=self.host)
        return heard


def stopper(stop: threading.Event) -> Callable[[float], bool]:
    """Wait on an event that ends the watch."""

    def wait(seconds: float) -> bool:
        return stop.wait(seconds)

    return wait
