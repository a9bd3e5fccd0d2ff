"""Judges what came of a write by the read-back alone. Pure; for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trunkline.drivers.switch.claims import Change, holds, inverse, is_gone
from trunkline.drivers.switch.obstacles import restricts
from trunkline.drivers.switch.state import SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, SwitchIntent
from trunkline.orchestrator.models import PortName


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of changes: why some did not, what is ours now and what no more, what is half done and to be undone."""

    problems: dict[Claim, str]
    gained: frozenset[Claim]
    lost: frozenset[Claim]
    half_done: tuple[Change, ...]
    half_adopted: tuple[PortName, ...]
    whole: bool

    def taken_back(self, changes: Sequence[Change], cause: str) -> Outcome:
        """Give what comes of it when the switch takes all of it back: nothing."""
        return Outcome(
            problems=dict.fromkeys((change.claim for change in changes), cause) | self.problems,
            gained=frozenset(),
            lost=frozenset(),
            half_done=(),
            half_adopted=(),
            whole=False,
        )


def judge(
    changes: Sequence[Change],
    refused: Mapping[Claim, str],
    before: SwitchState,
    after: SwitchState,
    *,
    intent: SwitchIntent,
) -> Outcome:
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
        done = done and not restricts(claim, intent, after)
        if done and change.op == "remove":
            lost.add(claim)
        elif done and (is_gone(claim, before) or restricts(claim, intent, before)):
            # Whoever gives a trunk its first list has put there what is in it.
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
    return Outcome(
        problems=problems,
        gained=frozenset(gained),
        lost=frozenset(lost),
        half_done=tuple(half_done),
        half_adopted=tuple(
            sorted(port for port in half_adopted if after.ports.get(port) != before.ports[port])
        ),
        whole=all(holds(change.claim, after) or is_gone(change.claim, after) for change in changes),
    )
