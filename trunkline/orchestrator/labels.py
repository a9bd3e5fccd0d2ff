"""Labels of a container -> the segments and addresses it wants. Pure; called by `sync`.

Labels are untrusted: whoever starts a container writes them. They are a request, never authority: they choose
among what the inventory declares and the policy allows, and nothing of their text goes any further than an
error message, there cleaned and cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from ipaddress import IPv6Network, ip_address

from trunkline.orchestrator.errors import AddressError, LabelError, PolicyDenied
from trunkline.orchestrator.intents import Wanted
from trunkline.orchestrator.models import Address, HostName, Inventory, Segment, SegmentName, Subnet

PREFIX = "trunkline."
SEGMENT_KEY = f"{PREFIX}segment"
MANAGED_KEY = f"{PREFIX}managed"
"""On a Docker network, never on a container: Trunkline made it."""
ADDRESS_PREFIX = f"{PREFIX}ip."
LONGEST_VALUE = 1024
"""Characters of a value that are looked at; nobody needs more to name a few segments."""
LONGEST_ECHO = 64
"""Characters of a foreign text that an error message repeats."""


def has_label_of_ours(labels: Mapping[str, str]) -> bool:
    """Say whether a container carries any label of ours, also a mistyped one."""
    return any(key.startswith(PREFIX) for key in labels)


def network_labels(segment: SegmentName) -> Mapping[str, str]:
    """Give what marks a segment's Docker network as made by Trunkline."""
    return {MANAGED_KEY: "true", SEGMENT_KEY: segment}


def wanted(labels: Mapping[str, str], inventory: Inventory, host: HostName) -> Wanted:
    """Read what a container on ``host`` asks for. Without a label of ours it asks for nothing.

    ``trunkline.segment=web,db`` names segments in order; ``trunkline.ip.web=172.31.0.7,fd00:31::7`` asks for
    addresses in one of them, at most one of each family.

    Raises:
        LabelError: a key is unknown or a value cannot be read.
        PolicyDenied: the host may not use the segment.
        AddressError: the segment has no place for the address.
    """
    ours = {key: value for key, value in labels.items() if key.startswith(PREFIX)}
    for key in sorted(ours):
        if key != SEGMENT_KEY and not key.startswith(ADDRESS_PREFIX):
            raise LabelError("is no label of Trunkline", subject=_label(key), fix=_closest_key(key))
        if len(ours[key]) > LONGEST_VALUE:
            raise LabelError(f"is longer than {LONGEST_VALUE} characters", subject=_label(key))
    if not ours:
        return Wanted()
    if SEGMENT_KEY not in ours:
        fix = f"add {SEGMENT_KEY}=<segment>"
        raise LabelError("asks for an address, but no segment is named", subject=_label(min(ours)), fix=fix)
    segments = _segments(ours[SEGMENT_KEY], inventory, host)
    addresses = {
        _addressed(key, segments): _addresses(key, value, inventory)
        for key, value in sorted(ours.items())
        if key != SEGMENT_KEY
    }
    return Wanted(segments=segments, addresses=addresses)


def asked_for(labels: Mapping[str, str]) -> frozenset[SegmentName]:
    """Name the segments in the label as they stand there, known and allowed or not."""
    parts = labels.get(SEGMENT_KEY, "")[:LONGEST_VALUE].split(",")
    return frozenset(SegmentName(name) for part in parts if (name := part.strip()))


def printable(text: str) -> str:
    """Make foreign text safe to show: printable ASCII, everything else a question mark, at most 64 long."""
    cut = text if len(text) <= LONGEST_ECHO else f"{text[: LONGEST_ECHO - 3]}..."
    return "".join(letter if " " <= letter <= "~" else "?" for letter in cut)


def _segments(value: str, inventory: Inventory, host: HostName) -> tuple[SegmentName, ...]:
    if host not in inventory.hosts:
        raise PolicyDenied("is not in the inventory", subject=f"host {host}", fix="add it and apply again")
    names = [SegmentName(part.strip()) for part in value.split(",")]
    for index, name in enumerate(names):
        subject = f"{_label(SEGMENT_KEY)} value '{printable(name)}'"
        if not name:
            raise LabelError("names no segment", subject=subject, fix=f"write {SEGMENT_KEY}=web or =web,db")
        if name in names[:index]:
            raise LabelError("is named twice", subject=subject, fix="name every segment once")
        if name not in inventory.segments:
            raise LabelError(
                "is no segment of the inventory", subject=subject, fix=_closest(name, inventory, host)
            )
        if not inventory.allows(host, name):
            raise PolicyDenied(
                f"host {host} may not use segment {name}",
                subject="policy",
                fix="an operator can add a rule to the inventory's policy",
            )
    return tuple(names)


def _addressed(key: str, segments: tuple[SegmentName, ...]) -> SegmentName:
    name = SegmentName(key.removeprefix(ADDRESS_PREFIX))
    if name not in segments:
        fix = f"use one of {', '.join(ADDRESS_PREFIX + each for each in segments)}"
        raise LabelError(f"is for a segment that {SEGMENT_KEY} does not name", subject=_label(key), fix=fix)
    return name


def _addresses(key: str, value: str, inventory: Inventory) -> tuple[Address, ...]:
    segment = inventory.segments[SegmentName(key.removeprefix(ADDRESS_PREFIX))]
    found: dict[int, Address] = {}
    for part in value.split(","):
        address = _address(key, part.strip())
        if address.version in found:
            what = f"asks for two IPv{address.version} addresses"
            raise LabelError(what, subject=_label(key), fix="ask for one of each family")
        _check_place(address, segment)
        found[address.version] = address
    return tuple(found.values())


def _address(key: str, text: str) -> Address:
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or "%" in text:
        subject = f"{_label(key)} value '{printable(text)}'"
        raise LabelError("is no address", subject=subject, fix="write for example 172.31.0.7 or fd00:31::7")
    return address


def _check_place(address: Address, segment: Segment) -> None:
    """Refuse what can never be handed out, whoever holds what.

    Raises:
        AddressError: the address is in no subnet of the segment, or reserved there.
    """
    subject = f"address {address} in segment {segment.name}"
    subnet = next((each for each in segment.subnets if address in each.network), None)
    if subnet is None:
        subnets = ", ".join(str(each.network) for each in segment.subnets)
        raise AddressError("is outside the segment", subject=subject, fix=f"its subnets are {subnets}")
    reason = _reserved(address, subnet)
    if reason:
        raise AddressError(reason, subject=subject, fix="ask for another, or for none to get a free one")


def _reserved(address: Address, subnet: Subnet) -> str:
    network = subnet.network
    if address == subnet.gateway:
        return "is the gateway"
    if network.num_addresses > 2:  # noqa: PLR2004  # point-to-point subnets use both addresses (RFC 3021, 6164)
        if address == network.network_address:
            return "is the subnet's own address"
        if address == network.broadcast_address and not isinstance(network, IPv6Network):
            return "is the broadcast address"
    if any(int(low) <= int(address) <= int(high) for low, high in subnet.exclude):
        return "is excluded by the inventory"
    return ""


def _closest(name: str, inventory: Inventory, host: HostName) -> str:
    """Suggest only what this host may use: the rest is nobody's business there."""
    allowed = [each for each in inventory.segments if inventory.allows(host, each)]
    return _did_you_mean(name, allowed) or (
        f"this host may use {', '.join(sorted(allowed))}" if allowed else "this host may use none"
    )


def _closest_key(key: str) -> str:
    # The prefix is the same everywhere, so only what follows tells how close two keys are.
    close = get_close_matches(
        key.removeprefix(PREFIX)[:LONGEST_ECHO], [SEGMENT_KEY.removeprefix(PREFIX)], n=1
    )
    known = f"known are {SEGMENT_KEY} and {ADDRESS_PREFIX}<segment>"
    return f"did you mean {SEGMENT_KEY}?" if close else known


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word[:LONGEST_ECHO], list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""


def _label(key: str) -> str:
    return f"label {printable(key)}"
