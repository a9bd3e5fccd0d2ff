"""The SSH server of one switch: who may log in, its sessions, the data plane that follows them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import asyncssh

from trunkline.lab.switch import command_line
from trunkline.lab.switch.announcing import announcements
from trunkline.lab.switch.dataplane import Dataplane, NoDataplane
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.faults import Event, Faults
from trunkline.lab.switch.hardware import hardware_of
from trunkline.lab.switch.interface_names import named
from trunkline.lab.switch.lldp import Announcement
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.terminal import Received, Terminal
from trunkline.orchestrator.errors import Unreachable, Unsupported

Result = TypeVar("Result")
KEY_TYPE = "ssh-ed25519"
ANNOUNCE_SECONDS = 30.0
"""LLDP's transmit interval (IEEE 802.1AB, 9.2.5.7); what changes is said at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who may log in.

    Attributes:
        enable_password: What `enable` asks for; the login password when left out.
    """

    user: str
    password: str
    enable_password: str | None = None


@dataclass(slots=True)
class SwitchServer:
    """The SSH server of one device. Lives on one event loop; see ``RunningSwitch`` for other threads.

    Attributes:
        transcript: Every line every session sent, in order of arrival.
        logins: Successful logins so far.
        refused: Connections and logins that were refused.
    """

    device: Device
    login: Login
    dataplane: Dataplane
    faults: Faults = field(default_factory=Faults)
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key(KEY_TYPE))
    transcript: list[Received] = field(default_factory=list)
    logins: int = 0
    refused: int = 0
    address: str = ""
    port: int = 0
    _acceptor: asyncssh.SSHAcceptor | None = None
    _connections: dict[_Connection, asyncssh.SSHServerConnection] = field(default_factory=dict)
    _happened: dict[Event, int] = field(default_factory=dict)
    _followed: int = -1
    _said: dict[str, Announcement] = field(default_factory=dict)
    _talking: set[asyncio.Task[None]] = field(default_factory=set)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="dataplane")
    )

    async def listen(self, address: str, port: int) -> None:
        """Put frames under way and answer SSH on ``address``; ``port`` 0 takes a free one.

        Raises:
            Unreachable: The address cannot be listened on.
        """
        await self.follow()
        await self.look()
        self.start(self._keep_saying())
        try:
            self._acceptor = await asyncssh.create_server(
                lambda: _Connection(self),
                address,
                port,
                server_host_keys=[self.host_key],
                server_version="Cisco-1.25",
                line_editor=False,
                encoding=None,
                login_timeout=120,
                allow_scp=False,
                x11_forwarding=False,
                agent_forwarding=False,
            )
        except OSError as error:
            raise Unreachable(f"it cannot listen: {error}", subject=f"switch {address}:{port}") from error
        self.address, self.port = address, self._acceptor.get_port()

    async def close(self) -> None:
        """End every session, stop listening, leave nothing of the data plane."""
        if self._acceptor is not None:
            self._acceptor.close()
        connections = list(self._connections.values())
        self.drop_sessions()
        for connection in connections:
            await connection.wait_closed()
        for task in self._talking:
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)
        if self._acceptor is not None:
            await self._acceptor.wait_closed()
        await self._in_thread(self.dataplane.close)
        self._worker.shutdown()

    @property
    def public_key(self) -> str:
        """The host key as known_hosts has it: ``ssh-ed25519 AAAA...``."""
        return " ".join(self.host_key.export_public_key().decode().split()[:2])

    @property
    def sessions(self) -> int:
        """Connections that are open."""
        return len(self._connections)

    def change_host_key(self, key: asyncssh.SSHKey | None = None) -> None:
        """Show another host key from now on."""
        self.host_key = key or asyncssh.generate_private_key(KEY_TYPE)
        if self._acceptor is not None:
            self._acceptor.update(server_host_keys=[self.host_key])

    def drop_sessions(self) -> None:
        """Cut every connection."""
        for connection in list(self._connections.values()):
            connection.abort()

    def set_faults(self, faults: Faults) -> None:
        """Put other faults in force; events count from zero again."""
        self.faults = faults
        self._happened.clear()

    def record(self, received: Received) -> None:
        """Note a line (``terminal.Frame``)."""
        self.transcript.append(received)

    def claim(self, event: Event) -> bool:
        """Count an event (``terminal.Frame``)."""
        count = self._happened.get(event, 0)
        if event.times and count >= event.times:
            return False
        self._happened[event] = count + 1
        return True

    async def follow(self) -> None:
        """Make frames follow what sessions did: the configuration, and what they cleared (``terminal.Frame``)."""
        async with self._lock:
            self.device.tick()
            changes = self.device.changes
            if changes != self._followed:
                await self._in_thread(lambda: self.dataplane.realise(self.device.state))
                self._followed = changes
                await self._say()
            if self.device.forgotten:
                gone = tuple(self.device.forgotten)
                self.device.forgotten.clear()
                await self._in_thread(lambda: self.dataplane.forget(gone))

    async def _say(self) -> None:
        """Announce it on every port; when LLDP was just switched off, take it back first (802.1AB, 9.1.2.1)."""
        said = announcements(self.device)
        if self._said and not said:
            goodbye = {port: replace(each, hold_seconds=0) for port, each in self._said.items()}
            await self._in_thread(lambda: self.dataplane.announce(goodbye))
        self._said = said
        await self._in_thread(lambda: self.dataplane.announce(said))

    async def _keep_saying(self) -> None:
        while True:
            await asyncio.sleep(ANNOUNCE_SECONDS)
            # An interface that has gone is no reason to fall silent on the others for good.
            with contextlib.suppress(Unsupported):
                async with self._lock:
                    await self._say()

    async def look(self) -> None:
        """See links and learned addresses (``terminal.Frame``)."""
        async with self._lock:
            self.device.observed = await self._in_thread(self.dataplane.observe)

    async def after_line(self) -> None:
        """Restart when a session confirmed `reload` (``terminal.Frame``)."""
        if self.device.wants_reload:
            await self.reload()

    async def reload(self) -> None:
        """Restart: sessions end, what was not saved is lost."""
        self.drop_sessions()
        command_line.boot(self.device)
        self.device.reloads += 1
        await self.follow()

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        if isinstance(self.dataplane, NoDataplane):
            return function()
        return await asyncio.get_running_loop().run_in_executor(self._worker, function)

    def connected(self, connection: _Connection, wire: asyncssh.SSHServerConnection) -> None:
        """Take a connection, or cut it when all lines are in use."""
        faults = self.faults
        used_up = faults.refuse_logins_after is not None and self.logins >= faults.refuse_logins_after
        if len(self._connections) >= faults.vty_lines or used_up:
            self.refused += 1
            wire.abort()
            return
        self._connections[connection] = wire

    def disconnected(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._connections.pop(connection, None)

    def admits(self, user: str, password: str) -> bool:
        """Check a password."""
        right = (user, password) == (self.login.user, self.login.password)
        if not right or self.faults.bad_password:
            self.refused += 1
            return False
        self.logins += 1
        if self.logins == self.faults.change_host_key_after:
            self.change_host_key()
        return True

    def start(self, talk: Coroutine[None, None, None]) -> None:
        """Let a terminal talk in the background; ``close`` ends it."""
        task = asyncio.get_running_loop().create_task(talk)
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)

    def session(self) -> Session:
        """Give the state of a new login."""
        enable = self.login.enable_password
        return Session(device=self.device, enable_password=self.login.password if enable is None else enable)


class _Connection(asyncssh.SSHServer):
    """asyncssh's view of one connection."""

    def __init__(self, server: SwitchServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connected(self, conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._server.disconnected(self)

    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._server.admits(username, password)

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        del lang, submethods
        self._user = username
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        return len(responses) == 1 and self._server.admits(username, responses[0])

    def session_requested(self) -> _Channel:
        return _Channel(self._server)


class _Channel(asyncssh.SSHServerSession[bytes]):
    """asyncssh's view of one channel: keys go to a terminal."""

    def __init__(self, server: SwitchServer) -> None:
        self._server = server
        self._command: str | None = None
        self._terminal: Terminal | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._terminal = Terminal(self._server.logins, self._server.session(), chan, self._server)

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        del term_type, term_size, term_modes
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        if self._terminal is None:
            return
        talk = self._terminal.shell() if self._command is None else self._terminal.run_one(self._command)
        self._server.start(talk)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        del datatype
        if self._terminal is not None:
            self._terminal.data_received(data)

    def eof_received(self) -> bool:
        if self._terminal is not None:
            self._terminal.hang_up()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._terminal is not None:
            self._terminal.hang_up()


def build_server(
    *,
    model: str = "catalyst-l3",
    hostname: str = "sw1",
    login: Login,
    startup_config: str = "",
    source: str = "startup-config",
    dataplane: Dataplane | None = None,
    unplugged: Iterable[str] = (),
    faults: Faults | None = None,
    host_key: asyncssh.SSHKey | None = None,
) -> SwitchServer:
    """Put a switch together; ``listen`` starts it.

    Args:
        model: A name of ``hardware.MODELS``.
        hostname: Its name until the configuration says otherwise.
        login: Who may log in.
        startup_config: What it boots with; saved, too, so that `reload` comes back to it.
        source: What ``startup_config`` is called in messages.
        dataplane: What forwards frames; left out, nothing does and every port has a link.
        unplugged: Without a data plane, ports that have none.
        faults: What goes wrong.
        host_key: Its SSH key; left out, a new one.

    Raises:
        ConfigError: No such model, or the startup configuration was complained about.
    """
    hardware = hardware_of(model)
    device = Device.fresh(hardware, hostname)
    if startup_config:
        command_line.load(device, startup_config, source=source)
        device.save()
        device.saves = 0
    if dataplane is None:
        dataplane = NoDataplane.with_all_links(hardware.ports)
        dataplane.links.difference_update(str(named(port)) for port in unplugged)
    extra: dict[str, Any] = {} if host_key is None else {"host_key": host_key}  # Any: keyword arguments
    return SwitchServer(device=device, login=login, dataplane=dataplane, faults=faults or Faults(), **extra)


@contextlib.asynccontextmanager
async def serving(
    server: SwitchServer, address: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[SwitchServer]:
    """Run a server on the current event loop."""
    await server.listen(address, port)
    try:
        yield server
    finally:
        await server.close()
