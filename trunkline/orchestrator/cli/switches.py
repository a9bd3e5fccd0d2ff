"""What the record knows of one switch, for people and programs; called by `trunkline switch show` and `history`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.cli.output import ago, print_json, print_table, printable
from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import Switch, SwitchName, switch_key
from trunkline.orchestrator.sync.observation import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trunkline.orchestrator.store import Operation, Store


def declared(store: Store, name: str) -> Switch:
    """Find a switch of the inventory.

    Raises:
        ConfigError: there is none of that name.
    """
    current = store.inventory.current()
    inventory = restore(current[1]) if current else None
    switch = inventory.switches.get(SwitchName(name)) if inventory else None
    if switch is None:
        known = ", ".join(inventory.switches) if inventory else "none; run `trunkline apply FILE` first"
        raise ConfigError("is not in the inventory", subject=f"switch {name}", fix=f"known: {known}")
    return switch


def picture(store: Store, switch: Switch) -> Mapping[str, Any]:
    """Give all that is on record of a switch; times in seconds since the epoch."""
    key = switch_key(switch.name)
    status, seen = store.devices.status(key), Observation.load(store.devices.observed(key))
    return {
        "name": switch.name,
        "driver": switch.driver,
        "address": switch.address,
        "port": switch.port,
        "kind": switch.kind,
        "mode": switch.mode,
        "host_key": switch.host_key or store.inventory.pins().get(switch.name),
        "at": store.now(),
        "synced_at": status.synced_at,
        "generation": status.generation,
        "applied": status.applied,
        "error": status.error,
        "satisfied": sorted(seen.satisfied),
        "problems": dict(seen.problems),
        "notes": list(seen.notes),
        "pending": list(seen.pending),
        "unsaved_since": seen.unsaved_since,
        "ours": sorted(store.devices.owned(switch.name)),
    }


def show(store: Store, name: str, *, as_json: bool) -> None:
    """Print what is on record of a switch.

    Raises:
        ConfigError: the inventory has no such switch.
    """
    known = picture(store, declared(store, name))
    if as_json:
        print_json(known)
        return
    place = f"{known['address']}:{known['port']}"
    facts = [
        f"{known['name']}: {known['driver']}, {known['kind']}, {place}, mode {known['mode']}",
        f"host key: {known['host_key'] or f'not pinned; run `trunkline switch trust {name}`'}",
        f"read {ago(known['at'], known['synced_at'])}, generation {known['applied']} of {known['generation']}",
    ]
    if known["unsaved_since"]:
        facts.append(f"not saved since {ago(known['at'], known['unsaved_since'])}")
    sys.stdout.write("\n".join(map(printable, facts)) + "\n\n")
    print_table(
        ("CLAIM", "STATE", "OURS"), list(_rows(known)), empty="nothing is wanted of it, nothing is ours"
    )
    for line in (*known["notes"], *([known["error"]] if known["error"] else [])):
        sys.stdout.write(f"! {printable(line)}\n")
    if known["pending"]:
        sys.stdout.write("would be sent if its mode were enforce:\n")
        sys.stdout.write("".join(f"  {printable(line)}\n" for line in known["pending"]))


def _rows(known: Mapping[str, Any]) -> Iterator[list[str]]:
    """Give every claim that is wanted or ours; what is ours and not wanted waits for its grace or for proof."""
    ours = set(known["ours"])
    for claim in sorted({*known["satisfied"], *known["problems"], *ours}):
        state = known["problems"].get(claim) or (
            "there" if claim in known["satisfied"] else "not wanted any more"
        )
        yield [claim, state, "yes" if claim in ours else ""]


def history(store: Store, name: str, most: int, *, as_json: bool) -> None:
    """Print the newest operations on a switch, the oldest of them first; also of one that left the inventory.

    Raises:
        ConfigError: nothing is on record, and the inventory has no such switch.
    """
    found = store.operations.tail(most, device=switch_key(SwitchName(name)))
    if not found:
        declared(store, name)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        sys.stdout.write(f"nothing was ever sent to {printable(name)}\n")
    for each in found:
        sys.stdout.write("\n".join(map(printable, _lines(each))) + "\n")


def _lines(operation: Operation) -> Iterator[str]:
    when = datetime.fromtimestamp(operation.at).astimezone().isoformat(sep=" ", timespec="seconds")
    yield f"{when}  {operation.result or 'not finished'}  {operation.who}: {operation.why}"
    yield from (f"    {line}" for line in operation.lines)
    if operation.reply:
        yield f"    -> {operation.reply}"
