"""A played device that a dialect is tested against: what its author writes, and the session that speaks to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from trunkline.drivers.switch.dialect import Block, Grammar
from trunkline.drivers.switch.transport import Refusal, Transcript, is_refusal
from trunkline.orchestrator.errors import NotVerified
from trunkline.orchestrator.intents import Claim

HOSTNAME = "sw1"
NONSENSE = "trunkline-no-such-line"


class Device(Protocol):
    """One device that remembers what it was told."""

    def answer(self, command: str) -> str:
        """Give what a command prints outside of configuration mode, without echo and prompt."""

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Take lines typed in configuration mode: one block, to the line that leaves it; or one that commits.

        Returns:
            What it prints after each line, mostly nothing.
        """


class DeviceModel(Protocol):
    """Makes devices, and says what there is on one that is as good as new."""

    @property
    def ports(self) -> Sequence[str]:
        """Ports that are trunks and carry only what is untagged; two, or none on a router."""

    @property
    def gateways(self) -> Sequence[str | None]:
        """Where a gateway may be: None for a VLAN's own interface, a name for sub-interfaces of that one."""

    @property
    def prompts(self) -> Mapping[str, str]:
        """What the prompt of a device named ``sw1`` is, by mode: empty, ``config``, and every mode of a block."""

    @property
    def unreadable(self) -> Sequence[str]:
        """What such a device prints in place of any answer, e.g. to a user who may not run the command."""

    def empty(self) -> Device:
        """Make one that routes, without any VLAN or gateway of ours."""


@runtime_checkable
class HasOtherPorts(Protocol):
    """A device model that also has ports which are no plain trunks; without it they are not checked."""

    @property
    def open_ports(self) -> Sequence[str]:
        """Trunks that carry every VLAN; none where that cannot be."""

    @property
    def access_ports(self) -> Sequence[str]:
        """Ports that are no trunks."""


@dataclass(slots=True, kw_only=True)
class PlayedSession:
    """A session on a played device; says and judges what `session.Session` would. Implements `Transport`."""

    device: Device
    sent: list[str] = field(default_factory=list)
    has_configured: bool = False

    def query(self, command: str, grammar: Grammar) -> str:
        """Run a show command."""
        return grammar.log_line.sub("", self.device.answer(command))

    def ask(self, commands: Sequence[str], grammar: Grammar) -> Sequence[str]:
        """Run show commands."""
        return [self.query(command, grammar) for command in commands]

    def execute(self, command: str, grammar: Grammar) -> Transcript:
        """Run a privileged command."""
        reply = self.query(command, grammar)
        refusals = _refusals([command], [reply], frozenset(), grammar)
        return Transcript(sent=(command,), reply=reply, refusals=refusals)

    def configure(self, blocks: Sequence[Block], grammar: Grammar, *, revert_minutes: int = 0) -> Transcript:
        """Send blocks, and what makes them take effect; no played device takes anything back."""
        del revert_minutes
        self.has_configured = True
        refusals: tuple[Refusal, ...] = ()
        for block in blocks:
            leave = () if block.mode == grammar.outermost else (grammar.leave_block,)
            refusals += self._take((block.enter, *block.lines, *leave), block.claims, grammar)
        if grammar.commit:
            everything = frozenset[Claim]().union(*(block.claims for block in blocks))
            if refused := self._take((grammar.commit,), everything, grammar):
                refusals += refused
                self._take((grammar.discard,), everything, grammar)
        lines = [line for block in blocks for line in (block.enter, *(f" {text}" for text in block.lines))]
        return Transcript(sent=tuple(lines), reply="", refusals=refusals)

    def confirm(self, grammar: Grammar) -> None:
        """Do nothing."""

    def save(self, grammar: Grammar) -> None:
        """Save, and see that it was confirmed.

        Raises:
            NotVerified: it was not.
        """
        said = self.device.answer(grammar.save)
        if grammar.save_answer is not None and grammar.save_answer.question.search(said):
            said = self.device.answer(grammar.save_answer.reply)
        if not grammar.saved.search(said):
            raise NotVerified(f"`{grammar.save}` says {ascii(said)[:200]}", subject="saving")

    def close(self) -> None:
        """Do nothing."""

    def _take(self, lines: Sequence[str], claims: frozenset[Claim], grammar: Grammar) -> tuple[Refusal, ...]:
        self.sent += lines
        replies = self.device.take(lines)
        if len(replies) != len(lines):
            raise ValueError(f"the device model gave {len(replies)} replies to {len(lines)} lines: {lines}")
        return _refusals(lines, replies, claims, grammar)


def _refusals(
    lines: Sequence[str], replies: Sequence[str], claims: frozenset[Claim], grammar: Grammar
) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(line=line, reply=ascii(reply)[1:-1][:200], claims=claims)
        for line, reply in zip(lines, replies, strict=True)
        if is_refusal(grammar.log_line.sub("", reply), grammar)
    )


@dataclass(slots=True, kw_only=True)
class Refusing:
    """A device that refuses one line, counted from 0, with the words it has for nonsense."""

    device: Device
    at: int
    leave: str
    seen: int = 0
    words: str = field(init=False)

    def __post_init__(self) -> None:
        self.words = self.device.take((NONSENSE,))[0]

    def answer(self, command: str) -> str:
        """Answer as ever."""
        return self.device.answer(command)

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Take the lines in front of that one, and not those behind it: a session does not send them."""
        index, self.seen = self.at - self.seen, self.seen + len(lines)
        if not 0 <= index < len(lines):
            return self.device.take(lines)
        taken = list(lines[:index])
        leaves = [self.leave] if taken and lines[-1] == self.leave else []
        replies = list(self.device.take((*taken, *leaves))) if taken else []
        return (*replies[:index], self.words, *[""] * (len(lines) - index - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mumbling:
    """A device that gives another answer to one command."""

    device: Device
    command: str
    words: str

    def answer(self, command: str) -> str:
        """Answer, but for the one command."""
        return self.words if command == self.command else self.device.answer(command)

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Take lines as ever."""
        return self.device.take(lines)
