"""What every test may ask for: a real Redis of its own, the captures folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Ask the kernel for a TCP port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        return number


def pytest_configure() -> None:
    """Hear Ctrl-C, and let the programs under test hear it: a shell's background job is started deaf to it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked ``root`` for anybody else."""
    if os.geteuid() == 0:
        return
    skip = pytest.mark.skip(reason="needs root; `make test` runs it as root, or in the lab kernel")
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real redis-server (AOF, noeviction) on loopback; give its URL without a database."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("redis-server is missing; run `make setup`")
    folder = tmp_path_factory.mktemp("redis")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    options += ["--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        client = redis.Redis(port=port)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    pytest.fail(f"redis-server did not start: {(folder / 'log').read_text()}")
        client.close()
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """Give an empty record database (db 1) of the session's Redis; db 0 is emptied too."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return f"{redis_server}/1"


@pytest.fixture(scope="session")
def captures() -> Path:
    """Give the folder with real device and engine output, or skip saying where it was looked for."""
    folder = Path(os.environ.get("TRUNKLINE_CAPTURES", ROOT.parent / "shared" / "captures"))
    if not folder.is_dir():
        pytest.skip(f"no captures at {folder}; set TRUNKLINE_CAPTURES")
    return folder
