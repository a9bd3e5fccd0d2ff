"""Compares what switches and hosts see at the ends of their cables with the inventory. Pure.

`machines` tells who a peer is, `ports` says of every port what is there and what is declared, `proposal` makes an
inventory out of that, `faults` names declared cables that lead elsewhere.
"""

from trunkline.orchestrator.discovery.faults import CableCheck, check_cables
from trunkline.orchestrator.discovery.machines import Machines, machines_of
from trunkline.orchestrator.discovery.ports import Learned, PortView, views
from trunkline.orchestrator.discovery.proposal import Proposal, propose

__all__ = [
    "CableCheck",
    "Learned",
    "Machines",
    "PortView",
    "Proposal",
    "check_cables",
    "machines_of",
    "propose",
    "views",
]
