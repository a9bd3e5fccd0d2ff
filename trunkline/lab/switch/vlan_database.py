"""The VLAN database's rules: what VTP allows, reserved ids, names; and the draft that config-vlan edits.

Texts of refusals are those of real devices where a transcript is known. Not sourced, and so only close to the truth:
the text for two VLANs of one name and those for the reserved ids.
"""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.lab.switch.device import Device
from trunkline.lab.switch.state import (
    FIRST_EXTENDED,
    RESERVED_VLANS,
    VTP_3,
    SwitchState,
    Vlan,
    default_vlan_name,
)
from trunkline.orchestrator.vlans import VlanSet

LONGEST_NAME = 32
LONGEST_NAME_V3 = 128
NAME_TOO_LONG = (
    "%You must disable VTPv1 and VTPv2 or switch to VTPv3 "
    "before configuring a VLAN name longer than 32 characters"
)
CLIENT = "VTP VLAN configuration not allowed when device is in CLIENT mode."
NOT_PRIMARY = "VTP VLAN configuration not allowed when device is not the primary server for vlan database."


def refusal_by_vtp(state: SwitchState) -> str | None:
    """Say why VTP lets nobody change VLANs here; None when it does."""
    if state.vtp.mode == "client":
        return CLIENT
    if state.vtp.mode == "server" and state.vtp.version == VTP_3 and not state.vtp.primary:
        return NOT_PRIMARY
    return None


def extended_allowed(state: SwitchState) -> bool:
    """Whether VLANs from 1006 up may exist: not under a server of VTP version 1 or 2."""
    return state.vtp.mode in {"transparent", "off"} or state.vtp.version == VTP_3


def create(device: Device, number: int) -> None:
    """Make a VLAN with its default name."""
    device.state.vlans.setdefault(number, Vlan(default_vlan_name(number)))
    _written(device)


def delete(device: Device, numbers: VlanSet) -> str:
    """Obey `no vlan`: at once, and silently for VLANs that do not exist."""
    reason = refusal_by_vtp(device.state)
    if reason is not None:
        return reason
    said = []
    for number in sorted(numbers):
        if number in RESERVED_VLANS:
            said.append(f"%Default VLAN {number} may not be deleted.")
        else:
            device.state.vlans.pop(number, None)
    _written(device)
    return "\n".join(said)


def _written(device: Device) -> None:
    device.state.vtp.revision += device.state.vtp.mode == "server"
    device.store_vlans()
    device.touch()


@dataclass(slots=True)
class VlanDraft:
    """What is typed in config-vlan; ``commit`` happens when the mode is left.

    Attributes:
        name: New name; an empty string means the default one, None leaves it.
    """

    numbers: VlanSet
    name: str | None = None
    suspended: bool | None = None
    shutdown: bool | None = None

    def commit(self, device: Device) -> str:
        """Create or change the VLANs; give what is printed, which is nothing when all went well."""
        state = device.state
        refused = VlanSet(
            number
            for number in self.numbers
            if number >= FIRST_EXTENDED and number not in state.vlans and not extended_allowed(state)
        )
        if refused:
            return (
                f"% Failed to create VLANs {refused}\n"
                "Extended VLAN(s) not allowed in current VTP mode.\n"
                "%Failed to commit extended VLAN(s) changes."
            )
        for number in sorted(self.numbers):
            twin = self._twin(state, number)
            if twin is not None:
                return f"VLAN #{number} and #{twin} have an identical name: {self.name}"
        for number in sorted(self.numbers):
            self._apply(state, number)
        _written(device)
        return ""

    def _twin(self, state: SwitchState, number: int) -> int | None:
        if not self.name:
            return None
        others = (other for other, vlan in state.vlans.items() if vlan.name == self.name and other != number)
        return next(others, None)

    def _apply(self, state: SwitchState, number: int) -> None:
        vlan = state.vlans.setdefault(number, Vlan(default_vlan_name(number)))
        if self.name is not None:
            vlan.name = self.name or default_vlan_name(number)
        if self.suspended is not None:
            vlan.suspended = self.suspended
        if self.shutdown is not None:
            vlan.shutdown = self.shutdown
