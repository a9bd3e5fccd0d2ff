"""Drives a switch with networking-generic-switch's cisco_ios class, in a process of its own; see test_clients."""

from __future__ import annotations

import json
import sys

from networking_generic_switch.devices.netmiko_devices.cisco import (  # type: ignore[import-untyped]  # it has no types
    CiscoIos,
)


def main() -> None:
    """Read the device's settings from the first argument and the calls from the second; make them."""
    settings, calls = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    device = CiscoIos(settings, "core1")
    for name, arguments in calls:
        getattr(device, name)(*arguments)


if __name__ == "__main__":
    main()
