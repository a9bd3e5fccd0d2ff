"""An SSH server with one played switch behind it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import asyncssh

from tests.builders import a_switch
from trunkline.orchestrator.models import Switch

PASSWORD = "secret"
DEADLINE_SECONDS = 20.0


class PlayedSwitch(Protocol):
    """Answers lines."""

    def greeting(self) -> str:
        """What it shows after login, its prompt last."""

    def answer(self, line: str) -> str:
        """What it prints after the echo of a line, its prompt last unless it asks something."""


class _Server(asyncssh.SSHServer):
    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("u", PASSWORD)


Talk = Callable[[asyncssh.SSHServerProcess[Any]], Coroutine[None, None, None]]
"""Holds one session. Any: bytes or text, as the server was told."""


@contextmanager
def serving(played: PlayedSwitch, driver: str, **changes: object) -> Iterator[Switch]:
    """Give the inventory's switch that leads to it."""

    async def talk(process: asyncssh.SSHServerProcess[str]) -> None:
        try:
            process.stdout.write(played.greeting().replace("\n", "\r\n"))
            async for line in process.stdin:
                if not line.endswith("\n"):
                    return  # the connection ended
                shown = line.rstrip("\r\n") + "\n" + played.answer(line.rstrip("\r\n"))
                process.stdout.write(shown.replace("\n", "\r\n"))
        except (asyncssh.Error, OSError):
            return
        process.exit(0)

    with accepting(talk, driver, changes=changes) as switch:
        yield switch


@contextmanager
def accepting(
    talk: Talk, driver: str, *, encoding: str | None = "utf-8", changes: Mapping[str, object] = {}
) -> Iterator[Switch]:
    """Hold sessions; give the inventory's switch that leads to them."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="played switch", daemon=True)
    thread.start()
    connections: list[asyncssh.SSHServerConnection] = []

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: _Server(connections),
            "127.0.0.1",
            0,
            server_host_keys=[key],
            process_factory=talk,
            line_editor=False,
            encoding=encoding,
        )

    async def close(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        for connection in connections:
            connection.abort()
            await connection.wait_closed()
        await acceptor.wait_closed()

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(DEADLINE_SECONDS)
    try:
        pinned = " ".join(key.export_public_key().decode().split()[:2])
        login = replace(a_switch().credentials, username="u")
        values: dict[str, Any] = {
            "address": "127.0.0.1",
            "port": acceptor.get_port(),
            "host_key": pinned,
            "credentials": login,
        }
        yield a_switch(driver=driver, **{**values, **changes})
    finally:
        asyncio.run_coroutine_threadsafe(close(acceptor), loop).result(DEADLINE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE_SECONDS)
        loop.close()
