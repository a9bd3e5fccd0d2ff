"""A socket that systemd listens on for us (sd_listen_fds(3)): who connects while we restart waits, and is answered."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

from trunkline.orchestrator.errors import ConfigError

FIRST = 3
"""The first descriptor that is handed over."""
NAMES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def handed_over(
    environment: MutableMapping[str, str] = os.environ, *, first: int = FIRST
) -> socket.socket | None:
    """Take the socket over; None when none was handed to this process. Its children get neither it nor the variables.

    Args:
        environment: The process's own.
        first: Number of the descriptor.

    Raises:
        ConfigError: it is not one Unix stream socket that listens.
    """
    said = {name: environment.pop(name, "") for name in NAMES}
    if said["LISTEN_PID"] != str(os.getpid()) or said["LISTEN_FDS"] in {"", "0"}:
        return None
    if said["LISTEN_FDS"] != "1":
        raise _wrong(f"hands over {said['LISTEN_FDS']} sockets instead of one")
    os.set_inheritable(first, False)  # noqa: FBT003  # the library's signature
    try:
        taken = socket.socket(fileno=first)
    except OSError as error:
        raise _wrong("hands over something that is no socket") from error
    listens = taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if (taken.family, taken.type) != (socket.AF_UNIX, socket.SOCK_STREAM) or not listens:
        taken.detach()
        raise _wrong("hands over a socket of another kind")
    return taken


def _wrong(what: str) -> ConfigError:
    return ConfigError(
        what,
        subject="systemd's socket unit",
        fix="let it have one `ListenStream=/run/docker/plugins/trunkline.sock` and nothing else",
    )
