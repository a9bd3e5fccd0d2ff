"""One kept session per switch in this process. Called by the switch worker."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from trunkline.drivers.switch.dialect import Grammar
from trunkline.drivers.switch.login import Secrets, connect
from trunkline.drivers.switch.session import SURE_SECONDS, Session, busy
from trunkline.orchestrator.models import Switch

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_PAUSE_SECONDS = 15.0
"""No sync thinks longer than this between two exchanges."""


class SessionPool:
    """One kept session per switch in this process, closed when idle; whoever syncs a switch holds its lease."""

    def __init__(self, *, secrets: Secrets, idle_seconds: float, ssh_config: Path | None = None) -> None:
        self._secrets = secrets
        self._ssh_config = ssh_config
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Session, str]] = {}
        self._careful: set[str] = set()
        """Switches that are sent one line at a time: with more at once something went wrong there."""

    def session(self, switch: Switch, grammar: Grammar) -> Session:
        """Give the kept session if it still answers, else a new one.

        Raises:
            Busy: another thread is in the middle of an exchange on it.
            OrchestratorError: as `connect`.
        """
        # A session understands its switch by the grammar of the driver that it was made for.
        way = (switch.address, switch.port, switch.jump, switch.patience)
        identity = repr((switch.driver, *way, switch.credentials, switch.host_key))
        with self._lock:
            if switch.name in self._kept and self._kept[switch.name][0].is_talking:
                raise busy(f"switch {switch.name}")
            kept = self._kept.pop(switch.name, None)
        if kept is not None:
            session, made_for = kept
            if made_for == identity and self._is_usable(session):
                self._keep(switch, session, identity)
                return session
            self._end(switch.name, session)
        session = connect(
            switch,
            grammar,
            secrets=self._secrets,
            careful=switch.name in self._careful,
            ssh_config=self._ssh_config,
        )
        self._keep(switch, session, identity)
        return session

    def close_idle(self) -> None:
        """Close sessions that were not used for a while, so that people find a free vty line.

        May be called from any thread: a session that waits for an answer is not idle.
        """
        silence = max(self._idle_seconds, LONGEST_PAUSE_SECONDS)
        with self._lock:
            old = [name for name, (session, _) in self._kept.items() if session.idle_seconds() >= silence]
            sessions = [(name, self._kept.pop(name)[0]) for name in old]
        for name, session in sessions:
            self._end(name, session)

    def close(self) -> None:
        """Close every session."""
        with self._lock:
            sessions = [session for session, _ in self._kept.values()]
            self._kept.clear()
        for session in sessions:
            session.close()

    def _is_usable(self, session: Session) -> bool:
        idle = session.idle_seconds()
        if idle < SURE_SECONDS:
            return not session.broken
        return idle < self._idle_seconds and session.is_usable()

    def _end(self, name: str, session: Session) -> None:
        """Close a session, and keep what it has learned about the switch."""
        (self._careful.add if session.careful else self._careful.discard)(name)
        session.close()

    def _keep(self, switch: Switch, session: Session, identity: str) -> None:
        with self._lock:
            self._kept[switch.name] = (session, identity)
