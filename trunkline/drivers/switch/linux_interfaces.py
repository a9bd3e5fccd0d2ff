"""Interfaces, addresses and neighbors as iproute2 shows them in JSON, and the lines that write them. Pure.

Part of the Linux dialects: gateways are interfaces of the kernel, whatever switches the frames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_interface

from trunkline.drivers.switch.dialect import Forgetting, Phrase, Query
from trunkline.drivers.switch.linux_shell import JSON_ROWS, Row, rows
from trunkline.drivers.switch.state import Facts, GatewayRow
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, vid

LINKS = "ip -json -details address show"
FORWARDING = "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding"
LINKS_QUERY = Query(command=LINKS, answer=JSON_ROWS)
FORWARDING_QUERY = Query(command=FORWARDING, answer=re.compile(r"\A\s*[01]\s"))
"""A kernel without IPv6 has no second line, and the exit status says so."""

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}"
"""Interfaces that are written; the kernel takes more, but no more is needed."""
ADDRESS = r"[0-9A-Fa-f:.]{2,45}"
_ON_BASE = rf"(?P<base>{NAME})\.(?P<vlans>\d+)"
PHRASES = (
    Phrase(
        pattern=re.compile(
            rf"ip link add link (?P<base>{NAME}) name (?P=base)\.(?P<vlans>\d+) type vlan id (?P=vlans)"
        )
    ),
    Phrase(pattern=re.compile(rf"ip address add {ADDRESS}/\d+ dev {_ON_BASE}")),
    Phrase(pattern=re.compile(rf"ip link set dev {_ON_BASE} up")),
    Phrase(pattern=re.compile(rf"ip link del dev {_ON_BASE}")),
)
"""Lines about a VLAN's own interface."""
FORGETTING = Phrase(pattern=re.compile(rf"ip neigh del (?P<address>{ADDRESS}) dev {_ON_BASE}"))


def links_of(outputs: Mapping[str, str]) -> dict[PortName, Row]:
    """Read every interface, by name.

    Raises:
        ValueError: as `rows`.
    """
    return {PortName(str(row["ifname"])): row for row in rows(outputs, LINKS) if "ifname" in row}


def kind_of(link: Row) -> str:
    """Say what kind of interface it is, e.g. ``vlan``; empty for hardware."""
    return str(link.get("linkinfo", {}).get("info_kind", ""))


def data_of(link: Row) -> Row:
    """Give what its kind adds to it."""
    data: Row = link.get("linkinfo", {}).get("info_data", {})
    return data


def is_up(link: Row) -> bool:
    """Say whether it was set up, whatever is at the other end."""
    return "UP" in link.get("flags", ())


def vlan_of(link: Row) -> tuple[PortName, Vid] | None:
    """Give what an 802.1Q interface is made on, and its VLAN; None for other kinds."""
    number = data_of(link).get("id")
    if kind_of(link) != "vlan" or data_of(link).get("protocol") != "802.1Q" or not isinstance(number, int):
        return None
    return PortName(str(link.get("link", ""))), vid(number)


def gateway_row(link: Row, *, tagged: Vid | None, conflicts: tuple[str, ...], cut_off: bool) -> GatewayRow:
    """Read a gateway's interface.

    Args:
        link: It.
        tagged: The VLAN it belongs to.
        conflicts: What else stands in the place of ours.
        cut_off: Something below it is missing, so that it counts as shut down.
    """
    held: set[Interface] = set()
    strange = list(conflicts)
    for row in link.get("addr_info", ()):
        shown = f"{row.get('local', '')}/{row.get('prefixlen', '')}"
        if row.get("scope") == "link":
            continue
        if row.get("dynamic"):
            strange.append(f"the dynamic address {shown}")
        elif not row.get("dadfailed"):
            held.add(ip_interface(shown))
    return GatewayRow(
        addresses=frozenset(held),
        shutdown=cut_off or not is_up(link),
        tagged=tagged,
        conflicts=tuple(strange),
        others=(f"master {link['master']}",) if "master" in link else (),
    )


def facts_of(outputs: Mapping[str, str], *, has_modes: bool) -> Facts:
    """Read whether the machine routes; one that was not asked is taken to."""
    ipv4, ipv6, *_ = [*outputs.get(FORWARDING, "1\n1").split("\n"), ""]
    return Facts(
        makes_vlans=False,
        has_modes=has_modes,
        routes_ipv4=ipv4.strip() == "1",
        routes_ipv6=ipv6.strip() == "1",
    )


def forgetting(neighbor: Neighbor, interface: PortName) -> Forgetting:
    """Write how a neighbor on an interface is forgotten: exactly its entry; none is fine too."""
    proof = f"ip -json -statistics neigh show to {neighbor.address} dev {interface}"
    return Forgetting(
        commands=(f"ip neigh del {neighbor.address} dev {interface}",),
        proof=Query(command=proof, answer=JSON_ROWS),
    )


def old_entry(answer: str, *, seconds: float) -> str:
    """Find the entry in the answer to the proof, unless it can be younger than these seconds."""
    for row in rows({"ip neigh show": answer}, "ip neigh show"):
        if "lladdr" in row and ("PERMANENT" in row.get("state", ()) or row.get("updated", 0) > seconds):
            return f"{row.get('dst')} {row['lladdr']} {' '.join(row.get('state', ()))}"
    return ""
