"""Gives workers their devices: switches through kept sessions, this host through Docker and netlink."""

from __future__ import annotations

import time
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.orchestrator.errors import LoginRefused
from trunkline.orchestrator.settings import read_secret
from trunkline.orchestrator.sync.hosts import Machine
from trunkline.tasks.boot import write_links

if TYPE_CHECKING:
    from trunkline.orchestrator.models import HostName, Switch
    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import SwitchDriver


REFUSED_SECONDS = 900.0
"""A refused login is tried again only with other credentials, or after this long: lock-outs count tries."""


class Switches:
    """Opens switches; keeps one session per switch in this process.

    Two threads never use one session: whoever syncs a switch holds its lease.
    """

    def __init__(self, settings: Settings) -> None:
        from trunkline.drivers.switch.session import SessionPool

        self._settings = settings
        self._refused: dict[str, tuple[str, float]] = {}
        self._pool = SessionPool(secrets=read_secret, idle_seconds=settings.session_idle_seconds)

    def __call__(self, switch: Switch) -> SwitchDriver:
        """Open or reuse.

        Raises:
            OrchestratorError: unreachable, login refused, host key refused, unknown platform.
        """
        from trunkline.drivers.registry import dialect
        from trunkline.drivers.switch.engine import SwitchDriver

        speech = dialect(switch.driver, allowed=self._settings.dialects)
        digest = credentials_digest(switch)
        refused, until = self._refused.get(switch.name, ("", 0.0))
        if refused == digest and time.monotonic() < until:
            raise LoginRefused(
                f"it refused user {switch.credentials.username} before; the same credentials are not tried again soon",
                subject=f"switch {switch.name}",
                fix="correct them; new ones are tried at once",
            )
        try:
            session = self._pool.session(switch)
        except LoginRefused:
            self._refused[switch.name] = (digest, time.monotonic() + REFUSED_SECONDS)
            raise
        self._refused.pop(switch.name, None)
        return SwitchDriver(switch, speech, session)

    def close_idle(self) -> None:
        """End the sessions that nobody used for a while."""
        self._pool.close_idle()

    def close(self) -> None:
        """End every session."""
        self._pool.close()


def credentials_digest(switch: Switch) -> str:
    """Tell one set of credentials from another without keeping them."""
    login = switch.credentials
    secrets = [read_secret(ref) if ref else "" for ref in (login.password, login.enable)]
    return sha256("\0".join([login.username, *secrets, login.key_file or ""]).encode()).hexdigest()


def this_machine(name: HostName, context: Context) -> Machine:
    """Give the host this process runs on. The engine's URL comes from the inventory when there is one."""
    from trunkline.drivers.host.links import Links
    from trunkline.drivers.host.networks import Engine

    return Machine(
        name=name,
        engine=Engine(docker_url(name, context)),
        links=Links(),
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
