"""One configuration session: the lines of all blocks in a window that grows while all is well. For `session`.

Lines are on their way before the ones in front of them are answered, also those of the next blocks. What a device
does with them is known line by line all the same: each is matched with its echo, each refusal belongs to its line, and
the mode is read off every prompt. The one thing that must not go wrong unseen is a block that cannot be entered while
its lines are on their way already: they are refused one by one outside of it, and the session is dropped and told to
go line by line next time (decision 0022).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from trunkline.drivers.switch.dialect import Block, Grammar, RevertTimer
from trunkline.drivers.switch.dialogue import ANSWER_SECONDS, Dialogue, clean
from trunkline.drivers.switch.transport import Refusal, Transcript
from trunkline.orchestrator.errors import CommandRejected, TransientError
from trunkline.orchestrator.intents import Claim

WIDEST_WINDOW = 256
MOST_OCTETS = 8192
"""No more than so much is on its way; small devices have small buffers, though SSH has a window of its own."""
COMMIT_SECONDS = 100.0
AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class Window:
    """How many lines may be on their way. One for a device that is treated with care."""

    careful: bool = False
    width: int = 1
    proven: bool = False
    """Configuration mode was entered and left in this session, so that it is not refused for want of rights."""

    def takes(self, line: str, *, flying: int, octets: int) -> bool:
        """Say whether a line may follow so many on their way, which have so many octets."""
        return not flying or (flying < self.width and octets + len(line) <= MOST_OCTETS)

    def grow(self) -> None:
        """All is well."""
        self.width = 1 if self.careful else min(WIDEST_WINDOW, self.width * 2)

    def shrink(self) -> None:
        """Something was refused or lost."""
        self.width = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One line, the mode that the prompt after it must show, and whether it goes alone."""

    line: str
    block: Block
    role: Literal["open", "enter", "body", "leave", "close"]
    mode: str
    alone: bool


_FRAME = Block(enter="", mode="", lines=(), claims=frozenset())
"""Whose the lines are that enter and leave configuration mode."""


@dataclass(slots=True, kw_only=True)
class Push:
    """Sends the blocks of one configuration session; `run` once."""

    dialogue: Dialogue
    blocks: Sequence[Block]
    grammar: Grammar
    window: Window
    revert_minutes: int = 0
    _sent: list[str] = field(default_factory=list)
    _replies: list[str] = field(default_factory=list)
    _refusals: list[Refusal] = field(default_factory=list)
    _todo: deque[_Step] = field(default_factory=deque)
    _flying: deque[_Step] = field(default_factory=deque)
    _octets: int = 0
    """Of the lines that are on their way."""
    _over: set[int] = field(default_factory=set)
    """Blocks, by identity, of which nothing more is sent but the line that leaves them."""

    def run(self) -> Transcript:
        """Enter configuration mode if there is one, send every block, leave.

        Raises:
            TransientError: the session ended, froze, or left its mode; what was applied is unknown.
        """
        self._todo.extend(self._frame(self._start_timer()))
        self._pump()
        if self.grammar.commit:
            self._commit()
            self._one(self.grammar.leave_config, "")
        self.window.proven = True
        return Transcript(
            sent=tuple(self._sent), reply="\n".join(self._replies), refusals=tuple(self._refusals)
        )

    def _start_timer(self) -> bool:
        """Start the timer that takes everything back, if there is to be one; say whether that led inside."""
        timer = self.grammar.revert if self.revert_minutes else None
        if timer is not None and timer.arm:
            self._insist(timer.arm, "", timer)
        if timer is not None and timer.enter:
            self._insist(timer.enter, "config", timer)
            return True
        return False

    def _frame(self, inside: bool) -> Iterator[_Step]:  # noqa: FBT001  # what `_start_timer` gives
        """Give every line from the one that enters configuration mode to the one that leaves it."""
        if self.grammar.enter_config and not inside:
            yield _Step(self.grammar.enter_config, _FRAME, "open", "config", alone=False)
        for block in self.blocks:
            yield from self._steps(block)
        if self.grammar.leave_config and not self.grammar.commit:
            yield _Step(self.grammar.leave_config, _FRAME, "close", "", alone=False)

    def _insist(self, line: str, mode: str, timer: RevertTimer) -> None:
        """Send a line of the timer; without it nothing is sent at all.

        Raises:
            CommandRejected: the device refused it.
        """
        line = line.replace("{minutes}", str(self.revert_minutes))
        self.dialogue.write(line)
        output, now = self.dialogue.answer(line)
        words = self.grammar.log_line.sub("", output)
        if self.dialogue.hearing.is_refusal(output) or now != mode:
            raise CommandRejected(
                f"it refused to take changes back by itself: {clean(words)!r}",
                subject=self.dialogue.subject,
                line=line,
                reply=clean(words),
                fix=f"configure {timer.needs} on it, or take revert_timer out of the inventory",
            )

    def _pump(self) -> None:
        while self._todo or self._flying:
            if not self._flying or self.dialogue.is_silent:
                # Answers that are here already come first: then many lines go out in one packet, not one by one.
                self._fill()
            if not self._flying:
                continue  # all that was left belonged to blocks that are over
            step = self._flying.popleft()
            self._octets -= len(step.line)
            following = self._flying[0].line if self._flying else ""
            try:
                output, mode = self.dialogue.answer(step.line, following=following)
                self._take(step, output, mode)
            except TransientError:
                # Lines that were on their way may be what it could not bear.
                self.window.careful = self.window.careful or bool(self._flying)
                raise

    def _fill(self) -> None:
        """Send as many lines as the window takes."""
        lines: list[str] = []
        while self._todo:
            step = self._todo[0]
            if id(step.block) in self._over and step.role == "body":
                self._todo.popleft()
                continue
            if self._flying and not self._may_follow(step):
                break
            self._flying.append(self._todo.popleft())
            self._octets += len(step.line)
            lines.append(step.line)
            if step.role in {"enter", "body"}:
                self._sent.append(step.line if step.role == "enter" else f" {step.line}")
        if lines:
            self.dialogue.write(*lines)

    def _may_follow(self, step: _Step) -> bool:
        """Say whether a line may go while others are on their way."""
        if step.alone or self._flying[-1].alone:
            return False
        # What leaves a block would end a session that configuration mode was refused to.
        leaves = step.role in {"leave", "close"}
        if leaves and not self.window.proven and self._flying[0].role == "open":
            return False
        return self.window.takes(step.line, flying=len(self._flying), octets=self._octets)

    def _steps(self, block: Block) -> Iterator[_Step]:
        # A terminal in front of a shell echoes at once, not when the line's turn has come.
        alone = block.stepwise or bool(self.grammar.shell)
        yield _Step(block.enter, block, "enter", block.mode, alone)
        for line in block.lines:
            yield _Step(line, block, "body", block.mode, alone)
        if block.mode != self.grammar.outermost:
            # Some commands take effect, and are refused, only when their sub-mode is left.
            yield _Step(self.grammar.leave_block, block, "leave", "config", alone)

    def _take(self, step: _Step, output: str, mode: str) -> None:
        """Judge what came back on one line."""
        if step.block is _FRAME:
            self.window.grow()
            self.dialogue.expect(mode, step.mode, step.line)
            return
        if not self._refused(step.line, output, step.block):
            self.window.grow()
            self.dialogue.expect(mode, step.mode, step.line)
            return
        self.window.shrink()
        self._over.add(id(step.block))
        if step.role != "enter":
            self.dialogue.expect(mode, step.mode, step.line)
            return
        if mode == self.grammar.outermost:
            self._not_entered(step, output)

    def _not_entered(self, step: _Step, output: str) -> None:
        """See that no line of a block that was not entered is sent, nor what leaves it."""
        inside = step.block.mode != self.grammar.outermost
        if inside and any(each.block is step.block for each in self._flying):
            self.window.careful = True
            raise TransientError(
                f"{step.line!r} was refused while more lines were on their way: {clean(output)!r}",
                subject=self.dialogue.subject,
                fix="they are sent again one by one",
                retry_in_seconds=AGAIN_SECONDS,
            )
        while self._todo and self._todo[0].block is step.block:
            self._todo.popleft()

    def _commit(self) -> None:
        """Let all of it take effect, or nothing: a commit that is refused is refused for every block."""
        everything = frozenset[Claim]().union(*(block.claims for block in self.blocks))
        timer = self.grammar.revert if self.revert_minutes else None
        commit = self.grammar.commit
        if timer is not None and timer.commit:
            commit = timer.commit.replace("{minutes}", str(self.revert_minutes))
        whole = Block(enter=commit, mode="config", lines=(), claims=everything)
        output = self._one(commit, "config", silence=COMMIT_SECONDS)
        refused = self._refused(commit, output, whole)
        if not refused and self.grammar.committed is not None and not self.grammar.committed.search(output):
            reply = clean(output) or "it did not say that it did"
            self._refusals.append(Refusal(line=commit, reply=reply, claims=everything))
            refused = True
        if refused:
            self._one(self.grammar.discard, "config")

    def _one(self, line: str, mode: str, *, silence: float = ANSWER_SECONDS) -> str:
        """Send a line of ours and insist on the mode after it."""
        self.dialogue.write(line)
        output, now = self.dialogue.answer(line, silence=silence)
        self.dialogue.expect(now, mode, line)
        return output

    def _refused(self, line: str, output: str, block: Block) -> bool:
        words = self.grammar.log_line.sub("", output)
        if words.strip():
            self._replies.append(f"{line}: {clean(words)}")
        if not self.dialogue.hearing.is_refusal(output):
            return False
        self._refusals.append(Refusal(line=line, reply=clean(words), claims=block.claims))
        return True
