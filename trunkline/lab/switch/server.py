"""A switch that runs in a thread of its own: ``running_switch`` for tests and demos.

with running_switch(startup_config="hostname core1") as switch:
connect(switch.address, switch.port, switch.user, switch.password)
assert switch.config_lines == ["vlan 10", "name web", "exit"]
assert "web" in switch.show("show vlan brief")
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from ipaddress import ip_address
from typing import Any, TypeVar

import asyncssh

from trunkline.lab.switch import command_line, running_config
from trunkline.lab.switch.dataplane import Dataplane, LearnedMac, LearnedNeighbor, NoDataplane
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.faults import Faults
from trunkline.lab.switch.interface_names import named
from trunkline.lab.switch.lldp import Neighbor
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.ssh import Login, SwitchServer, build_server
from trunkline.lab.switch.state import SwitchState
from trunkline.lab.switch.terminal import Received

Result = TypeVar("Result")
EXAMPLE_PASSWORD = "switch-password"
START_SECONDS = 30.0
REQUEST_SECONDS = 60.0


class RunningSwitch:
    """A switch that runs in a thread of its own, as tests use it. Everything here may be called from any thread."""

    def __init__(self, server: SwitchServer, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self._loop = loop

    @property
    def address(self) -> str:
        """Where SSH listens."""
        return self.server.address

    @property
    def port(self) -> int:
        """Where SSH listens."""
        return self.server.port

    @property
    def user(self) -> str:
        """Login name."""
        return self.server.login.user

    @property
    def password(self) -> str:
        """Login password."""
        return self.server.login.password

    @property
    def enable_password(self) -> str:
        """What `enable` asks for."""
        login = self.server.login
        return login.password if login.enable_password is None else login.enable_password

    @property
    def host_key(self) -> str:
        """The host key as known_hosts has it: ``ssh-ed25519 AAAA...``."""
        return self.server.public_key

    @property
    def device(self) -> Device:
        """The box; ``device.saves``, ``device.reloads``, ``device.flash.startup``."""
        return self.server.device

    @property
    def state(self) -> SwitchState:
        """Its running state; do not change it from here, use ``configure``."""
        return self.server.device.state

    @property
    def transcript(self) -> list[Received]:
        """Every line received so far, with the mode it was executed in."""
        return list(self.server.transcript)

    @property
    def lines(self) -> list[str]:
        """The text of ``transcript``."""
        return [received.line for received in self.server.transcript]

    @property
    def config_lines(self) -> list[str]:
        """Lines executed in a configuration mode, without empty ones and `end`: what was pushed."""
        pushed = (r.line for r in self.server.transcript if r.mode.startswith("config"))
        return [line for line in pushed if line.strip() not in {"", "end"}]

    @property
    def logins(self) -> int:
        """Successful logins so far."""
        return self.server.logins

    @property
    def refused(self) -> int:
        """Connections and logins refused so far."""
        return self.server.refused

    @property
    def sessions(self) -> int:
        """Connections open now."""
        return self.server.sessions

    def wait_for_sessions(self, count: int, *, seconds: float = 10) -> None:
        """Wait until exactly so many connections are open.

        Raises:
            TimeoutError: There never were.
        """
        deadline = time.monotonic() + seconds
        while self.sessions != count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.sessions} sessions are open, not {count}")
            time.sleep(0.005)

    @property
    def running_config(self) -> str:
        """Its configuration, from ``version`` to ``end``."""
        return self._on_loop(lambda: running_config.full(self.server.device.state))

    @property
    def startup_config(self) -> str:
        """What a reload brings back; empty when nothing was ever saved."""
        return self.server.device.flash.startup

    def configure(self, text: str) -> None:
        """Type configuration lines at the console, out of every session's sight and off the transcript.

        Raises:
            ConfigError: The switch complained.
        """

        async def act() -> None:
            command_line.load(self.server.device, text, source="console")
            await self.server.follow()

        self._await(act())

    def show(self, command: str) -> str:
        """Give the output of a privileged command, off the transcript."""

        async def act() -> str:
            await self.server.look()
            session = Session(device=self.server.device, mode="enable")
            return command_line.CommandLine(session).execute(command)

        return self._await(act())

    def set_faults(self, faults: Faults | None = None, **keys: object) -> None:
        """Put faults in force, e.g. ``set_faults(events=[{"line": 3, "do": "drop"}])``; none heals it."""
        chosen = Faults.model_validate(keys) if faults is None else faults
        self._on_loop(lambda: self.server.set_faults(chosen))

    def plug(self, *ports: str) -> None:
        """Put cables in (without a data plane only)."""
        self._cables().links.update(str(named(port)) for port in ports)

    def unplug(self, *ports: str) -> None:
        """Pull cables (without a data plane only)."""
        self._cables().links.difference_update(str(named(port)) for port in ports)

    def learn(self, *, port: str, vlan: int, mac: str) -> None:
        """Let it hear an address, dotted as ``0200.0000.0001`` (without a data plane only)."""
        self._cables().macs.append(LearnedMac(vlan=vlan, mac=mac, port=str(named(port))))

    def forget_macs(self) -> None:
        """Let learned addresses age out (without a data plane only)."""
        self._cables().macs.clear()

    def resolve(self, address: str, *, interface: str, mac: str, age_minutes: int | None = 0) -> None:
        """Let an interface know the MAC of an IPv4 or IPv6 address (without a data plane only).

        An address whose age is None was configured.
        """
        self._cables().neighbors.append(
            LearnedNeighbor(
                interface=str(named(interface)),
                address=ip_address(address),
                mac=mac,
                age_minutes=age_minutes,
            )
        )

    def err_disable(self, port: str, reason: str) -> None:
        """Let it shut a port down by itself."""
        self._on_loop(lambda: self.server.device.err_disabled.__setitem__(str(named(port)), reason))

    def let_the_timer_end(self) -> None:
        """Let the time be over in which a change could be confirmed."""

        def end() -> None:
            self.server.device.revert_at = 0.0
            self.server.device.tick()

        self._on_loop(end)

    def neighbors(self, *neighbors: Neighbor) -> None:
        """Say who LLDP hears."""
        self._on_loop(lambda: self.server.device.neighbors.__setitem__(slice(None), neighbors))

    def change_host_key(self) -> str:
        """Show another host key from now on; give it."""
        self._on_loop(self.server.change_host_key)
        return self.host_key

    def drop_sessions(self) -> None:
        """Cut every connection."""
        self._on_loop(self.server.drop_sessions)

    def reload(self) -> None:
        """Restart: what was not saved is lost."""
        self._await(self.server.reload())

    def _cables(self) -> NoDataplane:
        if not isinstance(self.server.dataplane, NoDataplane):
            raise TypeError("cables are real here; plug and unplug them with ip link")
        return self.server.dataplane

    def _on_loop(self, function: Callable[[], Result]) -> Result:
        async def act() -> Result:
            return function()

        return self._await(act())

    def _await(
        self, work: Coroutine[Any, Any, Result]
    ) -> Result:  # Any: what a coroutine yields is its loop's business
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(REQUEST_SECONDS)


@contextlib.contextmanager
def running_switch(
    *,
    model: str = "catalyst-l3",
    hostname: str = "sw1",
    user: str = "admin",
    password: str = EXAMPLE_PASSWORD,
    enable_password: str | None = None,
    startup_config: str = "",
    dataplane: Dataplane | None = None,
    unplugged: Iterable[str] = (),
    faults: Faults | None = None,
    host_key: asyncssh.SSHKey | None = None,
    address: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[RunningSwitch]:
    """Run a switch in a thread of its own; see ``build_server`` for most arguments.

    Raises:
        ConfigError: As ``build_server``.
        Unreachable: The address cannot be listened on.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"switch {hostname}", daemon=True)
    thread.start()
    try:
        server = build_server(
            model=model,
            hostname=hostname,
            login=Login(user=user, password=password, enable_password=enable_password),
            startup_config=startup_config,
            dataplane=dataplane,
            unplugged=unplugged,
            faults=faults,
            host_key=host_key,
        )
        asyncio.run_coroutine_threadsafe(server.listen(address, port), loop).result(START_SECONDS)
        try:
            yield RunningSwitch(server, loop)
        finally:
            asyncio.run_coroutine_threadsafe(server.close(), loop).result(START_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)
        loop.close()
