"""Asks a switch one thing and believes no answer that does not look like one; the engine reads through it."""

from __future__ import annotations

from trunkline.drivers.switch.dialect import Grammar, Query
from trunkline.drivers.switch.transport import Transport
from trunkline.orchestrator.errors import TransientError
from trunkline.orchestrator.models import Switch


def ask(query: Query, *, switch: Switch, transport: Transport, grammar: Grammar) -> str:
    """Run a show command; an answer that cannot be believed is an error, never "not there" (I11).

    Raises:
        TransientError: the answer is none; the text names the command.
    """
    output = transport.query(query.command, grammar)
    if not query.answer.search(output):
        raise TransientError(
            f"answers `{query.command}` with what cannot be read: {ascii(output.strip())[:200]}",
            subject=f"switch {switch.name}",
            fix="see whether the user may run that command; it is read again later",
        )
    return output
