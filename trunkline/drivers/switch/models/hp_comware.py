"""A played HPE switch with Comware 7. Pure."""

from __future__ import annotations

from copy import deepcopy
from typing import ClassVar

from trunkline.drivers.switch.models import view_shows
from trunkline.drivers.switch.models.console import Model, RefusedError
from trunkline.drivers.switch.models.views import PROMPTS, ViewSwitch


class Comware(ViewSwitch):
    """A switch with Comware 7."""

    sign: ClassVar[str] = "% "
    svi: ClassVar[str] = "Vlan-interface"
    word: ClassVar[str] = "permit"
    wants_ipv6: ClassVar[bool] = False

    def _tables(self, command: str) -> str:
        if command == "display vlan all":
            return view_shows.all_vlans(self.running)
        if command == "save force":
            self.saved = deepcopy(self.running)
            return "Validating file. Please wait...\nConfiguration is saved to device successfully."
        raise RefusedError


def hp_comware() -> Model:
    """Say what is on a new Comware switch."""
    ports = tuple(f"GigabitEthernet1/0/{number}" for number in range(1, 5))
    return Model(
        make=lambda: Comware(ports[:2], access={ports[2]: 7}, every=ports[3:]),
        ports=ports[:2],
        access_ports=ports[2:3],
        open_ports=ports[3:],
        prompts={**PROMPTS, "svi": "[sw1-Vlan-interface10]", "port": "[sw1-GigabitEthernet1/0/1]"},
        unreadable=("Permission denied.", "        ^\n% Unrecognized command found at '^' position."),
    )
