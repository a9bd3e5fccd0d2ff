"""Gives workers their devices: switches through kept sessions, this host through Docker and netlink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.orchestrator.settings import read_secret
from trunkline.orchestrator.sync.hosts import Machine

if TYPE_CHECKING:
    from trunkline.orchestrator.models import HostName, Switch
    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import SwitchDriver


class Switches:
    """Opens switches; keeps one session per switch in this process.

    Two threads never use one session: whoever syncs a switch holds its lease.
    """

    def __init__(self, settings: Settings) -> None:
        from trunkline.drivers.switch.session import SessionPool

        self._settings = settings
        self._pool = SessionPool(secrets=read_secret, idle_seconds=settings.session_idle_seconds)

    def __call__(self, switch: Switch) -> SwitchDriver:
        """Open or reuse.

        Raises:
            OrchestratorError: unreachable, login refused, host key refused, unknown platform.
        """
        from trunkline.drivers.registry import dialect
        from trunkline.drivers.switch.engine import SwitchDriver

        return SwitchDriver(
            switch, dialect(switch.driver, allowed=self._settings.dialects), self._pool.session(switch)
        )

    def close(self) -> None:
        """End every session."""
        self._pool.close()


def this_machine(name: HostName, context: Context) -> Machine:
    """Give the host this process runs on. The engine's URL comes from the inventory when there is one."""
    from trunkline.drivers.host.links import Links
    from trunkline.drivers.host.networks import Engine

    return Machine(name=name, engine=Engine(docker_url(name, context)), links=Links(), boot_id=boot_id())


def docker_url(name: HostName, context: Context) -> str:
    """Say where this host's engine listens; the usual socket until the inventory names another."""
    if context.store.inventory.current() is None:
        return "unix:///var/run/docker.sock"
    host = context.inventory().hosts.get(name)
    return host.docker if host else "unix:///var/run/docker.sock"


def boot_id() -> str:
    """Read the kernel's id of this boot, which tells a restart from a pause."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
