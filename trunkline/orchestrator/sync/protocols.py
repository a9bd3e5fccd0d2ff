"""What a sync needs from the layers above it; drivers and tasks satisfy these without being imported."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, Literal, Protocol

from trunkline.orchestrator.intents import (
    Claim,
    ContainerFacts,
    Endpoint,
    GatedNetwork,
    LinkIntent,
    Neighbor,
    NetworkIntent,
    Seen,
    ShimIntent,
    SwitchIntent,
)
from trunkline.orchestrator.models import Address, ContainerId, DeviceKey, HostName, SegmentName, Switch
from trunkline.orchestrator.vlans import Vid


class Bell(Protocol):
    """Rings doorbells. Losing one costs at most one sweep."""

    def container(self, host: HostName, container: ContainerId) -> None:
        """Something happened to this container."""

    def resync(self, host: HostName) -> None:
        """Events may have been missed on this host."""

    def device(self, device: DeviceKey) -> None:
        """The desired state of this device may have changed."""

    def job(self, job: str) -> None:
        """A job waits to be started or resumed."""

    def job_step(self, job: str, device: DeviceKey) -> None:
        """A job wants its step on this device done."""


class Journal(Protocol):
    """What a driver asks and tells while it writes to a device."""

    def keep(self, text: str) -> None:
        """Keep what the switch was configured like before a session's first change."""

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        """Record the lines and that these claims become ours; give the operation's id.

        Raises:
            Superseded: desired state moved on; send nothing.
        """

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        """Record what came back."""

    def still_unneeded(self, claim: Claim) -> bool:
        """Say whether nothing holds this claim, asked right before its removal is sent."""


class Change(Protocol):
    """One claim to be made true (``add``) or withdrawn (``remove``)."""

    @property
    def op(self) -> Literal["add", "remove"]:
        """Which of the two."""

    @property
    def claim(self) -> Claim:
        """What it is about."""


class SwitchPlan(Protocol):
    """What a driver would send."""

    @property
    def changes(self) -> Sequence[Change]:
        """Every change in the order it would be made; empty when all is as desired."""

    @property
    def lines(self) -> Sequence[Any]:
        """Every line in order; ``str()`` of each is the line as the device gets it."""

    @property
    def problems(self) -> Mapping[Claim, str]:
        """Claims that cannot be met, each with the cause."""

    @property
    def notes(self) -> Sequence[str]:
        """What an operator should know, though nothing is wrong."""

    @property
    def pending(self) -> frozenset[Claim]:
        """What the changes are about, in the words of the intent: claims that are not so yet, or not gone yet."""

    @property
    def foreign(self) -> Sequence[str]:
        """What is there and is in no claim: the work of others."""


class SwitchResult(Protocol):
    """What a driver did."""

    @property
    def plan(self) -> SwitchPlan:
        """What was to be done."""

    @property
    def sent(self) -> Sequence[str]:
        """The lines that went out."""

    @property
    def problems(self) -> Mapping[Claim, str]:
        """Claims that are not as desired, each with the cause."""

    @property
    def gained(self) -> frozenset[Claim]:
        """Claims of which nothing was there and that we made true: they are ours now."""

    @property
    def lost(self) -> frozenset[Claim]:
        """Claims that we took away."""

    @property
    def verified(self) -> bool:
        """Whether the read-back shows every change whole or not at all, and nothing else changed."""

    @property
    def strange(self) -> Sequence[str]:
        """What changed during the write though nobody asked."""

    @property
    def unsaved(self) -> bool:
        """Whether this sync changed the running configuration without saving it."""

    @property
    def settles_in_seconds(self) -> float:
        """How long the device still shows what it is going to take back; 0 when all of it stays."""

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds per phase."""


class SwitchDriver(Protocol):
    """One switch, ready to be read and written."""

    def plan(self, intent: SwitchIntent) -> SwitchPlan:
        """Read the device and say what would be sent; write nothing."""

    def sync(self, intent: SwitchIntent, *, journal: Journal) -> SwitchResult:
        """Make the device match; in observe mode only plan."""

    def forget(self, neighbors: Sequence[Neighbor], *, journal: Journal) -> tuple[str, ...]:
        """Let a gateway ask anew who has these addresses; give the lines it took, none in observe mode."""

    @property
    def save_command(self) -> str:
        """What saves the running configuration; empty on a device that has no such command."""

    def save(self) -> None:
        """Write the running configuration to the startup configuration, where there is a command for it."""

    def discover(self) -> Seen:
        """Read what announces itself at its ports, and every address that it learned.

        Raises:
            Unsupported: the driver cannot tell.
        """

    def show(self, intent: SwitchIntent, commands: Container[str]) -> Mapping[str, str]:
        """Ask again those of these commands that it would ask for the intent itself; outputs by command."""

    def backup(self) -> str:
        """Read the running configuration."""

    def close(self) -> None:
        """End the session."""


class OpenSwitch(Protocol):
    """Gives a driver with a logged-in session."""

    def __call__(self, switch: Switch) -> SwitchDriver:
        """Open or reuse.

        Raises:
            OrchestratorError: unreachable, login refused, host key refused, unknown platform.
        """


class Engine(Protocol):
    """The Docker engine of this host."""

    def containers(self) -> tuple[ContainerFacts, ...]:
        """List every container that carries one of our labels, running or not."""

    def all_containers(self) -> tuple[ContainerFacts, ...]:
        """List every container, running or not."""

    def inspect(self, container: ContainerId) -> ContainerFacts | None:
        """Look at one container; None when Docker says that it does not exist."""

    def announces(self) -> bool:
        """Say whether it tells its neighbours of every address that it takes into use."""

    def gave_up(self, container: ContainerId) -> bool | None:
        """Say whether its start failed in our plug-in, though its restart policy wants it to run.

        None when it has no such policy.
        """

    def start(self, container: ContainerId) -> None:
        """Start a container."""

    def networks(self) -> Mapping[SegmentName, Any]:
        """List the networks that Trunkline made, as Docker describes them."""

    def gated(self) -> Sequence[GatedNetwork]:
        """List the networks whose addresses come from our plug-in, with their running containers."""

    def plugged(self) -> Mapping[str, SegmentName]:
        """Name the networks whose addresses come from our plug-in, by name and by id, each with its segment."""

    def parents(self) -> Mapping[str, str]:
        """Give every link that a Docker network sits on, with that network's name, whoever made it."""

    def ensure_network(self, intent: NetworkIntent) -> bool:
        """Make the macvlan network; say whether anything changed."""

    def remove_network(self, segment: SegmentName) -> bool:
        """Remove our network of this segment; False when it was not there."""

    def connect(
        self, container: ContainerId, network: str, addresses: Sequence[Address], *, default_route: bool
    ) -> Endpoint:
        """Connect with exactly these addresses."""

    def rejoin(self, container: ContainerId, network: str) -> None:
        """Have a container that does not run join the network of that name, as it was on the former one."""

    def disconnect(self, container: ContainerId, network: str) -> bool:
        """Disconnect; False when it was not connected."""


class Link(Protocol):
    """An 802.1Q sub-interface as the kernel shows it."""

    @property
    def parent(self) -> str:
        """The NIC below it."""

    @property
    def vlan(self) -> Vid:
        """Its tag."""

    @property
    def mtu_bytes(self) -> int:
        """The largest packet it takes, in bytes."""

    @property
    def ours(self) -> bool:
        """Whether Trunkline made it."""

    @property
    def children(self) -> Sequence[str]:
        """What sits on it."""


class Links(Protocol):
    """The 802.1Q sub-interfaces of this host."""

    def observe(self) -> Mapping[str, Link]:
        """List them by name."""

    def ensure(self, intent: LinkIntent) -> bool:
        """Make the sub-interface; say whether anything changed."""

    def remove(self, intent: LinkIntent) -> bool:
        """Remove ours; False when it was not there."""

    def users(self, name: str) -> Sequence[str]:
        """Name what sits on a link, also in other network namespaces; empty when nothing does."""

    def macs(self, nics: Sequence[str]) -> Mapping[str, str]:
        """Read the hardware addresses of these NICs, by NIC; those that are not there are left out."""


class Shims(Protocol):
    """This host's own interfaces in segments."""

    def observe(self) -> Mapping[str, str]:
        """List ours by name, each with the link it sits on."""

    def addresses(self, name: str) -> frozenset[Address]:
        """Give the addresses of one of ours; none when it is not there."""

    def ensure(self, intent: ShimIntent) -> bool:
        """Make the shim; say whether anything changed."""

    def remove(self, name: str) -> bool:
        """Remove ours; False when it was not there."""
