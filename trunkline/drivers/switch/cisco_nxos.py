"""Cisco NX-OS: Nexus switches. Pure.

Its VLANs, switch ports, features, MAC and ARP tables are in published captures. What else is relied on stands in
Cisco's configuration guides and in published sessions: a trunk without a list carries every VLAN; an SVI needs `feature
interface-vlan` and is shut down until told otherwise, so that its configuration shows `no shutdown`; addresses have a
prefix length; there is no ISL. Routed ports are never made switch ports: `switchport` is not among the phrases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, ip_address

from trunkline.drivers.switch import cisco_discovery, cisco_lines
from trunkline.drivers.switch.cisco_ios_grammar import PROMPT
from trunkline.drivers.switch.cisco_tables import (
    MacTable,
    allowed_vlans,
    first_vlan,
    gateway_row,
    interface_lines,
    parse_switchport,
    parse_vlans,
    reading,
    value_of,
    written_out,
)
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery, MacListing, listed
from trunkline.drivers.switch.state import Facts, PortMode, PortRow, SwitchState
from trunkline.orchestrator.intents import Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

VLANS = "show vlan"
FEATURES = "show feature"

# A name that is no interface of the device has a range of its own refusal, without a percent sign.
_NO_SUCH = r"(?:% ?)?Invalid (?:range|interface format|interface) .*at '\^' marker"
_VLANS_ANSWER = re.compile(r"^1\s+\S.*^VLAN\s+Type\b", re.MULTILINE | re.DOTALL)
_FEATURE = re.compile(r"^interface-vlan\s+\d+\s+(?P<state>\w+)", re.MULTILINE)
_SWITCHPORT_ANSWER = re.compile(rf"^Name:\s*\S.*^\s*Switchport:\s*\S|^{_NO_SUCH}", re.MULTILINE | re.DOTALL)
_INTERFACE_ANSWER = re.compile(rf"^interface \S|^{_NO_SUCH}", re.MULTILINE)
_MACS_ANSWER = re.compile(r"^[ \t]*VLAN\s+MAC Address\s+Type", re.MULTILINE)
_ARP_ANSWER = re.compile(r"^Total number of entries:", re.MULTILINE)

_PORT = r"(?P<port>(?:Ethernet|port-channel)\d+(?:/\d+)*)"
_PHRASES = {
    # In scripts for Nexus switches; what it is with a VRF, and for IPv6, is not sourced and not sent.
    "exec": (Phrase(pattern=re.compile(r"clear ip arp (?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})")),),
    "config": (
        cisco_lines.VLAN_PHRASE,
        cisco_lines.SVI_PHRASE,
        Phrase(pattern=re.compile(f"interface {_PORT}")),
    ),
    "config-vlan": (cisco_lines.NAME_PHRASE,),
    "config-if": (*cisco_lines.PORT_PHRASES, *cisco_lines.GATEWAY_PHRASES),
}
GRAMMAR = Grammar(
    prompt=PROMPT,
    rejected=re.compile(
        r"^\s*(?:(?:% ?)?Invalid .*at '\^' marker|(?:% ?)?(?:Incomplete|Ambiguous|Unknown) command|"
        r"(?:% ?)?Permission denied|ERROR:|Syntax error|Command (?:rejected|failed)|Configuration not allowed|"
        r"Cannot |.* returned error code|VLAN with the same name exists|Request failed|Failed )"
        # Whatever else begins like an error and is neither a log message nor known to be harmless.
        r"|^%(?!\s*$)\s?\S",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(
        r"^\s*(?:% ?Access VLAN does not exist\. Creating vlan|% ?Warning: |Warning: )",
        re.IGNORECASE,
    ),
    unknown=re.compile(
        r"% ?(?:Invalid (?:command|parameter|input)|Incomplete command|Ambiguous command)", re.IGNORECASE
    ),
    log_line=re.compile(
        r"^\d{4} \w{3} +\d+ [\d:.]+ \S+ (?:%\$ VDC-\d+ %\$ )?%[A-Z0-9_]+-(?:\w+-)?\d-[A-Z0-9_]+: .*$\n?",
        re.MULTILINE,
    ),
    question=re.compile(
        r"\(y(?:es)?/n(?:o)?\)\s*\??\s*(?:\[[yn](?:o|es)?\])?\s*$|--More--\s*$", re.IGNORECASE
    ),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="copy running-config startup-config",
    # Releases of Nexus 5000 end with "now saving to disk", others say twice that the copy is complete.
    saved=re.compile(r"^Copy complete(?:\.|, now saving to disk)", re.MULTILINE),
    backup="show running-config",
    phrases=_PHRASES,
    longest_line=250,
)

LONG_NAMES = {"eth": "Ethernet", "po": "port-channel"}
MACS = MacTable(
    row=re.compile(
        r"[ *+~A-Z()]*?(?P<vlan>\d+|-)\s+(?P<mac>\S{14})\s+\w+\s+\S+\s+[TFC~]\S*\s+[TFC~]\S*\s+(?P<ports>\S.*)"
    ),
    # The supervisor, a VXLAN tunnel and an SVI are not behind any port of ours.
    elsewhere=re.compile(r"sup-eth\d+(?:\(R\))?|nve\d+(?:\(.*\))?|Vlan\d+", re.IGNORECASE),
    long_names=LONG_NAMES,
)
_OURS_ON_A_PORT = re.compile(r"switchport(?: mode .*| trunk (?:allowed|native) vlan .*| access vlan .*)?")
_ARP_ROW = re.compile(
    r"^(?P<address>[\d.]+)[ \t]+(?P<age>\d+:\d\d:\d\d|\S+)[ \t]+(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}\b.*$",
    re.MULTILINE | re.IGNORECASE,
)


class CiscoNxos(Discovering):
    """The dialect."""

    platform = "cisco_nxos"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(cisco_discovery.NXOS_LLDP, cisco_discovery.NXOS_CDP),
        macs=MacListing(
            command=cisco_discovery.MACS,
            answer=_MACS_ANSWER,
            rows=(MACS.row,),
            ports_of=lambda text: listed(text, MACS.elsewhere),
        ),
        long_name=lambda name: written_out(name, LONG_NAMES),
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands; features are asked for only where a gateway is in question."""
        queries = [Query(command=VLANS, answer=_VLANS_ANSWER)]
        if scope.gateways:
            queries.append(Query(command=FEATURES, answer=_FEATURE))
        for port in scope.ports:
            queries.append(Query(command=_switchport(port), answer=_SWITCHPORT_ANSWER))
            queries.append(Query(command=_running(port), answer=_INTERFACE_ANSWER))
        vlans = sorted({vlan for _, vlan in scope.removals})
        queries += [Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans]
        svis = [vlan for parent, vlan in scope.gateways if parent is None]
        queries += [Query(command=_running(f"Vlan{vlan}"), answer=_INTERFACE_ANSWER) for vlan in svis]
        return queries

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for; an interface that is not there answers with an error and has no row.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        with reading(VLANS):
            vlans = parse_vlans(outputs[VLANS])
        ports = {}
        for port in scope.ports:
            with reading(_switchport(port)):
                ports[port] = _port(port, outputs[_switchport(port)], outputs[_running(port)])
        gateways = {}
        for parent, vlan in scope.gateways:
            command = _running(f"Vlan{vlan}")
            with reading(command):
                lines = interface_lines(outputs[command]) if parent is None else None
                if lines is not None:
                    gateways[parent, vlan] = gateway_row(lines, shutdown="no shutdown" not in lines)
        tables = {vlan: outputs[_macs_of(vlan)] for _, vlan in scope.removals}
        with reading("show mac address-table"):
            macs = MACS.talkers(tables, scope.removals)
        return SwitchState(
            vlans=vlans,
            ports=ports,
            gateways=gateways,
            facts=_facts(outputs),
            macs=macs,
            down={parent: NO_SUB_INTERFACES for parent, _ in scope.gateways if parent is not None},
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction, one or two per SVI."""
        return cisco_lines.blocks(changes, state, rules)

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Write the block that makes a half adopted port what it was before: the mode first."""
        return cisco_lines.restore_block(port, before)

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the SVI of a neighbor is configured."""
        return Query(command=_running(f"Vlan{neighbor.vlan}"), answer=_INTERFACE_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how a neighbor is forgotten; an SVI that is not there holds no entry.

        Raises:
            ValueError: it is an IPv6 neighbor, or one in a VRF or behind a sub-interface; those forms of the command
                are not sourced.
        """
        if neighbor.parent is not None:
            raise ValueError(NO_SUB_INTERFACES)
        lines = interface_lines(gateway)
        if lines is None:
            return None
        if not isinstance(neighbor.address, IPv4Address):
            raise ValueError("no command is known that clears one IPv6 neighbor on NX-OS")  # noqa: TRY004  # no type error
        if any(line.startswith("vrf ") for line in lines):
            raise ValueError(f"Vlan{neighbor.vlan} is in a VRF, and no command is known that clears there")
        proof = Query(command=f"show ip arp {neighbor.address}", answer=_ARP_ANSWER)
        return Forgetting(commands=(f"clear ip arp {neighbor.address}",), proof=proof)

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's row, unless its age says that it was learned within these seconds."""
        for row in _ARP_ROW.finditer(answer.replace("\r", "")):
            if _is(row["address"], neighbor) and _age_seconds(row["age"]) > seconds:
                return re.sub(r"\s+", " ", row[0]).strip()
        return ""


NO_SUB_INTERFACES = "gateways on sub-interfaces are not written on NX-OS; use an SVI"
NO_SVIS = "`feature interface-vlan` is off, so that it has no SVIs; configure it by hand"


def _switchport(port: PortName) -> str:
    return f"show interface {port} switchport"


def _running(interface: str) -> str:
    return f"show running-config interface {interface}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac address-table vlan {vlan}"


def parse_port(text: str) -> dict[str, str]:
    """Read one `show interface X switchport`; all keys but the name are indented by two."""
    return parse_switchport(re.sub(r"^ {1,4}(?=[A-Z])", "", text, flags=re.MULTILINE))


def _port(port: PortName, switchport: str, config: str) -> PortRow:
    facts, lines = parse_port(switchport), interface_lines(config)
    if lines is None:
        if facts:
            raise ValueError(f"it shows {port}, and the configuration does not")
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    others = tuple(line for line in lines if not _OURS_ON_A_PORT.fullmatch(line))
    if facts.get("Switchport", "Disabled").lower() != "enabled":
        return PortRow(port=port, mode="routed", allowed=VlanSet(), others=others)
    word = value_of(lines, "switchport mode ") or "access"
    monitors = facts.get("Switchport Monitor", "").lower() == "enabled"
    channel = re.match(r"\d+", value_of(lines, "channel-group "))
    return PortRow(
        port=port,
        mode="special" if monitors else _mode(word),
        shown_mode=ascii(word)[1:-1],
        allowed=_allowed(facts, lines),
        native_vlan=first_vlan(facts.get("Trunking Native Mode VLAN", "")),
        access_vlan=first_vlan(facts.get("Access Mode VLAN", "")),
        voice_vlan=first_vlan(facts.get("Voice VLAN", "")),
        channel=PortName(f"port-channel{channel[0]}") if channel else None,
        others=others,
    )


def _mode(word: str) -> PortMode:
    match word:
        case "trunk":
            return "trunk"
        case "access":
            return "access"
        case _:
            return "special"


def _allowed(facts: Mapping[str, str], lines: Sequence[str]) -> VlanSet:
    """Believe what the port shows, except where the configuration has no list: what is reserved is left out there."""
    if allowed_vlans(lines) == VlanSet.every():
        return VlanSet.every()
    shown = facts.get("Trunking VLANs Allowed") or facts.get("Trunking VLANs Enabled")
    if shown is None:
        raise ValueError("it shows no VLANs of a trunk")
    return VlanSet.parse(shown)


def _facts(outputs: Mapping[str, str]) -> Facts:
    feature = _FEATURE.search(outputs.get(FEATURES, ""))
    return Facts(
        no_gateways=NO_SVIS if feature and feature["state"] != "enabled" else "",
        restricts_trunks=True,
        writes_channels=True,
    )


def _is(text: str, neighbor: Neighbor) -> bool:
    try:
        return ip_address(text) == neighbor.address
    except ValueError:
        return False


def _age_seconds(text: str) -> float:
    """Read ``00:01:02``; what was configured has a dash, and what is older than a day is written in other ways."""
    if not re.fullmatch(r"\d+:\d\d:\d\d", text):
        return float("inf")
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return (hours * 60 + minutes) * 60 + seconds
