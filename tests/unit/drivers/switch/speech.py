"""What the tests of all dialects share: rendered lines, checked, and the phrases they must not be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tests.builders import a_switch, a_switch_intent
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Dialect, Scope
from trunkline.drivers.switch.guards import check_blocks
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.intents import Claim, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

TEN = Vid(10)


def checked(
    dialect: Dialect, op: Literal["add", "remove"], claims: Sequence[Claim], state: SwitchState
) -> list[str]:
    """Render claims, let the guard look at every line, and give the lines."""
    rules = {port: PortRule(port=port) for port in state.ports}
    blocks = dialect.render([Change(op=op, claim=claim) for claim in claims], state, rules)
    vlans = frozenset(claim.vlan for claim in claims)
    intent = a_switch_intent(ports=rules)
    check_blocks(blocks, dialect.grammar, intent=intent, vlans=vlans, before=state)
    return [line for block in blocks for line in (block.enter, *block.lines)]


def a_scope(*ports: str, gateway: bool = False, removal: bool = False, parent: str | None = None) -> Scope:
    """VLAN 10 on ports."""
    names = tuple(PortName(port) for port in ports)
    key = (None if parent is None else PortName(parent), TEN)
    return Scope(
        switch=a_switch(),
        vlans=frozenset({TEN}),
        ports=names,
        gateways=(key,) if gateway or parent else (),
        removals=tuple((port, TEN) for port in names) if removal else (),
    )


def guard(dialect: Dialect, *lines: str, mode: str) -> None:
    """Let the guard look at lines that are given in a mode, about VLAN 10 alone."""
    enter = {
        "svi": f"interface {getattr(dialect, 'svi', '')}10",
        "vlan": "vlan 10",
        "port": "interface GigabitEthernet0/0/1",
    }.get(mode)
    first, rest = (lines[0], lines[1:]) if enter is None else (enter, lines)
    block = Block(enter=first, mode=mode, lines=tuple(rest), claims=frozenset())
    check_blocks(
        [block], dialect.grammar, intent=a_switch_intent(), vlans=frozenset({TEN}), before=SwitchState()
    )


def refused(dialect: Dialect, text: str) -> bool:
    """Say whether a reply is taken for a refusal."""
    return is_refusal(dialect.grammar.log_line.sub("", text), dialect.grammar)
