"""VLAN-aware bridges of the Linux kernel, written with iproute2. Pure.

Facts behind it (bridge(8), ip-link(8)): a bridge has no list of VLANs, only ports that are members of some; a port has
no mode, so that it is a trunk as soon as it carries one VLAN tagged; adding a VLAN to a port changes no other one. The
bridge itself must be a member of a VLAN whose gateway it carries. A bridge without VLAN filtering passes everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import linux_interfaces as interfaces
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Phrase, Query, Scope
from trunkline.drivers.switch.linux_discovery import HearsLldpd, is_foreign, learned
from trunkline.drivers.switch.linux_shell import JSON_ROWS, Row, rows, shell_grammar
from trunkline.drivers.switch.state import GatewayKey, GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.orchestrator.intents import Carries, Claim, Gateway, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

VLANS = "bridge -json vlan show"
MACS = "bridge -json fdb show"
UNSAVED = "nothing is saved: a restart of the machine forgets it, and Trunkline's next look brings it back"

_NAME = interfaces.NAME
_IDS = r"(?P<vlans>\d+(?:-\d+)?)"
GRAMMAR = shell_grammar(
    phrases={
        "": (
            Phrase(pattern=re.compile(rf"bridge vlan (?:add|del) dev (?P<base>{_NAME}) vid {_IDS} self")),
            Phrase(pattern=re.compile(rf"bridge vlan (?:add|del) dev (?P<member>{_NAME}) vid {_IDS}")),
            *interfaces.PHRASES,
        ),
        "exec": (interfaces.FORGETTING,),
    },
    backup="bridge vlan show",
    unsaved=UNSAVED,
)
_NO_FILTER = "a bridge without VLAN filtering"


class LinuxBridge(HearsLldpd):
    """The dialect."""

    platform = "linux_bridge"
    grammar = GRAMMAR
    blind = False

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands; each shows everything, so that no name of ours is in any."""
        queries = [interfaces.LINKS_QUERY, Query(command=VLANS, answer=JSON_ROWS)]
        if scope.gateways:
            queries.append(interfaces.FORWARDING_QUERY)
        if scope.removals:
            queries.append(Query(command=MACS, answer=JSON_ROWS))
        return queries

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for. Every VLAN is there: none has to be made.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        links = interfaces.links_of(outputs)
        members = _members(outputs)
        ports = {port: _port(port, links, members.get(port, _Members())) for port in scope.ports}
        bridge, no_bridge = _bridge(scope.ports, links)
        down: dict[PortName | None, str] = {None: no_bridge}
        gateways: dict[GatewayKey, GatewayRow] = {}
        for parent, vlan in scope.gateways:
            base = bridge if parent is None else parent
            if parent is not None:
                down[parent] = _why_down(parent, links)
            row = None if base is None else _gateway(base, vlan, links, members.get(base, _Members()))
            if row is not None:
                gateways[parent, vlan] = row
        return SwitchState(
            vlans={vlan: VlanRow(vlan=vlan, name="", active=True) for vlan in scope.vlans},
            ports=ports,
            gateways=gateways,
            facts=interfaces.facts_of(outputs, has_modes=False),
            macs=_macs(outputs, scope),
            down={base: cause for base, cause in down.items() if cause},
            bridge=bridge,
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: a line per range of VLANs on a port, a block per gateway."""
        del rules
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, "add" if change.op == "add" else "del"), set()).add(vlan)
                case Gateway() as claim:
                    blocks.append(_gateway_block(claim, change.op, state))
                case _:
                    continue
        for (port, verb), vlans in ports.items():
            for text in str(VlanSet(vlans)).split(","):
                claims = frozenset[Claim](Carries(port=port, vlan=vlan) for vlan in VlanSet.parse(text))
                blocks.append(_block(f"bridge vlan {verb} dev {port} vid {text}", claims=claims))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> None:
        """Put nothing back: adopting a port only adds VLANs to it."""
        del port, before

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Ask for every interface."""
        del neighbor
        return interfaces.LINKS_QUERY

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how a neighbor is forgotten; an interface that is not there holds no entry.

        Raises:
            ValueError: several bridges have an interface in the VLAN.
        """
        links = interfaces.links_of({interfaces.LINKS: gateway})
        bases = [
            base
            for base in links
            if (base == neighbor.parent if neighbor.parent is not None else _filters(links[base]))
            and f"{base}.{neighbor.vlan}" in links
        ]
        if len(bases) > 1:
            raise ValueError(f"VLAN {neighbor.vlan} has an interface on each of {', '.join(bases)}")
        if not bases:
            return None
        return interfaces.forgetting(neighbor, PortName(f"{bases[0]}.{neighbor.vlan}"))

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's entry, unless it was learned within these seconds."""
        del neighbor
        return interfaces.old_entry(answer, seconds=seconds)

    def station_queries(self) -> Sequence[Query]:
        """Ask for the whole forwarding table."""
        return [Query(command=MACS, answer=JSON_ROWS)]

    def stations(self, outputs: Mapping[str, str]) -> Mapping[tuple[PortName, Vid], frozenset[str]]:
        """Read who was learned where; what was learned without a VLAN is not told.

        Raises:
            ValueError: it is not what `bridge` prints.
        """
        return learned(rows(outputs, MACS))


class _Members:
    """The VLANs of one port or bridge."""

    def __init__(self, shown: Sequence[Row] = ()) -> None:
        self.all: set[Vid] = set()
        self.untagged: set[Vid] = set()
        self.pvid: Vid | None = None
        for row in shown:
            ids = VlanSet(range(int(row["vlan"]), int(row.get("vlanEnd", row["vlan"])) + 1))
            flags = row.get("flags", ())
            self.all |= ids
            if "Egress Untagged" in flags:
                self.untagged |= ids
            if "PVID" in flags:
                self.pvid = vid(int(row["vlan"]))


def _members(outputs: Mapping[str, str]) -> dict[PortName, _Members]:
    return {PortName(str(row["ifname"])): _Members(row.get("vlans", ())) for row in rows(outputs, VLANS)}


def _filters(link: Row) -> bool:
    data = interfaces.data_of(link)
    return (
        interfaces.kind_of(link) == "bridge"
        and data.get("vlan_filtering") == 1
        and data.get("vlan_protocol", "802.1Q") == "802.1Q"
    )


def _port(port: PortName, links: Mapping[PortName, Row], members: _Members) -> PortRow:
    link = links.get(port)
    if link is None:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    master = PortName(str(link.get("master", "")))
    kind = link.get("linkinfo", {}).get("info_slave_kind")
    if kind != "bridge" or master not in links:
        channel = master if kind in {"bond", "team"} else None
        return PortRow(port=port, mode="routed", allowed=VlanSet(), channel=channel)
    if not _filters(links[master]):
        return PortRow(port=port, mode="special", shown_mode=_NO_FILTER, allowed=VlanSet())
    untagged = frozenset() if members.pvid is None else frozenset({members.pvid})
    if members.untagged != untagged:
        shown = "untagged one way only"
        return PortRow(port=port, mode="special", shown_mode=shown, allowed=VlanSet(members.all))
    return PortRow(
        port=port,
        mode="access" if untagged and members.all == untagged else "trunk",
        allowed=VlanSet(members.all),
        native_vlan=members.pvid,
        access_vlan=members.pvid,
        others=(f"master {master}",),
    )


def _bridge(ports: Sequence[PortName], links: Mapping[PortName, Row]) -> tuple[PortName | None, str]:
    """Find the bridge that SVIs are made on: that of the ports, else the only one. Or say why there is none."""
    every = [name for name, link in links.items() if _filters(link)]
    masters = {str(links[port].get("master", "")) for port in ports if port in links}
    found = [name for name in every if name in masters] or every
    if len(found) != 1:
        shown = ", ".join(found) or "none"
        return None, f"which VLAN-aware bridge has the gateways is not to be told (there: {shown})"
    cause = "" if interfaces.is_up(links[found[0]]) else f"bridge {found[0]} is down; set it up by hand"
    return found[0], cause


def _why_down(parent: PortName, links: Mapping[PortName, Row]) -> str:
    if parent not in links:
        return f"there is no interface {parent}; check the gateway in the inventory"
    if interfaces.kind_of(links[parent]) == "bridge":
        return f"{parent} is a bridge, so its gateway is an SVI; write the gateway without an interface"
    return "" if interfaces.is_up(links[parent]) else f"interface {parent} is down; set it up by hand"


def _gateway(
    base: PortName, vlan: Vid, links: Mapping[PortName, Row], members: _Members
) -> GatewayRow | None:
    on_bridge = interfaces.kind_of(links.get(base, {})) == "bridge"
    name = PortName(f"{base}.{vlan}")
    same = [other for other, link in links.items() if interfaces.vlan_of(link) == (base, vlan)]
    used = name if name in links else next(iter(same), None)
    if used is None:
        return None
    found = interfaces.vlan_of(links[used])
    conflicts = []
    if used != name:
        conflicts.append(f"the name {used}")
    if found is None or found[0] != base:
        conflicts.append(f"{used}, which is no 802.1Q interface of {base}")
    if on_bridge and vlan in members.untagged:
        conflicts.append(f"VLAN {vlan} untagged on {base} itself")
    return interfaces.gateway_row(
        links[used],
        tagged=None if found is None else found[1],
        conflicts=tuple(conflicts),
        cut_off=on_bridge and not (vlan in members.all and interfaces.is_up(links[base])),
    )


def _macs(outputs: Mapping[str, str], scope: Scope) -> dict[tuple[PortName, Vid], frozenset[str]]:
    """Give who talks where. What was learned before the bridge knew VLANs counts for each of them."""
    found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in scope.removals}
    for row in rows(outputs, MACS) if scope.removals else ():
        if not is_foreign(row):
            continue
        for port, vlan in found:
            if row.get("ifname") == port and row.get("vlan", vlan) == vlan:
                found[port, vlan] |= {str(row["mac"]).lower()}
    return found


def _block(*lines: str, claims: frozenset[Claim]) -> Block:
    first, *more = lines
    return Block(enter=first, mode="", lines=tuple(more), claims=claims)


def _gateway_block(claim: Gateway, op: str, state: SwitchState) -> Block:
    base = claim.parent if claim.parent is not None else state.bridge
    name = f"{base}.{claim.vlan}"
    itself = f"dev {base} vid {claim.vlan} self"
    row = state.gateways.get((claim.parent, claim.vlan))
    lines: tuple[str, ...]
    if op == "remove":
        lines = (f"ip link del dev {name}",)
        if claim.parent is None:
            lines += (f"bridge vlan del {itself}",)
        return _block(*lines, claims=frozenset({claim}))
    # The interface first: where it is refused nothing else is left over.
    lines = () if row else (f"ip link add link {base} name {name} type vlan id {claim.vlan}",)
    if claim.parent is None:
        lines += (f"bridge vlan add {itself}",)
    have = row.addresses if row else frozenset()
    lines += tuple(
        f"ip address add {address} dev {name}" for address in claim.addresses if address not in have
    )
    return _block(*lines, f"ip link set dev {name} up", claims=frozenset({claim}))
