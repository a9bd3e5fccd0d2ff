"""Times networking-generic-switch's cisco_ios device; runs in the rival's own environment, see rivals.py.

Its own way, its own defaults: each operation opens a session, sends, saves, and closes.
"""

from __future__ import annotations

import json
import sys
import time

from networking_generic_switch.devices.netmiko_devices.cisco import (  # type: ignore[import-untyped]  # it has no types
    CiscoIos,
)


def main() -> None:
    """Read the device, the VLAN and the ports from the first argument; print the seconds of each operation."""
    order = json.loads(sys.argv[1])
    settings = {
        "device_type": "netmiko_cisco_ios",
        "ip": order["host"],
        "port": order["port"],
        "username": order["user"],
        "password": order["password"],
        "secret": order["password"],
    }
    device = CiscoIos(settings, "benchsw")
    seconds = []
    for port in order["ports"]:
        began = time.perf_counter()
        device.plug_port_to_network(port, order["vlan"])
        seconds.append(time.perf_counter() - began)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
