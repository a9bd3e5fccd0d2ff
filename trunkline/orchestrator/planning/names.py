"""Names of what we make on devices, and the keys under which we remember that it is ours."""

from __future__ import annotations

import re
from hashlib import sha256
from ipaddress import ip_interface

from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, HostReport
from trunkline.orchestrator.models import (
    Host,
    HostName,
    Interface,
    Inventory,
    PortName,
    Segment,
    SegmentName,
    SwitchName,
)
from trunkline.orchestrator.vlans import Vid, vid

LONGEST_LINK_NAME = 15
"""Characters in a Linux interface name: IFNAMSIZ (16) with its closing zero."""
LONGEST_VLAN_NAME = 32
"""Characters in a VLAN name under VTP version 1 and 2."""


def vlan_name(segment: SegmentName) -> str:
    """Name the VLAN of a segment: ``tl-<segment>``, only letters, digits, ``_`` and ``-``, at most 32 long.

    A name that had to be changed ends in a digest, so that two segments never share one.
    """
    wished = f"tl-{segment}"
    name = re.sub(r"[^A-Za-z0-9_-]", "-", wished)
    if name == wished and len(name) <= LONGEST_VLAN_NAME:
        return name
    return f"{name[: LONGEST_VLAN_NAME - 5]}-{_digest(wished)}"


def gateway_addresses(segment: Segment) -> tuple[Interface, ...]:
    """Give the gateway's addresses with their prefix lengths, in the order of the segment's subnets."""
    return tuple(
        ip_interface(f"{subnet.gateway}/{subnet.network.prefixlen}")
        for subnet in segment.subnets
        if subnet.gateway is not None
    )


def link_name(nic: str, vlan: Vid) -> str:
    """Name the sub-interface: ``<nic>.<vid>``, or ``v<vid>.<digest>`` where Linux finds that too long."""
    name = f"{nic}.{vlan}"
    return name if len(name) <= LONGEST_LINK_NAME else f"v{vlan}.{_digest(nic)}"


def shim_name(nic: str, vlan: Vid) -> str:
    """Name the host's own interface in a VLAN: ``h-<nic>.<vid>``, or ``h<vid>.<digest>`` where that is too long."""
    name = f"h-{nic}.{vlan}"
    return name if len(name) <= LONGEST_LINK_NAME else f"h{vlan}.{_digest(nic)}"


def shim_mac(host: HostName, segment: SegmentName) -> str:
    """Give the host's own MAC in a segment: locally administered, and the same after every restart."""
    digits = sha256(f"{host}/{segment}".encode()).hexdigest()[:10]
    return ":".join(["02", *(digits[at : at + 2] for at in range(0, len(digits), 2))])


def names_of_switch(inventory: Inventory, name: SwitchName) -> frozenset[str]:
    """Name what a switch may announce itself as by LLDP or CDP."""
    switch = inventory.switches.get(name)
    return frozenset({str(name)} | ({switch.system_name} if switch and switch.system_name else set()))


def names_of_host(host: Host, report: HostReport | None) -> frozenset[str]:
    """Name what a host may announce itself as."""
    told = {host.system_name or "", "" if report is None else report.hostname}
    return frozenset({str(host.name), *told} - {""})


def owned_key(claim: Claim) -> str:
    """Write a claim of ours down: ``vlan:10``, ``carries:<port>:10``, ``gateway:<parent or Vlan>:10``."""
    match claim:
        case HasVlan(vlan=vlan):
            return f"vlan:{vlan}"
        case Carries(port=port, vlan=vlan):
            return f"carries:{port}:{vlan}"
        case Gateway(vlan=vlan, parent=parent):
            return f"gateway:{'Vlan' if parent is None else parent}:{vlan}"


def claim_from_owned(key: str, inventory: Inventory) -> Claim:
    """Read a key of `owned_key` back; names and addresses come from the segment that has the VLAN today.

    A VLAN of no segment gives a `HasVlan` without a name and a `Gateway` without addresses: what matters for
    taking it away is which VLAN it is.

    Raises:
        ValueError: the text is no such key.
    """
    kind, _, rest = key.partition(":")
    where, _, number = rest.rpartition(":")
    try:
        vlan = vid(int(number))
    except ValueError:
        raise ValueError(f"{key!r} is not a key of something owned") from None
    segment = next((each for each in inventory.segments.values() if each.vlan == vlan), None)
    match kind, where:
        case "vlan", "":
            return HasVlan(vlan=vlan, name="" if segment is None else vlan_name(segment.name))
        case "carries", port if port:
            return Carries(port=PortName(port), vlan=vlan)
        case "gateway", parent if parent:
            return Gateway(
                vlan=vlan,
                addresses=() if segment is None else gateway_addresses(segment),
                parent=None if parent == "Vlan" else PortName(parent),
            )
        case _:
            raise ValueError(f"{key!r} is not a key of something owned")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:4]
