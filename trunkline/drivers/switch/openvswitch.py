"""Open vSwitch, written with ovs-vsctl. Pure.

Facts behind it (ovs-vswitchd.conf.db(5)): a trunk port without ``trunks`` carries every VLAN, so the last one must not
be taken out of them: VLAN 4095, which no frame can have, keeps the set from being empty. On a native port the native
VLAN is always carried. A port with ``vlan_mode`` unset is an access port where it has a ``tag``, else a trunk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import linux_interfaces as interfaces
from trunkline.drivers.switch import openvswitch_tables as tables
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Phrase, Query, Scope
from trunkline.drivers.switch.linux_discovery import HearsLldpd
from trunkline.drivers.switch.linux_shell import JSON_TABLE, shell_grammar
from trunkline.drivers.switch.state import GatewayKey, GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.orchestrator.intents import Carries, Claim, Gateway, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import HIGHEST, LOWEST, Vid, VlanSet

NOTHING = 4095
UNSAVED = (
    "the switch keeps its ports and VLANs by itself; a restart of the machine forgets the addresses of gateways, and "
    "Trunkline's next look brings them back"
)
_NATIVE = {"native-tagged", "native-untagged"}

_NAME = tables.NAME
_WRITE = "ovs-vsctl --timeout=5"
"""Without, it waits as long as the daemon does not answer."""
_ON_GATEWAY = r"gl(?P<vlans>\d+)"
_PHRASES = (
    Phrase(
        pattern=re.compile(
            rf"{_WRITE} wait-until port (?P<member>{_NAME}) trunks!=\[\] -- add port (?P=member) trunks (?P<vlans>\d+)"
        )
    ),
    Phrase(
        pattern=re.compile(
            rf"{_WRITE} wait-until port (?P<member>{_NAME}) trunks!=\[\] -- add port (?P=member) trunks {NOTHING}"
            r" -- remove port (?P=member) trunks (?P<vlans>\d+)"
        )
    ),
    Phrase(
        pattern=re.compile(
            rf"{_WRITE} add port (?P<member>{_NAME}) trunks (?P<vlans>\d+)"
            r" -- set port (?P=member) vlan_mode=native-untagged"
        ),
        converts=True,
    ),
    Phrase(pattern=re.compile(rf"{_WRITE} clear port (?P<member>{_NAME}) vlan_mode trunks"), converts=True),
    Phrase(
        pattern=re.compile(
            rf"{_WRITE} add-port (?P<base>{_NAME}) {_ON_GATEWAY} tag=(?P=vlans)"
            r" -- set interface gl(?P=vlans) type=internal"
        )
    ),
    Phrase(pattern=re.compile(rf"{_WRITE} del-port (?P<base>{_NAME}) {_ON_GATEWAY}")),
    Phrase(pattern=re.compile(rf"ip address add {interfaces.ADDRESS}/\d+ dev {_ON_GATEWAY}")),
    Phrase(pattern=re.compile(rf"ip link set dev {_ON_GATEWAY} up")),
)
GRAMMAR = shell_grammar(
    phrases={
        "": _PHRASES,
        "exec": (
            Phrase(pattern=re.compile(rf"ip neigh del (?P<address>{interfaces.ADDRESS}) dev {_ON_GATEWAY}")),
        ),
    },
    backup="ovs-vsctl show",
    unsaved=UNSAVED,
)
_MACS_ANSWER = re.compile(r"^\s*port\s+VLAN\s+MAC\s+Age", re.MULTILINE)


class OpenVswitch(HearsLldpd):
    """The dialect."""

    platform = "openvswitch"
    grammar = GRAMMAR
    blind = False

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands; each shows everything, so that no name of ours is in any."""
        queries = _table_queries()
        if scope.gateways:
            queries += [interfaces.LINKS_QUERY, interfaces.FORWARDING_QUERY]
        return queries

    def more_queries(self, outputs: Mapping[str, str], scope: Scope) -> Sequence[Query]:
        """Ask the bridges of ports from which something is to go who talks there.

        Raises:
            ValueError: an output cannot be read, or a bridge has a name that is not sent.
        """
        switch = tables.read(outputs)
        bridges = {bridge for port, _ in scope.removals if (bridge := switch.bridge_of(port))}
        return [Query(command=tables.macs_of(bridge), answer=_MACS_ANSWER) for bridge in sorted(bridges)]

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what was asked for. Every VLAN is there: none has to be made.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        switch = tables.read(outputs)
        bridge, no_bridge = switch.svi_bridge(scope.ports)
        down: dict[PortName | None, str] = {
            parent: "gateways are ports of the switch itself there; write the gateway without an interface"
            for parent, _ in scope.gateways
            if parent is not None
        }
        if no_bridge:
            down[None] = no_bridge
        links = interfaces.links_of(outputs) if scope.gateways else {}
        gateways: dict[GatewayKey, GatewayRow] = {
            (None, vlan): row
            for parent, vlan in scope.gateways
            if parent is None and (row := switch.gateway(vlan, bridge, links)) is not None
        }
        return SwitchState(
            vlans={vlan: VlanRow(vlan=vlan, name="", active=True) for vlan in scope.vlans},
            ports={port: _port(port, switch.ports.get(port)) for port in scope.ports},
            gateways=gateways,
            facts=interfaces.facts_of(outputs, has_modes=True),
            macs=switch.macs(outputs, scope),
            down=down,
            bridge=bridge,
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: a line per VLAN on a port, a block per adoption and per gateway."""
        del rules
        blocks: list[Block] = []
        adopted: dict[PortName, list[Carries]] = {}
        for change in changes:
            match change.claim:
                case Carries(port=port) as claim if change.op == "add" and state.ports[port].mode != "trunk":
                    adopted.setdefault(port, []).append(claim)
                case Carries() as claim:
                    line = _added(claim) if change.op == "add" else _removed(claim)
                    blocks.append(_block(line, claims=frozenset({claim})))
                case Gateway() as claim:
                    blocks.append(_gateway_block(claim, change.op, state))
                case _:
                    continue
        for claims in adopted.values():
            first, *more = claims
            blocks.append(_block(_adopted(first), *map(_added, more), claims=frozenset(claims)))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Write the block that makes a half adopted port the access port that it was; its tag was never touched."""
        del before
        return _block(f"{_WRITE} clear port {port} vlan_mode trunks", claims=frozenset())

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Ask for every interface."""
        del neighbor
        return interfaces.LINKS_QUERY

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how a neighbor is forgotten; an interface that is not there holds no entry."""
        name = tables.gateway_name(neighbor.vlan)
        if neighbor.parent is not None or name not in interfaces.links_of({interfaces.LINKS: gateway}):
            return None
        return interfaces.forgetting(neighbor, name)

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's entry, unless it was learned within these seconds."""
        del neighbor
        return interfaces.old_entry(answer, seconds=seconds)

    def station_queries(self) -> Sequence[Query]:
        """Ask which bridges there are, and which number is which port."""
        return _table_queries()

    def more_station_queries(self, outputs: Mapping[str, str]) -> Sequence[Query]:
        """Ask every bridge who talks there.

        Raises:
            ValueError: an output cannot be read, or a bridge has a name that is not sent.
        """
        bridges = sorted(tables.read(outputs).bridges)
        return [Query(command=tables.macs_of(bridge), answer=_MACS_ANSWER) for bridge in bridges]

    def stations(self, outputs: Mapping[str, str]) -> Mapping[tuple[PortName, Vid], frozenset[str]]:
        """Read who was learned where; what was learned without a VLAN is not told.

        Raises:
            ValueError: an output cannot be read.
        """
        return tables.read(outputs).stations(outputs)


def _table_queries() -> list[Query]:
    return [
        Query(command=command, answer=JSON_TABLE)
        for command in (tables.PORTS, tables.INTERFACES, tables.BRIDGES)
    ]


def _port(port: PortName, row: tables.Port | None) -> PortRow:
    if row is None:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    others = (f"bridge {row.bridge}",)
    listed = VlanSet(number for number in row.trunks if LOWEST <= number <= HIGHEST)
    if row.mode == "access" and row.tag is not None and not row.trunks:
        return PortRow(port=port, mode="access", allowed=VlanSet(), access_vlan=row.tag, others=others)
    if row.mode != "trunk" and not (row.mode in _NATIVE and row.tag is not None):
        return PortRow(port=port, mode="special", shown_mode=row.mode, allowed=listed, others=others)
    native = row.tag if row.mode in _NATIVE else None
    return PortRow(
        port=port,
        mode="trunk",
        allowed=VlanSet(listed | ({native} if native else set())) if row.trunks else VlanSet.every(),
        native_vlan=native,
        access_vlan=native,
        others=others,
    )


def _added(claim: Carries) -> str:
    """Add a VLAN, unless the port was opened to every VLAN in the meantime: one entry would cut off all others."""
    return f"{_WRITE} wait-until port {claim.port} trunks!=[] -- add port {claim.port} trunks {claim.vlan}"


def _removed(claim: Carries) -> str:
    """Remove a VLAN and leave the set with something in it, in one transaction."""
    port = claim.port
    return (
        f"{_WRITE} wait-until port {port} trunks!=[] -- add port {port} trunks {NOTHING}"
        f" -- remove port {port} trunks {claim.vlan}"
    )


def _adopted(claim: Carries) -> str:
    """Make an access port a trunk that carries its VLAN untagged as before, and this one tagged, at once."""
    return (
        f"{_WRITE} add port {claim.port} trunks {claim.vlan}"
        f" -- set port {claim.port} vlan_mode=native-untagged"
    )


def _block(*lines: str, claims: frozenset[Claim]) -> Block:
    first, *more = lines
    return Block(enter=first, mode="", lines=tuple(more), claims=claims)


def _gateway_block(claim: Gateway, op: str, state: SwitchState) -> Block:
    name = tables.gateway_name(claim.vlan)
    row = state.gateways.get((None, claim.vlan))
    if op == "remove":
        return _block(f"{_WRITE} del-port {state.bridge} {name}", claims=frozenset({claim}))
    lines: tuple[str, ...]
    made = f"add-port {state.bridge} {name} tag={claim.vlan} -- set interface {name} type=internal"
    lines = () if row else (f"{_WRITE} {made}",)
    have = row.addresses if row else frozenset()
    lines += tuple(
        f"ip address add {address} dev {name}" for address in claim.addresses if address not in have
    )
    return _block(*lines, f"ip link set dev {name} up", claims=frozenset({claim}))
