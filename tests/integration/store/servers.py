"""Redis as it is deployed, to be killed and started again; and a wire on which replies get lost."""

from __future__ import annotations

import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.conftest import ROOT, free_port

DEPLOYED = ROOT / "deploy" / "redis" / "redis.conf"
STARTS_WITHIN_SECONDS = 10.0


class Server:
    """A redis-server with the configuration that is deployed, on loopback."""

    def __init__(self, folder: Path, *options: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("redis-server is missing; run `make setup`")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/1"
        self.log = folder / "log"
        self._command = [program, str(DEPLOYED), "--bind", "127.0.0.1", "--port", str(self.port)]
        self._command += ["--dir", str(folder), *options]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it answers, be it with a refusal; loading is no answer."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        with self._operator() as client:
            while True:
                with suppress(redis.ConnectionError):
                    with suppress(redis.AuthenticationError):
                        client.ping()
                    return
                if time.monotonic() > deadline or self._process.poll() is not None:
                    pytest.fail(f"redis-server did not start: {self.log.read_text()}")
                time.sleep(0.01)

    def _operator(self) -> redis.Redis:
        return redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0))

    def kill(self) -> None:
        """Kill it without a word, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def command(self, *words: str) -> object:
        """Say something to it as its operator."""
        with self._operator() as client:
            return client.execute_command(*words)


class LossyWire:
    """A TCP proxy on loopback that can swallow the reply to a request and cut the connection."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._needle: bytes | None = None
        self._lost = 0
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/1"

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            _cut(each)
        for thread in self._threads:
            thread.join(5)
        for each in self._sockets:
            each.close()

    def lose_the_reply_to(self, needle: bytes) -> None:
        """Let the next request with these bytes pass, but not the reply to it."""
        self._needle = needle

    @property
    def lost(self) -> int:
        """Say how many replies were lost so far."""
        return self._lost

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._upstream))
            self._sockets += [client, server]
            self._run(self._carry, client, server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        """Carry bytes both ways until one side has no more, or a reply is to be lost."""
        doomed = False
        with suppress(OSError, ValueError):
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if client in ready:
                    request = client.recv(65536)
                    if self._needle is not None and self._needle in request:
                        self._needle, doomed = None, True
                    server.sendall(request)
                    if not request:
                        break
                if server in ready:
                    reply = server.recv(65536)
                    if doomed:
                        self._lost += 1
                    if doomed or not reply:
                        break
                    client.sendall(reply)
        _cut(client)
        _cut(server)


def _cut(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
