"""A worker whose broker crashed in the middle of a task starts itself anew when it does not listen any more."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.conftest import ROOT, free_port
from trunkline.orchestrator.settings import Settings
from trunkline.tasks.app import make_app

DEADLINE_SECONDS = 60.0


class Broker:
    """A Redis that can crash and come back with its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is missing; run `make setup`"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--logfile", str(self._folder / "log")]
        self._process = subprocess.Popen([program, *options])
        until(self._answers, "Redis answers")

    def crash(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(tmp_path)
    yield server
    server.crash()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pool", "queue", "trouble", "remedy"),
    [
        ("solo", "host.h1", b"Couldn't ack", b"worker.stuck"),
        # Kombu may stumble over the connection that it closes; then Celery gives up.
        ("threads", "switch", b"Unrecoverable error", b"worker.gave_up"),
    ],
)
def test_a_broker_that_crashes_during_a_task_costs_no_worker(
    broker: Broker, tmp_path: Path, pool: str, queue: str, trouble: bytes, remedy: bytes
) -> None:
    said = tmp_path / "worker"
    with ExitStack() as stack:
        output = stack.enter_context(said.open("wb"))
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.tasks.stuck_worker", broker.url, "0.5", pool, queue],
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
        stack.callback(worker.wait)
        stack.callback(worker.kill)
        until(lambda: b"heard" in said.read_bytes(), "the worker hears itself")
        make_app(Settings(broker_url=broker.url), owner="bell").send_task(
            "nap", args=["2"], queue=queue, retry=False
        )
        until(lambda: b"nap" in said.read_bytes(), "the nap began")
        broker.crash()
        until(lambda: trouble in said.read_bytes(), "it met the trouble")
        broker.start()
        before = len(said.read_bytes())
        until(lambda: said.read_bytes().count(b"heard", before) >= 3, "it hears itself again")
        assert remedy in said.read_bytes()
        assert worker.poll() is None, "the same process"
