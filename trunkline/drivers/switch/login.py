"""SSH logins to switches, by netmiko: host key, credentials, prompt, enable. The only module that imports it.

Netmiko finds the prompt and enters the modes; what is said then is `session`'s.
"""

from __future__ import annotations

import base64
import logging
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import paramiko
from netmiko import ssh_dispatcher
from netmiko.exceptions import NetmikoAuthenticationException, NetmikoBaseException, ReadException

from trunkline.drivers.switch.dialect import Grammar
from trunkline.drivers.switch.dialogue import Dialogue, clean
from trunkline.drivers.switch.session import Session
from trunkline.drivers.switch.wakeful import wakeful
from trunkline.orchestrator.errors import (
    HostKeyRefused,
    LoginRefused,
    OrchestratorError,
    PermanentError,
    Unreachable,
)
from trunkline.orchestrator.models import SecretRef, Switch

CONNECT_SECONDS = 10.0
KEY_TYPES = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
}
ALL_KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
)

Secrets = Callable[[SecretRef], str]

# Paramiko's thread logs a traceback for every server that hangs up; what happened is in our errors.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """An SSH host key as a server shows it; ``fingerprint`` is OpenSSH's ``SHA256:...``."""

    type: str
    base64: str
    fingerprint: str


def scan_host_key(address: str, port: int = 22, *, subject: str = "") -> HostKey:
    """Ask a server for its host key. Nothing is sent that could identify us.

    Args:
        address: Where it listens.
        port: And at which port.
        subject: What messages call it; its address when empty.

    Raises:
        Unreachable: nobody answers, or not in SSH.
        PermanentError: the server offers only algorithms that are refused here.
    """
    subject = subject or f"SSH server {address}:{port}"
    try:
        with _dial(address, port, subject) as link, paramiko.Transport(link) as transport:
            transport.start_client(timeout=CONNECT_SECONDS)
            key = transport.get_remote_server_key()
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise _ssh_error(error, subject) from error
    digest = base64.b64encode(sha256(key.asbytes()).digest()).decode().rstrip("=")
    return HostKey(type=key.get_name(), base64=key.get_base64(), fingerprint=f"SHA256:{digest}")


class _Pinned(paramiko.MissingHostKeyPolicy):
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


def connect(switch: Switch, grammar: Grammar, *, secrets: Secrets, careful: bool = False) -> Session:
    """Log in.

    Args:
        switch: Where, and as whom.
        grammar: How the device talks.
        secrets: Reads a secret.
        careful: One line at a time, since more at once went wrong there before.

    Raises:
        HostKeyRefused: no key is pinned, or the switch shows another; no password was sent.
        LoginRefused: it does not take the credentials; they must not be tried again.
        Unreachable: it does not answer.
        PermanentError: it speaks only algorithms that are refused here.
    """
    subject = f"switch {switch.name}"
    if switch.host_key is None:
        raise HostKeyRefused(
            "its SSH host key is not pinned, so no password is sent",
            subject=subject,
            fix=f"run `trunkline switch trust {switch.name}`",
        )
    login = switch.credentials
    password = secrets(login.password) if login.password else ""
    enable = secrets(login.enable) if login.enable else password
    link = _dial(switch.address, switch.port, subject)
    try:
        connection = _log_in(switch, grammar, link, password, enable)
    except OrchestratorError:
        link.close()
        raise
    except NetmikoAuthenticationException as error:
        link.close()
        raise LoginRefused(
            f"it refused user {login.username}",
            subject=subject,
            fix="correct the credentials in the inventory",
        ) from error
    except (NetmikoBaseException, paramiko.SSHException, OSError, ValueError, EOFError) as error:
        link.close()
        raise _ssh_error(error, subject) from error
    channel, name = connection.remote_conn, str(connection.base_prompt)
    dialogue = Dialogue(channel, subject, grammar, hostname=name)
    session = Session(dialogue, hang_up=partial(_hang_up, connection), careful=careful)
    if grammar.shell:
        session.enter_shell(grammar.shell)
    return session


def _hang_up(connection: Any) -> None:
    """End the connection without asking the device, which may not answer any more."""
    # Netmiko takes its filter of log messages away only where it says goodbye.
    logging.getLogger("netmiko").removeFilter(connection._secrets_filter)  # noqa: SLF001  # it has no other way
    with suppress(OSError, EOFError, AttributeError):
        connection.remote_conn_pre.close()


def _log_in(switch: Switch, grammar: Grammar, link: socket.socket, password: str, enable: str) -> Any:
    """Let netmiko log in, find the prompt and enable, if so. Its types are not exported, hence Any."""
    subject = f"switch {switch.name}"
    pinned = switch.host_key or ""
    wanted = KEY_TYPES.get(pinned.partition(" ")[0], (pinned.partition(" ")[0],))
    platform = grammar.netmiko or switch.driver
    connection = wakeful(ssh_dispatcher(platform))(
        device_type=platform,
        host=switch.address,
        port=switch.port,
        username=switch.credentials.username,
        password=password,
        secret=enable,
        use_keys=switch.credentials.key_file is not None,
        key_file=switch.credentials.key_file,
        sock=link,
        conn_timeout=CONNECT_SECONDS,
        auth_timeout=CONNECT_SECONDS,
        disabled_algorithms={"keys": [name for name in ALL_KEY_TYPES if name not in wanted]},
        auto_connect=False,
    )
    connection.key_policy = _Pinned(pinned, subject)
    if grammar.greeting is not None:
        connection.special_login_handler = partial(_greet, connection, grammar, subject)
    connection._open()  # noqa: SLF001  # netmiko's author names this as the way to set a key policy
    try:
        if grammar.enables and not connection.check_enable_mode():
            connection.enable(check_state=False)
    except (ValueError, ReadException) as error:
        connection.disconnect()
        raise LoginRefused(
            "it refused the enable password", subject=subject, fix="set credentials.enable in the inventory"
        ) from error
    return connection


def _greet(connection: Any, grammar: Grammar, subject: str) -> None:
    """Wait for the first prompt in netmiko's place, which would answer what is asked before it."""
    expected = f"({grammar.greeting.pattern}|{grammar.question.pattern})" if grammar.greeting else ""
    shown = connection.read_until_pattern(
        pattern=expected, read_timeout=CONNECT_SECONDS, re_flags=re.IGNORECASE
    )
    if grammar.question.search(shown):
        raise PermanentError(
            f"asks a question at login: {clean(shown[-200:])!r}",
            subject=subject,
            fix="log in by hand and answer it; nothing is answered blindly",
        )


def _dial(address: str, port: int, subject: str) -> socket.socket:
    try:
        link = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise Unreachable(
            f"{address}:{port} does not answer ({error.strerror or error})",
            subject=subject,
            fix="check its address, power and the way there",
        ) from error
    # Small packets wait for each other otherwise: 80 ms per login, measured.
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def _ssh_error(error: BaseException, subject: str) -> OrchestratorError:
    text = clean(str(error) or type(error).__name__)
    if re.search(r"no acceptable|Incompatible ssh|incompatible ssh|no matching", text):
        return PermanentError(
            f"it offers only SSH algorithms that are refused here ({text})",
            subject=subject,
            fix="configure rsa-sha2 and ecdh on it, or install trunkline[legacy-ssh] for SHA-1 devices",
        )
    return Unreachable(
        f"SSH failed ({text})", subject=subject, fix="see its log, and whether all its vty lines are taken"
    )
