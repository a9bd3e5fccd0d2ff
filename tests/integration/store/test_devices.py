"""Devices on a real Redis: one at a time, nothing from who overslept, nothing wished is lost."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace

import pytest

from tests.integration.store.conftest import Racers
from tests.integration.store.racer import COUNTER, ORDER
from trunkline.orchestrator.intents import HostReport, Peer
from trunkline.orchestrator.models import DeviceKey, HostName, PortName, SegmentName, SwitchName
from trunkline.orchestrator.store import DeviceLease, Store

SWITCH, OTHER = DeviceKey("switch:sw1"), DeviceKey("switch:sw2")


def taken(store: Store, device: DeviceKey = SWITCH) -> DeviceLease:
    """Wait until the device is free, then have it."""
    deadline = time.monotonic() + 10
    while (lease := store.devices.acquire(device, 60)) is None:
        assert time.monotonic() < deadline, "the lease never runs out"
        time.sleep(0.005)
    return lease


def record(store: Store, device: DeviceKey = SWITCH) -> tuple[object, ...]:
    return store.devices.status(device), store.devices.observed(device)


def test_processes_have_a_device_one_at_a_time(racers: Racers, store: Store) -> None:
    running = [racers.start(SWITCH, "race", "60") for _ in range(3)]
    assert [racer.communicate(timeout=40)[0] for racer in running] == ['"done"\n'] * 3
    assert int(store.connection.do("GET", COUNTER)) == 180
    fences = [int(text) for text in store.connection.do("LRANGE", ORDER, 0, -1)]
    assert fences == sorted(set(fences)), "a later lease has a smaller fence"
    assert len(fences) == 180


def test_a_process_that_was_frozen_beyond_its_lease_records_nothing(racers: Racers, store: Store) -> None:
    sleeper = racers.start(SWITCH, "oversleep", "0.3")
    assert sleeper.stdout is not None
    fence = json.loads(sleeper.stdout.readline())
    sleeper.send_signal(signal.SIGSTOP)
    lease = taken(store)
    assert lease.fence > fence
    store.desired.touch((SWITCH,))
    assert store.devices.applied(lease, generation=1, marks=1, observed='{"fresh": true}')
    before = record(store)
    sleeper.send_signal(signal.SIGCONT)
    said, _ = sleeper.communicate("go on\n", timeout=40)
    assert json.loads(said) == [False, False, False]
    assert record(store) == before
    assert store.devices.renew(lease), "who overslept let go of another's lease"


def test_a_lease_is_for_one_device(store: Store) -> None:
    first, second = store.devices.acquire(SWITCH, 60), store.devices.acquire(OTHER, 60)
    assert first
    assert second
    forged = DeviceLease(device=OTHER, token=first.token, fence=first.fence)
    assert not store.devices.applied(forged, generation=1, marks=0, observed="{}")
    assert not store.devices.failed(forged, error="x", kind="transient", retry_at=0)
    assert not store.devices.renew(forged)
    store.devices.release(forged)
    assert store.devices.renew(second)


def test_a_renewed_lease_outlives_its_first_end(store: Store) -> None:
    lease = store.devices.acquire(SWITCH, 0.2)
    assert lease
    started = store.now()
    assert store.devices.renew(lease, 1.0)
    taken(store)
    assert store.now() - started >= 0.9
    assert not store.devices.renew(lease)


def test_a_lease_that_ran_out_is_not_renewed(store: Store) -> None:
    lease = store.devices.acquire(SWITCH, 0.02)
    assert lease
    deadline = time.monotonic() + 5
    while store.devices.status(SWITCH).lease_holder:
        assert time.monotonic() < deadline
    assert not store.devices.renew(lease)
    assert store.devices.status(SWITCH).lease_holder == ""


def test_an_older_generation_applied_leaves_the_device_dirty(store: Store) -> None:
    lease = taken(store)
    store.desired.touch((SWITCH,))
    seen = store.devices.status(SWITCH)
    store.desired.touch((SWITCH,))
    assert store.devices.applied(lease, generation=seen.generation, marks=seen.marks, observed="{}")
    now = store.devices.status(SWITCH)
    assert (now.generation, now.applied) == (2, 1)
    assert now.dirty_at is not None
    assert not store.devices.wait_applied(SWITCH, 2, 0.05)
    assert store.devices.applied(lease, generation=2, marks=now.marks, observed="{}")
    assert store.devices.wait_applied(SWITCH, 2, 0.0)


def test_a_success_ends_the_count_of_failures_and_the_backoff(store: Store) -> None:
    lease = taken(store)
    until = store.now() + 60
    store.devices.failed(lease, error="no answer", kind="transient", retry_at=until)
    status = store.devices.status(SWITCH)
    assert status.blocked_until == pytest.approx(until, abs=1e-5)
    assert status.dirty_at == pytest.approx(until, abs=1e-5)
    assert (status.fails, status.error, status.error_kind) == (1, "no answer", "transient")
    store.devices.applied(lease, generation=0, marks=status.marks, observed="{}")
    status = store.devices.status(SWITCH)
    assert (status.fails, status.error, status.error_kind, status.blocked_until) == (0, "", "", None)
    assert status.dirty_at is None


def test_a_wish_makes_a_device_in_backoff_due_and_only_a_new_inventory_ends_the_backoff(store: Store) -> None:
    until = store.now() + 60
    store.devices.failed(taken(store), error="no answer", kind="transient", retry_at=until)
    assert store.devices.due(10) == []
    store.devices.mark_dirty((SWITCH,))
    assert store.devices.due(10) == [SWITCH]
    assert store.devices.status(SWITCH).blocked_until == pytest.approx(until, abs=1e-5)
    store.desired.touch((SWITCH,))
    assert store.devices.due(10) == [SWITCH]
    assert store.devices.status(SWITCH).blocked_until is None


def test_a_wish_that_came_while_a_sync_failed_is_tried_at_once_unless_the_device_is_left_alone(
    store: Store,
) -> None:
    lease = taken(store)
    later = store.now() + 600
    for observed, tried_at_once in (("{}", True), (None, False)):
        store.desired.touch((SWITCH,))
        seen = store.devices.status(SWITCH)
        store.desired.touch((SWITCH,))
        assert store.devices.failed(
            lease, error="x", kind="permanent", retry_at=later, observed=observed, marks=seen.marks
        )
        dirty_at = store.devices.status(SWITCH).dirty_at
        assert dirty_at is not None
        assert (dirty_at <= store.now()) is tried_at_once


def test_due_devices_are_claimed_once_and_the_longest_waiting_first(store: Store) -> None:
    devices = [DeviceKey(f"switch:sw{number}") for number in range(6)]
    for device in devices:
        store.devices.mark_dirty((device,))
    assert store.devices.due(4) == devices[:4]
    assert store.devices.due(4) == devices[4:]
    assert store.devices.due(4) == []


def test_a_mark_for_later_is_due_when_its_time_has_come_and_marks_once(store: Store) -> None:
    at = store.now() + 0.1
    store.devices.mark_dirty((SWITCH,), at=at)
    store.devices.mark_dirty((SWITCH,), at=at)
    assert store.devices.status(SWITCH).marks == 0
    deadline = time.monotonic() + 5
    while not (due := store.devices.due(10)):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert due == [SWITCH]
    assert store.now() >= at
    assert store.devices.status(SWITCH).marks == 1


def test_what_is_ours_on_a_switch_is_kept_per_switch(store: Store) -> None:
    one, other = SwitchName("sw1"), SwitchName("sw2")
    store.devices.own(one, add=frozenset({"vlan:10", "carries:Gi1/0/1:10"}))
    store.devices.own(one, add=frozenset({"vlan:10"}), remove=frozenset({"carries:Gi1/0/1:10", "vlan:99"}))
    assert store.devices.owned(one) == {"vlan:10"}
    assert store.devices.owned(other) == frozenset()


def test_an_older_report_does_not_replace_a_newer_one(store: Store) -> None:
    host = HostName("h1")
    now = store.now()
    new = HostReport(host=host, reported_at=now - 2, links=frozenset({SegmentName("web")}))
    store.devices.report(new)
    store.devices.report(HostReport(host=host, reported_at=now - 3))
    assert store.devices.report_of(host) == new
    newer = HostReport(host=host, reported_at=now - 1, macs=frozenset({"02:00:00:00:00:01"}))
    store.devices.report(newer)
    assert store.devices.reports() == (newer,)


def test_a_report_comes_back_whole_and_one_of_an_earlier_release_is_read(store: Store) -> None:
    host = HostName("h1")
    peer = Peer(port=PortName("eth0"), name="sw1", capabilities=frozenset({"router", "bridge"}))
    mac = "02:00:00:00:00:01"
    told = HostReport(
        host=host,
        reported_at=store.now(),
        macs=frozenset({mac}),
        hostname="dock1",
        nics={"eth0": mac},
        peers=(peer,),
    )
    store.devices.report(told)
    assert store.devices.report_of(host) == told
    key = "tl:reports"
    old = json.loads(store.connection.do("HGET", key, "h1"))
    for field in ("hostname", "nics", "peers"):
        del old[field]
    store.connection.do("HSET", key, "h1", json.dumps(old))
    assert store.devices.report_of(host) == replace(told, hostname="", nics={}, peers=())


def test_a_report_of_the_future_is_replaced_after_the_clock_was_set_back(store: Store) -> None:
    host = HostName("h1")
    store.devices.report(HostReport(host=host, reported_at=store.now() + 3600))
    now = HostReport(host=host, reported_at=store.now())
    store.devices.report(now)
    assert store.devices.report_of(host) == now


def test_a_heartbeat_is_believed_for_a_while_only(store: Store) -> None:
    store.devices.heartbeat("agent:h1", 60)
    store.devices.heartbeat("agent:h2", 0.02)
    deadline = time.monotonic() + 5
    while store.devices.alive() != {"agent:h1"}:
        assert time.monotonic() < deadline
