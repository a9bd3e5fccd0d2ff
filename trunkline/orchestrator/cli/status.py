"""`trunkline status` and `trunkline verify`: what is, and whether the promises hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from trunkline.orchestrator.cli.output import Format, Output, ago, print_json, print_table, printable

status_app = typer.Typer(add_completion=False)
verify_app = typer.Typer(add_completion=False)


@status_app.command()
def status(output: Output = Format.TABLE) -> None:
    """Show segments, attachments with state and cause, devices and leases."""
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.status import snapshot

    store, _ = open_record()
    picture = snapshot(store)
    if output is Format.JSON:
        print_json(picture)
        return
    _print(picture)


@verify_app.command()
def verify(output: Output = Format.TABLE) -> None:
    """Check the promises against the record; exit 1 when one does not hold."""
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.verify import findings

    store, settings = open_record()
    found = findings(store, settings)
    if output is Format.JSON:
        print_json([{"promise": f.promise, "holds": f.holds, "detail": f.detail} for f in found])
    else:
        rows = [["ok" if f.holds else "BROKEN", f.promise, f.detail] for f in found]
        print_table(("", "promise", "detail"), rows, empty="nothing to check")
    if not all(f.holds for f in found):
        raise typer.Exit(1)


def _print(picture: Mapping[str, Any]) -> None:
    now = picture["at"]
    if picture["inventory"] is None:
        sys.stderr.write("no inventory was applied yet; run `trunkline apply FILE`\n")
    segments = [
        [s["name"], str(s["vlan"]), " ".join(s["subnets"]), " ".join(s["gateways"])]
        for s in picture["segments"]
    ]
    print_table(("SEGMENT", "VLAN", "SUBNETS", "GATEWAYS"), segments, empty="no segments")
    sys.stdout.write("\n")
    attachments = [
        [a["host"], a["segment"], _state(a, now), str(len(a["holders"])), ago(now, a["since"]), a["cause"]]
        for a in picture["attachments"]
    ]
    print_table(
        ("HOST", "SEGMENT", "STATE", "HOLDERS", "SINCE", "CAUSE"), attachments, empty="no attachments"
    )
    sys.stdout.write("\n")
    devices = [
        [
            d["device"],
            d.get("mode", ""),
            f"{d['applied']}/{d['generation']}",
            ago(now, d["synced_at"]),
            ", ".join(_besides(d)),
            d["error"],
        ]
        for d in picture["devices"]
    ]
    print_table(("DEVICE", "MODE", "APPLIED", "SYNCED", "", "ERROR"), devices, empty="no devices")
    sys.stdout.write("\n")
    leases = [
        [x["segment"], x["address"], x["state"], x["host"] or "", x["name"] or "", x["mac"] or ""]
        for x in picture["leases"]
    ]
    print_table(("SEGMENT", "ADDRESS", "STATE", "HOST", "CONTAINER", "MAC"), leases, empty="no leases")
    for problem in picture["problems"]:
        sys.stdout.write(f"! {printable(problem)}\n")


def _besides(device: Mapping[str, Any]) -> Iterator[str]:
    """Tell in a few words what an operator has to know of a switch besides whether it is as desired."""
    if device.get("login_refused"):
        yield "login stopped"  # the circuit breaker: the same credentials are not tried again
    if device.get("pending"):
        yield f"{len(device['pending'])} lines not sent"
    if device.get("unsaved_since"):
        yield "unsaved"


def _state(attachment: Mapping[str, Any], now: float) -> str:
    if attachment["state"] != "draining" or attachment["drain_at"] is None:
        return str(attachment["state"])
    left = attachment["drain_at"] - now
    return f"draining ({left:.0f} s left)" if left > 0 else "draining (grace over)"
