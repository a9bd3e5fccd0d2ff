"""How platforms other than Cisco IOS list their LLDP neighbors and learned addresses. Data, for their dialects. Pure.

All of it as published captures show it; what a device says when LLDP is off is not in any of them, but for NX-OS.
"""

from __future__ import annotations

import re

from trunkline.drivers.switch.discovery import NOBODY, Announcements, MacListing, listed
from trunkline.drivers.switch.neighbor_tables import Columns
from trunkline.drivers.switch.neighbor_text import Layout, field

_FLAGS = re.MULTILINE | re.IGNORECASE
_NOT_A_PORT = re.compile(r"cpu|drop|vxlan\S*|-|0")
_PORT = re.compile(r"\d*[A-Za-z][A-Za-z-]*\d+(?:/\d+)*")


def _answer(shown: str) -> re.Pattern[str]:
    return re.compile(rf"{shown}|{NOBODY}", _FLAGS)


def _ports(text: str) -> list[str]:
    return listed(text, _NOT_A_PORT)


def _ports_among(text: str) -> list[str]:
    """Take the ports out of what stands between an address and the end of its row."""
    return [word for word in text.split() if _PORT.fullmatch(word)]


def _macs(command: str, shown: str, *rows: str) -> MacListing:
    patterns = tuple(re.compile(row, re.IGNORECASE) for row in rows)
    return MacListing(command=command, answer=_answer(shown), rows=patterns, ports_of=_ports)


EOS_LLDP = Announcements(
    command="show lldp neighbors{port} detail",
    answer=_answer(r"^Interface \S+ detected \d+ LLDP neighbors"),
    layout=Layout(
        heading=re.compile(r"^Interface (\S+) detected \d+ LLDP neighbors:", re.MULTILINE),
        once=True,
        begin=re.compile(r"^ +Neighbor \S.*, age ", re.MULTILINE),
        chassis=field("Chassis ID"),
        far_port=field("Port ID"),
        far_description=field("Port Description"),
        name=field("System Name"),
        free=re.compile(r"^ *- System Description", re.MULTILINE),
        capabilities=field("Enabled Capabilities"),
    ),
)
VRP_LLDP = Announcements(
    command="display lldp neighbor{port}",
    answer=_answer(r"^\S+ has \d+ neighbor"),
    layout=Layout(
        heading=re.compile(r"^(\S+) +has \d+ neighbor", re.MULTILINE),
        once=True,
        begin=re.compile(r"^Neighbor index *:", re.MULTILINE),
        chassis=field("Chassis ID"),
        far_port=field("Port ID"),
        far_description=field("Port description"),
        name=field("System name"),
        free=re.compile(r"^System description", re.MULTILINE),
        capabilities=field("System capabilities enabled"),
    ),
    prefix="interface ",
)
COMWARE_LLDP = Announcements(
    command="display lldp neighbor-information{port} verbose",
    # Whether it says anything where nobody is, is not sourced.
    answer=_answer(r"^LLDP neighbor-information of port|\A\s*\Z"),
    layout=Layout(
        heading=re.compile(r"^LLDP neighbor-information of port \d+\[(\S+?)\]:", re.MULTILINE),
        begin=re.compile(r"^ *LLDP neighbor index *:", re.MULTILINE),
        chassis=field("Chassis ID"),
        far_port=field("Port ID"),
        far_description=field("Port description"),
        name=field("System name"),
        free=re.compile(r"^ *System description", re.MULTILINE),
        capabilities=field("System capabilities enabled"),
    ),
    prefix="interface ",
)
PROCURVE_LLDP = Announcements(
    command="show lldp info remote-device{port}",
    every=" detail",
    answer=_answer(r"^ *LLDP Remote Device"),
    layout=Layout(
        begin=re.compile(r"^ *Local Port *:", re.MULTILINE),
        port=re.compile(r"^ *Local Port *: *(\S+) *$", re.MULTILINE),
        chassis=field("ChassisId"),
        far_port=field("PortId"),
        far_description=field("PortDescr"),
        name=field("SysName"),
        capabilities=field("System Capabilities Enabled"),
    ),
)
AOSCX_LLDP = Announcements(
    command="show lldp neighbor-info{port}",
    every=" detail",
    answer=_answer(r"^LLDP Neighbor Information|^Port +: \S|^Total Neighbor Entries"),
    layout=Layout(
        begin=re.compile(r"^Port +:", re.MULTILINE),
        port=re.compile(r"^Port +: (\S+) *$", re.MULTILINE),
        chassis=field("Neighbor Chassis-ID"),
        far_port=field("Neighbor Port-ID"),
        far_description=field("Neighbor Port-Desc"),
        name=field("Neighbor System-Name"),
        capabilities=field("Chassis Capabilities Enabled"),
        # Above all entries, where no neighbor can write.
        total=re.compile(r"\A[\s=-]*LLDP Neighbor Information[\s=]+Total Neighbor Entries +: (\d+)"),
    ),
)
FASTIRON_LLDP = Announcements(
    command="show lldp neighbors detail{port}",
    prefix="ports ethernet ",
    answer=_answer(r"^Local port:|^Total number of LLDP neighbors"),
    layout=Layout(
        heading=re.compile(r"^Local port: (\S+) *$", re.MULTILINE),
        begin=re.compile(r"^ *Neighbor: \S+, TTL ", re.MULTILINE),
        chassis=field(r"Chassis ID \([^)]*\)"),
        far_port=field(r"Port ID \([^)]*\)"),
        far_description=field("Port description"),
        name=field("System name"),
        free=re.compile(r"^ *\+ System description", re.MULTILINE),
        capabilities=field("Enabled capabilities"),
        total=re.compile(r"\A\s*Total number of LLDP neighbors on all ports: (\d+)"),
    ),
)
FORCE10_LLDP = Announcements(
    command="show lldp neighbors detail",
    answer=_answer(r"^ *Local Interface \S+ \S+ has \d+ neighbor"),
    layout=Layout(
        heading=re.compile(r"^ *Local Interface ([A-Za-z]+ \S+) has \d+ neighbor", re.MULTILINE),
        once=True,
        begin=re.compile(r"^ *Remote Chassis ID Subtype:", re.MULTILINE),
        chassis=field("Remote Chassis ID"),
        far_port=field("Remote Port ID"),
        far_description=field("Remote Port Description"),
        name=field("Remote System Name"),
        free=re.compile(r"^ *Remote System Desc", re.MULTILINE),
        capabilities=field("Enabled System Capabilities"),
    ),
    whole=True,
)
S300_LLDP = Announcements(
    command="show lldp neighbors{port}",
    answer=_answer(r"^ *Port +Device ID +Port ID|^System capability legend"),
    layout=Columns(
        header=re.compile(r"^ *Port +Device ID +Port ID"),
        ruled=True,
        names={
            "port": "Port",
            "chassis": "Device ID",
            "far_port": "Port ID",
            "name": "System Name",
            "capabilities": "Capabilities",
        },
        port=re.compile(r"([A-Za-z]+\d[\d/]*)"),
        letters={"H": "station", "S": "", "C": "", "TP": ""},
    ),
    whole=True,
)
JUNOS_LLDP = Announcements(
    command="show lldp neighbors",
    answer=_answer(r"^Local Interface +|\A\s*\Z|^ *syntax error|^ *error: .*\bnot running"),
    layout=Columns(
        header=re.compile(r"^Local Interface +\S.*System Name"),
        names={
            "port": "Local Interface",
            "parent": "Parent Interface",
            "chassis": "Chassis Id",
            "far_port": "Port info",
            "name": "System Name",
        },
        port=re.compile(r"([a-z]+-?\d+(?:/\d+)*(?::\d+)?)(?:\.\d+)?"),
    ),
    whole=True,
)

_DOTTED, _COLONS, _DASHED = (
    r"(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}",
    r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}",
    r"[0-9a-f-]{14}",
)
VIEW_MACS = MacListing(
    command="display mac-address",
    answer=_answer(r"mac addr|^Total items"),
    rows=(re.compile(rf" *(?P<mac>{_DASHED}) +(?P<vlan>\d+)(?:/\S*)? +(?P<ports>\S.*)", re.IGNORECASE),),
    ports_of=_ports_among,
)
PROCURVE_MACS = _macs(
    "show mac-address",
    r"Address Table|^ *MAC Address\b",
    r" *(?P<mac>[0-9a-f]{6}-[0-9a-f]{6}) +(?P<ports>\S+) +(?P<vlan>\d+)",
)
AOSCX_MACS = _macs(
    "show mac-address-table",
    r"^MAC Address +VLAN\b|^No MAC entries found",
    rf" *(?P<mac>{_COLONS}) +(?P<vlan>\d+) +\S+ +(?P<ports>\S+)",
)
FASTIRON_MACS = _macs(
    "show mac-address",
    r"^MAC[- ]Address +Port\b|^Total .*entries",
    rf" *(?P<mac>{_DOTTED}) +(?P<ports>\S+) +\d+ +(?P<vlan>\d+)(?: +\S+)?",
    rf" *(?P<mac>{_DOTTED}) +(?P<ports>\S+) +[A-Za-z]\S* +\d+ +(?P<vlan>\d+)",
)
FORCE10_MACS = MacListing(
    command="show mac-address-table",
    answer=_answer(r"^ *VlanId +Mac Address\b"),
    rows=(
        re.compile(
            rf" *(?P<vlan>\d+) +(?P<mac>{_COLONS}) +[A-Za-z]+ +(?P<ports>[A-Za-z-]+ ?\d\S*)(?: +\S.*)?",
            re.IGNORECASE,
        ),
    ),
    ports_of=lambda text: [text.replace(" ", "")],
)
# Its rows have the name of a VLAN, so the dialect reads them.
JUNOS_MACS = _macs("show ethernet-switching table", r"^MAC flags|^Ethernet switching table *:")
