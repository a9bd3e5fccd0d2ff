"""How long to wait before the next try of a failing device. Pure but for the jitter."""

from __future__ import annotations

import random

LONGEST_SECONDS = 300.0


def backoff_seconds(fails: int) -> float:
    """Double per failure from 1 s to 5 min, less up to a quarter so that many do not return at once."""
    wait = min(LONGEST_SECONDS, 2.0 ** min(fails, 16))
    return wait * (0.75 + random.random() / 4)  # noqa: S311  # spreads load, protects nothing
