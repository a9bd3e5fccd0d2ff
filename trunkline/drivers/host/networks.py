"""macvlan networks and endpoints of this host over the Docker API; called by the host's sync and its agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from trunkline.drivers.host.client import Client, Gone
from trunkline.drivers.host.events import EngineEvent, read_events
from trunkline.drivers.host.facts import (
    DEFAULT_BRIDGE,
    Answer,
    facts_of,
    gated_network,
    is_connectable,
    is_ours,
    listed_facts,
    shape,
    shape_of,
    was_given_up,
    way_out,
)
from trunkline.orchestrator.addressing import placeholder
from trunkline.orchestrator.errors import (
    AddressError,
    NotOurs,
    PermanentError,
    TransientError,
    Unreachable,
    Unsupported,
)
from trunkline.orchestrator.intents import ContainerFacts, Endpoint, GatedNetwork, NetworkIntent
from trunkline.orchestrator.ipam.messages import DRIVER, GATE_LATER, GATE_OPTION, SEGMENT_OPTION
from trunkline.orchestrator.labels import MANAGED_KEY, has_label_of_ours, network_labels
from trunkline.orchestrator.models import Address, ContainerId, SegmentName

GATEWAY_PRIORITY_API = (1, 48)
"""API version (Docker 28) from which an endpoint can be told to hold the default route."""
ANNOUNCING_API = (1, 48)
"""API version (Docker 28) from which an engine sends gratuitous ARP and neighbour advertisements at every start."""
IPV6_ALONE_API = (1, 48)
"""API version (Docker 28) from which a network can do without IPv4."""
CONFIGURED = ("IPAMConfig", "Links", "Aliases", "MacAddress", "DriverOpts", "GwPriority")
"""What somebody said of an endpoint; the rest of its description is what Docker made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Endpoint):
    """An endpoint that was asked for. ``notes`` say what the engine could not do about the default route."""

    notes: tuple[str, ...] = ()


class Engine:
    """A Docker engine, 20.10 or newer. Connects on first use; ``url`` is where it listens."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = Client(url)

    def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        self._client.close()

    def version(self) -> str:
        """Ask whether the engine answers, and which it is: ``20.10.24 (API 1.41)``.

        Raises:
            Unreachable: it does not answer.
        """
        answer = self._client.ask(lambda api: api.version(), "tell its version")
        major, minor = self._client.api_version()
        return f"{answer.get('Version', '?')} (API {major}.{minor})"

    def announces(self) -> bool:
        """Say whether it tells its neighbours of every address that it takes into use.

        Raises:
            Unreachable: it does not answer.
        """
        return self._client.api_version() >= ANNOUNCING_API

    def containers(self) -> tuple[ContainerFacts, ...]:
        """List every container that carries a label of ours, running or not.

        Labels are compared here: the engine only finds keys it is told in full, and a mistyped one must be seen.

        Raises:
            Unreachable: Docker did not answer for all of them: no answer is never an empty list.
        """
        return tuple(found for found in self.all_containers() if has_label_of_ours(found.labels))

    def all_containers(self) -> tuple[ContainerFacts, ...]:
        """List every container, running or not, ours or not.

        Raises:
            Unreachable: Docker did not answer.
        """
        listed = self._client.ask(lambda api: api.containers(all=True), "list its containers")
        return tuple(listed_facts(item) for item in listed)

    def inspect(self, container: ContainerId) -> ContainerFacts | None:
        """Look at one container; None only when Docker says that it does not exist.

        In the list, not singly: that would wait until the container has started, and the start for its address.

        Raises:
            Unreachable: Docker did not answer.
        """
        listed = self._client.ask(
            lambda api: api.containers(all=True, filters={"id": container}), "list its containers"
        )
        return next((listed_facts(item) for item in listed if item["Id"] == container), None)

    def gave_up(self, container: ContainerId) -> bool | None:
        """Say whether Docker could not start it for our plug-in's sake, though its policy wants it to run.

        None when it has no such policy.

        Raises:
            Unreachable: Docker did not answer.
        """
        raw = self._inspected(container)
        return False if raw is None else was_given_up(raw)

    def start(self, container: ContainerId) -> None:
        """Start a container; one that is gone is no error.

        Raises:
            OrchestratorError: Docker refuses, or cannot.
        """
        try:
            self._client.ask(
                lambda api: api.start(container), "start it", about=f"container {container[:12]}"
            )
        except Gone:
            return

    def networks(self) -> Mapping[SegmentName, Answer]:
        """List the networks that Trunkline made, by segment, as Docker describes them.

        Raises:
            Unreachable: Docker did not answer.
        """
        listed = self._client.ask(
            lambda api: api.networks(filters={"label": [f"{MANAGED_KEY}=true"]}), "list its networks"
        )
        return {SegmentName(item["Name"]): item for item in listed if is_ours(item)}

    def gated(self) -> tuple[GatedNetwork, ...]:
        """List the networks whose addresses come from our plug-in, with their running containers.

        Raises:
            Unreachable: Docker did not answer for all of them.
        """
        listed = self._client.ask(lambda api: api.networks(), "list its networks")
        # Only the description of a single network names its containers.
        whole = [self._described(str(item["Id"])) for item in listed if gated_network(item) is not None]
        found = [network for answer in whole if answer and (network := gated_network(answer))]
        return tuple(sorted(found, key=lambda each: each.id))

    def plugged(self) -> Mapping[str, SegmentName]:
        """Name the networks whose addresses come from our plug-in, by name and by id, each with its segment.

        Raises:
            Unreachable: Docker did not answer.
        """
        listed = self._client.ask(lambda api: api.networks(), "list its networks")
        found = [network for item in listed if (network := gated_network(item))]
        return {key: network.segment for network in found for key in (network.name, network.id)}

    def parents(self) -> Mapping[str, str]:
        """Give every link that a Docker network sits on, with that network's name, whoever made it.

        Raises:
            Unreachable: Docker did not answer.
        """
        listed = self._client.ask(lambda api: api.networks(), "list its networks")
        found = {str((item.get("Options") or {}).get("parent", "")): str(item["Name"]) for item in listed}
        return {link: name for link, name in found.items() if link}

    def ensure_network(self, intent: NetworkIntent) -> bool:
        """Make the macvlan network, or see that the one there is right; says whether anything changed.

        Raises:
            NotOurs: somebody else's network has that name; it is never touched.
            PermanentError: ours is there with other subnets or another parent, and is in use; or Docker refuses.
            Unsupported: the engine is too old for IPv6 alone.
            Unreachable: Docker did not answer.
        """
        subject = f"docker network {intent.segment}"
        for found in self._named(intent.segment):
            if not is_ours(found):
                raise NotOurs(
                    f"exists ({found.get('Driver')}) and Trunkline did not make it",
                    subject=subject,
                    fix=f"run `docker network rm {intent.segment}`, or name the segment otherwise",
                )
            if shape_of(found) == shape(intent):
                return False
            self._remove(found, because="it has other subnets, another gateway or another link by now")
        if not intent.has_ipv4:
            self._expect_ipv6_alone(subject)
        self._client.post("/networks/create", _wish(intent), "create the network", about=subject)
        return True

    def remove_network(self, segment: SegmentName) -> bool:
        """Remove our network of this segment; False when it is not there.

        Raises:
            PermanentError: a container, running or not, is bound to it.
            Unreachable: Docker did not answer.
        """
        found = self.networks().get(segment)
        return found is not None and self._remove(found, because="nothing holds its segment any more")

    def connect(
        self, container: ContainerId, network: str, addresses: Sequence[Address], *, default_route: bool
    ) -> Connection:
        """Connect a container with exactly these addresses; nothing is done when it is.

        With ``default_route`` the network's gateway becomes the container's, if it has one. Engines before 28 cannot
        be told that, they prefer the default bridge: there the container leaves it, unless it publishes ports.

        Raises:
            AddressError: it is connected with other addresses, or one is taken or outside the network.
            PermanentError: the container's network mode forbids it, or Docker refuses.
            TransientError: the container or the network is gone, or Docker did not answer.
        """
        facts = self._facts(container)
        about = f"container {facts.name}"
        if not is_connectable(facts):
            raise PermanentError(
                f"runs with network mode {facts.network_mode.partition(':')[0]}, which excludes other networks",
                subject=about,
                fix="start it without --network host, none or container:",
            )
        can_be_told = self._client.api_version() >= GATEWAY_PRIORITY_API
        if not _stands(facts, network, addresses):
            priority = (1 if default_route else -1) if can_be_told else 0
            self._client.post(
                f"/networks/{network}/connect",
                {"Container": container, "EndpointConfig": _endpoint_config(addresses, priority)},
                f"connect it to {network}",
                about=about,
            )
        notes = () if can_be_told else self._lead_out(facts, network, wanted=default_route)
        return self._connection(self._facts(container), network, notes)

    def rejoin(self, container: ContainerId, network: str) -> None:
        """Have a container that does not run join the network of that name, as it was on the former one.

        One that ran before knows a network by its id, and Docker starts it on no other. A container that does not
        run may be connected over what it has (measured on 20.10 and 28.5), so that it is never without.

        Raises:
            OrchestratorError: it, or the network, is gone; or Docker refuses.
        """
        raw = self._inspected(container) or {}
        before = ((raw.get("NetworkSettings") or {}).get("Networks") or {}).get(network) or {}
        config = {key: before[key] for key in CONFIGURED if before.get(key)}
        self._client.post(
            f"/networks/{network}/connect",
            {"Container": container, "EndpointConfig": config},
            f"connect it to the new {network}",
            about=f"container {str(raw.get('Name') or container[:12]).lstrip('/')}",
        )

    def disconnect(self, container: ContainerId, network: str) -> bool:
        """Disconnect; False when it was not connected, or is gone.

        A container that was started on the default bridge and has no other network left returns there.

        Raises:
            PermanentError: Docker refuses.
            Unreachable: Docker did not answer.
        """
        facts = self.inspect(container)
        if facts is None or network not in facts.endpoints:
            return False
        self._leave(facts, network)
        if network != DEFAULT_BRIDGE and facts.endpoints.keys() == {network} and _began_on_bridge(facts):
            self._client.ask(
                lambda api: api.connect_container_to_network(container, DEFAULT_BRIDGE),
                "connect it to its bridge again",
                about=f"container {facts.name}",
            )
        return True

    def events(self, since: float | None = None) -> Iterator[EngineEvent]:
        """Follow what happens, from ``since`` (seconds since the epoch) or from now on; see ``read_events``.

        Raises:
            Unreachable: the stream ended; that is never the end of what happens.
        """
        return read_events(self._url, since)

    def _expect_ipv6_alone(self, subject: str) -> None:
        if self._client.api_version() < IPV6_ALONE_API:
            raise Unsupported(
                "its segment has no IPv4 subnet, and Docker before 28 cannot do without",
                subject=subject,
                fix="install Docker 28 or newer on that host, or give the segment an IPv4 subnet",
            )

    def _inspected(self, container: ContainerId) -> Answer | None:
        try:
            answer: Answer = self._client.ask(
                lambda api: api.inspect_container(container), f"inspect container {container[:12]}"
            )
        except Gone:
            return None
        return answer

    def _facts(self, container: ContainerId) -> ContainerFacts:
        raw = self._inspected(container)
        if raw is None:
            raise Gone("was removed meanwhile", subject=f"container {container[:12]}")
        return facts_of(raw)

    def _connection(self, facts: ContainerFacts, network: str, notes: tuple[str, ...]) -> Connection:
        endpoint = facts.endpoints.get(network)
        if endpoint is None:
            raise TransientError(
                f"was disconnected from {network} meanwhile", subject=f"container {facts.name}"
            )
        same = {field.name: getattr(endpoint, field.name) for field in fields(Endpoint)}
        return Connection(**same, notes=notes)

    def _described(self, network: str) -> Answer | None:
        try:
            answer: Answer = self._client.ask(
                lambda api: api.inspect_network(network), f"inspect network {network[:12]}"
            )
        except Gone:
            return None
        return answer

    def _named(self, name: str) -> list[Answer]:
        """Find networks by their whole name: the engine also finds parts of names."""
        listed = self._client.ask(lambda api: api.networks(names=[name]), "list its networks")
        return [item for item in listed if item["Name"] == name]

    def _remove(self, network: Answer, *, because: str) -> bool:
        # By name too: a container that has not run since it was connected does not know the network's id.
        wanted = {"network": [network["Id"], network["Name"]]}
        bound = self._client.ask(lambda api: api.containers(all=True, filters=wanted), "list its containers")
        subject = f"docker network {network['Name']}"
        if bound:
            names = ", ".join(_name_of(item) for item in bound[:3]) + (", ..." if len(bound) > 3 else "")  # noqa: PLR2004  # enough to begin with
            raise PermanentError(
                f"should go ({because}), but is used by {names}",
                subject=subject,
                fix="remove these containers, or disconnect them from it",
            )
        try:
            self._client.ask(
                lambda api: api.remove_network(network["Id"]), "remove the network", about=subject
            )
        except Gone:
            return False
        return True

    def _leave(self, facts: ContainerFacts, network: str) -> None:
        try:
            self._client.ask(
                lambda api: api.disconnect_container_from_network(facts.id, network, force=True),
                f"disconnect it from {network}",
                about=f"container {facts.name}",
            )
        except Gone:
            return
        except Unreachable:
            now = self.inspect(facts.id)
            if now is not None and network in now.endpoints:
                raise

    def _lead_out(self, facts: ContainerFacts, network: str, *, wanted: bool) -> tuple[str, ...]:
        """See to the default route on an engine that cannot be told; gives what it could not do."""
        notes: tuple[str, ...] = ()
        # A network without a gateway leads nowhere; without its bridge the container would have no way out at all.
        wanted = wanted and not any(found.get("Internal") for found in self._named(network))
        if wanted and DEFAULT_BRIDGE in facts.endpoints:
            if facts.publishes_ports:
                notes = (
                    "stays on Docker's bridge, because it publishes ports; its default route may lead there",
                )
            else:
                self._leave(facts, DEFAULT_BRIDGE)
        raw = self._inspected(facts.id) or {}
        way = way_out((raw.get("NetworkSettings") or {}).get("Networks") or {})
        if wanted and way and way != network:
            notes += (f"its default route leads through {way}; Docker 28 can be told otherwise",)
        if not wanted and way == network:
            notes += (f"its default route leads through {network} by now; Docker 28 can be told otherwise",)
        return notes


def _stands(facts: ContainerFacts, network: str, addresses: Sequence[Address]) -> bool:
    """Say whether the container is connected as asked.

    Raises:
        AddressError: it is connected otherwise.
    """
    there = facts.endpoints.get(network)
    if there is None:
        return False
    if set(there.addresses) == set(addresses):
        return True
    has = ", ".join(map(str, there.addresses)) or "no fixed address"
    raise AddressError(
        f"is connected to {network} with {has} instead of {', '.join(map(str, addresses)) or 'any'}",
        subject=f"container {facts.name}",
        fix=f"run `docker network disconnect {network} {facts.name}` and it is connected anew",
    )


def _began_on_bridge(facts: ContainerFacts) -> bool:
    return facts.network_mode in {"default", DEFAULT_BRIDGE}


def _name_of(listed: Answer) -> str:
    """Name a container of `docker ps`; it has none while it is being removed."""
    names = listed.get("Names") or []
    return str(names[0]).lstrip("/") if names else str(listed["Id"])[:12]


def _endpoint_config(addresses: Sequence[Address], priority: int) -> dict[str, object]:
    wished = {f"IPv{address.version}Address": str(address) for address in addresses}
    # The library knows no GwPriority; older engines ignore none of it, so it is only sent where it means something.
    return {"IPAMConfig": wished} | ({"GwPriority": priority} if priority else {})


def _wish(intent: NetworkIntent) -> dict[str, object]:
    """Write what `POST /networks/create` takes; the library has no word for EnableIPv4."""
    return {
        "Name": intent.segment,
        "CheckDuplicate": True,
        "Driver": "macvlan",
        "Options": {"parent": intent.parent, "macvlan_mode": "bridge"},
        "IPAM": {
            "Driver": DRIVER,
            "Options": {SEGMENT_OPTION: intent.segment, GATE_OPTION: GATE_LATER},
            "Config": [
                {"Subnet": str(subnet.network), "Gateway": str(placeholder(subnet))}
                for subnet in intent.subnets
            ],
        },
        "EnableIPv6": intent.has_ipv6,
        "Internal": intent.internal,
        "Labels": dict(network_labels(intent.segment)),
    } | ({} if intent.has_ipv4 else {"EnableIPv4": False})
