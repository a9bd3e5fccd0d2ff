"""The Redis settings and accounts that deploy/ ships, in a real Redis: a safe record, and a host keeps to its own."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from kombu import Connection, Queue

from tests.conftest import ROOT, free_port
from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import open_store
from trunkline.tasks.app import make_app
from trunkline.tasks.bell import CeleryBell

pytestmark = pytest.mark.redis
PASSWORD = "correct horse"
HOST = "host-host1"
CENTRAL = "central"
OPERATOR = "operator"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Redis as deploy/ says; give its address and port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("redis-server is missing; run `make setup`")
    folder = tmp_path_factory.mktemp("redis")
    accounts = (ROOT / "deploy/redis/users.acl.example").read_text(encoding="utf-8")
    digest = hashlib.sha256(PASSWORD.encode()).hexdigest()
    (folder / "users.acl").write_text(accounts.replace("SHA256_OF_PASSWORD", digest), encoding="utf-8")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command = [
        program,
        str(ROOT / "deploy/redis/redis.conf"),
        *options,
        "--aclfile",
        str(folder / "users.acl"),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 10
        with redis.Redis(port=port, username=OPERATOR, password=PASSWORD) as client:
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    if server.poll() is not None or time.monotonic() > deadline:
                        pytest.fail(f"redis-server did not start: {(folder / 'log').read_text()}")
        yield f"127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def client_of(place: str, account: str) -> redis.Redis:
    return redis.Redis.from_url(f"redis://{place}/0", username=account, password=PASSWORD)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n", encoding="utf-8")
    return path


def bell_of(place: str, account: str, secret: Path) -> CeleryBell:
    settings = Settings(broker_url=f"redis://{account}@{place}/0", redis_password_file=secret)
    return CeleryBell(make_app(settings, owner="bell"))


def test_what_was_confirmed_is_on_disk_and_nothing_is_evicted(place: str) -> None:
    with client_of(place, OPERATOR) as client:
        found = client.config_get("append*", "maxmemory-policy")

    assert found["appendonly"] == "yes"
    assert found["appendfsync"] == "always"
    assert found["maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize("account", [HOST, CENTRAL])
def test_the_record_can_be_used_and_finds_its_redis_safe(place: str, account: str) -> None:
    store = open_store(f"redis://{account}@{place}/1", password=PASSWORD)
    try:
        assert store.check() == []
        device = DeviceKey(f"host:{account}")
        lease = store.devices.acquire(device, 5.0)
        assert lease is not None
        store.devices.release(lease)
    finally:
        store.close()


def test_a_host_hears_its_own_doorbells_and_rings_the_others(place: str, secret: Path) -> None:
    bell_of(place, CENTRAL, secret).container(HostName("host1"), ContainerId("c0ffee"))
    bell_of(place, HOST, secret).device(DeviceKey("switch:sw1"))
    settings = Settings(broker_url=f"redis://{HOST}@{place}/0", redis_password_file=secret)
    app = make_app(settings, owner="host.host1")

    heard = []
    with app.connection_for_read() as connection:
        assert isinstance(connection, Connection)
        channel = connection.default_channel
        queue = Queue("host.host1")(channel)
        message = queue.get()
        assert message is not None
        heard.append(message.headers["task"])
        message.ack()

    assert heard == ["trunkline.host.container"]
    with client_of(place, CENTRAL) as client:
        assert client.llen("switch") == 1
        client.delete("switch")


@pytest.mark.parametrize(
    "command",
    [
        ("RPOP", "switch"),
        ("LRANGE", "control", "0", "-1"),
        ("LPUSH", "host.host2", "x"),
        ("LPUSH", "host.host10", "x"),
        ("HSET", "unacked.switch", "x", "y"),
        ("HSET", "unacked", "x", "y"),
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("CONFIG", "GET", "requirepass"),
        ("ACL", "LIST"),
        ("PUBLISH", "anything", "x"),
    ],
    ids=" ".join,
)
def test_a_host_cannot_touch_what_is_not_its_own(place: str, command: tuple[str, ...]) -> None:
    with client_of(place, HOST) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)


def test_without_an_account_there_is_no_way_in(place: str) -> None:
    with redis.Redis.from_url(f"redis://{place}/0") as client, pytest.raises(redis.AuthenticationError):
        client.ping()
