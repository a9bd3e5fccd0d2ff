"""The way to a switch's SSH server: straight, or through a jump host that OpenSSH goes to. For `login`.

OpenSSH knows more ways of proving who one is than anything else, so it makes the way (`ssh -W`) with its own keys,
known hosts and configuration, and asks nothing. What is said to the switch goes through it encrypted, so that the jump
host sees neither password nor lines.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import paramiko

from trunkline.orchestrator.errors import ConfigError, Unreachable

if TYPE_CHECKING:
    from trunkline.orchestrator.models import Switch

CONNECT_SECONDS = 10.0
LEAVE_SECONDS = 2.0
LONGEST_WORDS = 300
_JUMP = re.compile(r"(?:(?P<user>[^@]+)@)?(?P<host>[^@:]+)(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An open connection.

    Attributes:
        link: A socket with the switch's SSH server at its other end.
        through: What leads there, for messages; empty when nothing does.
    """

    link: socket.socket
    through: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _words: IO[bytes] | None = None

    def close(self) -> None:
        """End it, and the program that leads there."""
        self.link.close()
        if self._process is None:
            return
        try:
            self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            # It has a session of its own, and may have started others in it.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._words is not None:
            self._words.close()

    def said(self) -> str:
        """Give the last words of the program that leads there, printable; empty when it said nothing."""
        if self._words is None or self._words.closed:
            return ""
        if self._process is not None:
            # When the way ends, why it did is written a moment later.
            try:
                self._process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                return ""
        self._words.seek(0)
        text = self._words.read().decode("ascii", errors="replace")
        return ascii(" ".join(text.split()))[1:-1][-LONGEST_WORDS:]


def open_way(switch: Switch, *, ssh_config: Path | None = None) -> Way:
    """Connect to a switch's SSH server.

    Args:
        switch: Its address, its jump host, and how much patience it needs.
        ssh_config: An OpenSSH configuration. ``HostName``, ``ProxyJump`` and ``ProxyCommand`` count for the switch, all
            of it for the jump host. The inventory's jump host goes before.

    Raises:
        Unreachable: nobody answers there.
        ConfigError: the configuration cannot be read, or `ssh` is missing.
    """
    subject = f"switch {switch.name}"
    told = _configured(switch, ssh_config, subject)
    address, jump = told.get("hostname", switch.address), switch.jump or told.get("proxyjump")
    if jump is not None and jump != "none":
        return _through(["ssh", *_words(jump, address, switch, ssh_config)], f"jump host {jump}", subject)
    command = told.get("proxycommand")
    if command is not None and command != "none":
        return _through(shlex.split(command), "the ProxyCommand of the SSH configuration", subject)
    return Way(link=_dial(address, switch.port, subject, seconds=CONNECT_SECONDS * switch.patience))


def _configured(switch: Switch, ssh_config: Path | None, subject: str) -> dict[str, str]:
    if ssh_config is None:
        return {}
    try:
        # The first value of a key counts, and the inventory says the port.
        text = f"Port {switch.port}\n{ssh_config.read_text(encoding='utf-8')}"
        found = paramiko.SSHConfig.from_text(text).lookup(switch.address)
    except (OSError, UnicodeDecodeError, paramiko.SSHException) as error:
        raise ConfigError(
            f"the SSH configuration {ssh_config} cannot be read ({ascii(str(error))[1:-1][:200]})",
            subject=subject,
            fix="check TRUNKLINE_SSH_CONFIG",
        ) from error
    return {key: found[key] for key in ("hostname", "proxyjump", "proxycommand") if key in found}


def _words(jump: str, address: str, switch: Switch, ssh_config: Path | None) -> list[str]:
    """Write what `ssh` is to do; every word that comes from a file stands where no option is read."""
    *before, last = jump.split(",")
    found = _JUMP.fullmatch(last.strip())
    if found is None or last.strip().startswith("-"):
        raise ConfigError(
            f"jump host {ascii(last)[:80]} is none",
            subject=f"switch {switch.name}",
            fix="write user@host:port",
        )
    target = f"[{address}]:{switch.port}" if ":" in address else f"{address}:{switch.port}"
    words = ["-F", str(ssh_config)] if ssh_config is not None else []
    words += ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={int(CONNECT_SECONDS * switch.patience)}"]
    words += ["-J", ",".join(each.strip() for each in before)] if before else []
    words += ["-W", target]
    words += ["-p", found["port"]] if found["port"] else []
    words += ["-l", found["user"]] if found["user"] else []
    return [*words, "--", found["host"]]


def _through(command: list[str], through: str, subject: str) -> Way:
    ours, theirs = socket.socketpair()
    words = TemporaryFile()  # noqa: SIM115  # the way closes it
    try:
        # A list and no shell; what stands in it was checked when the inventory was read.
        ends = theirs.fileno()
        process = subprocess.Popen(command, stdin=ends, stdout=ends, stderr=words, start_new_session=True)
    except OSError as error:
        ours.close()
        words.close()
        raise ConfigError(
            f"{command[0] if command else 'nothing'} cannot be run ({error.strerror})",
            subject=subject,
            fix="install openssh-client, or correct the SSH configuration",
        ) from error
    finally:
        theirs.close()
    return Way(link=ours, through=through, _process=process, _words=words)


def _dial(address: str, port: int, subject: str, *, seconds: float) -> socket.socket:
    try:
        link = socket.create_connection((address, port), timeout=seconds)
    except OSError as error:
        raise Unreachable(
            f"{address}:{port} does not answer ({error.strerror or error})",
            subject=subject,
            fix="check its address, power and the way there",
        ) from error
    # Small packets wait for each other otherwise: 80 ms per login, measured.
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link
