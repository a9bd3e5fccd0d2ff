"""What a dialect makes of captured output about neighbors and learned addresses. For `trunkline drivers parse`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from trunkline.drivers.switch.captures import clean, plain
from trunkline.drivers.switch.dialect import Dialect, Discovers, Query
from trunkline.orchestrator.errors import NotVerified
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName


def read_surroundings(
    dialect: Dialect, captures: Sequence[tuple[str, str]]
) -> dict[str, Any] | None:  # JSON is that open
    """Let a dialect read who announces himself at its ports, and who was learned there.

    Args:
        dialect: Which one.
        captures: Commands and what was printed for them.

    Returns:
        Plain values; None when a command is about something else.

    Raises:
        NotVerified: an output is no answer that it would believe, or cannot be read.
    """
    if not isinstance(dialect, Discovers):
        return None
    parts = [_read(dialect, command, text) for command, text in captures]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    return {
        "platform": dialect.platform,
        "commands": [command for command, _ in captures],
        "read_without": [],
        "peers": [each for part in known for each in part.get("peers", ())],
        "stations": [each for part in known for each in part.get("stations", ())],
    }


def _read(dialect: Discovers, command: str, text: str) -> dict[str, Any] | None:
    for port in _ports(command):
        asked = dialect.peer_queries(port)
        if query := _same(asked, command):
            peers = _reading(dialect, query, text, partial(_peers, dialect, port), asked)
            return {"peers": [plain(peer) for peer in peers]}
    asked = dialect.station_queries()
    if query := _same(asked, command):
        found = _reading(dialect, query, text, dialect.stations, asked)
        rows = sorted(found.items())
        return {
            "stations": [{"port": port, "vlan": vlan, "macs": sorted(macs)} for (port, vlan), macs in rows]
        }
    return None


def _peers(dialect: Discovers, port: PortName | None, outputs: Mapping[str, str]) -> Sequence[Peer]:
    return dialect.peers(outputs, port)


def _reading(
    dialect: Any,  # a Dialect that is a Discovers too
    query: Query,
    text: str,
    read: Callable[[Mapping[str, str]], Any],
    asked: Sequence[Query],
) -> Any:  # what ``read`` gives
    """Read one output; the others that are asked for with it count as silence."""
    subject = f"platform {dialect.platform}"
    output = clean(text, query.command, dialect.grammar)
    if not query.answer.search(output):
        raise NotVerified(
            f"is no answer to `{query.command}` that it believes: {ascii(output.strip())[:200]}",
            subject=subject,
            fix="capture the whole output; if it is whole, report it",
        )
    try:
        return read({each.command: "" for each in asked} | {query.command: output})
    except ValueError as error:
        raise NotVerified(
            f"its output cannot be read: {ascii(str(error))[1:-1][:300]}",
            subject=subject,
            fix="report it with the output",
        ) from error


def _ports(command: str) -> Iterator[PortName | None]:
    """Give the ports that a command may be about: none, or what its words name."""
    yield None
    words = command.split()
    yield from map(PortName, reversed(words))
    yield from (PortName(f"{one} {two}") for one, two in pairwise(words))


def _same(queries: Sequence[Query], command: str) -> Query | None:
    words = command.lower().split()
    return next((each for each in queries if each.command.lower().split() == words), None)
