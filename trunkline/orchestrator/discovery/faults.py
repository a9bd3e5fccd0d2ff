"""Names declared cables that lead elsewhere, as far as anybody announced himself there. Pure; called by `verify`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trunkline.orchestrator.discovery.machines import Machines, is_channel
from trunkline.orchestrator.discovery.ports import PortView, described, views
from trunkline.orchestrator.intents import Peer, Seen
from trunkline.orchestrator.models import Host, SwitchName, Uplink
from trunkline.orchestrator.planning.cabling import stranger

OLD_SECONDS = 24 * 3600.0
_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class CableCheck:
    """What was found: the faults, and how far what was looked at goes."""

    faults: tuple[str, ...]
    looked_at: str


def check_cables(machines: Machines, seen: Mapping[SwitchName, tuple[float, Seen]], now: float) -> CableCheck:
    """Compare every declared cable with who announces himself at its ends.

    Args:
        machines: The inventory and what the hosts reported.
        seen: When each switch was asked, and what it saw.
        now: Seconds since the epoch, by the clock of ``seen``.
    """
    everywhere = views(machines, {name: each for name, (_, each) in seen.items()})
    ends = [view for view in everywhere if view.declared]
    faults = [view.mismatch for view in ends if view.mismatch]
    faults += _elsewhere(machines, everywhere)
    faults += [text for host in machines.inventory.hosts.values() for text in _seen_by(machines, host)]
    silent = sum(not view.peers for view in ends)
    told = [
        f"{len(ends)} ports with a cable, nobody announced himself on {silent}",
        *_ages(machines, seen, now),
    ]
    return CableCheck(faults=tuple(dict.fromkeys(faults)), looked_at="; ".join(told))


def _elsewhere(machines: Machines, everywhere: Sequence[PortView]) -> Iterator[str]:
    """Name hosts whose NIC announces itself at a port that is not theirs while nobody does at the declared one."""
    silent = {(view.switch, view.port) for view in everywhere if not view.peers}
    for host in machines.inventory.hosts.values():
        for uplink in host.uplinks:
            if uplink.any_peer or is_channel(uplink.port) or (uplink.switch, uplink.port) not in silent:
                continue
            for view in everywhere:
                if view.declared is None and any(
                    who == machines.hosts[host.name] and _is_nic(machines, host, uplink, peer)
                    for peer, who in view.peers
                ):
                    yield (
                        f"host {host.name} {uplink.nic} is declared at {uplink.switch}:{uplink.port}, where nobody "
                        f"announces himself, but it is heard at {view.switch}:{view.port}"
                    )


def _is_nic(machines: Machines, host: Host, uplink: Uplink, peer: Peer) -> bool:
    report = machines.reports.get(host.name)
    known = {uplink.nic, report.nics.get(uplink.nic, uplink.nic) if report else uplink.nic}
    return not known.isdisjoint({peer.far_port, peer.far_description})


def _seen_by(machines: Machines, host: Host) -> Iterator[str]:
    """Compare what a host itself hears at its NICs with its uplinks."""
    report = machines.reports.get(host.name)
    for uplink in host.uplinks if report else ():
        if not uplink.any_peer and (text := _heard(machines, host, uplink)):
            yield text


def _heard(machines: Machines, host: Host, uplink: Uplink) -> str:
    peers = [peer for peer in machines.reports[host.name].peers if peer.port == uplink.nic]
    switch = machines.switches[uplink.switch]
    end = f"{uplink.switch}:{uplink.port}"
    # A bond of several cables is heard at once from several switches.
    others = [each for each in host.uplinks if each.nic == uplink.nic]
    names = frozenset[str]().union(*(machines.switches[each.switch].names for each in others))
    if other := stranger(peers, names=names, macs=frozenset()):
        return f"{end} is declared at host {host.name} {uplink.nic}, but {described(other)} is heard there"
    ports = {machines.port_of(uplink.switch, peer) for peer in peers if machines.who(peer) == switch} - {None}
    if not ports or uplink.port in ports or is_channel(uplink.port):
        return ""
    there = ", ".join(sorted(map(str, ports)))
    return f"{end} is declared at host {host.name} {uplink.nic}, but it hears port {there} of {switch}"


def _ages(machines: Machines, seen: Mapping[SwitchName, tuple[float, Seen]], now: float) -> Iterator[str]:
    never = sorted(machines.inventory.switches.keys() - seen.keys())
    if never:
        yield f"{', '.join(never)} was never asked, run `trunkline discover`"
    for name in sorted(machines.inventory.switches.keys() & seen.keys()):
        age = now - seen[name][0]
        if age > OLD_SECONDS:
            yield f"{name} was asked {age / _HOUR_SECONDS:.0f} h ago, run `trunkline discover {name}`"
