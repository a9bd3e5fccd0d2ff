"""`trunkline host`: what is done about one Docker host by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.orchestrator.models import HostName, Inventory, Segment
    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.store import LedgerLease, Store

app = typer.Typer(add_completion=False, no_args_is_help=True, help="One Docker host: forget it.")


@app.callback()
def root() -> None:
    """Look after one host."""


@app.command()
def forget(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The host, as the inventory named it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Forget without asking.")] = False,
) -> None:
    """Forget a host that is gone for good, so that what its containers held is taken down.

    Nobody but the host itself can say that its containers are gone, so a host that is silent keeps its VLANs on
    the trunks and its addresses. This is your word that it does not come back. Take it out of the inventory
    first: `trunkline apply --force`.
    """
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.inventory import restore
    from trunkline.orchestrator.models import HostName

    store, settings = open_record()
    host = HostName(name)
    current = store.inventory.current()
    inventory = restore(current[1]) if current else None
    refuse_the_living(store, settings, inventory, host)
    lines = belongings(store, inventory, host)
    if not lines:
        sys.stderr.write(f"nothing on record belongs to host {name}\n")
        return
    for line in lines:
        sys.stdout.write(f"- {line}\n")
    if not yes and not typer.confirm(f"Is {name} gone for good? Let go of all this", err=True):
        raise typer.Exit(1)
    refuse_the_living(store, settings, inventory, host)
    let_go(store, inventory, host)
    sys.stdout.write(f"host {name} is forgotten; every switch is checked now\n")


def refuse_the_living(store: Store, settings: Settings, inventory: Inventory | None, host: HostName) -> None:
    """Stop when the host may still run containers, or may come back and hold something again.

    Raises:
        GuardRefused: it is in the inventory, or shows a sign of life.
    """
    from trunkline.orchestrator.errors import GuardRefused

    subject = f"host {host}"
    alive = store.devices.alive() & {f"queue:host.{host}", f"agent:{host}"}
    if alive:
        raise GuardRefused(
            f"shows signs of life ({', '.join(sorted(alive))})",
            subject=subject,
            fix="stop `trunkline agent` and `trunkline worker host` there first, or use `trunkline jobs run drain`",
        )
    report = store.devices.report_of(host)
    age = None if report is None else store.now() - report.reported_at
    if age is not None and age < settings.stale_after_seconds:
        raise GuardRefused(
            f"reported {age:.0f} s ago",
            subject=subject,
            fix=f"wait until it was silent for {settings.stale_after_seconds:.0f} s",
        )
    if inventory is not None and host in inventory.hosts:
        raise GuardRefused(
            "is in the inventory, and may hold something again as soon as it answers",
            subject=subject,
            fix="take it out and run `trunkline apply --force FILE` first",
        )


def belongings(store: Store, inventory: Inventory | None, host: HostName) -> list[str]:
    """Describe what is on record for a host, one line each."""
    found = [
        f"segment {each.segment}, held by {len(each.holders)}, {each.state}"
        for each in store.desired.attachments(host)
    ]
    segments = inventory.segments.values() if inventory is not None else ()
    for segment in segments:
        for lease in _leases(store, segment, host):
            who = "reserved" if lease.state == "RESERVED" else f"container {_name(lease)}"
            found.append(f"address {lease.address} of {segment.name}, {who}")
    if host in store.desired.cordoned():
        found.append("the mark that it is drained")
    return found


def let_go(store: Store, inventory: Inventory | None, host: HostName) -> None:
    """Let every holder of the host go without a grace, let its addresses rest, and have the switches looked at.

    Safe to repeat: whatever an interruption left is still on record.
    """
    from trunkline.orchestrator.models import switch_key

    for segment in inventory.segments.values() if inventory is not None else ():
        for lease in _leases(store, segment, host):
            if lease.state == "RESERVED":
                store.ledger.unreserve(segment, lease.address, by=f"host:{host}")
            else:
                store.ledger.end(segment, lease)
    for holder in store.desired.holders_of(host):
        store.desired.hold(holder, host=host, wanted=frozenset(), known={})
    for attachment in store.desired.attachments(host):
        store.desired.forget(host, attachment.segment)
    store.desired.uncordon(host)
    store.devices.forget_host(host)
    store.desired.touch(tuple(map(switch_key, inventory.switches)) if inventory is not None else ())


def _leases(store: Store, segment: Segment, host: HostName) -> list[LedgerLease]:
    """Give what a host holds of a segment, and what its networks reserve, whoever else does and did so first."""
    return [
        lease
        for lease in store.ledger.leases(segment)
        if (lease.state in {"PENDING", "ACTIVE"} and lease.host == host)
        or (lease.state == "RESERVED" and f"host:{host}" in store.ledger.reservers(lease))
    ]


def _name(lease: LedgerLease) -> str:
    return lease.name or lease.owner.container_id[:12]
