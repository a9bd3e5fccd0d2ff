"""Brings one switch to an intent: read, diff, guard, apply, read back, take back what went wrong.

Vendor-neutral: what to send comes from a dialect, sending is a transport's. Called by the switch sync.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from trunkline.drivers.switch.claims import Change, diff, holds, inverse, is_gone, rank, remarks, untouched
from trunkline.drivers.switch.dialect import AsksTwice, Block, Dialect, Discovers, Query, Scope
from trunkline.drivers.switch.forgetting import forget
from trunkline.drivers.switch.guards import check_blocks, check_changes
from trunkline.drivers.switch.journal import Journal
from trunkline.drivers.switch.reading import ask_all
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.transport import Transcript, Transport
from trunkline.orchestrator.errors import GuardRefused, PermanentError, Unsupported
from trunkline.orchestrator.intents import Carries, Claim, Gateway, Neighbor, Seen, SwitchIntent
from trunkline.orchestrator.models import PortName, Switch

BLIND = "no real output of this platform stands behind its dialect: read every line before you trust it"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPlan:
    """What would be sent. ``problems`` are claims that cannot be met or withdrawn, each with the cause."""

    changes: tuple[Change, ...] = ()
    lines: tuple[str, ...] = ()
    problems: Mapping[Claim, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchResult:
    """What was done.

    ``gained`` were not there at all and are now through us, ``lost`` we took away. What we completed, such as an
    address on an interface that somebody else made, is in neither: it is not ours to take away. ``verified`` says
    that the read-back shows every change whole or not at all, and no other; ``strange`` is what changed though
    nobody asked. ``timings`` are seconds per phase.
    """

    plan: SwitchPlan
    sent: tuple[str, ...] = ()
    problems: Mapping[Claim, str] = field(default_factory=dict)
    gained: frozenset[Claim] = frozenset()
    lost: frozenset[Claim] = frozenset()
    verified: bool = True
    strange: tuple[str, ...] = ()
    unsaved: bool = False
    timings: Mapping[str, float] = field(default_factory=dict)


class SwitchDriver:
    """One switch with its dialect and a session."""

    def __init__(self, switch: Switch, dialect: Dialect, transport: Transport) -> None:
        self._switch = switch
        self._dialect = dialect
        self._transport = transport

    def plan(self, intent: SwitchIntent) -> SwitchPlan:
        """Read the switch and say what would be sent; write nothing."""
        return self._plan(intent, self._read(intent))

    def sync(self, intent: SwitchIntent, *, journal: Journal) -> SwitchResult:
        """Make the switch match the intent; in observe mode only plan.

        Raises:
            Superseded: desired state moved on before anything was sent.
            OrchestratorError: the session failed; what was sent is unknown until the next read.
        """
        clock = _Clock()
        with clock.phase("read"):
            before = self._read(intent)
        plan = self._plan(intent, before)
        if self._switch.mode != "enforce" or not plan.changes:
            return SwitchResult(plan=plan, problems=plan.problems, timings=clock.seconds)
        changes, kept = self._still_wanted(plan.changes, journal)
        with clock.phase("apply"):
            sent, refused = self._apply(intent, before, changes, journal)
        with clock.phase("verify"):
            after = self._read(intent)
        outcome = _judge(changes, refused, before, after)
        if outcome.half_done or outcome.half_adopted:
            with clock.phase("undo"):
                undone, _ = self._apply(intent, after, outcome.half_done, journal, undoes=True)
                sent += undone + self._restore(intent, before, outcome.half_adopted, journal)
            after = self._read(intent)
            outcome = _judge(changes, outcome.problems, before, after)
        strange = tuple(untouched(before, after, changes))
        return SwitchResult(
            plan=plan,
            sent=sent,
            strange=strange,
            problems=dict(plan.problems) | kept | outcome.problems,
            gained=outcome.gained,
            lost=outcome.lost,
            verified=outcome.whole and not strange,
            unsaved=bool(sent and self.save_command),
            timings=clock.seconds,
        )

    def forget(self, neighbors: Sequence[Neighbor], *, journal: Journal) -> tuple[str, ...]:
        """Let the gateway ask anew who has these addresses; in observe mode nothing is sent.

        Returns:
            The lines that the switch took.

        Raises:
            OrchestratorError: as `forgetting.forget`.
        """
        return forget(
            neighbors,
            switch=self._switch,
            dialect=self._dialect,
            transport=self._transport,
            journal=journal,
        )

    @property
    def save_command(self) -> str:
        """Give the command that saves the running configuration; empty on a device that has none."""
        return self._dialect.grammar.save

    def save(self) -> None:
        """Save the running configuration, where there is a command for it.

        Raises:
            NotVerified: the device did not confirm it.
        """
        if self.save_command:
            self._transport.save(self._dialect.grammar)

    def discover(self) -> Seen:
        """Read what announces itself at its ports, and every address that it learned.

        Raises:
            Unsupported: its dialect cannot tell.
            OrchestratorError: the session failed, or what it answers cannot be read.
        """
        if not isinstance(self._dialect, Discovers):
            raise Unsupported(
                f"the driver {self._dialect.platform} cannot tell what its ports are cabled to",
                subject=f"switch {self._switch.name}",
                fix="look at its neighbors by hand",
            )
        outputs = self._ask([*self._dialect.peer_queries(None), *self._dialect.station_queries()])
        with self._reading():
            return Seen(
                peers=tuple(self._dialect.peers(outputs, None)), stations=self._dialect.stations(outputs)
            )

    def backup(self) -> str:
        """Read the running configuration."""
        return self._transport.query(self._dialect.grammar.backup, self._dialect.grammar)

    def close(self) -> None:
        """End the session."""
        self._transport.close()

    def _read(self, intent: SwitchIntent) -> SwitchState:
        """Read what the intent is about."""
        scope = scope_of(intent)
        outputs = self._ask(self._dialect.queries(scope))
        with self._reading():
            if isinstance(self._dialect, AsksTwice):
                outputs |= self._ask(self._dialect.more_queries(outputs, scope))
            return self._dialect.parse(outputs, scope)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise PermanentError(
                f"its output cannot be read: {ascii(str(error))[1:-1][:300]}",
                subject=f"switch {self._switch.name}",
                fix="report it with the output of that command",
            ) from error

    def _ask(self, queries: Sequence[Query]) -> dict[str, str]:
        grammar = self._dialect.grammar
        return dict(ask_all(queries, switch=self._switch, transport=self._transport, grammar=grammar))

    def _plan(self, intent: SwitchIntent, state: SwitchState) -> SwitchPlan:
        changes, problems = diff(intent, state)
        allowed: list[Change] = []
        for change in changes:
            try:
                check_changes([change], intent)
            except GuardRefused as refusal:
                problems[change.claim] = str(refusal)
            else:
                allowed.append(change)
        blocks = self._dialect.render(allowed, state, intent.ports)
        return SwitchPlan(
            changes=tuple(allowed),
            lines=_lines(blocks),
            problems=problems,
            notes=(*remarks(intent, state), *self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        if self._dialect.blind:
            yield BLIND
        if self._dialect.grammar.unsaved:
            yield self._dialect.grammar.unsaved

    def _still_wanted(
        self, changes: Sequence[Change], journal: Journal
    ) -> tuple[tuple[Change, ...], dict[Claim, str]]:
        """Ask once more, right before sending, whether what is to go is still needed by nobody (I4)."""
        wanted, kept = [], {}
        for change in changes:
            if change.op == "remove" and not journal.still_unneeded(change.claim):
                kept[change.claim] = "somebody needs it again; kept"
            else:
                wanted.append(change)
        return tuple(wanted), kept

    def _apply(
        self,
        intent: SwitchIntent,
        state: SwitchState,
        changes: Sequence[Change],
        journal: Journal,
        *,
        undoes: bool = False,
    ) -> tuple[tuple[str, ...], dict[Claim, str]]:
        """Send changes kind by kind: what hangs on a VLAN that was refused is not sent."""
        begun = frozenset(change.claim for change in changes if undoes)
        sent: tuple[str, ...] = ()
        refused: dict[Claim, str] = {}
        for group in _groups(changes):
            bad = {claim.vlan for claim in refused}
            blocks = self._dialect.render(
                [change for change in group if change.claim.vlan not in bad], state, intent.ports
            )
            refused |= {
                change.claim: f"VLAN {change.claim.vlan} was refused before"
                for change in group
                if change.claim.vlan in bad
            }
            if not blocks:
                continue
            check_changes(group, intent, begun=begun)
            transcript = self._send(intent, group, blocks, journal, before=state)
            sent += transcript.sent
            for refusal in transcript.refusals:
                cause = f"the switch refused {refusal.line!r}: {refusal.reply}"
                refused |= dict.fromkeys(refusal.claims, cause)
        return sent, refused

    def _send(
        self,
        intent: SwitchIntent,
        group: Sequence[Change],
        blocks: Sequence[Block],
        journal: Journal,
        *,
        before: SwitchState,
    ) -> Transcript:
        vlans = frozenset(change.claim.vlan for change in group)
        check_blocks(blocks, self._dialect.grammar, intent=intent, vlans=vlans, before=before)
        adding = frozenset(
            change.claim for change in group if change.op == "add" and is_gone(change.claim, before)
        )
        return self._write(blocks, journal, adding)

    def _restore(
        self,
        intent: SwitchIntent,
        before: SwitchState,
        ports: Sequence[PortName],
        journal: Journal,
    ) -> tuple[str, ...]:
        """Make ports whose adoption broke off what they were; what cannot be put back shows in the read-back."""
        sent: tuple[str, ...] = ()
        for port in ports:
            row = before.ports[port]
            block = self._dialect.restore(port, row)
            if block is None:
                continue
            check_blocks(
                [block], self._dialect.grammar, intent=intent, vlans=frozenset(row.allowed), before=before
            )
            sent += self._write([block], journal, frozenset()).sent
        return sent

    def _write(self, blocks: Sequence[Block], journal: Journal, adding: frozenset[Claim]) -> Transcript:
        operation = journal.before_write(_lines(blocks), adding)
        try:
            transcript = self._transport.configure(blocks, self._dialect.grammar)
        except Exception as error:
            journal.after_write(operation, ok=False, reply=str(error))
            raise
        journal.after_write(operation, ok=not transcript.refusals, reply=transcript.reply)
        return transcript


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    problems: dict[Claim, str]
    gained: frozenset[Claim]
    lost: frozenset[Claim]
    half_done: tuple[Change, ...]
    half_adopted: tuple[PortName, ...]
    whole: bool


def _judge(
    changes: Sequence[Change], refused: Mapping[Claim, str], before: SwitchState, after: SwitchState
) -> _Outcome:
    """Believe the read-back alone; what was refused or is not there is a problem, and half of it is undone.

    A refused line is a problem also where the read-back shows the claim: another line of its block was for more.
    """
    problems: dict[Claim, str] = {}
    gained: set[Claim] = set()
    lost: set[Claim] = set()
    half_done: list[Change] = []
    half_adopted: set[PortName] = set()
    for change in changes:
        claim = change.claim
        done = holds(claim, after) if change.op == "add" else is_gone(claim, after)
        if done and change.op == "remove":
            lost.add(claim)
        elif done and is_gone(claim, before):
            gained.add(claim)
        if done and claim not in refused:
            continue
        problems[claim] = refused.get(claim, "the switch took the lines, but the read-back does not show it")
        if change.op == "remove":
            continue
        if isinstance(claim, Carries) and before.ports[claim.port].is_converted_first:
            half_adopted.add(claim.port)
        elif not done and is_gone(claim, before) and not is_gone(claim, after):
            half_done += [inverse(change)] if isinstance(claim, (Gateway, Carries)) else []
    return _Outcome(
        problems=problems,
        gained=frozenset(gained),
        lost=frozenset(lost),
        half_done=tuple(half_done),
        half_adopted=tuple(
            sorted(port for port in half_adopted if after.ports.get(port) != before.ports[port])
        ),
        whole=all(holds(change.claim, after) or is_gone(change.claim, after) for change in changes),
    )


def _groups(changes: Sequence[Change]) -> list[list[Change]]:
    """Order changes: additions up (VLAN, trunk, gateway), removals down; one group per kind."""
    found = []
    for op, ranks in (("add", (0, 1, 2)), ("remove", (2, 1, 0))):
        for kind in ranks:
            group = [change for change in changes if change.op == op and rank(change.claim) == kind]
            if group:
                found.append(group)
    return found


def scope_of(intent: SwitchIntent) -> Scope:
    """Say what must be read to judge an intent."""
    claims = intent.present | intent.absent
    carries = [claim for claim in claims if isinstance(claim, Carries)]
    gateways = {(claim.parent, claim.vlan) for claim in claims if isinstance(claim, Gateway)}
    return Scope(
        switch=intent.switch,
        vlans=frozenset(claim.vlan for claim in claims),
        ports=tuple(sorted({claim.port for claim in carries})),
        gateways=tuple(sorted(gateways, key=lambda key: (key[0] or "", key[1]))),
        removals=tuple(sorted((c.port, c.vlan) for c in carries if c in intent.absent)),
    )


def _lines(blocks: Sequence[Block]) -> tuple[str, ...]:
    return tuple(line for block in blocks for line in (block.enter, *(f" {text}" for text in block.lines)))
