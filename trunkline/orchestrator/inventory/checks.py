"""What no single item can know: names, cables, kinds and ways that must fit together. Values -> problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trunkline.orchestrator.inventory.document import Path, Problem, did_you_mean, show
from trunkline.orchestrator.models import (
    Host,
    HostName,
    Inventory,
    PortName,
    RouterGateway,
    Segment,
    SviGateway,
    Switch,
    SwitchName,
)
from trunkline.orchestrator.planning.claims import forbidden
from trunkline.orchestrator.planning.topology import gateway_device, path, uplinks_of
from trunkline.orchestrator.vlans import RESERVED

HIGHEST_TCP_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Every name that the file declares, even where the item itself is broken.

    ``fabric_is_whole``: every switch and every link could be read, so that a missing way is really missing.
    """

    switches: Sequence[str]
    hosts: Sequence[str]
    segments: Sequence[str]
    fabric_is_whole: bool


def check_fabric(inventory: Inventory, declared: Declared) -> Iterator[Problem]:
    """Check switches, cables, policy and the ways between them."""
    for check in (_switches, _names, _ports, _links, _gateways, _policy):
        yield from check(inventory, declared)
    sound = _sound(inventory)
    yield from _vlans(sound)
    if declared.fabric_is_whole:
        yield from _missing_ways(sound, inventory)
    yield from _shared_vlans(sound)


def _switches(inventory: Inventory, declared: Declared) -> Iterator[Problem]:
    del declared
    seen: dict[tuple[str, int], SwitchName] = {}
    for switch in inventory.switches.values():
        path = ("switches", switch.name)
        login = switch.credentials
        if login.password is None and login.key_file is None:
            fix = "add password: {file: ...}, password: {env: ...} or key_file: PATH"
            yield Problem(path=(*path, "credentials"), what="hold no secret to log in with", fix=fix)
        if not 0 < switch.port <= HIGHEST_TCP_PORT:
            yield Problem(path=(*path, "port"), what=f"is {switch.port}", fix="write a TCP port, mostly 22")
        first = seen.setdefault((switch.address, switch.port), switch.name)
        if first != switch.name:
            what = f"is the address of {first} too"
            yield Problem(path=(*path, "address"), what=what, fix="declare every device once")


def _names(inventory: Inventory, declared: Declared) -> Iterator[Problem]:
    for where, name in _switch_names(inventory):
        if name not in declared.switches:
            fix = did_you_mean(name, declared.switches)
            yield Problem(path=where, what=f"names the unknown switch {show(name)}", fix=fix)


def _switch_names(inventory: Inventory) -> Iterator[tuple[Path, SwitchName]]:
    for where, name, _ in _cable_ends(inventory):
        yield where, name
    for segment in inventory.segments.values():
        device = gateway_device(segment)
        if device is not None:
            yield ("segments", segment.name, "gateway"), device


def _cable_ends(inventory: Inventory) -> Iterator[tuple[Path, SwitchName, PortName]]:
    for host in inventory.hosts.values():
        for index, uplink in enumerate(host.uplinks):
            yield ("hosts", host.name, "uplinks", index, "port"), uplink.switch, uplink.port
    for index, link in enumerate(inventory.links):
        for end, (name, port) in enumerate(link.ends):
            yield ("links", index, end), name, port


def _ports(inventory: Inventory, declared: Declared) -> Iterator[Problem]:
    del declared
    seen: dict[tuple[SwitchName, str], Path] = {}
    for where, name, port in _cable_ends(inventory):
        first = seen.setdefault((name, port.lower()), where)
        if first != where:
            what = f"{name}:{port} is also the end of {Problem(path=first, what='').key}"
            yield Problem(path=where, what=what, fix="a port takes one cable; correct one of them")
        switch = inventory.switches.get(name)
        if switch is not None and port in switch.protected_ports:
            fix = f"take it out of protected_ports of {name}, or use another port"
            yield Problem(path=where, what=f"{name}:{port} is a protected port", fix=fix)


def _links(inventory: Inventory, declared: Declared) -> Iterator[Problem]:
    del declared
    for host in inventory.hosts.values():
        if not host.uplinks:
            fix = "write for example [{nic: eth0, port: sw1:Gi1/0/1}]"
            yield Problem(path=("hosts", host.name, "uplinks"), what="is empty", fix=fix)
        for index, uplink in enumerate(host.uplinks):
            if _kind(inventory, uplink.switch) == "router":
                what = f"leads to the router {uplink.switch}, which passes no VLAN on"
                where: Path = ("hosts", host.name, "uplinks", index, "port")
                yield Problem(path=where, what=what, fix="cable hosts to a switch")
    for index, link in enumerate(inventory.links):
        one, other = (name for name, _ in link.ends)
        if one == other:
            yield Problem(path=("links", index), what=f"leads from {one} to itself", fix="name two devices")
        elif _kind(inventory, one) == _kind(inventory, other) == "router":
            what = "joins two routers, which pass no VLANs on"
            yield Problem(path=("links", index), what=what, fix="leave it out")
    linked = {name for link in inventory.links for name, _ in link.ends}
    for switch in inventory.switches.values():
        if switch.kind == "router" and switch.name not in linked:
            what = "is a router that is not linked to any switch"
            fix = f"add to links: [sw1:Gi1/0/48, {switch.name}:GigabitEthernet0/0]"
            yield Problem(path=("switches", switch.name), what=what, fix=fix)


def _kind(inventory: Inventory, name: SwitchName) -> str:
    switch = inventory.switches.get(name)
    return "" if switch is None else switch.kind


def _gateways(inventory: Inventory, declared: Declared) -> Iterator[Problem]:
    del declared
    for segment in inventory.segments.values():
        where = ("segments", segment.name, "gateway")
        match segment.gateway:
            case SviGateway(switch=name) if _kind(inventory, name) not in {"", "l3switch"}:
                what = f"puts an SVI on {name}, which is of kind {_kind(inventory, name)}"
                yield Problem(path=where, what=what, fix="name a switch of kind l3switch")
            case RouterGateway(router=name, interface=interface) if name in inventory.switches:
                yield from _router_gateway(inventory, inventory.switches[name], interface, where)
            case _:
                pass


def _router_gateway(
    inventory: Inventory, router: Switch, interface: PortName, where: Path
) -> Iterator[Problem]:
    if router.kind != "router":
        what = f"names {router.name} as a router, which is of kind {router.kind}"
        yield Problem(path=where, what=what, fix=f"write {{svi: {router.name}}} or name a router")
        return
    if interface in router.protected_ports:
        what = f"{router.name}:{interface} is a protected port"
        yield Problem(path=where, what=what, fix="use another interface")
    if not any((router.name, interface) in link.ends for link in inventory.links):
        what = f"{router.name}:{interface} is not linked to any switch"
        fix = f"add to links: [sw1:Gi1/0/48, {router.name}:{interface}]"
        yield Problem(path=where, what=what, fix=fix)


def _policy(inventory: Inventory, declared: Declared) -> Iterator[Problem]:
    for index, rule in enumerate(inventory.policy):
        for key, names, known in (
            ("hosts", rule.hosts, declared.hosts),
            ("segments", rule.segments, declared.segments),
        ):
            for name in sorted(names - {"*", *known}):
                what = f"names the unknown {key.removesuffix('s')} {show(name)}"
                yield Problem(path=("policy", index, key), what=what, fix=did_you_mean(name, known))


def _sound(inventory: Inventory) -> Inventory:
    """Leave out what refers to nothing, so that ways can be computed through the rest."""
    known = inventory.switches.keys()
    return replace(
        inventory,
        hosts={
            name: replace(host, uplinks=tuple(each for each in host.uplinks if each.switch in known))
            for name, host in inventory.hosts.items()
        },
        segments={
            name: segment for name, segment in inventory.segments.items() if _is_sound(inventory, segment)
        },
        links=tuple(link for link in inventory.links if all(name in known for name, _ in link.ends)),
    )


def _is_sound(inventory: Inventory, segment: Segment) -> bool:
    match segment.gateway:
        case RouterGateway(router=name, interface=interface):
            return any((name, interface) in link.ends for link in inventory.links)
        case _:
            return gateway_device(segment) in {*inventory.switches, None}


def _vlans(inventory: Inventory) -> Iterator[Problem]:
    for segment in inventory.segments.values():
        where = ("segments", segment.name, "vlan")
        if segment.vlan in RESERVED:
            what = f"is {segment.vlan}, which belongs to the switches themselves"
            yield Problem(path=where, what=what, fix="choose one of 2-1001 or 1006-4094")
            continue
        for name in sorted(_reach(inventory, segment)):
            reason = forbidden(inventory.switches[name], segment.vlan)
            if reason:
                fix = f"choose another, or change managed_vlans or protected_vlans of {name}"
                yield Problem(path=where, what=f"cannot be used: {reason}", fix=fix)
        for host in _allowed(inventory, segment):
            for uplink in uplinks_of(inventory, host.name, segment.name):
                if uplink.native_vlan == segment.vlan:
                    port = f"{uplink.switch}:{uplink.port}"
                    what = f"is the native VLAN of {port}, the port of host {host.name}"
                    fix = "containers need a tagged VLAN of their own; choose another"
                    yield Problem(path=where, what=what, fix=fix)


def _missing_ways(sound: Inventory, whole: Inventory) -> Iterator[Problem]:
    for segment in sound.segments.values():
        for host in _allowed(sound, segment):
            declared = whole.hosts[host.name].uplinks
            if not declared or host.uplinks != declared or uplinks_of(sound, host.name, segment.name):
                continue
            what = f"leads nowhere near {gateway_device(segment)}, the gateway of segment {segment.name}"
            fix = "add the missing cable to links, or let the policy keep the host out"
            yield Problem(path=("hosts", host.name, "uplinks"), what=what, fix=fix)


def _allowed(inventory: Inventory, segment: Segment) -> list[Host]:
    return [host for host in inventory.hosts.values() if inventory.allows(host.name, segment.name)]


def _reach(inventory: Inventory, segment: Segment) -> frozenset[SwitchName]:
    """Find every device that may have to know this segment's VLAN."""
    hosts: list[HostName] = [host.name for host in _allowed(inventory, segment)]
    device = gateway_device(segment)
    ways: Mapping[SwitchName, object] = path(inventory, hosts, segment.name)
    return frozenset(ways) | (frozenset() if device is None else {device})


def _shared_vlans(inventory: Inventory) -> Iterator[Problem]:
    segments = list(inventory.segments.values())
    for index, later in enumerate(segments):
        for earlier in segments[:index]:
            if earlier.vlan != later.vlan:
                continue
            shared = _reach(inventory, earlier) & _reach(inventory, later)
            if shared:
                what = f"is {later.vlan} like that of segment {earlier.name}, and both meet on {min(shared)}"
                fix = "one VLAN is one segment; choose another id or put the subnets together"
                yield Problem(path=("segments", later.name, "vlan"), what=what, fix=fix)
