"""What a vendor is: pure functions and data, no I/O. Plug-ins implement `Dialect`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import Claim, Neighbor, Peer, PortRule
from trunkline.orchestrator.models import PortName, Switch
from trunkline.orchestrator.vlans import Vid

EXIT = "exit status "


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be read: just these VLANs, ports and gateways; ``removals`` also want learned addresses.

    ``at_once``: one question for all ports, however few, where the dialect knows one.
    """

    switch: Switch
    vlans: frozenset[Vid]
    ports: tuple[PortName, ...]
    gateways: tuple[tuple[PortName | None, Vid], ...]
    removals: tuple[tuple[PortName, Vid], ...] = ()
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A show command, and what an answer to it must show.

    ``answer`` is found in every answer that can be believed, also in one that says "there is none". Anything else
    (a refusal, half an answer, nothing) must not be taken for an empty device.
    """

    command: str
    answer: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A line that may be sent, for the guard.

    Attributes:
        pattern: The whole line. Its named groups tell what the line is about: ``port`` (the interface entered, or
            the parent of the one entered), ``vlans`` (ids that are added, removed, made or tagged), ``address``
            (the neighbor that is forgotten), ``member`` (a port whose VLANs the line changes, where lines name their
            port themselves), ``ports`` (a port, or several with commas, whose membership of the VLAN entered is
            changed), ``untagged`` (the VLAN that the port carries untagged), ``base`` (what a gateway's interface is
            made on: its parent, or whatever carries all of them) and ``kept`` (the list that a trunk has from now on;
            only where the line converts).
        converts: The line rewrites a port instead of adding to it; only for a port that is being adopted.
    """

    pattern: re.Pattern[str]
    converts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The one question that is answered, and with what; ``question`` ends where the device waits."""

    question: re.Pattern[str]
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertTimer:
    """How a device is told to take a change back by itself unless it is confirmed in time.

    Attributes:
        arm: Privileged line before configuration mode is entered; empty where there is none. ``{minutes}`` stands for
            the time here and below.
        enter: What enters configuration mode in place of `Grammar.enter_config`; empty: that one.
        commit: What makes it take effect in place of `Grammar.commit`; empty: that one.
        confirm: What confirms it, outside of configuration mode unless ``inside``.
        inside: It is confirmed in configuration mode.
        needs: What the device must be configured with, for the message when it refuses.
    """

    confirm: str
    arm: str = ""
    enter: str = ""
    commit: str = ""
    inside: bool = False
    needs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How a device talks.

    Attributes:
        netmiko: Netmiko's name of the platform; empty where it is the dialect's own.
        shell: Line that makes a login shell show ``prompt`` and run what it is sent, one line at a time; empty on a
            device with a command line of its own.
        prompt: A regular expression of its prompts, ``{hostname}`` standing for the beginning of the device's name.
            Group ``inside`` matches in configuration mode only, group ``mode`` is what it shows of the sub-mode. Group
            ``status`` is the exit status of the line before; one that is not 0 is the reply's last line, as `EXIT` and
            the number.
        modes: What ``mode`` shows and the name that blocks and phrases use for it; what is not here goes by itself.
            Configuration mode itself is called ``config``, outside of it the mode is empty.
        commit: Line that makes what was configured take effect, where that is a step of its own; empty where each line
            does. It is refused as a whole.
        committed: What the reply to it must show; None where a device that commits says nothing.
        discard: Line that drops what was configured and not committed.
        revert: How it takes a change back by itself; None where it cannot.
        hostname_characters: So much of the device's name is surely in every prompt.
        enables: Whether a login starts without privileges, so that `enable` raises it. Elsewhere netmiko's `enable` is
            not to be asked for: it would enter configuration mode.
        rejected: A reply with such a line is a refusal.
        benign: Lines that look like one and are none.
        unknown: A refusal with these words says that the device does not know the line, so that nothing was done.
        log_line: Messages a device prints into the middle of anything.
        question: A prompt that waits for an answer; we never give one, but for `save_answer`.
        greeting: The first prompt after login, where netmiko's own class for the platform would answer questions that
            come before it; None where it does not.
        enter_config: Line that enters configuration mode; empty where there is none, so that blocks are sent as they
            are.
        leave_config: Line that leaves it from anywhere.
        leave_block: Line that leaves a block's sub-mode.
        save: Command that saves the running configuration; empty where there is none, or a commit is for good already.
        saved: What the reply to it must show.
        unsaved: What a restart of the device forgets, where no command saves it; it is told with every plan.
        save_answer: What is answered while it saves, once; any other question ends the session as everywhere.
        backup: Command that shows the running configuration.
        phrases: Every line that may ever be sent, by the mode it is sent in (``config`` for those that enter,
            ``exec`` for those that change something outside of configuration mode).
        longest_line: Characters.
    """

    prompt: str
    rejected: re.Pattern[str]
    benign: re.Pattern[str]
    unknown: re.Pattern[str]
    log_line: re.Pattern[str]
    question: re.Pattern[str]
    enter_config: str
    leave_config: str
    leave_block: str
    save: str
    saved: re.Pattern[str]
    backup: str
    phrases: Mapping[str, Sequence[Phrase]]
    longest_line: int
    modes: Sequence[tuple[re.Pattern[str], str]] = ()
    commit: str = ""
    committed: re.Pattern[str] | None = None
    discard: str = ""
    revert: RevertTimer | None = None
    netmiko: str = ""
    shell: str = ""
    unsaved: str = ""
    greeting: re.Pattern[str] | None = None
    hostname_characters: int = 16
    enables: bool = True
    save_answer: Answer | None = None

    @property
    def outermost(self) -> str:
        """Name the mode in which blocks are entered."""
        return "config" if self.enter_config else ""

    def mode_of(self, prompt: re.Match[str]) -> str:
        """Name the mode that a prompt shows."""
        groups = prompt.groupdict()
        if groups.get("inside") is None:
            return ""
        shown = groups["mode"] or "config"
        return next((name for pattern, name in self.modes if pattern.fullmatch(shown)), shown)

    def reply_of(self, output: str, prompt: re.Match[str]) -> str:
        """Give what a device said to a line, with the exit status that the prompt shows if it tells of a failure."""
        status = prompt.groupdict().get("status") or "0"
        return output if int(status) == 0 else f"{output}\n{EXIT}{status}".lstrip("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines that belong together: one that enters a sub-mode and those given in it.

    ``mode`` is what the prompt shows inside, e.g. ``config-if``; empty without modes. When a line is refused the
    rest of the block is not sent, and ``claims`` are what did not come true. ``stepwise``: no line goes out before
    the one in front of it was taken, because it would do harm without it. Where lines need no sub-mode, ``mode`` is
    ``config`` and ``enter`` the first of them.
    """

    enter: str
    mode: str
    lines: tuple[str, ...]
    claims: frozenset[Claim]
    stepwise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """How one neighbor is forgotten.

    Attributes:
        commands: Privileged commands, the most precise first; the first one that the device knows is enough.
        proof: Shows what the device holds of the neighbor afterwards.
    """

    commands: tuple[str, ...]
    proof: Query


@runtime_checkable
class AsksTwice(Protocol):
    """A dialect some of whose commands need names that the answers to the first ones tell."""

    def more_queries(self, outputs: Mapping[str, str], scope: Scope) -> Sequence[Query]:
        """Give the show commands that are left, by the outputs of `Dialect.queries`.

        Raises:
            ValueError: as `Dialect.parse`.
        """


@runtime_checkable
class AsksAtOnce(Protocol):
    """A dialect that knows show commands for all ports at once."""

    def ports_in(self, command: str, output: str) -> Sequence[PortName]:
        """Name the ports that the output of such a command is about; none when the command is another one."""


@runtime_checkable
class Discovers(Protocol):
    """A dialect that can tell what a switch's ports are cabled to: by LLDP, CDP and the addresses it has learned."""

    def peer_queries(self, port: PortName | None) -> Sequence[Query]:
        """Give the show commands that tell who announces itself at a port; None: at every port.

        A device on which the protocol is off or unknown answers too, so the answer to expect includes its refusal.
        """

    def peers(self, outputs: Mapping[str, str], port: PortName | None) -> Sequence[Peer]:
        """Read the outputs of `peer_queries`, by command. What cannot be told apart is left out.

        Raises:
            ValueError: as `Dialect.parse`.
        """

    def station_queries(self) -> Sequence[Query]:
        """Give the show commands that tell every address that was learned, and at which port."""

    def stations(self, outputs: Mapping[str, str]) -> Mapping[tuple[PortName, Vid], frozenset[str]]:
        """Read their outputs: the MACs behind each port and VLAN, lower-case with colons; none of its own.

        Raises:
            ValueError: as `Dialect.parse`.
        """


@runtime_checkable
class DiscoversTwice(Protocol):
    """One that `Discovers` and needs names, which the first answers tell, to ask for addresses that were learned."""

    def more_station_queries(self, outputs: Mapping[str, str]) -> Sequence[Query]:
        """Give the show commands that are left, by the outputs of `station_queries`; `stations` gets both.

        Raises:
            ValueError: as `Dialect.parse`.
        """


class Dialect(Protocol):
    """One platform."""

    @property
    def platform(self) -> str:
        """The name under which it is registered, and by which the inventory calls it."""

    @property
    def grammar(self) -> Grammar:
        """How it talks."""

    @property
    def blind(self) -> bool:
        """Say whether it was written without real output of such a device to check it against."""

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands that answer for this scope."""

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read their outputs, by command.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes of one kind (VLANs, trunks or gateways) as blocks, merged where one block can do it."""

    def restore(self, port: PortName, before: PortRow) -> Block | None:
        """Write the block that makes a half adopted port what it was before; None if adopting rewrites nothing."""

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the gateway's interface of a neighbor is configured."""

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how a neighbor is forgotten.

        Args:
            neighbor: Whose entry must go.
            gateway: The answer to `gateway_query`.

        Returns:
            None when there is no such interface, so that it holds no entry.

        Raises:
            ValueError: the interface is configured in a way that no command is written for.
        """

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's entry in the answer to the proof, if it is older than the clearing.

        Args:
            neighbor: Whose entry was cleared.
            answer: What the device answered to the proof.
            seconds: How long ago it was cleared; an entry that can be younger was learned since.

        Returns:
            The entry as the device shows it; empty when there is none.
        """
