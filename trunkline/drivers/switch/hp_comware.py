"""HPE and H3C Comware 5 and 7. Pure.

Behind it stand real outputs of `display vlan all`. Ports are read from `display current-configuration interface`, whose
lines are known from published configurations and not from a capture of ours. A port is an access port of VLAN 1 and a
switch port unless its lines say otherwise. How one ARP entry or IPv6 neighbor is cleared is not sourced (`reset arp
interface` takes all of an interface), so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch import neighbor_layouts
from trunkline.drivers.switch.cisco_tables import written_out
from trunkline.drivers.switch.dialect import Grammar, Query
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.state import PortRow, VlanRow
from trunkline.drivers.switch.view_config import others, vlan_set
from trunkline.drivers.switch.views import LONGEST_SYSNAME, MODES, PROMPT, QUESTION, ViewDialect, phrases
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import LOWEST, Vid, VlanSet, vid

SVI = "Vlan-interface"
GRAMMAR = Grammar(
    prompt=PROMPT,
    modes=MODES,
    hostname_characters=LONGEST_SYSNAME,
    # Netmiko's `enable` for Comware is `system-view`.
    enables=False,
    rejected=re.compile(
        r"^[ \t]*\^[ \t]*$|^\s*% ?(?:Unrecognized|Incomplete|Ambiguous|Wrong parameter|Too many parameters)"
        r"|^\s*(?:Error|Failed|Permission denied|Operation (?:failed|not allowed|denied))\b"
        r"|^.*(?:does not exist|doesn't exist|not supported|is invalid|already (?:exists|used)|conflicts? with)\b.*$",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(r"^\s*(?:Info\b|Please wait)", re.IGNORECASE),
    unknown=re.compile(
        r"% ?(?:Unrecognized|Incomplete|Ambiguous|Wrong parameter|Too many parameters)", re.IGNORECASE
    ),
    log_line=re.compile(r"^[%#*]\w{3} +\d+ [\d:]+ \d{4} \S+ \w+/\d/\w+: .*$\n?", re.MULTILINE),
    question=QUESTION,
    enter_config="system-view",
    leave_config="return",
    leave_block="quit",
    save="save force",
    saved=re.compile(
        r"Configuration is saved to \S+ successfully|Saved the current configuration to [^\n]* successfully"
    ),
    backup="display current-configuration",
    phrases=phrases(svi=SVI, trunk="permit"),
    longest_line=510,
)

_VLAN = re.compile(r"^ *VLAN ID: *(?P<vlan>\d+) *$", re.MULTILINE)
_DESCRIPTION = re.compile(r"^ *Description: *(?P<text>\S.*?) *$", re.MULTILINE)
_LINE = re.compile(r" port (?P<key>link-type|link-mode|access vlan|trunk pvid vlan) (?P<value>\S+)")
_PERMIT = re.compile(r"(?P<undo> undo)? port trunk permit vlan (?P<vlans>\S.*)")
_CHANNEL = re.compile(r"^ port link-aggregation group (?P<number>\d+)\b", re.MULTILINE)
_BEFORE_ANY = VlanSet({LOWEST})
"""What a trunk carries that was told nothing."""


class HpComware(Discovering, ViewDialect):
    """The dialect."""

    platform = "hp_comware"
    grammar = GRAMMAR
    blind = True
    svi = SVI
    trunk = "permit"
    long_names: Mapping[str, str] = {
        "eth": "Ethernet",
        "ge": "GigabitEthernet",
        "xge": "Ten-GigabitEthernet",
        "fge": "FortyGigE",
        "hge": "HundredGigE",
        "wge": "Twenty-FiveGigE",
        "bagg": "Bridge-Aggregation",
    }
    discovery = Discovery(
        protocols=(neighbor_layouts.COMWARE_LLDP,),
        macs=neighbor_layouts.VIEW_MACS,
        long_name=lambda name: written_out(name, HpComware.long_names),
    )
    vlans = Query(command="display vlan all", answer=re.compile(r"^ *VLAN ID: *1 *$", re.MULTILINE))
    no_such = r"% ?Wrong parameter found at '\^' position"

    def read_vlans(self, text: str) -> dict[Vid, VlanRow]:
        """Read `display vlan all`."""
        return parse_vlans(text)

    def read_port(self, port: PortName, config: tuple[str, ...], outputs: Mapping[str, str]) -> PortRow:
        """Read a port's own lines."""
        del outputs
        return parse_port(port, config)


def parse_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `display vlan all`; the name is the description, as that is what we write."""
    parts = _VLAN.split(text.replace("\r", ""))
    rows = {}
    for number, body in zip(parts[1::2], parts[2::2], strict=True):
        described = _DESCRIPTION.search(body)
        vlan = vid(int(number))
        rows[vlan] = VlanRow(vlan=vlan, name=described["text"] if described else "", active=True)
    return rows


def parse_port(port: PortName, config: Sequence[str]) -> PortRow:
    """Read `display current-configuration interface` of a port."""
    if not config:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    said = {found["key"]: found["value"] for line in config if (found := _LINE.fullmatch(line))}
    rest = others(config)
    channel = _CHANNEL.search("\n".join(config))
    aggregate = PortName(f"Bridge-Aggregation{channel['number']}") if channel else None
    if said.get("link-mode") == "route":
        return PortRow(port=port, mode="routed", allowed=VlanSet(), others=rest, channel=aggregate)
    kind = said.get("link-type", "access")
    if kind != "trunk":
        access = vid(int(said.get("access vlan", LOWEST))) if kind == "access" else None
        return PortRow(
            port=port,
            mode="special",
            shown_mode=kind,
            allowed=VlanSet(),
            access_vlan=access,
            others=rest,
            channel=aggregate,
        )
    return PortRow(
        port=port,
        mode="trunk",
        shown_mode=kind,
        allowed=_permitted(config),
        native_vlan=vid(int(said.get("trunk pvid vlan", LOWEST))),
        others=rest,
        channel=aggregate,
    )


def _permitted(config: Sequence[str]) -> VlanSet:
    allowed = frozenset(_BEFORE_ANY)
    for line in config:
        if found := _PERMIT.fullmatch(line):
            named = vlan_set(found["vlans"])
            allowed = allowed - named if found["undo"] else allowed | named
    return VlanSet(allowed)
