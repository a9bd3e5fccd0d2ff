"""Turns a topology into network namespaces, the management network and cables; commands for ``ip -batch`` as data."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Interface

from trunkline.lab.topology import MANAGEMENT_NIC, LabHost, LabSwitch, PortEnd, Topology
from trunkline.orchestrator.errors import Unsupported

MANAGEMENT_BRIDGE = "management"


def device_of(port: str) -> str:
    """Give the Linux interface that is a switch port: ``GigabitEthernet1/0/1`` is ``Gi1-0-1``, ``swp1`` is itself."""
    if port.islower():
        return port
    kind, numbers = re.fullmatch(r"([A-Za-z]+)([\d/]+)", port).groups()  # type: ignore[union-attr]
    return f"{kind[:2]}{numbers.replace('/', '-')}"


def nodes(topology: Topology) -> tuple[LabHost | LabSwitch, ...]:
    """List every node that gets a network namespace."""
    return (*topology.switches.values(), *topology.hosts.values())


def build_commands(topology: Topology) -> Iterator[str]:
    """Give the commands that create everything, for the management namespace."""
    yield f"link add name {MANAGEMENT_BRIDGE} type bridge"
    yield f"address add {topology.address}/{topology.network.prefixlen} dev {MANAGEMENT_BRIDGE}"
    yield f"link set dev {MANAGEMENT_BRIDGE} up"
    for node in nodes(topology):
        yield f"netns add {node.name}"
        local = f"m-{node.name}"
        yield f"link add name {local} type veth peer name {MANAGEMENT_NIC} netns {node.name}"
        yield f"link set dev {local} master {MANAGEMENT_BRIDGE} up"
    for host in topology.hosts.values():
        for nic in host.nics:
            yield _cable(f"name {nic.name} netns {host.name}", nic.cable)
    for one, other in topology.links:
        yield _cable(f"name {device_of(one.port)} netns {one.switch}", other)


def _cable(near: str, far: PortEnd) -> str:
    return f"link add {near} type veth peer name {device_of(far.port)} netns {far.switch}"


def host_commands(topology: Topology, host: LabHost) -> Iterator[str]:
    """Give the commands for a host's own namespace."""
    yield from _common(topology, host)
    for nic in host.nics:
        yield f"link set dev {nic.name} up"
        for address in nic.addresses:
            yield f"address add {address} dev {nic.name}" + (
                " nodad" if isinstance(address, IPv6Interface) else ""
            )
        for gateway in nic.gateways:
            yield f"route add default via {gateway} dev {nic.name}"


def switch_commands(topology: Topology, switch: LabSwitch) -> Iterator[str]:
    """Give the commands for a switch's namespace; its ports come up when the switch says so, the cable does here."""
    yield from _common(topology, switch)
    for port in topology.ports_of(switch.name):
        yield f"link set dev {device_of(port)} up"


def _common(topology: Topology, node: LabHost | LabSwitch) -> Iterator[str]:
    yield "link set dev lo up"
    yield f"address add {node.management}/{topology.network.prefixlen} dev {MANAGEMENT_NIC}"
    yield f"link set dev {MANAGEMENT_NIC} up"


def remove_commands(topology: Topology) -> Iterator[str]:
    """Give the commands that remove everything; each may fail because it is gone already."""
    for node in nodes(topology):
        yield f"netns delete {node.name}"
        yield f"link delete dev m-{node.name}"
    yield f"link delete dev {MANAGEMENT_BRIDGE}"


def apply(commands: Iterable[str], *, namespace: str | None = None, forgiving: bool = False) -> None:
    """Run commands with one ``ip``.

    Raises:
        Unsupported: One was refused and ``forgiving`` is off; the message is the kernel's own.
    """
    place = [] if namespace is None else ["-netns", namespace]
    force = ["-force"] if forgiving else []
    text = "\n".join(commands) + "\n"
    result = subprocess.run(
        ["ip", *place, *force, "-batch", "-"], input=text, text=True, capture_output=True, check=False
    )
    if result.returncode != 0 and not forgiving:
        raise Unsupported(
            result.stderr.strip(),
            subject=f"lab network {namespace or 'management'}",
            fix="use the uml backend",
        )
