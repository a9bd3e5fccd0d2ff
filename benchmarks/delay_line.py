"""A TCP relay that every byte takes half a round trip to cross, in a process of its own; for benchmarks of clients.

Order and pipelining are kept: what is sent while other bytes are on their way does not wait for them. The connect
takes one round trip too.
"""

from __future__ import annotations

import multiprocessing
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65536
STARTS_WITHIN_SECONDS = 20.0


@contextmanager
def delayed(port: int, round_trip_seconds: float) -> Iterator[int]:
    """Give a port on loopback from which another one is so far away; without a delay, that port itself."""
    if round_trip_seconds == 0:
        yield port
        return
    ours, theirs = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_relay, args=(theirs, port, round_trip_seconds / 2), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(STARTS_WITHIN_SECONDS):
            raise TimeoutError("the delay line did not start")
        yield int(ours.recv())
    finally:
        process.terminate()
        process.join(STARTS_WITHIN_SECONDS)


def _relay(ready: Connection, port: int, one_way_seconds: float) -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        ready.send(listener.getsockname()[1])
        while True:
            near, _ = listener.accept()
            threading.Thread(target=_join, args=(near, port, one_way_seconds), daemon=True).start()


def _join(near: socket.socket, port: int, one_way_seconds: float) -> None:
    time.sleep(2 * one_way_seconds)
    far = socket.create_connection((LOOPBACK, port))
    for source, target in ((near, far), (far, near)):
        source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        for work in (_take, _deliver):
            end = source if work is _take else target
            threading.Thread(target=work, args=(end, under_way, one_way_seconds), daemon=True).start()


def _take(
    source: socket.socket, under_way: queue.SimpleQueue[tuple[float, bytes]], one_way_seconds: float
) -> None:
    data = b"-"
    while data:
        try:
            data = source.recv(CHUNK_BYTES)
        except OSError:
            data = b""
        under_way.put((time.monotonic() + one_way_seconds, data))


def _deliver(
    target: socket.socket, under_way: queue.SimpleQueue[tuple[float, bytes]], _one_way_seconds: float
) -> None:
    with suppress(OSError):
        while True:
            due, data = under_way.get()
            if (wait := due - time.monotonic()) > 0:
                time.sleep(wait)
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)
