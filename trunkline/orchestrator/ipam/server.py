"""Docker's plug-in protocol on a Unix socket: HTTP in, the driver's answers out. Only root may connect.

Docker asks one question per request and takes every status but 200 for a transport failure, so whatever goes wrong is
a 200 with an ``Error`` in it. A question may wait for a switch; a connection that says nothing may not.
"""

from __future__ import annotations

import io
import json
import os
import socket
import socketserver
import stat
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.errors import OrchestratorError, PermanentError, unforeseen
from trunkline.orchestrator.ipam.driver import Answer, IpamDriver

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

log = structlog.get_logger(__name__)

MOST_BYTES = 64 * 1024
"""Docker's own bodies are a few hundred bytes."""
READ_SECONDS = 60.0
"""So long a question may take to arrive, and an answer to leave."""
MOST_AT_ONCE = 256
"""Docker asks one question per network at a time; more connections than that are somebody else's."""
CONTENT_TYPE = "application/vnd.docker.plugins.v1.1+json"
SPACES = {"LocalDefaultAddressSpace": "trunkline", "GlobalDefaultAddressSpace": "trunkline-global"}
CAPABILITIES = {"RequiresMACAddress": True, "RequiresRequestReplay": True}

Handler = Callable[[bytes], Answer]


class IpamServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens from the moment it is made; `serve_forever` answers.

    Args:
        driver: Answers.
        path: Where to listen; made with mode 0600. A socket left by a crash is replaced.
        listening: A socket that systemd listens on for us; then ``path`` is not touched.

    Raises:
        PermanentError: somebody else listens there, or the place cannot be written.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, driver: IpamDriver, path: Path, *, listening: socket.socket | None = None) -> None:
        if listening is None:
            _make_room(path)
        self.handlers = handlers_of(driver)
        self.places = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(str(path), _Request, bind_and_activate=False)
        self._path = None if listening else path
        if listening is not None:
            self.socket.close()
            self.socket = listening
            return
        try:
            before = os.umask(0o177)
            try:
                self.server_bind()
            finally:
                os.umask(before)
            self.server_activate()
        except OSError as error:
            super().server_close()
            raise PermanentError(
                f"cannot listen there ({error.strerror})", subject=f"socket {path}", fix="run it as root"
            ) from error

    def end(self, seconds: float) -> bool:
        """Take no more questions, answer those that came, then close; False when some took longer than that."""
        self.shutdown()
        last = time.monotonic() + seconds
        done = all(
            self.places.acquire(timeout=max(0.0, last - time.monotonic())) for _ in range(MOST_AT_ONCE)
        )
        self.server_close()
        return done

    def server_close(self) -> None:
        """Stop listening, and take our socket away."""
        super().server_close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Answer in a thread of its own, as long as there is place."""
        if not self.places.acquire(blocking=False):
            log.warning("ipam.crowded", most=MOST_AT_ONCE)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Give the place back at the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""
        del request, client_address


def handlers_of(driver: IpamDriver) -> Mapping[str, Handler]:
    """Give what answers each question of the protocol."""
    return {
        "/Plugin.Activate": lambda _: {"Implements": ["IpamDriver"]},
        "/IpamDriver.GetCapabilities": lambda _: CAPABILITIES,
        "/IpamDriver.GetDefaultAddressSpaces": lambda _: SPACES,
        "/IpamDriver.RequestPool": driver.request_pool,
        "/IpamDriver.ReleasePool": driver.release_pool,
        "/IpamDriver.RequestAddress": driver.request_address,
        "/IpamDriver.ReleaseAddress": driver.release_address,
    }


class _Hurried(io.RawIOBase):
    """What a client sends until a moment: one that goes on byte by byte would keep its place for ever."""

    def __init__(self, client: socket.socket, seconds: float) -> None:
        self._client = client
        self._last = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        left = self._last - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._client.settimeout(left)
        return self._client.recv_into(buffer)


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: IpamServer

    def setup(self) -> None:
        """Read no longer than that."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Hurried(self.connection, READ_SECONDS))

    def do_POST(self) -> None:  # the library's name
        """Answer one question."""
        body = self._body()
        if body is None:
            return
        handler = self.server.handlers.get(self.path)
        if handler is None:
            self._answer(404, {"Err": "no such method"})
            return
        self._answer(200, _answered(self.path, handler, body))

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._answer(200, {"Error": "trunkline: a body in chunks is not read"})
            return None
        try:
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            length = -1
        if not 0 <= length <= MOST_BYTES:
            self.close_connection = True
            self._answer(200, {"Error": f"trunkline: a body has at most {MOST_BYTES} bytes"})
            return None
        return self.rfile.read(length)

    def _answer(self, status: int, answer: Answer) -> None:
        self.connection.settimeout(READ_SECONDS)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(text)))
        # One question per connection: one that dockerd kept open would break with the next restart of ours, and a
        # question that is sent into a broken connection is repeated without its content.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    def address_string(self) -> str:
        """Name the client: it has no address on a Unix socket."""
        return "docker"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Log nothing: the driver logs what matters."""


def _answered(path: str, handler: Handler, body: bytes) -> Answer:
    try:
        return handler(body)
    except OrchestratorError as error:
        log.warning("ipam.refused", call=path.rpartition(".")[2], error=str(error))
        return {"Error": f"trunkline: {error}"}
    except Exception as error:
        log.exception("ipam.broke", call=path.rpartition(".")[2])
        return {"Error": f"trunkline: {unforeseen(error, subject='IPAM plug-in')}"}


def _make_room(path: Path) -> None:
    """Take away a socket that nobody listens on any more.

    Raises:
        PermanentError: it is something else, or somebody listens.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    subject = f"socket {path}"
    if not stat.S_ISSOCK(mode):
        raise PermanentError("is no socket", subject=subject, fix="remove it, or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise PermanentError(
                f"cannot be asked ({error.strerror})", subject=subject, fix="remove it"
            ) from error
    raise PermanentError("another process listens there", subject=subject, fix="stop it first")
