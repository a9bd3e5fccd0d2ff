"""The last look at every line before it is sent: vendor-neutral rails that no dialect can get around. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, SwitchIntent
from trunkline.orchestrator.vlans import RESERVED

PRINTABLE = re.compile(r"[\x20-\x3e\x40-\x7e]+")
"""Printable ASCII without the question mark, which a device takes as a cry for help and not as text."""
OPENS_TRUNK = re.compile(
    r"no\s+switchport\s+trunk\s+allowed|switchport\s+trunk\s+allowed\s+vlan\s+(all|except)\b", re.IGNORECASE
)


def check_changes(changes: Sequence[Change], intent: SwitchIntent) -> None:
    """Refuse changes that touch what must not be touched (promise I5).

    Raises:
        GuardRefused: names the port or VLAN.
    """
    switch = intent.switch
    for change in changes:
        vlan = change.claim.vlan
        if vlan in RESERVED or vlan in switch.protected_vlans or vlan not in switch.managed_vlans:
            raise GuardRefused(
                f"VLAN {vlan} must not be touched there",
                subject=f"switch {switch.name}",
                fix="check managed_vlans and protected_vlans in the inventory",
            )
        if not isinstance(change.claim, Carries):
            continue
        port = change.claim.port
        if port in switch.protected_ports or port not in intent.ports:
            raise GuardRefused(
                "must not be written", subject=f"switch {switch.name} port {port}", fix="check the inventory"
            )
        if change.op == "remove" and change.claim in intent.present:
            raise GuardRefused(f"VLAN {vlan} is needed there", subject=f"switch {switch.name} port {port}")


def check_blocks(blocks: Sequence[Block], grammar: Grammar, *, subject: str) -> None:
    """Refuse lines that a device could take for something else than one plain command (promises I5, I6, I16).

    Raises:
        GuardRefused: names the line.
    """
    for block in blocks:
        _check_line(block.enter, grammar, subject, enters=True)
        for line in block.lines:
            _check_line(line, grammar, subject, enters=False)


def _check_line(line: str, grammar: Grammar, subject: str, *, enters: bool) -> None:
    shown = ascii(line)[:80]
    if not PRINTABLE.fullmatch(line) or line != line.strip():
        raise GuardRefused(f"line {shown} holds what is no plain text", subject=subject)
    if len(line) > grammar.longest_line:
        raise GuardRefused(f"line {shown} is longer than {grammar.longest_line} characters", subject=subject)
    if not enters and line.split(maxsplit=1)[0].lower() in grammar.mode_words:
        raise GuardRefused(f"line {shown} would leave the block it is in", subject=subject)
    if line.startswith("!") or OPENS_TRUNK.match(line):
        raise GuardRefused(f"line {shown} would open a trunk or is a comment", subject=subject)
