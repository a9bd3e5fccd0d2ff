"""A host's IPAM plug-in with everything real but the gate: ledger in Redis, book on disk, a socket."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.builders import an_inventory
from tests.dockerd import PrivateEngine
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.ipam.book import Book
from trunkline.orchestrator.ipam.driver import IpamDriver
from trunkline.orchestrator.ipam.server import IpamServer
from trunkline.orchestrator.models import HostName, Inventory, SegmentName
from trunkline.orchestrator.store import Store
from trunkline.orchestrator.sync.holders import needs_on

H1, H2, WEB = HostName("h1"), HostName("h2"), SegmentName("web")


@dataclass
class PlayedGate:
    """A way to the switch that opens when it is told to; the real one needs a switch and a host's worker."""

    opened: list[tuple[SegmentName, float]] = field(default_factory=list)
    on_open: Callable[[SegmentName], None] = lambda _: None

    def open(self, segment: SegmentName, seconds: float) -> None:
        """Remember, and do what the test wants."""
        self.opened.append((segment, seconds))
        self.on_open(segment)


def ready(store: Store, inventory: Inventory, host: HostName, segment: SegmentName = WEB) -> None:
    """Put on record that the segment is ready on the host."""
    known = needs_on(inventory, host)
    store.desired.hold(f"network:{segment}", host=host, wanted=frozenset({segment}), known=known)
    store.desired.set_state(host, segment, "ready")


@dataclass
class Plugged:
    """One host's plug-in. ``linked`` says whether the segment's link is there; another ``inventory`` counts at once."""

    store: Store
    inventory: Inventory
    driver: IpamDriver
    server: IpamServer
    gate: PlayedGate
    path: Path
    linked: list[bool]

    def ask(self, call: str, body: object = None) -> dict[str, Any]:
        """Ask as Docker does; ``body`` is sent as it is when it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        status, answer = post(self.path, f"/{call}", data)
        assert status == 200
        return answer

    def pool(self, subnet: str = "172.31.0.0/16", **more: object) -> str:
        """Open a pool; give its id."""
        answer = self.ask(
            "IpamDriver.RequestPool",
            {"Pool": subnet, "SubPool": "", "Options": {"segment": "web"}, "V6": ":" in subnet} | more,
        )
        assert "PoolID" in answer, answer
        return str(answer["PoolID"])

    def address(self, pool: str, mac: str, address: str = "") -> dict[str, Any]:
        """Ask for an endpoint's address."""
        options = {"com.docker.network.endpoint.macaddress": mac} if mac else None
        return self.ask("IpamDriver.RequestAddress", {"PoolID": pool, "Address": address, "Options": options})


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("docker", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def post(
    path: Path, call: str, body: bytes, headers: Mapping[str, str] | None = None, *, seconds: float = 10
) -> tuple[int, dict[str, Any]]:
    """Send one request over the socket and wait so long for each part of the answer."""
    connection = _Connection(path, seconds)
    try:
        connection.request("POST", call, body=body, headers=headers or {})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        return response.status, answer
    finally:
        connection.close()


def place(dockerd: PrivateEngine) -> Path:
    """Find where this engine looks for plug-ins: its own /run, seen from here."""
    folder = Path(f"/proc/{dockerd.enter[2]}/root/run/docker/plugins")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "trunkline.sock"


@contextmanager
def plugged(
    store: Store,
    folder: Path,
    *,
    host: HostName = H1,
    path: Path | None = None,
    has_link: bool = False,
    inventory: Inventory | None = None,
    applied: bool = True,
) -> Iterator[Plugged]:
    """Run a host's plug-in; its book is in ``folder`` and outlives it. ``applied``: the inventory is put on record."""
    inventory = inventory or an_inventory()
    if applied:
        store.inventory.put(dump(inventory), who="test")
    book, gate, linked = Book(folder / "book"), PlayedGate(), [has_link]
    driver = IpamDriver(
        host=host,
        inventory=lambda: running.inventory,
        ledger=store.ledger,
        book=book,
        gate=gate,
        link_is_up=lambda _: linked[0],
        to_deliver=threading.Event(),
    )
    place = path or folder / "trunkline.sock"
    try:
        server = IpamServer(driver, place)
    except BaseException:
        book.close()
        raise
    running = Plugged(
        store=store,
        inventory=inventory,
        driver=driver,
        server=server,
        gate=gate,
        path=place,
        linked=linked,
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        book.close()
