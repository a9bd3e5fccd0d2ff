"""One connection to Redis, its scripts and its errors in our words. The record's modules share it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from trunkline.orchestrator.errors import StoreUnavailable

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
PREFIX = "tl:"
_FIXES: tuple[tuple[type[redis.RedisError], str], ...] = (
    (redis.AuthenticationError, "check TRUNKLINE_REDIS_PASSWORD_FILE"),
    (redis.exceptions.NoPermissionError, "check what the account may do in Redis's users.acl"),
    (redis.exceptions.ReadOnlyError, "point TRUNKLINE_REDIS_URL at the primary, this is a replica"),
    (redis.exceptions.OutOfMemoryError, "raise Redis's maxmemory"),
    (redis.BusyLoadingError, "wait until Redis has read its files"),
    (redis.ConnectionError, "start Redis, or check TRUNKLINE_REDIS_URL"),
    (redis.TimeoutError, "start Redis, or check TRUNKLINE_REDIS_URL"),
)
"""What to do about an error of redis-py; the first that fits, since some are kinds of others."""


class Connection:
    """Runs commands and scripts. Connects on first use.

    The client never repeats a command by itself: a reply that was lost after the commit would make it run twice.
    Every script is written so that the caller may repeat it.
    """

    def __init__(self, url: str, *, password: str | None = None) -> None:
        self.place = _without_password(url)
        options: dict[str, Any] = {"password": password} if password else {}  # redis-py's own keywords
        try:
            self._client = redis.Redis.from_url(
                url,
                decode_responses=True,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=CONNECT_SECONDS,
                retry=Retry(NoBackoff(), 0),
                **options,
            )
        except ValueError as error:
            raise StoreUnavailable(str(error), subject="record", fix="check TRUNKLINE_REDIS_URL") from error
        self._scripts: dict[str, str] = {}

    def do(self, *words: str | bytes | float) -> Any:
        """Run one command; the reply is Redis's own.

        Raises:
            StoreUnavailable: Redis is down, loading, full or refuses.
        """
        try:
            return self._client.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        except redis.RedisError as error:
            raise self._unavailable(error) from error

    def script(self, name: str, *arguments: str | bytes | float) -> Any:
        """Run ``lua/<name>.lua``; the reply is the script's.

        Raises:
            StoreUnavailable: as `do`.
        """
        try:
            if name in self._scripts:
                try:
                    return self._client.evalsha(self._scripts[name], 0, *arguments)
                except redis.exceptions.NoScriptError:
                    pass
            self._scripts[name] = self._client.script_load(source(name))
            return self._client.evalsha(self._scripts[name], 0, *arguments)
        except redis.RedisError as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _unavailable(self, error: redis.RedisError) -> StoreUnavailable:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        # The words Redis puts after the reason: which script failed where.
        text = text.partition(" script: ")[0]
        fix = next((words for kind, words in _FIXES if isinstance(error, kind)), "see Redis's log")
        if text.startswith("MISCONF"):
            fix = "make room on Redis's disk, see Redis's log"
        return StoreUnavailable(text, subject=f"record {self.place}", fix=fix)


def source(name: str) -> str:
    """Read a script with what all scripts share before it."""
    folder = files(__package__) / "lua"
    shared = (folder / "shared.lua").read_text(encoding="utf-8")
    return shared + (folder / f"{name}.lua").read_text(encoding="utf-8")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
