"""What one host knows of its addresses without Redis: which MAC has which, and what is still to be released.

A file, because dockerd asks again for what it had when Redis, the network or this program were away, and because a
release that Docker told us of is told only once. Written by the agent alone, from several threads.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from trunkline.orchestrator.errors import PermanentError
from trunkline.orchestrator.models import Address

FILE = "addresses.db"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pools (pool TEXT PRIMARY KEY, gateway TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS endpoints (
  pool TEXT NOT NULL, address TEXT NOT NULL, interface TEXT NOT NULL, mac TEXT NOT NULL,
  given_at REAL NOT NULL, PRIMARY KEY (pool, address)
);
CREATE TABLE IF NOT EXISTS releases (
  number INTEGER PRIMARY KEY AUTOINCREMENT, pool TEXT NOT NULL, address TEXT NOT NULL, mac TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEndpoint:
    """An address that was given to the engine. ``interface`` is as the engine was told: with the pool's mask."""

    address: Address
    interface: str
    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that the ledger does not know of yet."""

    number: int
    pool: str
    address: Address
    mac: str


class Book:
    """The file. Every change is whole and survives the end of this process."""

    def __init__(self, folder: Path) -> None:
        """Open it, or make it.

        Raises:
            PermanentError: the folder cannot be written, or the file is damaged.
        """
        self._path = folder / FILE
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            # A power cut may cost the last moments; it ends the containers too, and the engine then asks anew.
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.executescript(_SCHEMA)
            columns = {row[1] for row in self._file.execute("PRAGMA table_info(endpoints)")}
            if "given_at" not in columns:  # written by an older version
                self._file.execute("ALTER TABLE endpoints ADD COLUMN given_at REAL NOT NULL DEFAULT 0")
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def open_pool(self, pool: str, gateway: str) -> None:
        """Remember a pool and the gateway the engine was told, with its mask; empty when there is none."""
        with self._change() as file:
            file.execute("INSERT OR REPLACE INTO pools VALUES (?, ?)", (pool, gateway))

    def gateway(self, pool: str) -> str | None:
        """Give the gateway of a pool; None when the pool is not known."""
        with self._change() as file:
            row = file.execute("SELECT gateway FROM pools WHERE pool = ?", (pool,)).fetchone()
        return None if row is None else str(row[0])

    def close_pool(self, pool: str) -> None:
        """Forget a pool."""
        with self._change() as file:
            file.execute("DELETE FROM pools WHERE pool = ?", (pool,))

    def enter(self, pool: str, endpoint: BookedEndpoint) -> None:
        """Note that the engine was given an address."""
        row = (pool, str(endpoint.address), endpoint.interface, endpoint.mac, time.time())
        with self._change() as file:
            file.execute("INSERT OR REPLACE INTO endpoints VALUES (?, ?, ?, ?, ?)", row)

    def given_before(self, moment: float) -> tuple[tuple[str, BookedEndpoint], ...]:
        """Give what was given before a moment, in seconds since the epoch by this host's clock, with its pool."""
        with self._change() as file:
            rows = file.execute(
                "SELECT pool, address, interface, mac FROM endpoints WHERE given_at < ?", (moment,)
            ).fetchall()
        return tuple(
            (pool, BookedEndpoint(address=ip_address(address), interface=interface, mac=mac))
            for pool, address, interface, mac in rows
        )

    def find(self, pool: str, address: Address) -> BookedEndpoint | None:
        """Give what is known of an address."""
        with self._change() as file:
            row = file.execute(
                "SELECT interface, mac FROM endpoints WHERE pool = ? AND address = ?", (pool, str(address))
            ).fetchone()
        return None if row is None else BookedEndpoint(address=address, interface=row[0], mac=row[1])

    def release(self, pool: str, address: Address) -> bool:
        """Move an address to what is to be released, in one step; False when it is not in the book."""
        where = (pool, str(address))
        with self._change() as file:
            file.execute(
                "INSERT INTO releases (pool, address, mac)"
                " SELECT pool, address, mac FROM endpoints WHERE pool = ? AND address = ?",
                where,
            )
            return file.execute("DELETE FROM endpoints WHERE pool = ? AND address = ?", where).rowcount > 0

    def releases(self, most: int) -> tuple[Release, ...]:
        """Give the oldest releases."""
        with self._change() as file:
            rows = file.execute("SELECT * FROM releases ORDER BY number LIMIT ?", (most,)).fetchall()
        return tuple(_release(*row) for row in rows)

    def releases_before(self, pool: str, address: Address | None, mac: str) -> tuple[Release, ...]:
        """Give the releases to tell before this address, or this MAC, is given an endpoint again; the oldest first."""
        with self._change() as file:
            rows = file.execute(
                "SELECT * FROM releases WHERE (pool = ? AND address = ?) OR (mac = ? AND mac != '') ORDER BY number",
                (pool, str(address), mac),
            ).fetchall()
        return tuple(_release(*row) for row in rows)

    def is_due(self, release: Release) -> bool:
        """Say whether a release is still to be told."""
        with self._change() as file:
            row = file.execute("SELECT 1 FROM releases WHERE number = ?", (release.number,)).fetchone()
        return row is not None

    def delivered(self, number: int) -> None:
        """Strike a release off."""
        with self._change() as file:
            file.execute("DELETE FROM releases WHERE number = ?", (number,))

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._file.execute("BEGIN IMMEDIATE")
                try:
                    yield self._file
                except BaseException:
                    self._file.execute("ROLLBACK")
                    raise
                self._file.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._broken(error) from error

    def _broken(self, error: Exception) -> PermanentError:
        return PermanentError(
            f"cannot be used ({error})",
            subject=f"address book {self._path}",
            fix="make room or correct its owner; a damaged one may be removed, the record has the same",
        )


def _release(number: int, pool: str, address: str, mac: str) -> Release:
    return Release(number=number, pool=pool, address=ip_address(address), mac=mac)
