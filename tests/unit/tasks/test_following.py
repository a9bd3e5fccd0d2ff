"""What came of a job, device by device."""

from __future__ import annotations

from trunkline.orchestrator.store import Job
from trunkline.tasks.following import results_of


def test_a_device_that_a_cancelled_job_did_not_come_to_is_not_taken_for_one_where_nothing_is() -> None:
    job = Job(
        id="j1",
        kind="discover",
        who="",
        why="",
        arguments={"devices": ["switch:sw1", "switch:sw2"]},
        dry_run=True,
        state="cancelled",
        result={"switch:sw1": {"peers": []}},
    )

    assert results_of(job) == {
        "switch:sw1": {"peers": []},
        "switch:sw2": {"error": "job j1 was cancelled before it came to it"},
    }
