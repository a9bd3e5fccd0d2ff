"""Asks a switch and believes no answer that does not look like one; the engine reads through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trunkline.drivers.switch.dialect import Grammar, Query
from trunkline.drivers.switch.transport import Transport
from trunkline.orchestrator.errors import TransientError
from trunkline.orchestrator.models import Switch


def ask(query: Query, *, switch: Switch, transport: Transport, grammar: Grammar) -> str:
    """Run a show command; an answer that cannot be believed is an error, never "not there" (I11).

    Raises:
        TransientError: the answer is none; the text names the command.
    """
    return ask_all([query], switch=switch, transport=transport, grammar=grammar)[query.command]


def ask_all(
    queries: Sequence[Query], *, switch: Switch, transport: Transport, grammar: Grammar
) -> Mapping[str, str]:
    """Run show commands in one go; gives the outputs by command.

    Raises:
        TransientError: as `ask`.
    """
    wanted = {query.command: query.answer for query in queries}
    outputs = dict(zip(wanted, transport.ask(tuple(wanted), grammar), strict=True))
    for command, output in outputs.items():
        if not wanted[command].search(output):
            raise TransientError(
                f"answers `{command}` with what cannot be read: {ascii(output.strip())[:200]}",
                subject=f"switch {switch.name}",
                fix="see whether the user may run that command; it is read again later",
            )
    return outputs
