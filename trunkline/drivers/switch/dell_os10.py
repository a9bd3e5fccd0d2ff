"""Dell SmartFabric OS10: the port has a mode and a list, `interface vlan N` is the VLAN and its gateway. Pure.

Written without real output of such a device. `switchport trunk allowed vlan N` adds N and its `no` form with a list
takes just that away: so do OpenStack's networking-generic-switch and Dell's own Ansible collection use them
(dellemc.os10, role os10_vlan); without a list the `no` form would be about all of them, so none is ever sent. A trunk
carries what is listed and, untagged, its access VLAN. Not sourced: whether a port that becomes an access port again
forgets its list, what saving says, how an empty MAC table and an interface that is not there look, and a command that
clears one ARP or ND entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import svi
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.config_text import reading, section
from trunkline.drivers.switch.dell_vlans import VLANS, VLANS_ANSWER, key_of, parse_vlans
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.mac_table import talkers
from trunkline.drivers.switch.state import GatewayRow, PortMode, PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

PORT_MODE, VLAN_MODE = "conf-if", "conf-if-vl"

_NO_SUCH = (
    r"% ?Error: (?!.*authori[sz])"
    r"(?:No such|Invalid (?!input)|.*\b(?:not|does not) (?:exist|present|configured|found))"
)
_INTERFACE_ANSWER = re.compile(rf"^interface \S|^{_NO_SUCH}", re.MULTILINE | re.IGNORECASE)
_MACS_ANSWER = re.compile(r"^ *VlanId +Mac Address\b", re.MULTILINE | re.IGNORECASE)
_PORT = r"(?:ethernet|port-channel)[0-9]+(?:[/:][0-9]+)*"
_LIST = r"[0-9]+(?:[,-][0-9]+)*"
_FORM = svi.AddressForm()

GRAMMAR = Grammar(
    prompt=r"{hostname}[^\s()>#]*(?P<inside>\((?P<mode>conf[^)]*)\))?[>#] ?",
    modes=(
        (re.compile(r"conf-if-vl-\d+"), VLAN_MODE),
        (re.compile(r"conf-if-(?:eth|po-?)[\d/:]+"), PORT_MODE),
    ),
    rejected=re.compile(
        r"^\s*(?:%(?!\s*$)|Error\b|Command (?:fail|not )|\^\s*$)|Configuration database locked",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(r"^\s*% ?(?:Warning|Info)\b", re.IGNORECASE),
    unknown=re.compile(r"% ?Error: (?:Unrecognized|Incomplete|Ambiguous|Illegal)", re.IGNORECASE),
    log_line=re.compile(r"^<\d+>\d+ \d{4}-\d\d-\d\dT\S+ .*$\n?", re.MULTILINE),
    question=re.compile(
        r"\[(?:confirm )?yes/no\]\s*:?\s*$|\[(?:confirm|y/n)\]\s*:?\s*$|--More--\s*$", re.IGNORECASE
    ),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="copy running-configuration startup-configuration",
    saved=re.compile(r"^Copy completed|\A\s*\Z", re.MULTILINE),
    backup="show running-configuration",
    phrases={
        "exec": (),
        "config": (
            Phrase(pattern=re.compile(r"(?:no )?interface vlan(?P<vlans>[0-9]+)")),
            Phrase(pattern=re.compile(rf"interface (?P<port>{_PORT})")),
        ),
        VLAN_MODE: (
            Phrase(pattern=re.compile(r"description [A-Za-z0-9_-]{1,32}")),
            Phrase(pattern=svi.ADDRESS_LINE),
            Phrase(pattern=re.compile(r"no shutdown")),
        ),
        PORT_MODE: (
            Phrase(pattern=re.compile(rf"(?:no )?switchport trunk allowed vlan (?P<vlans>{_LIST})")),
            Phrase(pattern=re.compile(r"switchport mode (?:trunk|access)"), converts=True),
        ),
    },
    longest_line=250,
)

_CHANNEL = re.compile(r"channel-group (?P<number>\d+)(?: .*)?")
_ACCESS = re.compile(r"switchport access vlan (?P<vlan>\d+)")
_ALLOWED = re.compile(rf"switchport trunk allowed vlan (?P<vlans>{_LIST})")
_OURS_ON_A_PORT = re.compile(r"switchport (?:mode|access vlan|trunk allowed vlan) .*")
_PLAIN = re.compile(r"description .*")


class DellOs10:
    """The dialect."""

    platform = "dell_os10"
    grammar = GRAMMAR
    blind = True

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands."""
        names = [*scope.ports, *(_vlan(vlan) for parent, vlan in scope.gateways if parent is None)]
        queries = [Query(command=VLANS, answer=VLANS_ANSWER)]
        queries += [Query(command=_running(name), answer=_INTERFACE_ANSWER) for name in names]
        vlans = sorted({vlan for _, vlan in scope.removals})
        return [*queries, *(Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans)]

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        with reading(VLANS):
            vlans, _ = parse_vlans(outputs[VLANS])
        gateways = {}
        for key in [key for key in scope.gateways if key[0] is None]:
            command = _running(_vlan(key[1]))
            with reading(command):
                if row := _gateway(outputs[command], key[1], is_there=key[1] in vlans):
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
                rest=re.compile(rf" +[A-Za-z]+ +(?P<port>{_PORT})(?= |$)"),
                name=key_of,
            ),
            down={parent: "gives no sub-interfaces" for parent, _ in scope.gateways if parent is not None},
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction, one per gateway."""
        del rules  # what a port carries untagged stays as it is
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan() as claim if change.op == "remove":
                    enter = f"no interface {_vlan(claim.vlan)}"
                    blocks.append(Block(enter=enter, mode="config", lines=(), claims=frozenset({claim})))
                case HasVlan() as claim:
                    blocks.append(_vlan_block(claim, (f"description {claim.name}",)))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    row = state.gateways.get((None, claim.vlan))
                    lines = svi.lines_to_remove(row, _FORM)
                    if change.op == "add":
                        lines = (*svi.lines_to_add(claim, row, _FORM), "no shutdown")
                    blocks.append(_vlan_block(claim, lines))
        for (port, op), vlans in ports.items():
            blocks.append(_trunk_block(port, op, VlanSet(vlans), state.ports[port]))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Write the block that makes a half adopted port an access port again; its access VLAN never changed."""
        del before
        return Block(
            enter=f"interface {port}",
            mode=PORT_MODE,
            lines=("switchport mode access",),
            claims=frozenset(),
            stepwise=True,
        )

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the VLAN's interface is configured."""
        return Query(command=_running(_vlan(neighbor.vlan)), answer=_INTERFACE_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Refuse: no command that clears one entry is sourced.

        Raises:
            ValueError: the VLAN's interface is there, so that it may hold the entry.
        """
        if _section(gateway, neighbor.vlan) is None:
            return None
        raise ValueError("no command is known that clears one entry of this platform")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing, since nothing is cleared."""
        del neighbor, answer, seconds
        return ""


def _vlan_block(claim: HasVlan | Gateway, lines: tuple[str, ...]) -> Block:
    return Block(
        enter=f"interface {_vlan(claim.vlan)}", mode=VLAN_MODE, lines=lines, claims=frozenset({claim})
    )


def _trunk_block(port: PortName, op: str, vlans: VlanSet, row: PortRow) -> Block:
    claims: frozenset[Claim] = frozenset(Carries(port=port, vlan=vlan) for vlan in vlans)
    adopts = op == "add" and row.mode != "trunk"
    lines: tuple[str, ...] = ("switchport mode trunk",) if adopts else ()
    word = "" if op == "add" else "no "
    lines += tuple(f"{word}switchport trunk allowed vlan {part}" for part in vlans.chunks(180))
    return Block(enter=f"interface {port}", mode=PORT_MODE, lines=lines, claims=claims, stepwise=adopts)


def _port(port: PortName, text: str) -> PortRow:
    lines = section(text, re.compile(rf"interface {re.escape(port)}"))
    if lines is None:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    groups = [found["number"] for line in lines if (found := _CHANNEL.fullmatch(line))]
    channel = PortName(f"port-channel{groups[0]}") if groups else None
    others = tuple(line for line in lines if not _OURS_ON_A_PORT.fullmatch(line))
    if "no switchport" in lines:
        return PortRow(port=port, mode="routed", allowed=VlanSet(), channel=channel, others=others)
    access = [vid(int(each["vlan"])) for line in lines if (each := _ACCESS.fullmatch(line))]
    untagged = access[0] if access else None
    listed = VlanSet(vlan for line in lines for vlan in _listed(line))
    mode: PortMode = "trunk" if "switchport mode trunk" in lines else "access"
    if mode == "access" and listed:
        mode = "special"  # made a trunk, it would carry what nobody asked for
    return PortRow(
        port=port,
        mode=mode,
        shown_mode="access with a list of a trunk" if mode == "special" else "",
        allowed=VlanSet([*listed, *access]),
        native_vlan=untagged,
        access_vlan=untagged,
        channel=channel,
        others=others,
    )


def _listed(line: str) -> VlanSet:
    if not line.startswith("switchport trunk allowed vlan"):
        return VlanSet()
    found = _ALLOWED.fullmatch(line)
    if found is None:
        raise ValueError(f"{line!r} is not a list of VLANs")
    return VlanSet.parse(found["vlans"])


def _section(text: str, vlan: Vid) -> tuple[str, ...] | None:
    return section(text, re.compile(rf"interface vlan ?{vlan}"))


def _gateway(text: str, vlan: Vid, *, is_there: bool) -> GatewayRow | None:
    lines = _section(text, vlan)
    if lines is None and is_there:
        raise ValueError(f"VLAN {vlan} is there, but its configuration is not shown")
    row = svi.read_gateway(lines or (), plain=_PLAIN)
    return row if row.addresses or row.conflicts else None


def _vlan(vlan: Vid) -> str:
    return f"vlan{vlan}"


def _running(interface: str) -> str:
    return f"show running-configuration interface {interface}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac address-table vlan {vlan}"
