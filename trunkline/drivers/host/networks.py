"""macvlan networks and endpoints of this host over the Docker API. With `events`, the only importer of docker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, TypeVar

import docker
import docker.errors
import requests

from trunkline.drivers.host.events import EngineEvent, read_events
from trunkline.orchestrator.errors import NotOurs, PermanentError, Unreachable
from trunkline.orchestrator.intents import ContainerFacts, Endpoint, NetworkIntent
from trunkline.orchestrator.models import Address, ContainerId, SegmentName

TIMEOUT_SECONDS = 30
MANAGED, SEGMENT = "trunkline.managed", "trunkline.segment"
DEFAULT_BRIDGE = "bridge"
GATEWAY_PRIORITY_API = (1, 48)
"""API version (Docker 28) from which an endpoint can be told to hold the default route."""
UNCONNECTABLE = ("host", "none", "container:")

Result = TypeVar("Result")


class Engine:
    """A Docker engine, 20.10 or newer. Connects on first use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Any = None  # docker's stubs lag behind its API

    def containers(self) -> tuple[ContainerFacts, ...]:
        """List every container that carries our segment label, running or not.

        Raises:
            Unreachable: Docker did not answer for all of them: no answer is never an empty list.
        """
        listed = self._ask(
            lambda api: api.containers(all=True, filters={"label": [SEGMENT]}), "list its containers"
        )
        facts = (self.inspect(ContainerId(item["Id"])) for item in listed)
        return tuple(found for found in facts if found is not None)

    def inspect(self, container: ContainerId) -> ContainerFacts | None:
        """Look at one container; None only when Docker says that it does not exist."""
        try:
            raw = self._ask(lambda api: api.inspect_container(container), f"inspect {container[:12]}")
        except _Missing:
            return None
        return facts_of(raw)

    def networks(self) -> Mapping[SegmentName, Mapping[str, Any]]:
        """List the networks that Trunkline made, by segment, as Docker describes them."""
        listed = self._ask(
            lambda api: api.networks(filters={"label": [f"{MANAGED}=true"]}), "list its networks"
        )
        return {SegmentName(item["Labels"].get(SEGMENT, item["Name"])): item for item in listed}

    def ensure_network(self, intent: NetworkIntent) -> bool:
        """Make the macvlan network, or see that the one there is right; says whether anything changed.

        Raises:
            NotOurs: somebody else's network has that name.
            PermanentError: ours is there with other subnets or another parent and is in use.
        """
        there = [
            item
            for item in self._ask(lambda api: api.networks(names=[intent.segment]), "list its networks")
            if item["Name"] == intent.segment
        ]
        if there:
            found = there[0]
            if (found.get("Labels") or {}).get(MANAGED) != "true":
                raise NotOurs(
                    "exists and Trunkline did not make it",
                    subject=f"docker network {intent.segment}",
                    fix="rename or remove it; it is never touched",
                )
            if _shape_of(found) == _shape(intent):
                return False
            if not self.remove_network(intent.segment):
                return False
        self._ask(lambda api: _create(api, intent), f"create network {intent.segment}")
        return True

    def remove_network(self, segment: SegmentName) -> bool:
        """Remove our network of this segment; False when it is not there.

        Raises:
            PermanentError: a container, running or not, is bound to it.
        """
        found = self.networks().get(segment)
        if found is None:
            return False
        bound = self._ask(
            lambda api: api.containers(all=True, filters={"network": [found["Id"]]}), "list its containers"
        )
        if bound:
            names = ", ".join(item["Id"][:12] for item in bound[:3])
            raise PermanentError(
                f"containers are bound to it: {names}",
                subject=f"docker network {segment}",
                fix="remove or disconnect them",
            )
        try:
            self._ask(lambda api: api.remove_network(found["Id"]), f"remove network {segment}")
        except _Missing:
            return False
        return True

    def connect(
        self, container: ContainerId, network: str, addresses: Sequence[Address], *, default_route: bool
    ) -> Endpoint:
        """Connect a container with exactly these addresses.

        With ``default_route`` the segment's gateway becomes the container's. Engines before 28 cannot be told, they
        prefer the default bridge: there the container is taken off it, unless it publishes ports through it.

        Raises:
            PermanentError: the container's network mode forbids it, or Docker refuses.
        """
        facts = self._facts(container)
        if facts.network_mode.startswith(UNCONNECTABLE):
            raise PermanentError(
                f"runs with network mode {facts.network_mode.partition(':')[0]}, which excludes any other network",
                subject=f"container {facts.name}",
                fix="start it without --network host, none or container:",
            )
        if network not in facts.endpoints:
            self._ask(
                lambda api: _connect(api, container, network, addresses, priority=1 if default_route else 0),
                f"connect {container[:12]} to {network}",
            )
        modern = _version(self._ask(lambda api: api.version()["ApiVersion"], "tell its version"))
        if default_route and modern < GATEWAY_PRIORITY_API and not facts.publishes_ports:
            self.disconnect(container, DEFAULT_BRIDGE)
        endpoint = self._facts(container).endpoints.get(network)
        if endpoint is None:
            raise PermanentError("was connected and is not", subject=f"container {facts.name}")
        return endpoint

    def disconnect(self, container: ContainerId, network: str) -> bool:
        """Disconnect; False when it was not connected, or is gone."""
        facts = self.inspect(container)
        if facts is None or network not in facts.endpoints:
            return False
        self._ask(
            lambda api: api.disconnect_container_from_network(container, network, force=True),
            f"disconnect {container[:12]} from {network}",
        )
        return True

    def events(self, since: float | None = None) -> Iterator[EngineEvent]:
        """Follow what happens, from ``since`` (epoch seconds) on.

        Raises:
            Unreachable: the stream ended; that is never the end of what happens.
        """
        return read_events(self._url, since)

    def _facts(self, container: ContainerId) -> ContainerFacts:
        facts = self.inspect(container)
        if facts is None:
            raise PermanentError("is gone", subject=f"container {container[:12]}")
        return facts

    def _ask(self, question: Callable[[Any], Result], what: str) -> Result:
        subject = f"docker {self._url}"
        try:
            if self._client is None:
                self._client = docker.APIClient(base_url=self._url, version="auto", timeout=TIMEOUT_SECONDS)
            return question(self._client)
        except docker.errors.NotFound as error:
            raise _Missing(str(error.explanation), subject=subject) from error
        except docker.errors.APIError as error:
            if error.is_server_error() and "already" not in str(error.explanation):
                raise Unreachable(f"could not {what}: {error.explanation}", subject=subject) from error
            raise PermanentError(
                f"would not {what}: {error.explanation}", subject=subject, fix="settle it on that host"
            ) from error
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            self._client = None
            raise Unreachable(
                f"could not {what} ({type(error).__name__})",
                subject=subject,
                fix="is dockerd running, and may this process use its socket?",
            ) from error


class _Missing(PermanentError):
    """Docker says that there is no such thing."""


def facts_of(raw: Mapping[str, Any]) -> ContainerFacts:
    """Read a `docker inspect` answer."""
    host = raw.get("HostConfig") or {}
    settings = raw.get("NetworkSettings") or {}
    return ContainerFacts(
        id=ContainerId(raw["Id"]),
        name=str(raw.get("Name", "")).lstrip("/"),
        running=bool((raw.get("State") or {}).get("Running")),
        labels=(raw.get("Config") or {}).get("Labels") or {},
        endpoints={name: _endpoint(name, item) for name, item in (settings.get("Networks") or {}).items()},
        network_mode=str(host.get("NetworkMode", "default")),
        publishes_ports=bool(host.get("PortBindings")),
    )


def _endpoint(name: str, item: Mapping[str, Any]) -> Endpoint:
    """A stopped container has no address, but keeps the ones it was configured with: those count then."""
    wished = item.get("IPAMConfig") or {}
    addresses = [
        item.get("IPAddress") or wished.get("IPv4Address"),
        item.get("GlobalIPv6Address") or wished.get("IPv6Address"),
    ]
    return Endpoint(
        network=name,
        network_id=item.get("NetworkID") or "",
        endpoint_id=item.get("EndpointID") or "",
        mac=item.get("MacAddress") or "",
        addresses=tuple(ip_address(address) for address in addresses if address),
    )


def _shape(intent: NetworkIntent) -> tuple[str, frozenset[str]]:
    return intent.parent, frozenset(str(subnet.network) for subnet in intent.subnets)


def _shape_of(found: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    subnets = (found.get("IPAM") or {}).get("Config") or []
    return (found.get("Options") or {}).get("parent", ""), frozenset(item["Subnet"] for item in subnets)


def _create(api: Any, intent: NetworkIntent) -> None:
    pools = [
        docker.types.IPAMPool(
            subnet=str(subnet.network), gateway=None if subnet.gateway is None else str(subnet.gateway)
        )
        for subnet in intent.subnets
    ]
    api.create_network(
        intent.segment,
        driver="macvlan",
        options={"parent": intent.parent, "macvlan_mode": "bridge"},
        ipam=docker.types.IPAMConfig(pool_configs=pools),
        enable_ipv6=any(subnet.network.version == 6 for subnet in intent.subnets),  # noqa: PLR2004  # IPv6
        labels={MANAGED: "true", SEGMENT: intent.segment},
        check_duplicate=True,
    )


def _connect(
    api: Any, container: ContainerId, network: str, addresses: Sequence[Address], *, priority: int
) -> None:
    options: dict[str, Any] = {}
    for address in addresses:
        options["ipv4_address" if address.version == 4 else "ipv6_address"] = str(address)  # noqa: PLR2004  # IPv4
    if priority and _version(api.api_version) >= GATEWAY_PRIORITY_API:
        options["gw_priority"] = priority
    api.connect_container_to_network(container, network, **options)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
