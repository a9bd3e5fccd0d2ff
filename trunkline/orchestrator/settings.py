"""Settings of one process, from TRUNKLINE_* environment variables; secrets by reference."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import SecretRef


class Settings(BaseSettings):
    """What differs between machines. Everything about the network is in the inventory instead."""

    model_config = SettingsConfigDict(env_prefix="TRUNKLINE_", env_nested_delimiter="__", extra="forbid")

    redis_url: str = Field(
        default="redis://127.0.0.1:6379/1", description="The record: desired state, leases, jobs."
    )
    broker_url: str = Field(
        default="redis://127.0.0.1:6379/0", description="Celery's queue; another database or server."
    )
    redis_password_file: Path | None = Field(
        default=None, description="First line is the password for both URLs."
    )
    host: str | None = Field(
        default=None, description="This machine's name in the inventory, on Docker hosts."
    )
    lease_seconds: float = Field(
        default=60.0, gt=1, description="How long a device lease lives without renewal."
    )
    sweep_seconds: float = Field(
        default=60.0, gt=0, description="Every device is synced this often even if nothing rang."
    )
    drain_deadline_seconds: float = Field(
        default=60.0, gt=0, description="One task works at most this long on a device."
    )
    stale_after_sweeps: float = Field(
        default=2.0, gt=0, description="An older host report proves nothing any more."
    )
    session_idle_seconds: float = Field(
        default=60.0, ge=0, description="A switch session unused this long is closed."
    )
    ssh_config: Path | None = Field(
        default=None, description="OpenSSH configuration with the jump hosts that lead to switches."
    )
    dialects: frozenset[str] = Field(
        default=frozenset({"cisco_ios"}), description="Names of the dialect plug-ins that may be loaded."
    )
    state_dir: Path = Field(
        default=Path("/var/lib/trunkline"), description="Backups, links to restore at boot."
    )
    sysctl_net: Path = Field(
        default=Path("/proc/sys/net"),
        description="The network settings of this host's kernel; elsewhere in a container.",
    )
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("redis_url", "broker_url")
    @classmethod
    def _is_redis(cls, url: str, info: ValidationInfo) -> str:
        parts = urlsplit(url)
        schemes = ["redis", "rediss"] + ["unix"] * (info.field_name == "redis_url")  # Celery knows no sockets
        if parts.scheme not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        # Redis's client takes what is no number for database 0.
        if parts.scheme != "unix" and not re.fullmatch(r"(?:/\d*)?", parts.path):
            raise ValueError("must end in the number of a database, for example /1")
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme != "unix" and (not parts.hostname or port == 0):
            raise ValueError("must name a server, for example redis://127.0.0.1:6379/1")
        return url

    def redis_password(self) -> str | None:
        """Read the password for both Redis URLs; None when no file is configured."""
        if self.redis_password_file is None:
            return None
        return read_secret(SecretRef(kind="file", name=str(self.redis_password_file)))

    @property
    def stale_after_seconds(self) -> float:
        """Age in seconds beyond which an observation proves nothing (promise I11)."""
        return self.sweep_seconds * self.stale_after_sweeps


def read_settings() -> Settings:
    """Read this process's settings.

    Raises:
        ConfigError: a variable has a value that cannot be used; names every such variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        found = "; ".join(
            f"TRUNKLINE_{'__'.join(map(str, item['loc'])).upper()} {item['msg'].lower().removeprefix('value error, ')}"
            for item in error.errors()
        )
        raise ConfigError(found, subject="settings", fix="correct the environment variable") from error


def read_secret(ref: SecretRef) -> str:
    """Fetch a secret from where the reference points.

    Raises:
        ConfigError: the file or variable is missing or empty. The message names the place, never the content.
    """
    subject = f"secret {ref.kind}:{ref.name}"
    if ref.kind == "env":
        value = os.environ.get(ref.name, "")
    else:
        try:
            value = Path(ref.name).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            what = f"cannot be read ({type(error).__name__})"
            raise ConfigError(
                what, subject=subject, fix="create it, readable by this process only"
            ) from error
    if not value:
        raise ConfigError("is empty", subject=subject, fix="put the secret there")
    return value
