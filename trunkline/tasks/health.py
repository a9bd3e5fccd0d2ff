"""Whether somebody does a role's work, for container and systemd health checks."""

from __future__ import annotations

from trunkline.orchestrator.errors import ConfigError, Unreachable
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import open_store

_STAMPS = {
    "switch": "queue:switch",
    "control": "queue:control",
    "host": "queue:host.{host}",
    "agent": "agent:{host}",
    "sweeper": "sweeper",
}


def check(settings: Settings, role: str, host: str | None) -> None:
    """Return when the role's stamp in the record is fresh.

    Raises:
        ConfigError: there is no such role, or it needs a host.
        Unreachable: nobody does this role's work.
    """
    if role not in _STAMPS:
        raise ConfigError(
            f"there is no role {role!r}", subject="health", fix=f"choose from {', '.join(_STAMPS)}"
        )
    if "{host}" in _STAMPS[role] and not host:
        raise ConfigError("needs a host", subject=f"health of {role}", fix="--host NAME or TRUNKLINE_HOST")
    stamp = _STAMPS[role].format(host=host)
    store = open_store(settings.redis_url, password=settings.redis_password())
    if stamp not in store.devices.alive():
        raise Unreachable("no sign of life", subject=stamp, fix="see the log of that process")
