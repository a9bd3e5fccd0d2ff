"""The agent's thread that tells the ledger what was released."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from trunkline.orchestrator.errors import StoreUnavailable
from trunkline.tasks import agent


@pytest.mark.parametrize("error", [StoreUnavailable("is away", subject="record"), ValueError("a defect")])
def test_releases_are_told_after_a_failure_of_any_kind(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(agent, "DELIVER_SECONDS", 0.01)
    stop, failures = threading.Event(), [error]

    def deliver() -> bool:
        if failures:
            raise failures.pop()
        stop.set()
        return True

    driver = SimpleNamespace(deliver=deliver, to_deliver=threading.Event())
    agent._deliver(driver, stop)  # type: ignore[arg-type]  # all that it uses of a driver
    assert stop.is_set()
