"""The way of a VLAN through switches and cables: inventory -> ports. Used by the planners and by `inventory`.

Where links form rings, a VLAN goes on every link that lies on some simple path between two participants:
which of them forwards is spanning tree's business, and it may change its mind at any time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from trunkline.orchestrator.models import (
    DeviceKey,
    ExternalGateway,
    Host,
    HostName,
    Inventory,
    Link,
    PortName,
    RouterGateway,
    Segment,
    SegmentName,
    SviGateway,
    SwitchName,
    Uplink,
    host_key,
    switch_key,
)

Node = tuple[SwitchName, PortName | None]
"""A switch as a whole (None), or one interface of a router: routers do not bridge between theirs."""


def gateway_device(segment: Segment) -> SwitchName | None:
    """Name the device that holds the segment's gateway; None when somebody else provides it."""
    match segment.gateway:
        case SviGateway(switch=name) | RouterGateway(router=name):
            return name
        case ExternalGateway():
            return None


def uplinks_of(inventory: Inventory, host: HostName, segment: SegmentName) -> tuple[Uplink, ...]:
    """Give the uplinks that carry ``segment`` on ``host``: those of one NIC (or bond).

    It is the first NIC in the inventory's order with a way to the gateway. Without any such NIC, or without
    the host or the segment in the inventory, the result is empty.
    """
    if host not in inventory.hosts or segment not in inventory.segments:
        return ()
    return _best_uplinks(inventory.hosts[host], _near(_gateway_node(inventory.segments[segment]), inventory))


def path(
    inventory: Inventory, hosts: Iterable[HostName], segment: SegmentName
) -> Mapping[SwitchName, frozenset[PortName]]:
    """Find the devices on the way between these hosts and the gateway, each with the ports to carry the VLAN.

    A router is there with no ports: its sub-interface is part of the gateway. Hosts without a way to the
    gateway add nothing.
    """
    if segment not in inventory.segments:
        return {}
    goal = _gateway_node(inventory.segments[segment])
    near = _near(goal, inventory)
    known = [inventory.hosts[name] for name in sorted(set(hosts)) if name in inventory.hosts]
    uplinks = [uplink for host in known for uplink in _best_uplinks(host, near)]
    if not uplinks:
        return {}
    ports: dict[SwitchName, set[PortName]] = defaultdict(set)
    for uplink in uplinks:
        ports[uplink.switch].add(uplink.port)
    ends: set[Node] = {(uplink.switch, None) for uplink in uplinks}
    if goal is not None:
        ends.add(goal)
    nodes = _between(_neighbours(inventory), ends)
    for link in inventory.links:
        if all(_node(inventory, end) in nodes for end in link.ends):
            _add_link(inventory, link, ports)
    return {name: frozenset(ports[name]) for name in sorted(ports)}


def switches_of(inventory: Inventory, host: HostName, segment: SegmentName) -> tuple[SwitchName, ...]:
    """Name the switches and routers that must be ready before ``segment`` works on ``host``, sorted."""
    return tuple(path(inventory, [host], segment))


def devices_of(inventory: Inventory, host: HostName, segment: SegmentName) -> tuple[DeviceKey, ...]:
    """Name every device whose desired state may change with this attachment: the host first, then its way.

    With an external gateway the way leads to the other participants instead, so it spans all hosts the policy
    lets in. An unknown segment concerns the host alone.
    """
    hosts = [host]
    if segment in inventory.segments and gateway_device(inventory.segments[segment]) is None:
        hosts += [name for name in inventory.hosts if inventory.allows(name, segment)]
    return (host_key(host), *(switch_key(name) for name in path(inventory, hosts, segment)))


def _near(goal: Node | None, inventory: Inventory) -> set[Node] | None:
    """Find everything with a way to the gateway; None when the gateway is external and any place will do."""
    return None if goal is None else _flood(_neighbours(inventory), {goal}, without=None)


def _best_uplinks(host: Host, near: set[Node] | None) -> tuple[Uplink, ...]:
    for nic in dict.fromkeys(uplink.nic for uplink in host.uplinks):
        ours = tuple(uplink for uplink in host.uplinks if uplink.nic == nic)
        if near is None or any((uplink.switch, None) in near for uplink in ours):
            return ours
    return ()


def _add_link(inventory: Inventory, link: Link, ports: dict[SwitchName, set[PortName]]) -> None:
    for name, port in link.ends:
        if inventory.switches[name].kind == "router":
            ports[name].update()
        else:
            ports[name].add(port)


def _gateway_node(segment: Segment) -> Node | None:
    match segment.gateway:
        case SviGateway(switch=name):
            return (name, None)
        case RouterGateway(router=name, interface=interface):
            return (name, interface)
        case ExternalGateway():
            return None


def _node(inventory: Inventory, end: tuple[SwitchName, PortName]) -> Node:
    name, port = end
    return (name, port if inventory.switches[name].kind == "router" else None)


def _neighbours(inventory: Inventory) -> Mapping[Node, frozenset[Node]]:
    found: dict[Node, set[Node]] = defaultdict(set)
    for link in inventory.links:
        one, other = (_node(inventory, end) for end in link.ends)
        found[one].add(other)
        found[other].add(one)
    return {node: frozenset(near) for node, near in found.items()}


def _flood(
    neighbours: Mapping[Node, frozenset[Node]], start: set[Node], *, without: Node | None
) -> set[Node]:
    """Reach everything from ``start`` in the graph that lacks the node ``without``."""
    reached = start - {without}
    front = list(reached)
    while front:
        for node in neighbours.get(front.pop(), frozenset()):
            if node != without and node not in reached:
                reached.add(node)
                front.append(node)
    return reached


def _between(neighbours: Mapping[Node, frozenset[Node]], ends: set[Node]) -> set[Node]:
    """Find the nodes on simple paths between two of ``ends``, and ``ends`` themselves.

    By Menger's theorem a node is on such a path exactly when no other single node cuts it off from all ends.
    """
    kept = _flood(neighbours, ends, without=None)
    for cut in tuple(kept):
        kept &= _flood(neighbours, ends, without=cut) | {cut}
    return kept | ends
