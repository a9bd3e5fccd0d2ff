"""One real Docker engine for the tests of this folder, which each finds empty; and network namespaces."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dockerd import PrivateEngine, why_not
from tests.integration.ipam.plugged import Plugged, place, plugged
from trunkline.drivers.host.networks import Engine
from trunkline.lab.kernel import inside
from trunkline.orchestrator.store import Store, open_store

CLONE_NEWNET = 0x40000000


def ip(*words: str) -> str:
    """Run iproute2 where the test is."""
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def namespace() -> Iterator[None]:
    """Be in a fresh network namespace with an uplink ``up0`` of MTU 1500; it ends with the last process in it."""
    libc = ctypes.CDLL(None, use_errno=True)  # os.unshare is new in Python 3.12
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    try:
        ip("link", "add", "name", "up0", "type", "veth", "peer", "name", "peer0")
        ip("link", "set", "dev", "up0", "up")
        ip("link", "set", "dev", "peer0", "up")
        yield
    finally:
        assert libc.setns(before, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        os.close(before)


@pytest.fixture(scope="session")
def started() -> Iterator[PrivateEngine]:
    """Start dockerd once for all tests of the folder."""
    reason = "these need no lab kernel; they run outside" if inside() else why_not()
    if reason:
        pytest.skip(reason)
    with PrivateEngine() as dockerd:
        yield dockerd


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    """Give an empty record."""
    record = open_store(redis_url)
    yield record
    record.close()


@pytest.fixture
def plugin(started: PrivateEngine, store: Store, tmp_path: Path) -> Iterator[Plugged]:
    """Serve the plug-in that gives this engine its addresses; what a test asks of Docker ends before it does."""
    with plugged(store, tmp_path, path=place(started)) as running:
        yield running


@pytest.fixture
def dockerd(started: PrivateEngine, plugin: Plugged) -> Iterator[PrivateEngine]:
    """Give the engine without containers and networks."""
    del plugin
    yield started
    # docker-py leaves a socket that could not connect to the garbage collector; that is no later test's warning.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    started.clean()


@pytest.fixture
def engine(dockerd: PrivateEngine) -> Iterator[Engine]:
    """Give the driver of that engine."""
    with contextlib.closing(Engine(dockerd.url)) as driver:
        yield driver
