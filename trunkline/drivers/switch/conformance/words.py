"""Checks of what a dialect would send, without a device: its grammar, its lines, what the guard lets through. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.conformance.device import HOSTNAME
from trunkline.drivers.switch.conformance.samples import (
    BLUE,
    CANNOT,
    Feature,
    check,
    features,
    sample_switch,
    why_not,
    write,
)
from trunkline.drivers.switch.dialect import Block, Dialect, Grammar
from trunkline.drivers.switch.guards import check_blocks
from trunkline.drivers.switch.state import PortRow
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import HIGHEST, RESERVED, Vid, VlanSet

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"
LONGEST_NAME = 32
MOST_VLANS = 600
APPENDED = ("; reload", " ; reload", " | reload", " && reload", "\nreload", "?", " \x1b[2J", "\u202e")
"""What a name or a number must never bring along."""
_MISLEADING = RESERVED | {2001}
"""Ids that are not used, or that the example addresses hold."""


def grammar(dialect: Dialect, prompts: Mapping[str, str]) -> Iterator[str]:
    """Look at the grammar: what must be there, and what its patterns must not take for something else."""
    rules = dialect.grammar
    modes = ("enter_config", "leave_config", "leave_block")
    for name in ("backup", *(modes if any(getattr(rules, name) for name in modes) else ())):
        if not getattr(rules, name):
            yield f"grammar.{name} is empty"
    if not (rules.save or rules.commit or rules.unsaved):
        yield "grammar.save is empty, and neither commit nor unsaved says what becomes of the lines"
    if bool(rules.commit) != bool(rules.discard):
        yield "grammar.commit and grammar.discard go together"
    if rules.longest_line <= 0:
        yield "grammar.longest_line is not positive"
    for name in ("rejected", "unknown", "question"):
        pattern: re.Pattern[str] = getattr(rules, name)
        if pattern.search(""):
            yield f"grammar.{name} matches nothing at all"
    if "{hostname}" not in rules.prompt and not rules.shell:
        yield "grammar.prompt does not name {hostname}"
    yield from _phrases(rules)
    yield from _prompts(rules, prompts)


def _phrases(rules: Grammar) -> Iterator[str]:
    for mode, phrases in rules.phrases.items():
        for phrase in phrases:
            if phrase.pattern.fullmatch("") or phrase.pattern.fullmatch("x" * 20):
                yield f"phrase {phrase.pattern.pattern!r} of mode {mode} is any text"


def _prompts(rules: Grammar, prompts: Mapping[str, str]) -> Iterator[str]:
    pattern = re.compile(rf"(?:^|\n){rules.prompt.replace('{hostname}', HOSTNAME)}")
    groups = {"inside", "mode"} if rules.enter_config else set[str]()
    if missing := groups - pattern.groupindex.keys():
        yield f"grammar.prompt has no group {' and '.join(sorted(missing))}"
        return
    for mode, prompt in prompts.items():
        found = pattern.fullmatch(prompt)
        if found is None:
            yield f"grammar.prompt does not match {prompt!r}"
        elif rules.mode_of(found) != mode:
            yield f"prompt {prompt!r} is taken for mode {rules.mode_of(found)!r}, not {mode!r}"
        if rules.question.search(prompt):
            yield f"grammar.question takes the prompt {prompt!r} for a question"


def lines(dialect: Dialect, port: PortName, parent: str, random: Random) -> Iterator[str]:
    """Let it write about arbitrary VLANs and names: every line must be one of its phrases, plain and short enough."""
    for feature in features(port, parent):
        try:
            write(dialect, feature)
        except GuardRefused as refusal:  # it means to, and its own phrases do not let it
            yield f"{feature.name}: {refusal}"
        except CANNOT:
            continue
    vlan, name = _vlan(random), _name(random)
    for sample, feature in _pairs(dialect, port, parent, vlan, name):
        if cause := why_not(dialect, feature):
            yield f"{sample.name} for VLAN {vlan} named {name}: {cause}"
    yield from _restored(dialect, port, parent)
    trunk = _feature("put a VLAN on a trunk", port, parent)
    if why_not(dialect, trunk):
        return
    many = {_vlan(random) for _ in range(random.randint(1, MOST_VLANS))}
    for op in ("add", "remove"):
        yield from _many(dialect, port, trunk, many, op)


def _restored(dialect: Dialect, port: PortName, parent: str) -> Iterator[str]:
    """Let it put back a port that it can adopt."""
    adopting = _feature("make a port a trunk (adopt)", port, parent)
    if why_not(dialect, adopting):
        return
    row = adopting.state.ports[port]
    try:
        block = dialect.restore(port, row)
        check(dialect, adopting, [] if block is None else [block], vlans=frozenset(row.allowed))
    except (ValueError, NotImplementedError, GuardRefused) as error:
        yield f"it makes a port a trunk and cannot put it back: {type(error).__name__} {error}"


def _feature(name: str, port: PortName, parent: str) -> Feature:
    return next(each for each in features(port, parent) if each.name == name)


def _many(dialect: Dialect, port: PortName, trunk: Feature, many: set[Vid], op: str) -> Iterator[str]:
    carried = trunk.state.ports[port].allowed | (many if op == "remove" else set())
    row = PortRow(port=port, mode="trunk", allowed=VlanSet(carried), native_vlan=Vid(1))
    named = {vlan: replace(trunk.state.vlans[BLUE], vlan=vlan, name=f"tl-{vlan}") for vlan in many}
    feature = replace(
        trunk,
        changes=tuple(
            Change(op="add" if op == "add" else "remove", claim=Carries(port=port, vlan=vlan))
            for vlan in sorted(many)
        ),
        state=replace(trunk.state, ports={port: row}, vlans=named),
    )
    if cause := why_not(dialect, feature):
        yield f"{op} {len(many)} VLANs on one port: {cause}"
        return
    claims = {
        claim
        for block in dialect.render(feature.changes, feature.state, feature.rules)
        for claim in block.claims
    }
    if lost := {change.claim for change in feature.changes} - claims:
        yield f"{op} {len(many)} VLANs on one port: no block claims {len(lost)} of them"


def rails(dialect: Dialect, port: PortName, parent: str, random: Random) -> Iterator[str]:
    """Give the guard its lines for what they are not about: another VLAN, a protected port, with something appended."""
    vlan = _vlan(random)
    for sample, feature in _pairs(dialect, port, parent, vlan, f"tl-{_word(random)}"):
        if why_not(dialect, feature):
            continue  # told by the check of lines
        for block in dialect.render(feature.changes, feature.state, feature.rules):
            yield from (f"{sample.name}: {text}" for text in _loose(dialect, feature, block, vlan))
            if sample.state.ports and _lets_through_protected(dialect, feature, block, port):
                yield f"{sample.name}: the guard lets {block.enter!r} through though {port} is protected"


def _loose(dialect: Dialect, feature: Feature, block: Block, vlan: Vid) -> Iterator[str]:
    """Name lines that the guard cannot hold back: their phrase says neither VLAN nor end."""
    bare = replace(block, lines=())
    singles = [(block.enter, bare), *((line, replace(block, lines=(line,))) for line in block.lines)]
    other = frozenset({Vid(vlan + 1 if vlan < HIGHEST else vlan - 1)})
    for line, single in singles:
        if re.search(rf"(?<!\d){vlan}(?!\d)", line) and _passes(dialect, feature, single, other):
            yield f"the guard lets {line!r} through for another VLAN: no group `vlans` in its phrase"
        for more in APPENDED:
            longer = (
                replace(single, lines=(line + more,)) if single.lines else replace(single, enter=line + more)
            )
            if _passes(dialect, feature, longer, feature.vlans):
                yield f"the guard lets {line + more!r} through: its phrase takes any text"


def _passes(dialect: Dialect, feature: Feature, block: Block, vlans: frozenset[Vid]) -> bool:
    try:
        check(dialect, feature, [block], vlans=vlans)
    except GuardRefused:
        return False
    return True


def _lets_through_protected(dialect: Dialect, feature: Feature, block: Block, port: PortName) -> bool:
    switch = replace(sample_switch(dialect.platform), protected_ports=frozenset({port}))
    intent = SwitchIntent(switch=switch, generation=1, ports=feature.rules)
    try:
        check_blocks([block], dialect.grammar, intent=intent, vlans=feature.vlans, before=feature.state)
    except GuardRefused:
        return False
    return True


def _pairs(
    dialect: Dialect, port: PortName, parent: str, vlan: Vid, name: str
) -> Iterator[tuple[Feature, Feature]]:
    """Give what the dialect can do, each with the same for this VLAN and name."""
    arbitrary = features(port, parent, vlan=vlan, name=name)
    for sample, feature in zip(features(port, parent), arbitrary, strict=True):
        if not why_not(dialect, sample):
            yield sample, feature


def _vlan(random: Random) -> Vid:
    """Take an id that no example address holds as a number."""
    while (number := random.randint(256, HIGHEST)) in _MISLEADING:
        pass
    return Vid(number)


def _name(random: Random) -> str:
    text = "".join(random.choice(LETTERS + "0123456789") for _ in range(random.randint(1, LONGEST_NAME - 3)))
    return f"tl-{text}"


def _word(random: Random) -> str:
    return "".join(random.choice(LETTERS) for _ in range(random.randint(1, 12)))
