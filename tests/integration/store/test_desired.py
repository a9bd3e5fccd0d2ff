"""Holders, generations and marks on a real Redis."""

from __future__ import annotations

import pytest

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import DeviceKey, HostName, SegmentName
from trunkline.orchestrator.store import SegmentNeeds, Store

H1, WEB = HostName("h1"), SegmentName("web")
HOST, SWITCH = DeviceKey("host:h1"), DeviceKey("switch:sw1")
KNOWN = {WEB: SegmentNeeds(devices=(HOST, SWITCH), grace_seconds=600)}
ONLY = frozenset({WEB})
NONE: frozenset[SegmentName] = frozenset()


def hold(
    store: Store, holder: str, wanted: frozenset[SegmentName], grace: float = 600
) -> tuple[DeviceKey, ...]:
    known = {WEB: SegmentNeeds(devices=(HOST, SWITCH), grace_seconds=grace)}
    return store.desired.hold(holder, host=H1, wanted=wanted, known=known).devices


def test_the_first_holder_wakes_every_device_and_the_second_only_the_host(store: Store) -> None:
    assert hold(store, "container:a", ONLY) == (HOST, SWITCH)
    generation = store.desired.generation(SWITCH)
    assert hold(store, "container:b", ONLY) == (HOST,)
    assert store.desired.generation(SWITCH) == generation


def test_holding_the_same_again_changes_nothing(store: Store) -> None:
    hold(store, "container:a", ONLY)
    before = store.devices.status(SWITCH), store.devices.status(HOST)
    assert hold(store, "container:a", ONLY) == ()
    assert (store.devices.status(SWITCH), store.devices.status(HOST)) == before


def test_only_the_last_holder_starts_the_grace_and_a_new_one_ends_it(store: Store) -> None:
    hold(store, "container:a", ONLY)
    hold(store, "container:b", ONLY)
    hold(store, "container:a", NONE)
    (attachment,) = store.desired.attachments()
    assert attachment.drain_at is None
    hold(store, "container:b", NONE)
    (attachment,) = store.desired.attachments()
    assert attachment.state == "draining"
    assert attachment.drain_at is not None
    assert attachment.drain_at > store.now() + 500
    hold(store, "container:c", ONLY)
    (attachment,) = store.desired.attachments()
    assert attachment.drain_at is None
    assert attachment.holders == {"container:c"}


def test_an_attachment_with_a_holder_is_not_forgotten(store: Store) -> None:
    hold(store, "container:a", ONLY)
    assert not store.desired.forget(H1, WEB)
    hold(store, "container:a", NONE)
    assert store.desired.forget(H1, WEB)
    assert store.desired.attachments() == ()


def test_a_segment_nobody_knows_is_refused_and_changes_nothing(store: Store) -> None:
    wanted = frozenset({WEB, SegmentName("nosuch")})
    with pytest.raises(ConfigError, match="nosuch"):
        hold(store, "container:a", wanted)
    assert store.desired.attachments() == ()
    assert store.desired.holders_of(H1) == {}


def test_the_end_of_a_grace_wakes_the_devices(store: Store) -> None:
    hold(store, "container:a", ONLY)
    store.devices.due(10)
    lease = store.devices.acquire(SWITCH, 60)
    assert lease
    status = store.devices.status(SWITCH)
    store.devices.applied(lease, generation=status.generation, marks=status.marks, observed="{}")
    hold(store, "container:a", NONE, grace=0)
    assert SWITCH in store.devices.due(10)


def test_a_request_lets_go_by_itself(store: Store) -> None:
    store.desired.hold("request:1", host=H1, wanted=ONLY, known=KNOWN, deadline_seconds=0)
    assert store.desired.expire() == 1
    (attachment,) = store.desired.attachments()
    assert attachment.holders == frozenset()


def test_a_wish_that_comes_while_a_sync_runs_is_not_lost(store: Store) -> None:
    hold(store, "container:a", ONLY)
    lease = store.devices.acquire(SWITCH, 60)
    assert lease
    seen = store.devices.status(SWITCH)
    store.devices.mark_dirty((SWITCH,))
    assert store.devices.applied(lease, generation=seen.generation, marks=seen.marks, observed="{}")
    assert store.devices.status(SWITCH).dirty_at is not None
    now = store.devices.status(SWITCH)
    store.devices.applied(lease, generation=now.generation, marks=now.marks, observed="{}")
    assert store.devices.status(SWITCH).dirty_at is None


def test_who_lost_the_lease_records_nothing(store: Store) -> None:
    lease = store.devices.acquire(SWITCH, 60)
    assert lease
    assert store.devices.acquire(SWITCH, 60) is None
    store.devices.release(lease)
    other = store.devices.acquire(SWITCH, 60)
    assert other
    assert other.fence > lease.fence
    assert not store.devices.renew(lease)
    assert not store.devices.applied(lease, generation=5, marks=0, observed="{}")
    assert not store.devices.failed(lease, error="x", kind="transient", retry_at=0)
    store.devices.release(lease)
    assert store.devices.renew(other)


def test_a_failure_blocks_the_device_only_when_it_could_not_be_read(store: Store) -> None:
    lease = store.devices.acquire(SWITCH, 60)
    assert lease
    store.devices.failed(lease, error="no answer", kind="transient", retry_at=store.now() + 60)
    assert store.devices.status(SWITCH).blocked_until is not None
    store.devices.failed(lease, error="one claim", kind="permanent", retry_at=store.now() + 60, observed="{}")
    assert store.devices.status(SWITCH).blocked_until is None
    assert store.devices.status(SWITCH).fails == 2


def test_many_states_are_recorded_at_once_and_each_only_where_it_may_be(store: Store) -> None:
    here, there = HostName("h1"), HostName("h2")
    for host in (here, there):
        store.desired.hold("container:a", host=host, wanted=ONLY, known=KNOWN)
    store.desired.set_states(
        [
            (here, WEB, "switch-ready", ""),
            (HostName("nowhere"), WEB, "switch-ready", ""),
            (there, WEB, "failed", "switch sw1: it has no such port"),
        ]
    )
    states = {each.host: (each.state, each.cause) for each in store.desired.attachments()}
    assert states == {here: ("switch-ready", ""), there: ("failed", "switch sw1: it has no such port")}
    store.desired.set_states([])
