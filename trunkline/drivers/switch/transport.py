"""What the engine needs of a session, and what a session gives back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.orchestrator.intents import Claim

LONGEST_REFUSAL = 400
"""So much of a line says whether it is a refusal; none of ours, which it may quote, is longer than 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A line the device refused, with its words (printable ASCII) and the claims that hang on it."""

    line: str
    reply: str
    claims: frozenset[Claim]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was sent in one configuration session or as one command, what came back, and what of it was refused."""

    sent: tuple[str, ...]
    reply: str
    refusals: tuple[Refusal, ...] = ()


class Transport(Protocol):
    """A logged-in session. After any exception it is not used again."""

    def query(self, command: str, grammar: Grammar) -> str:
        """Run a show command; gives its output without echo, prompt and log messages."""

    def ask(self, commands: Sequence[str], grammar: Grammar) -> Sequence[str]:
        """Run show commands, more than one on their way at once where that is safe; gives the outputs in order."""

    def execute(self, command: str, grammar: Grammar) -> Transcript:
        """Run a privileged command that changes something, outside of configuration mode."""

    @property
    def has_configured(self) -> bool:
        """Say whether this session was used to change anything."""

    def configure(self, blocks: Sequence[Block], grammar: Grammar, *, revert_minutes: int = 0) -> Transcript:
        """Send blocks in one configuration session; the mode is checked at every prompt.

        Args:
            blocks: What is to be sent.
            grammar: How the device talks.
            revert_minutes: After so many minutes the device takes all of it back unless it was confirmed; 0: never.
        """

    def confirm(self, grammar: Grammar) -> None:
        """Tell the device that what it would take back is good.

        Raises:
            CommandRejected: it does not take the word for it; it takes the change back in time.
        """

    def save(self, grammar: Grammar) -> None:
        """Save the running configuration.

        Raises:
            NotVerified: the device did not say that it did.
        """

    def close(self) -> None:
        """End the session."""


def is_refusal(output: str, grammar: Grammar) -> bool:
    """Say whether a reply is a refusal. Messages that only look like one are taken out first."""
    # Patterns look past blank lines and far into a line: many of the one or a long one of the other cost minutes.
    lines = (line[:LONGEST_REFUSAL] for line in output.split("\n") if line and not line.isspace())
    kept = "\n".join(line for line in lines if not grammar.benign.match(line))
    return grammar.rejected.search(kept) is not None
