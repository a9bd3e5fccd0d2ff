"""HP ProCurve, later ArubaOS-Switch: membership and addresses are both configured inside the VLAN. Pure.

Facts behind it: a tag leaves the VLAN a port is untagged in as it is; link aggregations are the ports ``Trk1``;
addresses, `trunk` lines and `ip routing` are read from the whole running configuration, since old releases cannot show
parts of it. The answer to `show vlans ports` and the refusals are known from published sessions. Not sourced: what
`write memory` says (nothing, it seems), how an empty MAC table looks, and a command that clears one ARP entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import neighbor_layouts, svi
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.config_text import lines_of, reading, section
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.mac_table import talkers
from trunkline.drivers.switch.state import Facts, GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.drivers.switch.vlan_members import member_blocks, port_row
from trunkline.drivers.switch.vlan_names import free_name
from trunkline.orchestrator.intents import Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

VLANS = "show vlans"
CONFIG = "show running-config"
VLAN_MODE = "vlan"

_PORT = r"[A-Za-z]?[0-9]+(?:/[A-Za-z]?[0-9]+)?|[Tt]rk[0-9]+"
_NO_SUCH_PORT = "Module not present for port or invalid port"
_VLANS_ANSWER = re.compile(r"^\s*1\s+\S.*\b(?:Yes|No)\b", re.MULTILINE)
_PORT_ANSWER = re.compile(rf"VLAN Information - for ports|^\s*{_NO_SUCH_PORT}", re.MULTILINE)
_CONFIG_ANSWER = re.compile(r"^Running configuration:.*^vlan 1$", re.MULTILINE | re.DOTALL)
_MACS_ANSWER = re.compile(r"Status and Counters - .*Address Table|^\s*MAC Address\b", re.MULTILINE)

_FORM = svi.AddressForm(masks=True, secondary="")
"""Further addresses look like the first one."""

GRAMMAR = Grammar(
    prompt=r"{hostname}[^\s()>#]*(?P<inside>\((?P<mode>[^)]+)\))?[>#] ?",
    modes=((re.compile(r"vlan-\d+"), VLAN_MODE),),
    rejected=re.compile(
        r"^\s*(?:Invalid input|Incomplete input|Ambiguous input|Module not present|Unable to|Error\b|Not authorized|"
        r"Authori[sz]ation (?:failed|denied)|Command authori[sz]ation|Unknown command|"
        r"VLAN \S+ .*(?:not|invalid|cannot)|The (?:VLAN )?name .*|"
        r".*\b(?:already (?:exists|in use|assigned)|not permitted|not allowed|does not exist|"
        r"not supported|duplicate|maximum number|cannot be|can not be|is invalid|out of range)\b)",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(r"^\s*(?:Saving|Warning: the .*will take effect after)", re.IGNORECASE),
    unknown=re.compile(r"(?:Invalid|Incomplete|Ambiguous) input", re.IGNORECASE),
    log_line=re.compile(r"^[IWMDE] \d\d/\d\d/\d\d \d\d:\d\d:\d\d \d{5} [\w.-]+: .*$\n?", re.MULTILINE),
    question=re.compile(
        r"\[y/n\]\s*\??\s*$|\(y/n\)\s*\??\s*$|-- MORE --.*$|any key to continue\s*$", re.IGNORECASE
    ),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="write memory",
    saved=re.compile(r"\A(?:\s*Saving[^\n]*)?\s*\Z"),
    backup=CONFIG,
    phrases={
        "exec": (),
        "config": (Phrase(pattern=re.compile(r"(?:no )?vlan (?P<vlans>\d+)")),),
        VLAN_MODE: (
            Phrase(pattern=re.compile(r'name "[A-Za-z0-9_-]{1,32}"')),
            Phrase(pattern=re.compile(rf"(?:no )?tagged (?P<ports>{_PORT})")),
            Phrase(pattern=svi.ADDRESS_LINE),
        ),
    },
    longest_line=80,
)

_VLAN_ROW = re.compile(
    r"^ *(?P<vlan>\d{1,4}) +(?P<name>\S.*?) +(?:\| +)?[A-Z][\w-]+ +(?:Yes|No)(?: +(?:Yes|No))? *$",
    re.MULTILINE,
)
_MEMBER_ROW = re.compile(
    r"^ *(?P<vlan>\d{1,4}) .* (?P<how>Tagged|Untagged|Auto|Forbid|No) *$", re.MULTILINE | re.IGNORECASE
)
_TRUNK = re.compile(r"trunk (?P<ports>\S+) (?P<name>trk\d+)(?: .*)?", re.IGNORECASE)
_MEMBERS = re.compile(r"(?:name|tagged|untagged|auto|forbid|no untagged|no tagged) .*|voice|jumbo")
_OF_A_VLAN = re.compile(rf"{_MEMBERS.pattern}|no ip address")


class HpProcurve(Discovering):
    """The dialect."""

    platform = "hp_procurve"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(neighbor_layouts.PROCURVE_LLDP,),
        macs=neighbor_layouts.PROCURVE_MACS,
        long_name=PortName,
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        queries = [Query(command=VLANS, answer=_VLANS_ANSWER), Query(command=CONFIG, answer=_CONFIG_ANSWER)]
        queries += [Query(command=_members_of(port), answer=_PORT_ANSWER) for port in scope.ports]
        vlans = sorted({vlan for _, vlan in scope.removals})
        return [*queries, *(Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans)]

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        config = outputs[CONFIG]
        with reading(VLANS):
            vlans = parse_vlans(outputs[VLANS])
        gateways = {}
        with reading(CONFIG):
            channels = parse_trunks(config)
            for key in scope.gateways:
                if key[0] is None and (row := _gateway(config, key[1])):
                    gateways[key] = row
        ports = {}
        for port in scope.ports:
            with reading(_members_of(port)):
                ports[port] = _port(port, outputs[_members_of(port)], channels)
        top = {line.strip() for line in lines_of(config)}
        most = re.search(r"Maximum VLANs to support\s*:\s*(\d+)", outputs[VLANS])
        return SwitchState(
            vlans=vlans,
            ports=ports,
            gateways=gateways,
            facts=Facts(
                most_vlans=int(most[1]) if most else None,
                routes_ipv4="ip routing" in top,
                routes_ipv6="ipv6 unicast-routing" in top,
            ),
            macs=talkers(
                {vlan: outputs[_macs_of(vlan)] for _, vlan in scope.removals},
                scope,
                rest=re.compile(rf" +(?P<port>{_PORT})(?= |$)"),
                name=str.lower,
            ),
            down={parent: "gives no sub-interfaces" for parent, _ in scope.gateways if parent is not None},
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN and direction."""
        del rules  # no port is converted
        blocks: list[Block] = []
        for change in changes:
            match change.claim:
                case HasVlan() as claim if change.op == "remove":
                    blocks.append(
                        Block(
                            enter=f"no {_vlan(claim.vlan)}",
                            mode="config",
                            lines=(),
                            claims=frozenset({claim}),
                        )
                    )
                case HasVlan() as claim:
                    lines: tuple[str, ...] = (f'name "{free_name(claim, state)}"',)
                    blocks.append(
                        Block(enter=_vlan(claim.vlan), mode=VLAN_MODE, lines=lines, claims=frozenset({claim}))
                    )
                case Gateway() as claim:
                    row = state.gateways.get((None, claim.vlan))
                    lines = (
                        svi.lines_to_add(claim, row, _FORM)
                        if change.op == "add"
                        else svi.lines_to_remove(row, _FORM)
                    )
                    blocks.append(
                        Block(enter=_vlan(claim.vlan), mode=VLAN_MODE, lines=lines, claims=frozenset({claim}))
                    )
                case _:
                    pass  # membership: below, by VLAN
        return [*blocks, *member_blocks(changes, enter=_vlan, mode=VLAN_MODE, words=str)]

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Refuse: no port is ever converted, so there is nothing to put back.

        Raises:
            ValueError: always.
        """
        del before
        raise ValueError(f"port {port} was not converted")

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the command that shows the VLAN's addresses."""
        del neighbor
        return Query(command=CONFIG, answer=_CONFIG_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Refuse: `clear arp` is for everybody, and a form for one address is not sourced.

        Raises:
            ValueError: the VLAN has an address, so that it may hold the entry.
        """
        if _gateway(gateway, neighbor.vlan) is None:
            return None
        raise ValueError("no command is known that clears one entry of this platform")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing, since nothing is cleared."""
        del neighbor, answer, seconds
        return ""


def parse_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `show vlans`, with a bar before the status or without, with a column for jumbo frames or without."""
    rows = {}
    for found in _VLAN_ROW.finditer(text.replace("\r", "")):
        number = vid(int(found["vlan"]))
        rows[number] = VlanRow(vlan=number, name=found["name"], active=True)
    return rows


def parse_trunks(config: str) -> dict[str, PortName]:
    """Read which ports are members of a link aggregation; keys are in lower case."""
    members: dict[str, PortName] = {}
    for line in lines_of(config):
        if found := _TRUNK.fullmatch(line):
            name = PortName(found["name"].capitalize())
            members |= dict.fromkeys(_spelled_out(found["ports"].lower()), name)
    return members


def _spelled_out(text: str) -> list[str]:
    """Spell a list of ports out: ``a1-a3,b7``."""
    ports = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        one, other = (re.fullmatch(r"(\S*?)(\d+)", end) for end in (first, last if dash else first))
        if one is None or other is None or one[1] != other[1]:
            raise ValueError(f"{text!r} is not a list of ports")
        ports += [f"{one[1]}{number}" for number in range(int(one[2]), int(other[2]) + 1)]
    return ports


def _port(port: PortName, text: str, channels: Mapping[str, PortName]) -> PortRow:
    if _NO_SUCH_PORT in text:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    tagged: list[int] = []
    untagged: Vid | None = None
    for found in _MEMBER_ROW.finditer(text.replace("\r", "")):
        if found["how"].lower() == "tagged":
            tagged.append(int(found["vlan"]))
        elif found["how"].lower() == "untagged":
            untagged = vid(int(found["vlan"]))
    channel = channels.get(port.lower())
    return port_row(port, tagged=VlanSet(tagged), untagged=untagged, keeps_untagged=True, channel=channel)


def _gateway(config: str, vlan: Vid) -> GatewayRow | None:
    lines = section(config, re.compile(_vlan(vlan)))
    row = svi.read_gateway(lines or (), plain=_OF_A_VLAN)
    return row if row.addresses or row.conflicts else None


def _vlan(vlan: Vid) -> str:
    return f"vlan {vlan}"


def _members_of(port: PortName) -> str:
    return f"show vlans ports {port} detail"


def _macs_of(vlan: Vid) -> str:
    return f"show mac-address vlan {vlan}"
