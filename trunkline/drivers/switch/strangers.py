"""Looks who answers at ports that are to get a VLAN: a machine that is not the declared one gets none. Pure.

What announces itself by LLDP or CDP says what it likes, so this finds wrong cables and is no defence: a machine that
wants a VLAN of others just stays silent. So what cannot be read counts as silence, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trunkline.drivers.switch.channels import View
from trunkline.drivers.switch.dialect import Dialect, Discovers, Query
from trunkline.orchestrator.intents import Carries, Claim, Peer
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.planning.cabling import stranger

FEW_PORTS = 4
"""Who announces himself at more ports is asked for all ports at once."""
Ask = Callable[[Sequence[Query]], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Who announces himself at some ports, and what of that could not be read."""

    peers: tuple[Peer, ...] = ()
    notes: tuple[str, ...] = ()


def look_around(adding: Sequence[Claim], view: View, dialect: Dialect, ask: Ask) -> Surroundings:
    """Ask who announces himself at the ports that get a VLAN, where that is known and matters.

    Args:
        adding: What is to be made true.
        view: Says at which ports somebody is expected, and which ports are in a channel.
        dialect: Knows what to ask, or does not.
        ask: Runs show commands.
    """
    channels = [claim.port for claim in adding if isinstance(claim, Carries) and _matters(claim.port, view)]
    ports = sorted({port for channel in channels for port in view.members.get(channel, (channel,))})
    if not ports or not isinstance(dialect, Discovers):
        return Surroundings()
    if len(ports) > FEW_PORTS:
        found = _heard(None, dialect, ask)
        if isinstance(found, str):
            # One who fills the listing with nonsense spoils it for his own port only.
            return _each(ports, dialect, ask)
        return Surroundings(peers=tuple(peer for peer in found if peer.port in ports))
    return _each(ports, dialect, ask)


def who_else(claim: Claim, view: View, peers: Sequence[Peer]) -> str:
    """Say that another machine answers where a VLAN is to be opened; empty when none does, or nobody knows."""
    if not isinstance(claim, Carries) or not _matters(claim.port, view):
        return ""
    rule = view.intent.ports[claim.port]
    there = [peer for peer in peers if peer.port in (claim.port, *view.members.get(claim.port, ()))]
    # Behind a link every host's addresses are known; there they prove nothing.
    other = stranger(there, names=rule.peers, macs=rule.own_macs if rule.is_edge else frozenset())
    if other is None:
        return ""
    declared = " or ".join(sorted(rule.peers))
    name = ascii(other.name or other.chassis)[1:-1][:80]
    return (
        f"{name} answers on port {other.port} by {other.via.upper()}, the inventory says {declared}; correct the "
        "cabling, or say system_name or any_peer there"
    )


def _each(ports: Sequence[PortName], dialect: Discovers, ask: Ask) -> Surroundings:
    peers: list[Peer] = []
    notes: list[str] = []
    for port in ports:
        found = _heard(port, dialect, ask)
        if isinstance(found, str):
            notes.append(f"who announces himself at port {port} cannot be read: {found}")
        else:
            peers += [peer for peer in found if peer.port == port]
    return Surroundings(peers=tuple(peers), notes=tuple(notes))


def _heard(port: PortName | None, dialect: Discovers, ask: Ask) -> Sequence[Peer] | str:
    """Give who was heard, or why that cannot be told."""
    outputs = ask(dialect.peer_queries(port))
    try:
        return dialect.peers(outputs, port)
    except ValueError as error:
        return ascii(str(error))[1:-1][:200]


def _matters(port: PortName, view: View) -> bool:
    rule = view.intent.ports.get(port)
    return rule is not None and bool(rule.peers)
