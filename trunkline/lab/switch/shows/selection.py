"""Which interface a `show` command was asked about."""

from __future__ import annotations

from trunkline.lab.switch import interface_names
from trunkline.lab.switch.grammar import Arguments, NotUnderstoodError
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.state import Interface


def one(session: Session, arguments: Arguments) -> Interface:
    """Find the interface called ``name`` in the arguments.

    Raises:
        NotUnderstoodError: This device has none of that name.
    """
    name = interface_names.named(arguments["name"])
    found = session.device.state.interfaces.get(str(name))
    if found is None:
        raise NotUnderstoodError("invalid", -1)
    return found


def one_or_all(session: Session, arguments: Arguments) -> list[Interface]:
    """Give the named interface, or all of them in `show` order: SVIs first, as switches print them."""
    if "name" in arguments:
        return [one(session, arguments)]
    ordered = session.device.state.ordered()
    return [each for each in ordered if each.is_svi] + [each for each in ordered if not each.is_svi]
