"""Redis dies, lies, is full or says no: nothing confirmed is lost, nothing happens twice, errors say what to do."""

from __future__ import annotations

import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.builders import a_segment, a_subnet
from tests.conftest import free_port
from tests.integration.store.servers import LossyWire, Server
from trunkline.orchestrator.errors import OrchestratorError, StoreUnavailable
from trunkline.orchestrator.models import Address, ContainerId, DeviceKey, HostName, Segment, SegmentName
from trunkline.orchestrator.store import DeviceLease, LedgerLease, Owner, SegmentNeeds, Store, open_store
from trunkline.orchestrator.store.connection import ANSWER_SECONDS, CONNECT_SECONDS

WEB, H1, SWITCH = SegmentName("web"), HostName("h1"), DeviceKey("switch:sw1")
NEEDS = {WEB: SegmentNeeds(devices=(DeviceKey("host:h1"), SWITCH), grace_seconds=600)}
SEGMENT = a_segment(subnets=(a_subnet("10.0.0.0/20", "10.0.0.1"), a_subnet("fd00::/64", "fd00::1")))
SECRET = "correct-horse"  # of a server that lives for one test


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    opened = open_store(server.url)
    yield opened
    opened.close()


def an_owner(number: int) -> Owner:
    return Owner(container_id=ContainerId(f"{number:064x}"), endpoint="web")


def ask(store: Store, number: int, family: int = 4, segment: Segment = SEGMENT) -> LedgerLease:
    return store.ledger.allocate(segment, family=family, owner=an_owner(number), host=H1, name=f"c{number}")


def hold(store: Store, *wanted: SegmentName) -> tuple[DeviceKey, ...]:
    return store.desired.hold("container:a", host=H1, wanted=frozenset(wanted), known=NEEDS).devices


class Stream(threading.Thread):
    """A host that starts containers without end, and remembers what it was told."""

    def __init__(self, url: str, first: int) -> None:
        super().__init__(daemon=True)
        self.told: dict[int, Address] = {}
        self.over = threading.Event()
        self._store, self._first = open_store(url), first

    def run(self) -> None:
        number = self._first
        while not self.over.is_set():
            try:
                self.told[number] = ask(self._store, number).address
            except StoreUnavailable:
                self.over.wait(0.002)
                continue
            number += 1
        self._store.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "nothing moves"
        time.sleep(0.002)


def test_what_is_deployed_syncs_every_write_and_is_a_safe_record(server: Server, store: Store) -> None:
    assert server.command("CONFIG", "GET", "appendfsync") == {b"appendfsync": b"always"}
    assert store.check() == []


def test_an_unsafe_record_is_told_apart(server: Server, store: Store) -> None:
    server.command("CONFIG", "SET", "appendonly", "no")
    server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    no_file, evicts = store.check()
    assert "append-only file" in no_file
    assert "noeviction" in evicts


def test_nothing_confirmed_is_lost_when_redis_is_killed_under_load(server: Server) -> None:
    hosts = [Stream(server.url, first) for first in (0, 100_000)]
    for host in hosts:
        host.start()
    for _ in range(5):
        enough = [len(host.told) + 100 for host in hosts]
        wait_until(lambda: all(len(h.told) >= n for h, n in zip(hosts, enough, strict=True)))  # noqa: B023
        server.kill()
        server.start()
    for host in hosts:
        host.over.set()
        host.join(10)
    told = {number: address for host in hosts for number, address in host.told.items()}
    assert len(told) >= 1000
    assert len(set(told.values())) == len(told), "an address was given twice"
    store = open_store(server.url)
    held = {lease.owner: lease.address for lease in store.ledger.leases(SEGMENT)}
    assert {number: held.get(an_owner(number)) for number in told} == told
    assert {number: ask(store, number).address for number in told} == told
    store.close()


def script_calls() -> dict[str, Callable[[Store], object]]:
    """Give one call of each script that changes something, with what it is about, in an order that works."""
    lease = DeviceLease(device=SWITCH, token="mine", fence=1)  # a lease's, no secret
    owner = an_owner(1)
    return {
        "define": lambda store: store.ledger.define(SEGMENT),
        "allocate 4": lambda store: ask(store, 1),
        "allocate 6": lambda store: ask(store, 1, family=6),
        "confirm": lambda store: store.ledger.confirm(SEGMENT, owner=owner, endpoint_id="e", mac="m"),
        "release": lambda store: store.ledger.release(SEGMENT, owner),
        "hold": lambda store: hold(store, WEB),
        "let go": hold,
        "end grace": lambda store: store.desired.end_grace(H1),
        "applied": lambda store: store.devices.applied(lease, generation=1, marks=1, observed="{}"),
        "forget": lambda store: store.desired.forget(H1, WEB),
    }


def facts(store: Store) -> dict[str, object]:
    """Give what must be the same whether a reply was lost or not: everything but times and marks."""
    status = store.devices.status(SWITCH)
    return {
        "leases": {(each.address, each.owner, each.state, each.mac) for each in store.ledger.leases(SEGMENT)},
        "attachments": {(each.segment, each.holders, each.state) for each in store.desired.attachments()},
        "switch": (status.generation, status.applied, status.error),
    }


def test_a_call_whose_reply_was_lost_may_be_repeated(server: Server, store: Store) -> None:
    with LossyWire(server.port) as wire:
        other = open_store(wire.url)
        store.connection.do("SET", "tl:lease:switch:sw1", "mine")
        for lost, (name, call) in enumerate(script_calls().items(), start=1):
            wire.lose_the_reply_to(b"EVALSHA")
            with pytest.raises(StoreUnavailable):
                call(other)
            assert wire.lost == lost, f"{name}: no reply was lost, or the client repeated the call by itself"
            once = facts(store)
            call(other)
            assert facts(store) == once, f"{name} did something twice"
        other.close()


def test_a_device_whose_lease_was_given_but_not_heard_of_is_not_lost_to_its_holder(server: Server) -> None:
    with LossyWire(server.port) as wire:
        store = open_store(wire.url)
        assert store.devices.acquire(DeviceKey("switch:sw2"), 60)
        wire.lose_the_reply_to(b"EVALSHA")
        with pytest.raises(StoreUnavailable):
            store.devices.acquire(SWITCH, 60)
        assert wire.lost == 1
        lease = store.devices.acquire(SWITCH, 60)
        assert lease
        assert store.devices.renew(lease)
        store.close()


def test_without_redis_the_error_comes_soon_and_the_same_store_recovers(server: Server, store: Store) -> None:
    given = ask(store, 1).address
    server.kill()
    started = time.monotonic()
    for call in (lambda: ask(store, 2), store.now, lambda: hold(store, WEB)):
        with pytest.raises(StoreUnavailable, match="start Redis") as caught:
            call()
        assert f"127.0.0.1:{server.port}" in str(caught.value)
    assert time.monotonic() - started < CONNECT_SECONDS
    server.start()
    assert ask(store, 1).address == given
    assert ask(store, 2).address != given


@pytest.mark.slow
def test_a_frozen_redis_is_an_error_within_the_timeout_and_thaws(server: Server, store: Store) -> None:
    given = ask(store, 1).address
    server.signal(signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="start Redis"):
        ask(store, 2)
    assert time.monotonic() - started < CONNECT_SECONDS + ANSWER_SECONDS
    server.signal(signal.SIGCONT)
    assert ask(store, 1).address == given
    # Redis got round to the unanswered call after all: it must not have cost a second address.
    ask(store, 2)
    assert len(store.ledger.leases(SEGMENT)) == 2


def test_a_replica_sends_the_reader_to_the_primary(tmp_path: Path, server: Server, store: Store) -> None:
    ask(store, 1)
    server.command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    folder = tmp_path / "replica"
    folder.mkdir()
    with Server(folder, "--replicaof", "127.0.0.1", str(server.port)) as replica:
        reader = open_store(replica.url)
        wait_until(lambda: len(reader.ledger.leases(SEGMENT)) == 1)
        with pytest.raises(StoreUnavailable, match="primary"):
            ask(reader, 2)
        with pytest.raises(StoreUnavailable, match="primary"):
            reader.desired.touch((SWITCH,))
        reader.close()
    assert len(store.ledger.leases(SEGMENT)) == 1


def test_a_full_redis_makes_no_promise_and_lets_go_of_old_ones(server: Server, store: Store) -> None:
    given = ask(store, 1).address
    hold(store, WEB)
    server.command("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        ask(store, 2)
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        store.desired.hold("container:b", host=HostName("h2"), wanted=frozenset({WEB}), known=NEEDS)
    assert store.ledger.release(SEGMENT, an_owner(1)) == (given,)
    assert hold(store) == (DeviceKey("host:h1"),)
    server.command("CONFIG", "SET", "maxmemory", "0")
    assert ask(store, 2).address != given
    (attachment,) = store.desired.attachments()
    assert attachment.state == "draining"


def test_a_refused_allocation_leaves_no_address_behind(server: Server, store: Store) -> None:
    tiny = a_segment(subnets=(a_subnet("10.0.0.0/30", "10.0.0.1"),), quarantine_seconds=0)
    given = ask(store, 1, segment=tiny).address
    store.ledger.release(tiny, an_owner(1))
    server.command("CONFIG", "SET", "maxmemory", "1")
    for number in (2, 3):
        try:
            assert ask(store, number, segment=tiny).address == given
            break
        except StoreUnavailable:
            continue
    server.command("CONFIG", "SET", "maxmemory", "0")
    for lease in store.ledger.leases(tiny):
        store.ledger.release(tiny, lease.owner)
    assert ask(store, 4, segment=tiny).address == given


def test_a_redis_that_cannot_write_its_files_says_where_to_look(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with Server(folder) as server:
        store = open_store(server.url)
        given = ask(store, 1)
        shutil.rmtree(folder)
        server.command("BGSAVE")
        wait_until(lambda: b"rdb_last_bgsave_status:err" in raw_info(server))
        with pytest.raises(StoreUnavailable, match=r"MISCONF.*disk"):
            ask(store, 2)
        assert store.ledger.leases(SEGMENT) == (given,)
        store.close()


def raw_info(server: Server) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"INFO persistence\r\n")
        return connection.recv(65536)


def test_scripts_that_redis_forgot_are_brought_again(server: Server, store: Store) -> None:
    given = ask(store, 1).address
    server.command("SCRIPT", "FLUSH")
    assert ask(store, 1).address == given
    server.kill()
    server.start()
    assert hold(store, WEB)
    assert ask(store, 1).address == given


def test_a_record_that_was_wiped_gives_away_no_gateway(server: Server, store: Store) -> None:
    ask(store, 1)
    server.command("FLUSHALL")
    addresses = {ask(store, number).address for number in range(2, 12)}
    assert addresses.isdisjoint({ip_address("10.0.0.0"), ip_address("10.0.0.1")})


@pytest.mark.parametrize("password", [None, "wrong-pony"])
def test_a_refused_password_names_the_file_to_check_and_no_password(
    tmp_path: Path, password: str | None
) -> None:
    with Server(tmp_path, "--requirepass", SECRET) as server:
        store = open_store(server.url, password=password)
        with pytest.raises(StoreUnavailable, match="TRUNKLINE_REDIS_PASSWORD_FILE") as caught:
            ask(store, 1)
        store.close()
        assert "pony" not in str(caught.value)
        right = open_store(server.url, password=SECRET)
        assert ask(right, 1).name == "c1"
        right.close()


def test_an_account_that_may_not_says_so(server: Server) -> None:
    server.command("ACL", "SETUSER", "reader", "on", ">letmein", "~tl:*", "+@read", "+info")
    store = open_store(f"redis://reader@127.0.0.1:{server.port}/0", password="letmein")
    with pytest.raises(StoreUnavailable, match=r"users\.acl"):
        store.desired.touch((SWITCH,))
    store.close()


@pytest.mark.parametrize("query", ["", "?password=letmein-too"])
def test_a_password_in_the_url_is_in_no_message(query: str) -> None:
    store = open_store(f"redis://u:letmein@127.0.0.1:{free_port()}/1{query}")
    with pytest.raises(StoreUnavailable) as caught:
        store.now()
    assert "letmein" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1/1", "redis://127.0.0.1:port/1", "127.0.0.1"])
def test_what_is_no_redis_url_is_refused_with_the_setting_to_correct(url: str) -> None:
    with pytest.raises(OrchestratorError, match="TRUNKLINE_REDIS_URL"):
        open_store(url)


def test_something_else_on_the_port_is_an_error_of_ours() -> None:
    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        web = threading.Thread(target=answer, args=(listener,))
        web.start()
        store = open_store(f"redis://127.0.0.1:{listener.getsockname()[1]}/1")
        with pytest.raises(StoreUnavailable):
            store.now()
        store.close()
        web.join(5)
