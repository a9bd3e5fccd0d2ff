"""What `trunkline discover` prints: who is at which port, what is declared there, and YAML for the inventory."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.cli.output import print_table, printable
from trunkline.orchestrator.discovery import PortView, Proposal, machines_of, propose, views
from trunkline.orchestrator.discovery.faults import OLD_SECONDS
from trunkline.orchestrator.inventory import InventoryError, as_plain, dump, load, restore
from trunkline.orchestrator.models import SwitchName

if TYPE_CHECKING:
    from trunkline.orchestrator.intents import Peer
    from trunkline.orchestrator.inventory.document import Plain
    from trunkline.orchestrator.store import Store

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?::[A-Za-z0-9][A-Za-z0-9_./-]*)?")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
COLUMNS = ("SWITCH", "PORT", "ANNOUNCED BY", "ITS PORT", "WHAT IT IS", "ADDRESSES", "INVENTORY")


def picture(store: Store, asked: Sequence[SwitchName], errors: Mapping[str, str]) -> dict[str, Any]:
    """Give what is at the ports of these switches, and what the inventory should say; for programs.

    Args:
        store: The record; what other switches saw before counts for the proposal.
        asked: The switches that were asked just now.
        errors: Why some of them could not tell.
    """
    current = store.inventory.current()
    inventory = restore(current[1] if current else "{}")
    machines = machines_of(inventory, {each.host: each for each in store.devices.reports()})
    kept = {name: each for name in inventory.switches if (each := store.sightings.of(name)) is not None}
    now = store.now()
    # Cables were moved since, and one host would be at two places.
    sightings = {name: each for name, each in kept.items() if now - each.at <= OLD_SECONDS}
    old = [
        f"what {name} saw {(now - kept[name].at) / 3600:.0f} h ago is not counted; run `trunkline discover {name}`"
        for name in sorted(kept.keys() - sightings.keys() - errors.keys())
    ]
    ports = views(machines, {name: each.seen for name, each in sightings.items()})
    found = as_plain_values(propose(machines, ports))
    return {
        "at": {name: each.at for name, each in sightings.items() if name in asked},
        "errors": dict(errors),
        "ports": [_port(view) for view in ports if view.switch in asked and view.switch not in errors],
        **found,
        "remarks": [*found["remarks"], *old],
    }


def as_plain_values(proposal: Proposal) -> dict[str, Any]:
    """Give a proposal in the shape of the inventory file, and what is left to a person."""
    plain = as_plain(proposal.inventory)
    hosts, links = plain["hosts"], plain["links"]
    return {
        "proposal": {
            "hosts": {name: {"uplinks": _sparse(_uplinks(hosts, name))} for name in proposal.hosts},
            "links": _sparse(links) if proposal.links else [],
        },
        "remarks": [*proposal.remarks, *_invalid(proposal)],
    }


def _uplinks(hosts: Any, name: str) -> Any:  # plain values of the inventory's own shape
    return hosts[name]["uplinks"]


def _sparse(value: Any) -> Any:  # as _uplinks
    """Leave out what is so anyway."""
    if isinstance(value, list):
        return [_sparse(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _sparse(each) for key, each in value.items() if each is not None and each is not False}
    return found["ends"] if set(found) == {"ends"} else found


def _invalid(proposal: Proposal) -> list[str]:
    """Name what keeps the proposal from being a valid inventory: something else has to be declared first."""
    if not (proposal.hosts or proposal.links):
        return []
    try:
        load(dump(proposal.inventory), source="with this")
    except InventoryError as error:
        return [f"{each.key}: {each.what}; {each.fix}" for each in error.problems]
    return []


def _port(view: PortView) -> dict[str, Any]:
    return {
        "switch": view.switch,
        "port": view.port,
        "peers": [_peer(peer, str(who) if who else "") for peer, who in view.peers],
        "hosts": [{"host": each.host, "nic": each.nic, "mac": each.mac} for each in view.learned],
        "addresses": view.stations,
        "declared": str(view.declared) if view.declared else "",
        "mismatch": view.mismatch,
    }


def _peer(peer: Peer, known_as: str) -> dict[str, Any]:
    return {
        "name": peer.name,
        "chassis": peer.chassis,
        "port": peer.far_port,
        "description": peer.far_description,
        "capabilities": sorted(peer.capabilities),
        "via": peer.via,
        "known_as": known_as,
    }


def show(found: Mapping[str, Any]) -> None:
    """Print it for people: a table, what is wrong, and YAML to paste."""
    rows = [row for port in found["ports"] for row in _rows(port)]
    print_table(COLUMNS, rows, empty="nobody announced himself, and no address of a host was learned")
    for port in found["ports"]:
        if port["mismatch"]:
            sys.stdout.write(f"! {printable(port['mismatch'])}\n")
    for name, text in found["errors"].items():
        sys.stdout.write(f"! {printable(name)}: {printable(text)}\n")
    sys.stdout.write("".join(f"{line}\n" for line in ("", *yaml_lines(found))))


def _rows(port: Mapping[str, Any]) -> Iterator[list[str]]:
    learned = [f"{each['host']} {each['nic'] or each['mac']}" for each in port["hosts"]]
    others = port["addresses"] - len(learned)
    addresses = ", ".join([*learned, *([f"{others} unknown"] if others else [])])
    for peer in port["peers"] or [None]:
        said = ["", "", ""]
        if peer:
            what = ", ".join([*peer["capabilities"], peer["via"]])
            said = [peer["name"] or peer["chassis"], peer["description"] or peer["port"], what]
        yield [port["switch"], port["port"], *said, addresses, port["declared"]]


def yaml_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Write what `as_plain_values` gives as YAML; what cannot be proposed is a comment."""
    hosts, links = found["proposal"]["hosts"], found["proposal"]["links"]
    if hosts or links:
        yield "# LLDP is what the other end says of itself: look at the cables before you believe it."
        yield "# What follows takes the place of the same keys in the inventory."
    elif not found["remarks"]:
        yield "# Nothing to propose: the inventory has every cable that was seen."
    yield from (f"# {printable(remark)}" for remark in found["remarks"])
    if hosts:
        yield "hosts:"
        for name, host in hosts.items():
            yield f"  {_scalar(name)}:"
            yield "    uplinks:"
            yield from (f"      - {_flow(uplink)}" for uplink in host["uplinks"])
    if links:
        yield "links:"
        yield from (f"  - {_flow(link)}" for link in links)


def _flow(value: Plain) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _scalar(text: str) -> str:
    """Write a text so that YAML reads it as one, whatever it looks like."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT else json.dumps(text)
