"""One real Docker engine for the tests of this folder; each test finds it empty."""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Iterator

import pytest

from tests.dockerd import PrivateEngine, why_not
from trunkline.drivers.host.networks import Engine
from trunkline.lab.kernel import inside


@pytest.fixture(scope="session")
def started() -> Iterator[PrivateEngine]:
    """Start dockerd once for all tests of the folder."""
    reason = "these need no lab kernel; they run outside" if inside() else why_not()
    if reason:
        pytest.skip(reason)
    with PrivateEngine() as dockerd:
        yield dockerd


@pytest.fixture
def dockerd(started: PrivateEngine) -> Iterator[PrivateEngine]:
    """Give the engine without containers and networks."""
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
