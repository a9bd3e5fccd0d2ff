"""How Cisco IOS and IOS-XE forget a neighbor: the commands, and what they leave behind. Pure; part of the dialect.

`clear ip arp A.B.C.D` is in published sessions with real devices, which show that the switch asks the MAC in the entry
once more and keeps the entry if that answers. Cisco's test library (genielibs) sends it, and for a VRF `clear arp-cache
vrf NAME A.B.C.D`. Of `clear ipv6 neighbors` only the form without arguments is sourced; `interface TYPE NUMBER [ipv6
X:X::X]` and `vrf NAME X:X::X` are the forms of Cisco's IPv6 command reference and were not seen on a device, and old
releases know neither. Hence the way down to the whole interface, where what is in use is learned again; a switch that
does not know that one either has refused, since all of its neighbors are not ours to clear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address

from trunkline.drivers.switch.dialect import Forgetting, Phrase, Query
from trunkline.orchestrator.intents import Neighbor

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}"
_IPV4 = r"(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})"
_IPV6 = r"(?P<address>[0-9A-Fa-f:.]{2,45})"
_SVI = r"Vlan(?P<vlans>[0-9]+)"
_SUB_INTERFACE = r"(?P<port>[A-Za-z][\w/-]*)\.(?P<vlans>[0-9]+)"
PHRASES = (
    Phrase(pattern=re.compile(rf"clear ip arp {_IPV4}")),
    Phrase(pattern=re.compile(rf"clear arp-cache vrf {_NAME} {_IPV4}")),
    Phrase(pattern=re.compile(rf"clear ipv6 neighbors vrf {_NAME} {_IPV6}")),
    Phrase(pattern=re.compile(rf"clear ipv6 neighbors interface {_SVI}(?: (?:ipv6 )?{_IPV6})?")),
    Phrase(pattern=re.compile(rf"clear ipv6 neighbors interface {_SUB_INTERFACE}(?: (?:ipv6 )?{_IPV6})?")),
)
"""Every line that is ever sent outside of configuration mode."""

_VRF = re.compile(r"^ (?P<old>ip )?vrf forwarding(?: (?P<name>.*))?$")
_SHOWN = re.compile(r"\A(?!.*^\s*(?:%|Command authorization))", re.MULTILINE | re.DOTALL)
"""Without an entry the table is empty, down to its header."""
_ARP_ROW = re.compile(
    r"^Internet[ \t]+(?P<address>[\d.]+)[ \t]+(?P<age>\d+|-)[ \t]+[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b.*$",
    re.MULTILINE | re.IGNORECASE,
)
_ND_ROW = re.compile(
    r"^(?P<address>[0-9A-F:.]+)[ \t]+(?P<age>\d+|-)[ \t]+[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b.*$",
    re.MULTILINE | re.IGNORECASE,
)


def forgetting(neighbor: Neighbor, interface: str, config: Sequence[str]) -> Forgetting:
    """Write the commands for a neighbor on an interface, given that interface's own lines.

    Raises:
        ValueError: the interface is in a VRF whose name is not one that may be sent.
    """
    address = neighbor.address
    if isinstance(address, IPv4Address):
        vrf = _vrf(config, old=True)
        command = f"clear arp-cache vrf {vrf} {address}" if vrf else f"clear ip arp {address}"
        proof = f"show ip arp {_in(vrf)}{address}"
        return Forgetting(commands=(command,), proof=Query(command=proof, answer=_SHOWN))
    vrf = _vrf(config, old=False)
    whole = f"clear ipv6 neighbors interface {interface}"
    precise = (
        (f"clear ipv6 neighbors vrf {vrf} {address}",)
        if vrf
        else (f"{whole} ipv6 {address}", f"{whole} {address}")
    )
    proof = f"show ipv6 neighbors {_in(vrf)}{interface}"
    return Forgetting(commands=(*precise, whole), proof=Query(command=proof, answer=_SHOWN))


def old_entry(neighbor: Neighbor, answer: str, *, seconds: float) -> str:
    """Find the neighbor's row in the answer to the proof, unless it can be younger than these seconds."""
    rows = _ARP_ROW if isinstance(neighbor.address, IPv4Address) else _ND_ROW
    for row in rows.finditer(answer.replace("\r", "")):
        # Whole minutes; what was configured has a dash for its age, and is not cleared either.
        is_old = row["age"] == "-" or int(row["age"]) * 60 > seconds
        if is_old and _is(row["address"], neighbor):
            return re.sub(r"\s+", " ", row[0]).strip()
    return ""


def _is(text: str, neighbor: Neighbor) -> bool:
    try:
        return ip_address(text) == neighbor.address
    except ValueError:
        return False


def _vrf(config: Sequence[str], *, old: bool) -> str:
    """Find the VRF of an interface; empty when it is in none. `ip vrf` is for IPv4 alone."""
    for line in config:
        found = _VRF.match(line)
        if found is None or (found["old"] and not old):
            continue
        name = found["name"] or ""
        if not re.fullmatch(_NAME, name):
            raise ValueError(f"its VRF has a name that is not sent: {name}")
        return name
    return ""


def _in(vrf: str) -> str:
    return f"vrf {vrf} " if vrf else ""
