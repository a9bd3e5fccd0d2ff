"""The audit trail: what was about to be sent to which device, why, and what came back."""

from __future__ import annotations

import json
from dataclasses import replace

from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.records import Operation

_STREAM = f"{PREFIX}operations"
MOST = 100_000
LONGEST_REPLY = 2000


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
        """Give the newest operations, the oldest of them first."""
        entries = self._connection.do("XREVRANGE", _STREAM, "+", "-", "COUNT", most * 2)
        ended: dict[str, tuple[float, dict[str, str]]] = {}
        found: list[Operation] = []
        for identity, fields in entries:
            at = int(identity.partition("-")[0]) / 1000
            if "ended" in fields:
                outcome = json.loads(fields["ended"])
                ended[outcome["id"]] = (at, outcome)
                continue
            raw = json.loads(fields["began"])
            operation = Operation(
                who=raw["who"],
                why=raw["why"],
                device=raw["device"],
                lines=tuple(raw["lines"]),
                id=identity,
                at=at,
            )
            if identity in ended:
                finished_at, outcome = ended[identity]
                operation = replace(
                    operation, result=outcome["result"], reply=outcome["reply"], finished_at=finished_at
                )
            if device is None or operation.device == device:
                found.append(operation)
        return tuple(found[:most][::-1])
