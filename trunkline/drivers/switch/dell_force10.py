"""Dell FTOS, later DNOS 9 (Force10): membership is configured in `interface vlan N`, which is the VLAN as well. Pure.

Facts behind it, from Dell's configuration guides: a port must be in `switchport` mode to be tagged, and only one in
`portmode hybrid` may be tagged and untagged at once, which cannot be said while it is a switch port: so a port that is
only untagged is adopted if it is hybrid, and else it is somebody's to convert by hand. `show vlan` shows the
description and not the name, so that is what we write. `clear arp-cache ip A.B.C.D` is there too; nothing is sourced
for IPv6 neighbors and VRFs, nor what `show running-config interface` says of an interface that is not there, how an
empty MAC table looks, and what `write memory` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, ip_address

from trunkline.drivers.switch import neighbor_layouts, svi
from trunkline.drivers.switch.cisco_tables import written_out
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.config_text import reading, section
from trunkline.drivers.switch.dell_vlans import (
    VLANS,
    VLANS_ANSWER,
    Membership,
    key_of,
    parse_vlans,
    tagged_and_untagged,
)
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.mac_table import talkers
from trunkline.drivers.switch.state import GatewayRow, PortRow, SwitchState
from trunkline.drivers.switch.vlan_members import member_blocks, port_row
from trunkline.orchestrator.intents import Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

VLAN_MODE = "conf-if-vl"

_NO_SUCH = r"% ?Error: (?!.*authori[sz])(?:No such|Invalid (?!input)|.*\b(?:not|does not) (?:exist|present|configured))"
_INTERFACE_ANSWER = re.compile(rf"^interface \S|^{_NO_SUCH}", re.MULTILINE | re.IGNORECASE)
_MACS_ANSWER = re.compile(r"^ *VlanId +Mac Address\b", re.MULTILINE | re.IGNORECASE)
_ARP_ANSWER = re.compile(r"^Protocol +Address\b", re.MULTILINE)
_PORT = r"[A-Za-z][A-Za-z-]* ?[0-9]+(?:/[0-9]+)*"
_FORM = svi.AddressForm()

GRAMMAR = Grammar(
    prompt=r"{hostname}[^\s()>#]*(?P<inside>\((?P<mode>conf[^)]*)\))?[>#] ?",
    modes=((re.compile(r"conf"), "config"), (re.compile(r"conf-if-vl-\d+"), VLAN_MODE)),
    rejected=re.compile(
        r"^\s*(?:%(?!\s*$)|Error\b|Command (?:fail|not )|\^\s*$)", re.MULTILINE | re.IGNORECASE
    ),
    benign=re.compile(r"^\s*% ?(?:Warning|Info)\b", re.IGNORECASE),
    unknown=re.compile(r"% ?Error: (?:Invalid input|Incomplete|Ambiguous|Unknown)", re.IGNORECASE),
    log_line=re.compile(
        r"^(?:\w{3} {1,3}\d{1,4} [\d:. ]{1,40}\S{0,12}: )?%[A-Z0-9:_-]+ %?[A-Z0-9_]+-\d-[A-Z0-9_]+: .*$\n?",
        re.MULTILINE,
    ),
    question=re.compile(r"\[(?:confirm|yes/no|y/n)\]\s*:?\s*$|--More--\s*$", re.IGNORECASE),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="write memory",
    saved=re.compile(r"^!+\s*$|FILESAVED", re.MULTILINE),
    backup="show running-config",
    phrases={
        "exec": (
            Phrase(pattern=re.compile(r"clear arp-cache ip (?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})")),
        ),
        "config": (Phrase(pattern=re.compile(r"(?:no )?interface vlan (?P<vlans>\d+)")),),
        VLAN_MODE: (
            Phrase(pattern=re.compile(r"description [A-Za-z0-9_-]{1,32}")),
            Phrase(pattern=re.compile(rf"(?:no )?tagged (?P<ports>{_PORT})")),
            Phrase(pattern=svi.ADDRESS_LINE),
            Phrase(pattern=re.compile(r"no shutdown")),
        ),
    },
    longest_line=200,
)

_CHANNEL = re.compile(r"port-channel (?P<number>\d+) mode \S+")
_PLAIN = re.compile(r"(?:no )?(?:un)?tagged .*|description .*|name .*")
_ARP_ROW = re.compile(
    r"^Internet +(?P<address>[\d.]+) +(?P<age>\d+|-) +(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b.*$",
    re.MULTILINE | re.IGNORECASE,
)


_LONG_NAMES = {
    "gi": "GigabitEthernet",
    "te": "TenGigabitEthernet",
    "tf": "twentyFiveGigE",
    "fo": "fortyGigE",
    "fi": "fiftyGigE",
    "hu": "hundredGigE",
    "po": "Port-channel",
    "ma": "ManagementEthernet",
}


class DellForce10(Discovering):
    """The dialect."""

    platform = "dell_force10"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(neighbor_layouts.FORCE10_LLDP,),
        macs=neighbor_layouts.FORCE10_MACS,
        long_name=lambda name: written_out(name, _LONG_NAMES),
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        queries = [Query(command=VLANS, answer=VLANS_ANSWER)]
        names = [
            *map(spaced, scope.ports),
            *(_vlan(vlan) for parent, vlan in scope.gateways if parent is None),
        ]
        queries += [Query(command=_running(name), answer=_INTERFACE_ANSWER) for name in names]
        vlans = sorted({vlan for _, vlan in scope.removals})
        return [*queries, *(Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans)]

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        with reading(VLANS):
            vlans, members = parse_vlans(outputs[VLANS])
        gateways = {}
        for key in [key for key in scope.gateways if key[0] is None]:
            command = _running(_vlan(key[1]))
            with reading(command):
                if row := _gateway(outputs[command], key[1], is_there=key[1] in vlans):
                    gateways[key] = row
        ports = {}
        for port in scope.ports:
            with reading(_running(spaced(port))):
                ports[port] = _port(port, outputs[_running(spaced(port))], members)
        return SwitchState(
            vlans=vlans,
            ports=ports,
            gateways=gateways,
            macs=talkers(
                {vlan: outputs[_macs_of(vlan)] for _, vlan in scope.removals},
                scope,
                rest=re.compile(rf" +[A-Za-z]+ +(?P<port>{_PORT})(?= |$)"),
                name=key_of,
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
                    enter = f"no interface {_vlan(claim.vlan)}"
                    blocks.append(Block(enter=enter, mode="config", lines=(), claims=frozenset({claim})))
                case HasVlan() as claim:
                    blocks.append(_block(claim, (f"description {claim.name}",)))
                case Gateway() as claim:
                    row = state.gateways.get((None, claim.vlan))
                    lines = svi.lines_to_remove(row, _FORM)
                    if change.op == "add":
                        lines = (*svi.lines_to_add(claim, row, _FORM), "no shutdown")
                    blocks.append(_block(claim, lines))
                case _:
                    pass  # membership: below, by VLAN
        members = member_blocks(
            changes, enter=lambda vlan: f"interface {_vlan(vlan)}", mode=VLAN_MODE, words=spaced
        )
        return [*blocks, *members]

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Refuse: no port is ever converted, so there is nothing to put back.

        Raises:
            ValueError: always.
        """
        del before
        raise ValueError(f"port {port} was not converted")

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the VLAN's interface is configured."""
        return Query(command=_running(_vlan(neighbor.vlan)), answer=_INTERFACE_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how a neighbor is forgotten.

        Raises:
            ValueError: it is an IPv6 neighbor, or the VLAN is in a VRF: no command is sourced for either.
        """
        lines = _section(gateway, neighbor.vlan)
        if lines is None:
            return None
        if not isinstance(neighbor.address, IPv4Address) or any("vrf" in line for line in lines):
            raise ValueError(
                "no command is known that clears one IPv6 neighbor, or one in a VRF, of this platform"
            )
        return Forgetting(
            commands=(f"clear arp-cache ip {neighbor.address}",),
            proof=Query(command=f"show arp ip {neighbor.address}", answer=_ARP_ANSWER),
        )

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's row, unless it can be younger than these seconds; ages are whole minutes."""
        for row in _ARP_ROW.finditer(answer.replace("\r", "")):
            is_old = row["age"] == "-" or int(row["age"]) * 60 > seconds
            if is_old and row["address"] == str(ip_address(neighbor.address)):
                return re.sub(r"\s+", " ", row[0]).strip()
        return ""


def spaced(port: PortName) -> str:
    """Write a port as FTOS takes it, with a blank before its place: ``TenGigabitEthernet 0/1``."""
    return re.sub(r"(?<=[A-Za-z])(?=\d)", " ", port, count=1)


def _block(claim: HasVlan | Gateway, lines: tuple[str, ...]) -> Block:
    return Block(
        enter=f"interface {_vlan(claim.vlan)}", mode=VLAN_MODE, lines=lines, claims=frozenset({claim})
    )


def _port(port: PortName, text: str, members: tuple[Membership, ...]) -> PortRow:
    lines = section(text, re.compile(rf"interface {re.escape(spaced(port))}", re.IGNORECASE))
    if lines is None:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    channel = next((found for line in lines if (found := _CHANNEL.fullmatch(line))), None)
    if "switchport" not in lines and channel is None:
        return PortRow(port=port, mode="routed", allowed=VlanSet(), others=lines)
    tagged, untagged = tagged_and_untagged(port, members)
    return port_row(
        port,
        tagged=tagged,
        untagged=untagged,
        keeps_untagged="portmode hybrid" in lines,
        channel=PortName(f"Port-channel{channel['number']}") if channel else None,
        others=lines,
    )


def _section(text: str, vlan: Vid) -> tuple[str, ...] | None:
    return section(text, re.compile(rf"interface {_vlan(vlan)}", re.IGNORECASE))


def _gateway(text: str, vlan: Vid, *, is_there: bool) -> GatewayRow | None:
    lines = _section(text, vlan)
    if lines is None and is_there:
        raise ValueError(f"VLAN {vlan} is there, but its configuration is not shown")
    row = svi.read_gateway(lines or (), plain=_PLAIN)
    return row if row.addresses or row.conflicts else None


def _vlan(vlan: Vid) -> str:
    return f"vlan {vlan}"


def _running(interface: str) -> str:
    return f"show running-config interface {interface}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac-address-table vlan {vlan}"
