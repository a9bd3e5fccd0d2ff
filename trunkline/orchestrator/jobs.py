"""Admin jobs: what an operator queued, done device by device by whoever can reach the device.

`coordinate` runs in the control worker: it rings one step per device, waits for results in the record and
keeps progress. `perform` runs in the worker of the device. Both may be killed at any point and run again:
steps that have a result are not repeated, and each step is itself safe to repeat.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import structlog

from trunkline.orchestrator.errors import Busy, ConfigError, OrchestratorError, PermanentError, unforeseen
from trunkline.orchestrator.inspections import Inspection, adopt, compare, discover
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import DeviceKey, HostName, Inventory, Switch, SwitchName, host_key
from trunkline.orchestrator.store import Job
from trunkline.orchestrator.sync.holders import needs_on
from trunkline.orchestrator.sync.hosts import Machine, sync_host
from trunkline.orchestrator.sync.liveness import queue_is_alive
from trunkline.orchestrator.sync.plans import plan_host, plan_switch
from trunkline.orchestrator.sync.sweep import every_device
from trunkline.orchestrator.sync.switches import Order, devices_behind, sync_switch

if TYPE_CHECKING:
    from trunkline.orchestrator.store import DeviceLease
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import OpenSwitch

log = structlog.get_logger(__name__)

Kind = Literal["reconcile", "audit", "backup", "drain", "plan", "discover", "adopt", "compare"]
KINDS: tuple[str, ...] = get_args(Kind)
INSPECTIONS: Mapping[str, Callable[[Inspection, Job], dict[str, Any]]] = {
    "discover": discover,
    "adopt": adopt,
    "compare": compare,
}
OF_SWITCHES = frozenset({"backup", *INSPECTIONS})
"""Jobs that have nothing to do on a host."""
CLAIM_SECONDS = 10.0
"""How long a job rests after the worker that drove it died."""
RING_AGAIN_SECONDS = 10.0
STEP_DEADLINE_SECONDS = 300.0
NO_WORKER_SECONDS = 10.0
"""A step whose queue nobody read for `liveness.ALIVE_FOR_SECONDS` is given up after so long."""
BUSY_SECONDS = 90.0
"""Longer than a sync may drain one device."""
CONFIRMED_SECONDS = 600.0
"""So long a confirmation of removals stands for what its giver has seen."""
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the worker that performs a step can reach."""

    open_switch: OpenSwitch | None = None
    machine: Machine | None = None


def queue_of(device: DeviceKey) -> str:
    """Name the queue that leads to this device."""
    kind, _, name = device.partition(":")
    return "switch" if kind == "switch" else f"host.{name}"


def devices_for(kind: str, only: Sequence[str], inventory: Inventory) -> tuple[DeviceKey, ...]:
    """Say which devices a job concerns.

    Args:
        kind: One of `KINDS`.
        only: Names of switches and hosts, with or without their ``switch:`` or ``host:``; empty for all.
        inventory: What there is.

    Raises:
        ConfigError: there is no such job or device, or the job has nothing to do there.
    """
    if kind not in KINDS:
        raise ConfigError(f"there is no job {kind!r}", subject="jobs", fix=f"choose from {', '.join(KINDS)}")
    everything = every_device(inventory)
    chosen = everything if not only else tuple(device for device in everything if _names_of(device) & {*only})
    for name in only:
        if not any(name in _names_of(device) for device in everything):
            names = ", ".join(everything)
            raise ConfigError(f"there is no device {name!r}", subject="jobs", fix=f"choose from {names}")
    if kind in OF_SWITCHES:
        chosen = tuple(device for device in chosen if device.startswith("switch:"))
    if kind == "drain":
        if not only:
            raise ConfigError(
                "drain empties one host or switch", subject="jobs", fix="name it: --device NAME"
            )
        chosen = tuple(host for device in chosen for host in _hosts_of(device, inventory))
    if not chosen:
        where = ", ".join(only) or "this inventory"
        raise ConfigError(f"{kind} has nothing to do on {where}", subject="jobs")
    return chosen


def _names_of(device: DeviceKey) -> frozenset[str]:
    return frozenset({device, device.partition(":")[2]})


def _hosts_of(device: DeviceKey, inventory: Inventory) -> tuple[DeviceKey, ...]:
    kind, _, name = device.partition(":")
    if kind == "host":
        return (device,)
    return tuple(sorted(devices_behind(inventory, SwitchName(name))))


def submit(
    context: Context,
    kind: str,
    *,
    only: Sequence[str] = (),
    who: str,
    why: str,
    dry_run: bool,
    extra: Mapping[str, Any] | None = None,
) -> Job:
    """Queue a job and ring for it.

    Args:
        context: Record and doorbells.
        kind: One of `KINDS`.
        only: As for `devices_for`.
        who: Who asked, for the audit trail.
        why: Why, in their words.
        dry_run: Show, change nothing.
        extra: More arguments of this kind of job.

    Raises:
        ConfigError: as `devices_for`.
    """
    extra = dict(extra or {})
    inventory = restore(extra["inventory"]) if "inventory" in extra else context.inventory()
    devices = devices_for(kind, only, inventory)
    job = context.store.jobs.create(
        kind,
        who=who,
        why=why,
        arguments={"devices": list(devices)} | extra,
        dry_run=dry_run,
    )
    context.bell.job(job.id)
    return job


def coordinate(job_id: str, *, context: Context, wait: Callable[[float], None] = time.sleep) -> None:
    """Drive a job to its end, or until another worker's claim or a cancel stops us."""
    jobs = context.store.jobs
    if not jobs.claim(job_id, context.process, CLAIM_SECONDS):
        return
    job = jobs.get(job_id)
    devices = [DeviceKey(name) for name in job.arguments["devices"]]
    started = rung = 0.0
    logged: set[DeviceKey] = set(jobs.steps(job_id))
    while True:
        if jobs.cancelled(job_id):
            jobs.finish(job_id, state="cancelled", result=_summary(jobs.steps(job_id)))
            return
        now = time.monotonic()
        started = started or now
        results = jobs.steps(job_id)
        for device in devices:
            if device in results and device not in logged:
                logged.add(device)
                jobs.log(job_id, f"{device}: {results[device].get('error') or 'done'}")
        open_steps = [device for device in devices if device not in results]
        jobs.progress(job_id, done=len(devices) - len(open_steps), total=len(devices))
        if not open_steps:
            failed = any(result.get("error") for result in results.values())
            jobs.finish(job_id, state="failed" if failed else "done", result=_summary(results))
            return
        _give_up_on_the_unreachable(context, job_id, open_steps, now - started)
        if now - rung >= RING_AGAIN_SECONDS:
            rung = now
            for device in open_steps:
                context.bell.job_step(job_id, device)
        if not jobs.renew(job_id, context.process, CLAIM_SECONDS):
            return
        wait(POLL_SECONDS)


def _give_up_on_the_unreachable(
    context: Context, job_id: str, devices: list[DeviceKey], waited_seconds: float
) -> None:
    for device in devices:
        queue = queue_of(device)
        role = "switch" if queue == "switch" else f"host --host {device.partition(':')[2]}"
        if waited_seconds > NO_WORKER_SECONDS and not queue_is_alive(context, queue):
            text = f"no worker reads queue {queue}; start `trunkline worker {role}` and run the job again"
            context.store.jobs.step(job_id, device, {"error": text})
        elif waited_seconds > STEP_DEADLINE_SECONDS:
            context.store.jobs.step(job_id, device, {"error": "no result in time; see `trunkline status`"})


def _summary(results: Mapping[DeviceKey, Mapping[str, Any]]) -> dict[str, Any]:
    return {device: dict(result) for device, result in sorted(results.items())}


def perform(job_id: str, device: DeviceKey, *, context: Context, tools: Tools) -> None:
    """Do a job's work on one device and record the result; a step with a result is left alone."""
    jobs = context.store.jobs
    if device in jobs.steps(job_id) or jobs.cancelled(job_id):
        return
    job = jobs.get(job_id)
    try:
        result = _work(job, device, context, tools)
    except OrchestratorError as error:
        result = {"error": str(error)}
    except (
        Exception
    ) as error:  # a plug-in's defect must show in the job, which would wait for minutes otherwise
        kind, _, name = device.partition(":")
        jobs.step(job_id, device, {"error": str(unforeseen(error, subject=f"{kind} {name}"))})
        raise
    jobs.step(job_id, device, result)
    log.info("job.step", job=job_id, kind=job.kind, device=device, error=result.get("error"))


def _work(job: Job, device: DeviceKey, context: Context, tools: Tools) -> dict[str, Any]:
    if job.kind in {"plan", "audit"} or (job.dry_run and job.kind == "reconcile"):
        return _plan(job, device, context, tools)
    if job.kind == "reconcile":
        return _reconcile(job, device, context, tools)
    if job.kind == "backup":
        return _backup(job, device, context, tools)
    if job.kind in INSPECTIONS:
        return _inspect(job, device, context, tools)
    return _drain(job, device, context, tools)


def _plan(job: Job, device: DeviceKey, context: Context, tools: Tools) -> dict[str, Any]:
    text = job.arguments.get("inventory")
    inventory = context.pinned(restore(text)) if text else context.inventory()
    if device.startswith("switch:"):
        switch = _declared(inventory, device)
        with _alone_with(device, context):
            return plan_switch(context, inventory, switch, _switches(tools)).as_json()
    return plan_host(context, inventory, _machine(tools)).as_json()


def _inspect(job: Job, device: DeviceKey, context: Context, tools: Tools) -> dict[str, Any]:
    inventory = context.inventory()
    switch = _declared(inventory, device)
    with _alone_with(device, context) as lease:
        driver = _switches(tools)(switch)
        at = Inspection(context=context, inventory=inventory, switch=switch, driver=driver, lease=lease)
        return INSPECTIONS[job.kind](at, job)


def _declared(inventory: Inventory, device: DeviceKey) -> Switch:
    name = SwitchName(device.partition(":")[2])
    if name not in inventory.switches:
        raise ConfigError(
            "is not in the inventory any more", subject=f"switch {name}", fix="run the job again"
        )
    return inventory.switches[name]


def _reconcile(job: Job, device: DeviceKey, context: Context, tools: Tools) -> dict[str, Any]:
    """Sync now; while somebody else is at the device, wait for them and sync after them.

    Raises:
        Busy: they did not end in time.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while _sync(job, device, context, tools) is None:
        status = context.store.devices.status(device)
        if not status.lease_holder:
            break  # it was our pass, and it failed as a whole: its error is on record
        if time.monotonic() > deadline:
            raise _busy(device)
        time.sleep(POLL_SECONDS)
    status = context.store.devices.status(device)
    return {"error": status.error} if status.error else {"generation": status.applied}


def _sync(job: Job, device: DeviceKey, context: Context, tools: Tools) -> object | None:
    if device.startswith("host:"):
        return sync_host(_machine(tools), context=context, force=True)
    confirmed = bool(job.arguments.get("confirm_removals"))
    if confirmed and context.store.now() - job.created_at > CONFIRMED_SECONDS:
        raise PermanentError(
            f"its removals were confirmed more than {CONFIRMED_SECONDS / 60:.0f} minutes ago, and what would go may "
            "be something else by now",
            subject=f"job {job.id}",
            fix="look at `trunkline plan` and run it again",
        )
    order = Order(
        why=f"job {job.id}: {job.why}",
        removals_confirmed=confirmed,
        accepts=True,
    )
    name = SwitchName(device.partition(":")[2])
    return sync_switch(name, context=context, open_switch=_switches(tools), order=order)


@contextmanager
def _alone_with(device: DeviceKey, context: Context) -> Iterator[DeviceLease]:
    """Hold the device's lease: the session that a sync of this process uses is ours meanwhile.

    Raises:
        Busy: somebody else kept it for too long.
    """
    devices = context.store.devices
    deadline = time.monotonic() + BUSY_SECONDS
    while (lease := devices.acquire(device, context.settings.lease_seconds)) is None:
        if time.monotonic() > deadline:
            raise _busy(device)
        time.sleep(POLL_SECONDS)
    try:
        yield lease
    finally:
        devices.release(lease)
        dirty_at = devices.status(device).dirty_at
        if dirty_at is not None:
            context.bell.device(device)  # a doorbell that found our lease was dropped


def _busy(device: DeviceKey) -> Busy:
    kind, _, name = device.partition(":")
    return Busy(
        f"somebody else was at it for {BUSY_SECONDS:.0f} s", subject=f"{kind} {name}", fix="run the job again"
    )


def _backup(job: Job, device: DeviceKey, context: Context, tools: Tools) -> dict[str, Any]:
    switch = _declared(context.inventory(), device)
    folder = context.settings.state_dir / "backups" / switch.name
    path = folder / f"{job.id}.cfg"
    if job.dry_run:
        return {"would_write": str(path)}
    with _alone_with(device, context):
        text = _switches(tools)(switch).backup()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_private(path, text)
    except OSError as error:
        raise PermanentError(
            f"cannot be written ({error.strerror})", subject=f"backup {path}", fix="check TRUNKLINE_STATE_DIR"
        ) from error
    return {
        "path": str(path),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "lines": len(text.splitlines()),
    }


def _write_private(path: Path, text: str) -> None:
    """Put a file there whole or not at all, for its owner only: a configuration has secrets in it."""
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _drain(job: Job, device: DeviceKey, context: Context, tools: Tools) -> dict[str, Any]:
    """Let go of a host at once: no new holders, no grace, our endpoints are taken off."""
    host = HostName(device.partition(":")[2])
    held = context.store.desired.holders_of(host)
    if job.dry_run:
        return {"would_release": sorted(held)}
    if job.arguments.get("undo"):
        context.store.desired.uncordon(host)
        context.bell.resync(host)
        return {"uncordoned": True}
    context.store.desired.cordon(host, who=job.who)
    needs = needs_on(context.inventory(), host)
    for holder in held:
        context.store.desired.hold(holder, host=host, wanted=frozenset(), known=needs)
    context.store.desired.end_grace(host)
    outcome = _reconcile(job, device, context, tools)
    for switch in sorted(
        {device for need in needs.values() for device in need.devices if device != host_key(host)}
    ):
        context.bell.device(switch)
    return {"released": sorted(held)} | outcome


def _switches(tools: Tools) -> OpenSwitch:
    if tools.open_switch is None:
        raise PermanentError("cannot reach switches", subject="this worker", fix="ask a switch worker")
    return tools.open_switch


def _machine(tools: Tools) -> Machine:
    if tools.machine is None:
        raise PermanentError("cannot reach this host", subject="this worker", fix="ask the host's own worker")
    return tools.machine


def dump_result(result: Mapping[str, Any]) -> str:
    """Write a job's result as JSON with stable keys."""
    return json.dumps(result, indent=2, sort_keys=True)
