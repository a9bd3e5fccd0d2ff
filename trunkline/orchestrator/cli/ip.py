"""`trunkline ip`: who has which address, who had it, and addresses that nobody is to get."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.orchestrator.cli.output import Format, Output, ago, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trunkline.orchestrator.models import Address, HostName, Inventory, Segment
    from trunkline.orchestrator.store import LedgerEvent, LedgerLease, Store

OPERATOR = "operator"
MOST_EVENTS = 20
FREE = frozenset({"QUARANTINE"})
"""After such an event nobody has the address."""

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Addresses: show, reserve, release, history."
)
Where = Annotated[
    str | None, typer.Option("--segment", help="Where, if several segments have a subnet with this address.")
]
Given = Annotated[str, typer.Argument(metavar="ADDRESS", help="IPv4 or IPv6, without a mask.")]


@app.callback()
def root() -> None:
    """Look into the ledger."""


@app.command()
def show(
    what: Annotated[
        str | None, typer.Argument(metavar="[SEGMENT|ADDRESS]", help="Only these; without it all.")
    ] = None,
    *,
    host: Annotated[str | None, typer.Option("--host", help="Only addresses of this host.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show which addresses are held, rest or are reserved, and how full every subnet is."""
    store, inventory = _open()
    segments, address = _meant(inventory, what)
    now = store.now()
    found = [
        lease
        for segment in segments
        for lease in store.ledger.leases(segment, None if host is None else _host(inventory, host))
        if address in {None, lease.address}
    ]
    usage = [] if address or host else [row for segment in segments for row in _usage(segment, found)]
    if output is Format.JSON:
        print_json({"leases": [_as_json(lease) for lease in found], "subnets": usage})
        return
    print_table(
        ("ADDRESS", "SEGMENT", "STATE", "CONTAINER", "HOST", "MAC", "SINCE"),
        [
            [
                str(lease.address),
                lease.segment,
                lease.state,
                _name(lease),
                lease.host,
                lease.mac,
                ago(now, lease.since),
            ]
            for lease in found
        ],
        empty=f"nobody has {what}" if address else "no address is held, rests or is reserved",
    )
    for row in usage:
        total = "" if row["of"] is None else f" of {row['of']}"
        sys.stdout.write(
            f"{row['segment']} {row['subnet']}: {row['held']}{total} held, {row['resting']} rest, "
            f"{row['reserved']} reserved\n"
        )


@app.command()
def reserve(
    given: Given,
    *,
    segment: Where = None,
    why: Annotated[str, typer.Option("--why", help="For whoever finds it later.")] = "",
) -> None:
    """Keep an address from every container, until it is released."""
    store, where, address = _asked(given, segment)
    store.ledger.reserve(where, address, by=OPERATOR, why=why)
    sys.stdout.write(f"{address} of segment {where.name} is reserved\n")


@app.command()
def release(
    given: Given,
    *,
    segment: Where = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also from a container: your word that it does not use it.")
    ] = False,
) -> None:
    """Take a reservation back; with --force also an address from a container. It rests before it is given again."""
    from trunkline.orchestrator.errors import GuardRefused

    store, where, address = _asked(given, segment)
    subject = f"address {address} of segment {where.name}"
    lease = next((each for each in store.ledger.leases(where) if each.address == address), None)
    if lease is None or lease.state == "QUARANTINE":
        sys.stdout.write(f"{subject} is {'free' if lease is None else 'resting'} already\n")
        return
    if lease.state == "RESERVED":
        if not store.ledger.unreserve(where, address, by=OPERATOR):
            raise GuardRefused(
                f"is reserved, but not by an operator ({lease.name or 'no reason given'})",
                subject=subject,
                fix="remove what needs it; an auxiliary address goes with its Docker network",
            )
        if others := sorted(store.ledger.reservers(lease)):
            sys.stdout.write(
                f"{subject} stays reserved by {', '.join(others)}; your reservation is taken back\n"
            )
            return
    elif not force:
        raise GuardRefused(
            f"is held by {_who(lease)} on {lease.host}",
            subject=subject,
            fix="remove the container; or run it again with --force if the container is gone for good",
        )
    elif not store.ledger.end(where, lease):
        raise GuardRefused("changed hands meanwhile", subject=subject, fix="run it again")
    sys.stdout.write(f"{subject} is released\n")


@app.command()
def history(
    given: Given,
    *,
    segment: Where = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Who had it then: 14:05, 2026-11-24T14:05, local time."),
    ] = None,
    most: Annotated[
        int, typer.Option("--number", "-n", min=1, help="So many changes of hands.")
    ] = MOST_EVENTS,
    output: Output = Format.TABLE,
) -> None:
    """Tell who had an address and when, the newest first; or at one moment."""
    store, where, address = _asked(given, segment)
    if at is None:
        events = store.ledger.history(where, address, most)
    else:
        moment = _moment(at, store.now())
        events = store.ledger.history(where, address, 1, before=moment.timestamp())
        if output is not Format.JSON:
            _say_who(address, moment, events)
            return
    if output is Format.JSON:
        print_json([_event_json(event) for event in events])
        return
    print_table(
        ("WHEN", "STATE", "CONTAINER", "HOST", "MAC"),
        [[_clock(event.at), event.state, _name(event), event.host, event.mac] for event in events],
        empty=f"nobody had {address} as far back as the history goes",
    )


def _open() -> tuple[Store, Inventory]:
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.errors import ConfigError
    from trunkline.orchestrator.inventory import restore

    store, _ = open_record()
    current = store.inventory.current()
    if current is None:
        raise ConfigError("was not applied yet", subject="inventory", fix="run `trunkline apply FILE`")
    return store, restore(current[1])


def _asked(given: str, segment: str | None) -> tuple[Store, Segment, Address]:
    store, inventory = _open()
    address = _address(given)
    return store, _of(inventory, address, segment), address


def _meant(inventory: Inventory, what: str | None) -> tuple[Sequence[Segment], Address | None]:
    from trunkline.orchestrator.errors import ConfigError
    from trunkline.orchestrator.models import SegmentName

    every = [inventory.segments[name] for name in sorted(inventory.segments)]
    if what is None:
        return every, None
    if SegmentName(what) in inventory.segments:
        return [inventory.segments[SegmentName(what)]], None
    if not any(character in what for character in ".:"):
        raise ConfigError(
            "is neither a segment of the inventory nor an address",
            subject=repr(what),
            fix=f"choose one of {', '.join(sorted(inventory.segments))}",
        )
    return every, _address(what)


def _host(inventory: Inventory, name: str) -> HostName:
    from trunkline.orchestrator.errors import ConfigError
    from trunkline.orchestrator.models import HostName

    if HostName(name) not in inventory.hosts:
        raise ConfigError(
            "is not in the inventory",
            subject=f"host {name!r}",
            fix=f"choose one of {', '.join(sorted(inventory.hosts))}",
        )
    return HostName(name)


def _address(text: str) -> Address:
    from ipaddress import ip_address

    from trunkline.orchestrator.errors import AddressError

    try:
        return ip_address(text)
    except ValueError as error:
        raise AddressError(
            "is no IP address", subject=repr(text), fix="write 192.0.2.9 or 2001:db8::9"
        ) from error


def _of(inventory: Inventory, address: Address, name: str | None) -> Segment:
    """Find the segment that is meant: the same subnet may be on several VLANs.

    Raises:
        AddressError: none has it, or several have and none was named.
    """
    from trunkline.orchestrator.errors import AddressError

    subject = f"address {address}"
    having = {
        str(each.name): each
        for each in inventory.segments.values()
        if any(address in subnet.network for subnet in each.subnets)
    }
    if name is not None:
        having = {each: segment for each, segment in having.items() if each == name}
    if not having:
        where = "any segment" if name is None else f"segment {name!r}"
        raise AddressError(f"is in no subnet of {where}", subject=subject, fix="see `trunkline ip show`")
    if len(having) > 1:
        raise AddressError(
            f"may be of {' or '.join(sorted(having))}", subject=subject, fix="say --segment NAME"
        )
    return next(iter(having.values()))


def _usage(segment: Segment, leases: Sequence[LedgerLease]) -> list[dict[str, object]]:
    """Count, per subnet, what is held, rests and is reserved; of how many, where that can be counted."""
    from trunkline.orchestrator.addressing import IPV4, pool

    rows: list[dict[str, object]] = []
    for subnet in segment.subnets:
        spec = pool(subnet)
        mine = [each for each in leases if each.segment == segment.name and each.address in subnet.network]
        count = {state: sum(each.state == state for each in mine) for state in ("QUARANTINE", "RESERVED")}
        total = sum(last - first + 1 for first, last in spec.spans) if spec.family == IPV4 else None
        rows.append(
            {
                "segment": segment.name,
                "subnet": str(subnet.network),
                "of": total,
                "held": len(mine) - sum(count.values()),
                "resting": count["QUARANTINE"],
                "reserved": count["RESERVED"],
            }
        )
    return rows


def _name(entry: LedgerLease | LedgerEvent) -> str:
    from trunkline.orchestrator.store import LedgerLease

    container = entry.owner.container_id if isinstance(entry, LedgerLease) else entry.container_id
    return entry.name or container[:12]


def _who(entry: LedgerLease | LedgerEvent) -> str:
    name = f"container {_name(entry)}" if _name(entry) else "an endpoint"
    return f"{name} (MAC {entry.mac})" if entry.mac else name


def _as_json(lease: LedgerLease) -> dict[str, object]:
    return {
        "address": str(lease.address),
        "segment": lease.segment,
        "state": lease.state,
        "container": lease.owner.container_id,
        "name": lease.name,
        "host": lease.host,
        "mac": lease.mac,
        "since": lease.since,
    }


def _event_json(event: LedgerEvent) -> dict[str, object]:
    return {
        "at": event.at,
        "address": str(event.address),
        "state": event.state,
        "container": event.container_id,
        "name": event.name,
        "host": event.host,
        "mac": event.mac,
    }


def _moment(text: str, now: float) -> datetime:
    """Read a moment; a time without a day is the last one there was.

    Raises:
        ConfigError: it is none, or not over yet.
    """
    from datetime import datetime, time, timedelta

    from trunkline.orchestrator.errors import ConfigError

    present = datetime.fromtimestamp(now).astimezone()
    try:
        moment = datetime.combine(present.date(), time.fromisoformat(text)).astimezone()
        if moment > present:
            moment -= timedelta(days=1)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text).astimezone()
        except ValueError as error:
            raise ConfigError(
                "is no time", subject=f"--at {text!r}", fix="write 14:05 or 2026-11-24T14:05"
            ) from error
    if moment > present:
        raise ConfigError("is not over yet", subject=f"--at {text}", fix="ask for a moment that is past")
    return moment


def _clock(at: float) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="seconds")


def _say_who(address: Address, moment: datetime, events: Sequence[LedgerEvent]) -> None:
    from trunkline.orchestrator.cli.output import printable

    when = moment.isoformat(sep=" ", timespec="seconds")
    if not events:
        text = f"nobody had {address} at {when}, as far back as the history goes"
    elif events[0].state == "RESERVED":
        text = f"{address} was reserved at {when}, since {_clock(events[0].at)}: {events[0].name or 'no reason given'}"
    elif events[0].state in FREE:
        last = events[0]
        text = f"nobody had {address} at {when}; {_who(last)} on {last.host} had it until {_clock(last.at)}"
    else:
        last = events[0]
        text = f"{_who(last)} on {last.host} had {address} at {when}, since {_clock(last.at)}"
    sys.stdout.write(printable(text) + "\n")
