"""Played Huawei switches: VRP 5, which asks before it saves, and VRP 8, where lines wait in a candidate. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from trunkline.drivers.switch.models import view_shows
from trunkline.drivers.switch.models.console import Entered, Model
from trunkline.drivers.switch.models.view_setup import Setup
from trunkline.drivers.switch.models.views import PROMPTS, ViewSwitch

NO_RIGHT = "Error: You do not have permission to run the command or the command is incomplete."


@dataclass
class Questions:
    """What is asked before it saves, and how much of it was answered."""

    texts: list[str] = field(
        default_factory=lambda: [
            "The current configuration will be written to the device.\nAre you sure to continue?[Y/N]"
        ]
    )
    open: list[str] = field(default_factory=list)


class Vrp(ViewSwitch):
    """A switch with VRP 5; it asks before it saves."""

    def __init__(
        self, ports: Sequence[str], *, access: Mapping[str, int] | None = None, every: Sequence[str] = ()
    ) -> None:
        super().__init__(ports, access=access, every=every)
        self.questions = Questions()

    def answer(self, command: str) -> str:
        """Answer a command, or take the answer to a question."""
        asked = self.questions.open
        if not asked and command != "save":
            return super().answer(command)
        if not asked:
            asked += self.questions.texts
            return asked[0]
        asked.pop(0)
        if command not in {"y", "Y"}:
            asked.clear()
            return "Error: Please choose 'YES' or 'NO' first."
        return asked[0] if asked else self.save()


class Vrp8(Vrp):
    """A switch with VRP 8: lines wait in a candidate."""

    def __init__(
        self, ports: Sequence[str], *, access: Mapping[str, int] | None = None, every: Sequence[str] = ()
    ) -> None:
        super().__init__(ports, access=access, every=every)
        self.candidate = deepcopy(self.running)

    @property
    def setup(self) -> Setup:
        """Give the candidate."""
        return self.candidate

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take what VRP 5 takes, commit, or drop what was not committed."""
        match words:
            case ["commit"] if not no:
                self.running = deepcopy(self.candidate)
                return None
            case ["clear", "configuration", "candidate"] if not no:
                self.candidate = deepcopy(self.running)
                return None
            case _:
                return super().outside(words, no=no)

    def _tables(self, command: str) -> str:
        return view_shows.vlans8(self.running) if command == "display vlan" else super()._tables(command)


def huawei_vrp() -> Model:
    """Say what is on a new S switch."""
    ports = tuple(f"GigabitEthernet0/0/{number}" for number in range(1, 5))
    return Model(
        make=lambda: Vrp(ports[:2], access={ports[2]: 7}, every=ports[3:]),
        ports=ports[:2],
        access_ports=ports[2:3],
        open_ports=ports[3:],
        prompts={**PROMPTS, "svi": "[sw1-Vlanif10]", "port": "[sw1-GigabitEthernet0/0/1]"},
        unreadable=(NO_RIGHT, "        ^\nError: Unrecognized command found at '^' position."),
    )


def huawei_vrpv8() -> Model:
    """Say what is on a new CloudEngine switch."""
    ports = tuple(f"10GE1/0/{number}" for number in range(1, 5))
    return Model(
        make=lambda: Vrp8(ports[:2], access={ports[2]: 7}, every=ports[3:]),
        ports=ports[:2],
        access_ports=ports[2:3],
        open_ports=ports[3:],
        prompts={
            "": "<sw1>",
            "config": "[~sw1]",
            "vlan": "[*sw1-vlan10]",
            "svi": "[*sw1-Vlanif10]",
            "port": "[*sw1-10GE1/0/1]",
        },
        unreadable=(NO_RIGHT, "        ^\nError: Unrecognized command found at '^' position."),
    )
