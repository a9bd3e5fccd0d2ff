"""Hop 5 and 6 for a switch: drains what is dirty on one switch under a lease; called by the switch worker.

Whoever holds the lease goes on until desired state stops moving or the deadline comes, so that many requests
share one session. A doorbell that finds the lease taken is dropped: the holder looks again before it lets go.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import structlog

from trunkline.orchestrator.errors import OrchestratorError, Superseded, TransientError, unforeseen
from trunkline.orchestrator.intents import Carries, Claim, HostReport, SwitchIntent
from trunkline.orchestrator.models import (
    DeviceKey,
    HostName,
    Inventory,
    Switch,
    SwitchName,
    switch_key,
)
from trunkline.orchestrator.planning import (
    TooManyRemovals,
    devices_of,
    is_needed,
    owned_key,
    switch_intent,
)
from trunkline.orchestrator.store import DeviceLease, Operation
from trunkline.orchestrator.sync.attachments import advance, retire
from trunkline.orchestrator.sync.backoff import backoff_seconds
from trunkline.orchestrator.sync.gate import REQUEST
from trunkline.orchestrator.sync.neighbors import WHY as FORGOTTEN
from trunkline.orchestrator.sync.neighbors import forget_neighbors
from trunkline.orchestrator.sync.observation import Observation, observe

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import OpenSwitch, SwitchDriver, SwitchResult

log = structlog.get_logger(__name__)

SAVE_AT_LATEST_SECONDS = 300.0
SAVE_AGAIN_SECONDS = 1.0
"""At the earliest after a read-back that did not confirm what was written."""


def intent_for(
    context: Context, inventory: Inventory, switch: Switch, *, removals_confirmed: bool = False
) -> SwitchIntent:
    """Plan one switch from what the store says now. The generation is read first: a later change wins.

    Raises:
        TooManyRemovals: the brake; it carries the intent without the removals.
    """
    key = switch_key(switch.name)
    store = context.store
    generation = store.desired.generation(key)
    owned = store.devices.owned(switch.name)
    return switch_intent(
        inventory,
        switch=switch.name,
        attachments=store.desired.attachments(),
        owned=owned,
        reports=_reports(context),
        now=store.now(),
        stale_after_seconds=context.settings.stale_after_seconds,
        generation=generation,
        former=context.former_gateways() if any(key.startswith("gateway:") for key in owned) else {},
        removals_confirmed=removals_confirmed,
    )


def _reports(context: Context) -> dict[HostName, HostReport]:
    """Give the hosts' reports, each with the MACs of endpoints that are known to be gone from it.

    A switch remembers an address for minutes after its owner left; of ours the ledger knows that they left.
    """
    reports = {report.host: report for report in context.store.devices.reports()}
    gone = context.store.traces.gone(reports.keys())
    return {host: replace(report, macs=report.macs | gone[host]) for host, report in reports.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an operator asked of one sync.

    ``removals_confirmed`` lifts the brake on removals for it. ``accepts``: somebody looked, so what changed though
    nobody had asked is taken as it is, and credentials that were refused are tried once more. ``why`` is empty
    when nobody asked: then the audit trail says who needs what is written.
    """

    why: str = ""
    removals_confirmed: bool = False
    accepts: bool = False


@dataclass(slots=True)
class LeaseJournal:
    """Writes the audit trail of one sync, and stops it when it has lost its right to write."""

    context: Context
    inventory: Inventory
    switch: Switch
    lease: DeviceLease
    generation: int
    why: str
    added: frozenset[str] = frozenset()
    wrote: bool = False

    def keep(self, text: str) -> None:
        """Keep what the switch was configured like before a session's first change."""
        self.context.store.backups.add(
            self.switch.name, text, self.why or "before the first change of a session"
        )

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        """Record what is about to be sent (promise I13), and as ours what it will add.

        It counts as ours from now on: a session that breaks after this line may have added it.

        Raises:
            Superseded: the lease is lost or desired state moved on.
        """
        self._assert_current()
        keys = frozenset(owned_key(claim) for claim in adding)
        self.context.store.devices.own(self.switch.name, add=keys)
        self.added |= keys
        self.wrote = True
        return self.context.store.operations.begin(
            Operation(
                who=self.context.process,
                why=self.why or reason(self.context, self.inventory, adding),
                device=switch_key(self.switch.name),
                lines=tuple(lines),
            )
        )

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        """Record what came back."""
        self.context.store.operations.finish(operation, result="ok" if ok else "failed", reply=reply)

    def still_unneeded(self, claim: Claim) -> bool:
        """Plan again from fresh facts: the claim must still be one that nobody needs (promise I4)."""
        intent = intent_for(self.context, self.inventory, self.switch, removals_confirmed=True)
        return claim in intent.absent

    def _assert_current(self) -> None:
        store = self.context.store
        key = switch_key(self.switch.name)
        if not store.devices.renew(self.lease, self.context.settings.lease_seconds):
            raise Superseded("another worker took over", subject=f"switch {self.switch.name}")
        if store.desired.generation(key) != self.generation:
            raise Superseded("desired state moved on", subject=f"switch {self.switch.name}")


def reason(context: Context, inventory: Inventory, adding: frozenset[Claim]) -> str:
    """Say for whom something is written: which segments, wanted by whom, or by nobody any more."""
    vlans = {claim.vlan for claim in adding}
    ports = {claim.port for claim in adding if isinstance(claim, Carries)}
    at_ports = {
        host.name for host in inventory.hosts.values() if any(uplink.port in ports for uplink in host.uplinks)
    }
    now = context.store.now()
    wanted = [
        f"segment {each.segment} is wanted on {each.host} by {_holders(each.holders)}"
        for each in context.store.desired.attachments()
        if each.segment in inventory.segments
        and inventory.segments[each.segment].vlan in vlans
        and is_needed(each, now)
        and (not at_ports or each.host in at_ports)
    ]
    if wanted:
        return "; ".join(wanted)
    return "the inventory declares it" if adding else "nobody needs it any more"


def _holders(names: frozenset[str]) -> str:
    if not names:
        return "nobody, but its grace is not over"
    lasting = sorted(name for name in names if not name.startswith(REQUEST))
    waiting = "a docker command that waits" if len(lasting) < len(names) else ""
    if not lasting:
        return waiting
    kind, _, identity = lasting[0].partition(":")
    others = f" and {len(lasting) - 1} more" if len(lasting) > 1 else ""
    return f"{kind} {identity[:12]}{others}" + (f" and {waiting}" if waiting else "")


def sync_switch(
    name: SwitchName, *, context: Context, open_switch: OpenSwitch, order: Order | None = None
) -> Observation | None:
    """Bring one switch to its desired state.

    Args:
        name: The switch.
        context: Record, doorbells, settings.
        open_switch: Gives a driver.
        order: What an operator asked for; None when a doorbell or the sweep woke us.

    Returns:
        What the last pass found; None when there was nothing to do or somebody else is at it.
    """
    key = switch_key(name)
    store = context.store
    status = store.devices.status(key)
    if order is None and (status.dirty_at is None or store.now() < (status.blocked_until or 0.0)):
        return None
    lease = store.devices.acquire(key, context.settings.lease_seconds)
    if lease is None:
        return None
    deadline = time.monotonic() + context.settings.drain_deadline_seconds
    if order is not None and order.accepts:
        store.devices.refuse(key, "")
    try:
        while True:
            observation = _pass(
                name, context=context, open_switch=open_switch, lease=lease, order=order or Order()
            )
            if time.monotonic() > deadline or observation is None:
                return observation
            status = store.devices.status(key)
            if status.dirty_at is None or status.dirty_at > store.now():
                return observation
            # Whoever takes over finds the kept session of this process, which is for one at a time.
            if not store.devices.renew(lease, context.settings.lease_seconds):
                return observation
    finally:
        store.devices.release(lease)


def _pass(
    name: SwitchName, *, context: Context, open_switch: OpenSwitch, lease: DeviceLease, order: Order
) -> Observation | None:
    key = switch_key(name)
    store = context.store
    inventory = context.inventory()
    switch = inventory.switches.get(name)
    if switch is None:
        status = store.devices.status(key)
        store.devices.applied(
            lease, generation=status.generation, marks=status.marks, observed=Observation().dump()
        )
        return None
    before = Observation.load(store.devices.observed(key))
    marks = store.devices.status(key).marks
    started = time.monotonic()
    journal = LeaseJournal(context, inventory, switch, lease, generation=-1, why=order.why)
    try:
        intent, brake = _braked(context, inventory, switch, order)
        journal.generation = intent.generation
        driver = open_switch(switch)
        result = driver.sync(intent, journal=journal)
    except Superseded:
        log.info("switch.superseded", switch=name)
        return replace(before, generation=-1)
    except OrchestratorError as error:
        unfinished = before.after_broken_write(store.now()) if journal.wrote else None
        _record_failure(context, inventory, lease, error, unfinished)
        return None
    except Exception as error:  # a plug-in's defect must show in the status, not only in a log
        unfinished = before.after_broken_write(store.now()) if journal.wrote else None
        defect = unforeseen(error, subject=f"switch {name}")
        _record_failure(context, inventory, lease, defect, unfinished)
        raise
    _record_ownership(context, intent, journal, result)
    wrote = switch.mode == "enforce"
    if order.accepts:
        before = replace(before, strange=())
    observation = observe(intent, result, now=store.now(), before=before, wrote=wrote, brake=brake)
    observation = _save_when_quiet(context, switch, driver, observation)
    if cause := forget_neighbors(context, inventory, switch, driver, replace(journal, why=FORGOTTEN)):
        observation = replace(observation, problems={**observation.problems, "neighbors": cause})
    _record(
        context,
        lease,
        observation,
        marks=marks,
        save_after_seconds=switch.save_after_seconds,
        settles_in_seconds=result.settles_in_seconds,
    )
    advance(context, inventory, devices=(key,))
    retire(context, inventory)
    log.info(
        "switch.synced",
        switch=name,
        generation=intent.generation,
        sent=len(result.sent),
        problems=len(result.problems),
        seconds=round(time.monotonic() - started, 4),
        **{f"{phase}_seconds": round(seconds, 4) for phase, seconds in result.timings.items()},
    )
    return observation


def _braked(context: Context, inventory: Inventory, switch: Switch, order: Order) -> tuple[SwitchIntent, str]:
    try:
        intent = intent_for(context, inventory, switch, removals_confirmed=order.removals_confirmed)
    except TooManyRemovals as brake:
        return brake.additions, str(brake)
    return intent, ""


def _record_ownership(
    context: Context, intent: SwitchIntent, journal: LeaseJournal, result: SwitchResult
) -> None:
    """Keep as ours what came true.

    What was taken away is not ours any more, by whomever it was, nor is what was announced and did not come true.
    """
    name = intent.switch.name
    gained = frozenset(owned_key(claim) for claim in result.gained)
    pending = result.plan.pending | result.problems.keys()
    lost = frozenset(owned_key(claim) for claim in result.lost | (intent.absent - pending))
    lost |= journal.added - gained
    context.store.devices.own(name, add=gained, remove=lost)
    if gained or lost:
        log.info("switch.owns", switch=name, gained=sorted(gained), lost=sorted(lost))


def _record(
    context: Context,
    lease: DeviceLease,
    observation: Observation,
    *,
    marks: int,
    save_after_seconds: float,
    settles_in_seconds: float,
) -> None:
    store, key = context.store, lease.device
    if observation.problems:
        fails = store.devices.status(key).fails
        store.devices.failed(
            lease,
            error="; ".join(sorted(set(observation.problems.values()))),
            kind="permanent",
            retry_at=store.now() + max(backoff_seconds(fails), settles_in_seconds),
            observed=observation.dump(),
            # Whoever looks at it before it went back takes for lasting what is not.
            leave_alone=settles_in_seconds > 0,
            marks=marks,
        )
        return
    store.devices.applied(lease, generation=observation.generation, marks=marks, observed=observation.dump())
    if observation.changed_at is not None:
        at = max(observation.changed_at + save_after_seconds, store.now() + SAVE_AGAIN_SECONDS)
        store.devices.mark_dirty((key,), at=at)


def _record_failure(
    context: Context,
    inventory: Inventory,
    lease: DeviceLease,
    error: OrchestratorError,
    unfinished: Observation | None,
) -> None:
    store, key = context.store, lease.device
    wait = backoff_seconds(store.devices.status(key).fails)
    if isinstance(error, TransientError) and error.retry_in_seconds is not None:
        wait = error.retry_in_seconds
    kind: Literal["transient", "permanent"] = (
        "transient" if isinstance(error, TransientError) else "permanent"
    )
    observed = unfinished.dump() if unfinished else None
    store.devices.failed(
        lease, error=str(error), kind=kind, retry_at=store.now() + wait, observed=observed, leave_alone=True
    )
    log.warning("switch.failed", device=key, kind=kind, error=str(error), retry_in_seconds=round(wait, 1))
    advance(context, inventory, devices=(key,))


def _save_when_quiet(
    context: Context, switch: Switch, driver: SwitchDriver, observation: Observation
) -> Observation:
    """Save verified configuration once nothing changed for a while; a busy switch is saved all the same.

    What the last read-back did not confirm is never saved: a reload would be the way back.
    """
    changed_at, since = observation.changed_at, observation.unsaved_since
    if changed_at is None or since is None or switch.mode != "enforce" or not observation.verified:
        return observation
    if not driver.save_command:
        return replace(observation, changed_at=None, unsaved_since=None)
    now = context.store.now()
    if now - changed_at < switch.save_after_seconds and now - since < SAVE_AT_LATEST_SECONDS:
        return observation
    operation = context.store.operations.begin(
        Operation(
            who=context.process,
            why="quiet, so the running configuration is saved",
            device=switch_key(switch.name),
            lines=(driver.save_command,),
        )
    )
    try:
        driver.save()
    except OrchestratorError as error:
        context.store.operations.finish(operation, result="failed", reply=str(error))
        log.warning("switch.unsaved", switch=switch.name, error=str(error))
        return replace(observation, problems={**observation.problems, "save": str(error)})
    context.store.operations.finish(operation, result="ok", reply="")
    return replace(observation, changed_at=None, unsaved_since=None)


def devices_behind(inventory: Inventory, name: SwitchName) -> frozenset[DeviceKey]:
    """Name the hosts whose attachments run through this switch."""
    return frozenset(
        device
        for host in inventory.hosts
        for segment in inventory.segments
        if switch_key(name) in (path := devices_of(inventory, host, segment))
        for device in path
        if device.startswith("host:")
    )
