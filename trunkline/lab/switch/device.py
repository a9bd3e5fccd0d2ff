"""The box: one switch's state, its flash (startup-config and vlan.dat), its neighbours; shared by all its sessions."""

from __future__ import annotations

import copy
import hashlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from trunkline.lab.switch import running_config
from trunkline.lab.switch.dataplane import LearnedNeighbor, Observed
from trunkline.lab.switch.hardware import Hardware
from trunkline.lab.switch.interface_names import InterfaceName
from trunkline.lab.switch.lldp import Neighbor
from trunkline.lab.switch.state import SwitchState, Vlan, Vtp


@dataclass(slots=True)
class Flash:
    """What survives a reload.

    Attributes:
        startup: startup-config; empty when nothing was ever saved.
        vlans: vlan.dat, written whenever a VLAN changes, whether or not anybody saves.
        vtp: The VTP part of vlan.dat.
    """

    startup: str = ""
    vlans: dict[int, Vlan] = field(default_factory=dict)
    vtp: Vtp = field(default_factory=Vtp)


@dataclass(slots=True)
class Device:
    """A switch without its sessions.

    Attributes:
        changes: Raised by every change of ``state``; the data plane follows it.
        observed: What the data plane said last.
        forgotten: Neighbours that a session cleared; the data plane takes them from here.
        err_disabled: Ports that it has shut down by itself, by long name, each with the reason.
        before_change: What it goes back to at ``revert_at`` (``time.monotonic``) unless that is confirmed; None when
            nothing waits for a word.
        wants_reload: A session confirmed `reload`; the server ends all sessions and calls ``reload``.
        booting: startup-config is being read: it brings back what was, and makes nothing new.
        neighbors: Who LLDP hears, besides those that the data plane did.
        reloads: How often it was reloaded.
        saves: How often running-config was saved.
        serial: Serial number; the hardware addresses are made from it too.
    """

    hardware: Hardware
    state: SwitchState
    flash: Flash = field(default_factory=Flash)
    observed: Observed = field(default_factory=Observed)
    forgotten: list[LearnedNeighbor] = field(default_factory=list)
    neighbors: list[Neighbor] = field(default_factory=list)
    changes: int = 0
    err_disabled: dict[str, str] = field(default_factory=dict)
    before_change: SwitchState | None = None
    revert_at: float = 0.0
    wants_reload: bool = False
    booting: bool = False
    reloads: int = 0
    saves: int = 0
    booted: float = field(default_factory=time.monotonic)
    serial: str = "FDO0000X000"
    saved_at: datetime | None = None
    changed_at: datetime | None = None

    @classmethod
    def fresh(cls, hardware: Hardware, hostname: str) -> Device:
        """Unpack a switch."""
        serial = f"FDO{hashlib.sha256(hostname.encode()).hexdigest()[:8].upper()}"
        device = cls(hardware=hardware, state=SwitchState.fresh(hardware, hostname), serial=serial)
        device.store_vlans()
        return device

    @property
    def uptime_seconds(self) -> float:
        """Seconds since it booted."""
        return time.monotonic() - self.booted

    @property
    def unsaved(self) -> bool:
        """Whether running-config is not what a reload would bring back."""
        return running_config.full(self.state) != self.flash.startup

    def touch(self) -> None:
        """Note that the state has changed."""
        self.changes += 1
        self.changed_at = datetime.now(tz=UTC)

    def arm(self, seconds: float) -> None:
        """Remember what there is; it comes back after so long unless ``confirm`` is called. Again: more time."""
        self.before_change = self.before_change or copy.deepcopy(self.state)
        self.revert_at = time.monotonic() + seconds

    def confirm(self) -> bool:
        """Keep what was configured; say whether anything waited for it."""
        waited, self.before_change = self.before_change is not None, None
        return waited

    def revert(self) -> bool:
        """Go back; say whether there was anything to go back to."""
        if self.before_change is None:
            return False
        self.state, self.before_change = self.before_change, None
        self.touch()
        return True

    def tick(self) -> None:
        """Go back when the time for a word is over."""
        if self.before_change is not None and time.monotonic() >= self.revert_at:
            self.revert()

    def ensure_port_channel(self, number: int) -> str:
        """Make a port-channel when it is missing; give what is printed."""
        name = InterfaceName("Port-channel", (number,))
        if str(name) in self.state.interfaces:
            return ""
        self.state.interfaces[str(name)] = self.state.blank(name)
        return f"Creating a port-channel interface Port-channel {number}"

    def store_vlans(self) -> None:
        """Write vlan.dat."""
        self.flash.vlans = copy.deepcopy(self.state.vlans)
        self.flash.vtp = copy.copy(self.state.vtp)

    def save(self) -> None:
        """Write running-config to startup-config."""
        self.flash.startup = running_config.full(self.state)
        self.saves += 1
        self.saved_at = datetime.now(tz=UTC)

    def power_on(self) -> None:
        """Start from flash: vlan.dat, unless startup-config says that it holds the VLANs itself."""
        self.state = SwitchState.fresh(self.hardware, self.state.hostname)
        startup = self.flash.startup.splitlines()
        own_vlans = any(line in {"vtp mode transparent", "vtp mode off"} for line in startup)
        if self.hardware.switching and not own_vlans:
            self.state.vlans = copy.deepcopy(self.flash.vlans)
            self.state.vtp = copy.copy(self.flash.vtp)
        if startup:  # a router's ports are off in the box; a configuration that does not mention it means on
            for interface in self.state.interfaces.values():
                interface.shutdown = False
        self.booted = time.monotonic()
        self.wants_reload = False
        self.changes += 1
