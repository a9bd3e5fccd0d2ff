"""What Docker's answers mean: containers, endpoints, networks, the way out of a container. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from trunkline.orchestrator.addressing import placeholder
from trunkline.orchestrator.intents import ContainerFacts, Endpoint, GatedNetwork, NetworkIntent
from trunkline.orchestrator.ipam.messages import DRIVER, SEGMENT_OPTION
from trunkline.orchestrator.labels import network_labels
from trunkline.orchestrator.models import Address, ContainerId, Network, SegmentName

DEFAULT_BRIDGE = "bridge"
BUILT_IN = "default"
"""What Docker calls its own address driver."""
OUR_WORDS = (f"{DRIVER}: ", f'plugin "{DRIVER}"', f"{DRIVER}.sock")
"""In an error of Docker's: the beginning of what our plug-in said, or that it was not found, or did not answer."""
RUNNING = frozenset({"running", "paused", "restarting"})
"""States in which Docker calls a container running."""
UNCONNECTABLE = frozenset({"host", "none", "container"})
"""Network modes that exclude any other network, without what follows a colon."""
Shape = tuple[str, str, bool, str, str, frozenset[tuple[Network, Address | None]]]
"""What makes a macvlan network the right one: parent, mode, internal, who gives addresses, for what, subnets."""
Answer = Mapping[str, Any]
"""A JSON object of the Docker API."""


def facts_of(raw: Answer) -> ContainerFacts:
    """Read a `docker inspect` answer."""
    host = raw.get("HostConfig") or {}
    running = bool((raw.get("State") or {}).get("Running"))
    return ContainerFacts(
        id=ContainerId(raw["Id"]),
        name=str(raw.get("Name") or "").lstrip("/"),
        running=running,
        labels=(raw.get("Config") or {}).get("Labels") or {},
        endpoints=_endpoints(raw, running=running),
        network_mode=str(host.get("NetworkMode") or "default"),
        publishes_ports=bool(host.get("PortBindings") or host.get("PublishAllPorts")),
    )


def listed_facts(item: Answer) -> ContainerFacts:
    """Read an entry of the list of containers; which ports it publishes is not in it."""
    running = item.get("State") in RUNNING
    return ContainerFacts(
        id=ContainerId(item["Id"]),
        name=_own_name(item.get("Names") or ()),
        running=running,
        labels=item.get("Labels") or {},
        endpoints=_endpoints(item, running=running),
        network_mode=str((item.get("HostConfig") or {}).get("NetworkMode") or "default"),
    )


def is_connectable(facts: ContainerFacts) -> bool:
    """Say whether a container may be on other networks; a network may be called `hostnet`."""
    return facts.network_mode.partition(":")[0] not in UNCONNECTABLE


def _own_name(names: Sequence[str]) -> str:
    """Find a container's name: links of others add ``/other/alias`` to the list."""
    return next((name.removeprefix("/") for name in names if name.count("/") == 1), "")


def _endpoints(answer: Answer, *, running: bool) -> Mapping[str, Endpoint]:
    return {
        name: _endpoint(name, item or {})
        for name, item in _networks_of(answer).items()
        # Docker 20.10 keeps the entry of a connection it refused; no endpoint stands behind it.
        if not running or (item or {}).get("EndpointID")
    }


def _endpoint(name: str, item: Answer) -> Endpoint:
    """A container that does not run has no address, but keeps the ones it will ask for: those count then."""
    wished = item.get("IPAMConfig") or {}
    addresses = (
        item.get("IPAddress") or wished.get("IPv4Address"),
        item.get("GlobalIPv6Address") or wished.get("IPv6Address"),
    )
    return Endpoint(
        network=name,
        network_id=item.get("NetworkID") or "",
        endpoint_id=item.get("EndpointID") or "",
        mac=(item.get("MacAddress") or "").lower(),
        addresses=tuple(ip_address(address) for address in addresses if address),
    )


def gated_network(network: Answer) -> GatedNetwork | None:
    """Read a network whose addresses come from our plug-in; None for any other.

    Its option names a segment; that is somebody's text until the inventory knows it.
    """
    ipam = network.get("IPAM") or {}
    segment = (ipam.get("Options") or {}).get(SEGMENT_OPTION, "")
    if ipam.get("Driver") != DRIVER or not segment:
        return None
    name = str(network.get("Name") or "")
    containers = {
        ContainerId(key): item
        for key, item in (network.get("Containers") or {}).items()
        if not key.startswith("ep-")  # an endpoint whose container is gone
    }
    return GatedNetwork(
        id=str(network["Id"]),
        name=name,
        segment=SegmentName(str(segment)),
        parent=str((network.get("Options") or {}).get("parent", "")),
        ours=is_ours(network),
        endpoints={key: _guest(name, str(network["Id"]), item) for key, item in containers.items()},
        names={key: str(item.get("Name") or "") for key, item in containers.items()},
    )


def _networks_of(listed: Answer) -> Mapping[str, Any]:
    return (listed.get("NetworkSettings") or {}).get("Networks") or {}


def _guest(network: str, network_id: str, item: Answer) -> Endpoint:
    found = (item.get("IPv4Address") or "", item.get("IPv6Address") or "")
    return Endpoint(
        network=network,
        network_id=network_id,
        endpoint_id=item.get("EndpointID") or "",
        mac=(item.get("MacAddress") or "").lower(),
        addresses=tuple(ip_interface(address).ip for address in found if address),
    )


def was_given_up(raw: Answer) -> bool | None:
    """Say of a `docker inspect` answer whether the container should run, but its start failed in our plug-in.

    None when no restart policy says that it should run.
    """
    state = raw.get("State") or {}
    policy = ((raw.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no"
    if policy == "no":
        return None
    return not state.get("Running") and any(words in str(state.get("Error") or "") for words in OUR_WORDS)


def is_ours(network: Answer) -> bool:
    """Say whether Trunkline made this network: it carries our mark, and the segment it is named like."""
    labels = network.get("Labels") or {}
    return network_labels(SegmentName(str(network.get("Name")))).items() <= labels.items()


def shape(intent: NetworkIntent) -> Shape:
    """Say what the network must look like."""
    subnets = ((subnet.network, placeholder(subnet)) for subnet in intent.subnets)
    return intent.parent, "bridge", intent.internal, DRIVER, intent.segment, frozenset(subnets)


def shape_of(network: Answer) -> Shape:
    """Say what a network looks like."""
    options = network.get("Options") or {}
    ipam = network.get("IPAM") or {}
    return (
        options.get("parent", ""),
        options.get("macvlan_mode", "bridge"),
        bool(network.get("Internal")),
        str(ipam.get("Driver") or BUILT_IN),
        str((ipam.get("Options") or {}).get(SEGMENT_OPTION, "")),
        frozenset(_pool(pool) for pool in ipam.get("Config") or []),
    )


def _pool(pool: Answer) -> tuple[Network, Address | None]:
    gateway = str(pool.get("Gateway") or "").partition("/")[0]
    return ip_network(pool["Subnet"], strict=False), ip_address(gateway) if gateway else None


def way_out(networks: Mapping[str, Answer]) -> str:
    """Name the network that gives a running container its default route on engines before 28.

    They take networks that have a gateway, those with one of each family first, then by name. Networks without
    an answer for a gateway, and internal ones, give none. Tried on 20.10.
    """
    candidates = [
        (not (item.get("Gateway") and item.get("IPv6Gateway")), name)
        for name, item in networks.items()
        if item.get("Gateway") or item.get("IPv6Gateway")
    ]
    return min(candidates)[1] if candidates else ""
