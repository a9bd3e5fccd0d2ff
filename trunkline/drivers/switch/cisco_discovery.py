"""How Cisco IOS, NX-OS and those who print like them show LLDP and CDP neighbors. Pure; for their dialects."""

from __future__ import annotations

import re

from trunkline.drivers.switch.discovery import NOBODY, Announcements, MacListing, listed
from trunkline.drivers.switch.neighbor_text import Layout, field

MAC_ROW = re.compile(
    r"^[ \t*#A-Z]*?(?P<vlan>\d+)[ \t]+(?P<mac>[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})[ \t]+(?P<ports>\S.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_OLD_MAC_ROW = re.compile(
    r"(?P<mac>[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})[ \t]+\w+[ \t]+(?P<vlan>\d+)[ \t]+(?P<ports>\S.*)",
    re.IGNORECASE,
)
_MAC_COLUMN = re.compile(
    r"dynamic|static|secure|system|self|yes|no|-|n/a|\d+|(?:ip|ipx|assigned|other)(?:,.*)?", re.IGNORECASE
)
"""What stands between a MAC and its ports: type, learn, age, protocols."""
_ITSELF = re.compile(r"cpu|router|switch|drop|vl(?:an)?\d+", re.IGNORECASE)
"""Ports that are the switch itself."""


def ports_of(rest: str) -> list[str]:
    """Take the ports out of what follows a MAC in the table; the switch itself is none."""
    words = rest.split()
    while words and _MAC_COLUMN.fullmatch(words[0]):
        words.pop(0)
    return listed(" ".join(words), _ITSELF)


MACS = "show mac address-table"
MACS_ANSWER = re.compile(
    rf"mac address|^Destination Address|^No entries present|^Total Mac|{NOBODY}",
    re.MULTILINE | re.IGNORECASE,
)
IOS_MACS = MacListing(command=MACS, answer=MACS_ANSWER, rows=(MAC_ROW, _OLD_MAC_ROW), ports_of=ports_of)

_IOS_LLDP = Layout(
    begin=re.compile(
        r"^(?:Local Intf: .*\n(?:Local Intf service instance.*\n)?)?Chassis id:", re.MULTILINE | re.IGNORECASE
    ),
    # Older releases do not show it.
    port=re.compile(r"^Local Intf: (\S.*)$", re.MULTILINE),
    chassis=field("Chassis id"),
    far_port=field("Port id"),
    far_description=field("Port Description"),
    name=field("System Name"),
    capabilities=field("Enabled Capabilities") + field("System Capabilities"),
    free=re.compile(r"^System Description", re.MULTILINE),
    total=re.compile(r"^Total entries displayed: (\d+)", re.MULTILINE),
)
_IOS_CDP = Layout(
    begin=re.compile(r"^Device ID:", re.MULTILINE),
    port=re.compile(r"^Interface: (\S.*?),\s+Port ID", re.MULTILINE),
    far_port=(re.compile(r"^Interface: .*?,\s+Port ID \(outgoing port\): (.*)$", re.MULTILINE),),
    # Nexus switches put their serial number behind the device id, and say their name as well.
    name=field("System Name") + field("Device ID"),
    capabilities=(re.compile(r"^Platform: .*?,\s+Capabilities: (.*)$", re.MULTILINE),),
    free=re.compile(r"^Version ?:", re.MULTILINE),
    total=re.compile(r"^Total cdp entries displayed : (\d+)", re.MULTILINE),
    via="cdp",
)
LLDP = Announcements(
    command="show lldp neighbors{port} detail",
    answer=re.compile(rf"^Total entries displayed:|^Chassis id:|{NOBODY}", re.MULTILINE | re.IGNORECASE),
    layout=_IOS_LLDP,
)
CDP = Announcements(
    command="show cdp neighbors{port} detail",
    # Where nobody is, older releases do not even print a total.
    answer=re.compile(
        rf"^Total cdp entries displayed|^Device ID:|\A\s*\Z|{NOBODY}", re.MULTILINE | re.IGNORECASE
    ),
    layout=_IOS_CDP,
)

# How one of them is asked about a single port differs from release to release, so the whole listing is read.
NXOS_LLDP = Announcements(
    command="show lldp neighbors detail",
    answer=re.compile(
        rf"^Total entries displayed:|^Chassis id:|^Capability codes:|{NOBODY}", re.MULTILINE | re.IGNORECASE
    ),
    layout=Layout(
        begin=re.compile(r"^Chassis id:", re.MULTILINE | re.IGNORECASE),
        port=re.compile(r"^Local Port id: (\S+)[ \t]*$", re.MULTILINE),
        chassis=field("Chassis id"),
        far_port=field("Port id"),
        far_description=field("Port Description"),
        name=field("System Name"),
        capabilities=field("Enabled Capabilities") + field("System Capabilities"),
        free=re.compile(r"^System Description", re.MULTILINE),
        total=re.compile(r"^Total entries displayed: (\d+)", re.MULTILINE),
    ),
    whole=True,
)
NXOS_CDP = Announcements(command="show cdp neighbors detail", answer=CDP.answer, layout=_IOS_CDP, whole=True)
