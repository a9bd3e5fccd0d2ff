"""Blocks that every switch with a Cisco-like command line takes: VLANs, trunks by add and remove, SVIs. Pure.

For dialects. A trunk's list only ever grows by `add` and shrinks by `remove`; a whole list is written only on a port
that is being adopted, before it is a trunk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Interface

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Phrase
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

LONGEST_NAME = 32
_LIST = r"[\d,-]+"

VLAN_PHRASE = Phrase(pattern=re.compile(r"(?:no )?vlan (?P<vlans>\d+)"))
NAME_PHRASE = Phrase(pattern=re.compile(r"name [A-Za-z0-9_-]{1,32}"))
SVI_PHRASE = Phrase(pattern=re.compile(r"(?:no )?interface Vlan(?P<vlans>\d+)"))
PORT_PHRASES = (
    Phrase(pattern=re.compile(rf"switchport trunk allowed vlan (?:add|remove) (?P<vlans>{_LIST})")),
    Phrase(pattern=re.compile(rf"switchport trunk allowed vlan (?:none|(?P<kept>{_LIST}))"), converts=True),
    Phrase(pattern=re.compile(r"switchport trunk native vlan \d+"), converts=True),
    Phrase(pattern=re.compile(r"switchport mode (?:trunk|access)"), converts=True),
)
"""Lines on a port; what rewrites it only while it is being adopted."""
GATEWAY_PHRASES = (
    Phrase(pattern=re.compile(r"(?:no )?ip address [\d.]+/\d+(?: secondary)?")),
    Phrase(pattern=re.compile(r"(?:no )?ipv6 address [0-9A-Fa-f:.]+/\d+")),
    Phrase(pattern=re.compile(r"no shutdown")),
)
"""Lines on an SVI whose addresses are written with their prefix length."""


def vlan_block(claim: HasVlan, op: str, state: SwitchState) -> Block:
    """Make a VLAN with its name, or take it away; it takes effect when its sub-mode is left."""
    if op == "remove":
        return Block(enter=f"no vlan {claim.vlan}", mode="config", lines=(), claims=frozenset({claim}))
    return Block(
        enter=f"vlan {claim.vlan}",
        mode="config-vlan",
        lines=(f"name {free_name(claim, state)}",),
        claims=frozenset({claim}),
    )


def free_name(claim: HasVlan, state: SwitchState) -> str:
    """Give the VLAN its name, or one with its id when another VLAN has that: IOS refuses two of one name.

    A segment that got another VLAN meets its own name there, since VLANs are never deleted.
    """
    if all(row.name != claim.name for vlan, row in state.vlans.items() if vlan != claim.vlan):
        return claim.name
    suffix = f"-{claim.vlan}"
    return f"{claim.name[: LONGEST_NAME - len(suffix)]}{suffix}"


def trunk_block(
    port: PortName, op: str, vlans: VlanSet, row: PortRow, rule: PortRule, *, list_characters: int = 180
) -> Block:
    """Add VLANs to a trunk or remove them; a port that is none becomes one first."""
    claims: frozenset[Claim] = frozenset(Carries(port=port, vlan=vlan) for vlan in vlans)
    adopts = op == "add" and row.mode != "trunk"
    lines = _adoption(row, rule) if adopts else ()
    there = row.allowed if row.is_trunk else VlanSet()
    named = VlanSet(vlans - there) if op == "add" else vlans
    if op == "add" and rule.restrict and row.is_open:
        # The first line cuts everybody else, so it has to have all of ours that fit.
        native = frozenset() if row.native_vlan is None else frozenset({row.native_vlan})
        first, *more = VlanSet(vlans | native | rule.keeps).chunks(list_characters)
        lines, named = (f"switchport trunk allowed vlan {first}",), VlanSet()
        lines += tuple(f"switchport trunk allowed vlan add {part}" for part in more)
    lines += tuple(f"switchport trunk allowed vlan {op} {part}" for part in named.chunks(list_characters))
    return Block(enter=f"interface {port}", mode="config-if", lines=lines, claims=claims, stepwise=adopts)


def _adoption(row: PortRow, rule: PortRule) -> tuple[str, ...]:
    """Make a port a trunk that carries what it did: the list comes first, so it never opens to ALL."""
    lines: tuple[str, ...] = ("switchport trunk encapsulation dot1q",) if row.encapsulation_open else ()
    if not row.negotiated:
        native = row.untagged_vlan or rule.native_vlan
        if native is not None:
            lines += (f"switchport trunk native vlan {native}",)
        lines += (f"switchport trunk allowed vlan {native or 'none'}",)
    return (*lines, "switchport mode trunk")


def restore_block(port: PortName, before: PortRow) -> Block:
    """Make a half adopted port what it was: the mode first, so that it never opens."""
    mode = "access" if before.mode == "access" else before.shown_mode
    lines: tuple[str, ...] = (f"switchport mode {mode}",)
    if before.native_vlan is not None:
        lines += (f"switchport trunk native vlan {before.native_vlan}",)
    first, *more = before.allowed.chunks(180) if before.allowed else ["none"]
    lines += (f"switchport trunk allowed vlan {first}",)
    lines += tuple(f"switchport trunk allowed vlan add {part}" for part in more)
    if before.encapsulation_open:
        lines += ("switchport trunk encapsulation negotiate",)
    return Block(enter=f"interface {port}", mode="config-if", lines=lines, claims=frozenset(), stepwise=True)


def svi_blocks(claim: Gateway, op: str, state: SwitchState) -> list[Block]:
    """Write an SVI whose addresses have a prefix length.

    Raises:
        ValueError: the claim is about a sub-interface.
    """
    if claim.parent is not None:
        raise ValueError(f"interface {claim.parent}.{claim.vlan}: no sub-interfaces are written")
    name = f"interface Vlan{claim.vlan}"
    claims: frozenset[Claim] = frozenset({claim})
    row = state.gateways.get((None, claim.vlan))
    have = row.addresses if row else frozenset()
    primary = row.primary if row else None
    if op == "add":
        lines: tuple[str, ...] = ()
        for address in claim.addresses:
            if address not in have:
                lines += (_address_line(address, primary),)
                primary = primary or (None if isinstance(address, IPv6Interface) else address)
        return [Block(enter=name, mode="config-if", lines=(*lines, "no shutdown"), claims=claims)]
    # A primary address can go only when no secondary one is left.
    ours = sorted(have & frozenset(claim.addresses), key=lambda each: (each == primary, str(each)))
    lines = tuple(f"no {_address_line(address, primary)}" for address in ours)
    blocks = [Block(enter=name, mode="config-if", lines=lines, claims=claims)] if lines else []
    if row is None or not (have - frozenset(claim.addresses) or row.conflicts or row.others):
        blocks.append(Block(enter=f"no {name}", mode="config", lines=(), claims=claims))
    return blocks


def _address_line(address: Interface, primary: Interface | None) -> str:
    if isinstance(address, IPv6Interface):
        return f"ipv6 address {address}"
    return f"ip address {address}" + (" secondary" if primary not in {None, address} else "")


def blocks(
    changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
) -> Sequence[Block]:
    """Write changes as blocks: one per VLAN, one per port and direction, one or two per SVI.

    Raises:
        ValueError: a claim is about a sub-interface.
    """
    found: list[Block] = []
    ports: dict[tuple[PortName, str], set[Vid]] = {}
    for change in changes:
        match change.claim:
            case HasVlan() as claim:
                found.append(vlan_block(claim, change.op, state))
            case Carries(port=port, vlan=vlan):
                ports.setdefault((port, change.op), set()).add(vlan)
            case Gateway() as claim:
                found += svi_blocks(claim, change.op, state)
    for (port, op), vlans in ports.items():
        found.append(trunk_block(port, op, VlanSet(vlans), state.ports[port], rules[port]))
    return found
