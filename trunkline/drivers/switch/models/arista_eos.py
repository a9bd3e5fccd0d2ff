"""A played Arista switch. Pure.

Its table of VLANs is set as in the published capture; the rest as in Arista's manual. VLANs take effect at once, a new
SVI is up, an access port of VLAN 1 is the default, and an interface that is not there is shown as nothing.
"""

from __future__ import annotations

from typing import ClassVar

from trunkline.drivers.switch.models.cisco_like import CiscoLike
from trunkline.drivers.switch.models.console import Model, RefusedError
from trunkline.drivers.switch.models.layer3 import Wording
from trunkline.drivers.switch.models.layout import indented, wrapped

PORTS = ("Ethernet1", "Ethernet2")
ACCESS, NO_LIST = "Ethernet3", "Ethernet4"
PORTS_WIDTH = 32
VLAN_HEAD = """\
VLAN  Name                             Status    Ports
----- -------------------------------- --------- -------------------------------
"""
MAC_HEAD = """\
          Mac Address Table
------------------------------------------------------------------

Vlan    Mac Address       Type        Ports      Moves   Last Move
----    -----------       ----        -----      -----   ---------
"""


class Arista(CiscoLike):
    """One Arista switch."""

    unknown: ClassVar[str] = "% Invalid input (at token 0: '{line}')\n"
    no_such: ClassVar[str] = "% Interface does not exist\n"
    same_name: ClassVar[str] = "% VLAN name is already in use\n"
    commits_on_exit: ClassVar[bool] = False
    svi_is_shut: ClassVar[bool] = False
    wording: ClassVar[Wording] = Wording(
        overlaps="% Subnet {network} overlaps with existing subnet of {other}\n",
        secondary_first="% Primary address cannot be deleted before secondary\n",
        absent="% Address {address} does not exist\n",
    )

    def has_svis(self) -> bool:
        """Say that it has."""
        return True

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlan"]:
                return self._vlans()
            case ["show", "interfaces", "description"]:
                rows = [f"{self.short(port):<31}up             up                 " for port in self.ports]
                rows += [f"{f'Vl{vlan}':<31}up             up                 " for vlan in self.svis]
                return "\n".join(
                    [
                        "Interface                      Status         Protocol           Description",
                        *rows,
                        "",
                    ]
                )
            case ["show", "running-config", "|", "include", "routing"]:
                return "ip routing\nipv6 unicast-routing\n"
            case ["show", "running-config", "interfaces", name]:
                lines = self._lines(name)
                return "" if lines is None else indented(f"interface {name}", lines, indent="   ")
            case ["show", "mac", "address-table", "vlan", vlan]:
                rows = [
                    f"{vlan:>4}    {mac}    DYNAMIC     {self.short(port):<10} 1       0:00:01 ago"
                    for (port, number), mac in self.talking.items()
                    if str(number) == vlan
                ]
                return (
                    MAC_HEAD
                    + "".join(f"{row}\n" for row in rows)
                    + f"Total Mac Addresses for this criterion: {len(rows)}\n"
                )
            case ["write", "memory"]:
                return "Copy completed successfully.\n"
            case _:
                raise RefusedError

    @staticmethod
    def short(port: str) -> str:
        """Write a port as tables do."""
        return port.replace("Ethernet", "Et").replace("Port-Channel", "Po")

    def _lines(self, name: str) -> list[str] | None:
        if name.startswith("Vlan"):
            svi = self.svis.get(int(name[4:]))
            return (
                None if svi is None else [*svi.others, *(["shutdown"] if svi.shutdown else []), *svi.lines()]
            )
        port = self.ports.get(name)
        if port is None:
            return None
        lines = list(port.others)
        lines += [f"switchport access vlan {port.access}"] if port.access > 1 else []
        lines += [f"switchport trunk native vlan {port.native}"] if port.native > 1 else []
        return [*lines, *port.list_lines(), *(["switchport mode trunk"] if port.mode == "trunk" else [])]

    def _vlans(self) -> str:
        text = VLAN_HEAD
        for vlan, name in sorted(self.vlans.names.items()):
            inside = [self.short(port) for port, row in self.ports.items() if vlan in row.carried]
            active = vlan not in self.vlans.suspended
            first, *more = wrapped(inside if active else [], PORTS_WIDTH, comma=", ")
            text += f"{vlan:<5} {name:<32} {self.status(vlan):<9} {first}".rstrip() + "\n"
            text += "".join(f"{'':49}{line}\n" for line in more)
        return text


def arista_eos() -> Model:
    """Say what is on a new one."""
    modes = {"config": "config", "config-if": "config-if-Et1", "config-vlan": "config-vlan-10"}
    return Model(
        make=lambda: Arista(PORTS, access=ACCESS, no_list=NO_LIST),
        ports=PORTS,
        access_ports=(ACCESS,),
        open_ports=(NO_LIST,),
        prompts={"": "sw1#"} | {mode: f"sw1({shown})#" for mode, shown in modes.items()},
        unreadable=("% Authorization denied for command 'show vlan'\n", "% Invalid input\n"),
    )
