"""Lets a gateway forget ARP and ND entries: ask, write, guard, journal, send, read back. Called by the engine.

A gateway believes its entries for hours (Cisco: four), so that an address that got another MAC would stay unreachable
from elsewhere for so long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.drivers.switch.dialect import Dialect, Forgetting, Query
from trunkline.drivers.switch.guards import check_commands
from trunkline.drivers.switch.journal import Journal
from trunkline.drivers.switch.reading import ask
from trunkline.drivers.switch.transport import Refusal, Transport
from trunkline.orchestrator.errors import CommandRejected, NotVerified, PermanentError
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import Switch

READS = 5
READ_AGAIN_SECONDS = 1.0
"""A switch asks the old MAC once more before it lets the entry go."""


def forget(
    neighbors: Sequence[Neighbor],
    *,
    switch: Switch,
    dialect: Dialect,
    transport: Transport,
    journal: Journal,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Clear the entries of these neighbors, and of nobody else where the switch knows how.

    Nothing is sent before it is known for all of them what would be, and that it may be.

    Args:
        neighbors: Whose entries must go; whether there are any does not matter.
        switch: In observe mode nothing is asked or sent.
        dialect: How to say it.
        transport: A session in privileged mode.
        journal: Told of every line before it is sent.
        pause: Waits so many seconds between two looks at an entry that is still there.

    Returns:
        The lines that the switch took.

    Raises:
        GuardRefused: a line must not be sent, or not about this VLAN.
        CommandRejected: the switch refused a line.
        NotVerified: an entry is still there that is too old to be a new one.
        Superseded: desired state moved on; what was not sent yet is not sent.
        OrchestratorError: an answer cannot be read, or the session failed.
    """
    if switch.mode != "enforce":
        return ()
    work = _Work(switch=switch, dialect=dialect, transport=transport, journal=journal, pause=pause)
    todo = [(each, how) for each in dict.fromkeys(neighbors) if (how := work.prepare(each)) is not None]
    # All are cleared before the first one is looked at, so that the switch asks their old MACs at the same time.
    taken = [(work.clear(how), time.monotonic()) for _, how in todo]
    for (neighbor, how), (_, cleared_at) in zip(todo, taken, strict=True):
        work.prove(neighbor, how, cleared_at)
    return tuple(command for command, _ in taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    switch: Switch
    dialect: Dialect
    transport: Transport
    journal: Journal
    pause: Callable[[float], None]

    @property
    def subject(self) -> str:
        return f"switch {self.switch.name}"

    def prepare(self, neighbor: Neighbor) -> Forgetting | None:
        """Find out how a neighbor is forgotten there, and that this may be sent."""
        gateway = self._ask(self.dialect.gateway_query(neighbor))
        try:
            how = self.dialect.forget(neighbor, gateway)
        except ValueError as error:
            raise PermanentError(
                f"{neighbor.address} cannot be forgotten: {ascii(str(error))[1:-1][:300]}",
                subject=self.subject,
                fix="clear its entry by hand",
            ) from error
        if how is not None:
            check_commands(how.commands, self.dialect.grammar, switch=self.switch, neighbor=neighbor)
        return how

    def clear(self, how: Forgetting) -> str:
        """Send the first command that the switch knows; give it."""
        for command in how.commands[:-1]:
            refusal = self._send(command)
            if refusal is None:
                return command
            if not self.dialect.grammar.unknown.search(refusal.reply):
                raise self._rejected(refusal)
        if refusal := self._send(how.commands[-1]):
            raise self._rejected(refusal)
        return how.commands[-1]

    def prove(self, neighbor: Neighbor, how: Forgetting, cleared_at: float) -> None:
        """Look until no old entry is left. A new one may be there: whoever has the address now talks already."""
        for read in range(READS):
            if read:
                self.pause(READ_AGAIN_SECONDS)
            answer = self._ask(how.proof)
            seconds = time.monotonic() - cleared_at
            entry = self.dialect.old_entry(neighbor, answer, seconds=seconds)
            if not entry:
                return
        raise NotVerified(
            f"still holds an entry for {neighbor.address} after it was cleared: {ascii(entry)[1:-1][:200]}",
            subject=self.subject,
            fix="if it was configured there, take it away by hand",
        )

    def _send(self, command: str) -> Refusal | None:
        operation = self.journal.before_write((command,), frozenset())
        try:
            transcript = self.transport.execute(command, self.dialect.grammar)
        except Exception as error:
            self.journal.after_write(operation, ok=False, reply=str(error))
            raise
        self.journal.after_write(operation, ok=not transcript.refusals, reply=transcript.reply)
        return transcript.refusals[0] if transcript.refusals else None

    def _rejected(self, refusal: Refusal) -> CommandRejected:
        return CommandRejected(
            f"refused {refusal.line!r}: {refusal.reply}",
            subject=self.subject,
            line=refusal.line,
            reply=refusal.reply,
            fix="see whether the user may run that command",
        )

    def _ask(self, query: Query) -> str:
        return ask(query, switch=self.switch, transport=self.transport, grammar=self.dialect.grammar)
