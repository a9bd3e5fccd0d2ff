"""Arista EOS: switches. Pure.

Its tables of VLANs, interfaces and MACs are in published captures; how a port is configured is not, so that ports are
read from `show running-config interfaces` as Arista's manual writes it: a port is in access mode unless told otherwise,
a trunk without a list carries every VLAN, addresses have a prefix length. What that command says of an interface that
is not there is not sourced, hence a table of all interfaces is read as well. Prompts name what is being configured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import cisco_discovery, cisco_lines, neighbor_layouts
from trunkline.drivers.switch.cisco_ios_grammar import PROMPT
from trunkline.drivers.switch.cisco_tables import (
    MacTable,
    allowed_vlans,
    first_vlan,
    gateway_row,
    interface_lines,
    parse_vlans,
    reading,
    value_of,
    written_out,
)
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery, MacListing, listed
from trunkline.drivers.switch.state import Facts, PortMode, PortRow, SwitchState, VlanRow
from trunkline.orchestrator.intents import Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

VLANS = "show vlan"
INTERFACES = "show interfaces description"
ROUTING = "show running-config | include routing"

_ANSWERS = {
    VLANS: re.compile(r"^1\*?\s+\S", re.MULTILINE),
    INTERFACES: re.compile(r"^Interface\s+Status\s+Protocol\b.*\n(?:Et|Po|Ma|Vl)", re.MULTILINE),
    # The default is said as well, so that there is always a line.
    ROUTING: re.compile(r"^(?:no )?ip routing\s*$", re.MULTILINE),
}
_SHOWN = re.compile(r"^interface \S|\A\s*\Z|^% Interface does not exist", re.MULTILINE)
"""Whether nothing means "not there" is up to the table of interfaces."""
_MACS_ANSWER = re.compile(r"^Total Mac Addresses for this criterion:", re.MULTILINE | re.IGNORECASE)

_PORT = r"(?P<port>(?:Ethernet|Port-Channel)\d+(?:/\d+)*)"
_PHRASES = {
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
    modes=(
        (re.compile(r"config-if-(?:Et|Po|Vl)[\d/]+"), "config-if"),
        (re.compile(r"config-vlan-\d+"), "config-vlan"),
    ),
    # Every refusal begins with a percent sign, with or without a blank after it.
    rejected=re.compile(r"^\s*%(?!\s*$)\s?\S|^\s*(?:Command failed|Error:)", re.MULTILINE | re.IGNORECASE),
    benign=re.compile(r"^\s*% ?Warning: ", re.IGNORECASE),
    unknown=re.compile(r"% ?(?:Invalid input|Incomplete command|Ambiguous command)", re.IGNORECASE),
    log_line=re.compile(r"^(?:\w{3} +\d+ [\d:.]+ \S+ \S+: )%[A-Z0-9_]+-\d-[A-Z0-9_]+: .*$\n?", re.MULTILINE),
    question=re.compile(
        r"(?:\[confirm\]|\[y(?:es)?/n(?:o)?(?:/cancel)?\])\s*[:?]?\s*$|--More--\s*$", re.IGNORECASE
    ),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="write memory",
    # Old releases say nothing, and are not believed to have saved.
    saved=re.compile(r"^Copy completed successfully\.", re.MULTILINE),
    backup="show running-config",
    phrases=_PHRASES,
    longest_line=250,
)

LONG_NAMES = {"et": "Ethernet", "po": "Port-Channel", "vl": "Vlan", "ma": "Management"}
MACS = MacTable(
    row=re.compile(r"\s*(?P<vlan>\d+)\s+(?P<mac>\S{14})\s+[A-Z]+\s+(?P<ports>\S+(?: \S+)*)(?:\s{2,}.*)?"),
    # The switch itself, and a VXLAN tunnel.
    elsewhere=re.compile(r"(?:cpu|router|Vxlan\d*|Vx\d+|Vlan\d+)", re.IGNORECASE),
    long_names=LONG_NAMES,
)
_OURS_ON_A_PORT = re.compile(r"switchport(?: mode .*| trunk (?:allowed|native) vlan .*| access vlan .*)?")
NO_SUB_INTERFACES = "gateways on sub-interfaces are not written on EOS; use an SVI"


class AristaEos(Discovering):
    """The dialect."""

    platform = "arista_eos"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(neighbor_layouts.EOS_LLDP,),
        macs=MacListing(
            command=cisco_discovery.MACS,
            answer=_MACS_ANSWER,
            rows=(MACS.row,),
            ports_of=lambda text: listed(text, MACS.elsewhere),
        ),
        long_name=lambda name: written_out(name, LONG_NAMES),
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        queries = [Query(command=command, answer=_ANSWERS[command]) for command in (VLANS, INTERFACES)]
        svis = [_svi(vlan) for parent, vlan in scope.gateways if parent is None]
        if svis:
            queries.append(Query(command=ROUTING, answer=_ANSWERS[ROUTING]))
        queries += [Query(command=_running(name), answer=_SHOWN) for name in (*scope.ports, *svis)]
        vlans = sorted({vlan for _, vlan in scope.removals})
        queries += [Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans]
        return queries

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for; an interface that is not there has no row.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        with reading(VLANS):
            vlans = parse_eos_vlans(outputs[VLANS])
        there = parse_interfaces(outputs[INTERFACES])
        ports = {}
        for port in scope.ports:
            with reading(_running(port)):
                ports[port] = _port(port, _lines(port, outputs, there))
        gateways = {}
        for parent, vlan in scope.gateways:
            with reading(_running(_svi(vlan))):
                lines = _lines(_svi(vlan), outputs, there) if parent is None else None
                if lines is not None:
                    gateways[parent, vlan] = gateway_row(lines, shutdown="shutdown" in lines)
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
        return Query(command=_running(_svi(neighbor.vlan)), answer=_SHOWN)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Refuse: how EOS clears one entry, and what it leaves behind, is not sourced, so nothing is sent.

        Raises:
            ValueError: always.
        """
        del gateway
        raise ValueError(f"no command is known that clears one entry on EOS, as for {neighbor.address}")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing: nothing is ever cleared."""
        del neighbor, answer, seconds
        return ""


def parse_eos_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `show vlan`; a VLAN that something else made dynamically is marked with a star."""
    return parse_vlans(re.sub(r"^(\d+)\*", r"\1 ", text, flags=re.MULTILINE))


def parse_interfaces(text: str) -> frozenset[PortName]:
    """Read `show interfaces description`: which interfaces there are, sub-interfaces not among them."""
    rows = re.findall(r"^([A-Z][a-z]+\d+(?:/\d+)*)\s", text, flags=re.MULTILINE)
    return frozenset(written_out(name, LONG_NAMES) for name in rows)


def _svi(vlan: Vid) -> PortName:
    return PortName(f"Vlan{vlan}")


def _running(interface: PortName) -> str:
    return f"show running-config interfaces {interface}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac address-table vlan {vlan}"


def _lines(name: PortName, outputs: Mapping[str, str], there: frozenset[PortName]) -> tuple[str, ...] | None:
    lines = interface_lines(outputs[_running(name)])
    if lines is None and name in there:
        raise ValueError(f"it shows nothing, and `{INTERFACES}` shows {name}")
    return lines


def _port(port: PortName, lines: Sequence[str] | None) -> PortRow:
    if lines is None:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    others = tuple(line for line in lines if not _OURS_ON_A_PORT.fullmatch(line))
    if "no switchport" in lines:
        return PortRow(port=port, mode="routed", allowed=VlanSet(), others=others)
    word = value_of(lines, "switchport mode ") or "access"
    channel = re.match(r"\d+", value_of(lines, "channel-group "))
    return PortRow(
        port=port,
        mode=_mode(word),
        shown_mode=ascii(word)[1:-1],
        allowed=allowed_vlans(lines),
        native_vlan=_untagged(value_of(lines, "switchport trunk native vlan ")),
        access_vlan=_untagged(value_of(lines, "switchport access vlan ")),
        voice_vlan=first_vlan(value_of(lines, "switchport phone vlan ")),
        channel=PortName(f"Port-Channel{channel[0]}") if channel else None,
        others=others,
    )


def _untagged(configured: str) -> Vid | None:
    """Read a native or access VLAN: 1 unless told otherwise; none where untagged frames are dropped or tagged."""
    return first_vlan(configured or "1")


def _mode(word: str) -> PortMode:
    match word:
        case "trunk":
            return "trunk"
        case "access":
            return "access"
        case _:
            return "special"


def _facts(outputs: Mapping[str, str]) -> Facts:
    lines = {line.strip() for line in outputs.get(ROUTING, "").replace("\r", "").split("\n")}
    return Facts(
        routes_ipv4="ip routing" in lines,
        routes_ipv6="ipv6 unicast-routing" in lines,
        restricts_trunks=True,
        writes_channels=True,
    )
