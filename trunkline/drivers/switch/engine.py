"""Brings one switch to an intent: read, diff, guard, apply, read back, take back what went wrong.

Vendor-neutral: what to send comes from a dialect, sending is a transport's. Called by the switch sync.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from trunkline.drivers.switch import whole_config
from trunkline.drivers.switch.applying import Application, lines_of
from trunkline.drivers.switch.channels import View, as_told, protected_scope, redirected, why_protected
from trunkline.drivers.switch.claims import Change, diff
from trunkline.drivers.switch.dialect import AsksTwice, Dialect, Discovers, DiscoversTwice, Query, Scope
from trunkline.drivers.switch.forgetting import forget
from trunkline.drivers.switch.guards import check_changes
from trunkline.drivers.switch.journal import Journal
from trunkline.drivers.switch.obstacles import remarks
from trunkline.drivers.switch.outcome import Outcome, judge
from trunkline.drivers.switch.reading import ask_all
from trunkline.drivers.switch.reverting import revertible
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.strangers import look_around, who_else
from trunkline.drivers.switch.survey import foreign
from trunkline.drivers.switch.transport import Transport
from trunkline.drivers.switch.untouched import untouched
from trunkline.orchestrator.errors import (
    CommandRejected,
    GuardRefused,
    PermanentError,
    Unsupported,
)
from trunkline.orchestrator.intents import Carries, Claim, Gateway, Neighbor, Peer, Seen, SwitchIntent
from trunkline.orchestrator.models import Switch

BLIND = (
    "too little real output of this platform stands behind its dialect: read every line before you trust it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPlan:
    """What would be sent.

    ``changes`` are in the words of the device: a channel stands for its members. ``problems`` are claims of the intent
    that cannot be met or withdrawn, each with the cause. ``peers`` is who announced himself at the ports that are to
    be written. ``pending`` is what the changes are about, in the words of the intent; ``foreign`` what is there and is
    in no claim.
    """

    changes: tuple[Change, ...] = ()
    lines: tuple[str, ...] = ()
    problems: Mapping[Claim, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    peers: tuple[Peer, ...] = ()
    pending: frozenset[Claim] = frozenset()
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What a switch looks like, as values and as it showed them."""

    state: SwitchState
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchResult:
    """What was done.

    ``gained`` were not there at all and are now through us, ``lost`` we took away. What we completed, such as an
    address on an interface that somebody else made, is in neither: it is not ours to take away. ``verified`` says
    that the read-back shows every change whole or not at all, and no other; ``strange`` is what changed though
    nobody asked. ``settles_in_seconds``: so long the switch still shows what it is going to take back; 0 when all of it
    stays. ``timings`` are seconds per phase.
    """

    plan: SwitchPlan
    sent: tuple[str, ...] = ()
    problems: Mapping[Claim, str] = field(default_factory=dict)
    gained: frozenset[Claim] = frozenset()
    lost: frozenset[Claim] = frozenset()
    verified: bool = True
    strange: tuple[str, ...] = ()
    unsaved: bool = False
    settles_in_seconds: float = 0.0
    timings: Mapping[str, float] = field(default_factory=dict)


class SwitchDriver:
    """One switch with its dialect and a session."""

    def __init__(self, switch: Switch, dialect: Dialect, transport: Transport) -> None:
        self._switch = switch
        self._dialect = dialect
        self._transport = transport

    def plan(self, intent: SwitchIntent) -> SwitchPlan:
        """Read the switch and say what would be sent; write nothing."""
        view, before = self._look(intent)
        plan = self._plan(view, before.state)
        return replace(plan, foreign=tuple(foreign(view.intent, before.state)))

    def sync(self, intent: SwitchIntent, *, journal: Journal) -> SwitchResult:
        """Make the switch match the intent; in observe mode only plan.

        Raises:
            Superseded: desired state moved on before anything was sent.
            CommandRejected: the switch is to take changes back by itself and cannot; nothing was sent.
            OrchestratorError: the session failed; what was sent is unknown until the next read.
        """
        clock = _Clock()
        with clock.phase("read"):
            view, reading = self._look(intent)
            plan = self._plan(view, reading.state)
        inherited = view.heirs - plan.pending - plan.problems.keys()
        if self._switch.mode != "enforce" or not plan.changes:
            return SwitchResult(plan=plan, problems=plan.problems, gained=inherited, timings=clock.seconds)
        changes, kept = _still_wanted(plan.changes, view, journal)
        writes = Application(
            view=view,
            dialect=self._dialect,
            transport=self._transport,
            journal=journal,
            kept=reading.text,
            revert_minutes=self._switch.revert_minutes,
        )
        with revertible(changes, writes, reading.state, lambda: self._read(view.intent).state):
            outcome, strange = self._carry_out(changes, writes, reading.state, clock)
        return SwitchResult(
            plan=plan,
            sent=writes.sent,
            strange=strange,
            problems=dict(plan.problems) | view.by_told({**kept, **outcome.problems}),
            gained=view.all_told(outcome.gained) | inherited,
            lost=view.all_told(outcome.lost),
            verified=outcome.whole and not strange,
            unsaved=bool(writes.sent and self.save_command),
            settles_in_seconds=writes.settles_in_seconds,
            timings=clock.seconds,
        )

    def _carry_out(
        self, changes: Sequence[Change], writes: Application, before: SwitchState, clock: _Clock
    ) -> tuple[Outcome, tuple[str, ...]]:
        """Apply, read back, take back what is half done, and confirm what is as it should be.

        Returns:
            What came of it, and what changed though nobody asked.
        """
        intent = writes.view.intent
        config = self._whole_config()
        with clock.phase("apply"):
            writes.apply(changes, before)
        with clock.phase("verify"):
            after = self._read(intent).state
        outcome = judge(changes, writes.refused, before, after, intent=intent)
        if outcome.half_done or outcome.half_adopted:
            with clock.phase("undo"):
                writes.apply(outcome.half_done, after, undoes=True)
                writes.restore(outcome.half_adopted, before)
            after = self._read(intent).state
            outcome = judge(changes, outcome.problems, before, after, intent=intent)
        strange = tuple(untouched(before, after, changes, intent.ports))
        if config:
            strange += tuple(
                whole_config.strange(config, self.backup(), writes.blocks, self._dialect.grammar)
            )
        if outcome.whole and not strange:
            with clock.phase("confirm"):
                return self._confirmed(outcome, changes, writes), strange
        if writes.is_armed:
            cause = "it is not as it should be, so it was not confirmed and the switch takes it back"
            return outcome.taken_back(changes, cause), strange
        return outcome, strange

    def _whole_config(self) -> str:
        """Read the whole configuration where it is to be the same afterwards; empty where it is not compared."""
        compared = self._switch.compare == "device" and whole_config.can_compare(self._dialect.grammar)
        return self.backup() if compared else ""

    def _confirmed(self, outcome: Outcome, changes: Sequence[Change], writes: Application) -> Outcome:
        """Confirm what a switch would take back."""
        try:
            writes.confirm()
        except CommandRejected as error:
            return outcome.taken_back(changes, str(error))
        return outcome

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
            if isinstance(self._dialect, DiscoversTwice):
                outputs |= self._ask(self._dialect.more_station_queries(outputs))
            return Seen(
                peers=tuple(self._dialect.peers(outputs, None)), stations=self._dialect.stations(outputs)
            )

    def show(self, intent: SwitchIntent, commands: Container[str]) -> Mapping[str, str]:
        """Ask again what was asked before; gives the outputs by command.

        Args:
            intent: What the switch is about now.
            commands: What was asked. Only what the dialect itself would ask for the intent, or for a part of it, is
                asked: no text from elsewhere reaches the switch.

        Raises:
            OrchestratorError: the session failed.
        """
        whole = scope_of(intent)
        queries = {
            query.command: query for scope in parts_of(whole) for query in self._dialect.queries(scope)
        }
        outputs = self._ask([query for query in queries.values() if query.command in commands])
        if isinstance(self._dialect, AsksTwice):
            first = self._ask(self._dialect.queries(whole))
            with self._reading():
                more = self._dialect.more_queries(first, whole)
            outputs |= self._ask([query for query in more if query.command in commands])
        return outputs

    def backup(self) -> str:
        """Read the running configuration."""
        return self._transport.query(self._dialect.grammar.backup, self._dialect.grammar)

    def close(self) -> None:
        """End the session."""
        self._transport.close()

    def _look(self, intent: SwitchIntent) -> tuple[View, _Reading]:
        """Read the switch, and say the intent in its words: once more where a port turns out to be in a channel."""
        reading = self._read(intent)
        view = redirected(intent, reading.state)
        if view.members:
            return view, self._read(view.intent)
        return as_told(intent), reading

    def _read(self, intent: SwitchIntent) -> _Reading:
        """Read what the intent is about."""
        return self._read_scope(scope_of(intent))

    def _read_scope(self, scope: Scope) -> _Reading:
        outputs = self._ask(self._dialect.queries(scope))
        with self._reading():
            if isinstance(self._dialect, AsksTwice):
                outputs |= self._ask(self._dialect.more_queries(outputs, scope))
            state = self._dialect.parse(outputs, scope)
        return _Reading(
            state=state, text="".join(f"! {command}\n{text}\n" for command, text in outputs.items())
        )

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

    def _plan(self, view: View, state: SwitchState) -> SwitchPlan:
        intent = view.intent
        changes, problems = diff(intent, state)
        closed = protected_scope(changes, view)
        protected = None if closed is None else self._read_scope(closed).state
        adding = [change.claim for change in changes if change.op == "add"]
        around = look_around(adding, view, self._dialect, self._ask)
        allowed: list[Change] = []
        for change in changes:
            cause = why_protected(change.claim, protected)
            if change.op == "add":
                cause = cause or who_else(change.claim, view, around.peers)
            try:
                check_changes([change], intent)
            except GuardRefused as refusal:
                cause = str(refusal)
            if cause:
                problems[change.claim] = cause
            else:
                allowed.append(change)
        blocks = self._dialect.render(allowed, state, intent.ports)
        return SwitchPlan(
            changes=tuple(allowed),
            lines=lines_of(blocks),
            problems=view.by_told(problems),
            notes=(*remarks(intent, state), *around.notes, *self._notes()),
            peers=around.peers,
            pending=view.all_told(change.claim for change in allowed),
        )

    def _notes(self) -> Iterator[str]:
        if self._dialect.blind:
            yield BLIND
        if self._dialect.grammar.unsaved:
            yield self._dialect.grammar.unsaved
        if self._switch.revert_minutes and self._dialect.grammar.revert is None:
            yield f"the driver {self._dialect.platform} knows no revert timer, so that changes stay at once"
        if self._switch.compare == "device" and not whole_config.can_compare(self._dialect.grammar):
            yield f"the driver {self._dialect.platform} shows no configuration that can be compared as a whole"


def _still_wanted(
    changes: Sequence[Change], view: View, journal: Journal
) -> tuple[tuple[Change, ...], dict[Claim, str]]:
    """Ask once more, right before sending, whether what is to go is still needed by nobody (I4)."""
    wanted, kept = [], dict[Claim, str]()
    for change in changes:
        if change.op == "remove" and not all(map(journal.still_unneeded, view.told(change.claim))):
            kept[change.claim] = "somebody needs it again; kept"
        else:
            wanted.append(change)
    return tuple(wanted), kept


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


def parts_of(scope: Scope) -> Iterator[Scope]:
    """Give a scope, and each of its ports and gateways alone: few are asked for in other words than many."""
    yield scope
    alone = replace(scope, ports=(), gateways=(), removals=())
    yield from (replace(alone, ports=(port,)) for port in scope.ports)
    yield from (replace(alone, gateways=(gateway,)) for gateway in scope.gateways)


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
