"""`trunkline apply`: validates an inventory, shows what it changes, stores it as a new version."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.orchestrator.models import Inventory
    from trunkline.orchestrator.store import Store

apply_app = typer.Typer(add_completion=False)


@apply_app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="The inventory, YAML; - reads standard input.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--check", help="Validate and show; store nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also drop hosts and segments that containers still use.")
    ] = False,
) -> None:
    """Validate an inventory, show how it differs from the stored one and store it as a new version."""
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
    refuse_to_orphan(store, new, force=force)
    if dry_run:
        sys.stdout.write("dry run: nothing was stored\n")
        return
    version = store.inventory.put(dump(new), who=getpass.getuser())
    wake(store, old, new)
    sys.stdout.write(f"stored as version {version}; every device is checked against it now\n")


def read_inventory(file: Path) -> Inventory:
    """Read and validate a file, or standard input for ``-``.

    Raises:
        ConfigError: the file cannot be read, or what is wrong in it.
    """
    from trunkline.orchestrator.errors import ConfigError
    from trunkline.orchestrator.inventory import load

    if str(file) == "-":
        return load(sys.stdin.read(), source="standard input")
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({error.strerror})", subject=str(file), fix="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", subject=str(file), fix="save it as UTF-8") from error
    return load(text, source=str(file))


def refuse_to_orphan(store: Store, new: Inventory, *, force: bool) -> None:
    """Stop when the new inventory drops what containers still use.

    Raises:
        GuardRefused: it does, and nobody forced it.
    """
    from trunkline.orchestrator.errors import GuardRefused

    orphans = sorted(
        f"{attachment.host}/{attachment.segment} ({len(attachment.holders)} holders)"
        for attachment in store.desired.attachments()
        if attachment.holders and (attachment.host not in new.hosts or attachment.segment not in new.segments)
    )
    if orphans and not force:
        raise GuardRefused(
            f"containers still use what this inventory drops: {', '.join(orphans)}",
            subject="inventory",
            fix="remove those containers first, or say --force to cut them off after the grace",
        )


def wake(store: Store, old: Inventory | None, new: Inventory) -> None:
    """Raise the generation of every device of either inventory: what is wanted of it may have changed."""
    from trunkline.orchestrator.sync.sweep import every_device

    devices = set(every_device(new)) | set(every_device(old) if old else ())
    store.desired.touch(tuple(sorted(devices)))
