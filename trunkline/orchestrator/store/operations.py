"""The audit trail: what was about to be sent to which device, why, and what came back."""

from __future__ import annotations

import json
from dataclasses import replace

from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.records import Operation

_STREAM = f"{PREFIX}operations"
MOST = 100_000
LONGEST_REPLY = 2000
AT_ONCE = 500
"""Entries of the stream that are read in one piece."""


class Operations:
    """An append-only stream. The beginning is written before the device is, the end after it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, operation: Operation) -> str:
        """Record what is about to be done; returns its id."""
        text = json.dumps(
            {
                "who": operation.who,
                "why": operation.why,
                "device": operation.device,
                "lines": list(operation.lines),
            }
        )
        return str(self._connection.do("XADD", _STREAM, "MAXLEN", "~", MOST, "*", "began", text))

    def finish(self, operation: str, *, result: str, reply: str) -> None:
        """Record what came of it."""
        text = json.dumps({"id": operation, "result": result, "reply": reply[:LONGEST_REPLY]})
        self._connection.do("XADD", _STREAM, "MAXLEN", "~", MOST, "*", "ended", text)

    def tail(self, most: int, *, device: str | None = None) -> tuple[Operation, ...]:
        """Give the newest operations, or those of one device, the oldest of them first."""
        ended: dict[str, tuple[float, dict[str, str]]] = {}
        found: list[Operation] = []
        last = "+"
        while len(found) < most:
            entries = self._connection.do("XREVRANGE", _STREAM, last, "-", "COUNT", AT_ONCE)
            for identity, fields in entries:
                if "ended" in fields:
                    outcome = json.loads(fields["ended"])
                    ended[outcome["id"]] = _moment(identity), outcome
                    continue
                operation = _operation(identity, fields["began"], ended.get(identity))
                if device is None or operation.device == device:
                    found.append(operation)
            if len(entries) < AT_ONCE:
                break
            last = f"({entries[-1][0]}"
        return tuple(found[:most][::-1])


def _moment(identity: str) -> float:
    return int(identity.partition("-")[0]) / 1000


def _operation(identity: str, began: str, end: tuple[float, dict[str, str]] | None) -> Operation:
    raw = json.loads(began)
    operation = Operation(
        who=raw["who"],
        why=raw["why"],
        device=raw["device"],
        lines=tuple(raw["lines"]),
        id=identity,
        at=_moment(identity),
    )
    if end is None:
        return operation
    return replace(operation, result=end[1]["result"], reply=end[1]["reply"], finished_at=end[0])
