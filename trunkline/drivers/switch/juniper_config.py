"""Junos configuration as `display set` shows it -> what a port and a gateway are. Pure; part of the dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_interface

from trunkline.drivers.switch.state import GatewayRow, PortRow
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

_SWITCHING = "unit 0 family ethernet-switching"
_MEMBERS = re.compile(rf"{_SWITCHING} vlan members (?P<members>\S+)")
_NATIVE = re.compile(r"native-vlan-id (?P<vlan>\d+)")
_CHANNEL = re.compile(r"(?:gig)?ether-options 802\.3ad (?P<name>ae\d+)")
_RANGE = re.compile(
    r"set interfaces interface-range \S+ member(?:-range (?P<first>\S+) to (?P<last>\S+)| (?P<one>\S+))"
)
_ADDRESS = re.compile(r"family inet6? address (?P<ip>\S+)(?P<more> .*)?")
_BINDING = re.compile(r"set vlans (?P<name>\S+) l3-interface irb\.(?P<unit>\d+)")
_PLACE = re.compile(r"(?P<where>.*?)(?P<number>\d+)")


def lines(text: str) -> tuple[str, ...]:
    """Give the lines of an answer without those about the chassis."""
    cut = [line.strip() for line in text.replace("\r", "").split("\n")]
    return tuple(line for line in cut if line.startswith(("set ", "deactivate ")))


def of_interface(name: str, config: Sequence[str]) -> tuple[str, ...]:
    """Give what is set on an interface or a unit, without the words in front."""
    start = f"set interfaces {name}"
    return tuple(line[len(start) :].strip() for line in config if f"{line} ".startswith(f"{start} "))


def port(name: PortName, config: Sequence[str], names: Mapping[str, Vid]) -> PortRow:
    """Read a port; ``names`` are the VLANs by name.

    Raises:
        ValueError: it has a VLAN id that is none.
    """
    own = of_interface(name, config)
    members = [found["members"] for line in own if (found := _MEMBERS.fullmatch(line))]
    native = [vid(int(found["vlan"])) for line in own if (found := _NATIVE.fullmatch(line))]
    channels = [PortName(found["name"]) for line in own if (found := _CHANNEL.fullmatch(line))]
    is_trunk = f"{_SWITCHING} interface-mode trunk" in own
    strange = _why_strange(name, own, config)
    is_routed = not strange and not any(line.startswith(_SWITCHING) for line in own)
    return PortRow(
        port=name,
        mode="routed" if is_routed else "trunk" if is_trunk and not strange else "special",
        shown_mode=strange or ("trunk" if is_trunk else "access"),
        allowed=_vlans(members, names) if is_trunk else VlanSet(),
        native_vlan=native[0] if native else None,
        channel=channels[0] if channels else None,
        others=tuple(line for line in own if not _MEMBERS.fullmatch(line)),
    )


def _why_strange(name: PortName, own: Sequence[str], config: Sequence[str]) -> str:
    """Say why a port's own lines do not say what it is; empty when they do."""
    if any(
        line == "deactivate interfaces" or f"{line} ".startswith(f"deactivate interfaces {name} ")
        for line in config
    ):
        return "partly deactivated"
    if any(_covers(found, name) for line in config if (found := _RANGE.fullmatch(line))):
        return "configured by an interface range"
    if any(line.startswith("apply-groups") or " apply-groups" in line for line in own):
        return "configured by a group"
    if any(line.startswith(f"{_SWITCHING} port-mode") for line in own):
        return "configured as before ELS"
    if any(re.match(r"unit [1-9]", line) for line in own):
        return "divided into units"
    return "" if own else "not configured"


def _covers(found: re.Match[str], name: PortName) -> bool:
    if found["one"] is not None:
        return fnmatchcase(name, found["one"].strip('"'))
    first, last, this = (_PLACE.fullmatch(text) for text in (found["first"], found["last"], name))
    if first is None or last is None or this is None:
        return False
    if first["where"] != last["where"]:
        return True  # over several cards: better too many than one too few
    return first["where"] == this["where"] and int(first["number"]) <= int(this["number"]) <= int(
        last["number"]
    )


def _vlans(members: Sequence[str], names: Mapping[str, Vid]) -> VlanSet:
    found: set[Vid] = set()
    for word in members:
        if word == "all":
            return VlanSet.every()
        if re.fullmatch(r"\d+(?:-\d+)?", word):
            found |= VlanSet.parse(word)
        elif word in names:
            found.add(names[word])
    return VlanSet(found)


def gateway(
    vlan: Vid, config: Sequence[str], bindings: Sequence[str], names: Mapping[str, Vid]
) -> GatewayRow | None:
    """Read the unit of `irb` with the VLAN's number; one that is bound to no VLAN is as good as shut down.

    Raises:
        ValueError: an address is none.
    """
    own = of_interface(f"irb unit {vlan}", config)
    if not own:
        return None
    addresses: set[Interface] = set()
    rest: list[str] = []
    for line in own:
        found = _ADDRESS.fullmatch(line)
        if found is not None:
            addresses.add(ip_interface(found["ip"]))
        if (found is None and line not in {"", "disable", "family inet", "family inet6"}) or (
            found and found["more"]
        ):
            rest.append(line)
    bound = [
        names.get(found["name"])
        for line in bindings
        if (found := _BINDING.fullmatch(line)) and int(found["unit"]) == vlan
    ]
    is_off = any(f"{line} ".startswith(f"deactivate interfaces irb unit {vlan} ") for line in config)
    conflicts = tuple(line for line in rest if re.match(r"family inet6? (?:dhcp|unnumbered)", line))
    return GatewayRow(
        addresses=frozenset(addresses),
        shutdown="disable" in own or not bound,
        tagged=bound[0] if bound else None,
        conflicts=(*conflicts, *(("deactivated",) if is_off else ())),
        others=tuple(line for line in rest if line not in conflicts),
    )
