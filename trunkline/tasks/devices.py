"""Gives workers their devices: switches through kept sessions, this host through Docker and netlink."""

from __future__ import annotations

from functools import partial
from hashlib import scrypt
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Protocol

from trunkline.orchestrator.errors import LoginRefused
from trunkline.orchestrator.models import switch_key
from trunkline.orchestrator.settings import read_secret
from trunkline.orchestrator.sync.hosts import Machine
from trunkline.tasks.boot import write_links

if TYPE_CHECKING:
    from trunkline.drivers.switch.dialect import Dialect
    from trunkline.orchestrator.models import DeviceKey, HostName, Switch
    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import SwitchDriver


class Refusals(Protocol):
    """Where refused credentials are remembered for all processes: the record's devices."""

    def refused(self, device: DeviceKey) -> str:
        """Give the mark of the credentials that a device refused; empty when it refused none."""

    def refuse(self, device: DeviceKey, mark: str) -> None:
        """Remember it; empty forgets."""


class Switches:
    """Opens switches; keeps one session per switch in this process.

    Two threads never use one session: whoever syncs a switch holds its lease.
    """

    def __init__(self, settings: Settings, refusals: Refusals) -> None:
        from trunkline.drivers.switch.pool import SessionPool

        self._settings = settings
        self._refusals = refusals
        self._dialects: dict[str, Dialect] = {}
        """By platform; to look for the installed ones takes 10 ms."""
        self._pool = SessionPool(
            secrets=read_secret,
            idle_seconds=settings.session_idle_seconds,
            ssh_config=settings.ssh_config,
        )

    def __call__(self, switch: Switch) -> SwitchDriver:
        """Open or reuse.

        Credentials that were refused are not tried again, by any process: lock-outs count tries.

        Raises:
            OrchestratorError: unreachable, login refused, host key refused, unknown platform.
        """
        from trunkline.drivers.switch.engine import SwitchDriver

        speech = self._dialect(switch.driver)
        key = switch_key(switch.name)
        refused = self._refusals.refused(key)
        if refused and credentials_mark(switch, salt=refused.partition(":")[0]) == refused:
            raise LoginRefused(
                f"it refused user {switch.credentials.username} before; the same credentials are not tried again",
                subject=f"switch {switch.name}",
                fix=f"correct them, or run `trunkline jobs run reconcile -d {switch.name}` to try them once more",
            )
        try:
            session = self._pool.session(switch, speech.grammar)
        except LoginRefused:
            self._refusals.refuse(key, credentials_mark(switch, salt=token_hex(8)))
            raise
        if refused:
            self._refusals.refuse(key, "")
        return SwitchDriver(switch, speech, session)

    def _dialect(self, platform: str) -> Dialect:
        from trunkline.drivers.registry import dialect

        if platform not in self._dialects:
            self._dialects[platform] = dialect(platform, allowed=self._settings.dialects)
        return self._dialects[platform]

    def close_idle(self) -> None:
        """End the sessions that nobody used for a while."""
        self._pool.close_idle()

    def close(self) -> None:
        """End every session."""
        self._pool.close()


def credentials_mark(switch: Switch, *, salt: str) -> str:
    """Tell one set of credentials from another without keeping them: salted, and slow to guess from."""
    login = switch.credentials
    secrets = [read_secret(ref) if ref else "" for ref in (login.password, login.enable)]
    material = "\0".join([login.username, *secrets, login.key_file or ""]).encode()
    return f"{salt}:{scrypt(material, salt=salt.encode(), n=2**14, r=8, p=1, dklen=16).hex()}"


def this_machine(name: HostName, context: Context) -> Machine:
    """Give the host this process runs on. The engine's URL comes from the inventory when there is one."""
    from trunkline.drivers.host.links import Links
    from trunkline.drivers.host.networks import Engine
    from trunkline.drivers.host.shims import Shims

    return Machine(
        name=name,
        engine=Engine(docker_url(name, context)),
        links=Links(context.settings.sysctl_net),
        shims=Shims(context.settings.sysctl_net),
        boot_id=boot_id(),
        keep=partial(write_links, context.settings.state_dir),
    )


def docker_url(name: HostName, context: Context) -> str:
    """Say where this host's engine listens; the usual socket until the inventory names another."""
    if context.store.inventory.current() is None:
        return "unix:///var/run/docker.sock"
    host = context.inventory().hosts.get(name)
    return host.docker if host else "unix:///var/run/docker.sock"


def boot_id() -> str:
    """Read the kernel's id of this boot, which tells a restart from a pause."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
