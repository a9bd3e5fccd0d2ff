"""Admin jobs: what was asked, who drives it, how far it is, what came of each device."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import DeviceKey
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.records import Job, JobState

_ORDER = f"{PREFIX}jobs"
KEPT = 500
"""So many of the newest jobs are kept."""
OVER = frozenset({"done", "failed", "cancelled"})


class Jobs:
    """One hash per job, one list for its log, one hash for its steps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, kind: str, *, who: str, why: str, arguments: Mapping[str, Any], dry_run: bool) -> Job:
        """Queue a job."""
        identity = uuid4().hex[:8]
        do = self._connection.do
        seconds, microseconds = do("TIME")
        created_at = int(seconds) + int(microseconds) / 1e6
        fields = {
            "kind": kind,
            "who": who,
            "why": why,
            "arguments": json.dumps(arguments, sort_keys=True),
            "dry_run": "1" if dry_run else "0",
            "state": "queued",
            "created_at": f"{created_at:.6f}",
        }
        do("HSET", _key(identity), *(word for pair in fields.items() for word in pair))
        do("LPUSH", _ORDER, identity)
        for old in do("LRANGE", _ORDER, KEPT, -1):
            do("DEL", _key(old), f"{_key(old)}:log", f"{_key(old)}:steps")
        do("LTRIM", _ORDER, 0, KEPT - 1)
        return self.get(identity)

    def get(self, job: str) -> Job:
        """Read one job.

        Raises:
            ConfigError: there is no such job.
        """
        fields = self._connection.do("HGETALL", _key(job))
        if not fields:
            raise ConfigError("is not on record", subject=f"job {job}", fix="see `trunkline jobs list`")
        return Job(
            id=job,
            kind=fields["kind"],
            who=fields["who"],
            why=fields["why"],
            arguments=json.loads(fields["arguments"]),
            dry_run=fields["dry_run"] == "1",
            state=fields["state"],
            created_at=float(fields["created_at"]),
            done=int(fields.get("done", 0)),
            total=int(fields.get("total", 0)),
            log=tuple(self._connection.do("LRANGE", f"{_key(job)}:log", 0, -1)),
            result=json.loads(fields["result"]) if "result" in fields else None,
        )

    def list(self) -> tuple[Job, ...]:
        """Read every job that is kept, the newest first."""
        return tuple(self.get(job) for job in self._connection.do("LRANGE", _ORDER, 0, -1))

    def claim(self, job: str, worker: str, seconds: float) -> bool:
        """Become the one who drives it; False when it is over or somebody else does."""
        return bool(self._connection.script("claim_job", job, worker, int(seconds * 1000)))

    def renew(self, job: str, worker: str, seconds: float) -> bool:
        """Stay the one who drives it; False when somebody else took over."""
        return bool(self._connection.script("renew_job", job, worker, int(seconds * 1000)))

    def progress(self, job: str, *, done: int, total: int) -> None:
        """Say how far it is."""
        self._connection.do("HSET", _key(job), "done", done, "total", total)

    def log(self, job: str, text: str) -> None:
        """Add a line to its log."""
        self._connection.do("RPUSH", f"{_key(job)}:log", text)

    def step(self, job: str, device: DeviceKey, result: Mapping[str, Any]) -> None:
        """Record what came of it on one device; the first result stays."""
        self._connection.do("HSETNX", f"{_key(job)}:steps", device, json.dumps(result, sort_keys=True))

    def steps(self, job: str) -> dict[DeviceKey, dict[str, Any]]:
        """Give the results so far."""
        pairs = self._connection.do("HGETALL", f"{_key(job)}:steps")
        return {DeviceKey(device): json.loads(text) for device, text in pairs.items()}

    def finish(self, job: str, *, state: JobState, result: Mapping[str, Any]) -> None:
        """End it; a job that is over stays as it is."""
        self._connection.script("finish_job", job, state, json.dumps(result, sort_keys=True))

    def cancel(self, job: str) -> None:
        """Ask that no further step is begun; a job that is over stays as it is.

        Raises:
            ConfigError: there is no such job.
        """
        if self.get(job).state not in OVER:
            self._connection.do("HSET", _key(job), "cancelled", "1")

    def cancelled(self, job: str) -> bool:
        """Say whether somebody cancelled it."""
        return bool(self._connection.do("HGET", _key(job), "cancelled"))


def _key(job: str) -> str:
    return f"{PREFIX}job:{job}"
