"""What an address costs: `RequestAddress` over the plug-in's socket, the ledger's memory, `docker run` with each.

One Redis, one plug-in (a process of its own, as the agent is), clients that ask as dockerd does: a connection for every
question. Beside them, in the same run: a bare `PING` of redis-py, which is the floor, and Docker's own IPAM driver.
Run: `.venv/bin/python -m benchmarks.addresses` (as root where the Docker part is wanted).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_network
from pathlib import Path

import redis

from tests.builders import a_segment, a_subnet, an_inventory
from tests.dockerd import PrivateEngine
from tests.integration.ipam.plugged import H1, WEB, Plugged, plugged, post, ready
from tests.integration.store.servers import Server
from trunkline.orchestrator.models import ContainerId, Inventory
from trunkline.orchestrator.store import Owner, Store, open_store

NETWORK = ip_network("172.31.0.0/16")
ROUNDS = 1500
DOCKER_ROUNDS = 12
USABLE = NETWORK.num_addresses - 3
"""Without network, broadcast and gateway."""
CLIENTS = (1, 8)
FILLINGS = {"empty": 0, "50 %": USABLE // 2, "99.9 %": int(USABLE * 0.999) - ROUNDS}


def inventory() -> Inventory:
    """Give one segment with one /16, whose addresses rest for a moment only."""
    web = a_segment(subnets=(a_subnet(str(NETWORK), "172.31.0.1"),), quarantine_seconds=0.0)
    return an_inventory(segments={WEB: web})


def a_mac(number: int) -> str:
    """Give the MAC of an endpoint."""
    digits = f"{number:010x}"
    return ":".join(["02", *(digits[at : at + 2] for at in range(0, 10, 2))])


def fill(store: Store, first: int, count: int) -> None:
    """Hand out addresses, straight from the ledger."""
    web = inventory().segments[WEB]
    for number in range(first, first + count):
        mac = a_mac(number)
        owner = Owner.by_mac(H1, mac)
        store.ledger.allocate(web, family=4, owner=owner, host=H1, name="", mac=mac)


def clocked(ask: Callable[[int], object], numbers: Sequence[int], clients: int) -> list[float]:
    """Ask with several clients at once; give the seconds of each question."""

    def one(number: int) -> float:
        began = time.perf_counter()
        ask(number)
        return time.perf_counter() - began

    with ThreadPoolExecutor(clients) as crowd:
        return list(crowd.map(one, numbers))


def quantile(seconds: Sequence[float], share: float) -> float:
    """Give a quantile in milliseconds."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))] * 1000


def say(name: str, seconds: Sequence[float], took: float, floor: float, empty: float | None = None) -> float:
    """Print one row; gives the p99 in milliseconds."""
    p99 = quantile(seconds, 0.99)
    beside = "" if empty is None else f"  p99 / empty {p99 / empty:4.2f}"
    sys.stdout.write(
        f"{name:44} {len(seconds) / took:8.0f}/s  p50 {quantile(seconds, 0.5):6.2f} ms  p99 {p99:6.2f} ms"
        f"  p50 / PING {quantile(seconds, 0.5) / floor:5.1f}{beside}\n"
    )
    sys.stdout.flush()
    return p99


@contextmanager
def plugin(url: str, folder: Path) -> Iterator[Path]:
    """Run the plug-in in a process of its own; gives its socket."""
    path = folder / "trunkline.sock"
    command = [sys.executable, "-m", "benchmarks.addresses", "--plugin", url, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        deadline = time.monotonic() + 20
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        try:
            yield path
        finally:
            process.communicate(b"\n", timeout=20)


def serve(url: str, folder: Path) -> None:
    """Be that process, until standard input says something."""
    store = open_store(url)
    with plugged(store, folder, inventory=inventory()):
        sys.stdin.read(1)
    store.close()


def requests(url: str, store: Store, folder: Path) -> None:
    """Measure the plug-in at three fillings, with one client and with eight."""
    with plugin(url, folder) as path, redis.Redis.from_url(url) as client:
        ready(store, inventory(), H1)
        pool = f"tl1|web|{NETWORK}|"

        def ask(number: int) -> None:
            body = (
                f'{{"PoolID":"{pool}","Address":"","Options":'
                f'{{"com.docker.network.endpoint.macaddress":"{a_mac(number)}"}}}}'
            )
            status, answer = post(path, "/IpamDriver.RequestAddress", body.encode())
            if status != HTTPStatus.OK or "Address" not in answer:
                raise RuntimeError(f"RequestAddress: {answer}")

        filled, number = 0, 1 << 24
        floors: dict[int, float] = {}
        empties: dict[int, float] = {}
        for clients in CLIENTS:
            began = time.perf_counter()
            pings = clocked(lambda _: client.ping(), range(ROUNDS), clients)
            took = time.perf_counter() - began
            floors[clients] = quantile(pings, 0.5)
            say(f"PING of redis-py, {clients} clients", pings, took, floors[clients])
        for name, wanted in FILLINGS.items():
            fill(store, filled, wanted - filled)
            filled = max(filled, wanted)
            for clients in CLIENTS:
                half = range(number, number + ROUNDS // len(CLIENTS))
                number = half.stop
                began = time.perf_counter()
                found = clocked(ask, half, clients)
                took = time.perf_counter() - began
                p99 = say(
                    f"RequestAddress, {name} full, {clients} clients",
                    found,
                    took,
                    floors[clients],
                    empties.get(clients),
                )
                empties.setdefault(clients, p99)
            filled += len(CLIENTS) * (ROUNDS // len(CLIENTS))


def memory(store: Store, client: redis.Redis) -> None:
    """Fill a /16 and see what Redis needs for it; the history, which is bounded, apart.

    The scripts, which a server keeps once and not for each network, are loaded before.
    """
    fill(store, 0, 1)
    know(store)
    client.flushdb()
    before = used(client)
    fill(store, 0, USABLE)
    say_memory("a full /16 by RequestAddress", used(client) - before, client)
    know(store)
    say_memory("a full /16, every container known", used(client) - before, client)


def know(store: Store) -> None:
    """Write down of every lease whose container it is, as the agent does when Docker tells."""
    web = inventory().segments[WEB]
    for number, lease in enumerate(store.ledger.leases(web)):
        owner = Owner(container_id=ContainerId(f"{number:064x}"), endpoint="web")
        store.ledger.identify(lease, owner=owner, endpoint_id=f"{number:064x}", name=f"web-{number}")


def used(client: redis.Redis) -> int:
    """Ask Redis how much memory it uses."""
    return int(client.info("memory")["used_memory"])


def say_memory(name: str, size: int, client: redis.Redis) -> None:
    """Print one row."""
    history = int(client.memory_usage(f"tl:ledger:{WEB}:history") or 0)
    sys.stdout.write(
        f"{name:44} {(size - history) / 2**20:6.2f} MiB, and {history / 2**20:5.2f} MiB of history\n"
    )


def docker_runs(store: Store, folder: Path) -> None:
    """Time `docker run` on a macvlan network with each IPAM driver, in turn."""
    with PrivateEngine() as engine:
        place = Path(f"/proc/{engine.enter[2]}/root/run/docker/plugins")
        place.mkdir(parents=True, exist_ok=True)
        with plugged(
            store, folder / "docker", path=place / "trunkline.sock", inventory=inventory()
        ) as running:
            ready(store, running.inventory, H1)
            measure_docker(engine, running)
            engine.clean()


def measure_docker(engine: PrivateEngine, running: Plugged) -> None:
    """Run containers on both networks by turns and compare the medians."""
    del running
    ours = ("--ipam-driver", "trunkline", "--ipam-opt", "segment=web")
    create = ("network", "create", "-d", "macvlan", "--subnet", str(NETWORK))
    engine.docker(*create, *ours, "-o", "parent=eth0.10", "ours")
    engine.docker(*create, "-o", "parent=eth0.20", "docker")
    seconds: dict[str, list[float]] = {"docker": [], "ours": []}
    for number in range(DOCKER_ROUNDS + 1):
        for name, found in seconds.items():
            began = time.perf_counter()
            engine.run(f"{name}{number}", "--network", name)
            took = time.perf_counter() - began
            engine.docker("rm", "--force", f"{name}{number}")
            if number:
                found.append(took)
    middles = {name: statistics.median(found) for name, found in seconds.items()}
    for name, middle in middles.items():
        sys.stdout.write(f"docker run, addresses from {name:18} median {middle:6.3f} s\n")
    sys.stdout.write(f"ours / Docker's own: {middles['ours'] / middles['docker']:.2f}\n")


def main() -> int:
    """Measure everything this account may."""
    if sys.argv[1:2] == ["--plugin"]:
        serve(sys.argv[2], Path(sys.argv[3]))
        return 0
    with tempfile.TemporaryDirectory() as name, Server(Path(name)) as server:
        folder, store = Path(name), open_store(server.url)
        with redis.Redis.from_url(server.url) as client:
            requests(server.url, store, folder)
            memory(store, client)
            client.flushdb()
        if os.geteuid() == 0:
            docker_runs(store, folder)
        else:
            sys.stdout.write("docker run: not measured, an engine of one's own needs root\n")
        store.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
