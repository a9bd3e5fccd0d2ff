"""Lets a gateway forget who had an address that went to another MAC; called by the switch sync, last.

A gateway believes what it learned for hours, and engines before Docker 28 do not correct it. Which addresses it
concerns is in the ledger, where their segment says `clear_neighbors`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.errors import OrchestratorError, Superseded, TransientError
from trunkline.orchestrator.intents import Neighbor
from trunkline.orchestrator.models import Inventory, RouterGateway, SviGateway, Switch, switch_key

if TYPE_CHECKING:
    from trunkline.orchestrator.store import StaleNeighbor
    from trunkline.orchestrator.sync.context import Context
    from trunkline.orchestrator.sync.protocols import Journal, SwitchDriver

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 32
"""So many a pass: those who wait for a VLAN come first."""
WHY = "the address has another MAC now"


def forget_neighbors(
    context: Context, inventory: Inventory, switch: Switch, driver: SwitchDriver, journal: Journal
) -> str:
    """Carry out what the ledger wishes; what is left has the switch looked at again.

    Returns:
        Why it could not be done, and is tried again later; empty when it was.
    """
    traces, key = context.store.traces, switch_key(switch.name)
    wishes = traces.stale(key, MOST_AT_ONCE)
    if not wishes or switch.mode != "enforce":
        return ""
    done: list[StaleNeighbor] = []
    causes = []
    # By segment: an interface whose neighbors cannot be cleared keeps nobody else's.
    for name in dict.fromkeys(wish.segment for wish in wishes):
        some = [wish for wish in wishes if wish.segment == name]
        try:
            driver.forget(_neighbors(inventory, switch, some), journal=journal)
        except Superseded:
            break  # the pass that follows finds the others again
        except OrchestratorError as error:
            log.warning("switch.remembers", switch=switch.name, segment=name, error=str(error))
            causes.append(str(error))
            if isinstance(error, TransientError):
                break
        else:
            done += some
    if traces.forgotten(key, done) and not causes:
        context.store.devices.mark_dirty((key,))
    return "; ".join(causes)


def _neighbors(inventory: Inventory, switch: Switch, wishes: Iterable[StaleNeighbor]) -> tuple[Neighbor, ...]:
    """Say which interface each address is behind; one whose gateway is elsewhere by now concerns nobody here."""
    found = []
    for wish in wishes:
        segment = inventory.segments.get(wish.segment)
        if segment is None:
            continue
        match segment.gateway:
            case SviGateway(switch=switch.name):
                found.append(Neighbor(vlan=segment.vlan, address=wish.address))
            case RouterGateway(router=switch.name, interface=parent):
                found.append(Neighbor(vlan=segment.vlan, address=wish.address, parent=parent))
            case _:
                continue
    return tuple(found)
