"""Cisco Small Business switches with the command line of the 300 series, firmware 1.x. Pure.

Its tables of VLANs, of a port's VLANs and of MACs are in published captures. What differs from IOS stands in Cisco's
command line guides and in the vendor table of OpenStack's networking-generic-switch: VLANs are made in the VLAN
database, a trunk carries what was added to it and nothing else, and saving asks before it replaces the startup
configuration. Later firmware (350 and 550 series) shows ports in another way, of which there is no capture: its answer
is not believed. Only trunks are written: what an access port would carry as a trunk is not shown, so that none is
adopted. Gateways are not written: where the switch does not route, an address would be that of its management.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from trunkline.drivers.switch import cisco_discovery, neighbor_layouts
from trunkline.drivers.switch.cisco_ios_grammar import PROMPT
from trunkline.drivers.switch.cisco_lines import free_name, trunk_block
from trunkline.drivers.switch.cisco_tables import MacTable, interface_lines, reading, value_of, written_out
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Answer, Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery, MacListing, listed
from trunkline.drivers.switch.state import Facts, PortMode, PortRow, SwitchState, VlanRow
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

VLANS = "show vlan"
LIST_CHARACTERS = 100
"""How long a line may be there is not sourced; this is well below what is usual."""

_VLANS_ANSWER = re.compile(r"^Vlan\s+Name\s+Ports\b.*^\s*1\s", re.MULTILINE | re.DOTALL)
# The wording for a name that is no port stands in the guides; no capture shows it.
_NO_SUCH = r"% ?(?:bad parameter value|Wrong number of parameters or invalid range)"
_SWITCHPORT_ANSWER = re.compile(
    rf"^Port ?:\s*\S.*^Port Mode:.*^Classification rules:|^{_NO_SUCH}",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
# A port that is all defaults has no lines; that it then says so in these words is not sourced by a capture.
_INTERFACE_ANSWER = re.compile(
    rf"^interface \S|^Empty configuration|^{_NO_SUCH}", re.MULTILINE | re.IGNORECASE
)
_MACS_ANSWER = re.compile(r"^[ \t]*Vlan\s+Mac Address\s+Port\s+Type", re.MULTILINE)

_PORT = r"(?P<port>(?:fa|gi|te|Po)\d+(?:/\d+)*)"
_PHRASES = {
    "config": (
        Phrase(pattern=re.compile(r"vlan database")),
        Phrase(pattern=re.compile(f"interface {_PORT}")),
    ),
    "config-vlan": (
        Phrase(pattern=re.compile(r"vlan (?P<vlans>\d+) name [A-Za-z0-9_-]{1,32}")),
        Phrase(pattern=re.compile(r"no vlan (?P<vlans>\d+)")),
    ),
    "config-if": (
        Phrase(pattern=re.compile(r"switchport trunk allowed vlan (?:add|remove) (?P<vlans>[\d,-]+)")),
    ),
}
GRAMMAR = Grammar(
    prompt=PROMPT,
    # Every refusal begins with a percent sign; so do log messages, which are taken out before.
    rejected=re.compile(r"^\s*%(?!\s*$)\s?\S", re.MULTILINE),
    benign=re.compile(r"^\s*% ?Warning: |^Warning: ", re.IGNORECASE),
    unknown=re.compile(
        r"% ?(?:Unrecognized command|Incomplete command|Ambiguous command|Invalid input)", re.IGNORECASE
    ),
    log_line=re.compile(
        r"^(?:\d{2}-\w{3}-\d{4} [\d:]+ +:?)?%[A-Z0-9_]+-[A-Z]-[A-Za-z0-9_]+: .*$\n?", re.MULTILINE
    ),
    question=re.compile(r"\(Y(?:es)?/N(?:o)?\)\s*(?:\[[YN]\])?\s*\?\s*$|More: <space>.*$", re.IGNORECASE),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="write memory",
    # Older firmware says that the copy succeeded, later one logs that it was completed.
    saved=re.compile(
        r"^Copy succeeded|%COPY-N-TRAP: The copy operation was completed successfully", re.MULTILINE
    ),
    save_answer=Answer(
        question=re.compile(r"\A\s*Overwrite file \[startup-config\] ?\.* ?\(Y/N\) ?\[N\] ?\?\s*\Z"),
        reply="Y",
    ),
    backup="show running-config",
    phrases=_PHRASES,
    longest_line=160,
)

LONG_NAMES = {"fa": "fa", "gi": "gi", "te": "te", "po": "Po"}
_SPELLED_OUT = {
    "fastethernet": "fa",
    "gigabitethernet": "gi",
    "tengigabitethernet": "te",
    "port-channel": "Po",
}
MACS = MacTable(
    row=re.compile(r"\s*(?P<vlan>\d+)(?:\(I\)|I)?\s+(?P<mac>\S{17})\s+(?P<ports>\S+)\s+[A-Za-z]+"),
    # The switch itself is port 0.
    elsewhere=re.compile(r"0"),
    long_names=LONG_NAMES,
)
_VLAN_ROW = re.compile(r"^ {0,3}(?P<vlan>\d{1,4})\s")
_MEMBER = re.compile(
    r"^\s*(?P<vlan>\d{1,4})\s.*\s(?P<rule>Tagged|Untagged)\s+(?P<kind>Static|Dynamic|\S.*?)\s*$", re.MULTILINE
)
NO_GATEWAYS = (
    "gateways are not written on switches of this kind; configure it by hand, or let a router have it"
)


def short_name(name: str) -> PortName:
    """Write a port as tables do: ``GigabitEthernet1/0/3`` is ``gi1/0/3``."""
    return written_out(name, _SPELLED_OUT | LONG_NAMES)


class CiscoS300(Discovering):
    """The dialect."""

    platform = "cisco_s300"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(neighbor_layouts.S300_LLDP,),
        macs=MacListing(
            command=cisco_discovery.MACS,
            answer=_MACS_ANSWER,
            rows=(MACS.row,),
            ports_of=lambda text: listed(text, MACS.elsewhere),
        ),
        long_name=short_name,
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        queries = [Query(command=VLANS, answer=_VLANS_ANSWER)]
        for port in scope.ports:
            queries.append(Query(command=_switchport(port), answer=_SWITCHPORT_ANSWER))
            queries.append(Query(command=_running(port), answer=_INTERFACE_ANSWER))
        vlans = sorted({vlan for _, vlan in scope.removals})
        queries += [Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans]
        return queries

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        with reading(VLANS):
            vlans = parse_s300_vlans(outputs[VLANS])
        ports = {}
        for port in scope.ports:
            with reading(_switchport(port)):
                ports[port] = _port(port, outputs[_switchport(port)], outputs[_running(port)])
        tables = {vlan: outputs[_macs_of(vlan)] for _, vlan in scope.removals}
        with reading("show mac address-table"):
            macs = MACS.talkers(tables, scope.removals)
        facts = Facts(no_gateways=NO_GATEWAYS, restricts_trunks=True)
        return SwitchState(vlans=vlans, ports=ports, facts=facts, macs=macs)

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction.

        Raises:
            ValueError: a claim is about a gateway, or about a port that is no trunk.
        """
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan() as claim:
                    blocks.append(_vlan_block(claim, change.op, state))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway():
                    raise ValueError(NO_GATEWAYS)
        for (port, op), vlans in ports.items():
            if not state.ports[port].is_trunk:
                raise ValueError(f"port {port} is no trunk, and none is adopted on switches of this kind")
            named, row = VlanSet(vlans), state.ports[port]
            blocks.append(trunk_block(port, op, named, row, rules[port], list_characters=LIST_CHARACTERS))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Refuse: no port is ever adopted, so that none is to be put back.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"port {port} is in mode {before.mode}; none is adopted on switches of this kind")

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give a show command that is harmless: no gateway is ever read here."""
        del neighbor
        return Query(command=VLANS, answer=_VLANS_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Refuse: no gateway is written here, and how one entry is cleared is not sourced.

        Raises:
            ValueError: always.
        """
        del gateway
        raise ValueError(f"no command is known that clears one entry there, as for {neighbor.address}")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing: nothing is ever cleared."""
        del neighbor, answer, seconds
        return ""


def parse_s300_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `show vlan`: names wrap in their column, whose width the line under the header tells; all are active.

    Raises:
        ValueError: there is no such table, or a row is none.
    """
    lines = text.replace("\r", "").split("\n")
    ruler = next((index for index, line in enumerate(lines) if re.match(r"-{4} -{3,} -{3,} -", line)), None)
    if ruler is None:
        raise ValueError("it shows no table of VLANs")
    _, (start, end), *_ = (column.span() for column in re.finditer(r"-+", lines[ruler]))
    rows: dict[Vid, VlanRow] = {}
    current: Vid | None = None
    for line in lines[ruler + 1 :]:
        part = line[start:end].strip()
        if found := _VLAN_ROW.match(line):
            current = vid(int(found["vlan"]))
            rows[current] = VlanRow(vlan=current, name=part, active=True)
        elif current is not None and line.startswith(" ") and part:
            rows[current] = VlanRow(vlan=current, name=rows[current].name + part, active=True)
    return rows


def members(text: str) -> Iterator[tuple[Vid, str]]:
    """Read which VLANs a port is a member of by configuration, and whether tagged; what GVRP brought is not."""
    table = text.replace("\r", "").partition("Port is member in:")[2].partition("Forbidden VLANS:")[0]
    for row in _MEMBER.finditer(table):
        if row["kind"] == "Static":
            yield vid(int(row["vlan"])), row["rule"]


def field_of(text: str, key: str) -> str:
    """Read one ``key: value`` line of `show interfaces switchport`; empty when there is none."""
    found = re.search(rf"^{re.escape(key)} ?: *(?P<value>.*)$", text.replace("\r", ""), re.MULTILINE)
    return found["value"].strip() if found else ""


def _switchport(port: PortName) -> str:
    return f"show interfaces switchport {port}"


def _running(port: PortName) -> str:
    return f"show running-config interface {port}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac address-table vlan {vlan}"


def _port(port: PortName, switchport: str, config: str) -> PortRow:
    shown = field_of(switchport, "Port")
    if not shown:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    if short_name(shown) != port:
        raise ValueError(f"it shows {ascii(shown)[:40]}")
    lines = interface_lines(config) or ()
    word = field_of(switchport, "Port Mode")
    untagged = field_of(switchport, "Ingress UnTagged VLAN ( NATIVE )")
    number = vid(int(untagged)) if untagged.isdecimal() else None
    mode = _mode(word)
    channel = re.match(r"\d+", value_of(lines, "channel-group "))
    return PortRow(
        port=port,
        mode=mode,
        shown_mode=ascii(word)[1:-1],
        allowed=VlanSet(vlan for vlan, _ in members(switchport)),
        native_vlan=number if mode == "trunk" else None,
        access_vlan=None if mode == "trunk" else number,
        channel=PortName(f"Po{channel[0]}") if channel else None,
        others=tuple(line for line in lines if not line.startswith("switchport trunk allowed vlan ")),
    )


def _mode(word: str) -> PortMode:
    """Tell trunks from everything else, none of which is adopted."""
    return "trunk" if word.lower() == "trunk" else "special"


def _vlan_block(claim: HasVlan, op: str, state: SwitchState) -> Block:
    line = f"vlan {claim.vlan} name {free_name(claim, state)}" if op == "add" else f"no vlan {claim.vlan}"
    return Block(enter="vlan database", mode="config-vlan", lines=(line,), claims=frozenset({claim}))
