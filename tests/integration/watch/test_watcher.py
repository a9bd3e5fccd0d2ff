"""The watcher on a real engine; only the bell is a stand-in."""

from __future__ import annotations

import gc
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.dockerd import PrivateEngine, why_not
from trunkline.drivers.host.events import EngineEvent, read_events
from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName
from trunkline.orchestrator.watch.watcher import Watcher, stopper

H1 = HostName("h1")
DEADLINE_SECONDS = 20.0


class RecordingBell:
    """Remembers what was rung; may break a few times first."""

    def __init__(self, breaks: int = 0) -> None:
        self.rung: list[str] = []
        self.breaks = breaks

    def container(self, host: HostName, container: ContainerId) -> None:
        assert host == H1
        self.rung.append(container)

    def resync(self, host: HostName) -> None:
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("the broker is away")
        self.rung.append(f"resync {host}")

    def device(self, device: DeviceKey) -> None:
        raise AssertionError(device)

    def job(self, job: str) -> None:
        raise AssertionError(job)

    def job_step(self, job: str, device: DeviceKey) -> None:
        raise AssertionError(job, device)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def watching(events: Callable[[], Iterator[EngineEvent]], bell: RecordingBell) -> Iterator[threading.Thread]:
    """Watch in a thread; it must have stopped soon after being told."""
    stop = threading.Event()
    thread = threading.Thread(target=Watcher(host=H1, events=events, bell=bell, wait=stopper(stop)).run)
    thread.start()
    try:
        yield thread
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()


@pytest.fixture
def dockerd() -> Iterator[PrivateEngine]:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with PrivateEngine() as started:
        yield started
        # docker-py leaves a socket that could not connect to the garbage collector.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.mark.root
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_it_lists_first_rings_for_each_change_and_stops_in_silence(dockerd: PrivateEngine) -> None:
    bell = RecordingBell()
    with watching(lambda: read_events(dockerd.url, silence_seconds=0.3), bell):
        until(lambda: bool(bell.rung))
        container = dockerd.run("c1")
        until(lambda: bell.rung.count(container) >= 3)
        dockerd.docker("rm", "--force", "c1")
        until(lambda: bell.rung.count(container) >= 5)
    assert bell.rung[0] == "resync h1"
    assert bell.rung.count("resync h1") == 1
    assert set(bell.rung) == {"resync h1", container}


@pytest.mark.root
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_after_a_restart_of_dockerd_everything_is_listed_again(dockerd: PrivateEngine) -> None:
    bell = RecordingBell()
    with watching(lambda: read_events(dockerd.url, silence_seconds=0.3), bell):
        until(lambda: bell.rung == ["resync h1"])
        dockerd.stop()
        dockerd.start()
        until(lambda: bell.rung.count("resync h1") >= 2)
        container = dockerd.run("c1")
        until(lambda: container in bell.rung)


def an_event(action: str) -> EngineEvent:
    return EngineEvent(kind="container", action=action, container=ContainerId("a"), time=0.0)


def test_nothing_that_breaks_unexpectedly_ends_the_watch() -> None:
    def broken() -> Iterator[EngineEvent]:
        yield an_event("start")
        raise KeyError("an event of a shape nobody knows")

    bell = RecordingBell(breaks=1)
    with watching(broken, bell):
        until(lambda: bell.rung.count("resync h1") >= 2)
    assert "a" in bell.rung


def test_silence_and_actions_that_change_nothing_ring_nothing() -> None:
    rung = threading.Event()

    def events() -> Iterator[EngineEvent]:
        yield EngineEvent(kind="silence", action="silence", container=ContainerId(""), time=0.0)
        yield an_event("pause")
        yield EngineEvent(kind="network", action="destroy", container=ContainerId(""), time=0.0)
        rung.set()

    bell = RecordingBell()
    with watching(events, bell):
        assert rung.wait(DEADLINE_SECONDS)
    assert set(bell.rung) == {"resync h1"}
