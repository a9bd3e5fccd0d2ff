"""Doorbells on a real Redis: what is on the wire, where, and what happens when Redis is away."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
import redis

from tests.conftest import free_port
from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName
from trunkline.orchestrator.settings import Settings
from trunkline.tasks.app import make_app, with_password
from trunkline.tasks.bell import CeleryBell


def settings_for(broker: str) -> Settings:
    return Settings(broker_url=broker)


def messages(broker: str, queue: str) -> list[tuple[str, list[Any]]]:
    with redis.Redis.from_url(broker) as client:
        raw = [json.loads(text) for text in client.lrange(queue, 0, -1)]
    return [(item["headers"]["task"], json.loads(base64.b64decode(item["body"]))[0]) for item in raw]


@pytest.fixture
def broker(redis_url: str) -> str:
    return redis_url.removesuffix("/1") + "/0"


def test_a_doorbell_carries_a_key_and_nothing_else(broker: str) -> None:
    bell = CeleryBell(make_app(settings_for(broker), owner="bell"))
    bell.container(HostName("h1"), ContainerId("c0ffee"))
    bell.resync(HostName("h1"))
    bell.device(DeviceKey("host:h1"))
    bell.device(DeviceKey("switch:sw1"))
    bell.job("7")
    bell.job_step("7", DeviceKey("switch:sw1"))
    assert sorted(messages(broker, "host.h1")) == [
        ("trunkline.host.container", ["c0ffee"]),
        ("trunkline.host.resync", []),
        ("trunkline.host.sync", ["h1"]),
    ]
    assert sorted(messages(broker, "switch")) == [
        ("trunkline.job.step", ["7", "switch:sw1"]),
        ("trunkline.switch.sync", ["sw1"]),
    ]
    assert messages(broker, "control") == [("trunkline.job.start", ["7"])]


@pytest.mark.slow
def test_a_doorbell_that_cannot_be_rung_is_no_error_and_does_not_hang() -> None:
    bell = CeleryBell(make_app(settings_for(f"redis://127.0.0.1:{free_port()}/0"), owner="bell"))
    started = time.monotonic()
    bell.device(DeviceKey("switch:sw1"))
    assert time.monotonic() - started < 10


def test_each_owner_keeps_its_unacknowledged_messages_under_its_own_keys(broker: str) -> None:
    one = make_app(settings_for(broker), owner="host.h1").conf.broker_transport_options
    other = make_app(settings_for(broker), owner="switch").conf.broker_transport_options
    for key in ("unacked_key", "unacked_index_key", "unacked_mutex_key"):
        assert one[key] != other[key]


def test_a_drain_ends_well_before_its_message_would_be_delivered_again(broker: str) -> None:
    options = make_app(settings_for(broker), owner="switch").conf.broker_transport_options
    assert Settings().drain_deadline_seconds < options["visibility_timeout"] / 2


@pytest.mark.parametrize(
    ("url", "password", "expected"),
    [
        ("redis://r:6379/0", "s/e@c", "redis://:s%2Fe%40c@r:6379/0"),
        ("redis://h1@r:6379/0", "x", "redis://h1:x@r:6379/0"),
        ("redis://h1:y@r/0", "x", "redis://h1:y@r/0"),
        ("redis://r/0", None, "redis://r/0"),
    ],
)
def test_the_password_goes_into_a_url_that_has_none(url: str, password: str | None, expected: str) -> None:
    assert with_password(url, password) == expected
