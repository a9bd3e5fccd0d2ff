"""Whom the driver tells what it writes; the switch sync is behind it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trunkline.orchestrator.intents import Claim


class Journal(Protocol):
    """Whom the engine tells before and after it writes, and asks before it takes something away."""

    def keep(self, text: str) -> None:
        """Keep what the switch was configured like before a session's first change."""

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        """Record the lines, and that these claims become ours; gives the operation's id."""

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        """Record what came back."""

    def still_unneeded(self, claim: Claim) -> bool:
        """Say whether nothing holds this claim now."""
