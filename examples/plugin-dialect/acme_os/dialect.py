"""Acme OS, an invented switch: what its command line prints, and what is typed there. Pure.

sw1> show vlans                sw1> show port eth1            sw1> show ip-interface vlan10
VLAN  NAME     STATE           port eth1                      ip-interface vlan10
1     default  up              role trunk                     address 192.0.2.1/28
10    tl-web   up              untagged 1
                               tagged 10,20-29                sw1> show ip-interface vlan11
                                                              no such ip-interface
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_interface

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.state import Facts, GatewayKey, GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

VLANS = "show vlans"
LONGEST_LINE = 120
_VLANS_ANSWER = re.compile(r"^VLAN +NAME +STATE$", re.MULTILINE)
_PORT_ANSWER = re.compile(r"^port \S|^no such port$", re.MULTILINE)
_MACS_ANSWER = re.compile(r"^MAC +PORT$", re.MULTILINE)
_GATEWAY_ANSWER = re.compile(r"^ip-interface \S|^no such ip-interface$", re.MULTILINE)
_VLAN_ROW = re.compile(r"^(?P<vlan>\d+) +(?P<name>\S+) +(?P<state>up|off)$", re.MULTILINE)
_MAC_ROW = re.compile(r"^(?P<mac>(?:[0-9a-f]{2}:){5}[0-9a-f]{2}) +(?P<port>\S+)$", re.MULTILINE)
_ADDRESS = r"address [0-9a-f:.]+/\d+"

GRAMMAR = Grammar(
    prompt=r"{hostname}(?P<inside>\[(?P<mode>[^\]]+)\])?> ?",
    modes=(
        (re.compile(r"configure"), "config"),
        (re.compile(r"port \S+"), "port"),
        (re.compile(r"ip-interface \S+"), "ip-interface"),
    ),
    rejected=re.compile(r"^error: ", re.MULTILINE),
    benign=re.compile(r"(?!)"),  # nothing looks like an error and is none
    unknown=re.compile(r"^error: unknown command", re.MULTILINE),
    log_line=re.compile(r"^LOG .*$\n?", re.MULTILINE),
    question=re.compile(r"\(yes/no\) $"),
    enter_config="configure",
    leave_config="done",
    leave_block="back",
    save="save config",
    saved=re.compile(r"^configuration saved$", re.MULTILINE),
    backup="show config",
    # Groups tell the guard what a line is about, so that it can hold it back. No phrase takes free text.
    phrases={
        "config": (
            Phrase(pattern=re.compile(r"vlan (?P<vlans>\d+) name [A-Za-z0-9_-]{1,32}")),
            Phrase(pattern=re.compile(r"no vlan (?P<vlans>\d+)")),
            Phrase(pattern=re.compile(r"port (?P<port>eth\d+)")),
            Phrase(pattern=re.compile(r"(?:no )?ip-interface vlan(?P<vlans>\d+)")),
        ),
        "port": (Phrase(pattern=re.compile(r"tagged (?:add|remove) (?P<vlans>[\d,-]+)")),),
        "ip-interface": (Phrase(pattern=re.compile(_ADDRESS)),),
    },
    longest_line=LONGEST_LINE,
)


class AcmeOs:
    """The dialect."""

    platform = "acme_os"
    grammar = GRAMMAR
    blind = True  # nobody has captured what a real one prints

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands for this scope."""
        queries = [Query(command=VLANS, answer=_VLANS_ANSWER)]
        queries += [Query(command=_port(port), answer=_PORT_ANSWER) for port in scope.ports]
        queries += [Query(command=_macs(vlan), answer=_MACS_ANSWER) for _, vlan in scope.removals]
        queries += [
            Query(command=_gateway(vlan), answer=_GATEWAY_ANSWER)
            for parent, vlan in scope.gateways
            if parent is None
        ]
        return list(dict.fromkeys(queries))

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what they print.

        Raises:
            ValueError: an output says what it cannot say.
        """
        vlans = {}
        for row in _VLAN_ROW.finditer(outputs[VLANS]):
            number = vid(int(row["vlan"]))
            vlans[number] = VlanRow(vlan=number, name=row["name"], active=row["state"] == "up")
        gateways: dict[GatewayKey, GatewayRow] = {}
        for parent, vlan in scope.gateways:
            if parent is None and (fields := _fields(outputs[_gateway(vlan)], "ip-interface")):
                addresses = [ip_interface(text) for text in fields.get("address", [])]
                gateways[parent, vlan] = GatewayRow(addresses=frozenset(addresses))
        macs = {
            (port, vlan): frozenset(
                row["mac"] for row in _MAC_ROW.finditer(outputs[_macs(vlan)]) if row["port"] == port
            )
            for port, vlan in scope.removals
        }
        return SwitchState(
            vlans=vlans,
            ports={port: _port_row(port, outputs[_port(port)]) for port in scope.ports},
            gateways=gateways,
            facts=Facts(routes_ipv4=True, routes_ipv6=True),
            macs=macs,
            # What cannot be had is said here, and the operator is told before anything is written.
            down={
                parent: "Acme OS has no sub-interfaces" for parent, _ in scope.gateways if parent is not None
            },
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: a line per VLAN, a block per port and direction, one or two per gateway."""
        del rules
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan(vlan=vlan, name=name) as claim:
                    line = f"vlan {vlan} name {name}" if change.op == "add" else f"no vlan {vlan}"
                    blocks.append(Block(enter=line, mode="config", lines=(), claims=frozenset({claim})))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    blocks.append(_gateway_block(claim, change.op, state))
        blocks += [_port_block(port, op, VlanSet(vlans), state) for (port, op), vlans in ports.items()]
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Write nothing: no port is ever made a trunk here."""
        raise NotImplementedError

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the gateway's interface of a neighbor is configured."""
        return Query(command=_gateway(neighbor.vlan), answer=_GATEWAY_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Say that it cannot.

        Raises:
            ValueError: always, as long as there is an interface.
        """
        if not _fields(gateway, "ip-interface"):
            return None
        raise ValueError(f"Acme OS has no command that forgets {neighbor.address} alone")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing: nothing is ever cleared here."""
        raise NotImplementedError


def _port(port: PortName) -> str:
    return f"show port {port}"


def _macs(vlan: Vid) -> str:
    return f"show macs vlan {vlan}"


def _gateway(vlan: Vid) -> str:
    return f"show ip-interface vlan{vlan}"


def _fields(text: str, first: str) -> dict[str, list[str]]:
    """Read lines of a word and its value; nothing when the first word is not there, since there is no such thing."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        word, _, value = line.strip().partition(" ")
        found.setdefault(word, []).append(value)
    return found if first in found else {}


def _port_row(port: PortName, text: str) -> PortRow:
    fields = _fields(text, "port")
    if not fields:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    (role,) = fields.get("role", [""])
    untagged = vid(int(fields.get("untagged", ["1"])[0]))
    return PortRow(
        port=port,
        # "special" is never made a trunk: `adopt: true` is answered with the reason.
        mode="trunk" if role == "trunk" else "special",
        shown_mode=role,
        allowed=VlanSet({*VlanSet.parse(fields.get("tagged", [""])[0]), untagged}),
        native_vlan=untagged,
        others=tuple(f"note {text}" for text in fields.get("note", [])),
    )


def _port_block(port: PortName, op: str, vlans: VlanSet, state: SwitchState) -> Block:
    there = state.ports[port].allowed
    named = VlanSet(vlans - there) if op == "add" else vlans
    claims: frozenset[Claim] = frozenset(Carries(port=port, vlan=vlan) for vlan in vlans)
    lines = tuple(f"tagged {op} {part}" for part in named.chunks(LONGEST_LINE - len("tagged remove ")))
    return Block(enter=f"port {port}", mode="port", lines=lines, claims=claims)


def _gateway_block(claim: Gateway, op: str, state: SwitchState) -> Block:
    if claim.parent is not None:
        raise ValueError("Acme OS has no sub-interfaces")
    claims: frozenset[Claim] = frozenset({claim})
    if op == "remove":
        return Block(enter=f"no ip-interface vlan{claim.vlan}", mode="config", lines=(), claims=claims)
    row = state.gateways.get((None, claim.vlan))
    have = row.addresses if row else frozenset()
    lines = tuple(f"address {address}" for address in claim.addresses if address not in have)
    return Block(enter=f"ip-interface vlan{claim.vlan}", mode="ip-interface", lines=lines, claims=claims)
