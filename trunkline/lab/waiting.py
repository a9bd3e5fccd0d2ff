"""Waits for a condition with a deadline; the only place of the lab that sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from trunkline.orchestrator.errors import Unreachable

Found = TypeVar("Found")
STEP_SECONDS = 0.05


def until(
    condition: Callable[[], Found | None],
    *,
    subject: str,
    what: str,
    seconds: float,
    because: Callable[[], str] = str,
) -> Found:
    """Ask again until the condition gives something true, and give that.

    Args:
        condition: Asked every 50 ms.
        subject: Which object is waited for, for the error.
        what: What did not happen, as a sentence without a full stop.
        seconds: Deadline.
        because: Gives more words for the error, such as the end of a log.

    Raises:
        Unreachable: The deadline passed.
    """
    limit = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > limit:
            words = because().strip()
            raise Unreachable(
                f"{what} within {seconds:g} s" + (f":\n{words}" if words else ""), subject=subject
            )
        time.sleep(STEP_SECONDS)
