"""The conformance checks: every dialect that is broken on purpose is found, whichever check it fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest

from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.conformance.checks import CHECKS, Subject, complaints
from trunkline.drivers.switch.dialect import Block, Dialect, Forgetting, Phrase, Query, Scope
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.lab.switch.device_model import IosModel
from trunkline.orchestrator.intents import Neighbor, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import VlanSet

ANYTHING = re.compile(r"")
NEVER = re.compile(r"(?!)")


class Talking(CiscoIos):
    """Talks like IOS, but for some of its grammar."""

    def __init__(self, **changes: object) -> None:
        self.grammar = replace(GRAMMAR, **changes)  # type: ignore[arg-type]  # tests pass the field's own type


class Writing(Talking):
    """Writes other blocks than it should."""

    def __init__(self, change: Callable[[Block], Sequence[Block]], **grammar: object) -> None:
        super().__init__(**grammar)
        self._change = change

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        return [new for old in super().render(changes, state, rules) for new in self._change(old)]


class Believing(CiscoIos):
    """Takes anything for an answer."""

    def queries(self, scope: Scope) -> Sequence[Query]:
        return [replace(query, answer=ANYTHING) for query in super().queries(scope)]


class Guessing(CiscoIos):
    """Sees trunks that carry nothing, so that it adds what is there already."""

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        state = super().parse(outputs, scope)
        ports = {port: replace(row, allowed=type(row.allowed)()) for port, row in state.ports.items()}
        return replace(state, ports=ports)


class Closing(CiscoIos):
    """Takes a trunk without a list for one that carries nothing."""

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        state = super().parse(outputs, scope)
        ports = {
            port: replace(row, allowed=VlanSet()) if row.allowed == VlanSet.every() else row
            for port, row in state.ports.items()
        }
        return replace(state, ports=ports)


class Clearing(CiscoIos):
    """Forgets every neighbor of an interface."""

    grammar = replace(
        GRAMMAR, phrases={**GRAMMAR.phrases, "exec": (Phrase(pattern=re.compile(r"clear arp")),)}
    )

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        how = super().forget(neighbor, gateway)
        return how and replace(how, commands=("clear arp",))


class Opening(CiscoIos):
    """Puts an adopted port back with a line that nobody may send."""

    def restore(self, port: PortName, before: PortRow) -> Block:
        return replace(super().restore(port, before), lines=("no switchport trunk allowed vlan",))


def phrases(mode: str, *patterns: str) -> dict[str, Sequence[Phrase]]:
    return {**GRAMMAR.phrases, mode: tuple(Phrase(pattern=re.compile(text)) for text in patterns)}


def without(words: str) -> Callable[[Block], Sequence[Block]]:
    def change(block: Block) -> Sequence[Block]:
        lines = tuple(line for line in block.lines if words not in line)
        return [] if words in block.enter else [replace(block, lines=lines)]

    return change


def instead(old: str, new: str) -> Callable[[Block], Sequence[Block]]:
    def change(block: Block) -> Sequence[Block]:
        return [
            replace(
                block,
                enter=block.enter.replace(old, new),
                lines=tuple(line.replace(old, new) for line in block.lines),
            )
        ]

    return change


def mode_first(block: Block) -> Sequence[Block]:
    """Make a port a trunk before anything else is said about it."""
    mode = "switchport mode trunk"
    rest = tuple(line for line in block.lines if line != mode)
    return [replace(block, lines=(mode, *rest)) if mode in block.lines else block]


LOOSE_TRUNK = phrases("config-if", r"(?!.*none).{0,99}")
WHOLE_LIST = phrases(
    "config-if",
    r"switchport trunk allowed vlan (?:remove )?(?P<vlans>[\d,-]+)",
    r"(?:no )?(?:ip|ipv6) address [^;?|&]+",
    r"no shutdown",
)
BROKEN: dict[str, tuple[Dialect, str]] = {
    "an SVI that is not removed": (Writing(without("no interface")), "inverse"),
    "a VLAN that is not made": (Writing(without("vlan 777")), "round-trip"),
    "a trunk that is written as a whole": (
        Writing(instead("vlan add ", "vlan "), phrases=WHOLE_LIST),
        "neighbours",
    ),
    "trunks read as empty": (Guessing(), "idempotence"),
    "a trunk without a list is taken for an empty one": (Closing(), "open-trunks"),
    "a port that becomes a trunk and opens to every VLAN": (
        Writing(without("allowed vlan 100")),
        "adoption",
    ),
    "a port that is a trunk before it has its list": (Writing(mode_first), "adoption"),
    "a refusal that it does not know": (Talking(rejected=NEVER), "refusals"),
    "anything is an answer": (Believing(), "unreadable"),
    "a saving that it does not see": (Talking(saved=NEVER), "saving"),
    "everything is saved": (Talking(saved=ANYTHING), "saving"),
    "every neighbor is forgotten": (Clearing(), "forgetting"),
    "a phrase that is any text": (Talking(phrases=phrases("config-if", ".*")), "grammar"),
    "a prompt without modes": (
        Talking(prompt=r"{hostname}(?P<inside>\()?(?P<mode>)[^#]*#"),
        "grammar",
    ),
    "a prompt that is no prompt": (Talking(prompt=r"{hostname}(?P<inside>-)(?P<mode>-)>"), "grammar"),
    "lines that are too long": (Talking(longest_line=30), "lines"),
    "a line that is no phrase": (Writing(instead("name tl", "title tl")), "lines"),
    "a port that is opened when it is put back": (Opening(), "lines"),
    "a phrase that does not say which VLANs": (
        Talking(phrases=phrases("config-if", r"switchport trunk allowed vlan (?:add|remove) [\d,-]+")),
        "rails",
    ),
    "a phrase that does not say which port": (
        Talking(phrases=phrases("config", r"interface \S+", r"(?:no )?vlan (?P<vlans>\d+)")),
        "rails",
    ),
    "a phrase that goes on": (Talking(phrases=LOOSE_TRUNK), "rails"),
}


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # nothing secret


def found(dialect: Dialect, name: str) -> list[str]:
    (check,) = (each for each in CHECKS if each.name == name)
    subject = Subject(dialect=dialect, model=IosModel())
    return [text for seed in range(3) for text in complaints(check, subject, chance(seed))]


@pytest.mark.parametrize("what", BROKEN)
def test_a_dialect_that_is_broken_is_found(what: str) -> None:
    dialect, check = BROKEN[what]
    assert not found(CiscoIos(), check)

    wrong = found(dialect, check)

    assert wrong
    assert not [text for text in wrong if text.startswith(("KeyError", "AttributeError", "TypeError"))]


def test_every_check_has_a_dialect_that_fails_it() -> None:
    assert {check for _, check in BROKEN.values()} == {check.name for check in CHECKS}


def test_without_a_device_model_what_would_be_sent_is_checked() -> None:
    subject = Subject(dialect=CiscoIos())
    for check in CHECKS:
        wrong = complaints(check, subject, chance(0))
        assert bool(wrong) is check.on_device, wrong


def test_a_device_model_that_loses_replies_is_told() -> None:
    class Mute(IosModel):
        def empty(self):  # type: ignore[no-untyped-def]  # noqa: ANN202  # a fault on purpose
            device = super().empty()
            device.take = lambda lines: []  # type: ignore[method-assign]  # noqa: ARG005  # as above
            return device

    (check,) = (each for each in CHECKS if each.name == "idempotence")
    (text,) = complaints(check, Subject(dialect=CiscoIos(), model=Mute()), chance(0))
    assert "gave 0 replies to 3 lines" in text
