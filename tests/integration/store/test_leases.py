"""A lease that could not be given back, or whose reply was lost, does not block its own holder for a minute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.store.servers import Server
from trunkline.orchestrator.errors import StoreUnavailable
from trunkline.orchestrator.models import DeviceKey
from trunkline.orchestrator.store import Store, open_store

DEVICE = DeviceKey("host:h1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    opened = open_store(server.url)
    yield opened
    opened.close()


def test_a_lease_that_redis_did_not_take_back_is_given_back_later(server: Server, store: Store) -> None:
    lease = store.devices.acquire(DEVICE, 60.0)
    assert lease is not None
    server.kill()
    with pytest.raises(StoreUnavailable):
        store.devices.release(lease)
    server.start()
    assert store.devices.acquire(DEVICE, 60.0) is not None


def test_nobody_elses_lease_is_given_back_with_it(server: Server, store: Store) -> None:
    mine = store.devices.acquire(DEVICE, 0.05)
    assert mine is not None
    server.kill()
    with pytest.raises(StoreUnavailable):
        store.devices.release(mine)
    server.start()
    other = open_store(server.url)
    theirs = None
    while theirs is None:  # mine ends by itself, 50 ms after it was taken
        theirs = other.devices.acquire(DEVICE, 60.0)
    assert store.devices.acquire(DEVICE, 60.0) is None
    assert other.devices.renew(theirs)
    other.close()
