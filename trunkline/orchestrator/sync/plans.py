"""What a sync would do, as lines a person can read; reads devices, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trunkline.orchestrator.errors import PermanentError
from trunkline.orchestrator.intents import AttachmentIntent, Carries, Claim, Gateway, HasVlan
from trunkline.orchestrator.labels import wanted
from trunkline.orchestrator.models import Inventory, SegmentName, Switch, host_key
from trunkline.orchestrator.planning import (
    attachment_intent,
    declared_on,
    host_intent,
    owned_key,
    shim_mac,
    shim_name,
)
from trunkline.orchestrator.sync.switches import intent_for
from trunkline.orchestrator.sync.writes import link_lines, network_line, shim_line

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.hosts import Machine
    from trunkline.orchestrator.sync.protocols import OpenSwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done to one device.

    ``problems`` maps an object to what stands in its way. ``changes`` says the same as ``lines``, object by object:
    ``add`` or ``remove``, the object, and what of it.
    """

    lines: tuple[str, ...] = ()
    changes: tuple[tuple[str, str, str], ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Give the JSON form that jobs carry and `-o json` prints."""
        return {
            "lines": list(self.lines),
            "problems": dict(self.problems),
            "notes": list(self.notes),
            "changes": [list(change) for change in self.changes],
        }


def plan_switch(context: Context, inventory: Inventory, switch: Switch, open_switch: OpenSwitch) -> Plan:
    """Read the switch and say what a sync would send now."""
    plan = open_switch(switch).plan(intent_for(context, inventory, switch, removals_confirmed=True))
    return Plan(
        lines=tuple(str(line) for line in plan.lines),
        changes=tuple((change.op, *_object(change.claim)) for change in plan.changes),
        problems={owned_key(claim): text for claim, text in plan.problems.items()},
        notes=tuple(plan.notes),
    )


def _object(claim: Claim) -> tuple[str, str]:
    """Name what a claim is about, and what it says of it."""
    match claim:
        case HasVlan(vlan=vlan, name=name):
            return f"VLAN {vlan}", f"name {name}" if name else "there"
        case Carries(port=port, vlan=vlan):
            return f"port {port}", f"VLAN {vlan}"
        case Gateway(vlan=vlan, parent=parent, addresses=addresses):
            where = "" if parent is None else f" on {parent}"
            return f"gateway of VLAN {vlan}{where}", " ".join(map(str, addresses))


def plan_host(context: Context, inventory: Inventory, machine: Machine) -> Plan:
    """Read the host and say what a sync would do once the switch side is ready."""
    attachments = context.store.desired.attachments(machine.name)
    intent = host_intent(
        inventory,
        host=machine.name,
        attachments=attachments,
        switch_status=dict.fromkeys(inventory.switches),
        now=context.store.now(),
        generation=context.store.desired.generation(host_key(machine.name)),
    )
    links, networks = machine.links.observe(), machine.engine.networks()
    lines: list[str] = []
    problems = {}
    declared, asked = declared_on(inventory, machine.name), set[SegmentName]()
    for facts in machine.engine.containers():
        try:
            wishes = wanted(facts.labels, inventory, machine.name)
        except PermanentError as error:
            problems[f"container {facts.name}"] = str(error)
            continue
        asked |= set(wishes.segments)
        lines += [
            f"docker network connect {segment} {facts.id[:12]}"
            for segment in wishes.segments
            if segment not in facts.endpoints
        ]
    standing = [attachment_intent(inventory, machine.name, segment) for segment in sorted(declared)]
    for each in {one.segment: one for one in (*standing, *intent.present)}.values():
        if each.segment in declared | asked and each.segment not in networks:
            lines.insert(0, network_line(each.network))
        if each.link.name not in links:
            lines[:0] = link_lines(each.link)
    lines += _missing_shims(inventory, machine, intent.present)
    typed = {network.segment for network in machine.engine.gated() if not network.ours}
    for absent in intent.absent:
        if absent.segment in declared | typed:
            continue  # the network stays, and with it the link below it
        lines += [f"docker network rm {absent.segment}"] if absent.segment in networks else []
        lines += [f"ip link del {absent.link.name}"] if absent.link.name in links else []
    return Plan(lines=tuple(lines), problems=problems)


def _missing_shims(inventory: Inventory, machine: Machine, present: Sequence[AttachmentIntent]) -> list[str]:
    there = machine.shims.observe()
    wanted = {
        shim_name(each.link.parent, each.link.vlan): each
        for each in present
        if inventory.segments[each.segment].host_access
    }
    lines = [
        shim_line(link=each.link.name, name=name, mac=shim_mac(machine.name, each.segment))
        for name, each in sorted(wanted.items())
        if name not in there
    ]
    return lines + [f"ip link del {name}" for name in sorted(there.keys() - wanted.keys())]
