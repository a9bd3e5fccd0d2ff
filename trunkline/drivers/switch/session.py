"""SSH sessions to switches: netmiko logs in, over its channel we talk. The only module that imports netmiko.

Netmiko finds the prompt and enters the modes; its own command loop sleeps between polls, so lines are sent and
read here: every echo is matched, every refusal belongs to its line, the mode is read off every prompt, and what
does not fit ends the session with an error. A session that raised anything is never used again.
"""

from __future__ import annotations

import base64
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

import paramiko
from netmiko import ConnectHandler
from netmiko.exceptions import NetmikoAuthenticationException, NetmikoBaseException, ReadException

from trunkline.drivers.switch.dialect import Answer, Block, Grammar
from trunkline.drivers.switch.transport import Refusal, Transcript, is_refusal
from trunkline.orchestrator.errors import (
    HostKeyRefused,
    LoginRefused,
    NotVerified,
    OrchestratorError,
    PermanentError,
    TransientError,
    Unreachable,
)
from trunkline.orchestrator.intents import Claim
from trunkline.orchestrator.models import SecretRef, Switch

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
"""So long a device may be silent before it has answered."""
LONGEST_ANSWER_SECONDS = 100.0
"""So long an answer may take in all, while it comes; a slow switch prints its configuration for a minute."""
SAVE_SECONDS = 100.0
WIDEST_WINDOW = 16
LONGEST_PAUSE_SECONDS = 15.0
"""No sync thinks longer than this between two exchanges."""
LONGEST_REPLY = 400
LONGEST_OUTPUT = 8_000_000
PAINTING = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[0-9A-Z=>])")
"""What a terminal does and nobody reads; ProCurve and AOS-CX paint their lines with it."""
NEW_LINE = re.compile(r"\x1bE|\x1b\[\d+;1H")
"""The ways of painting that begin a line."""
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

STEP_BACK = re.compile(r" \x1b\[\d+D")
"""Huawei prints a blank and steps back over it."""

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


def connect(switch: Switch, grammar: Grammar, *, secrets: Secrets) -> Session:
    """Log in.

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
    session = Session(connection, subject, grammar)
    if grammar.shell:
        session.enter_shell(grammar.shell)
    return session


def _log_in(switch: Switch, grammar: Grammar, link: socket.socket, password: str, enable: str) -> Any:
    """Let netmiko log in, find the prompt and enable, if so. Its types are not exported, hence Any."""
    subject = f"switch {switch.name}"
    pinned = switch.host_key or ""
    wanted = KEY_TYPES.get(pinned.partition(" ")[0], (pinned.partition(" ")[0],))
    connection: Any = ConnectHandler(
        device_type=grammar.netmiko or switch.driver,
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
            connection.enable()
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
            f"asks a question at login: {_clean(shown[-200:])!r}",
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
    text = _clean(str(error) or type(error).__name__)
    if re.search(r"no acceptable|Incompatible ssh|incompatible ssh|no matching", text):
        return PermanentError(
            f"it offers only SSH algorithms that are refused here ({text})",
            subject=subject,
            fix="configure rsa-sha2 and ecdh on it, or install trunkline[legacy-ssh] for SHA-1 devices",
        )
    return Unreachable(
        f"SSH failed ({text})", subject=subject, fix="see its log, and whether all its vty lines are taken"
    )


def _clean(text: str) -> str:
    """Make a device's words safe to show: printable ASCII on one line, cut."""
    words = re.sub(r"[^\x20-\x7e]+", " ", text)
    return re.sub(r" {2,}", " ", words).strip()[:LONGEST_REPLY]


@dataclass(slots=True)
class _Reader:
    """What came in and is not used yet, with a deadline on waiting for more."""

    channel: Any  # paramiko's channel
    subject: str
    text: str = ""

    def more(self, deadline: float, waiting_for: str) -> None:
        """Wait for at least one byte.

        Raises:
            TransientError: the deadline passed or the session ended.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise TransientError(
                f"no answer in time while waiting for {waiting_for}; last words: {_clean(self.text[-200:])!r}",
                subject=self.subject,
                fix="it is read again and finished later",
            )
        self.channel.settimeout(left)
        try:
            data = self.channel.recv(65536)
        except TimeoutError:
            return
        except OSError as error:
            data = b""
            del error
        if not data:
            raise TransientError(
                f"the session ended while waiting for {waiting_for}",
                subject=self.subject,
                fix="it is read again and finished later",
            )
        if len(self.text) > LONGEST_OUTPUT:
            raise PermanentError("its output has no end", subject=self.subject)
        self.text += data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "")
        if "\x1b" in self.text:
            self.text = PAINTING.sub("", NEW_LINE.sub("\n", STEP_BACK.sub("", self.text)))


@dataclass(slots=True)
class _Sent:
    line: str
    claims: frozenset[Any] = field(default_factory=frozenset)
    expect: str = ""
    block: int = -1


class Session:
    """A logged-in session on one switch, in privileged mode. Not for two threads at once."""

    def __init__(self, connection: Any, subject: str, grammar: Grammar) -> None:
        self._connection = connection  # netmiko's, untyped
        self._subject = subject
        # Some devices cut long host names in configuration prompts, so only the beginning is fixed.
        hostname = re.escape(str(connection.base_prompt)[: grammar.hostname_characters])
        self._prompt = re.compile(rf"(?:^|\n){grammar.prompt.replace('{hostname}', hostname)}")
        self._reader = _Reader(connection.remote_conn, subject)
        self.broken = False
        self._used_at: float | None = time.monotonic()
        """When the last exchange ended; None while one goes on."""

    def enter_shell(self, line: str) -> None:
        """Let a login shell make room for one with the grammar's prompt.

        Raises:
            TransientError: the prompt does not come; the session is closed.
        """
        try:
            with self._exchange():
                self._write(line)
                deadline = time.monotonic() + ANSWER_SECONDS
                # What a login shell echoes is edited on its way, so it proves nothing.
                while not self._prompt.search(self._reader.text):
                    self._reader.more(deadline, "the prompt of its shell")
                self._reader.text = ""
        except BaseException:
            self.close()
            raise

    def query(self, command: str, grammar: Grammar) -> str:
        """Run a show command; its refusal is its output."""
        with self._exchange():
            self._write(command)
            output, mode = self._answer(command, grammar)
            self._expect(mode, "", command)
        return grammar.log_line.sub("", output)

    def execute(self, command: str, grammar: Grammar) -> Transcript:
        """Run a privileged command that changes something, outside of configuration mode.

        Raises:
            TransientError: the session ended, froze, or was asked a question; what was done is unknown.
        """
        words = self.query(command, grammar)
        reply = _clean(words)
        refused = (Refusal(line=command, reply=reply, claims=frozenset()),)
        return Transcript(
            sent=(command,), reply=reply, refusals=refused if is_refusal(words, grammar) else ()
        )

    def configure(self, blocks: Sequence[Block], grammar: Grammar) -> Transcript:
        """Send blocks in one configuration session.

        A refused line ends its block; the other blocks are sent all the same.

        Raises:
            TransientError: the session ended, froze, or left its mode; what was applied is unknown.
        """
        with self._exchange():
            return _Push(self, blocks, grammar).run()

    def save(self, grammar: Grammar) -> None:
        """Save the running configuration, where that is a step of its own.

        Raises:
            NotVerified: the device did not say that it did.
        """
        if not grammar.save:
            return
        with self._exchange():
            self._write(grammar.save)
            output, _ = self._answer(
                grammar.save, grammar, silence=SAVE_SECONDS, expected=grammar.save_answer
            )
        if not grammar.saved.search(output):
            raise NotVerified(
                f"saving was not confirmed: {_clean(output)!r}", subject=self._subject, fix="save it by hand"
            )

    def is_usable(self) -> bool:
        """Probe the session with an empty line; a half-open connection looks alive until something is sent."""
        if self.broken:
            return False
        try:
            self._reader.text = ""
            self._write("")
            deadline = time.monotonic() + 2.0
            while not self._prompt.search(self._reader.text):
                self._reader.more(deadline, "its prompt")
            self._reader.text = ""
        except OrchestratorError:
            self.broken = True
        return not self.broken

    def close(self) -> None:
        """End the session without asking the device."""
        self.broken = True
        try:
            self._connection.remote_conn_pre.close()
        except (OSError, EOFError, AttributeError):
            return

    @contextmanager
    def _exchange(self) -> Iterator[None]:
        self._used_at = None
        try:
            yield
        except BaseException:
            self.broken = True
            raise
        finally:
            self._used_at = time.monotonic()

    def idle_seconds(self) -> float:
        """Tell how long ago the last exchange ended; 0 while one goes on."""
        used_at = self._used_at
        return 0.0 if used_at is None else time.monotonic() - used_at

    def _write(self, line: str) -> None:
        try:
            self._connection.remote_conn.sendall(line.encode("ascii") + b"\n")
        except OSError as error:
            raise TransientError("the session ended", subject=self._subject) from error

    def _answer(
        self,
        line: str,
        grammar: Grammar,
        *,
        silence: float = ANSWER_SECONDS,
        expected: Answer | None = None,
    ) -> tuple[str, str]:
        """Wait for the echo of a line and the prompt after its output.

        Args:
            line: What was sent.
            grammar: How the device talks.
            silence: So many seconds it may say nothing.
            expected: A question that may come, once, and what is answered.

        Returns:
            The output, and the mode that the prompt shows (empty outside configuration).

        Raises:
            TransientError: no echo, a question instead of a prompt, too long a silence, or no end.
        """
        reader = self._reader
        started = heard = time.monotonic()

        def more(waiting_for: str) -> None:
            nonlocal heard
            before = len(reader.text)
            reader.more(min(heard + silence, started + LONGEST_ANSWER_SECONDS), waiting_for)
            if len(reader.text) > before:
                heard = time.monotonic()

        echo = line.strip()
        while (start := reader.text.find(echo)) < 0:
            more(f"the echo of {echo!r}")
        after = start + len(echo)
        while (prompt := self._prompt.search(reader.text, after)) is None:
            asked = reader.text[after:]
            if expected is not None and expected.question.search(asked):
                self._write(expected.reply)
                after, expected = len(reader.text), None
                continue
            if grammar.question.search(asked):
                raise TransientError(
                    f"asks a question after {echo!r}: {_clean(asked)!r}",
                    subject=self._subject,
                    fix="answer it by hand; nothing is answered blindly",
                )
            more(f"the prompt after {echo!r}")
        output = reader.text[after : prompt.start()].strip("\n")
        reader.text = reader.text[prompt.end() :]
        return grammar.reply_of(output, prompt), grammar.mode_of(prompt)

    def _expect(self, mode: str, wanted: str, line: str) -> None:
        if mode != wanted:
            raise TransientError(
                f"is in mode {mode or 'exec'!r} after {line!r} instead of {wanted or 'exec'!r}",
                subject=self._subject,
                fix="somebody or something moved the session; it is dropped",
            )


class _Push:
    """One configuration session: lines go out in a window that grows while all is well."""

    def __init__(self, session: Session, blocks: Sequence[Block], grammar: Grammar) -> None:
        self._session = session
        self._blocks = blocks
        self._grammar = grammar
        self._window = 1
        self._sent: list[str] = []
        self._replies: list[str] = []
        self._refusals: list[Refusal] = []

    def run(self) -> Transcript:
        """Enter configuration mode if there is one, send every block, leave."""
        if self._grammar.enter_config:
            self._one(self._grammar.enter_config, "config")
        for block in self._blocks:
            self._block(block)
        if self._grammar.commit:
            self._commit()
        if self._grammar.leave_config:
            self._one(self._grammar.leave_config, "")
        return Transcript(
            sent=tuple(self._sent), reply="\n".join(self._replies), refusals=tuple(self._refusals)
        )

    def _commit(self) -> None:
        """Let all of it take effect, or nothing: a commit that is refused is refused for every block."""
        everything = frozenset[Claim]().union(*(block.claims for block in self._blocks))
        whole = Block(enter=self._grammar.commit, mode="config", lines=(), claims=everything)
        output = self._one(self._grammar.commit, "config", silence=SAVE_SECONDS)
        refused = self._refused(self._grammar.commit, output, whole)
        if not refused and self._grammar.committed is not None and not self._grammar.committed.search(output):
            reply = _clean(output) or "it did not say that it did"
            self._refusals.append(Refusal(line=self._grammar.commit, reply=reply, claims=everything))
            refused = True
        if refused:
            self._one(self._grammar.discard, "config")

    def _one(self, line: str, mode: str, *, silence: float = ANSWER_SECONDS) -> str:
        """Send a line of ours and insist on the mode after it."""
        self._session._write(line)  # noqa: SLF001  # the two classes are one mechanism
        output, now = self._read(line, silence=silence)
        self._session._expect(now, mode, line)  # noqa: SLF001  # as above
        return output

    def _read(self, line: str, *, silence: float = ANSWER_SECONDS) -> tuple[str, str]:
        return self._session._answer(line, self._grammar, silence=silence)  # noqa: SLF001  # as above

    def _block(self, block: Block) -> None:
        """Enter the block and see that it took, send its lines in the window, leave it."""
        self._session._write(block.enter)  # noqa: SLF001  # as above
        output, mode = self._read(block.enter)
        self._sent.append(block.enter)
        if self._refused(block.enter, output, block):
            if mode != self._grammar.outermost:
                self._one(self._grammar.leave_block, "config")
            return
        self._session._expect(mode, block.mode, block.enter)  # noqa: SLF001  # as above
        self._body(block)
        if block.mode != self._grammar.outermost:
            # Some commands take effect, and are refused, only when their sub-mode is left.
            self._refused(self._grammar.leave_block, self._one(self._grammar.leave_block, "config"), block)

    def _body(self, block: Block) -> None:
        waiting: list[str] = []
        lines = list(block.lines)
        stopped = False
        while waiting or (lines and not stopped):
            # A terminal in front of a shell echoes at once, not when the line's turn has come.
            window = 1 if block.stepwise or self._grammar.shell else self._window
            while lines and not stopped and len(waiting) < window:
                line = lines.pop(0)
                self._session._write(line)  # noqa: SLF001  # as above
                waiting.append(line)
                self._sent.append(f" {line}")
            line = waiting.pop(0)
            output, mode = self._read(line)
            if self._refused(line, output, block):
                stopped = True
                self._window = 1
            else:
                self._window = min(WIDEST_WINDOW, self._window * 2)
            self._session._expect(mode, block.mode, line)  # noqa: SLF001  # as above

    def _refused(self, line: str, output: str, block: Block) -> bool:
        words = self._grammar.log_line.sub("", output)
        if words.strip():
            self._replies.append(f"{line}: {_clean(words)}")
        if not is_refusal(words, self._grammar):
            return False
        self._refusals.append(Refusal(line=line, reply=_clean(words), claims=block.claims))
        return True


class SessionPool:
    """One kept session per switch in this process, closed when idle; whoever syncs a switch holds its lease."""

    def __init__(self, *, secrets: Secrets, idle_seconds: float) -> None:
        self._secrets = secrets
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Session, str]] = {}

    def session(self, switch: Switch, grammar: Grammar) -> Session:
        """Give the kept session if it still answers, else a new one.

        Raises:
            OrchestratorError: as `connect`.
        """
        identity = repr((switch.address, switch.port, switch.credentials, switch.host_key))
        with self._lock:
            kept = self._kept.pop(switch.name, None)
        if kept is not None:
            session, made_for = kept
            fresh = session.idle_seconds() < self._idle_seconds
            if made_for == identity and fresh and session.is_usable():
                self._keep(switch, session, identity)
                return session
            session.close()
        session = connect(switch, grammar, secrets=self._secrets)
        self._keep(switch, session, identity)
        return session

    def close_idle(self) -> None:
        """Close sessions that were not used for a while, so that people find a free vty line.

        May be called from any thread: a session that waits for an answer is not idle.
        """
        silence = max(self._idle_seconds, LONGEST_PAUSE_SECONDS)
        with self._lock:
            old = [name for name, (session, _) in self._kept.items() if session.idle_seconds() >= silence]
            sessions = [self._kept.pop(name)[0] for name in old]
        for session in sessions:
            session.close()

    def close(self) -> None:
        """Close every session."""
        with self._lock:
            sessions = [session for session, _ in self._kept.values()]
            self._kept.clear()
        for session in sessions:
            session.close()

    def _keep(self, switch: Switch, session: Session, identity: str) -> None:
        with self._lock:
            self._kept[switch.name] = (session, identity)
