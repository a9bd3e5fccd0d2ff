"""Records a write to a host before it is made and what came of it afterwards (promise I13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from trunkline.orchestrator.addressing import placeholder
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.intents import LinkIntent, NetworkIntent
from trunkline.orchestrator.ipam.messages import DRIVER, GATE_LATER, GATE_OPTION, SEGMENT_OPTION
from trunkline.orchestrator.labels import network_labels
from trunkline.orchestrator.models import host_key
from trunkline.orchestrator.store import Operation
from trunkline.orchestrator.sync.liveness import stamp

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.hosts import Pass

Result = TypeVar("Result")


def write(this: Pass, why: str, lines: Sequence[str], action: Callable[[], Result]) -> Result:
    """Do one thing to this host.

    Args:
        this: The pass it belongs to.
        why: The reason, for the audit trail.
        lines: The same thing as a person would type it; it is shown, never run.
        action: What does it.
    """
    stamp(this.context, f"host.{this.machine.name}")  # many writes take long, and no bell is heard meanwhile
    operations = this.context.store.operations
    operation = operations.begin(
        Operation(who=this.context.process, why=why, device=host_key(this.machine.name), lines=tuple(lines))
    )
    try:
        result = action()
    except OrchestratorError as error:
        operations.finish(operation, result="failed", reply=str(error))
        raise
    operations.finish(operation, result="ok", reply="")
    return result


def link_lines(link: LinkIntent) -> tuple[str, ...]:
    """Say how a person would make a sub-interface."""
    return (
        f"ip link add link {link.parent} name {link.name} mtu {link.mtu_bytes} type vlan id {link.vlan}",
        f"ip link set {link.name} up",
    )


def network_line(network: NetworkIntent) -> str:
    """Say how a person would make a segment's Docker network: with all that makes it the same."""
    words = [
        f"docker network create -d macvlan -o parent={network.parent} -o macvlan_mode=bridge",
        f"--ipam-driver {DRIVER}",
        f"--ipam-opt {SEGMENT_OPTION}={network.segment}",
        f"--ipam-opt {GATE_OPTION}={GATE_LATER}",
    ]
    words += [f"--subnet {subnet.network} --gateway {placeholder(subnet)}" for subnet in network.subnets]
    words += [] if network.has_ipv4 else ["--ipv4=false"]
    words += ["--ipv6"] if network.has_ipv6 else []
    words += ["--internal"] if network.internal else []
    words += [f"--label {key}={value}" for key, value in network_labels(network.segment).items()]
    return " ".join((*words, network.segment))


def shim_line(*, link: str, name: str, mac: str) -> str:
    """Say how a person would make a host's own interface in a segment."""
    return f"ip link add link {link} name {name} address {mac} type macvlan mode bridge"
