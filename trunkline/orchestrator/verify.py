"""The promises of the design as online checks over the record; called by `trunkline verify`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import Inventory, SwitchName, switch_key
from trunkline.orchestrator.planning import owned_key, requirements
from trunkline.orchestrator.sync.attachments import SwitchView, switch_views
from trunkline.orchestrator.sync.sweep import every_device

if TYPE_CHECKING:
    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.store import LedgerLease, Store

LIVE = frozenset({"PENDING", "ACTIVE"})
LOOK_BACK = 1000
"""So many of the newest operations are checked."""


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
        *_addresses(store, inventory),
        _paths(store, inventory),
        *_lines(store, inventory),
        _applied(store, inventory),
        _orphans(store, settings),
        _journal(store),
    ]


def _finding(promise: str, wrong: Iterable[str], looked_at: str) -> Finding:
    faults = sorted(wrong)
    return Finding(promise=promise, holds=not faults, detail="; ".join(faults) or looked_at)


def _addresses(store: Store, inventory: Inventory) -> Iterator[Finding]:
    leases: list[tuple[str, LedgerLease]] = [
        (name, lease)
        for name, segment in inventory.segments.items()
        for lease in store.ledger.leases(segment)
    ]
    live = [(segment, lease) for segment, lease in leases if lease.state in LIVE]
    held = Counter((segment, lease.address) for segment, lease in live)
    twice = (
        f"{address} of {segment} is held {count} times"
        for (segment, address), count in held.items()
        if count > 1
    )
    yield _finding("I1 no address is in two live endpoints", twice, f"{len(live)} live leases")
    owners = Counter((segment, lease.owner, lease.address.version) for segment, lease in live)
    greedy = (
        f"{owner} holds {count} of {segment}" for (segment, owner, _), count in owners.items() if count > 1
    )
    yield _finding("I2 one owner, one address per pool", greedy, f"{len(owners)} owners")
    resting = sum(lease.state == "QUARANTINE" for _, lease in leases)
    both = (
        f"{lease.address} of {segment} is held and rests"
        for segment, lease in leases
        if lease.state == "QUARANTINE" and held[segment, lease.address]
    )
    yield _finding("I14 a released address rests", both, f"{resting} addresses rest")


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
