"""Docker's IPAM protocol as the socket answers it, asked with the bodies that real engines sent."""

from __future__ import annotations

import json
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_segment, a_subnet, an_inventory
from tests.integration.ipam.plugged import H1, H2, WEB, Plugged, plugged, post, ready
from trunkline.orchestrator.errors import (
    ConfigError,
    OrchestratorError,
    PermanentError,
    StoreUnavailable,
    Unreachable,
)
from trunkline.orchestrator.ipam import server as server_module
from trunkline.orchestrator.ipam.book import Book
from trunkline.orchestrator.models import ContainerId, Inventory, Segment, SegmentName
from trunkline.orchestrator.store import Owner, Store, open_store
from trunkline.orchestrator.store.ledger import Ledger

MAC, OTHER = "02:42:00:00:00:01", "02:42:00:00:00:02"
LONG = b"POST /IpamDriver.RequestPool HTTP/1.1\r\nContent-Length: 60000"


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    record = open_store(redis_url)
    yield record
    record.close()


@pytest.fixture
def plugin(store: Store, tmp_path: Path) -> Iterator[Plugged]:
    with plugged(store, tmp_path) as running:
        ready(store, running.inventory, running.driver.host)
        yield running


def states(plugin: Plugged) -> dict[str, str]:
    leases = plugin.store.ledger.leases(plugin.inventory.segments[WEB])
    return {str(lease.address): lease.state for lease in leases}


def test_only_root_may_connect(plugin: Plugged) -> None:
    assert stat.S_IMODE(plugin.path.stat().st_mode) == 0o600


def test_it_says_what_it_is(plugin: Plugged) -> None:
    assert plugin.ask("Plugin.Activate", b"") == {"Implements": ["IpamDriver"]}
    assert plugin.ask("IpamDriver.GetCapabilities", b"") == {
        "RequiresMACAddress": True,
        "RequiresRequestReplay": True,
    }
    assert set(plugin.ask("IpamDriver.GetDefaultAddressSpaces", b"")) == {
        "LocalDefaultAddressSpace",
        "GlobalDefaultAddressSpace",
    }
    assert post(plugin.path, "/IpamDriver.Nonsense", b"{}")[0] == 404


def test_a_pool_names_its_segment_and_offers_the_gateway(plugin: Plugged) -> None:
    answer = plugin.ask(
        "IpamDriver.RequestPool", {"Pool": "", "SubPool": "", "Options": {"segment": "web"}, "V6": False}
    )
    assert answer["Pool"] == "172.31.0.0/16"
    assert answer["Data"] == {"com.docker.network.gateway": "172.31.0.1/16"}
    six = plugin.ask(
        "IpamDriver.RequestPool", {"Pool": "", "SubPool": "", "Options": {"segment": "web"}, "V6": True}
    )
    assert six["Pool"] == "fd00:31::/64"
    assert plugin.gate.opened == [(WEB, 45.0), (WEB, 45.0)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Options": None}, "names no segment"),
        ({"Options": {"segment": "wep"}}, "did you mean web"),
        ({"Options": {"segment": "web"}, "Pool": "10.0.0.0/8"}, "is not a subnet of segment web"),
        (
            {"Options": {"segment": "web"}, "Pool": "172.31.0.0/16", "SubPool": "172.30.0.0/24"},
            "is not inside",
        ),
        ({"Options": {"segment": "web"}, "Pool": "rubbish"}, "cannot be read"),
        (b"", "is empty"),
        (b"{", "cannot be read"),
        (b"[" * 60000, "cannot be read"),
    ],
)
def test_a_pool_that_cannot_be_had_says_why(plugin: Plugged, body: object, words: str) -> None:
    answer = plugin.ask("IpamDriver.RequestPool", body)
    assert words in answer["Error"]
    assert not plugin.gate.opened


def test_a_pool_waits_for_the_gate_and_says_what_it_says(plugin: Plugged) -> None:
    def closed(segment: SegmentName) -> None:
        raise Unreachable("does not answer", subject=f"switch sw1 for {segment}")

    plugin.gate.on_open = closed
    answer = plugin.ask("IpamDriver.RequestPool", {"Options": {"segment": "web"}})
    assert answer == {"Error": "trunkline: switch sw1 for web: does not answer"}


def test_a_network_that_waits_with_its_addresses_does_not_wait_itself(plugin: Plugged) -> None:
    answer = plugin.ask("IpamDriver.RequestPool", {"Options": {"segment": "web", "gate": "address"}})
    assert "PoolID" in answer
    assert plugin.gate.opened == []
    plugin.store.desired.set_state(plugin.driver.host, WEB, "draining")

    def opened(segment: SegmentName) -> None:
        plugin.store.desired.set_state(plugin.driver.host, segment, "link-ready")

    plugin.gate.on_open = opened
    assert "Address" in plugin.address(str(answer["PoolID"]), MAC)
    assert plugin.gate.opened == [(WEB, 10.0)]


def test_a_subnet_without_gateway_gives_old_engines_an_address_that_no_container_has(
    store: Store, tmp_path: Path
) -> None:
    web = a_segment(subnets=(a_subnet("172.31.0.0/29", None),))
    with plugged(store, tmp_path, inventory=an_inventory(segments={WEB: web})) as running:
        ready(store, running.inventory, H1)
        answer = running.ask("IpamDriver.RequestPool", {"Options": {"segment": "web"}})
        assert answer["Data"] == {}
        options = {"RequestAddressType": "com.docker.network.gateway"}
        ask = {"PoolID": answer["PoolID"], "Address": "", "Options": options}
        assert running.ask("IpamDriver.RequestAddress", ask)["Address"] == "172.31.0.6/29"
        given = [
            running.address(str(answer["PoolID"]), f"02:00:00:00:01:0{each}").get("Address")
            for each in range(5)
        ]
        assert None not in given
        assert "172.31.0.6/29" not in given


def test_a_body_that_is_too_large_or_in_chunks_is_refused_at_once(plugin: Plugged) -> None:
    status, answer = post(plugin.path, "/IpamDriver.RequestPool", b"", {"Content-Length": "70000"})
    assert (status, "at most" in answer["Error"]) == (200, True)
    status, answer = post(plugin.path, "/IpamDriver.RequestPool", b"", {"Transfer-Encoding": "chunked"})
    assert (status, "chunks" in answer["Error"]) == (200, True)


def test_an_endpoint_gets_an_address_with_the_pools_mask_and_the_same_one_again(plugin: Plugged) -> None:
    pool = plugin.pool()
    first = plugin.address(pool, MAC)
    assert first["Address"].endswith("/16")
    assert plugin.address(pool, MAC) == first, "a repeated request"
    assert plugin.address(pool, OTHER)["Address"] != first["Address"]


def test_the_gateway_is_the_inventorys_and_no_lease(plugin: Plugged) -> None:
    pool = plugin.pool()
    options = {"RequestAddressType": "com.docker.network.gateway"}
    for address, words in (("", "172.31.0.1/16"), ("172.31.0.1", "172.31.0.1/16")):
        answer = plugin.ask(
            "IpamDriver.RequestAddress", {"PoolID": pool, "Address": address, "Options": options}
        )
        assert answer["Address"] == words
    wrong = plugin.ask(
        "IpamDriver.RequestAddress", {"PoolID": pool, "Address": "172.31.0.9", "Options": options}
    )
    assert "is not its gateway" in wrong["Error"]
    assert states(plugin) == {}


def test_a_wish_is_granted_inside_the_subnet_and_a_range_only_bounds_what_is_chosen(plugin: Plugged) -> None:
    pool = plugin.pool(SubPool="172.31.8.0/30")
    assert plugin.address(pool, MAC)["Address"].startswith("172.31.8.")
    assert plugin.address(pool, OTHER, "172.31.200.7")["Address"] == "172.31.200.7/16"
    third = plugin.address(pool, "02:42:00:00:00:03", "172.31.200.7")
    assert "172.31.200.7" in third["Error"]


def test_a_release_is_answered_at_once_and_delivered_later(plugin: Plugged) -> None:
    pool = plugin.pool()
    address = plugin.address(pool, MAC)["Address"].partition("/")[0]
    assert plugin.ask("IpamDriver.ReleaseAddress", {"PoolID": pool, "Address": address}) == {}
    assert states(plugin)[address] != "QUARANTINE", "nothing was told yet"
    assert plugin.driver.to_deliver.is_set()
    assert plugin.driver.deliver()
    assert states(plugin)[address] == "QUARANTINE"
    assert plugin.ask("IpamDriver.ReleaseAddress", {"PoolID": pool, "Address": address}) == {}, "again"
    assert plugin.driver.deliver()


def test_without_a_ready_way_there_is_no_address(plugin: Plugged, store: Store) -> None:
    pool = plugin.pool()
    store.desired.set_state(plugin.driver.host, WEB, "failed", "switch sw1: does not answer")
    answer = plugin.address(pool, MAC)
    assert "segment web: is not ready here (failed): switch sw1: does not answer" in answer["Error"]
    assert states(plugin) == {}
    assert plugin.gate.opened[-1] == (WEB, 10.0)

    plugin.gate.on_open = lambda _: ready(store, plugin.inventory, plugin.driver.host)
    store.desired.set_state(plugin.driver.host, WEB, "failed", "x")
    assert "Address" in plugin.address(pool, MAC), "it opened while Docker waited"


def test_another_host_never_gives_the_same_address(plugin: Plugged, store: Store, tmp_path: Path) -> None:
    with plugged(store, tmp_path / "h2", host=H2) as other:
        ready(store, other.inventory, H2)
        pools = plugin.pool(), other.pool()
        given = [
            host.address(pool, f"02:42:00:00:0{number}:{index:02x}")["Address"]
            for index in range(20)
            for number, (host, pool) in enumerate(zip((plugin, other), pools, strict=True))
        ]
    assert len(set(given)) == 40


def test_after_a_restart_what_dockerd_repeats_is_answered_without_redis(store: Store, tmp_path: Path) -> None:
    with plugged(store, tmp_path) as before:
        ready(store, before.inventory, before.driver.host)
        pool = before.pool()
        address = before.address(pool, MAC)["Address"]
    dead = open_store("redis://127.0.0.1:1/1")
    with plugged(store, tmp_path, has_link=True) as after:
        object.__setattr__(after.driver, "ledger", dead.ledger)
        assert after.pool() == pool
        assert not after.gate.opened, "nobody waits for a switch while dockerd starts"
        assert after.address(pool, "", address.partition("/")[0])["Address"] == address
        assert "Error" in after.address(pool, OTHER), "a new one needs the ledger"
    dead.close()


def test_with_the_book_lost_the_ledger_knows_what_this_host_had(store: Store, tmp_path: Path) -> None:
    with plugged(store, tmp_path / "one") as before:
        ready(store, before.inventory, before.driver.host)
        pool = before.pool()
        address = before.address(pool, MAC)["Address"]
    with plugged(store, tmp_path / "two") as after:
        assert after.address(pool, "", address.partition("/")[0])["Address"] == address


def test_a_socket_left_by_a_crash_is_replaced_and_a_living_one_is_not(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "trunkline.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with plugged(store, tmp_path) as running:
        assert running.ask("Plugin.Activate", b"")
        with pytest.raises(PermanentError, match="another process listens"), plugged(store, tmp_path):
            pass
    assert not path.exists()
    path.write_text("x")
    with pytest.raises(PermanentError, match="is no socket"), plugged(store, tmp_path):
        pass
    assert path.read_text() == "x"


def test_the_bodies_of_real_engines_are_read(plugin: Plugged, captures: Path) -> None:
    """Every request that an engine sent, against our own pool: none is misread."""
    seen = set()
    pool = plugin.pool()
    for line in (captures / "docker/ipam.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        call, body = entry.get("path", entry.get("call", "")), entry.get("body", entry.get("request"))
        if not isinstance(body, dict) or "PoolID" not in body:
            continue
        body = body | {"PoolID": pool}
        answer = plugin.ask(str(call).lstrip("/"), body)
        assert "cannot be read" not in str(answer.get("Error", "")), line
        seen.add(call)
    assert seen


@pytest.mark.parametrize("patient", [True, False])
def test_at_its_end_it_answers_what_was_asked_as_long_as_it_is_let(
    store: Store, tmp_path: Path, *, patient: bool
) -> None:
    arrived, finish = threading.Event(), threading.Event()

    def opening(_: SegmentName) -> None:
        arrived.set()
        assert finish.wait(20)

    with plugged(store, tmp_path) as running, ThreadPoolExecutor(2) as others:
        running.gate.on_open = opening
        answer = others.submit(running.ask, "IpamDriver.RequestPool", {"Options": {"segment": "web"}})
        assert arrived.wait(10)
        end = others.submit(running.server.end, 10.0 if patient else 0.1)
        if not patient:
            assert end.result(10) is False
        finish.set()
        assert end.result(10) is patient
        assert "PoolID" in answer.result(10)
        assert not running.path.exists()


def test_what_endpoints_had_that_are_gone_is_released_unless_it_was_given_just_now(
    plugin: Plugged,
) -> None:
    pool = plugin.pool()
    addresses = {mac: plugin.address(pool, mac)["Address"].partition("/")[0] for mac in (MAC, OTHER)}
    assert plugin.driver.release_those_gone({MAC}) == 0, "its interface may not be there yet"
    assert plugin.driver.release_those_gone({MAC}, booted=True) == 1
    assert plugin.driver.to_deliver.is_set()
    assert plugin.driver.deliver()
    leases = plugin.store.ledger.leases(plugin.inventory.segments[WEB])
    assert {str(lease.address): lease.state for lease in leases} == {
        addresses[MAC]: "PENDING",
        addresses[OTHER]: "QUARANTINE",
    }
    assert plugin.driver.release_those_gone({MAC}, booted=True) == 0


def test_a_book_of_an_older_version_is_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "addresses.db")) as old:
        old.execute(
            "CREATE TABLE endpoints (pool TEXT, address TEXT, interface TEXT, mac TEXT, PRIMARY KEY (pool, address))"
        )
        old.execute("INSERT INTO endpoints VALUES ('p', '172.31.0.2', '172.31.0.2/16', 'm')")
        old.commit()
    with closing(Book(tmp_path)) as book:
        found = book.find("p", ip_address("172.31.0.2"))
        assert found is not None
        assert [pool for pool, _ in book.given_before(1.0)] == ["p"]
        book.enter("p", found)
        assert book.given_before(1.0) == ()


def test_a_fixed_mac_that_is_back_before_its_release_was_told_keeps_its_address(plugin: Plugged) -> None:
    pool = plugin.pool()
    for number in range(70):
        other = plugin.address(pool, f"02:42:00:00:01:{number:02x}")["Address"].partition("/")[0]
        assert plugin.ask("IpamDriver.ReleaseAddress", {"PoolID": pool, "Address": other}) == {}
    address = plugin.address(pool, MAC)["Address"]
    bare = address.partition("/")[0]
    assert plugin.ask("IpamDriver.ReleaseAddress", {"PoolID": pool, "Address": bare}) == {}
    assert plugin.address(pool, MAC)["Address"] == address, "it is its favourite"
    while not plugin.driver.deliver():
        pass
    assert states(plugin)[bare] == "PENDING", "what was released before is not who has it now"


@dataclass
class SlowLedger:
    """A ledger whose first word of a release takes as long as the test wants."""

    real: Ledger
    arrived: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def release_endpoint(self, segment: Segment, **words: Any) -> bool:
        """Wait, then tell."""
        self.arrived.set()
        assert self.finish.wait(20)
        return self.real.release_endpoint(segment, **words)


def test_a_release_that_was_read_before_its_address_was_given_again_is_not_told_twice(
    plugin: Plugged,
) -> None:
    pool = plugin.pool()
    given = [plugin.address(pool, mac)["Address"].partition("/")[0] for mac in (OTHER, MAC)]
    for address in given:
        plugin.ask("IpamDriver.ReleaseAddress", {"PoolID": pool, "Address": address})
    slow = SlowLedger(plugin.driver.ledger)
    object.__setattr__(plugin.driver, "ledger", slow)
    with ThreadPoolExecutor(2) as others:
        delivery = others.submit(plugin.driver.deliver)
        assert slow.arrived.wait(10)
        again = others.submit(plugin.address, pool, MAC)
        wait([again], timeout=0.5)
        slow.finish.set()
        assert again.result(10)["Address"] == f"{given[1]}/16"
        assert delivery.result(10)
    assert states(plugin) == {given[0]: "QUARANTINE", given[1]: "PENDING"}


def test_a_container_with_fixed_mac_and_address_gets_nothing_that_went_to_another_host(
    plugin: Plugged, store: Store
) -> None:
    """Its host lost power: nobody released its address here, and the ledger let it rest and gave it away."""
    pool = plugin.pool()
    bare = plugin.address(pool, MAC)["Address"].partition("/")[0]
    web = plugin.inventory.segments[WEB]
    (lease,) = store.ledger.leases(web)
    assert store.ledger.end(replace(web, quarantine_seconds=0.0), lease)
    theirs = Owner.by_mac(H2, OTHER)
    store.ledger.allocate(
        web, family=4, owner=theirs, host=H2, name="theirs", mac=OTHER, wanted=ip_address(bare)
    )
    assert "is held by container theirs on h2" in plugin.address(pool, MAC, bare)["Error"]


def test_an_auxiliary_address_is_none_that_is_kept_for_a_container_of_this_host(
    plugin: Plugged, store: Store
) -> None:
    web = plugin.inventory.segments[WEB]
    owner = Owner(container_id=ContainerId("1" * 64), endpoint="web")
    kept = store.ledger.allocate(web, family=4, owner=owner, host=H1, name="c1", kept=True)
    answer = plugin.address(plugin.pool(), "", str(kept.address))
    assert "is held by container c1 on h1" in answer["Error"]


def test_what_dockerd_repeats_of_a_subnet_without_gateway_is_answered_without_redis(
    store: Store, tmp_path: Path
) -> None:
    web = a_segment(subnets=(a_subnet("172.31.0.0/29", None),))
    inventory = an_inventory(segments={WEB: web})
    with plugged(store, tmp_path, inventory=inventory) as before:
        ready(store, before.inventory, H1)
        pool = before.pool("172.31.0.0/29")

    def away() -> Inventory:
        raise StoreUnavailable("does not answer", subject="record")

    options = {"RequestAddressType": "com.docker.network.gateway"}
    with plugged(store, tmp_path, inventory=inventory, has_link=True) as after:
        object.__setattr__(after.driver, "inventory", away)
        for address in ("", "172.31.0.6"):
            ask = {"PoolID": pool, "Address": address, "Options": options}
            assert after.ask("IpamDriver.RequestAddress", ask)["Address"] == "172.31.0.6/29"


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailable("does not answer", subject="record"),
        ConfigError("no inventory was applied yet", subject="inventory"),
    ],
)
def test_a_pool_from_before_is_there_while_the_record_is_away_or_lost(
    store: Store, tmp_path: Path, error: OrchestratorError
) -> None:
    with plugged(store, tmp_path) as before:
        pool = before.pool()

    def nothing() -> Inventory:
        raise error

    def unknown(_: SegmentName) -> bool:
        raise error

    with plugged(store, tmp_path) as after:
        object.__setattr__(after.driver, "inventory", nothing)
        object.__setattr__(after.driver, "link_is_up", unknown)
        assert after.pool() == pool
        assert not after.gate.opened


@pytest.mark.parametrize("start", [b"POST /IpamDriver.RequestPool HTTP/1.1\r\nX: ", LONG + b"\r\n\r\n"])
def test_a_question_that_comes_byte_by_byte_is_not_waited_for_without_end(
    plugin: Plugged, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(server_module, "READ_SECONDS", 0.5)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(plugin.path))
        client.sendall(start)
        client.settimeout(0.1)
        last = time.monotonic() + 10
        while time.monotonic() < last:
            with suppress(TimeoutError):
                try:
                    client.send(b"x")
                    assert client.recv(1) == b""
                except (BrokenPipeError, ConnectionResetError):
                    pass
                return
    pytest.fail("it is still waited for")
