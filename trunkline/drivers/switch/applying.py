"""Sends changes to a switch: written by the dialect, guarded, told to the journal, kind by kind. For the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.drivers.switch.channels import View
from trunkline.drivers.switch.claims import Change, is_gone, rank
from trunkline.drivers.switch.dialect import Block, Dialect
from trunkline.drivers.switch.guards import check_blocks, check_changes
from trunkline.drivers.switch.journal import Journal
from trunkline.drivers.switch.obstacles import restricts
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.transport import Transcript, Transport
from trunkline.orchestrator.errors import CommandRejected
from trunkline.orchestrator.intents import Claim
from trunkline.orchestrator.models import PortName

REVERT_SECONDS = 10.0
"""So long a switch needs to go back when the time is over."""


@dataclass(slots=True, kw_only=True)
class Application:
    """The writes of one sync.

    Attributes:
        view: What is wanted, in the words of the device.
        dialect: Writes it down.
        transport: Sends it.
        journal: Is told of every line before it is sent.
        kept: What the switch was configured like before, for the journal.
        revert_minutes: After so many minutes the switch takes all of it back unless it is confirmed; 0: it does not.
        sent: Every line that went out.
        refused: Claims whose lines were refused, each with the cause.
        blocks: What was sent.
    """

    view: View
    dialect: Dialect
    transport: Transport
    journal: Journal
    kept: str = ""
    revert_minutes: int = 0
    sent: tuple[str, ...] = ()
    refused: dict[Claim, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    _armed: bool = False

    def apply(self, changes: Sequence[Change], state: SwitchState, *, undoes: bool = False) -> None:
        """Send changes kind by kind: what hangs on a VLAN that was refused is not sent."""
        intent = self.view.intent
        begun = frozenset(change.claim for change in changes if undoes)
        refused: dict[Claim, str] = {}
        for group in groups(changes):
            bad = {claim.vlan for claim in refused}
            wanted = [change for change in group if change.claim.vlan not in bad]
            blocks = self.dialect.render(wanted, state, intent.ports)
            refused |= {
                change.claim: f"VLAN {change.claim.vlan} was refused before"
                for change in group
                if change.claim.vlan in bad
            }
            if not blocks:
                continue
            check_changes(group, intent, begun=begun)
            transcript = self._send(group, blocks, before=state)
            for refusal in transcript.refusals:
                cause = f"the switch refused {refusal.line!r}: {refusal.reply}"
                refused |= dict.fromkeys(refusal.claims, cause)
        if not undoes:
            self.refused |= refused

    def restore(self, ports: Sequence[PortName], before: SwitchState) -> None:
        """Make ports whose adoption broke off what they were; what cannot be put back shows in the read-back."""
        for port in ports:
            row = before.ports[port]
            block = self.dialect.restore(port, row)
            if block is None:
                continue
            vlans = frozenset(row.allowed)
            check_blocks([block], self.dialect.grammar, intent=self.view.intent, vlans=vlans, before=before)
            self._write([block], frozenset())

    def confirm(self) -> None:
        """Tell a switch that would take it back that all of it is good.

        Raises:
            CommandRejected: the switch does not take the word for it.
        """
        if self._armed:
            self.transport.confirm(self.dialect.grammar)
            self._armed = False

    @property
    def settles_in_seconds(self) -> float:
        """Tell how long it takes until what is not confirmed is surely gone; 0 when all of it stays."""
        return 60.0 * self.revert_minutes + REVERT_SECONDS if self._armed else 0.0

    @property
    def is_armed(self) -> bool:
        """Say whether the switch takes back what was sent unless it is confirmed."""
        return self._armed

    def _send(self, group: Sequence[Change], blocks: Sequence[Block], *, before: SwitchState) -> Transcript:
        vlans = frozenset(change.claim.vlan for change in group)
        check_blocks(blocks, self.dialect.grammar, intent=self.view.intent, vlans=vlans, before=before)
        adding = frozenset(
            change.claim
            for change in group
            if change.op == "add"
            and (is_gone(change.claim, before) or restricts(change.claim, self.view.intent, before))
        )
        return self._write(blocks, self.view.all_told(adding))

    def _write(self, blocks: Sequence[Block], adding: frozenset[Claim]) -> Transcript:
        if not self.transport.has_configured:
            self.journal.keep(self.kept)
        operation = self.journal.before_write(lines_of(blocks), adding)
        self.blocks += blocks
        try:
            transcript = self._configure(blocks)
        except Exception as error:
            self.journal.after_write(operation, ok=False, reply=str(error))
            raise
        self.journal.after_write(operation, ok=not transcript.refusals, reply=transcript.reply)
        self.sent += transcript.sent
        return transcript

    def _configure(self, blocks: Sequence[Block]) -> Transcript:
        grammar = self.dialect.grammar
        # A commit without the timer would confirm the one before; where lines count at once the timer runs already.
        again = grammar.revert is not None and bool(grammar.revert.commit)
        minutes = self.revert_minutes if grammar.revert is not None and (again or not self._armed) else 0
        armed, self._armed = self._armed, self._armed or minutes > 0
        try:
            return self.transport.configure(blocks, grammar, revert_minutes=minutes)
        except CommandRejected:
            self._armed = armed
            raise


def groups(changes: Sequence[Change]) -> list[list[Change]]:
    """Order changes: additions up (VLAN, trunk, gateway), removals down; one group per kind."""
    found = []
    for op, ranks in (("add", (0, 1, 2)), ("remove", (2, 1, 0))):
        for kind in ranks:
            group = [change for change in changes if change.op == op and rank(change.claim) == kind]
            if group:
                found.append(group)
    return found


def lines_of(blocks: Sequence[Block]) -> tuple[str, ...]:
    """Write blocks as the lines that are sent; those of a sub-mode are set in."""
    return tuple(line for block in blocks for line in (block.enter, *(f" {text}" for text in block.lines)))
