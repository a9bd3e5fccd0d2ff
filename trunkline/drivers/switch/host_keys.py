"""SSH host keys: asked for, compared with the pinned one, and what else goes wrong before a login. For `login`."""

from __future__ import annotations

import base64
import logging
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import paramiko

from trunkline.drivers.switch.dialogue import clean
from trunkline.drivers.switch.way import CONNECT_SECONDS, Way, open_way
from trunkline.orchestrator.errors import (
    HostKeyRefused,
    OrchestratorError,
    PermanentError,
    Unreachable,
)

if TYPE_CHECKING:
    from pathlib import Path

    from trunkline.orchestrator.models import Switch

# Paramiko's thread logs a traceback for every server that hangs up; what happened is in our errors.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """An SSH host key as a server shows it; ``fingerprint`` is OpenSSH's ``SHA256:...``."""

    type: str
    base64: str
    fingerprint: str


def scan_host_key(switch: Switch, *, ssh_config: Path | None = None) -> HostKey:
    """Ask a switch's SSH server for its host key. Nothing is sent that could identify us.

    Args:
        switch: Where it is.
        ssh_config: As for `way.open_way`.

    Raises:
        Unreachable: nobody answers, or not in SSH.
        PermanentError: the server offers only algorithms that are refused here.
    """
    way = open_way(switch, ssh_config=ssh_config)
    try:
        with paramiko.Transport(way.link) as transport:
            transport.start_client(timeout=CONNECT_SECONDS * switch.patience)
            key = transport.get_remote_server_key()
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise ssh_error(error, way, f"switch {switch.name}") from error
    finally:
        way.close()
    digest = base64.b64encode(sha256(key.asbytes()).digest()).decode().rstrip("=")
    return HostKey(type=key.get_name(), base64=key.get_base64(), fingerprint=f"SHA256:{digest}")


class Pinned(paramiko.MissingHostKeyPolicy):
    """Accepts one key and no other; anything else ends the connection before a password is sent."""

    def __init__(self, pin: str, subject: str) -> None:
        self._type, _, self._base64 = pin.partition(" ")
        self._subject = subject

    def missing_host_key(self, client: object, hostname: str, key: paramiko.PKey) -> None:
        """Compare."""
        del client, hostname
        if (key.get_name(), key.get_base64()) != (self._type, self._base64.split()[0]):
            raise HostKeyRefused(
                "shows another SSH host key than the pinned one; no password was sent",
                subject=self._subject,
                fix="find out why; if the switch was replaced, run `trunkline switch trust` again",
            )


def ssh_error(error: BaseException, way: Way, subject: str) -> OrchestratorError:
    """Give the error under which a failure of SSH is shown, with what whoever leads there said about it."""
    text = clean(str(error) or type(error).__name__)
    if re.search(r"no acceptable|Incompatible ssh|incompatible ssh|no matching", text):
        return PermanentError(
            f"it offers only SSH algorithms that are refused here ({text})",
            subject=subject,
            fix="configure rsa-sha2 and ecdh on it, or install trunkline[legacy-ssh] for SHA-1 devices",
        )
    if way.through and (said := way.said()):
        return Unreachable(
            f"{way.through} does not lead there: {said}",
            subject=subject,
            fix="try `ssh` to it by hand as the user of the switch worker; it must ask nothing",
        )
    return Unreachable(
        f"SSH failed ({text})", subject=subject, fix="see its log, and whether all its vty lines are taken"
    )
