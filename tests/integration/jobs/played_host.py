"""A host's worker whose Docker and kernel are played: everything else is the real thing.

Run as ``python -m tests.integration.jobs.played_host HOST`` with the site's environment.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from trunkline.orchestrator.errors import TransientError
from trunkline.orchestrator.intents import (
    ContainerFacts,
    Endpoint,
    GatedNetwork,
    LinkIntent,
    NetworkIntent,
    ShimIntent,
)
from trunkline.orchestrator.jobs import Tools
from trunkline.orchestrator.models import Address, ContainerId, HostName, SegmentName
from trunkline.orchestrator.settings import read_settings
from trunkline.orchestrator.sync.hosts import Machine
from trunkline.orchestrator.vlans import Vid
from trunkline.tasks import host, jobs, lifecycle
from trunkline.tasks.app import host_queue, make_app
from trunkline.tasks.context import make_context
from trunkline.tasks.worker import _serve

CONTAINER = ContainerId("c" * 64)


@dataclass
class PlayedEngine:
    """Docker with one container that wants segment web."""

    made: dict[SegmentName, Any] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """Links under networks that somebody else made."""
    networks_of_the_plugin: tuple[GatedNetwork, ...] = ()
    given_up: set[ContainerId] = field(default_factory=set)
    unwanted: set[ContainerId] = field(default_factory=set)
    """Those without a restart policy."""
    asked: list[ContainerId] = field(default_factory=list)
    starts: list[ContainerId] = field(default_factory=list)
    refuses_to_start: bool = False
    announcing: bool = True
    container: ContainerFacts = field(
        default_factory=lambda: ContainerFacts(
            id=CONTAINER, name="web-1", running=True, labels={"trunkline.segment": "web"}
        )
    )

    def containers(self) -> tuple[ContainerFacts, ...]:
        return (self.container,)

    def all_containers(self) -> tuple[ContainerFacts, ...]:
        return (self.container,)

    def inspect(self, container: ContainerId) -> ContainerFacts | None:
        return self.container if container == CONTAINER else None

    def announces(self) -> bool:
        return self.announcing

    def gave_up(self, container: ContainerId) -> bool | None:
        self.asked.append(container)
        return None if container in self.unwanted else container in self.given_up

    def start(self, container: ContainerId) -> None:
        self.starts.append(container)
        if self.refuses_to_start:
            raise TransientError("cannot be started", subject=f"container {container[:12]}")
        self.given_up.discard(container)
        self.container = replace(self.container, running=True)

    def networks(self) -> dict[SegmentName, Any]:
        return dict(self.made)

    def gated(self) -> tuple[GatedNetwork, ...]:
        return self.networks_of_the_plugin

    def plugged(self) -> dict[str, SegmentName]:
        return {network.name: network.segment for network in self.networks_of_the_plugin}

    def parents(self) -> dict[str, str]:
        return {network["Options"]["parent"]: str(name) for name, network in self.made.items()} | self.others

    def ensure_network(self, intent: NetworkIntent) -> bool:
        new = intent.segment not in self.made
        self.made[intent.segment] = {
            "Id": f"n-{intent.segment}",
            "Options": {"parent": intent.parent},
        }
        return new

    def remove_network(self, segment: SegmentName) -> bool:
        return self.made.pop(segment, None) is not None

    def connect(
        self, container: ContainerId, network: str, addresses: Sequence[Address], *, default_route: bool
    ) -> Endpoint:
        del default_route
        endpoint = Endpoint(
            network=network,
            network_id=f"n-{network}",
            endpoint_id=f"e-{container[:4]}",
            mac="02:42:ac:1f:00:02",
            addresses=tuple(ip_address(str(address)) for address in addresses),
        )
        self.container = replace(self.container, endpoints={network: endpoint})
        return endpoint

    def rejoin(self, container: ContainerId, network: str) -> None:
        assert container == CONTAINER
        there = replace(self.container.endpoints[network], network_id="")
        self.container = replace(self.container, endpoints={network: there})

    def disconnect(self, container: ContainerId, network: str) -> bool:
        there = container == CONTAINER and network in self.container.endpoints
        self.container = replace(self.container, endpoints={})
        return there


@dataclass(frozen=True)
class PlayedLink:
    """A sub-interface of ours."""

    parent: str
    vlan: Vid
    mtu_bytes: int
    ours: bool = True
    children: tuple[str, ...] = ()


@dataclass
class PlayedLinks:
    """The kernel's sub-interfaces."""

    made: dict[str, PlayedLink] = field(default_factory=dict)

    def observe(self) -> dict[str, PlayedLink]:
        return dict(self.made)

    def ensure(self, intent: LinkIntent) -> bool:
        new = intent.name not in self.made
        self.made.setdefault(intent.name, PlayedLink(intent.parent, intent.vlan, intent.mtu_bytes))
        return new

    def remove(self, intent: LinkIntent) -> bool:
        return self.made.pop(intent.name, None) is not None

    def users(self, name: str) -> tuple[str, ...]:
        return self.made[name].children if name in self.made else ()

    def macs(self, nics: Sequence[str]) -> dict[str, str]:
        return dict.fromkeys(nics, "02:00:00:00:00:01")


@dataclass
class PlayedShims:
    """The kernel's shims."""

    made: dict[str, ShimIntent] = field(default_factory=dict)

    def observe(self) -> dict[str, str]:
        return {name: intent.link for name, intent in self.made.items()}

    def addresses(self, name: str) -> frozenset[Address]:
        return frozenset(each.ip for each in self.made[name].addresses) if name in self.made else frozenset()

    def ensure(self, intent: ShimIntent) -> bool:
        new = self.made.get(intent.name) != intent
        self.made[intent.name] = intent
        return new

    def remove(self, name: str) -> bool:
        return self.made.pop(name, None) is not None


def main(name: HostName) -> None:
    settings = read_settings()
    queue = host_queue(name)
    app = make_app(settings, owner=queue)
    context = make_context(settings, owner=queue)
    machine = Machine(
        name=name, engine=PlayedEngine(), links=PlayedLinks(), shims=PlayedShims(), boot_id="played"
    )
    host.register(app, context, machine)
    lifecycle.register(app, context, machine)
    jobs.register_steps(app, context, Tools(machine=machine))
    _serve(context, app, queue, pool="solo", concurrency=1)


if __name__ == "__main__":
    main(HostName(sys.argv[1]))
