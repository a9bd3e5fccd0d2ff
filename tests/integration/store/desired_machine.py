"""Desired state against a plain Python model of it: holders, graces, generations, marks, events in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from trunkline.orchestrator.models import DeviceKey, HostName, SegmentName
from trunkline.orchestrator.store import SegmentNeeds, Store

HOSTS = (HostName("h1"), HostName("h2"))
SEGMENTS = (SegmentName("web"), SegmentName("db"), SegmentName("dmz"))
HOLDERS = ("container:a", "container:b", "pin:ops", "request:1")
DEVICES = tuple(
    map(DeviceKey, ("host:h1", "host:h2", "switch:access1", "switch:access2", "switch:core", "switch:edge"))
)
PATHS: Mapping[tuple[HostName, SegmentName], tuple[DeviceKey, ...]] = {
    (HostName(host), SegmentName(segment)): tuple(
        map(DeviceKey, (f"host:{host}", f"switch:access{host[1]}", *beyond))
    )
    for host, (segment, beyond) in product(
        ("h1", "h2"), (("web", ("switch:core",)), ("db", ("switch:core", "switch:edge")), ("dmz", ()))
    )
}
"""Which devices an attachment concerns: its host, the host's switch, what lies beyond."""
LONG, NONE = 3600.0, 0.0
SOON, LATER = "soon", "later"
MOSTLY_H1 = st.sampled_from((*HOSTS[:1] * 2, *HOSTS))
MOSTLY_WEB = st.sampled_from((*SEGMENTS[:1] * 2, *SEGMENTS))
SOME_SEGMENTS = st.frozensets(st.sampled_from(SEGMENTS))


class DesiredMachine(RuleBasedStateMachine):
    """Holders come and go, events are lost, doubled and reordered, devices are synced in between."""

    def __init__(self, stores: Sequence[Store]) -> None:
        super().__init__()
        self.stores = stores
        stores[0].connection.do("FLUSHDB")
        self.holders: dict[tuple[HostName, SegmentName], set[str]] = {}
        self.grace_over: dict[tuple[HostName, SegmentName], bool] = {}
        self.states: dict[tuple[HostName, SegmentName], str] = {}
        self.deadlines: dict[tuple[HostName, str], bool] = {}
        self.truth: dict[tuple[HostName, str], frozenset[SegmentName]] = {}
        self.events: list[tuple[HostName, str]] = []
        self.generations: Counter[DeviceKey] = Counter()
        self.marks: Counter[DeviceKey] = Counter()
        self.dirty: dict[DeviceKey, str] = {}
        self.moment = 0
        self.alarms: set[tuple[DeviceKey, int]] = set()
        self.cordoned: dict[HostName, str] = {}
        self.grace = LONG

    @initialize(grace=st.sampled_from((LONG, NONE)))
    def choose_the_grace(self, grace: float) -> None:
        """Graces are endless or over at once; what lies between is a question of time alone."""
        self.grace = grace

    # What the model does.

    def held(self, host: HostName, holder: str) -> frozenset[SegmentName]:
        """Give what the holder holds on the host."""
        return frozenset(s for (h, s), names in self.holders.items() if h == host and holder in names)

    def mark(self, device: DeviceKey) -> None:
        """Somebody wishes the device to be looked at."""
        self.marks[device] += 1
        self.dirty[device] = SOON

    def raise_(self, device: DeviceKey) -> None:
        """Something else is wanted of the device."""
        self.generations[device] += 1
        self.mark(device)

    def let_hold(self, host: HostName, holder: str, wanted: frozenset[SegmentName]) -> set[DeviceKey]:
        """Change the model; returns the devices of which something else is wanted now."""
        before, touched = self.held(host, holder), set[DeviceKey]()
        for segment in wanted - before:
            names = self.holders.setdefault((host, segment), set())
            if not names:
                self.states[host, segment] = "requested"
                self.grace_over.pop((host, segment), None)
            touched |= self.wake(host, segment, everybody=not names)
            names.add(holder)
        for segment in before - wanted:
            names = self.holders[host, segment]
            names.remove(holder)
            if not names:
                self.states[host, segment] = "draining"
                self.grace_over[host, segment] = self.grace == NONE
                if self.grace == NONE:
                    self.alarms |= {(device, self.moment) for device in PATHS[host, segment]}
            touched |= self.wake(host, segment, everybody=False)
        if not wanted:
            self.deadlines.pop((host, holder), None)
        return touched

    def wake(self, host: HostName, segment: SegmentName, *, everybody: bool) -> set[DeviceKey]:
        """Raise the generation of every device on the path, or of the host alone."""
        devices = {each for each in PATHS[host, segment] if everybody or each.startswith("host:")}
        for device in devices:
            self.raise_(device)
        return devices

    def hold(
        self,
        host: HostName,
        holder: str,
        wanted: frozenset[SegmentName],
        *,
        client: int,
        deadline: float | None = None,
    ) -> None:
        """Make the same change to the record and to the model."""
        known = {s: SegmentNeeds(devices=PATHS[host, s], grace_seconds=self.grace) for s in SEGMENTS}
        self.moment += 1
        before = self.held(host, holder)
        result = self.stores[client].desired.hold(
            holder, host=host, wanted=wanted, known=known, deadline_seconds=deadline
        )
        assert result.added == tuple(sorted(wanted - before))
        assert result.removed == tuple(sorted(before - wanted))
        assert result.devices == tuple(sorted(self.let_hold(host, holder, wanted)))
        if deadline is not None and wanted:
            self.deadlines[host, holder] = deadline == NONE

    # What happens.

    @rule(
        host=MOSTLY_H1,
        holder=st.sampled_from(HOLDERS),
        wanted=SOME_SEGMENTS,
        times=st.integers(1, 2),
        sweep=st.booleans(),
        client=st.integers(0, 1),
    )
    def hold_exactly(
        self,
        *,
        host: HostName,
        holder: str,
        wanted: frozenset[SegmentName],
        times: int,
        sweep: bool,
        client: int,
    ) -> None:
        """Somebody holds what it wants and nothing else; said twice it changes nothing the second time."""
        self.truth[host, holder] = wanted
        for _ in range(times):
            self.hold(host, holder, wanted, client=client)
        if sweep:
            self.claim_what_is_due(client)

    @rule(host=MOSTLY_H1, holder=st.sampled_from(HOLDERS), wanted=SOME_SEGMENTS)
    def change_without_a_word(self, host: HostName, holder: str, wanted: frozenset[SegmentName]) -> None:
        """A container starts, changes or dies; the event of it is still on its way."""
        self.truth[host, holder] = wanted
        self.events.append((host, holder))

    @precondition(lambda self: bool(self.events))
    @rule(data=st.data(), again=st.booleans(), client=st.integers(0, 1))
    def deliver(self, *, data: st.DataObject, again: bool, client: int) -> None:
        """Any event arrives, perhaps not for the last time: it only says at what to look."""
        index = data.draw(st.integers(0, len(self.events) - 1))
        host, holder = self.events[index] if again else self.events.pop(index)
        self.hold(host, holder, self.truth[host, holder], client=client)

    @precondition(lambda self: bool(self.events))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """An event never arrives."""
        self.events.pop(data.draw(st.integers(0, len(self.events) - 1)))

    @rule(host=MOSTLY_H1, client=st.integers(0, 1))
    def resync(self, host: HostName, client: int) -> None:
        """The host lists what there is: every holder it has, and every one the record has."""
        known = set(self.stores[client].desired.holders_of(host))
        for holder in sorted(known | {name for where, name in self.truth if where == host}):
            self.hold(host, holder, self.truth.get((host, holder), frozenset()), client=client)
        expected = {name: wanted for (where, name), wanted in self.truth.items() if where == host and wanted}
        assert self.stores[client].desired.holders_of(host) == expected

    @rule(
        host=MOSTLY_H1,
        wanted=st.frozensets(st.sampled_from(SEGMENTS), min_size=1),
        deadline=st.sampled_from((LONG, NONE)),
        withdrawn=st.booleans(),
        expires=st.booleans(),
        client=st.integers(0, 1),
    )
    def request(
        self,
        *,
        host: HostName,
        wanted: frozenset[SegmentName],
        deadline: float,
        withdrawn: bool,
        expires: bool,
        client: int,
    ) -> None:
        """A request holds for a while only; it may be withdrawn before its time is over."""
        self.truth[host, "request:1"] = wanted
        self.hold(host, "request:1", wanted, client=client, deadline=deadline)
        if withdrawn:
            self.truth[host, "request:1"] = frozenset()
            self.hold(host, "request:1", frozenset(), client=client)
        if expires:
            self.let_expire(client)

    @rule(client=st.integers(0, 1))
    def expire(self, client: int) -> None:
        """The sweeper looks whose time is over."""
        self.let_expire(client)

    def let_expire(self, client: int) -> None:
        """Requests whose time is over let go, once."""
        self.moment += 1
        over = sorted(key for key, is_over in self.deadlines.items() if is_over)
        assert self.stores[client].desired.expire() == len(over)
        for host, holder in over:
            self.truth[host, holder] = frozenset()
            self.let_hold(host, holder, frozenset())
        assert self.stores[client].desired.expire() == 0

    @rule(host=MOSTLY_H1, client=st.integers(0, 1))
    def end_grace(self, host: HostName, client: int) -> None:
        """An operator wants what nobody holds away now."""
        empty = [key for key, names in self.holders.items() if key[0] == host and not names]
        assert self.stores[client].desired.end_grace(host) == len(empty)
        for key in empty:
            self.grace_over[key] = True
            self.states[key] = "draining"
            for device in PATHS[key]:
                self.mark(device)

    @rule(host=MOSTLY_H1, segment=MOSTLY_WEB, client=st.integers(0, 1))
    def forget(self, host: HostName, segment: SegmentName, client: int) -> None:
        """Only what is on record and held by nobody is forgotten."""
        may = self.holders.get((host, segment)) == set()
        assert self.stores[client].desired.forget(host, segment) is may
        if may:
            del self.holders[host, segment], self.grace_over[host, segment], self.states[host, segment]

    @rule(
        host=MOSTLY_H1,
        segment=MOSTLY_WEB,
        state=st.sampled_from(("ready", "failed")),
        client=st.integers(0, 1),
    )
    def find_it(
        self, host: HostName, segment: SegmentName, state: Literal["ready", "failed"], client: int
    ) -> None:
        """A sync says where an attachment stands; nothing comes to be by that, or comes back from draining."""
        self.stores[client].desired.set_state(host, segment, state)
        holders = self.holders.get((host, segment))
        if holders is None:
            assert not self.stores[client].desired.forget(host, segment)
        elif holders or state == "failed":
            self.states[host, segment] = state

    @rule(host=MOSTLY_H1, on=st.booleans(), client=st.integers(0, 1))
    def cordon(self, *, host: HostName, on: bool, client: int) -> None:
        """An operator takes a host out of use, or back into it; what it holds is another matter."""
        if on:
            self.stores[client].desired.cordon(host, who="ops")
            self.cordoned[host] = "ops"
        else:
            self.stores[client].desired.uncordon(host)
            self.cordoned.pop(host, None)

    @rule(device=st.sampled_from(DEVICES), raising=st.booleans(), later=st.booleans())
    def touch(self, *, device: DeviceKey, raising: bool, later: bool) -> None:
        """Somebody wants a device looked at, now or in an hour, with or without a new wish."""
        store = self.stores[0]
        at = store.now() + LONG if later else None
        if raising:
            store.desired.touch((device,), at=at)
            self.generations[device] += 1
        else:
            store.devices.mark_dirty((device,), at=at)
        if not later:
            self.mark(device)

    @rule(client=st.integers(0, 1))
    def sweep(self, client: int) -> None:
        """The sweeper comes by."""
        self.claim_what_is_due(client)

    def claim_what_is_due(self, client: int) -> None:
        """The sweeper takes what is due, and what alarms say; the same is not due twice."""
        for device, _ in self.alarms:
            self.mark(device)
        self.alarms.clear()
        due = {device for device, when in self.dirty.items() if when == SOON}
        assert set(self.stores[client].devices.due(100)) == due
        assert self.stores[client].devices.due(100) == []
        self.dirty |= dict.fromkeys(due, LATER)

    @rule(device=st.sampled_from(DEVICES), wish=st.booleans(), succeeds=st.booleans())
    def sync(self, *, device: DeviceKey, wish: bool, succeeds: bool) -> None:
        """A worker syncs a device; a wish that comes meanwhile keeps it dirty."""
        devices = self.stores[0].devices
        lease = devices.acquire(device, 60)
        assert lease is not None
        status = devices.status(device)
        if wish:
            self.stores[1].devices.mark_dirty((device,))
            self.mark(device)
        if succeeds:
            assert devices.applied(lease, generation=status.generation, marks=status.marks, observed="{}")
            if not wish:
                self.dirty.pop(device, None)
        else:
            at = self.stores[0].now() + LONG
            assert devices.failed(
                lease, error="no", kind="permanent", retry_at=at, observed="{}", marks=status.marks
            )
            self.dirty[device] = SOON if wish else LATER
        devices.release(lease)

    # What always holds.

    @invariant()
    def needed_is_what_somebody_holds(self) -> None:
        """A segment stays needed on a host while any holder remains; a grace runs only when none does."""
        store = self.stores[0]
        found = {(each.host, each.segment): each for each in store.desired.attachments()}
        assert {key: set(each.holders) for key, each in found.items()} == self.holders
        assert {key: each.state for key, each in found.items()} == self.states
        for key, attachment in found.items():
            if attachment.holders:
                assert attachment.drain_at is None
            else:
                assert attachment.drain_at is not None
                assert (attachment.drain_at <= store.now()) is self.grace_over[key]
        assert store.desired.cordoned() == self.cordoned

    @invariant()
    def exactly_the_concerned_devices_are_dirty(self) -> None:
        """Generations and marks rise for whom something changed, and for nobody else."""
        store = self.stores[0]
        soon = store.now() + 1
        for device in DEVICES:
            status = store.devices.status(device)
            assert (status.generation, status.marks) == (self.generations[device], self.marks[device])
            when = None if status.dirty_at is None else SOON if status.dirty_at < soon else LATER
            assert when == self.dirty.get(device)

    def teardown(self) -> None:
        """When every event has arrived and each host was listed once, record and truth are the same."""
        while self.events:
            host, holder = self.events.pop()
            self.hold(host, holder, self.truth[host, holder], client=0)
        for host in HOSTS:
            self.resync(host, client=1)
