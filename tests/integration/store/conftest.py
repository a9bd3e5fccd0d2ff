"""An open store, two of them, and processes of their own beside them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from trunkline.orchestrator.store import Store, open_store


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    """Open an empty record."""
    opened = open_store(redis_url)
    yield opened
    opened.close()


@pytest.fixture
def stores(redis_url: str) -> Iterator[tuple[Store, Store]]:
    """Open an empty record twice: two clients that know nothing of each other."""
    opened = open_store(redis_url), open_store(redis_url)
    yield opened
    for each in opened:
        each.close()


class Racers:
    """Processes of their own (see racer), gone when the test is."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running: list[subprocess.Popen[str]] = []

    def start(self, device: str, *words: str) -> subprocess.Popen[str]:
        """Start one; it talks JSON on its standard output."""
        command = [sys.executable, "-m", "tests.integration.store.racer", self._url, device, *words]
        racer = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._running.append(racer)
        return racer

    def end(self) -> None:
        """Kill those that still run."""
        for racer in self._running:
            racer.kill()
            racer.communicate()


@pytest.fixture
def racers(redis_url: str) -> Iterator[Racers]:
    """Start processes on the empty record."""
    started = Racers(redis_url)
    yield started
    started.end()
