"""The command line of one session: takes a line, finds the command of the mode it is in, gives what is printed."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trunkline.lab.switch import (
    address_commands as _address_commands,  # noqa: F401  # registers its commands
)
from trunkline.lab.switch import (
    config_commands,
    exec_commands,
    interface_commands,
    output_filter,
    vlan_commands,
)
from trunkline.lab.switch import (
    neighbor_commands as _neighbor_commands,  # noqa: F401  # registers its commands
)
from trunkline.lab.switch import shows as _shows  # noqa: F401  # registers its commands
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.grammar import Command, Grammar, NotUnderstoodError
from trunkline.lab.switch.hardware import Hardware
from trunkline.lab.switch.interface_commands import InterfaceScope
from trunkline.lab.switch.session import SUB_MODES, RefusedError, Session
from trunkline.lab.switch.state import Interface
from trunkline.lab.switch.vlan_commands import VlanScope
from trunkline.orchestrator.errors import ConfigError

Runner = Callable[[], str]


@dataclass(slots=True)
class CommandLine:
    """Executes lines for one session."""

    session: Session

    @property
    def device(self) -> Device:
        """The switch."""
        return self.session.device

    def execute(self, line: str) -> str:
        """Execute a line or, when a question is open, answer it; give what is printed, without the prompt."""
        session = self.session
        self.device.tick()
        if session.question is not None:
            question, session.question = session.question, None
            return question.answer(line)
        stripped = line.strip()
        if not stripped or stripped.startswith("!"):
            return ""
        start = len(line) - len(line.lstrip())
        try:
            return self._in_mode(line.rstrip(), start)
        except NotUnderstoodError as problem:
            return self._complaint(line.rstrip(), problem)
        except RefusedError as refused:
            return refused.text

    def end(self) -> str:
        """Obey ctrl-Z and ctrl-C: leave configuration mode."""
        if not self.session.configuring:
            return ""
        said = self.session.leave("enable")
        self.device.touch()
        return said

    def help(self, line: str) -> list[str]:
        """List what may follow, for ``?``; with a word begun, what completes it."""
        session = self.session
        grammars: list[Grammar[Session] | Grammar[InterfaceScope] | Grammar[VlanScope]] = []
        if not session.configuring:
            grammars = [exec_commands.USER if session.mode == "exec" else exec_commands.PRIVILEGED]
        else:
            grammars.append(_global_grammar(self.device.hardware))
            if session.interfaces:
                first = session.interfaces[0]
                grammars.append(_interface_grammar(self.device.hardware, _grammar_key(first)))
            if session.draft is not None:
                grammars.append(vlan_commands.GRAMMAR)
        return sorted({word for grammar in grammars for word in grammar.following(line)})

    def _in_mode(self, line: str, start: int) -> str:
        session = self.session
        if not session.configuring:
            return self._exec(line, start)
        words = line.split(maxsplit=1)
        if words[0].lower() == "do":
            if len(words) == 1:
                raise NotUnderstoodError("incomplete", len(line))
            return self._exec(" " * (len(line) - len(words[1])) + words[1], start, privileged=True)
        leaving = self._leaving(words)
        if leaving is not None:
            return leaving
        try:
            return self._configure(line)
        finally:
            self.device.touch()

    def _leaving(self, words: list[str]) -> str | None:
        word = words[0].lower()
        if len(words) > 1:
            return None
        if word == "end":
            return self.end()
        if word in {"exit", "exi", "ex"}:
            said = self.session.leave("config" if self.session.mode in SUB_MODES else "enable")
            self.device.touch()
            return said
        return None

    def _configure(self, line: str) -> str:
        """Try the sub-mode's commands, then the global ones; complain about the one that understood more."""
        session = self.session
        mine: NotUnderstoodError | None = None
        if session.mode in SUB_MODES:
            try:
                return self._sub_mode(line)()
            except NotUnderstoodError as problem:
                mine = problem
        try:
            command = _global_grammar(self.device.hardware).parse(line)
        except NotUnderstoodError as problem:
            if mine is not None and mine.column >= problem.column:
                raise mine from None
            raise
        before = session.mode, session.interfaces
        said = session.leave("config") if session.mode in SUB_MODES else ""
        try:
            return _joined(said, command.handler(session, command.arguments))
        except (
            NotUnderstoodError
        ):  # such an interface cannot exist here: nothing was executed, one stays where one was
            if before[1]:
                session.mode, session.interfaces = before
            raise

    def _sub_mode(self, line: str) -> Runner:
        session = self.session
        if session.mode in {"config-line", "config-archive"}:
            if re.match(r"\s*(interface|vlan|hostname|line|ip|no ip)\b", line):
                raise NotUnderstoodError("invalid", 0)
            return lambda: self._keep_in_block(line.strip())
        if session.draft is not None:
            scope = VlanScope(self.device, session.draft)
            understood = vlan_commands.GRAMMAR.parse(line)
            return lambda: understood.handler(scope, understood.arguments) or ""
        first = session.interfaces[0]
        command = _interface_grammar(self.device.hardware, _grammar_key(first)).parse(line)
        return lambda: self._on_interfaces(command)

    def _keep_in_block(self, line: str) -> str:
        lines = self.device.state.blocks[self.session.block]
        if line.startswith("no "):
            lines[:] = [kept for kept in lines if not kept.startswith(line.removeprefix("no "))]
        elif line not in lines:
            lines.append(line)
        return ""

    def _on_interfaces(self, command: Command[InterfaceScope]) -> str:
        interfaces = self.session.interfaces
        said = ""
        for interface in interfaces:
            try:
                said = command.handler(InterfaceScope(self.device, interface), command.arguments) or ""
            except RefusedError as refused:
                if len(interfaces) > 1:
                    raise RefusedError(
                        f"{refused.text}\n% Range command terminated because it failed on {interface.name}"
                    ) from None
                raise
        return said

    def _exec(self, line: str, start: int, *, privileged: bool = False) -> str:
        session = self.session
        command_text, pipe, filter_text = line.partition(" | ")
        grammar = exec_commands.PRIVILEGED if privileged or session.mode == "enable" else exec_commands.USER
        shows = command_text.split()[0].lower() in {"sh", "sho", "show"}
        keep = output_filter.compile_filter(filter_text, len(command_text) + 3) if pipe and shows else None
        command = grammar.parse(command_text if shows else line)
        del start
        said = command.handler(session, command.arguments) or ""
        return said if keep is None else keep(said)

    def _complaint(self, line: str, problem: NotUnderstoodError) -> str:
        if problem.problem == "ambiguous":
            return f'% Ambiguous command:  "{line.strip()}"'
        if problem.problem == "incomplete":
            if line.strip().lower() in {"sh", "sho", "show"}:
                return '% Type "show ?" for a list of subcommands'
            return "% Incomplete command.\n"
        column = problem.column if problem.column >= 0 else line.rindex(line.rsplit(maxsplit=1)[-1])
        return f"{' ' * (len(self.session.prompt) + column)}^\n% Invalid input detected at '^' marker.\n"


@functools.cache
def _global_grammar(hardware: Hardware) -> Grammar[Session]:
    parts = [config_commands.ANY, *([config_commands.SWITCH] if hardware.switching else [])]
    return Grammar.merged(parts)


def _grammar_key(interface: Interface) -> Literal["port", "sub-interface", "virtual"]:
    if interface.name.sub is not None:
        return "sub-interface"
    return "port" if interface.physical or interface.name.kind == "Port-channel" else "virtual"


@functools.cache
def _interface_grammar(hardware: Hardware, key: str) -> Grammar[InterfaceScope]:
    parts = [interface_commands.COMMON]
    if key == "sub-interface":
        parts.append(interface_commands.ROUTED)
    if key == "port" and hardware.switching:
        parts.append(interface_commands.PORT)
        if hardware.isl:
            parts.append(interface_commands.ISL_PORT)
    return Grammar.merged(parts)


def _joined(*parts: str | None) -> str:
    return "\n".join(part for part in parts if part)


def boot(device: Device) -> None:
    """Power a device on: what was not saved is lost. Complaints go to a console nobody looks at, as on real ones."""
    device.power_on()
    device.booting = True
    load(device, device.flash.startup, source="startup-config", strict=False)
    device.booting = False


def load(device: Device, text: str, *, source: str, strict: bool = True) -> None:
    """Feed a configuration to a device, as its boot or an operator at the console would.

    Args:
        device: Where to.
        text: The lines; what follows ``end`` is not read.
        source: What the text is called in messages.
        strict: Stop at the first complaint.

    Raises:
        ConfigError: ``strict``, and a line was answered with a complaint.
    """
    console = CommandLine(Session(device=device, mode="config"))

    def heard(said: str, number: int, line: str) -> None:
        if strict:
            _insist(said, source, number, line)

    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith(" ") and console.session.mode in SUB_MODES:
            heard(console.session.leave("config"), number, line)
        if line.strip() == "end":
            break
        heard(console.execute(line), number, line)
    heard(console.end(), 0, "end")


def _insist(said: str, source: str, number: int, line: str) -> None:
    if said and re.search(r"^%|^ +\^|rejected|not allowed|overlap|may not", said, re.MULTILINE):
        harmless = ("%Warning: portfast", "% Access VLAN does not exist. Creating", config_commands.REMOVED)
        if said.startswith(harmless):
            return
        raise ConfigError(
            f"the switch says: {' '.join(said.split())}", subject=f"{source} line {number} ({line.strip()})"
        )
