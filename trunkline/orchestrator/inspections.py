"""Steps of jobs that look at one switch: who is at its ports, what of it is ours to have, what changed since a backup.

Called by `jobs` with the switch's lease held. None of them writes to a switch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.errors import Busy, ConfigError
from trunkline.orchestrator.intents import Claim, SwitchIntent
from trunkline.orchestrator.models import switch_key
from trunkline.orchestrator.planning import owned_key
from trunkline.orchestrator.shown_text import commands_of, differences, lost_commands
from trunkline.orchestrator.store import Operation, Sighting
from trunkline.orchestrator.store.sightings import dump_peer
from trunkline.orchestrator.sync.switches import intent_for

if TYPE_CHECKING:
    from trunkline.orchestrator.models import Inventory, Switch
    from trunkline.orchestrator.store import DeviceLease, Job
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import SwitchDriver


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One switch, at hand."""

    context: Context
    inventory: Inventory
    switch: Switch
    driver: SwitchDriver
    lease: DeviceLease

    def hold(self) -> None:
        """Keep the switch for what comes next.

        Raises:
            Busy: another worker got it meanwhile.
        """
        context = self.context
        if not context.store.devices.renew(self.lease, context.settings.lease_seconds):
            raise Busy(
                "another worker took over while it was looked at; nothing was changed",
                subject=f"switch {self.switch.name}",
                fix="run it again; is it slow, raise TRUNKLINE_LEASE_SECONDS",
            )


def discover(at: Inspection, job: Job) -> dict[str, Any]:
    """Ask a switch what it knows of the machines around it, and keep the answer in the record.

    Raises:
        Unsupported: its driver cannot tell.
    """
    del job
    seen = at.driver.discover()
    store = at.context.store
    sighting = Sighting(at=store.now(), seen=seen)
    store.sightings.keep(at.switch.name, sighting)
    addresses: dict[str, int] = {}
    for (port, _), macs in seen.stations.items():
        addresses[port] = addresses.get(port, 0) + len(macs)
    return {"at": sighting.at, "peers": [dump_peer(peer) for peer in seen.peers], "addresses": addresses}


def compare(at: Inspection, job: Job) -> dict[str, Any]:
    """Compare a backup in the record with what the switch shows now.

    Raises:
        ConfigError: the backup is not kept any more, or nothing that is in it is asked any more.
    """
    backup = at.context.store.backups.get(at.switch.name, int(job.arguments["backup"]))
    answers = at.driver.show(_declared(at), commands_of(backup.text))
    if not answers:
        raise ConfigError(
            f"is asked nothing any more of what is in session backup {backup.number}, so nothing was compared",
            subject=f"switch {at.switch.name}",
            fix=f"read it: trunkline switch backup {at.switch.name} --show {backup.number}",
        )
    lost = lost_commands(backup.text, answers)
    notes = [f"`{command}` is not asked any more, so it is not compared" for command in lost]
    if backup.cut:
        notes.append(f"the backup was cut by {backup.cut} bytes; its last command is not compared")
    return {"lines": list(differences(backup.text, answers, cut=backup.cut > 0)), "notes": notes}


def adopt(at: Inspection, job: Job) -> dict[str, Any]:
    """Tell what of a switch is as desired, what would change, what is somebody else's, and what could become ours.

    With ``take`` among the job's arguments, those of these claims that can be taken are ours from now on.
    """
    store, name = at.context.store, at.switch.name
    intent = intent_for(at.context, at.inventory, at.switch, removals_confirmed=True)
    plan = at.driver.plan(intent)
    true = frozenset(intent.present - plan.pending - plan.problems.keys())
    owned = store.devices.owned(name)
    strangers = frozenset(claim for claim in true if owned_key(claim) not in owned)
    at.hold()
    takeable, kept = _takeable(at, intent, strangers)
    at.hold()
    declared = at.driver.plan(_declared(at))
    taken = sorted(takeable & set(job.arguments.get("take", ()))) if not job.dry_run else []
    if taken:
        at.hold()
        _take(at, job, taken)
    return {
        "as_desired": _keys(true),
        "ours": sorted(owned & set(_keys(true)) | set(taken)),
        "lines": [str(line) for line in plan.lines],
        "problems": {owned_key(claim): text for claim, text in plan.problems.items()},
        "notes": list(plan.notes),
        "foreign": list(declared.foreign),
        "takeable": sorted(takeable - set(taken)),
        "kept": kept,
        "taken": taken,
    }


def _declared(at: Inspection) -> SwitchIntent:
    """Plan the switch as if every host used every segment that it may: all that the inventory could ever want of it."""
    segments = {name: replace(each, trunk="always") for name, each in at.inventory.segments.items()}
    whole = replace(at.inventory, segments=segments)
    return intent_for(at.context, whole, at.switch, removals_confirmed=True)


def _takeable(
    at: Inspection, intent: SwitchIntent, claims: frozenset[Claim]
) -> tuple[frozenset[str], dict[str, str]]:
    """Say which claims could be taken away again if they were ours, and of the others why not.

    The driver itself is asked, by an intent that wants them gone and is never carried out: what it would refuse to
    take away (a port that carries every VLAN, a gateway with other addresses, a VLAN that somebody unknown uses) must
    not become ours.
    """
    known = _known_macs(at)
    rules = {port: replace(rule, own_macs=rule.own_macs | known) for port, rule in intent.ports.items()}
    gone = SwitchIntent(switch=at.switch, generation=intent.generation, absent=claims, ports=rules)
    plan = at.driver.plan(gone)
    kept = {owned_key(claim): text for claim, text in plan.problems.items() if claim in claims}
    return frozenset(owned_key(claim) for claim in plan.pending & claims) - kept.keys(), kept


def _known_macs(at: Inspection) -> frozenset[str]:
    """Give the addresses of all hosts and of the containers that hold a lease: they are who the claims are for."""
    store = at.context.store
    own = frozenset[str]().union(*(report.macs for report in store.devices.reports()))
    hosts = at.inventory.hosts
    leases = (lease for segment in at.inventory.segments.values() for lease in store.ledger.leases(segment))
    return own | frozenset(lease.mac for lease in leases if lease.mac and lease.host in hosts)


def _take(at: Inspection, job: Job, keys: list[str]) -> None:
    """Record claims as ours, the audit trail first."""
    store = at.context.store
    operation = store.operations.begin(
        Operation(
            who=job.who,
            why=f"job {job.id}: {job.why}",
            device=switch_key(at.switch.name),
            lines=tuple(f"! ours from now on: {key}" for key in keys),
        )
    )
    store.devices.own(at.switch.name, add=frozenset(keys))
    store.operations.finish(operation, result="ok", reply="nothing was sent")


def _keys(claims: frozenset[Claim]) -> list[str]:
    return sorted(map(owned_key, claims))
