"""The event stream of a Docker engine, as small values. The end of a stream is an error, never an end of events."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3.exceptions

from trunkline.drivers.host.client import Client
from trunkline.orchestrator.errors import Unreachable
from trunkline.orchestrator.models import ContainerId

SILENCE_SECONDS = 20.0
"""After so long without an event the stream is opened anew, which a hanging engine does not survive."""
SILENCE = "silence"
CONTAINER_ACTIONS = ("create", "start", "die", "stop", "destroy", "rename", "update", "pause", "unpause")
NETWORK_ACTIONS = ("create", "connect", "disconnect", "destroy", "remove")
FILTERS = {"type": ["container", "network"], "event": [*CONTAINER_ACTIONS, *NETWORK_ACTIONS]}
"""Asked of the engine: a health check alone makes three events every few seconds that concern nobody here."""
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvent:
    """Something happened.

    Attributes:
        kind: ``container``, ``network``, or ``silence``: the engine answers, but nothing happened for a while.
        action: What happened, ``start``; without what follows a colon.
        container: Whom to look at; empty when it is about something else.
        time: Seconds since the epoch, by the engine's clock.
    """

    kind: str
    action: str
    container: ContainerId
    time: float


def read_events(
    url: str, since: float | None = None, *, silence_seconds: float = SILENCE_SECONDS
) -> Iterator[EngineEvent]:
    """Follow what happens on an engine; the engine is listening for us when this returns.

    Nothing that happens after the return is missed, and nothing comes twice. In silence a value of kind
    ``silence`` comes every ``silence_seconds``, after the engine has answered anew.

    Args:
        url: Where the engine listens.
        since: Seconds since the epoch to begin at, as far as the engine remembers (256 events); None is now.
        silence_seconds: How long to wait for an event.

    Raises:
        Unreachable: the engine does not answer, or later, the stream broke or ended.
    """
    client = Client(url)
    start = None if since is None else int(since * NANOSECONDS)
    return _follow(client, _open(client, start, silence_seconds), start, silence_seconds)


def _open(client: Client, since: int | None, silence_seconds: float) -> requests.Response:
    parameters = {"filters": json.dumps(FILTERS)}
    if since is not None:
        parameters["since"] = f"{since // NANOSECONDS}.{since % NANOSECONDS:09d}"
    return client.open("/events", parameters, silence_seconds=silence_seconds)


def _follow(
    client: Client, stream: requests.Response, since: int | None, silence_seconds: float
) -> Iterator[EngineEvent]:
    # By the engine's clock, in whole seconds: whatever it reports from now on is not older.
    newest = _clock(stream) if since is None else since
    known = 0
    with contextlib.closing(client):
        while True:
            with stream:
                for raw in _objects(stream, client.subject):
                    time = int(raw.get("timeNano") or 0)
                    if time > known:
                        newest = max(newest, time)
                        yield parse_event(raw)
            # What the engine remembers since then comes again, and is known up to here.
            known = newest
            stream = _open(client, newest, silence_seconds)
            yield EngineEvent(
                kind=SILENCE, action=SILENCE, container=ContainerId(""), time=_clock(stream) / NANOSECONDS
            )


def _objects(stream: requests.Response, subject: str) -> Iterator[dict[str, Any]]:
    """Read one JSON object per line; return in silence, raise when the stream is over."""
    try:
        for line in stream.iter_lines(chunk_size=None):
            raw = json.loads(line)
            if not isinstance(raw, dict):
                raise Unreachable("its events are no objects", subject=subject)
            yield raw
    except requests.ConnectionError as error:
        if isinstance(error.args[0], urllib3.exceptions.ReadTimeoutError):
            return
        raise Unreachable(f"its event stream broke ({type(error).__name__})", subject=subject) from error
    except (requests.RequestException, OSError, ValueError) as error:
        raise Unreachable(f"its event stream broke ({type(error).__name__})", subject=subject) from error
    raise Unreachable("its event stream ended", subject=subject, fix="dockerd stops or restarts")


def _clock(stream: requests.Response) -> int:
    """Read the engine's clock from its answer, in nanoseconds since the epoch (RFC 9110, 6.6.1)."""
    date = stream.headers.get("Date", "")
    return int(parsedate_to_datetime(date).timestamp()) * NANOSECONDS if date else 0


def parse_event(raw: Mapping[str, Any]) -> EngineEvent:
    """Read one event. Only the container's id is taken from it: everything else is looked up."""
    kind, actor = str(raw.get("Type") or ""), raw.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    container = actor.get("ID") if kind == "container" else attributes.get("container")
    return EngineEvent(
        kind=kind,
        action=str(raw.get("Action") or "").partition(":")[0],
        container=ContainerId(str(container or "")),
        time=int(raw.get("timeNano") or 0) / NANOSECONDS,
    )
