"""One real Docker engine for the tests of this folder; each test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dockerd import PrivateEngine, why_not
from trunkline.lab.kernel import inside
from trunkline.orchestrator.store import Store, open_store


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
    started.clean()


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    """Give an empty record."""
    record = open_store(redis_url)
    yield record
    record.close()
