"""The `show` commands; importing this registers them. Shapes follow what real devices print."""

from trunkline.lab.switch.shows import (
    addresses,
    arp,
    configuration,
    interfaces,
    neighbors,
    switching,
    system,
    vlans,
)

__all__ = ["addresses", "arp", "configuration", "interfaces", "neighbors", "switching", "system", "vlans"]
