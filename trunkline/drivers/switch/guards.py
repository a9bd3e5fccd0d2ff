"""The last look at every line before it is sent: vendor-neutral rails that no dialect can get around. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Grammar, Phrase
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, Neighbor, SwitchIntent
from trunkline.orchestrator.models import PortName, Switch
from trunkline.orchestrator.vlans import LOWEST, RESERVED, Vid, VlanSet

PRINTABLE = re.compile(r"[\x20-\x3e\x40-\x7e]+")
"""Printable ASCII without the question mark, which a device takes as a cry for help and not as text."""


def check_changes(
    changes: Sequence[Change], intent: SwitchIntent, *, begun: frozenset[Claim] = frozenset()
) -> None:
    """Refuse changes that touch what must not be touched (promise I5).

    Args:
        changes: What is about to be done.
        intent: What it is for.
        begun: Claims that this sync itself began and could not finish; half of one may be taken back.

    Raises:
        GuardRefused: names the port or VLAN.
    """
    switch = intent.switch
    for change in changes:
        claim, vlan = change.claim, change.claim.vlan
        _check_vlan(vlan, switch)
        if change.op == "remove" and claim in intent.present - begun:
            raise GuardRefused(f"VLAN {vlan} is needed there", subject=f"switch {switch.name}")
        if change.op == "remove" and isinstance(claim, Gateway) and _leads_here(claim, switch):
            raise GuardRefused(
                f"{switch.address} is how the switch is reached; it stays",
                subject=f"switch {switch.name}",
                fix="give the segment's gateway another address",
            )
        port = claim.port if isinstance(claim, Carries) else None
        parent = claim.parent if isinstance(claim, Gateway) else None
        if {port, parent} & switch.protected_ports or (port is not None and port not in intent.ports):
            raise GuardRefused(
                "must not be written",
                subject=f"switch {switch.name} port {port or parent}",
                fix="check the inventory",
            )


def _leads_here(claim: Gateway, switch: Switch) -> bool:
    """Say whether a gateway holds the address under which the switch is managed."""
    return any(str(address.ip) == switch.address for address in claim.addresses)


def _check_vlan(vlan: Vid, switch: Switch) -> None:
    if vlan in RESERVED or vlan in switch.protected_vlans or vlan not in switch.managed_vlans:
        raise GuardRefused(
            f"VLAN {vlan} must not be touched there",
            subject=f"switch {switch.name}",
            fix="check managed_vlans and protected_vlans in the inventory",
        )


def check_commands(commands: Sequence[str], grammar: Grammar, *, switch: Switch, neighbor: Neighbor) -> None:
    """Refuse every privileged command that is not one of the dialect's phrases, or about anybody but this neighbor.

    Raises:
        GuardRefused: names the line, the VLAN or the port.
    """
    subject = f"switch {switch.name}"
    _check_vlan(neighbor.vlan, switch)
    if neighbor.parent in switch.protected_ports:
        raise GuardRefused("must not be written", subject=f"{subject} port {neighbor.parent}")
    for command in commands:
        _, about = _check_line(command, "exec", grammar, subject, frozenset({neighbor.vlan}))
        address, vlans = about.get("address"), about.get("vlans")
        if address is None and vlans is None:
            raise GuardRefused(f"line {_shown(command)} is about everybody", subject=subject)
        if address is not None and not _is_address(address, neighbor):
            raise GuardRefused(f"line {_shown(command)} is about another address", subject=subject)
        if vlans is not None and not _is_interface(about, neighbor):
            raise GuardRefused(f"line {_shown(command)} is about another interface", subject=subject)


def _is_interface(about: Mapping[str, str | None], neighbor: Neighbor) -> bool:
    if "base" in about:
        # What SVIs are made on has a name of its own there, which no inventory knows.
        return neighbor.parent in {None, about["base"]}
    return about.get("port") == neighbor.parent


def _is_address(text: str, neighbor: Neighbor) -> bool:
    try:
        return ip_address(text) == neighbor.address
    except ValueError:
        return False


def check_blocks(
    blocks: Sequence[Block],
    grammar: Grammar,
    *,
    intent: SwitchIntent,
    vlans: frozenset[Vid],
    before: SwitchState,
) -> None:
    """Refuse every line that is not one of the dialect's phrases, about these VLANs, on a port it may be about.

    Args:
        blocks: What is about to be sent.
        grammar: The dialect's phrases.
        intent: Says which ports may be written and which may be converted.
        vlans: What the changes behind the blocks are about.
        before: What the switch looks like; a port that is a trunk is not converted (promises I5, I6, I16).

    Raises:
        GuardRefused: names the line.
    """
    subject = f"switch {intent.switch.name}"
    for block in blocks:
        entered = None
        for line in (block.enter, *block.lines):
            mode = block.mode if entered is not None else grammar.outermost
            phrase, about = _check_line(line, mode, grammar, subject, vlans)
            entered = about if entered is None else entered
            _check_ports(line, about, intent, in_vlan=entered.get("vlans") is not None)
            # A line without a sub-mode names its port itself.
            named = about.get("member") or about.get("port") or entered.get("port")
            port = PortName("") if named is None else _port(named)
            _check_untagged(line, about, before.ports.get(port), subject)
            if phrase.converts and not (
                _may_convert(port, intent, before.ports)
                or _may_restrict(port, about.get("kept"), vlans, intent, before.ports)
            ):
                raise GuardRefused(
                    f"line {_shown(line)} would rewrite a port that is not being adopted", subject=subject
                )


def _check_ports(line: str, about: Mapping[str, str | None], intent: SwitchIntent, *, in_vlan: bool) -> None:
    """Refuse a line about a port that must not be written (promise I5)."""
    subject = f"switch {intent.switch.name}"
    named = {_port(text) for group in ("port", "member", "base") if (text := about.get(group)) is not None}
    if named & intent.switch.protected_ports:
        raise GuardRefused(f"line {_shown(line)} is about a protected port", subject=subject)
    if about.get("ports") is not None and not in_vlan:
        raise GuardRefused(f"line {_shown(line)} names ports outside of a VLAN", subject=subject)
    members = {_port(text) for text in (about.get("ports") or "").split(",")} if about.get("ports") else set()
    members |= {_port(text) for text in (about.get("member"),) if text is not None}
    if members & intent.switch.protected_ports or not members <= intent.ports.keys():
        raise GuardRefused(f"line {_shown(line)} is about a port that must not be written", subject=subject)


def _check_untagged(line: str, about: Mapping[str, str | None], row: PortRow | None, subject: str) -> None:
    """Refuse a line about another VLAN than the one that the port carries untagged."""
    number = about.get("untagged")
    kept = None if row is None else row.untagged_vlan
    if number is not None and int(number) != (LOWEST if kept is None else kept):
        raise GuardRefused(f"line {_shown(line)} is not about the VLAN that the port has", subject=subject)


def _port(text: str) -> PortName:
    """Name a port as the inventory does; some devices put a blank between its kind and its place."""
    return PortName(text.replace(" ", ""))


def _check_line(
    line: str, mode: str, grammar: Grammar, subject: str, vlans: frozenset[Vid]
) -> tuple[Phrase, dict[str, str | None]]:
    shown = _shown(line)
    if not PRINTABLE.fullmatch(line) or line != line.strip():
        raise GuardRefused(f"line {shown} holds what is no plain text", subject=subject)
    if len(line) > grammar.longest_line:
        raise GuardRefused(f"line {shown} is longer than {grammar.longest_line} characters", subject=subject)
    cause = f"is none that may be sent in mode {mode or 'exec'}"
    for phrase in grammar.phrases.get(mode, ()):
        if found := phrase.pattern.fullmatch(line):
            about = found.groupdict()
            # Where a port is made a trunk with the words that also add to one, another phrase may allow it.
            if not (wrong := _why_wrong(about.get("vlans"), vlans)):
                return phrase, about
            cause = wrong
    raise GuardRefused(f"line {shown} {cause}", subject=subject)


def _why_wrong(text: str | None, vlans: frozenset[Vid]) -> str:
    """Say why these VLANs must not be named; empty when they may."""
    if text is None:
        return ""
    try:
        # Some devices write `10,20-29`, others `10 20 to 29`.
        named = VlanSet.parse(text.replace(" to ", "-").replace(" ", ","))
    except ValueError as error:
        return f"names no VLANs ({error})"
    return "" if named and named <= vlans else "is about other VLANs than the change"


def _may_restrict(
    port: PortName,
    kept: str | None,
    vlans: frozenset[Vid],
    intent: SwitchIntent,
    ports: Mapping[PortName, PortRow],
) -> bool:
    """Say whether this line gives a trunk that carries every VLAN its first list, of what is wanted there."""
    rule, row = intent.ports.get(port), ports.get(port)
    if kept is None or rule is None or row is None or not (rule.restrict and row.is_open):
        return False
    native = VlanSet() if row.native_vlan is None else VlanSet({row.native_vlan})
    return VlanSet.parse(kept) <= vlans | native | rule.keeps


def _may_convert(port: PortName, intent: SwitchIntent, ports: Mapping[PortName, PortRow]) -> bool:
    rule, row = intent.ports.get(port), ports.get(port)
    return rule is not None and rule.adopt and row is not None and row.mode != "trunk"


def _shown(line: str) -> str:
    return ascii(line)[:80]
