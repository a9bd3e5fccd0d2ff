"""`trunkline apply` and `trunkline schema`: the inventory file, checked, compared, stored, described."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trunkline.orchestrator.intents import Attachment
    from trunkline.orchestrator.models import Inventory, Segment
    from trunkline.orchestrator.store import Store

apply_app = typer.Typer(add_completion=False)
schema_app = typer.Typer(add_completion=False)

NAMED = 3
"""So many holders are named in a refusal."""


@apply_app.command()
def apply(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The inventory, YAML; - reads standard input.")
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--check", help="Validate and show; store nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also drop, forbid or renumber what containers still use.")
    ] = False,
) -> None:
    """Validate an inventory, show how it differs from the stored one and store it as a new version."""
    from trunkline.orchestrator.cli.output import who
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.inventory import difference, dump, restore

    new = read_inventory(file)
    store, _ = open_record()
    current = store.inventory.current()
    old = restore(current[1]) if current else None
    lines = difference(old, new)
    for line in lines:
        sys.stdout.write(f"{line}\n")
    if not lines:
        sys.stdout.write("nothing differs from what is stored\n")
        return
    refuse_to_orphan(store, old, new, force=force)
    for warning in unknown_drivers(new):
        sys.stderr.write(f"WARNING: {warning}\n")
    if dry_run:
        sys.stdout.write("dry run: nothing was stored\n")
        return
    version = store.inventory.put(dump(new), who=who(), after=current[0] if current else 0, awaited=new.hosts)
    wake(store, old, new)
    sys.stdout.write(f"stored as version {version}; every device is checked against it now\n")


def unknown_drivers(inventory: Inventory) -> Iterator[str]:
    """Name switches whose driver is not installed here; the switch workers may have it all the same."""
    from importlib.metadata import entry_points

    known = {entry.name for entry in entry_points(group="trunkline.dialects")}
    for switch in inventory.switches.values():
        if switch.driver not in known:
            yield (
                f"switch {switch.name}: driver {switch.driver} is not installed on this machine; installed are "
                f"{', '.join(sorted(known))}"
            )


def read_inventory(file: Path) -> Inventory:
    """Read and validate a file, or standard input for ``-``.

    Raises:
        ConfigError: the file cannot be read, or what is wrong in it.
    """
    from trunkline.orchestrator.errors import ConfigError
    from trunkline.orchestrator.inventory import load

    if str(file) == "-":
        return load(_standard_input(), source="standard input")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", subject=str(file), fix="save it as UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(
            f"cannot be read ({getattr(error, 'strerror', None) or error})",
            subject=str(file),
            fix="check the path",
        ) from error
    return load(text, source=str(file))


def _standard_input() -> str:
    from trunkline.orchestrator.errors import ConfigError

    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", subject="standard input", fix="save it as UTF-8") from error


def refuse_to_orphan(store: Store, old: Inventory | None, new: Inventory, *, force: bool) -> None:
    """Stop when the new inventory drops, forbids or renumbers what containers still use.

    A segment with another VLAN, subnet or gateway needs another Docker network: every container has to leave the
    one it is on. Forced, the host's sync names those that have to be disconnected.

    Raises:
        GuardRefused: it does, and nobody forced it.
    """
    from trunkline.orchestrator.errors import GuardRefused

    causes = {
        f"{each.host}/{each.segment} {cause} ({_holders(each)})"
        for each in store.desired.attachments()
        if each.holders and (cause := _orphaned(each, old, new))
    }
    if causes and not force:
        raise GuardRefused(
            f"containers still use what this inventory drops, forbids or renumbers: {'; '.join(sorted(causes))}",
            subject="inventory",
            fix="remove those containers first, or say --force: they are cut off",
        )


def _orphaned(attachment: Attachment, old: Inventory | None, new: Inventory) -> str:
    """Say what the new inventory takes from an attachment; nothing is an empty text."""
    host, name = attachment.host, attachment.segment
    if host not in new.hosts:
        return "loses its host"
    if name not in new.segments:
        return "loses its segment"
    if not new.allows(host, name):
        return "is not allowed by the policy any more"
    if old is None or name not in old.segments:
        return ""
    before, after = _plumbing(old.segments[name]), _plumbing(new.segments[name])
    changed = [key for key in before if before[key] != after[key]]
    return f"gets another {' and '.join(changed)}" if changed else ""


def _plumbing(segment: Segment) -> dict[str, object]:
    """Give what containers on a segment depend on. Ranges may change under them, their addresses stay theirs."""
    return {
        "vlan": segment.vlan,
        "subnet": frozenset(subnet.network for subnet in segment.subnets),
        "gateway": (frozenset(subnet.gateway for subnet in segment.subnets), segment.gateway),
    }


def _holders(attachment: Attachment) -> str:
    """Name up to three holders, identities cut as Docker does."""
    kinds = (holder.partition(":") for holder in sorted(attachment.holders))
    names = [f"{kind} {identity[:12]}" for kind, _, identity in kinds]
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def wake(store: Store, old: Inventory | None, new: Inventory) -> None:
    """Raise the generation of every device of either inventory: what is wanted of it may have changed."""
    from trunkline.orchestrator.sync.sweep import every_device

    devices = set(every_device(new)) | set(every_device(old) if old else ())
    store.desired.touch(tuple(sorted(devices)))


@schema_app.command()
def schema() -> None:
    """Print the JSON Schema of the inventory file, for editors that check and complete YAML."""
    from trunkline.orchestrator.cli.output import print_json
    from trunkline.orchestrator.inventory import schema as inventory_schema

    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema"} | inventory_schema())
