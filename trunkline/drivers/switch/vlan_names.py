"""The name a VLAN gets, on devices that refuse two of one name; used by dialects. Pure."""

from __future__ import annotations

from trunkline.drivers.switch.state import SwitchState
from trunkline.orchestrator.intents import HasVlan

LONGEST_NAME = 32


def free_name(claim: HasVlan, state: SwitchState) -> str:
    """Give the VLAN its name, or one with its id when another VLAN has that.

    A segment that got another VLAN meets its own name there, since VLANs are never deleted.
    """
    if all(row.name != claim.name for vlan, row in state.vlans.items() if vlan != claim.vlan):
        return claim.name
    suffix = f"-{claim.vlan}"
    return f"{claim.name[: LONGEST_NAME - len(suffix)]}{suffix}"
