"""Versions of the inventory, and the host keys that were pinned by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable

from trunkline.orchestrator.errors import Busy
from trunkline.orchestrator.models import HostName, SwitchName
from trunkline.orchestrator.store.connection import PREFIX, Connection

_VERSIONS, _PINS = f"{PREFIX}inventory", f"{PREFIX}pins"


class Inventories:
    """Keeps every version that was ever applied."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, text: str, *, who: str, after: int | None = None, awaited: Iterable[HostName] = ()) -> int:
        """Store a new version; the newest one counts. Returns its number, from 1.

        Args:
            text: The inventory, as `dump` writes it.
            who: Who applies it.
            after: The version it was compared with, 0 for none; None does not care.
            awaited: The first version closes the ledger until these hosts have told what their containers use:
                the record may be new, or it was lost. Later versions only change who is waited for.

        Raises:
            Busy: somebody stored another version after that one.
        """
        entry = json.dumps({"text": text, "who": who}, sort_keys=True)
        known = "" if after is None else after
        number = int(self._connection.script("put_inventory", entry, known, *sorted(awaited)))
        if number < 0:
            raise Busy(
                f"version {-number} was applied meanwhile",
                subject="inventory",
                fix="run it again, and look at the difference to that one",
            )
        return number

    def current(self) -> tuple[int, str] | None:
        """Give the newest version's number and text; None before the first."""
        versions = self.history(last=1)
        return versions[0] if versions else None

    def history(self, *, last: int = 20) -> list[tuple[int, str]]:
        """Give the newest versions, the newest first."""
        count = int(self._connection.do("LLEN", _VERSIONS))
        entries = self._connection.do("LRANGE", _VERSIONS, max(0, count - last), count - 1) if count else []
        first = count - len(entries) + 1
        found = [(first + index, json.loads(entry)["text"]) for index, entry in enumerate(entries)]
        return found[::-1]

    def pin(self, switch: SwitchName, key: str, *, who: str) -> None:
        """Trust this SSH host key (``ssh-ed25519 AAAA...``) for the switch from now on."""
        self._connection.do("HSET", _PINS, switch, json.dumps({"key": key, "who": who}, sort_keys=True))

    def pins(self) -> dict[SwitchName, str]:
        """Give the pinned host key of each switch that has one."""
        pairs = self._connection.do("HGETALL", _PINS)
        return {SwitchName(name): json.loads(entry)["key"] for name, entry in pairs.items()}
