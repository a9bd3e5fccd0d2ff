"""The terminal of a played switch with views: prompts, questions, and faults on demand."""

from __future__ import annotations

from typing import Literal

from trunkline.drivers.switch.models.hp_comware import Comware
from trunkline.drivers.switch.models.huawei_vrp import Vrp, Vrp8
from trunkline.drivers.switch.models.view_setup import Setup
from trunkline.drivers.switch.models.views import ViewSwitch as Device

Kind = Literal["vrp", "vrp8", "comware"]
DEVICES: dict[Kind, type[Device]] = {"vrp": Vrp, "vrp8": Vrp8, "comware": Comware}
WRITTEN = "The current configuration will be written to the device.\n"
UNCOMMITTED = "Warning: Uncommitted configurations found. Are you sure to commit them? [Y/N/C]:"


class ViewSwitch:
    """One switch, one session: the first port is a trunk, the second one an access port of VLAN 7."""

    def __init__(self, kind: Kind, ports: tuple[str, ...]) -> None:
        self.device = DEVICES[kind](ports[:1], access={ports[1]: 7})
        self.inside = False
        self.lines: list[str] = []
        self.refuses: dict[str, str] = {}
        """What is answered to a line instead of taking it."""
        self._asks_to_commit = False

    @property
    def running(self) -> Setup:
        return self.device.running

    @property
    def candidate(self) -> Setup:
        return self.device.setup

    @property
    def saved(self) -> Setup | None:
        return self.device.saved

    def ask_before_saving(self, *questions: str) -> None:
        """Ask these, in place of the one."""
        assert isinstance(self.device, Vrp)
        self.device.questions.texts = [f"{WRITTEN}{questions[0]}", *questions[1:]]

    def prompt(self) -> str:
        """The prompt of the view."""
        if not self.inside:
            return "<sw1>"
        device = self.device
        mark = ""
        if isinstance(device, Vrp8):
            mark = "*" if device.candidate != device.running else "~"
        place = {"": "", "vlan": f"-vlan{device.place}", "svi": f"-{device.svi}{device.place}"}
        return f"[{mark}sw1{place.get(device.mode, f'-{device.place}')}]"

    def greeting(self) -> str:
        return f"\nInfo: The max number of VTY users is 10.\n{self.prompt()}"

    def answer(self, line: str) -> str:
        self.lines.append(line)
        if line in self.refuses:
            output = self.refuses[line]
        else:
            output = self._configured(line) if self.inside else self._shown(line)
        if self._asks():
            return output
        return f"{output}\n{self.prompt()}" if output else self.prompt()

    def _asks(self) -> bool:
        return self._asks_to_commit or (isinstance(self.device, Vrp) and bool(self.device.questions.open))

    def _shown(self, line: str) -> str:
        if line == "system-view":
            self.inside = True
            return "Enter system view, return user view with return command."
        if not self._asks() and (not line or line.startswith("screen-length")):
            return ""
        return self.device.answer(line)

    def _configured(self, line: str) -> str:
        if line == "return":
            self._asks_to_commit = self.candidate != self.running
            if self._asks_to_commit:
                return UNCOMMITTED
            self.device.mode = self.device.place = ""
        if line == "return" or (line == "quit" and not self.device.mode):
            self.inside = False
            return ""
        return self.device.take((line,))[0] if line else ""
