"""Commands of config-vlan; they edit a draft, see vlan_database."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.lab.switch.device import Device
from trunkline.lab.switch.grammar import Arguments, Grammar
from trunkline.lab.switch.session import RefusedError
from trunkline.lab.switch.state import RESERVED_VLANS, VTP_3
from trunkline.lab.switch.vlan_database import LONGEST_NAME, LONGEST_NAME_V3, NAME_TOO_LONG, VlanDraft


@dataclass(frozen=True, slots=True)
class VlanScope:
    """Where a command of config-vlan acts."""

    device: Device
    draft: VlanDraft


GRAMMAR: Grammar[VlanScope] = Grammar()


def _refuse_reserved(scope: VlanScope, what: str) -> None:
    for number in sorted(scope.draft.numbers):
        if number in RESERVED_VLANS:
            raise RefusedError(f"Default VLAN {number} may not {what}.")


@GRAMMAR.command("name {name:word}", "no name [{rest:line}]")
def name(scope: VlanScope, arguments: Arguments) -> None:
    """Name the VLAN; the default name comes back with ``no``."""
    if "no" in arguments:
        scope.draft.name = ""
        return
    text = arguments["name"]
    version = scope.device.state.vtp.version
    if len(text) > (LONGEST_NAME_V3 if version == VTP_3 else LONGEST_NAME):
        raise RefusedError(NAME_TOO_LONG)
    if len(scope.draft.numbers) > 1:
        raise RefusedError("Command rejected: a name can be given to one VLAN at a time.")
    _refuse_reserved(scope, "have its name changed")
    scope.draft.name = text


@GRAMMAR.command("state active", "no state [{rest:line}]")
def state_active(scope: VlanScope, _arguments: Arguments) -> None:
    """Let frames travel."""
    scope.draft.suspended = False


@GRAMMAR.command("state suspend")
def state_suspend(scope: VlanScope, _arguments: Arguments) -> None:
    """Stop frames, in the whole VTP domain."""
    _refuse_reserved(scope, "be suspended")
    scope.draft.suspended = True


@GRAMMAR.command("shutdown", "no shutdown")
def shutdown(scope: VlanScope, arguments: Arguments) -> None:
    """Stop frames, on this switch."""
    if "no" not in arguments:
        _refuse_reserved(scope, "be shut down")
    scope.draft.shutdown = "no" not in arguments
