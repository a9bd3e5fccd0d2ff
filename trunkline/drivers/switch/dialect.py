"""What a vendor is: pure functions and data, no I/O. Plug-ins implement `Dialect`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.state import SwitchState
from trunkline.orchestrator.intents import Claim, PortRule
from trunkline.orchestrator.models import PortName, Switch
from trunkline.orchestrator.vlans import Vid


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be read: just these VLANs, ports and gateways; ``removals`` also want learned addresses."""

    switch: Switch
    vlans: frozenset[Vid]
    ports: tuple[PortName, ...]
    gateways: tuple[tuple[PortName | None, Vid], ...]
    removals: tuple[tuple[PortName, Vid], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How a device talks.

    Attributes:
        rejected: A reply with such a line is a refusal.
        benign: Lines that look like one and are none.
        log_line: Messages a device prints into the middle of anything.
        question: A prompt that waits for an answer; we never give one.
        enter_config: Line that enters configuration mode.
        leave_config: Line that leaves it from anywhere.
        leave_block: Line that leaves a block's sub-mode.
        save: Command that saves the running configuration.
        saved: What the reply to it must show.
        backup: Command that shows the running configuration.
        mode_words: First words that change the mode; no other line may begin with one.
        longest_line: Characters.
    """

    rejected: re.Pattern[str]
    benign: re.Pattern[str]
    log_line: re.Pattern[str]
    question: re.Pattern[str]
    enter_config: str
    leave_config: str
    leave_block: str
    save: str
    saved: re.Pattern[str]
    backup: str
    mode_words: frozenset[str]
    longest_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines that belong together: one that enters a sub-mode and those given in it.

    ``mode`` is what the prompt shows inside, e.g. ``config-if``. When a line is refused the rest of the block is
    not sent, and ``claims`` are what did not come true.
    """

    enter: str
    mode: str
    lines: tuple[str, ...]
    claims: frozenset[Claim]


class Dialect(Protocol):
    """One platform."""

    @property
    def platform(self) -> str:
        """Netmiko's name of the platform."""

    @property
    def grammar(self) -> Grammar:
        """How it talks."""

    def queries(self, scope: Scope) -> Sequence[str]:
        """Give the show commands that answer for this scope."""

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read their outputs, by command."""

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes of one kind (VLANs, trunks or gateways) as blocks, merged where one block can do it."""
