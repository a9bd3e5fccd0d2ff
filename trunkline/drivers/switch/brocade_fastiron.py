"""Brocade, later Ruckus FastIron (ICX): membership in `vlan N by port`, addresses on its `ve N`. Pure.

Facts behind it: `show running-config vlan` has the membership; `show interfaces brief` has every port and what it
carries untagged, also by `dual-mode`; a port that is tagged leaves the default VLAN on releases that know `dual-mode`,
so a port without tags is never adopted. Addresses are read from the whole running configuration. A VLAN gets the
virtual interface of its own number; one with another number is somebody else's. Not sourced: how link aggregations are
named inside a VLAN on all releases (``lag 1``, since 8.0.61), what is said without MACs, and a command that clears one
ARP or ND entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import neighbor_layouts, svi
from trunkline.drivers.switch.brocade_fastiron_tables import VlanText, parse_ports, parse_vlans
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.config_text import reading, section
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.mac_table import talkers
from trunkline.drivers.switch.state import GatewayRow, PortRow, SwitchState
from trunkline.drivers.switch.vlan_members import member_blocks, port_row
from trunkline.drivers.switch.vlan_names import free_name
from trunkline.orchestrator.intents import Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

VLANS = "show running-config vlan"
PORTS = "show interfaces brief"
CONFIG = "show running-config"
VLAN_MODE, VE_MODE = "config-vlan", "config-vif"

_PORT = r"[0-9]+(?:/[0-9]+)*|lag ?[0-9]+"
_VLANS_ANSWER = re.compile(r"^vlan 1 .*by port\s*$", re.MULTILINE)
_PORTS_ANSWER = re.compile(r"^Port +Link +State\b", re.MULTILINE)
_CONFIG_ANSWER = re.compile(r"^ver \S.*^end\s*$", re.MULTILINE | re.DOTALL)
_MACS_ANSWER = re.compile(r"^MAC-Address +Port\b|^Total .*entries", re.MULTILINE | re.IGNORECASE)
_FORM = svi.AddressForm(masks=True)

GRAMMAR = Grammar(
    prompt=r"{hostname}[^\s()>#]*(?P<inside>\((?P<mode>config[^)]*)\))?[>#] ?",
    modes=((re.compile(r"config-vlan-\d+"), VLAN_MODE), (re.compile(r"config-vif-\d+"), VE_MODE)),
    rejected=re.compile(
        r"^\s*(?:Invalid input|Incomplete command|Ambiguous input|Unrecognized command|Not authorized|Error\b|"
        r"IP/Port: Errno|Authori[sz]ation|Command authori[sz]ation|Warning: .*not |.*\b(?:Errno|errors?:|"
        r"already (?:exists|in use|configured)|not (?:a member|supported|allowed|permitted|found)|does not exist|"
        r"can ?not|failed|maximum|"
        r"duplicate|invalid|illegal)\b)",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(
        r"^\s*(?:(?:Added|Removed) (?:un)?tagged port|Port\(s\) .* already a member)", re.IGNORECASE
    ),
    unknown=re.compile(
        r"Invalid input|Incomplete command|Ambiguous input|Unrecognized command", re.IGNORECASE
    ),
    log_line=re.compile(r"^SYSLOG: <\d+>.*$\n?", re.MULTILINE),
    question=re.compile(r"\(enter '?y'? or '?n'?\):?\s*$|\[y/n\]\s*:?\s*$|--More--.*$", re.IGNORECASE),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="write memory",
    saved=re.compile(r"Write startup-config done", re.IGNORECASE),
    backup=CONFIG,
    phrases={
        "exec": (),
        "config": (
            Phrase(pattern=re.compile(r"vlan (?P<vlans>[0-9]+) by port")),
            Phrase(pattern=re.compile(r"no vlan (?P<vlans>[0-9]+)")),
            Phrase(pattern=re.compile(r"interface ve (?P<vlans>[0-9]+)")),
        ),
        VLAN_MODE: (
            Phrase(pattern=re.compile(r"name [A-Za-z0-9_-]{1,32}")),
            Phrase(pattern=re.compile(r"(?:no )?tagged ethe (?P<ports>[0-9]+(?:/[0-9]+)*)")),
            Phrase(pattern=re.compile(r"(?:no )?tagged (?P<ports>lag [0-9]+)")),
            Phrase(pattern=re.compile(r"(?:no )?router-interface ve (?P<vlans>[0-9]+)")),
        ),
        VE_MODE: (Phrase(pattern=svi.ADDRESS_LINE),),
    },
    longest_line=200,
)


class BrocadeFastiron(Discovering):
    """The dialect."""

    platform = "brocade_fastiron"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(neighbor_layouts.FASTIRON_LLDP,),
        macs=neighbor_layouts.FASTIRON_MACS,
        long_name=lambda name: PortName(re.sub(r"^lg(?=\d)", "lag", name)),
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        queries = [Query(command=VLANS, answer=_VLANS_ANSWER)]
        queries += [Query(command=PORTS, answer=_PORTS_ANSWER)] if scope.ports else []
        queries += [Query(command=CONFIG, answer=_CONFIG_ANSWER)] if scope.gateways else []
        vlans = sorted({vlan for _, vlan in scope.removals})
        return [*queries, *(Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans)]

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        with reading(VLANS):
            vlans = {each.row.vlan: each for each in parse_vlans(outputs[VLANS])}
        with reading(PORTS):
            brief = {
                name.lower(): (untagged, channel)
                for name, untagged, channel in parse_ports(outputs.get(PORTS, ""))
            }
            ports = {port: _port(port, brief.get(port.lower()), vlans) for port in scope.ports}
        gateways = {}
        with reading(CONFIG):
            for key in [key for key in scope.gateways if key[0] is None]:
                if (row := _gateway(outputs[CONFIG], key[1], vlans.get(key[1]))) is not None:
                    gateways[key] = row
        return SwitchState(
            vlans={vlan: each.row for vlan, each in vlans.items()},
            ports=ports,
            gateways=gateways,
            macs=talkers(
                {vlan: outputs[_macs_of(vlan)] for _, vlan in scope.removals},
                scope,
                rest=re.compile(r" +(?P<port>[0-9]+(?:/[0-9]+)*|lg[0-9]+)(?= |$)"),
                name=lambda port: port.lower().replace("lg", "lag"),
            ),
            down={parent: "gives no sub-interfaces" for parent, _ in scope.gateways if parent is not None},
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN and direction, two per gateway."""
        del rules  # no port is converted
        blocks: list[Block] = []
        for change in changes:
            match change.claim:
                case HasVlan() as claim if change.op == "remove":
                    enter = f"no vlan {claim.vlan}"
                    blocks.append(Block(enter=enter, mode="config", lines=(), claims=frozenset({claim})))
                case HasVlan() as claim:
                    lines = (f"name {free_name(claim, state)}",)
                    blocks.append(
                        Block(
                            enter=_enter(claim.vlan), mode=VLAN_MODE, lines=lines, claims=frozenset({claim})
                        )
                    )
                case Gateway() as claim:
                    blocks += _gateway_blocks(claim, change.op, state)
                case _:
                    pass  # membership: below, by VLAN
        return [*blocks, *member_blocks(changes, enter=_enter, mode=VLAN_MODE, words=_words)]

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Refuse: no port is ever converted, so there is nothing to put back.

        Raises:
            ValueError: always.
        """
        del before
        raise ValueError(f"port {port} was not converted")

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the command that shows the VLAN's virtual interface."""
        del neighbor
        return Query(command=CONFIG, answer=_CONFIG_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Refuse: no command that clears one entry is sourced.

        Raises:
            ValueError: the VLAN's virtual interface is there, so that it may hold the entry.
        """
        if _ve(gateway, neighbor.vlan) is None:
            return None
        raise ValueError("no command is known that clears one entry of this platform")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing, since nothing is cleared."""
        del neighbor, answer, seconds
        return ""


def _port(
    port: PortName, brief: tuple[Vid | None, PortName | None] | None, vlans: Mapping[Vid, VlanText]
) -> PortRow:
    key = port.lower()
    tagged = VlanSet(vlan for vlan, each in vlans.items() if key in each.tagged)
    untagged = next((vlan for vlan, each in vlans.items() if key in each.untagged), None)
    if brief is None and not key.startswith("lag"):
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    channel = None
    if brief is not None:
        untagged, channel = brief
    return port_row(
        port, tagged=VlanSet(tagged - {untagged}), untagged=untagged, keeps_untagged=False, channel=channel
    )


def _gateway(config: str, vlan: Vid, text: VlanText | None) -> GatewayRow | None:
    router = text.router if text else None
    if router not in {None, vlan}:
        return GatewayRow(addresses=frozenset(), conflicts=(f"router-interface ve {router}",))
    lines = _ve(config, vlan)
    if lines is None:
        return None
    if router is None:
        return GatewayRow(addresses=frozenset(), conflicts=(f"interface ve {vlan} of another VLAN",))
    return svi.read_gateway(lines)


def _ve(config: str, vlan: Vid) -> tuple[str, ...] | None:
    return section(config, re.compile(rf"interface ve {vlan}"))


def _gateway_blocks(claim: Gateway, op: str, state: SwitchState) -> list[Block]:
    claims: frozenset[Claim] = frozenset({claim})
    row = state.gateways.get((None, claim.vlan))
    word = "" if op == "add" else "no "
    lines = svi.lines_to_add(claim, row, _FORM) if op == "add" else svi.lines_to_remove(row, _FORM)
    place = (f"{word}router-interface ve {claim.vlan}",)
    blocks = [
        Block(enter=_enter(claim.vlan), mode=VLAN_MODE, lines=place, claims=claims),
        Block(enter=f"interface ve {claim.vlan}", mode=VE_MODE, lines=lines, claims=claims),
    ]
    return blocks if op == "add" else blocks[::-1]


def _enter(vlan: Vid) -> str:
    return f"vlan {vlan} by port"


def _words(port: PortName) -> str:
    return re.sub(r"(?<=lag)(?=\d)", " ", port) if port.startswith("lag") else f"ethe {port}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac-address vlan {vlan}"
