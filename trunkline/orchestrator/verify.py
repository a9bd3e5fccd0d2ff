"""The promises of the design as online checks over the record; called by `trunkline verify`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trunkline.orchestrator.addressing import role
from trunkline.orchestrator.discovery import check_cables, machines_of
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import Address, Inventory, SegmentName, SwitchName, switch_key
from trunkline.orchestrator.planning import owned_key, requirements
from trunkline.orchestrator.sync.attachments import SwitchView, switch_views
from trunkline.orchestrator.sync.sweep import every_device

if TYPE_CHECKING:
    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.store import LedgerLease, Store
    from trunkline.orchestrator.store.records import LeaseState

LIVE = frozenset({"PENDING", "ACTIVE"})
LOOK_BACK = 1000
"""So many of the newest operations are checked."""
LONGEST_PENDING_SECONDS = 300.0
"""So long an address may wait for its endpoint to show. What is kept for a container waits until that starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One promise, whether it holds now, and what was looked at or found wrong."""

    promise: str
    holds: bool
    detail: str


def findings(store: Store, settings: Settings) -> list[Finding]:
    """Check every promise that can be checked from the record.

    Args:
        store: The record.
        settings: How often is swept, which says how old an orphan may get.
    """
    current = store.inventory.current()
    if current is None:
        return []
    inventory = restore(current[1])
    return [
        _ledger(store),
        *_addresses(store, inventory),
        _paths(store, inventory),
        *_lines(store, inventory),
        _applied(store, inventory),
        _cables(store, inventory),
        _orphans(store, settings),
        _journal(store),
    ]


def _finding(promise: str, wrong: Iterable[str], looked_at: str) -> Finding:
    faults = sorted(wrong)
    return Finding(promise=promise, holds=not faults, detail="; ".join(faults) or looked_at)


def _ledger(store: Store) -> Finding:
    why = store.ledger.why_closed()
    return _finding("the ledger knows what is in use", [why] if why else [], "no host is waited for")


def _addresses(store: Store, inventory: Inventory) -> Iterator[Finding]:
    leases = [lease for segment in inventory.segments.values() for lease in store.ledger.leases(segment)]
    live = [lease for lease in leases if lease.state in LIVE]
    held = Counter((lease.segment, lease.address) for lease in live)
    twice = [
        f"{address} of {segment} is held {count} times"
        for (segment, address), count in held.items()
        if count > 1
    ]
    wrong = [*twice, *_both(leases, held, "RESERVED", "is held and reserved"), *_nobodys(live, inventory)]
    yield _finding("I1 no address is in two live endpoints", wrong, f"{len(live)} live leases")
    owners = Counter((lease.segment, lease.owner, lease.address.version) for lease in live)
    greedy = (
        f"{owner} holds {count} of {segment}" for (segment, owner, _), count in owners.items() if count > 1
    )
    yield _finding("I2 one owner, one address per pool", greedy, f"{len(owners)} owners")
    resting = sum(lease.state == "QUARANTINE" for lease in leases)
    both = _both(leases, held, "QUARANTINE", "is held and rests")
    yield _finding("I14 a released address rests", both, f"{resting} addresses rest")
    yield _reserved(store, leases)
    yield _unconfirmed(live, store.now())


def _both(
    leases: Iterable[LedgerLease],
    held: Mapping[tuple[SegmentName, Address], int],
    state: LeaseState,
    words: str,
) -> list[str]:
    """Name what is in this state and held too: two subnets may have covered an address."""
    return [
        f"{lease.address} of {lease.segment} {words}"
        for lease in leases
        if lease.state == state and (lease.segment, lease.address) in held
    ]


def _nobodys(live: Iterable[LedgerLease], inventory: Inventory) -> Iterator[str]:
    """Name what somebody holds though it is everybody's; an excluded address is not: who has it may keep it."""
    for lease in live:
        for subnet in inventory.segments[lease.segment].subnets:
            if what := role(subnet, lease.address) if lease.address in subnet.network else "":
                yield f"{lease.address} of {lease.segment} is {what}, but held by {_who(lease)}"


def _who(lease: LedgerLease) -> str:
    return f"{lease.name or lease.mac or lease.owner} on {lease.host}"


def _reserved(store: Store, leases: Iterable[LedgerLease]) -> Finding:
    reserved = [lease for lease in leases if lease.state == "RESERVED"]
    wrong = (
        f"{lease.address} of {lease.segment} is reserved by nobody, so that nobody can release it"
        for lease in reserved
        if not store.ledger.reservers(lease)
    )
    return _finding(
        "a reserved address is so at somebody's word", wrong, f"{len(reserved)} reserved addresses"
    )


def _unconfirmed(live: Iterable[LedgerLease], now: float) -> Finding:
    waiting = [lease for lease in live if lease.state == "PENDING" and not lease.kept]
    wrong = (
        f"{lease.address} of {lease.segment} waits for {_who(lease)} for {now - lease.since:.0f} s"
        for lease in waiting
        if now - lease.since > LONGEST_PENDING_SECONDS
    )
    return _finding("an address that nobody uses rests", wrong, f"{len(waiting)} wait for their endpoint")


def _paths(store: Store, inventory: Inventory) -> Finding:
    views = switch_views(store, inventory)
    wrong, seen = [], 0
    for attachment in store.desired.attachments():
        if attachment.state != "ready" or attachment.segment not in inventory.segments:
            continue
        seen += 1
        for name, claims in requirements(inventory, attachment.host, attachment.segment).items():
            missing = {owned_key(claim) for claim in claims} - views[name].observation.satisfied
            if missing and not _waits(views[name]):
                who = f"{attachment.host}/{attachment.segment}"
                wrong.append(f"{who} is ready, {name} lacks {', '.join(sorted(missing))}")
    return _finding("I3 a held VLAN is on every port of its path", wrong, f"{seen} ready attachments")


def _waits(view: SwitchView) -> bool:
    return view.observation.generation < view.generation


def _lines(store: Store, inventory: Inventory) -> Iterator[Finding]:
    protected, forms = [], []
    operations = store.operations.tail(LOOK_BACK)
    for operation in operations:
        kind, _, name = operation.device.partition(":")
        switch = inventory.switches.get(SwitchName(name)) if kind == "switch" else None
        if switch is None:
            continue
        for line in operation.lines:
            word = line.strip()
            protected += [
                f"{operation.device}: {word}"
                for port in switch.protected_ports
                if word == f"interface {port}"
            ]
            if re.match(r"no switchport trunk allowed vlan", word):
                forms.append(f"{operation.device}: {word}")
    looked_at = f"{len(operations)} operations"
    yield _finding("I5 no command names a protected port", protected, looked_at)
    yield _finding("I6 every trunk change is an add or remove", forms, looked_at)


def _applied(store: Store, inventory: Inventory) -> Finding:
    wrong = []
    views = switch_views(store, inventory)
    for name, view in views.items():
        status = store.devices.status(switch_key(name))
        if status.applied == status.generation and view.observation.problems:
            wrong.append(f"switch {name} counts as applied with problems")
    return _finding(
        "I7 applied means the read-back equalled what was desired", wrong, f"{len(views)} switches"
    )


def _cables(store: Store, inventory: Inventory) -> Finding:
    machines = machines_of(inventory, {each.host: each for each in store.devices.reports()})
    sightings = {name: store.sightings.of(name) for name in inventory.switches}
    seen = {name: (each.at, each.seen) for name, each in sightings.items() if each is not None}
    check = check_cables(machines, seen, store.now())
    return _finding("declared cables lead where they should", check.faults, check.looked_at)


def _orphans(store: Store, settings: Settings) -> Finding:
    now = store.now()
    late = 2 * settings.sweep_seconds
    wrong = [
        f"{attachment.host}/{attachment.segment} should be gone for {now - attachment.drain_at:.0f} s"
        for attachment in store.desired.attachments()
        if not attachment.holders and attachment.drain_at is not None and now - attachment.drain_at > late
    ]
    return _finding(
        "I8 an orphan lives at most its grace and two sweeps", wrong, f"sweep {settings.sweep_seconds} s"
    )


def _journal(store: Store) -> Finding:
    by_device: defaultdict[str, int] = defaultdict(int)
    for operation in store.operations.tail(LOOK_BACK):
        by_device[operation.device] += 1
    known = every_device_names(store)
    strangers = (f"{device} was written and is not in the inventory" for device in by_device.keys() - known)
    return _finding(
        "I13 every device write has an operation", strangers, f"{sum(by_device.values())} operations"
    )


def every_device_names(store: Store) -> frozenset[str]:
    """Name the devices of every stored version: writes outlive the inventory they came from."""
    texts = [text for _, text in store.inventory.history()]
    return frozenset(str(device) for text in texts for device in every_device(restore(text)))
