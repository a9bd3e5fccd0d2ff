"""Juniper Junos with the enhanced layer 2 software (ELS: EX2300 to EX9200, QFX). Pure.

Lines wait in a candidate of our own (`configure exclusive`) until `commit`, all or none, and a commit is for good. A
refused one is dropped with `rollback 0`. Behind it stands a real output of `show vlans`; ports are read from the
configuration itself, because only that says what a trunk may carry, and that was not checked against a device. Ports
that take their configuration from elsewhere (an interface range, a group) are not understood and not written.

A VLAN of ours is named after its id, since `set vlans NAME vlan-id` would give another VLAN of that name a new id. One
ARP entry is cleared with `clear arp hostname A interface I` (seen in a published session); how one IPv6 neighbor is
cleared is not sourced, so it is refused. With a revert timer it is
`commit confirmed`, and a second `commit` confirms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import juniper_config, neighbor_layouts
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, RevertTimer, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.juniper_tables import macs, macs_query, parse_vlans, stations
from trunkline.drivers.switch.state import GatewayKey, GatewayRow, PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

_ONLY_SET_LINES = r"(?!(?s:.*)^(?!(?:set|deactivate|protect) |\{\w|## |[ \t]*$))"
"""A refusal, or a part of the configuration that may not be seen, is no such line."""
VLANS = Query(
    command="show vlans",
    answer=re.compile(r"^Routing instance\s+VLAN name\s+Tag\s+Interfaces", re.MULTILINE),
)
VLAN_LINES = Query(
    command="show configuration vlans | display set",
    answer=re.compile(rf"\A{_ONLY_SET_LINES}", re.MULTILINE),
)
INTERFACE_LINES = Query(
    command="show configuration interfaces | display set",
    # All of them: there is always one that we came in by, so that nothing is never an answer.
    answer=re.compile(rf"\A{_ONLY_SET_LINES}(?=(?s:.*)^set interfaces )", re.MULTILINE),
)

_OURS = r"tl-[A-Za-z0-9_-]{1,29}"
_ANY_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_PORT = r"(?P<port>(?!irb)[a-z]+(?:-\d+(?:/\d+)*)?(?::\d+)?\d*)"
_IPV4 = r"(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})"
_PHRASES = {
    "exec": (
        Phrase(pattern=re.compile(rf"clear arp hostname {_IPV4} interface irb\.(?P<vlans>\d+)")),
        Phrase(pattern=re.compile(rf"clear arp hostname {_IPV4}")),
    ),
    "config": (
        Phrase(pattern=re.compile(rf"(?:set|delete) vlans {_OURS} vlan-id (?P<vlans>\d+)")),
        Phrase(pattern=re.compile(rf"set vlans {_OURS} description [A-Za-z0-9_-]{{1,32}}")),
        Phrase(pattern=re.compile(rf"delete vlans {_OURS}")),
        Phrase(
            pattern=re.compile(
                rf"(?:set|delete) interfaces {_PORT} unit 0 family ethernet-switching vlan members (?P<vlans>\d+)"
            )
        ),
        Phrase(
            pattern=re.compile(
                r"set interfaces irb unit (?P<vlans>\d+) family inet6? address [0-9A-Fa-f.:]+/\d+"
            )
        ),
        Phrase(pattern=re.compile(r"delete interfaces irb unit (?P<vlans>\d+)(?: disable)?")),
        Phrase(pattern=re.compile(rf"(?:set|delete) vlans {_ANY_NAME} l3-interface irb\.(?P<vlans>\d+)")),
    ),
}
GRAMMAR = Grammar(
    prompt=(
        r"(?:\{[^}\n]*\}\n?)?"
        r"(?:(?P<inside>\[edit(?P<mode>[^\]\n]*)\])\n{hostname}[^\s>#]*#|{hostname}[^\s>#]*>) ?"
    ),
    hostname_characters=246,
    enables=False,
    rejected=re.compile(
        r"^[ \t]*\^[ \t]*$"
        r"|^\s*(?:error:|syntax error|unknown command|missing (?:argument|mandatory)|invalid |ambiguous )"
        r"|^\s*warning: statement not found|statement does not exist|permission denied|commit failed",
        re.MULTILINE | re.IGNORECASE,
    ),
    # Nothing to clear is cleared.
    benign=re.compile(
        r"^\s*(?:warning: (?:uncommitted changes will be|statement already exists)|error: no entry for )",
        re.IGNORECASE,
    ),
    unknown=re.compile(r"syntax error|unknown command|missing argument", re.IGNORECASE),
    log_line=re.compile(r"^\{(?:master|backup|primary|secondary|linecard)[^}\n]*\}[ \t]*$\n?", re.MULTILINE),
    question=re.compile(r"\[yes,no\]\s*(?:\((?:yes|no)\))?\s*$|---\(more[^)\n]*\)---\s*$", re.IGNORECASE),
    enter_config="configure exclusive",
    leave_config="exit configuration-mode",
    leave_block="top",
    commit="commit",
    committed=re.compile(r"^commit complete\b", re.MULTILINE),
    discard="rollback 0",
    revert=RevertTimer(commit="commit confirmed {minutes}", confirm="commit", inside=True),
    save="",
    saved=re.compile(r"^commit complete\b", re.MULTILINE),
    backup="show configuration",
    phrases=_PHRASES,
    longest_line=400,
)

_ARP_ROW = re.compile(
    r"^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}[ \t]+(?P<address>[\d.]+)[ \t].*\bpermanent\b.*$",
    re.MULTILINE | re.IGNORECASE,
)


class JuniperJunos(Discovering):
    """The dialect."""

    platform = "juniper_junos"
    grammar = GRAMMAR
    # Of ports, nothing was checked against a device.
    blind = True
    discovery = Discovery(
        protocols=(neighbor_layouts.JUNOS_LLDP,), macs=neighbor_layouts.JUNOS_MACS, long_name=PortName
    )

    def station_queries(self) -> Sequence[Query]:
        """Ask for the table of addresses, and which VLAN the names in it are."""
        return [*super().station_queries(), VLANS]

    def stations(self, outputs: Mapping[str, str]) -> Mapping[tuple[PortName, Vid], frozenset[str]]:
        """Read both; an address in a VLAN without a number is not told."""
        table = outputs[neighbor_layouts.JUNOS_MACS.command]
        return stations(table, parse_vlans(outputs[VLANS.command]))

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        queries = [INTERFACE_LINES]
        if scope.switch.kind != "router":
            queries += [VLANS, VLAN_LINES]
            queries += [macs_query(vlan) for vlan in sorted({vlan for _, vlan in scope.removals})]
        return queries

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        lines = juniper_config.lines(outputs[INTERFACE_LINES.command])
        bindings = juniper_config.lines(outputs.get(VLAN_LINES.command, ""))
        vlans = parse_vlans(outputs.get(VLANS.command, ""))
        names = {row.name: number for number, row in vlans.items()}
        if scope.gateways and not bindings and names.keys() - {"default"}:
            raise ValueError(f"`{VLAN_LINES.command}`: it shows nothing, and `{VLANS.command}` shows VLANs")
        ports, gateways = {}, dict[GatewayKey, GatewayRow]()
        try:
            for port in () if scope.switch.kind == "router" else scope.ports:
                ports[port] = juniper_config.port(port, lines, names)
            for parent, vlan in scope.gateways:
                row = juniper_config.gateway(vlan, lines, bindings, names) if parent is None else None
                if row is not None:
                    gateways[None, vlan] = row
        except ValueError as error:
            raise ValueError(f"`{INTERFACE_LINES.command}`: {error}") from error
        return SwitchState(
            vlans=vlans,
            ports=ports,
            gateways=gateways,
            macs=macs(outputs, scope),
            down={
                parent: f"sub-interfaces of {self.platform} are not written; use an SVI"
                for parent, _ in scope.gateways
                if parent is not None
            },
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction, one per gateway."""
        del rules
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan() as claim:
                    blocks.append(_vlan_block(claim, change.op, state))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    blocks.append(_gateway_block(claim, change.op, state))
        for (port, op), vlans in ports.items():
            verb = "set" if op == "add" else "delete"
            claims: frozenset[Claim] = frozenset(Carries(port=port, vlan=vlan) for vlan in vlans)
            # One id per line: what is set as a range cannot be deleted by its parts.
            lines = tuple(
                f"{verb} interfaces {port} unit 0 family ethernet-switching vlan members {vlan}"
                for vlan in sorted(vlans)
            )
            blocks.append(_block(lines, claims))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Refuse: no port is made a trunk, so none is made what it was.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"port {port} was not adopted: it is {before.shown_mode or before.mode}")

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the gateway's interface of a neighbor is configured."""
        del neighbor
        return INTERFACE_LINES

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how an ARP entry is cleared; an interface that is not there holds none.

        Raises:
            ValueError: it is an IPv6 neighbor, or one behind a sub-interface.
        """
        if neighbor.parent is not None:
            raise ValueError(f"sub-interfaces of {self.platform} are not written")
        if not juniper_config.of_interface(f"irb unit {neighbor.vlan}", juniper_config.lines(gateway)):
            return None
        if neighbor.address.version != 4:  # noqa: PLR2004  # IPv4
            raise ValueError(f"how {self.platform} clears one IPv6 neighbor is not known")
        command = f"clear arp hostname {neighbor.address}"
        return Forgetting(
            commands=(f"{command} interface irb.{neighbor.vlan}", command),
            proof=Query(
                command=f"show arp no-resolve interface irb.{neighbor.vlan}",
                answer=re.compile(
                    r"\A(?!.*^\s*(?:error:|syntax error|unknown|\^))", re.MULTILINE | re.DOTALL
                ),
            ),
        )

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's entry if it was configured; the age of others is not shown."""
        del seconds
        for row in _ARP_ROW.finditer(answer.replace("\r", "")):
            if row["address"] == str(neighbor.address):
                return re.sub(r"\s+", " ", row[0]).strip()
        return ""


def name_of(vlan: Vid, state: SwitchState) -> str:
    """Give the name of a VLAN: the one that it has, else one of ours that no other VLAN has."""
    if vlan in state.vlans:
        return state.vlans[vlan].name
    taken = {row.name for row in state.vlans.values()}
    name = f"tl-vlan{vlan}"
    while name in taken:
        name += "x"
    return name


def _vlan_block(claim: HasVlan, op: str, state: SwitchState) -> Block:
    name = name_of(claim.vlan, state)
    if op == "add":
        lines = (f"set vlans {name} vlan-id {claim.vlan}", f"set vlans {name} description {claim.name}")
    else:
        # The id is named before the whole VLAN goes, so that it is that one.
        lines = (f"delete vlans {name} vlan-id {claim.vlan}", f"delete vlans {name}")
    return _block(lines, frozenset({claim}), stepwise=op == "remove")


def _gateway_block(claim: Gateway, op: str, state: SwitchState) -> Block:
    row = state.gateways.get((None, claim.vlan))
    binding = f"vlans {name_of(claim.vlan, state)} l3-interface irb.{claim.vlan}"
    is_bound = row is not None and row.tagged == claim.vlan
    unit = f"interfaces irb unit {claim.vlan}"
    lines: tuple[str, ...]
    if op == "remove":
        lines = (f"delete {unit}", *((f"delete {binding}",) if is_bound else ()))
    else:
        missing = [address for address in claim.addresses if row is None or address not in row.addresses]
        lines = tuple(
            f"set {unit} family {'inet' if address.version == 4 else 'inet6'} address {address}"  # noqa: PLR2004  # IPv4
            for address in missing
        )
        lines += () if is_bound else (f"set {binding}",)
        lines += (f"delete {unit} disable",) if row is not None and row.shutdown and is_bound else ()
    return _block(lines, frozenset({claim}))


def _block(lines: tuple[str, ...], claims: frozenset[Claim], *, stepwise: bool = False) -> Block:
    return Block(enter=lines[0], mode="config", lines=lines[1:], claims=claims, stepwise=stepwise)
