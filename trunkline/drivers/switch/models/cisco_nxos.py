"""A played Nexus switch. Pure.

Tables are set as in the published captures; the configuration as in Cisco's guides, with a list that continues on lines
with `add`. A new SVI is shut down, and needs `feature interface-vlan`.
"""

from __future__ import annotations

from typing import ClassVar

from trunkline.drivers.switch.models.cisco_like import CiscoLike, SwitchPort
from trunkline.drivers.switch.models.console import Model, RefusedError
from trunkline.drivers.switch.models.layer3 import Wording
from trunkline.drivers.switch.models.layout import in_order, indented, wrapped

PORTS = ("Ethernet1/1", "Ethernet1/2")
ACCESS, NO_LIST = "Ethernet1/3", "Ethernet1/4"
PORTS_WIDTH = 32
NO_SUCH = "                                       ^\nInvalid range at '^' marker.\n"
COMMAND = "\n!Command: {}\n!Time: Thu Nov 26 12:00:00 2026\n\nversion 7.0(3)I7(6)\n\n"
SWITCHPORT = """\
Name: {name}
  Switchport: Enabled
  Switchport Monitor: Not enabled{blank}
  Switchport Block Multicast: Not enabled{blank}
  Switchport Block Unicast: Not enabled{blank}
  Operational Mode: {mode}
  Access Mode VLAN: {access}
  Trunking Native Mode VLAN: {native}
  Trunking VLANs Allowed: {allowed}
  Administrative private-vlan primary host-association: none
  Administrative private-vlan secondary host-association: none
  Administrative private-vlan primary mapping: none
  Administrative private-vlan secondary mapping: none
  Administrative private-vlan trunk native VLAN: none
  Administrative private-vlan trunk encapsulation: dot1q
  Administrative private-vlan trunk normal VLANs: none
  Administrative private-vlan trunk private VLANs: none
  Operational private-vlan: none
  Virtual Ethernet Bridge Forwarding : Disabled
"""
VLAN_HEAD = """
VLAN Name                             Status    Ports
---- -------------------------------- --------- -------------------------------
"""
VLAN_TAIL = """
Remote SPAN VLANs
-------------------------------------------------------------------------------

Primary  Secondary  Type             Ports
-------  ---------  ---------------  -------------------------------------------



"""
MACS = """\
Legend:
        * - primary entry, G - Gateway MAC, (R) - Routed MAC, O - Overlay MAC
        age - seconds since last seen,+ - primary entry using vPC Peer-Link
   VLAN     MAC Address      Type      age     Secure NTFY Ports
---------+-----------------+--------+---------+------+----+------------------
"""


class Nexus(CiscoLike):
    """One Nexus."""

    unknown: ClassVar[str] = "                      ^\n% Invalid command at '^' marker.\n"
    no_such: ClassVar[str] = NO_SUCH
    same_name: ClassVar[str] = "VLAN with the same name exists\n"
    commits_on_exit: ClassVar[bool] = True
    svi_is_shut: ClassVar[bool] = True
    wording: ClassVar[Wording] = Wording(
        overlaps="% {address} overlaps with address configured on {other}\n",
        secondary_first="% Cannot remove primary address before secondary\n",
        absent="% IP address {address} not found\n",
    )
    feature: bool = True
    """`feature interface-vlan`."""

    def has_svis(self) -> bool:
        """Say whether the feature is on."""
        return self.feature

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["show", "vlan"]:
                return self._vlans()
            case ["show", "feature"]:
                state = "enabled" if self.feature else "disabled"
                return (
                    "Feature Name          Instance  State\n--------------------  --------  --------\n"
                    f"bgp                    1          disabled\ninterface-vlan         1          {state}\n"
                )
            case ["show", "interface", name, "switchport"] if name in self.ports:
                return self._switchport(name, self.ports[name])
            case ["show", "running-config", "interface", name] if name in self.ports or self._has(name):
                return COMMAND.format(command) + indented(f"interface {name}", self._lines(name), indent="  ")
            case ["show", "interface", _, "switchport"] | ["show", "running-config", "interface", _]:
                raise RefusedError(NO_SUCH)
            case ["show", "mac", "address-table", "vlan", vlan]:
                rows = [
                    f"*{vlan:>5}     {mac}   dynamic  0         F      F    {port.replace('Ethernet', 'Eth')}\n"
                    for (port, number), mac in self.talking.items()
                    if str(number) == vlan
                ]
                return MACS + "".join(rows)
            case ["show", "ip", "arp", _]:
                return "IP ARP Table\nTotal number of entries: 0\n"
            case ["copy", "running-config", "startup-config"]:
                return (
                    "[##########] 100%\nCopy complete, now saving to disk (please wait)...\nCopy complete.\n"
                )
            case _:
                raise RefusedError

    def _has(self, name: str) -> bool:
        return name.startswith("Vlan") and int(name[4:]) in self.svis

    def _lines(self, name: str) -> list[str]:
        if name not in self.ports:
            svi = self.svis[int(name[4:])]
            return [*([] if svi.shutdown else ["no shutdown"]), *svi.others, *svi.lines()]
        port = self.ports[name]
        lines = [*port.others[:1], *(["switchport mode trunk"] if port.mode == "trunk" else [])]
        lines += [f"switchport access vlan {port.access}"] if port.access > 1 else []
        lines += [f"switchport trunk native vlan {port.native}"] if port.native > 1 else []
        return [*lines, *port.list_lines(), *port.others[1:]]

    def _vlans(self) -> str:
        text, types = VLAN_HEAD, "\nVLAN Type         Vlan-mode\n---- -----        ----------\n"
        for vlan, name in sorted(self.vlans.names.items()):
            inside = [port for port, row in self.ports.items() if vlan in row.carried]
            short = in_order(port.replace("Ethernet", "Eth").replace("port-channel", "Po") for port in inside)
            first, *more = wrapped(short, PORTS_WIDTH, comma=", ")
            text += f"{vlan:<4} {name:<32} {self.status(vlan):<9} {first}".rstrip() + "\n"
            text += "".join(f"{'':48}{line}\n" for line in more)
            types += f"{vlan:<4} enet         CE\n"
        return text + types + VLAN_TAIL

    def _switchport(self, name: str, port: SwitchPort) -> str:
        return SWITCHPORT.format(
            name=name,
            mode=port.mode,
            access=self._named(port.access),
            native=self._named(port.native),
            allowed="1-4094" if port.allowed is None else port.allowed,
            blank=" ",
        )

    def _named(self, vlan: int) -> str:
        return f"{vlan} ({self.vlans.names.get(vlan, 'Vlan not created')})"


def cisco_nxos() -> Model:
    """Say what is on a new one."""
    modes = ("config", "config-if", "config-vlan")
    return Model(
        make=lambda: Nexus(PORTS, access=ACCESS, no_list=NO_LIST),
        ports=PORTS,
        access_ports=(ACCESS,),
        open_ports=(NO_LIST,),
        prompts={"": "sw1#"} | {mode: f"sw1({mode})#" for mode in modes},
        unreadable=("% Permission denied for the role\n", Nexus.unknown),
    )
