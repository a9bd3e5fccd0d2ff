"""The lab's devices for the checks of a dialect, without SSH and without a data plane: a Catalyst and a router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trunkline.lab.switch.command_line import CommandLine, load
from trunkline.lab.switch.dataplane import Observed
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.hardware import hardware_of
from trunkline.lab.switch.session import Session

TRUNK = "switchport trunk native vlan 100\n switchport trunk allowed vlan 100\n switchport mode trunk\n"
SWITCH = f"""\
ip routing
ipv6 unicast-routing
vtp mode transparent
interface GigabitEthernet1/0/1
 {TRUNK}\
interface GigabitEthernet1/0/2
 {TRUNK}\
interface GigabitEthernet1/0/3
 switchport access vlan 100
 switchport mode access
interface GigabitEthernet1/0/4
 switchport mode trunk
"""
ROUTER = "ipv6 unicast-routing\ninterface GigabitEthernet0/0\n no shutdown\n"


class PlayedIos:
    """One device; every call is a session of its own, as far as modes go."""

    def __init__(self, hardware: str, config: str) -> None:
        self._device = Device.fresh(hardware_of(hardware), "sw1")
        self._device.observed = Observed(links=frozenset(self._device.hardware.ports))
        load(self._device, config, source="device model")

    def answer(self, command: str) -> str:
        """Print what a command prints."""
        return CommandLine(Session(device=self._device, mode="enable")).execute(command)

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Take lines in configuration mode."""
        console = CommandLine(Session(device=self._device, mode="config"))
        return [console.execute(line) for line in lines]


@dataclass(frozen=True)
class IosModel:
    """A Catalyst unless told otherwise. Implements `DeviceModel` and `HasOtherPorts`."""

    hardware: str = "catalyst-l3"
    config: str = SWITCH
    ports: tuple[str, ...] = ("GigabitEthernet1/0/1", "GigabitEthernet1/0/2")
    gateways: tuple[str | None, ...] = (None,)
    access_ports: tuple[str, ...] = ("GigabitEthernet1/0/3",)
    open_ports: tuple[str, ...] = ("GigabitEthernet1/0/4",)
    unreadable: tuple[str, ...] = ("% Authorization failed.\n", "Command authorization failed.\n")

    @property
    def prompts(self) -> Mapping[str, str]:
        """Give its prompts."""
        modes = ("config", "config-if", "config-subif", "config-vlan")
        return {"": "sw1#"} | {mode: f"sw1({mode})#" for mode in modes}

    def empty(self) -> PlayedIos:
        """Make one."""
        return PlayedIos(self.hardware, self.config)


def catalyst() -> IosModel:
    """Say what is on a new layer 3 switch."""
    return IosModel()


def isr_router() -> IosModel:
    """Say what is on a new router, whose gateways are sub-interfaces."""
    return IosModel(
        hardware="isr-router",
        config=ROUTER,
        ports=(),
        gateways=("GigabitEthernet0/0",),
        access_ports=(),
        open_ports=(),
    )
