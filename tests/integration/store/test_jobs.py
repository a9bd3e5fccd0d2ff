"""Jobs on a real Redis: one drives, a job ends once, the log and the results stay."""

from __future__ import annotations

import time

import pytest

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import DeviceKey
from trunkline.orchestrator.store import Job, Store

SWITCH = DeviceKey("switch:sw1")


def a_job(store: Store) -> Job:
    return store.jobs.create("audit", who="ops", why="a look", arguments={"devices": [SWITCH]}, dry_run=False)


def test_a_job_has_one_driver_at_a_time(store: Store) -> None:
    job = a_job(store)
    assert job.state == "queued"
    assert store.jobs.claim(job.id, "one", 60)
    assert not store.jobs.claim(job.id, "other", 60)
    assert store.jobs.get(job.id).state == "running"
    assert store.jobs.renew(job.id, "one", 60)
    assert not store.jobs.renew(job.id, "other", 60)


def test_a_driver_that_is_silent_loses_the_job(store: Store) -> None:
    job = a_job(store)
    assert store.jobs.claim(job.id, "one", 0.05)
    deadline = time.monotonic() + 5
    while not store.jobs.claim(job.id, "other", 60):
        assert time.monotonic() < deadline
    assert not store.jobs.renew(job.id, "one", 60)


def test_a_job_ends_once_and_nobody_drives_it_after(store: Store) -> None:
    job = a_job(store)
    store.jobs.claim(job.id, "one", 60)
    store.jobs.finish(job.id, state="done", result={"switch:sw1": {}})
    store.jobs.finish(job.id, state="failed", result={})
    ended = store.jobs.get(job.id)
    assert (ended.state, ended.result) == ("done", {"switch:sw1": {}})
    assert not store.jobs.claim(job.id, "other", 60)
    store.jobs.cancel(job.id)
    assert not store.jobs.cancelled(job.id)


def test_the_first_result_of_a_step_stays(store: Store) -> None:
    job = a_job(store)
    store.jobs.step(job.id, SWITCH, {"lines": 1})
    store.jobs.step(job.id, SWITCH, {"error": "late"})
    assert store.jobs.steps(job.id) == {SWITCH: {"lines": 1}}


def test_a_job_that_is_not_on_record_cannot_be_claimed_or_read(store: Store) -> None:
    assert not store.jobs.claim("nosuch", "one", 60)
    store.jobs.finish("nosuch", state="done", result={})
    with pytest.raises(ConfigError, match="not on record"):
        store.jobs.get("nosuch")
