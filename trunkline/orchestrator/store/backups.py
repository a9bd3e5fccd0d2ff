"""What a switch's configuration was before Trunkline changed it, without secrets: one text per session that wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import SwitchName
from trunkline.orchestrator.redaction import redact
from trunkline.orchestrator.store.connection import PREFIX, Connection

KEPT = 10
"""So many of the newest are kept of each switch, and the first: it shows the switch before Trunkline came."""
LONGEST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One of them.

    ``number`` counts from 1 for each switch. ``at`` is in seconds since the epoch. ``cut``: so many bytes at the end of
    the text were not kept.
    """

    number: int
    at: float
    why: str
    text: str
    cut: int = 0


class Backups:
    """One list per switch, the newest first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, switch: SwitchName, text: str, why: str) -> int:
        """Keep a text without its secrets, whole lines of it up to `LONGEST_BYTES`; give its number.

        One that says what the newest one says is not kept again: a change that fails over and over would push out what
        was there before it.
        """
        whole = redact(text).encode()
        kept = whole if len(whole) <= LONGEST_BYTES else whole[: whole.rfind(b"\n", 0, LONGEST_BYTES) + 1]
        cut = len(whole) - len(kept)
        newest = next(iter(self.list(switch)), None)
        if newest is not None and (newest.text, newest.cut) == (kept.decode(), cut):
            return newest.number
        do = self._connection.do
        seconds, microseconds = do("TIME")
        number = int(do("INCR", f"{_key(switch)}:count"))
        backup = json.dumps(
            {
                "number": number,
                "at": int(seconds) + int(microseconds) / 1e6,
                "why": why,
                "text": kept.decode(),
                "cut": cut,
            }
        )
        do("SET", f"{_key(switch)}:first", backup, "NX")
        do("LPUSH", _key(switch), backup)
        do("LTRIM", _key(switch), 0, KEPT - 1)
        return number

    def list(self, switch: SwitchName) -> tuple[Backup, ...]:
        """Give those that are kept of a switch, the newest first."""
        do = self._connection.do
        newest = [Backup(**json.loads(text)) for text in do("LRANGE", _key(switch), 0, -1)]
        text = do("GET", f"{_key(switch)}:first")
        first = [Backup(**json.loads(text))] if text else []
        return (*newest, *(each for each in first if each not in newest))

    def get(self, switch: SwitchName, number: int) -> Backup:
        """Give one.

        Raises:
            ConfigError: it is not kept.
        """
        kept = self.list(switch)
        for backup in kept:
            if backup.number == number:
                return backup
        numbers = (
            ", ".join(str(each.number) for each in kept)
            or "none; one is made before a session changes something"
        )
        raise ConfigError(
            f"has no session backup {number}", subject=f"switch {switch}", fix=f"there are: {numbers}"
        )


def _key(switch: SwitchName) -> str:
    return f"{PREFIX}backups:{switch}"
