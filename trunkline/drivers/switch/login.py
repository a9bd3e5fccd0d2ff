"""SSH logins to switches, by netmiko: host key, credentials, prompt, enable. The only module that imports it.

Netmiko finds the prompt and enters the modes; what is said then is `session`'s.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import paramiko
from netmiko import ssh_dispatcher
from netmiko.exceptions import NetmikoAuthenticationException, NetmikoBaseException, ReadException

from trunkline.drivers.switch.dialect import Grammar
from trunkline.drivers.switch.dialogue import Dialogue, clean
from trunkline.drivers.switch.host_keys import Pinned, ssh_error
from trunkline.drivers.switch.session import Session
from trunkline.drivers.switch.wakeful import wakeful
from trunkline.drivers.switch.way import CONNECT_SECONDS, Way, open_way
from trunkline.orchestrator.errors import (
    HostKeyRefused,
    LoginRefused,
    PermanentError,
)
from trunkline.orchestrator.models import SecretRef, Switch

if TYPE_CHECKING:
    from pathlib import Path

BANNER_SECONDS = 15.0
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


def connect(
    switch: Switch,
    grammar: Grammar,
    *,
    secrets: Secrets,
    careful: bool = False,
    ssh_config: Path | None = None,
) -> Session:
    """Log in.

    Args:
        switch: Where, and as whom.
        grammar: How the device talks.
        secrets: Reads a secret.
        careful: One line at a time, since more at once went wrong there before.
        ssh_config: As for `way.open_way`.

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
    way = open_way(switch, ssh_config=ssh_config)
    with ExitStack() as unfinished:
        # Whatever ends a login, also the time limit of a worker, leaves no socket, program or password behind.
        unfinished.callback(way.close)
        try:
            connection = _client(switch, grammar, way, password, enable)
            unfinished.callback(_hang_up, connection, way)
            _log_in(connection, switch, grammar)
        except NetmikoAuthenticationException as error:
            raise LoginRefused(
                f"it refused user {login.username}",
                subject=subject,
                fix="correct the credentials in the inventory",
            ) from error
        except (NetmikoBaseException, paramiko.SSHException, OSError, ValueError, EOFError) as error:
            raise ssh_error(error, way, subject) from error
        channel, name = connection.remote_conn, str(connection.base_prompt)
        dialogue = Dialogue(channel, subject, grammar, hostname=name, patience=switch.patience)
        session = Session(dialogue, hang_up=partial(_hang_up, connection, way), careful=careful)
        unfinished.pop_all()
    if grammar.shell:
        session.enter_shell(grammar.shell)
    return session


def _hang_up(connection: Any, way: Way) -> None:
    """End the connection without asking the device, which may not answer any more."""
    # Netmiko takes its filter of log messages away only where it says goodbye.
    logging.getLogger("netmiko").removeFilter(connection._secrets_filter)  # noqa: SLF001  # it has no other way
    with suppress(OSError, EOFError, AttributeError):
        connection.remote_conn_pre.close()
    way.close()


def _client(switch: Switch, grammar: Grammar, way: Way, password: str, enable: str) -> Any:
    """Make netmiko's connection, which is opened later. Its types are not exported, hence Any."""
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
        sock=way.link,
        conn_timeout=CONNECT_SECONDS * switch.patience,
        auth_timeout=CONNECT_SECONDS * switch.patience,
        banner_timeout=BANNER_SECONDS * switch.patience,
        read_timeout_override=CONNECT_SECONDS * switch.patience if switch.patience > 1 else None,
        disabled_algorithms={"keys": [name for name in ALL_KEY_TYPES if name not in wanted]},
        auto_connect=False,
    )
    connection.key_policy = Pinned(pinned, subject)
    if grammar.greeting is not None:
        connection.special_login_handler = partial(
            _greet, connection, grammar, subject, CONNECT_SECONDS * switch.patience
        )
    return connection


def _log_in(connection: Any, switch: Switch, grammar: Grammar) -> None:
    """Let netmiko log in, find the prompt and enable, if so."""
    connection._open()  # noqa: SLF001  # netmiko's author names this as the way to set a key policy
    try:
        if grammar.enables and not connection.check_enable_mode():
            connection.enable(check_state=False)
    except (ValueError, ReadException) as error:
        raise LoginRefused(
            "it refused the enable password",
            subject=f"switch {switch.name}",
            fix="set credentials.enable in the inventory",
        ) from error


def _greet(connection: Any, grammar: Grammar, subject: str, seconds: float) -> None:
    """Wait for the first prompt in netmiko's place, which would answer what is asked before it."""
    expected = f"({grammar.greeting.pattern}|{grammar.question.pattern})" if grammar.greeting else ""
    shown = connection.read_until_pattern(pattern=expected, read_timeout=seconds, re_flags=re.IGNORECASE)
    if grammar.question.search(shown):
        raise PermanentError(
            f"asks a question at login: {clean(shown[-200:])!r}",
            subject=subject,
            fix="log in by hand and answer it; nothing is answered blindly",
        )
