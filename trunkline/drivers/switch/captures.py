"""What a dialect makes of captured output: finds what it is about, cleans it as a session would, reads it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from trunkline.drivers.switch.conformance.samples import BLUE, Kind, sample_port, sample_scope, sample_switch
from trunkline.drivers.switch.dialect import AsksAtOnce, Dialect, Grammar, Query, Scope
from trunkline.drivers.switch.state import GatewayKey, SwitchState
from trunkline.orchestrator.errors import ConfigError, NotVerified, unforeseen
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import HIGHEST, LOWEST, Vid, VlanSet, vid

KINDS: tuple[Kind, ...] = ("l3switch", "l2switch", "router")
ODD = (ValueError, LookupError, NotImplementedError)
"""What a dialect may raise when it is asked about a port that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be read; where nothing is said, what the commands are about."""

    ports: tuple[PortName, ...] = ()
    vlans: tuple[Vid, ...] = ()
    gateways: tuple[GatewayKey, ...] = ()

    @classmethod
    def of(cls, *, ports: Iterable[str], vlans: Iterable[int], gateways: Iterable[str]) -> Self:
        """Read the words of an operator.

        Raises:
            ConfigError: an id is none.
        """
        return cls(
            ports=tuple(map(PortName, ports)),
            vlans=tuple(_vlan(str(text), "--vlan") for text in vlans),
            gateways=tuple(
                (PortName(parent) if colon else None, _vlan(number, "--gateway"))
                for parent, colon, number in (text.rpartition(":") for text in gateways)
            ),
        )


def _vlan(text: str, option: str) -> Vid:
    try:
        return vid(int(text))
    except ValueError as error:
        raise ConfigError(
            f"{ascii(text)[:40]} is no VLAN id", subject=f"option {option}", fix="they run from 1 to 4094"
        ) from error


def read_file(name: str) -> str:
    """Read what was captured; ``-`` is standard input. What is no UTF-8 is replaced, as in a session.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(
            f"cannot be read ({getattr(error, 'strerror', None) or error})",
            subject=f"file {ascii(name)[1:-1]}",
            fix="check the path",
        ) from error
    return data.decode("utf-8", errors="replace")


def read_captures(
    dialect: Dialect, captures: Sequence[tuple[str, str]], wish: Wish
) -> dict[str, Any]:  # JSON is that open
    """Let a dialect read captured output.

    Args:
        dialect: Which one.
        captures: Commands and what was printed for them.
        wish: What is to be read.

    Returns:
        Plain values: what was read, and ``read_without``, the commands that it would have asked as well.

    Raises:
        ConfigError: a command is none that the dialect asks.
        NotVerified: an output is no answer that it would believe.
        PermanentError: it cannot read an output.
    """
    scope, queries = _scope(dialect, captures, wish)
    outputs = _Outputs()
    for query, (_, text) in zip(queries, captures, strict=True):
        outputs[query.command] = clean(text, query.command, dialect.grammar)
        if not query.answer.search(outputs[query.command]):
            raise NotVerified(
                f"is no answer to `{query.command}` that it believes: {ascii(outputs[query.command].strip())[:200]}",
                subject=f"platform {dialect.platform}",
                fix="capture the whole output; if it is whole, report it",
            )
    missing = [query.command for query in dialect.queries(scope) if query.command not in outputs]
    # A dialect may copy what it is given, so being empty by default is not enough.
    outputs.update(dict.fromkeys(missing, ""))
    return {
        "platform": dialect.platform,
        "commands": [query.command for query in queries],
        "read_without": missing,
        **_plain_state(_parse(dialect, outputs, scope, missing)),
    }


def _parse(dialect: Dialect, outputs: _Outputs, scope: Scope, missing: Sequence[str]) -> SwitchState:
    subject = f"platform {dialect.platform}"
    try:
        return dialect.parse(outputs, scope)
    except ValueError as error:
        others = (
            f"; it was read without {', '.join(f'`{command}`' for command in missing)}" if missing else ""
        )
        raise NotVerified(
            f"its output cannot be read: {ascii(str(error))[1:-1][:300]}",
            subject=subject,
            fix=f"report it with the output{others}",
        ) from error
    except Exception as error:
        raise unforeseen(error, subject=subject) from error


class _Outputs(dict[str, str]):
    """Outputs by command; one that was not captured is empty."""

    def __missing__(self, command: str) -> str:
        return ""


def clean(text: str, command: str, grammar: Grammar) -> str:
    """Take off what a session takes off: carriage returns, the echo, log messages, the prompt behind it."""
    lines = text.replace("\r\n", "\n").replace("\r", "").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and _same(lines[0][-len(command) - 1 :].lstrip(">#]$ "), command):
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    prompt = grammar.prompt.replace("{hostname}", r"[\w.-]{1,64}")
    if lines and re.fullmatch(prompt, lines[-1]):
        lines.pop()
    return grammar.log_line.sub("", "\n".join(lines) + "\n")


def _same(one: str, other: str) -> bool:
    return one.lower().split() == other.lower().split()


def _scope(dialect: Dialect, captures: Sequence[tuple[str, str]], wish: Wish) -> tuple[Scope, list[Query]]:
    """Find what to read so that the dialect asks these commands, and little else."""
    for kind in KINDS:
        found = [_narrowest(dialect, capture, wish, kind) for capture in captures]
        parts = [each for each in found if each is not None]
        if len(parts) == len(captures):
            scopes = [scope for scope, _ in parts]
            return _joined(dialect, kind, scopes), [query for _, query in parts]
    unknown = next(
        (
            each[0]
            for each in captures
            if all(_narrowest(dialect, each, wish, kind) is None for kind in KINDS)
        ),
        "; ".join(command for command, _ in captures),
    )
    port = next(iter(wish.ports), sample_port(dialect))
    known = dict.fromkeys(
        query.command for kind in KINDS for query in dialect.queries(sample_scope(dialect, port, kind))
    )
    raise ConfigError(
        "is none that it asks a device",
        subject=f"platform {dialect.platform}: command {ascii(unknown)[:100]}",
        fix=f"it asks {', '.join(f'`{command}`' for command in known)}, for any port and VLAN",
    )


def _narrowest(
    dialect: Dialect, capture: tuple[str, str], wish: Wish, kind: Kind
) -> tuple[Scope, Query] | None:
    command, output = capture
    for scope in (
        *_candidates(dialect, command, wish, kind),
        *_at_once(dialect, command, output, wish, kind),
    ):
        try:
            queries = dialect.queries(scope)
        except ODD:
            continue
        for query in queries:
            if _same(query.command, command):
                return scope, query
    return None


def _candidates(dialect: Dialect, command: str, wish: Wish, kind: Kind) -> Iterator[Scope]:
    """Give scopes that the command may come from, the narrowest first."""
    words = command.split()
    # The name of a port may be of two words; what stands last is the likeliest.
    names = [*reversed(words), *(f"{one} {two}" for one, two in pairwise(words))]
    ports = wish.ports or tuple(map(PortName, names))
    vlans = wish.vlans or _vlans_in(command)
    parents = [PortName(found[1]) for name in names if (found := re.fullmatch(r"(.+)[.:]\d+", name))]
    gateways = wish.gateways or tuple((parent, vlan) for vlan in vlans for parent in (None, *parents))
    above = () if wish.gateways else tuple((port, vlan) for vlan in vlans or (BLUE,) for port in ports)

    def scope(
        ports: Sequence[PortName] = wish.ports,
        gateways: Sequence[GatewayKey] = wish.gateways,
        removals: Sequence[tuple[PortName, Vid]] = (),
        vlans: Sequence[Vid] = wish.vlans,
    ) -> Scope:
        asked = {*vlans, *(vlan for _, vlan in gateways), *(vlan for _, vlan in removals)}
        return Scope(
            switch=sample_switch(dialect.platform, kind),
            vlans=frozenset(asked),
            ports=tuple(ports),
            gateways=tuple(gateways),
            removals=tuple(removals),
        )

    yield scope()
    yield from (scope(vlans=[vlan]) for vlan in vlans)
    # Whoever asks about an interface Vlan10 or eth1.10 means a gateway, though a port might be named like that.
    yield from (scope(gateways=[key]) for key in gateways)
    yield from (scope(ports=[port]) for port in ports)
    yield from (scope(gateways=[key]) for key in above)
    known = wish.ports or tuple(port for port in [sample_port(dialect)] if port is not None)
    yield from (
        scope(removals=[(port, vlan) for port in (*known, *others)])
        for vlan in vlans
        for others in ((), ports)
    )


def _at_once(dialect: Dialect, command: str, output: str, wish: Wish, kind: Kind) -> Iterator[Scope]:
    """Give the scope of all ports that an answer about all of them is about."""
    if isinstance(dialect, AsksAtOnce) and (found := dialect.ports_in(" ".join(command.split()), output)):
        yield Scope(
            switch=sample_switch(dialect.platform, kind),
            vlans=frozenset(wish.vlans),
            ports=wish.ports or tuple(found),
            gateways=wish.gateways,
            at_once=True,
        )


def _vlans_in(command: str) -> tuple[Vid, ...]:
    numbers = map(int, re.findall(r"(?<!\d)\d{1,4}(?!\d)", command))
    return tuple(vid(number) for number in numbers if LOWEST <= number <= HIGHEST)


def _joined(dialect: Dialect, kind: Kind, scopes: Sequence[Scope]) -> Scope:
    return Scope(
        switch=sample_switch(dialect.platform, kind),
        vlans=frozenset(vlan for scope in scopes for vlan in scope.vlans),
        ports=tuple(dict.fromkeys(port for scope in scopes for port in scope.ports)),
        gateways=tuple(dict.fromkeys(key for scope in scopes for key in scope.gateways)),
        removals=tuple(dict.fromkeys(key for scope in scopes for key in scope.removals)),
        at_once=any(scope.at_once for scope in scopes),
    )


def _plain_state(state: SwitchState) -> dict[str, Any]:
    return {
        "vlans": [plain(row) for row in state.vlans.values()],
        "ports": [plain(row) for row in state.ports.values()],
        "gateways": [
            {"vlan": vlan, "parent": parent, **plain(row)} for (parent, vlan), row in state.gateways.items()
        ],
        "facts": plain(state.facts),
        "macs": [
            {"port": port, "vlan": vlan, "macs": sorted(macs)} for (port, vlan), macs in state.macs.items()
        ],
        "down": dict(state.down),
    }


def plain(value: Any) -> Any:  # the fields of any row
    """Make of a row what JSON knows; a set of VLANs is written as switches write it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, VlanSet):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(str(each) for each in value)
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def as_yaml(value: Any) -> str:
    """Write YAML in printable ASCII."""
    from ruamel.yaml import YAML  # noqa: PLC0415  # only who asks for YAML waits for it

    yaml = YAML(typ="safe", pure=True)
    yaml.allow_unicode = False
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # it is a flag
    stream = StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()
