"""Which Linux interface is which port of the switch."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from trunkline.lab.cabling import device_of
from trunkline.lab.switch import interface_names
from trunkline.lab.switch.hardware import Hardware
from trunkline.orchestrator.errors import ConfigError

LONGEST_DEVICE = 15
"""Characters of a Linux interface name (IFNAMSIZ less its end)."""


def parse_map(text: str, hardware: Hardware) -> dict[str, str]:
    """Read ``GigabitEthernet1/0/1=p1,Gi1/0/2=p2``.

    Raises:
        ConfigError: A pair is wrong, or says a second time what is a port's or an interface's place.
    """
    ports: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        left, equals, device = pair.strip().partition("=")
        name = interface_names.parse(left)
        if not equals or name is None or str(name) not in hardware.ports:
            raise ConfigError(
                f"{pair!r} is not PORT=INTERFACE with a port of {hardware.model}",
                subject="--port-map",
                fix=f"write for example {hardware.ports[0]}=p1",
            )
        if not device or len(device) > LONGEST_DEVICE:
            raise ConfigError(f"{device!r} cannot be a Linux interface", subject=f"--port-map {pair}")
        if str(name) in ports or device in ports.values():
            raise ConfigError("it is mapped twice", subject=f"--port-map {pair}")
        ports[str(name)] = device
    return ports


def default_map(hardware: Hardware) -> Mapping[str, str]:
    """Map every port whose interface, as the lab's cabling names it, exists in this network namespace."""
    # Not /sys/class/net: that belongs to the namespace in which it was mounted.
    present = {name for _, name in socket.if_nameindex()}
    return {port: device_of(port) for port in hardware.ports if device_of(port) in present}
