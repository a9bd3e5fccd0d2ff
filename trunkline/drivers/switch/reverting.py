"""What is to be done when a write breaks off that the switch takes back unless it is confirmed. For the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from trunkline.drivers.switch.applying import Application
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.outcome import judge
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.untouched import untouched
from trunkline.orchestrator.errors import OrchestratorError, Superseded, TransientError


@contextmanager
def revertible(
    changes: Sequence[Change], writes: Application, before: SwitchState, read: Callable[[], SwitchState]
) -> Iterator[None]:
    """See that what broke off is not taken for lasting while the switch is about to take it back.

    Args:
        changes: What was to be done.
        writes: What of it was sent.
        before: What the switch looked like.
        read: Reads what it looks like now.

    Raises:
        TransientError: it broke off; it is worth another try when the switch has taken it back.
    """
    try:
        yield
    except Superseded:
        if writes.is_armed:
            _confirm_part(changes, writes, before, read)
        raise
    except OrchestratorError as error:
        if writes.is_armed:
            raise _takes_back(error.what, writes) from error
        raise


def _confirm_part(
    changes: Sequence[Change], writes: Application, before: SwitchState, read: Callable[[], SwitchState]
) -> None:
    """Confirm what was sent before desired state moved on, if it is right; the next pass builds on it."""
    intent = writes.view.intent
    try:
        after = read()
        outcome = judge(changes, writes.refused, before, after, intent=intent)
        if outcome.whole and not any(untouched(before, after, changes, intent.ports)):
            writes.confirm()
            return
        cause = "desired state moved on, and what was sent is not as it should be"
    except OrchestratorError as error:
        cause = error.what
    raise _takes_back(cause, writes)


def _takes_back(cause: str, writes: Application) -> TransientError:
    seconds = writes.settles_in_seconds
    return TransientError(
        f"{cause}; it takes back what was not confirmed",
        subject=f"switch {writes.view.intent.switch.name}",
        fix=f"it is read again in {seconds:.0f} seconds, when that is over",
        retry_in_seconds=seconds,
    )
