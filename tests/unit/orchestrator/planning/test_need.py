from __future__ import annotations

import pytest

from trunkline.orchestrator.intents import Attachment, AttachmentState
from trunkline.orchestrator.models import HostName, SegmentName
from trunkline.orchestrator.planning.need import is_needed, is_over

NOW = 10_000.0
HELD = frozenset({"container:1"})


def an_attachment(
    holders: frozenset[str] = frozenset(), state: AttachmentState = "draining", drain_at: float | None = None
) -> Attachment:
    return Attachment(
        host=HostName("h1"), segment=SegmentName("web"), holders=holders, state=state, drain_at=drain_at
    )


@pytest.mark.parametrize("drain_at", [None, NOW - 1, NOW + 1])
@pytest.mark.parametrize("state", ["absent", "ready", "draining", "failed"])
def test_whatever_else_the_record_says_a_holder_means_needed(
    state: AttachmentState, drain_at: float | None
) -> None:
    attachment = an_attachment(HELD, state, drain_at)
    assert is_needed(attachment, NOW)
    assert not is_over(attachment, NOW)


def test_the_grace_needs_and_its_end_ends_it() -> None:
    assert is_needed(an_attachment(drain_at=NOW + 1), NOW)
    assert not is_over(an_attachment(drain_at=NOW + 1), NOW)
    assert not is_needed(an_attachment(drain_at=NOW), NOW)
    assert is_over(an_attachment(drain_at=NOW), NOW)


def test_without_holders_and_without_a_grace_only_absent_is_over() -> None:
    assert not is_needed(an_attachment(state="ready"), NOW)
    assert not is_over(an_attachment(state="ready"), NOW)
    assert is_over(an_attachment(state="absent"), NOW)
