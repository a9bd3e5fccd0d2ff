"""What a sync of a switch found, as it is kept in the record between syncs. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from trunkline.orchestrator.intents import Claim, SwitchIntent
from trunkline.orchestrator.planning import owned_key
from trunkline.orchestrator.sync.protocols import SwitchPlan, SwitchResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The last read-back of one switch.

    ``satisfied`` are keys of claims (`planning.owned_key`) that held; ``problems`` maps keys of the others to
    causes. ``changed_at`` (last change) and ``unsaved_since`` (first) are set while the running configuration
    differs from what was saved, in seconds since the epoch. ``pending`` are lines that would be sent if the
    switch were not in observe mode. ``strange`` is what changed during a write though nobody asked, until an
    operator took it as it is. ``verified`` says that the last read-back showed what was written, and that nothing
    is strange; only then may it be saved.
    """

    generation: int = -1
    observed_at: float = 0.0
    satisfied: frozenset[str] = frozenset()
    problems: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    changed_at: float | None = None
    unsaved_since: float | None = None
    verified: bool = True
    strange: tuple[str, ...] = ()

    def dump(self) -> str:
        """Write as JSON with stable keys."""
        return json.dumps(asdict(self) | {"satisfied": sorted(self.satisfied)}, sort_keys=True)

    @classmethod
    def load(cls, text: str | None) -> Observation:
        """Read what `dump` wrote; nothing means never observed."""
        if not text:
            return cls()
        raw = json.loads(text)
        return cls(
            **raw
            | {
                "satisfied": frozenset(raw["satisfied"]),
                "notes": tuple(raw["notes"]),
                "pending": tuple(raw["pending"]),
                "strange": tuple(raw.get("strange", ())),
            }
        )

    def after_broken_write(self, now: float) -> Observation:
        """Give what is known after a session that broke while it wrote: something may have changed unseen."""
        return replace(
            self,
            changed_at=now,
            unsaved_since=now if self.unsaved_since is None else self.unsaved_since,
            verified=False,
        )


def observe(
    intent: SwitchIntent, result: SwitchResult, *, now: float, before: Observation, wrote: bool, brake: str
) -> Observation:
    """Turn a driver's result into the record.

    Args:
        intent: What was desired.
        result: What the driver did or, in observe mode, would do.
        now: Seconds since the epoch.
        before: The previous record; its ``changed_at`` lives on until a save, ``strange`` until it is accepted.
        wrote: Whether the switch may be written, i.e. is in enforce mode.
        brake: Why removals were held back; empty when they were not.
    """
    problems = {owned_key(claim): text for claim, text in result.problems.items()}
    missing = set(problems)
    if brake:
        problems["brake"] = brake
    strange = tuple(dict.fromkeys(before.strange + tuple(result.strange)))
    if strange:
        problems["strange"] = (
            f"{'; '.join(strange)}; nothing is saved until somebody looked: `trunkline jobs run reconcile "
            f"-d {intent.switch.name}` takes it as it is"
        )
    if not wrote:
        missing |= _keys(result.plan.pending)
    return Observation(
        generation=intent.generation,
        observed_at=now,
        satisfied=_keys(intent.present) - missing,
        problems=problems,
        notes=tuple(result.plan.notes),
        pending=() if wrote else _lines(result.plan),
        changed_at=now if result.unsaved else before.changed_at,
        unsaved_since=now if result.unsaved and before.unsaved_since is None else before.unsaved_since,
        verified=result.verified and not strange,
        strange=strange,
    )


def _keys(claims: Iterable[Claim]) -> frozenset[str]:
    return frozenset(owned_key(claim) for claim in claims)


def _lines(plan: SwitchPlan) -> tuple[str, ...]:
    return tuple(str(line) for line in plan.lines)
