"""HPE Aruba AOS-CX: the port has a list that every line adds to or takes from. Pure.

Facts behind it: `vlan trunk allowed N` adds N and its `no` form with a list takes just that away (as OpenStack's
networking-generic-switch and hier_config use them); a trunk without a list carries every VLAN, so the last one is never
taken away; addresses are read from the whole running configuration. A routed port is never made a switch port. Not
sourced: what is said of a port that is not there, how an empty MAC table looks, what reason `show vlan` gives for a
VLAN that is shut down, and a command that clears one ARP or ND entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import neighbor_layouts, svi
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.config_text import reading, section
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.mac_table import talkers
from trunkline.drivers.switch.state import GatewayRow, PortMode, PortRow, SwitchState, VlanRow
from trunkline.drivers.switch.vlan_names import free_name
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import LOWEST, Vid, VlanSet, vid

VLANS = "show vlan"
CONFIG = "show running-config"
PORT_MODE, VLAN_MODE, SVI_MODE = "config-if", "config-vlan", "config-if-vlan"

_PORT = r"[0-9]+/[0-9]+/[0-9]+(?::[0-9]+)?|lag ?[0-9]+"
_LIST = r"[0-9]+(?:[,-][0-9]+)*"
_VLANS_ANSWER = re.compile(r"^1 +\S+ +(?:up|down) ", re.MULTILINE)
_CONFIG_ANSWER = re.compile(r"^Current configuration:.*^vlan 1\b", re.MULTILINE | re.DOTALL)
_INTERFACE_ANSWER = re.compile(r"^interface \S", re.MULTILINE)
_MACS_ANSWER = re.compile(r"^MAC Address +VLAN\b|^No MAC entries found", re.MULTILINE | re.IGNORECASE)
_FORM = svi.AddressForm()

GRAMMAR = Grammar(
    prompt=r"{hostname}[^\s()>#]*(?P<inside>\((?P<mode>config[^)]*)\))?[>#] ?",
    modes=((re.compile(r"config-vlan-\d+"), VLAN_MODE), (re.compile(r"config-lag-if"), PORT_MODE)),
    rejected=re.compile(
        r"^\s*(?:%(?!\s*$)|Invalid\b|Incomplete|Ambiguous|Unknown command|Error\b|Cannot\b|Failed\b|"
        r"Command incomplete|Not authorized|.*\b(?:authorization failed|"
        r"already (?:exists|in use|assigned|configured on)|not (?:found|allowed|permitted|supported)|does not exist|"
        r"overlaps|exceeds|out of range)\b)",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(r"^\s*Copying configuration", re.IGNORECASE),
    unknown=re.compile(r"Invalid input|Command incomplete|Ambiguous|Unknown command", re.IGNORECASE),
    log_line=re.compile(r"^\d{4}-\d\d-\d\dT\S+ \S+ [\w-]+\[\d+\]: Event\|.*$\n?", re.MULTILINE),
    question=re.compile(r"\(y/n\)\s*\??\s*$|\[y/n\]\s*\??\s*$|-- MORE --.*$", re.IGNORECASE),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="write memory",
    saved=re.compile(r"\[Success\]"),
    backup=CONFIG,
    phrases={
        "exec": (),
        "config": (
            Phrase(pattern=re.compile(r"(?:no )?vlan (?P<vlans>[0-9]+)")),
            Phrase(pattern=re.compile(r"(?:no )?interface vlan (?P<vlans>[0-9]+)")),
            Phrase(pattern=re.compile(rf"interface (?P<port>{_PORT})")),
        ),
        VLAN_MODE: (Phrase(pattern=re.compile(r"name [A-Za-z0-9_-]{1,32}")),),
        SVI_MODE: (Phrase(pattern=svi.ADDRESS_LINE), Phrase(pattern=re.compile(r"no shutdown"))),
        PORT_MODE: (
            Phrase(pattern=re.compile(rf"(?:no )?vlan trunk allowed (?P<vlans>{_LIST})")),
            Phrase(
                pattern=re.compile(r"vlan (?:trunk allowed|trunk native|access) (?P<untagged>[0-9]+)"),
                converts=True,
            ),
        ),
    },
    longest_line=250,
)

_VLAN_ROW = re.compile(
    r"^(?P<vlan>\d{1,4}) +(?P<name>\S+) +(?:up|down) +(?P<reason>\S+) +\S+(?: .*)?$", re.MULTILINE
)
_LAG = re.compile(r"lag (?P<number>\d+)")
_ACCESS = re.compile(r"vlan access (?P<vlan>\d+)")
_NATIVE = re.compile(r"vlan trunk native (?P<vlan>\d+)(?: tag)?")
_ALLOWED = re.compile(rf"vlan trunk allowed (?P<vlans>all|{_LIST})")
_OURS_ON_A_PORT = re.compile(r"vlan (?:access|trunk) .*")


class ArubaAosCx(Discovering):
    """The dialect."""

    platform = "aruba_aoscx"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(neighbor_layouts.AOSCX_LLDP,),
        macs=neighbor_layouts.AOSCX_MACS,
        long_name=PortName,
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        queries = [Query(command=VLANS, answer=_VLANS_ANSWER)]
        queries += [Query(command=_running(port), answer=_INTERFACE_ANSWER) for port in scope.ports]
        queries += [Query(command=CONFIG, answer=_CONFIG_ANSWER)] if scope.gateways else []
        vlans = sorted({vlan for _, vlan in scope.removals})
        return [*queries, *(Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans)]

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        with reading(VLANS):
            vlans = parse_vlans(outputs[VLANS])
        gateways = {}
        with reading(CONFIG):
            for key in [key for key in scope.gateways if key[0] is None]:
                if (row := _gateway(outputs[CONFIG], key[1])) is not None:
                    gateways[key] = row
        ports = {}
        for port in scope.ports:
            with reading(_running(port)):
                ports[port] = _port(port, outputs[_running(port)])
        return SwitchState(
            vlans=vlans,
            ports=ports,
            gateways=gateways,
            macs=talkers(
                {vlan: outputs[_macs_of(vlan)] for _, vlan in scope.removals},
                scope,
                rest=re.compile(rf" +\d+ +\S+ +(?P<port>{_PORT})(?= |$)"),
                name=str.lower,
            ),
            down={parent: "gives no sub-interfaces" for parent, _ in scope.gateways if parent is not None},
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction, one per gateway."""
        del rules  # a port keeps the VLAN it is untagged in
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan() as claim:
                    blocks.append(_vlan_block(claim, change.op, state))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    blocks += _gateway_blocks(claim, change.op, state)
        for (port, op), vlans in ports.items():
            blocks.append(_trunk_block(port, op, VlanSet(vlans), state.ports[port]))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Write the block that makes a half adopted port an access port again; that drops its list."""
        return Block(
            enter=f"interface {_spaced(port)}",
            mode=PORT_MODE,
            lines=(f"vlan access {before.access_vlan or LOWEST}",),
            claims=frozenset(),
            stepwise=True,
        )

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the command that shows the VLAN's layer 3 interface."""
        del neighbor
        return Query(command=CONFIG, answer=_CONFIG_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Refuse: no command that clears one entry is sourced.

        Raises:
            ValueError: the VLAN's interface is there, so that it may hold the entry.
        """
        if _gateway(gateway, neighbor.vlan) is None:
            return None
        raise ValueError("no command is known that clears one entry of this platform")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing, since nothing is cleared."""
        del neighbor, answer, seconds
        return ""


def parse_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `show vlan`; a VLAN without a port that is up is shown as down, and yet in order."""
    rows = {}
    for found in _VLAN_ROW.finditer(text.replace("\r", "")):
        number = vid(int(found["vlan"]))
        rows[number] = VlanRow(vlan=number, name=found["name"], active="admin" not in found["reason"].lower())
    return rows


def _port(port: PortName, text: str) -> PortRow:
    lines = section(text, re.compile(rf"interface {re.escape(_spaced(port))}(?: .*)?"))
    if lines is None:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    lags = [found["number"] for line in lines if (found := _LAG.fullmatch(line))]
    access = [vid(int(found["vlan"])) for line in lines if (found := _ACCESS.fullmatch(line))]
    native = [vid(int(found["vlan"])) for line in lines if (found := _NATIVE.fullmatch(line))]
    lists = [_listed(line) for line in lines if line.startswith("vlan trunk allowed")]
    mode: PortMode = "routed"
    if native or lists:
        mode = "trunk"
    elif access or "no routing" in lines:
        mode = "access"
    is_trunk = mode == "trunk"
    untagged = next(iter(native if is_trunk else access), LOWEST)
    return PortRow(
        port=port,
        mode=mode,
        allowed=VlanSet(frozenset().union(*lists)) if lists or not is_trunk else VlanSet.every(),
        native_vlan=untagged if is_trunk else None,
        access_vlan=None if mode == "routed" else untagged,
        channel=PortName(f"lag{lags[0]}") if lags else None,
        others=tuple(line for line in lines if not _OURS_ON_A_PORT.fullmatch(line)),
        opens_when_empty=True,
    )


def _listed(line: str) -> VlanSet:
    found = _ALLOWED.fullmatch(line)
    if found is None:
        raise ValueError(f"{line!r} is not a list of VLANs")
    return VlanSet.parse(found["vlans"])


def _gateway(config: str, vlan: Vid) -> GatewayRow | None:
    lines = section(config, re.compile(rf"interface vlan ?{vlan}"))
    return None if lines is None else svi.read_gateway(lines)


def _vlan_block(claim: HasVlan, op: str, state: SwitchState) -> Block:
    enter, claims = f"vlan {claim.vlan}", frozenset({claim})
    if op == "remove":
        return Block(enter=f"no {enter}", mode="config", lines=(), claims=claims)
    return Block(enter=enter, mode=VLAN_MODE, lines=(f"name {free_name(claim, state)}",), claims=claims)


def _trunk_block(port: PortName, op: str, vlans: VlanSet, row: PortRow) -> Block:
    claims: frozenset[Claim] = frozenset(Carries(port=port, vlan=vlan) for vlan in vlans)
    adopts = op == "add" and row.mode != "trunk"
    lines: tuple[str, ...] = ()
    if adopts:
        # The list comes first, so that it never opens to every VLAN.
        native = row.access_vlan or LOWEST
        lines = (f"vlan trunk allowed {native}", f"vlan trunk native {native}")
    word = "" if op == "add" else "no "
    lines += tuple(f"{word}vlan trunk allowed {part}" for part in vlans.chunks(180))
    enter = f"interface {_spaced(port)}"
    return Block(enter=enter, mode=PORT_MODE, lines=lines, claims=claims, stepwise=adopts)


def _gateway_blocks(claim: Gateway, op: str, state: SwitchState) -> list[Block]:
    enter, claims = f"interface vlan {claim.vlan}", frozenset[Claim]({claim})
    row = state.gateways.get((None, claim.vlan))
    if op == "add":
        lines = (*svi.lines_to_add(claim, row, _FORM), "no shutdown")
        return [Block(enter=enter, mode=SVI_MODE, lines=lines, claims=claims)]
    return [
        Block(enter=enter, mode=SVI_MODE, lines=svi.lines_to_remove(row, _FORM), claims=claims),
        Block(enter=f"no {enter}", mode="config", lines=(), claims=claims),
    ]


def _spaced(port: PortName) -> str:
    """Write a port as AOS-CX takes it: ``1/1/1``, ``lag 10``."""
    return re.sub(r"(?<=lag)(?=\d)", " ", port)


def _running(port: PortName) -> str:
    return f"{CONFIG} interface {_spaced(port)}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac-address-table vlan {vlan}"
