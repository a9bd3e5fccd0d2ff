"""A console for tests: type lines, read what is printed."""

from __future__ import annotations

from trunkline.lab.switch.command_line import CommandLine
from trunkline.lab.switch.dataplane import Observed
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.hardware import hardware_of
from trunkline.lab.switch.session import Mode, Session


class Console:
    """One session on a device of its own; every port has a link."""

    def __init__(self, model: str = "catalyst-l3", *, mode: Mode = "config") -> None:
        self.device = Device.fresh(hardware_of(model), "sw1")
        self.device.observed = Observed(links=frozenset(self.device.hardware.ports))
        self.session = Session(device=self.device, mode=mode, enable_password="secret")
        self._line = CommandLine(self.session)

    @property
    def prompt(self) -> str:
        return self.session.prompt

    def type(self, *lines: str) -> str:
        """Execute lines; give what the last one printed."""
        said = ""
        for line in lines:
            said = self._line.execute(line)
        return said

    def quietly(self, *lines: str) -> None:
        """Execute lines that must print nothing."""
        for line in lines:
            said = self._line.execute(line)
            assert not said, f"{line}: {said}"

    def show(self, command: str) -> str:
        """Give the output of a privileged command."""
        return CommandLine(Session(device=self.device, mode="enable")).execute(command)

    def section(self, interface: str) -> list[str]:
        """Give the lines of an interface in running-config."""
        text = self.show(f"show running-config interface {interface}")
        return [line.strip() for line in text.splitlines() if line.startswith(" ")]
