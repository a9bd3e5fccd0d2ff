"""Cisco IOS and IOS-XE: L2 and L3 Catalysts and routers. Pure.

Facts behind it: VLANs 1 to 1005 live in vlan.dat and show in the running configuration only sometimes, so
they are read from `show vlan`; a VLAN takes effect when its sub-mode is left; a trunk without an allowed list
carries every VLAN, and the `no` form of the list opens it to every VLAN; `show` tables use short port names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Interface, IPv6Interface

from trunkline.drivers.switch import cisco_discovery, cisco_ios_neighbors
from trunkline.drivers.switch import cisco_ios_questions as questions
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.cisco_ios_rows import (
    err_disabled,
    facts_of,
    gateway_row,
    long_name,
    port_row,
    section,
    talkers,
    why_down,
)
from trunkline.drivers.switch.cisco_lines import restore_block, trunk_block, vlan_block
from trunkline.drivers.switch.cisco_tables import parse_vlans, reading
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Query, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet


class CiscoIos(Discovering):
    """The dialect."""

    platform = "cisco_ios"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(cisco_discovery.LLDP, cisco_discovery.CDP),
        macs=cisco_discovery.IOS_MACS,
        long_name=long_name,
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands; a router is not asked about VLANs and switch ports."""
        return questions.queries(scope)

    def more_queries(self, outputs: Mapping[str, str], scope: Scope) -> Sequence[Query]:
        """Ask for each interface where the switch does not know how to show all of them."""
        return questions.more_queries(outputs, scope)

    def ports_in(self, command: str, output: str) -> Sequence[PortName]:
        """Name the ports that the answer to a question about all of them is about."""
        return questions.ports_in(command, output)

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for; an interface that is not there answers with an error and has no row.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        outputs = questions.one_by_one(outputs, scope)
        gateways = {}
        for key in scope.gateways:
            command = questions.running(questions.interface_of(*key))
            with reading(command):
                if row := gateway_row(section(outputs[command])):
                    gateways[key] = row
        down = {
            parent: why_down(parent, section(outputs[questions.running(parent)]))
            for parent, _ in scope.gateways
            if parent is not None
        }
        ports = {}
        disabled = err_disabled(outputs.get(questions.ERR_DISABLED, ""))
        for port in scope.ports if scope.switch.kind != "router" else ():
            with reading(questions.switchport(port)):
                shown = port_row(
                    port, outputs[questions.switchport(port)], section(outputs[questions.running(port)])
                )
                ports[port] = replace(shown, err_disabled=disabled.get(port, ""))
        with reading(questions.VLANS):
            vlans = parse_vlans(outputs.get(questions.VLANS, ""))
        return SwitchState(
            vlans=vlans,
            ports=ports,
            gateways=gateways,
            facts=facts_of(
                outputs.get(questions.ROUTING, ""),
                outputs.get(questions.VTP, ""),
                is_router=scope.switch.kind == "router",
            ),
            macs=talkers(
                {vlan: outputs[questions.macs_of(vlan)] for _, vlan in scope.removals}, scope.removals
            ),
            down={parent: cause for parent, cause in down.items() if cause},
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction, one per gateway."""
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan() as claim:
                    blocks.append(vlan_block(claim, change.op, state))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    blocks += _gateway_blocks(claim, change.op, state)
        for (port, op), vlans in ports.items():
            blocks.append(trunk_block(port, op, VlanSet(vlans), state.ports[port], rules[port]))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Write the block that makes a half adopted port what it was: the mode first, so that it never opens."""
        return restore_block(port, before)

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the gateway's interface of a neighbor is configured."""
        name = questions.interface_of(neighbor.parent, neighbor.vlan)
        return Query(command=questions.running(name), answer=questions.INTERFACE_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how a neighbor is forgotten; an interface that is not there holds no entry.

        Raises:
            ValueError: the interface is in a VRF whose name is not one that may be sent.
        """
        config = section(gateway)
        if not config:
            return None
        name = questions.interface_of(neighbor.parent, neighbor.vlan)
        return cisco_ios_neighbors.forgetting(neighbor, name, config)

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's entry, unless it was learned within these seconds."""
        return cisco_ios_neighbors.old_entry(neighbor, answer, seconds=seconds)


def _gateway_blocks(claim: Gateway, op: str, state: SwitchState) -> list[Block]:
    name = questions.interface_of(claim.parent, claim.vlan)
    claims: frozenset[Claim] = frozenset({claim})
    row = state.gateways.get((claim.parent, claim.vlan))
    if op == "remove":
        # A sub-interface that is made again later comes back with its old lines: take them off first.
        there = sorted(row.addresses, key=str) if row else []
        gone = tuple(f"no {_address_line(a)}" for a in there)
        return [
            Block(enter=f"interface {name}", mode=_layer3_mode(claim), lines=gone, claims=claims),
            Block(enter=f"no interface {name}", mode="config", lines=(), claims=claims),
        ]
    lines: tuple[str, ...] = () if claim.parent is None else (f"encapsulation dot1Q {claim.vlan}",)
    have = row.addresses if row else frozenset()
    primary = row.primary if row else None
    for address in claim.addresses:
        if address in have:
            continue
        if isinstance(address, IPv4Interface):
            lines += (_address_line(address) + (" secondary" if primary is not None else ""),)
            primary = primary or address
        else:
            lines += (_address_line(address),)
    enter, mode = f"interface {name}", _layer3_mode(claim)
    return [Block(enter=enter, mode=mode, lines=(*lines, "no shutdown"), claims=claims)]


def _layer3_mode(claim: Gateway) -> str:
    return "config-if" if claim.parent is None else "config-subif"


def _address_line(address: Interface) -> str:
    if isinstance(address, IPv6Interface):
        return f"ipv6 address {address}"
    return f"ip address {address.ip} {address.netmask}"
