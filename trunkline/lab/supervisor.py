"""Keeps one lab running for a person and lets other processes in; behind ``trunkline lab up|shell|down|status``.

The supervisor owns the kernel and a Unix socket. A client is given a free terminal line of the kernel and speaks the
session protocol (guest/sessions.py) through it; when the client goes away its program is hung up on.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import queue
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from trunkline.lab.folders import runtime_folder
from trunkline.lab.kernel import Backend, Kernel, environment, requested
from trunkline.lab.lines import Request, Trailer, converse, raw_terminal, write_all
from trunkline.orchestrator.errors import Busy, Unreachable

CLIENTS = 4
UP_SECONDS = 600
STOP = b'{"stop": true}\n'
REQUEST_BYTES = 1 << 20


def folder() -> Path:
    """Give the folder of the one kept lab of this user (created)."""
    path = runtime_folder() / "kept"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def out_folder() -> Path:
    """Give the folder the kept lab shares: its logs and its state file."""
    return folder() / "out"


class State(TypedDict):
    """What the lab says about itself when it is up (standing.write_state)."""

    topology: str
    inventory: str
    redis: str
    hosts: dict[str, dict[str, object]]
    switches: dict[str, dict[str, object]]


def require_state() -> State:
    """Describe the running lab.

    Raises:
        Unreachable: None is running, or it is not up yet.
    """
    connect().close()
    try:
        described: State = json.loads((out_folder() / "lab.json").read_text())
    except OSError as error:
        raise Unreachable("it is not up yet", subject="lab", fix="wait for `trunkline lab up`") from error
    return described


def connect() -> socket.socket:
    """Reach the supervisor.

    Raises:
        Unreachable: No lab is running.
    """
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(str(folder() / "control"))
    except OSError as error:
        client.close()
        raise Unreachable(
            "none is running", subject="lab", fix="start one with `trunkline lab up --keep`"
        ) from error
    return client


def run_in_lab(argv: Sequence[str]) -> int:
    """Run a program in the kept lab with our terminal; give its exit status.

    Raises:
        Unreachable: No lab is running, or it ended meanwhile.
    """
    interactive = os.isatty(0) and os.isatty(1)
    keys = 0 if interactive else None
    env = {"TERM": os.environ.get("TERM", "dumb")}
    request = Request(argv=argv, env=env, cwd="/", terminal=interactive)
    with connect() as client, raw_terminal(keys):
        return converse(client.fileno(), request, keys=keys, output=1)


def stop() -> None:
    """End the kept lab and wait until it is gone.

    Raises:
        Unreachable: No lab is running.
    """
    with connect() as client:
        client.sendall(STOP)
        while client.recv(4096):
            pass
    with _only_one(wait=True):
        pass


def start_in_background(topology: str, inventory: str, backend: str | None) -> None:
    """Start a supervisor that outlives us; show its messages until the lab is up.

    Raises:
        Busy: A lab is running already.
        Unreachable: It ended before it was up.
    """
    with _only_one(wait=False):
        log = folder() / "log"
        log.unlink(missing_ok=True)
        shutil.rmtree(out_folder(), ignore_errors=True)
    words = [topology, inventory, *([backend] if backend else [])]
    command = [sys.executable, "-m", "trunkline.lab.supervisor", *words]
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    shown = 0
    limit = time.monotonic() + UP_SECONDS
    while True:
        ended, up = child.poll() is not None, (out_folder() / "lab.json").exists()
        text = log.read_text(errors="replace")
        sys.stdout.write(text[shown:])
        sys.stdout.flush()
        shown = len(text)
        if up:
            child.returncode = 0  # it stays; do not warn about a running child when we exit
            return
        if ended or time.monotonic() > limit:
            raise Unreachable(f"it did not come up; see {log}", subject="lab")
        time.sleep(0.1)


def supervise(topology: str, inventory: str, backend: Backend | None) -> int:
    """Boot, build and serve until the lab ends or somebody says stop; give the exit status.

    Args:
        topology: File of what to build.
        inventory: File of what Trunkline is to do there; empty for a lab without Trunkline.
        backend: The kernel's kind; what works here if left out.

    Raises:
        Busy: A lab is running already.
    """
    visible = [Path(file).parent for file in (topology, inventory) if file]
    with (
        _only_one(wait=False),
        Kernel(out=out_folder(), backend=backend, lines=CLIENTS + 2, visible=visible) as kernel,
    ):
        address = folder() / "control"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen()
            try:
                return _serve(kernel, listener, [topology, inventory])
            finally:
                address.unlink(missing_ok=True)
                (out_folder() / "lab.json").unlink(missing_ok=True)


def _serve(kernel: Kernel, listener: socket.socket, files: list[str]) -> int:
    """Run the lab on line 0 and clients on the others; ends when the lab's program does or on the word stop."""
    done: queue.SimpleQueue[int] = queue.SimpleQueue()
    switchboard = _Switchboard(kernel, done)
    main = [sys.executable, "-m", "trunkline.lab.standing", *files]
    threading.Thread(target=_run_main, args=(kernel, main, done), daemon=True).start()
    threading.Thread(target=switchboard.accept, args=(listener,), daemon=True).start()
    return done.get()


def _run_main(kernel: Kernel, argv: Sequence[str], done: queue.SimpleQueue[int]) -> None:
    status = 1
    try:
        status = kernel.call(argv, output=1)
    except (Unreachable, OSError) as error:
        sys.stderr.write(f"{error}\n")
    finally:
        done.put(status)


class _Switchboard:
    """Connects clients to free lines."""

    def __init__(self, kernel: Kernel, done: queue.SimpleQueue[int]) -> None:
        lines = kernel.machine.lines
        self._done = done
        self._environment = environment(kernel, {})
        self._hangup = lines[-1]
        self._hangup_lock = threading.Lock()
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for line in lines[1:-1]:
            self._free.put(line)

    def accept(self, listener: socket.socket) -> None:
        """Take clients for ever."""
        while True:
            client, _ = listener.accept()
            threading.Thread(target=self._client, args=(client,), daemon=True).start()

    def _client(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError, KeyError):
            text = client.makefile("rb").readline(REQUEST_BYTES)
            if not text:
                return
            if text == STOP:
                self._done.put(0)
                client.recv(1)  # until the end of this process closes it
                return
            request = json.loads(text)
            request["env"] = {**self._environment, **request["env"]}
            line = self._free.get()
            self._relay(client, line, request)
            self._free.put(line)

    def _relay(self, client: socket.socket, line: int, request: dict[str, object]) -> None:
        token = str(request["token"])
        write_all(line, json.dumps(request).encode() + b"\n")
        trailer, status = Trailer(token), None
        sources: list[int] = [line, client.fileno()]
        while status is None:
            ready, _, _ = select.select(sources, [], [])
            if client.fileno() in ready:
                typed = client.recv(4096)
                if typed:
                    write_all(line, typed)
                else:
                    sources = [line]
                    self._hang_up(token)
            if line in ready:
                piece = os.read(line, 65536)
                _, status = trailer.feed(piece)
                with contextlib.suppress(OSError):
                    client.sendall(piece)

    def _hang_up(self, token: str) -> None:
        with self._hangup_lock:
            write_all(self._hangup, json.dumps({"end": token}).encode() + b"\n")


@contextmanager
def _only_one(*, wait: bool) -> Iterator[None]:
    """Hold the lock that a running supervisor holds; ``wait`` waits until it is gone."""
    with (folder() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                "one is running already", subject="lab", fix="end it with `trunkline lab down`"
            ) from error
        yield


if __name__ == "__main__":
    raise SystemExit(supervise(sys.argv[1], sys.argv[2], requested(next(iter(sys.argv[3:]), None))))
