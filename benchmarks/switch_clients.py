"""Those whom `switch_change` times: ours, a paste over one SSH session, bare netmiko; each over a delay line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncssh
import netmiko

from benchmarks.switch_device import HOSTNAME, NATIVE, PORTS, VLAN, BenchSwitch
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.engine import SwitchDriver, SwitchResult
from trunkline.drivers.switch.login import connect
from trunkline.drivers.switch.session import Session
from trunkline.orchestrator.intents import Carries, Claim, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import Credentials, PortName, SecretRef, Switch, SwitchName
from trunkline.orchestrator.vlans import Vid, VlanSet

LOOPBACK = "127.0.0.1"
MANAGED = VlanSet(range(2, 1000))


class Notes:
    """A journal that lets everything pass and keeps nothing."""

    def keep(self, text: str) -> None:
        """Not recorded."""

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        """Not recorded."""
        del lines, adding
        return ""

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        """Not recorded."""

    def still_unneeded(self, claim: Claim) -> bool:
        """Nobody needs anything."""
        del claim
        return True


def as_inventory(device: BenchSwitch, port: int) -> Switch:
    """Describe the switch as an inventory would, at this end of a delay line."""
    return Switch(
        name=SwitchName("sw1"),
        driver="cisco_ios",
        address=LOOPBACK,
        port=port,
        credentials=Credentials(username=device.user, password=SecretRef(kind="env", name="NOT_READ")),
        kind="l3switch",
        mode="enforce",
        managed_vlans=MANAGED,
        host_key=device.host_key,
    )


def the_intent(switch: Switch, count: int) -> SwitchIntent:
    """Want one VLAN on so many ports."""
    ports = [PortName(name) for name in PORTS[:count]]
    return SwitchIntent(
        switch=switch,
        generation=1,
        present=frozenset(
            {HasVlan(vlan=Vid(VLAN), name="tl-web"), *(Carries(port=port, vlan=Vid(VLAN)) for port in ports)}
        ),
        ports={port: PortRule(port=port, native_vlan=Vid(NATIVE)) for port in ports},
    )


def the_lines(count: int) -> list[str]:
    """Write what brings it there, as an operator would."""
    return [
        line
        for port in PORTS[:count]
        for line in (f"interface {port}", f"switchport trunk allowed vlan add {VLAN}")
    ]


@dataclass(slots=True)
class Ours:
    """The engine over its session; ``session`` is kept until `forget`."""

    device: BenchSwitch
    port: int
    session: Session | None = None

    def sync(self, count: int) -> SwitchResult:
        """Bring the switch there; logs in when there is no session."""
        switch = as_inventory(self.device, self.port)
        if self.session is None:
            self.session = connect(switch, GRAMMAR, secrets=lambda _: self.device.password)
        driver = SwitchDriver(switch, CiscoIos(), self.session)
        return driver.sync(the_intent(switch, count), journal=Notes())

    def forget(self) -> None:
        """End the session."""
        if self.session is not None:
            self.session.close()
        self.session = None


@dataclass(slots=True)
class Paste:
    """The floor: an SSH session over which lines go out at once; nothing is looked at but the last prompt."""

    device: BenchSwitch
    port: int
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _connection: asyncssh.SSHClientConnection | None = None
    _process: asyncssh.SSHClientProcess[bytes] | None = None

    def say(self, *pastes: Sequence[str]) -> float:
        """Paste, each to its last prompt; logs in when there is no session, as a part of the first paste."""
        began = time.perf_counter()
        for lines in pastes:
            self._loop.run_until_complete(self._paste(lines))
        return time.perf_counter() - began

    def forget(self) -> None:
        """End the session."""
        if self._connection is not None:
            self._connection.abort()
            self._loop.run_until_complete(self._connection.wait_closed())
        self._connection = self._process = None

    def close(self) -> None:
        """End all."""
        self.forget()
        self._loop.close()

    async def _paste(self, lines: Sequence[str]) -> None:
        prompts = len(lines)
        if self._process is None:
            self._process = await self._log_in()
            lines = ["enable", self.device.password, "terminal length 0", *lines]
            prompts += 3
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        prompt, rest = HOSTNAME.encode(), b""
        while prompts > 0 or not rest.rstrip().endswith((b"#", b">")):
            data = await self._process.stdout.read(1 << 20)
            if not data:
                raise ConnectionError("the switch hung up on the paste")
            rest += data
            prompts -= rest.count(prompt)
            rest = rest[rest.rfind(prompt) + len(prompt) :] if prompt in rest else rest[-len(prompt) :]

    async def _log_in(self) -> asyncssh.SSHClientProcess[bytes]:
        self._connection = await asyncssh.connect(
            LOOPBACK,
            self.port,
            username=self.device.user,
            password=self.device.password,
            known_hosts=None,
            config=None,
            client_keys=None,
            agent_path=None,
            preferred_auth="password",
        )
        return await self._connection.create_process(term_type="vt100", encoding=None)


@contextmanager
def bare_netmiko(device: BenchSwitch, port: int) -> Iterator[Any]:  # Any: netmiko builds classes at run time
    """Log in as netmiko's manual does, and become privileged."""
    with netmiko.ConnectHandler(
        device_type="cisco_ios",
        host=LOOPBACK,
        port=port,
        username=device.user,
        password=device.password,
        secret=device.password,
    ) as session:
        session.enable()
        yield session
