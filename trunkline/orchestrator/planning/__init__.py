"""Turns the inventory and the holders into what every device should look like. Pure; called by `sync`.

`topology` finds the way of a VLAN, `need` says who needs it, `names` names what we make, `switches` and
`hosts` put them together as intents.
"""

from trunkline.orchestrator.planning.hosts import attachment_intent, declared_on, host_intent
from trunkline.orchestrator.planning.names import (
    claim_from_owned,
    gateway_addresses,
    link_name,
    owned_key,
    shim_mac,
    shim_name,
    vlan_name,
)
from trunkline.orchestrator.planning.need import is_needed, is_over
from trunkline.orchestrator.planning.requirements import requirements
from trunkline.orchestrator.planning.switches import TooManyRemovals, switch_intent
from trunkline.orchestrator.planning.topology import devices_of, path, switches_of, uplinks_of

__all__ = [
    "TooManyRemovals",
    "attachment_intent",
    "claim_from_owned",
    "declared_on",
    "devices_of",
    "gateway_addresses",
    "host_intent",
    "is_needed",
    "is_over",
    "link_name",
    "owned_key",
    "path",
    "requirements",
    "shim_mac",
    "shim_name",
    "switch_intent",
    "switches_of",
    "uplinks_of",
    "vlan_name",
]
