"""Huawei VRP: S switches (version 5) and CloudEngine (version 8, where `commit` makes lines take effect). Pure.

Behind it stand real outputs of `display vlan` and `display port vlan`; refusals are those of Huawei's "error messages
of the command line". Ports are asked after with `display port vlan`, since trunk, hybrid and negotiated ports say
different things in their configuration. Changing a port's link type makes the device ask, so no port is adopted. IPv6
must be on globally (version 5: `ipv6`); where it is not, the device refuses the address and that is told.

One ARP entry is cleared with `reset arp interface X ip A` or `reset arp dynamic ip A` (CloudEngine's documentation; not
seen on a device). How one IPv6 neighbor is cleared is not sourced, so it is refused, and so is an interface in a VPN.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from trunkline.drivers.switch import neighbor_layouts
from trunkline.drivers.switch.cisco_tables import written_out
from trunkline.drivers.switch.dialect import Answer, Forgetting, Grammar, Phrase, Query
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.state import PortMode, PortRow, VlanRow
from trunkline.drivers.switch.view_config import others, section, vlan_set
from trunkline.drivers.switch.views import LONGEST_SYSNAME, MODES, PROMPT, QUESTION, ViewDialect, phrases
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

SVI = "Vlanif"
PORTS = Query(
    command="display port vlan",
    answer=re.compile(r"^Port\s+Link Type\s+PVID\s+Trunk VLAN List", re.MULTILINE),
)
GRAMMAR = Grammar(
    prompt=PROMPT,
    modes=MODES,
    hostname_characters=LONGEST_SYSNAME,
    enables=False,
    # Netmiko says no to a new password, and yes to having the configuration rewritten and saved.
    greeting=re.compile(r"<[^\s<>]+>\s*$"),
    # A caret points at what was not understood, whatever is said under it.
    rejected=re.compile(
        r"^\s*Error(?:\[\d+\])?\s*:|^[ \t]*\^[ \t]*$|^\s*Failed to |^\s*Warning:.*(?:fail|cannot)",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(r"^\s*Info:", re.IGNORECASE),
    unknown=re.compile(
        r"Error:? ?(?:Unrecognized|Incomplete|Ambiguous|Wrong parameter|Too many parameters)", re.IGNORECASE
    ),
    log_line=re.compile(r"^(?:#?\w{3} +\d+ \d{4} [\d:.+-]+ \S+ )%%\d\d\w+/\d+/\w+.*$\n?", re.MULTILINE),
    question=QUESTION,
    enter_config="system-view",
    leave_config="return",
    leave_block="quit",
    save="save",
    saved=re.compile(r"saved? (?:the )?(?:current )?(?:configuration )?successfully", re.IGNORECASE),
    # Both wordings are in netmiko's source: `Are you sure to continue?[Y/N]` and `Continue? [Y/N]:`.
    save_answer=Answer(
        question=re.compile(
            r"The current configuration will be written to [^\n]*\s+?(?:Are you sure to )?continue\? ?"
            r"[\[(]y/n[\])](?:\[[yn]\])?:?\s*$",
            re.IGNORECASE,
        ),
        reply="y",
    ),
    backup="display current-configuration",
    phrases={
        **phrases(svi=SVI, trunk="allow-pass"),
        "exec": (
            Phrase(pattern=re.compile(rf"reset arp interface {SVI}(?P<vlans>\d+) ip (?P<address>[\d.]+)")),
            Phrase(pattern=re.compile(r"reset arp dynamic ip (?P<address>[\d.]+)")),
        ),
    },
    longest_line=510,
)

_VLAN_ROW = re.compile(
    r"^[ \t]*(?P<vlan>\d{1,4})[ \t]+(?:[a-z][a-z-]*[ \t]+)?(?P<status>enable|disable)[ \t]+(?P<rest>\S.*)$",
    re.MULTILINE,
)
_NAMED = re.compile(
    r"\S+\s+(?:enable|disable)\s+(?:enable|disable)\s+(?:(?:FWD|DSD)\s+){0,3}(?P<name>\S.*?)\s*"
)
"""Property, learning, statistics, in newer versions three ways to forward, and the description."""
_PORT_ROW = re.compile(
    r"^(?P<port>\S+)[ \t]+(?P<type>[a-z][a-z0-9-]*|-)[ \t]+(?P<pvid>\d+)[ \t]+"
    r"(?P<vlans>-|\d[\d \t-]*(?:\n[ \t]+\d[\d \t-]*)*)[ \t]*$",
    re.MULTILINE,
)
_CHANNEL = re.compile(r"^ eth-trunk (?P<number>\d+)\b", re.MULTILINE)
_ARP_ROW = re.compile(
    r"^(?P<address>[\d.]+)[ \t]+(?P<mac>\S+)[ \t]+(?:\d+[ \t]+)?(?P<type>[A-Z])\b.*$", re.MULTILINE
)


class HuaweiVrp(Discovering, ViewDialect):
    """The dialect of version 5."""

    platform = "huawei_vrp"
    grammar = GRAMMAR
    svi = SVI
    trunk = "allow-pass"
    enable_ipv6 = ("ipv6 enable",)
    long_names: Mapping[str, str] = {
        "eth": "Ethernet",
        "ge": "GigabitEthernet",
        "xge": "XGigabitEthernet",
        "multige": "MultiGE",
        "eth-trunk": "Eth-Trunk",
        **{f"{speed}ge": f"{speed}GE" for speed in (10, 25, 40, 50, 100, 200, 400)},
    }
    discovery = Discovery(
        protocols=(neighbor_layouts.VRP_LLDP,),
        macs=neighbor_layouts.VIEW_MACS,
        long_name=lambda name: written_out(name, HuaweiVrp.long_names),
    )
    vlans = Query(
        command="display vlan",
        answer=re.compile(r"^VID\s+(?:Type\s+)?Status\b|^VLAN ID\s+Type\s+Status\b", re.MULTILINE),
    )
    no_such = r"Error: ?Wrong parameter found at '\^' position"

    def port_queries(self) -> Sequence[Query]:
        """Give the table of all ports."""
        return (PORTS,)

    def read_vlans(self, text: str) -> dict[Vid, VlanRow]:
        """Read `display vlan`."""
        return parse_vlans(text)

    def read_port(self, port: PortName, config: tuple[str, ...], outputs: Mapping[str, str]) -> PortRow:
        """Read a port's row of `display port vlan`, and what else is configured there."""
        row = parse_ports(outputs[PORTS.command]).get(port)
        channel = _CHANNEL.search("\n".join(config))
        if row is None and not config:
            return PortRow(port=port, mode="absent", allowed=VlanSet())
        row = row or PortRow(port=port, mode="routed", allowed=VlanSet())
        return replace(
            row,
            channel=PortName(f"Eth-Trunk{channel['number']}") if channel else None,
            others=others(config),
        )

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how an ARP entry is cleared; an interface that is not there holds none.

        Raises:
            ValueError: it is an IPv6 neighbor, or the interface is in a VPN.
        """
        config = section(gateway)
        if not isinstance(neighbor.address, IPv4Address) or neighbor.parent is not None or not config:
            return super().forget(neighbor, gateway)
        if any(line.startswith(" ip binding vpn-instance") for line in config):
            raise ValueError("its interface is in a VPN instance, where no clearing is written")
        name = f"{SVI}{neighbor.vlan}"
        return Forgetting(
            commands=(
                f"reset arp interface {name} ip {neighbor.address}",
                f"reset arp dynamic ip {neighbor.address}",
            ),
            proof=Query(
                command=f"display arp interface {name}",
                answer=re.compile(r"\A(?!.*^\s*(?:Error|\^))", re.MULTILINE | re.DOTALL),
            ),
        )

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's entry if it was configured; of others only the time left is shown, not the age."""
        del seconds
        for row in _ARP_ROW.finditer(answer.replace("\r", "")):
            if row["address"] == str(neighbor.address) and row["type"] == "S":
                return re.sub(r"\s+", " ", row[0]).strip()
        return ""


class HuaweiVrpV8(HuaweiVrp):
    """The dialect of version 8: lines wait in a candidate until they are committed, all or none."""

    platform = "huawei_vrpv8"
    grammar = replace(GRAMMAR, commit="commit", discard="clear configuration candidate")
    # There ports are called as they are shown, GE1/0/1 too.
    discovery = replace(HuaweiVrp.discovery, long_name=PortName)


def parse_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `display vlan`: the table of what VLANs are, not the one of who is in them."""
    rows = {}
    for found in _VLAN_ROW.finditer(text.replace("\r", "")):
        number = vid(int(found["vlan"]))
        named = _NAMED.fullmatch(found["rest"])
        rows[number] = VlanRow(
            vlan=number, name=named["name"] if named else "", active=found["status"] == "enable"
        )
    return rows


def parse_ports(text: str) -> dict[PortName, PortRow]:
    """Read `display port vlan`: link type, VLAN of untagged frames, and what a trunk carries.

    Only access ports and trunks are what they are called; the rest is not ours to understand.
    """
    rows = {}
    for found in _PORT_ROW.finditer(text.replace("\r", "")):
        port, kind, untagged = PortName(found["port"]), found["type"], _number(found["pvid"])
        mode: PortMode = "trunk" if kind == "trunk" else "routed" if kind == "-" else "special"
        rows[port] = PortRow(
            port=port,
            mode=mode,
            shown_mode=kind,
            allowed=vlan_set(found["vlans"]),
            native_vlan=untagged if mode == "trunk" else None,
            access_vlan=None if mode == "trunk" else untagged,
        )
    return rows


def _number(text: str) -> Vid | None:
    return vid(int(text)) if int(text) else None
