"""Cisco devices for the conformance checks: the lab's switch and router, without SSH and without a data plane."""

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
"""
ROUTER = "ipv6 unicast-routing\ninterface GigabitEthernet0/0\n no shutdown\n"


class PlayedIos:
    """One device; every call is a session of its own, as far as modes go."""

    def __init__(self, hardware: str, config: str) -> None:
        self._device = Device.fresh(hardware_of(hardware), "sw1")
        self._device.observed = Observed(links=frozenset(self._device.hardware.ports))
        load(self._device, config, source="test")

    def answer(self, command: str) -> str:
        return CommandLine(Session(device=self._device, mode="enable")).execute(command)

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        console = CommandLine(Session(device=self._device, mode="config"))
        return [console.execute(line) for line in lines]


@dataclass(frozen=True)
class IosModel:
    """A Catalyst unless told otherwise."""

    hardware: str = "catalyst-l3"
    config: str = SWITCH
    ports: tuple[str, ...] = ("GigabitEthernet1/0/1", "GigabitEthernet1/0/2")
    gateways: tuple[str | None, ...] = (None,)
    unreadable: tuple[str, ...] = ("% Authorization failed.\n", "Command authorization failed.\n")

    @property
    def prompts(self) -> Mapping[str, str]:
        modes = ("config", "config-if", "config-subif", "config-vlan")
        return {"": "sw1#"} | {mode: f"sw1({mode})#" for mode in modes}

    def empty(self) -> PlayedIos:
        return PlayedIos(self.hardware, self.config)


ROUTER_MODEL = IosModel(hardware="isr-router", config=ROUTER, ports=(), gateways=("GigabitEthernet0/0",))
