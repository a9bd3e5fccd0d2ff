"""What Cisco IOS shows as values: ports, gateways, facts, MAC tables. Pure; for `cisco_ios`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_interface

from trunkline.drivers.switch import cisco_discovery
from trunkline.drivers.switch.cisco_tables import first_vlan, parse_switchport, plain_mac, written_out
from trunkline.drivers.switch.state import Facts, GatewayRow, PortMode, PortRow
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

_LONG_NAMES = {
    "fa": "FastEthernet",
    "gi": "GigabitEthernet",
    "tw": "TwoGigabitEthernet",
    "fi": "FiveGigabitEthernet",
    "te": "TenGigabitEthernet",
    "twe": "TwentyFiveGigE",
    "fo": "FortyGigabitEthernet",
    "hu": "HundredGigE",
    "po": "Port-channel",
    "vl": "Vlan",
    "ap": "AppGigabitEthernet",
    "et": "Ethernet",
}
_ADDRESS = re.compile(r"^ ip address (?P<ip>\S+) (?P<mask>\S+)(?P<secondary> secondary)?$")
_ADDRESS6 = re.compile(r"^ ipv6 address (?P<ip>[0-9A-Fa-f:.]+/\d+)$")
_TAG = re.compile(r"^ encapsulation dot1[qQ] (?P<vlan>\d+)$")
_CONFLICT = re.compile(r"^ (?:ip address|ip unnumbered|encapsulation) ")
_PLAIN = re.compile(r"^(?:interface | no ip address$| (?:no )?shutdown$)")
"""Lines of a layer 3 interface that say nothing of their own."""
_OURS_ON_A_PORT = re.compile(
    r"^(?:interface | switchport mode | switchport trunk (?:allowed|native) vlan | switchport trunk encapsulation )"
)
_MAXIMUM = re.compile(r" switchport port-security maximum (?P<most>\d+)")
_ERR_DISABLED_ROW = re.compile(
    r"^(?P<port>[A-Z][\w/.-]*\d)[ \t].*?[ \t]err-disabled[ \t]+(?P<reason>[\w()-]{1,40})", re.MULTILINE
)
_CHANNEL = re.compile(r"^ channel-group (?P<number>\d+) ", re.MULTILINE)


def long_name(name: str) -> PortName:
    """Write a port name out: ``Gi1/0/3`` is ``GigabitEthernet1/0/3``; what is not known stays as it is."""
    return written_out(name, _LONG_NAMES)


def section(text: str) -> tuple[str, ...]:
    """Cut the interface's own lines out of `show running-config interface`."""
    lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
    starts = [index for index, line in enumerate(lines) if line.startswith("interface ")]
    if not starts:
        return ()
    body = lines[starts[0] :]
    ends = [index for index, line in enumerate(body) if line in {"end", "!"}]
    return tuple(line for line in body[: ends[0] if ends else None] if line)


def port_row(port: PortName, switchport: str, config: tuple[str, ...]) -> PortRow:
    """Read a port from its `show interfaces X switchport` and the lines of its section.

    Raises:
        ValueError: the switch shows a list of VLANs that is none.
    """
    facts = parse_switchport(switchport)
    if not facts and not config:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    channel = _CHANNEL.search("\n".join(config))
    others = tuple(line for line in config if not _OURS_ON_A_PORT.match(line))
    if facts.get("Switchport", "Disabled").lower() != "enabled":
        return PortRow(port=port, mode="routed", allowed=VlanSet(), others=others)
    mode = _mode(facts)
    return PortRow(
        port=port,
        mode=mode,
        shown_mode=ascii(facts.get("Administrative Mode", ""))[1:-1],
        allowed=VlanSet.parse(facts.get("Trunking VLANs Enabled", "ALL")),
        native_vlan=first_vlan(facts.get("Trunking Native Mode VLAN", "")),
        access_vlan=first_vlan(facts.get("Access Mode VLAN", "")),
        voice_vlan=first_vlan(facts.get("Voice VLAN", "")),
        negotiated=mode == "dynamic" and facts.get("Operational Mode", "").startswith("trunk"),
        encapsulation_open=facts.get("Administrative Trunking Encapsulation") == "negotiate",
        channel=PortName(f"Port-channel{channel['number']}") if channel else None,
        others=others,
        most_stations=_most_stations(config),
        edge=any(re.fullmatch(r" spanning-tree portfast (?:edge )?trunk", line) for line in config),
    )


def _most_stations(config: tuple[str, ...]) -> int | None:
    """Read how many MACs port security lets talk; it is 1 where nothing else is said."""
    if " switchport port-security" not in config:
        return None
    said = [found for line in config if (found := _MAXIMUM.fullmatch(line))]
    return int(said[0]["most"]) if said else 1


def err_disabled(text: str) -> dict[PortName, str]:
    """Read which ports the switch has shut down by itself, each with the reason."""
    rows = _ERR_DISABLED_ROW.finditer(text.replace("\r", ""))
    return {long_name(row["port"]): row["reason"] for row in rows}


def _mode(facts: Mapping[str, str]) -> PortMode:
    word = facts.get("Administrative Mode", "").lower()
    if word == "trunk":
        return "trunk"
    if word in {"static access", "access"}:
        return "access"
    return "dynamic" if word.startswith("dynamic ") else "special"


def gateway_row(config: tuple[str, ...]) -> GatewayRow | None:
    """Read a layer 3 interface from the lines of its section; None where there is none.

    Raises:
        ValueError: a line has an address that is none.
    """
    if not config:
        return None
    addresses: set[Interface] = set()
    primary: Interface | None = None
    tagged: Vid | None = None
    others: list[str] = []
    for line in config:
        if found := _ADDRESS.match(line):
            address = ip_interface(f"{found['ip']}/{found['mask']}")
            addresses.add(address)
            primary = primary if found["secondary"] else address
        elif found := _ADDRESS6.match(line):
            addresses.add(ip_interface(found["ip"]))
        elif found := _TAG.match(line):
            tagged = vid(int(found["vlan"]))
        elif not _PLAIN.match(line):
            others.append(line)
    return GatewayRow(
        addresses=frozenset(addresses),
        primary=primary,
        shutdown=" shutdown" in config,
        tagged=tagged,
        conflicts=tuple(line for line in others if _CONFLICT.match(line)),
        others=tuple(line for line in others if not _CONFLICT.match(line)),
    )


def why_down(parent: PortName, config: tuple[str, ...]) -> str:
    """Say why sub-interfaces of a parent cannot work; empty when they can."""
    if not config:
        return f"there is no interface {parent}; check the gateway in the inventory"
    if " shutdown" in config:
        return f"interface {parent} is shut down; give it `no shutdown` by hand"
    return ""


def facts_of(routing_lines: str, vtp_status: str, *, is_router: bool) -> Facts:
    """Read what the device can do from its lines about routing and `show vtp status`; empty where it has no VTP."""
    routing = {line.strip() for line in routing_lines.replace("\r", "").split("\n")}
    text = vtp_status
    # Version 3 has a block per feature, each with a mode of its own.
    features = re.split(r"^Feature (\w+):", text, flags=re.MULTILINE)
    blocks = dict(zip(features[1::2], features[2::2], strict=True))
    vtp = {
        key.strip(): value.strip()
        for key, _, value in _colon_lines(features[0]) + _colon_lines(blocks.get("VLAN", ""))
    }
    mode = vtp.get("VTP Operating Mode", "transparent").lower()
    version = re.search(r"\d", vtp.get("VTP version running", vtp.get("VTP Version", "1")))
    most = re.search(r"\d+", vtp.get("Maximum VLANs supported locally", ""))
    return Facts(
        vtp_mode=mode.removeprefix("primary ").strip(),
        vtp_primary=mode.startswith("primary "),
        vtp_version=int(version[0]) if version else 1,
        most_vlans=int(most[0]) if most else None,
        # Routers route unless told not to; Catalysts the other way round.
        routes_ipv4="no ip routing" not in routing if is_router else "ip routing" in routing,
        routes_ipv6="ipv6 unicast-routing" in routing,
        restricts_trunks=True,
        writes_channels=True,
    )


def _colon_lines(text: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in text.replace("\r", "").split("\n") if ":" in line]


def talkers(
    tables: Mapping[Vid, str], places: Sequence[tuple[PortName, Vid]]
) -> dict[tuple[PortName, Vid], frozenset[str]]:
    """Give who talks where. A port that cannot be told counts as every port: better kept than cut.

    Args:
        tables: The MAC table of each VLAN.
        places: Which ports and VLANs are asked about.
    """
    found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in places}
    for text in tables.values():
        for row in cisco_discovery.MAC_ROW.finditer(text.replace("\r", "")):
            if int(row["mac"][1], 16) & 1:
                continue  # a group address: nobody in person
            ports = [long_name(word) for word in cisco_discovery.ports_of(row["ports"])]
            for key in [key for key in found if key[1] == int(row["vlan"])]:
                if key[0] in ports or any(not _is_known(port) for port in ports):
                    found[key] |= {plain_mac(row["mac"])}
    return found


def _is_known(port: PortName) -> bool:
    return any(port.startswith(long) for long in _LONG_NAMES.values())
