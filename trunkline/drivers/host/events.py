"""The event stream of a Docker engine, as small values. The end of a stream is an error, never an end of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import docker
import docker.errors
import requests

from trunkline.orchestrator.errors import Unreachable
from trunkline.orchestrator.models import ContainerId

CONNECT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvent:
    """Something happened; ``container`` is whom to look at, empty when it is about something else."""

    kind: str
    action: str
    container: ContainerId
    time: float


def read_events(url: str, since: float | None) -> Iterator[EngineEvent]:
    """Follow the engine's container and network events; the stream is open when this returns.

    Raises:
        Unreachable: the engine does not answer, or later, the stream ended.
    """
    subject = f"docker {url}"
    try:
        client: Any = docker.APIClient(base_url=url, version="auto", timeout=CONNECT_SECONDS)
        stream = client.events(
            since=None if since is None else f"{since:.9f}",
            filters={"type": ["container", "network"]},
            decode=True,
        )
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise Unreachable(f"cannot be watched ({type(error).__name__})", subject=subject) from error
    return _follow(stream, subject)


def _follow(stream: Any, subject: str) -> Iterator[EngineEvent]:
    try:
        for raw in stream:
            yield parse_event(raw)
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise Unreachable(f"its event stream broke ({type(error).__name__})", subject=subject) from error
    raise Unreachable("its event stream ended", subject=subject, fix="dockerd stops or restarts")


def parse_event(raw: Mapping[str, Any]) -> EngineEvent:
    """Read one event. Only the container's id is taken from it: the rest is looked up."""
    kind, actor = str(raw.get("Type", "")), raw.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    container = actor.get("ID", "") if kind == "container" else attributes.get("container", "")
    return EngineEvent(
        kind=kind,
        action=str(raw.get("Action", "")).partition(":")[0],
        container=ContainerId(str(container or "")),
        time=int(raw.get("timeNano", 0)) / 1e9,
    )
