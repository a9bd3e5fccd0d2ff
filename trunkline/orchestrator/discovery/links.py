"""What switches announce to each other -> the links of an inventory. Pure; called by `proposal`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trunkline.orchestrator.discovery.machines import Machines, is_channel
from trunkline.orchestrator.discovery.ports import End, PortView, described
from trunkline.orchestrator.inventory.ports import canonical_port
from trunkline.orchestrator.models import Inventory, Link, PortName, SwitchName

Ends = tuple[End, End]


def found_links(machines: Machines, ports: Sequence[PortView], remarks: list[str]) -> tuple[Link, ...]:
    """Give the links of the inventory as they should be: those that are, corrected, then those that are not yet.

    Args:
        machines: The inventory.
        ports: What was seen.
        remarks: Gets what was seen and cannot be proposed.
    """
    inventory = machines.inventory
    links = list(inventory.links)
    for ends in _cables(machines, ports, remarks):
        if any(set(link.ends) == set(ends) or _bundles(link, ends) for link in links):
            continue
        if why := _cannot_be(inventory, ends, ports):
            remarks.append(f"{_shown(ends)}: {why}")
            continue
        stale = [link for link in links if not set(link.ends).isdisjoint(ends)]
        links = [link for link in links if link not in stale]
        links.append(replace(stale[0], ends=ends) if stale else Link(ends=ends))
    return tuple(links)


def _cables(machines: Machines, ports: Sequence[PortView], remarks: list[str]) -> list[Ends]:
    """Give every cable between two switches of the inventory once, its ends in order."""
    found: dict[Ends, None] = {}
    for view in ports:
        for peer, who in view.peers:
            if who is None or who.kind != "switch" or who.name == view.switch:
                continue
            far = SwitchName(who.name)
            port = machines.port_of(far, peer)
            if port is None:
                remarks.append(
                    f"{view.switch}:{view.port}: {described(peer)} does not say which port that is"
                )
                continue
            one, other = sorted(((view.switch, view.port), (far, port)))
            found[one, other] = None
    return list(found)


def _bundles(link: Link, ends: Ends) -> bool:
    """Say whether a cable may be a member of a declared link between two port-channels."""
    names = {name for name, _ in ends}
    return {name for name, _ in link.ends} == names and any(is_channel(port) for _, port in link.ends)


def _cannot_be(inventory: Inventory, ends: Ends, ports: Sequence[PortView]) -> str:
    """Say why a cable is not proposed; empty when it can be."""
    uplinks = {
        (each.switch, each.port): name for name, host in inventory.hosts.items() for each in host.uplinks
    }
    for name, port in ends:
        switch = inventory.switches[name]
        if not _is_port(port, switch.driver):
            return f"{port} is no port that an inventory could name"
        if port in switch.protected_ports:
            return f"{name}:{port} is a protected port"
        if (name, port) in uplinks:
            return f"host {uplinks[name, port]} is declared at {name}:{port}; settle that first"
    if all(inventory.switches[name].kind == "router" for name, _ in ends):
        return "two routers pass no VLANs on"
    channels = [
        f"{view.switch}:{view.port}"
        for view in ports
        if view.switch in dict(ends) and is_channel(view.port) and view.stations
    ]
    silent = [view for view in ports if (view.switch, view.port) in ends and not view.stations]
    if channels and silent:
        return f"may be a member of {' or '.join(channels)}; declare the port-channels instead if it is"
    return ""


def _is_port(port: PortName, driver: str) -> bool:
    try:
        return canonical_port(port, driver=driver) == port
    except ValueError:
        return False


def _shown(ends: Ends) -> str:
    return " - ".join(f"{name}:{port}" for name, port in ends)
