"""Cisco IOS and IOS-XE: L2 and L3 Catalysts and routers. Pure.

Facts behind it: VLANs 1 to 1005 live in vlan.dat and show in the running configuration only sometimes, so
they are read from `show vlan`; a VLAN takes effect when its sub-mode is left; a trunk without an allowed list
carries every VLAN, and the `no` form of the list opens it to every VLAN; `show` tables use short port names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from trunkline.drivers.switch import cisco_discovery, cisco_ios_neighbors
from trunkline.drivers.switch.cisco_lines import restore_block, trunk_block, vlan_block
from trunkline.drivers.switch.cisco_tables import (
    first_vlan,
    parse_switchport,
    parse_vlans,
    plain_mac,
    reading,
    written_out,
)
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, RevertTimer, Scope
from trunkline.drivers.switch.discovery import Discovering, Discovery
from trunkline.drivers.switch.state import (
    Facts,
    GatewayRow,
    PortMode,
    PortRow,
    SwitchState,
)
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

VLANS = "show vlan brief"
VTP = "show vtp status"
ROUTING = "show running-config | include routing"
ERR_DISABLED = "show interfaces status err-disabled"
SWITCHPORTS = "show interfaces switchport"
INTERFACES = "show running-config | section ^interface"
FEW = 8
"""More interfaces are asked for all at once: a switch builds its whole configuration for each one it is asked for."""

_NO_SUCH = r"% Invalid input detected at '\^' marker"
_ANSWERS = {
    VLANS: re.compile(r"^1\s+\S", re.MULTILINE),
    # Some small platforms have no VTP; whether they take a VLAN they say when they are given one.
    VTP: re.compile(rf"^VTP Operating Mode\s*:\s*\S|^{_NO_SUCH}", re.MULTILINE),
    ROUTING: re.compile(r"\A(?!.*^\s*(?:%|Command authorization))", re.MULTILINE | re.DOTALL),
    # Says nothing where no port is; routers and small platforms do not know it.
    ERR_DISABLED: re.compile(
        r"\A(?!.*(?:% ?Authorization|Command authorization))", re.DOTALL | re.IGNORECASE
    ),
    SWITCHPORTS: re.compile(r"^Name:\s*\S", re.MULTILINE),
    # Releases before 12.3 know no sections; then each interface is asked for by itself.
    INTERFACES: re.compile(rf"^interface \S|^{_NO_SUCH}", re.MULTILINE),
}
_INTERFACE_ANSWER = re.compile(rf"^interface \S|^{_NO_SUCH}", re.MULTILINE)
_SWITCHPORT_ANSWER = re.compile(rf"^Name:\s*\S|^{_NO_SUCH}", re.MULTILINE)
_MACS_ANSWER = re.compile(
    r"mac address|Destination Address|^No entries present", re.MULTILINE | re.IGNORECASE
)

_LIST = r"[\d,-]+"
_ADDRESS_LINE = re.compile(
    r"(?:no )?(?:ip address [\d.]+ [\d.]+(?: secondary)?|ipv6 address [0-9A-Fa-f:.]+/\d+)"
)
_PHRASES = {
    "exec": cisco_ios_neighbors.PHRASES,
    "config": (
        Phrase(pattern=re.compile(r"(?:no )?vlan (?P<vlans>\d+)")),
        Phrase(pattern=re.compile(r"(?:no )?interface Vlan(?P<vlans>\d+)")),
        Phrase(pattern=re.compile(r"(?:no )?interface (?P<port>[A-Za-z][\w/-]*)\.(?P<vlans>\d+)")),
        Phrase(pattern=re.compile(r"interface (?!Vlan)(?P<port>[A-Za-z][\w/-]*)")),
    ),
    "config-vlan": (Phrase(pattern=re.compile(r"name [A-Za-z0-9_-]{1,32}")),),
    "config-if": (
        Phrase(pattern=re.compile(rf"switchport trunk allowed vlan (?:add|remove) (?P<vlans>{_LIST})")),
        Phrase(
            pattern=re.compile(rf"switchport trunk allowed vlan (?:none|(?P<kept>{_LIST}))"), converts=True
        ),
        Phrase(pattern=re.compile(r"switchport trunk native vlan \d+"), converts=True),
        Phrase(pattern=re.compile(r"switchport trunk encapsulation (?:dot1q|negotiate)"), converts=True),
        Phrase(
            pattern=re.compile(r"switchport mode (?:trunk|access|dynamic auto|dynamic desirable)"),
            converts=True,
        ),
        Phrase(pattern=_ADDRESS_LINE),
        Phrase(pattern=re.compile(r"no shutdown")),
    ),
    "config-subif": (
        Phrase(pattern=re.compile(r"encapsulation dot1Q (?P<vlans>\d+)")),
        Phrase(pattern=_ADDRESS_LINE),
        Phrase(pattern=re.compile(r"no shutdown")),
    ),
}

PROMPT = r"{hostname}[^\s()>#]*(?P<inside>\((?P<mode>config[^)]*)\))?[>#] ?"
"""``sw1>``, ``sw1#``, ``sw1(config-if)#``: of IOS, and of all who talk like it."""
GRAMMAR = Grammar(
    prompt=PROMPT,
    rejected=re.compile(
        r"^\s*(% ?Invalid input detected|% ?Incomplete command|% ?Ambiguous command|% ?Unrecognized|"
        r"% ?Unknown command|Command rejected|% ?Range command terminated|% .* overlaps with|% ?Bad mask|"
        r"Bad mask|% ?Failed to create VLANs?|Extended VLAN\(s\) not allowed|% ?Failed to commit extended|"
        r"VLAN\(s\) not available in Port Manager|% ?IPv6 routing not enabled|Command authorization failed|"
        r"% ?Configuring IP routing on a LAN subinterface|%You must disable VTPv1|% ?Error|ERROR:|% ?Not enough|"
        r"% ?Duplicate|% ?Warning: cannot|% ?Authorization failed|% ?Insufficient|% ?VLAN .* not|VTP VLAN config|"
        r"VLAN #\d+ and #\d+ have an identical name)"
        # Whatever else begins like an error and is neither a log message nor known to be harmless.
        r"|^%(?!\s*$)\s?\S",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(
        r"^\s*(% ?Access VLAN does not exist\. Creating vlan|% ?Warning: portfast|%Portfast has been|"
        r"% ?Not all config may be removed|Not all config may be removed|% ?Generating|% ?Saving|"
        r"% ?Applying VLAN changes|% ?Warning: use /31)",
        re.MULTILINE | re.IGNORECASE,
    ),
    unknown=re.compile(
        r"% ?(?:Invalid input detected|Incomplete command|Ambiguous command|Unrecognized|Unknown command)",
        re.IGNORECASE,
    ),
    log_line=re.compile(
        # A sequence number, then the time of day or how long it has been up: `1d02h`, `00:00:45`.
        r"^(?:\d+: )?(?:[*.]?\w{3}\s+\d+\s[\d:. ]+\S*:\s|(?:\d+:\d\d:\d\d|\d+[ywd]\d+[wdh]): )?"
        r"%[A-Z0-9_]+-(?:\w+-)?\d-[A-Z0-9_]+: .*$\n?",
        re.MULTILINE,
    ),
    question=re.compile(r"\[(?:confirm|yes/no|y/n)\]\s*:?\s*$|\(y/n\)\s*\??\s*$|--More--\s*$", re.IGNORECASE),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    # Configuration Rollback Confirmed Change, from 12.4(20)T and in IOS-XE; the archive is what it goes back by.
    revert=RevertTimer(
        enter="configure terminal revert timer {minutes}",
        confirm="configure confirm",
        needs="`archive` with a path",
    ),
    save="write memory",
    saved=re.compile(r"\[OK\]"),
    backup="show running-config",
    phrases=_PHRASES,
    longest_line=250,
)

_LONG_NAMES = {
    "fa": "FastEthernet",
    "gi": "GigabitEthernet",
    "tw": "TwoGigabitEthernet",
    "fi": "FiveGigabitEthernet",
    "te": "TenGigabitEthernet",
    "twe": "TwentyFiveGigE",
    "fo": "FortyGigabitEthernet",
    "hu": "HundredGigE",
    "po": "Port-channel",
    "vl": "Vlan",
    "ap": "AppGigabitEthernet",
    "et": "Ethernet",
}
_ADDRESS = re.compile(r"^ ip address (?P<ip>\S+) (?P<mask>\S+)(?P<secondary> secondary)?$")
_ADDRESS6 = re.compile(r"^ ipv6 address (?P<ip>[0-9A-Fa-f:.]+/\d+)$")
_TAG = re.compile(r"^ encapsulation dot1[qQ] (?P<vlan>\d+)$")
_CONFLICT = re.compile(r"^ (?:ip address|ip unnumbered|encapsulation) ")
_PLAIN = re.compile(r"^(?:interface | no ip address$| (?:no )?shutdown$)")
"""Lines of a layer 3 interface that say nothing of their own."""
_OURS_ON_A_PORT = re.compile(
    r"^(?:interface | switchport mode | switchport trunk (?:allowed|native) vlan | switchport trunk encapsulation )"
)
_MAXIMUM = re.compile(r" switchport port-security maximum (?P<most>\d+)")
_ERR_DISABLED_ROW = re.compile(
    r"^(?P<port>[A-Z][\w/.-]*\d)[ \t].*?[ \t]err-disabled[ \t]+(?P<reason>[\w()-]{1,40})", re.MULTILINE
)
_CHANNEL = re.compile(r"^ channel-group (?P<number>\d+) ", re.MULTILINE)


def long_name(name: str) -> PortName:
    """Write a port name out: ``Gi1/0/3`` is ``GigabitEthernet1/0/3``; what is not known stays as it is."""
    return written_out(name, _LONG_NAMES)


class CiscoIos(Discovering):
    """The dialect."""

    platform = "cisco_ios"
    grammar = GRAMMAR
    blind = False
    discovery = Discovery(
        protocols=(cisco_discovery.LLDP, cisco_discovery.CDP),
        macs=cisco_discovery.IOS_MACS,
        long_name=long_name,
    )

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands; a router is not asked about VLANs and switch ports."""
        commands = [ROUTING]
        queries = []
        if scope.switch.kind != "router":
            commands += [VLANS, VTP] + [ERR_DISABLED] * bool(scope.ports)
            if len(scope.ports) > FEW:
                commands.append(SWITCHPORTS)
            else:
                queries += [
                    Query(command=_switchport(port), answer=_SWITCHPORT_ANSWER) for port in scope.ports
                ]
            vlans = sorted({vlan for _, vlan in scope.removals})
            queries += [Query(command=_macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans]
        names = _interfaces(scope)
        if len(names) > FEW:
            commands.append(INTERFACES)
        else:
            queries += [_about(name) for name in names]
        return [*(Query(command=command, answer=_ANSWERS[command]) for command in commands), *queries]

    def more_queries(self, outputs: Mapping[str, str], scope: Scope) -> Sequence[Query]:
        """Ask for each interface where the switch does not know how to show all of them."""
        shown = outputs.get(INTERFACES)
        if shown is None or re.search(r"^interface ", shown, re.MULTILINE):
            return ()
        return [_about(name) for name in _interfaces(scope)]

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for; an interface that is not there answers with an error and has no row.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        outputs = _one_by_one(outputs, scope)
        gateways = {}
        for key in scope.gateways:
            command = _running(interface_of(*key))
            with reading(command):
                if row := _gateway(_section(outputs[command])):
                    gateways[key] = row
        down = {
            parent: _why_down(parent, _section(outputs[_running(parent)]))
            for parent, _ in scope.gateways
            if parent is not None
        }
        ports = {}
        disabled = _err_disabled(outputs.get(ERR_DISABLED, ""))
        for port in scope.ports if scope.switch.kind != "router" else ():
            with reading(_switchport(port)):
                shown = _port(port, outputs[_switchport(port)], _section(outputs[_running(port)]))
                ports[port] = replace(shown, err_disabled=disabled.get(port, ""))
        with reading(VLANS):
            vlans = parse_vlans(outputs.get(VLANS, ""))
        return SwitchState(
            vlans=vlans,
            ports=ports,
            gateways=gateways,
            facts=_facts(outputs, scope),
            macs=_macs(outputs, scope),
            down={parent: cause for parent, cause in down.items() if cause},
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction, one per gateway."""
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan() as claim:
                    blocks.append(vlan_block(claim, change.op, state))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    blocks += _gateway_blocks(claim, change.op, state)
        for (port, op), vlans in ports.items():
            blocks.append(trunk_block(port, op, VlanSet(vlans), state.ports[port], rules[port]))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Write the block that makes a half adopted port what it was: the mode first, so that it never opens."""
        return restore_block(port, before)

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the gateway's interface of a neighbor is configured."""
        name = interface_of(neighbor.parent, neighbor.vlan)
        return Query(command=_running(name), answer=_INTERFACE_ANSWER)

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Write how a neighbor is forgotten; an interface that is not there holds no entry.

        Raises:
            ValueError: the interface is in a VRF whose name is not one that may be sent.
        """
        config = _section(gateway)
        if not config:
            return None
        name = interface_of(neighbor.parent, neighbor.vlan)
        return cisco_ios_neighbors.forgetting(neighbor, name, config)

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find the neighbor's entry, unless it was learned within these seconds."""
        return cisco_ios_neighbors.old_entry(neighbor, answer, seconds=seconds)


def interface_of(parent: PortName | None, vlan: Vid) -> str:
    """Name the layer 3 interface of a VLAN: ``Vlan10`` or ``GigabitEthernet0/0.10``."""
    return f"Vlan{vlan}" if parent is None else f"{parent}.{vlan}"


def _interfaces(scope: Scope) -> list[str]:
    """Name every interface whose configuration matters."""
    names: list[str] = [] if scope.switch.kind == "router" else list(scope.ports)
    names += [interface_of(*key) for key in scope.gateways]
    names += [parent for parent, _ in scope.gateways if parent is not None]
    return list(dict.fromkeys(names))


def _about(interface: str) -> Query:
    return Query(command=_running(interface), answer=_INTERFACE_ANSWER)


def _one_by_one(outputs: Mapping[str, str], scope: Scope) -> Mapping[str, str]:
    """Give each interface the part that is its own of what was shown of all."""
    if not {SWITCHPORTS, INTERFACES} & outputs.keys():
        return outputs
    found: dict[str, str] = {}
    if SWITCHPORTS in outputs:
        blocks = re.split(r"^(?=Name:)", outputs[SWITCHPORTS].replace("\r", ""), flags=re.MULTILINE)[1:]
        named = {long_name(block.partition("\n")[0].removeprefix("Name:")): block for block in blocks}
        found |= {_switchport(port): named.get(port, "") for port in scope.ports}
    if INTERFACES in outputs:
        sections = re.split(r"^(?=interface )", outputs[INTERFACES].replace("\r", ""), flags=re.MULTILINE)[1:]
        own = {section.partition("\n")[0].removeprefix("interface ").strip(): section for section in sections}
        found |= {_running(name): own.get(name, "") for name in _interfaces(scope)}
    return {**found, **outputs}


def _switchport(port: PortName) -> str:
    return f"show interfaces {port} switchport"


def _running(interface: str) -> str:
    return f"show running-config interface {interface}"


def _macs_of(vlan: Vid) -> str:
    return f"show mac address-table vlan {vlan}"


def _section(text: str) -> tuple[str, ...]:
    """Cut the interface's own lines out of `show running-config interface`."""
    lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
    starts = [index for index, line in enumerate(lines) if line.startswith("interface ")]
    if not starts:
        return ()
    body = lines[starts[0] :]
    ends = [index for index, line in enumerate(body) if line in {"end", "!"}]
    return tuple(line for line in body[: ends[0] if ends else None] if line)


def _port(port: PortName, switchport: str, config: tuple[str, ...]) -> PortRow:
    facts = parse_switchport(switchport)
    if not facts and not config:
        return PortRow(port=port, mode="absent", allowed=VlanSet())
    channel = _CHANNEL.search("\n".join(config))
    others = tuple(line for line in config if not _OURS_ON_A_PORT.match(line))
    if facts.get("Switchport", "Disabled").lower() != "enabled":
        return PortRow(port=port, mode="routed", allowed=VlanSet(), others=others)
    mode = _mode(facts)
    return PortRow(
        port=port,
        mode=mode,
        shown_mode=ascii(facts.get("Administrative Mode", ""))[1:-1],
        allowed=VlanSet.parse(facts.get("Trunking VLANs Enabled", "ALL")),
        native_vlan=first_vlan(facts.get("Trunking Native Mode VLAN", "")),
        access_vlan=first_vlan(facts.get("Access Mode VLAN", "")),
        voice_vlan=first_vlan(facts.get("Voice VLAN", "")),
        negotiated=mode == "dynamic" and facts.get("Operational Mode", "").startswith("trunk"),
        encapsulation_open=facts.get("Administrative Trunking Encapsulation") == "negotiate",
        channel=PortName(f"Port-channel{channel['number']}") if channel else None,
        others=others,
        most_stations=_most_stations(config),
        edge=any(re.fullmatch(r" spanning-tree portfast (?:edge )?trunk", line) for line in config),
    )


def _most_stations(config: tuple[str, ...]) -> int | None:
    """Read how many MACs port security lets talk; it is 1 where nothing else is said."""
    if " switchport port-security" not in config:
        return None
    said = [found for line in config if (found := _MAXIMUM.fullmatch(line))]
    return int(said[0]["most"]) if said else 1


def _err_disabled(text: str) -> dict[PortName, str]:
    rows = _ERR_DISABLED_ROW.finditer(text.replace("\r", ""))
    return {long_name(row["port"]): row["reason"] for row in rows}


def _mode(facts: Mapping[str, str]) -> PortMode:
    word = facts.get("Administrative Mode", "").lower()
    if word == "trunk":
        return "trunk"
    if word in {"static access", "access"}:
        return "access"
    return "dynamic" if word.startswith("dynamic ") else "special"


def _gateway(config: tuple[str, ...]) -> GatewayRow | None:
    if not config:
        return None
    addresses: set[Interface] = set()
    primary: Interface | None = None
    tagged: Vid | None = None
    others: list[str] = []
    for line in config:
        if found := _ADDRESS.match(line):
            address = ip_interface(f"{found['ip']}/{found['mask']}")
            addresses.add(address)
            primary = primary if found["secondary"] else address
        elif found := _ADDRESS6.match(line):
            addresses.add(ip_interface(found["ip"]))
        elif found := _TAG.match(line):
            tagged = vid(int(found["vlan"]))
        elif not _PLAIN.match(line):
            others.append(line)
    return GatewayRow(
        addresses=frozenset(addresses),
        primary=primary,
        shutdown=" shutdown" in config,
        tagged=tagged,
        conflicts=tuple(line for line in others if _CONFLICT.match(line)),
        others=tuple(line for line in others if not _CONFLICT.match(line)),
    )


def _why_down(parent: PortName, config: tuple[str, ...]) -> str:
    if not config:
        return f"there is no interface {parent}; check the gateway in the inventory"
    if " shutdown" in config:
        return f"interface {parent} is shut down; give it `no shutdown` by hand"
    return ""


def _facts(outputs: Mapping[str, str], scope: Scope) -> Facts:
    routing = {line.strip() for line in outputs.get(ROUTING, "").replace("\r", "").split("\n")}
    text = outputs.get(VTP, "")
    # Version 3 has a block per feature, each with a mode of its own.
    features = re.split(r"^Feature (\w+):", text, flags=re.MULTILINE)
    blocks = dict(zip(features[1::2], features[2::2], strict=True))
    vtp = {
        key.strip(): value.strip()
        for key, _, value in _colon_lines(features[0]) + _colon_lines(blocks.get("VLAN", ""))
    }
    mode = vtp.get("VTP Operating Mode", "transparent").lower()
    version = re.search(r"\d", vtp.get("VTP version running", vtp.get("VTP Version", "1")))
    most = re.search(r"\d+", vtp.get("Maximum VLANs supported locally", ""))
    is_router = scope.switch.kind == "router"
    return Facts(
        vtp_mode=mode.removeprefix("primary ").strip(),
        vtp_primary=mode.startswith("primary "),
        vtp_version=int(version[0]) if version else 1,
        most_vlans=int(most[0]) if most else None,
        # Routers route unless told not to; Catalysts the other way round.
        routes_ipv4="no ip routing" not in routing if is_router else "ip routing" in routing,
        routes_ipv6="ipv6 unicast-routing" in routing,
        restricts_trunks=True,
        writes_channels=True,
    )


def _colon_lines(text: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in text.replace("\r", "").split("\n") if ":" in line]


def _macs(outputs: Mapping[str, str], scope: Scope) -> dict[tuple[PortName, Vid], frozenset[str]]:
    """Give who talks where. A port that cannot be told counts as every port: better kept than cut."""
    found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in scope.removals}
    for vlan in {vlan for _, vlan in scope.removals}:
        for row in cisco_discovery.MAC_ROW.finditer(outputs[_macs_of(vlan)].replace("\r", "")):
            if int(row["mac"][1], 16) & 1:
                continue  # a group address: nobody in person
            ports = [long_name(word) for word in cisco_discovery.ports_of(row["ports"])]
            for key in [key for key in found if key[1] == int(row["vlan"])]:
                if key[0] in ports or any(not _is_known(port) for port in ports):
                    found[key] |= {plain_mac(row["mac"])}
    return found


def _is_known(port: PortName) -> bool:
    return any(port.startswith(long) for long in _LONG_NAMES.values())


def _gateway_blocks(claim: Gateway, op: str, state: SwitchState) -> list[Block]:
    name = interface_of(claim.parent, claim.vlan)
    claims: frozenset[Claim] = frozenset({claim})
    row = state.gateways.get((claim.parent, claim.vlan))
    if op == "remove":
        # A sub-interface that is made again later comes back with its old lines: take them off first.
        there = sorted(row.addresses, key=str) if row else []
        gone = tuple(f"no {_address_line(a)}" for a in there)
        return [
            Block(enter=f"interface {name}", mode=_layer3_mode(claim), lines=gone, claims=claims),
            Block(enter=f"no interface {name}", mode="config", lines=(), claims=claims),
        ]
    lines: tuple[str, ...] = () if claim.parent is None else (f"encapsulation dot1Q {claim.vlan}",)
    have = row.addresses if row else frozenset()
    primary = row.primary if row else None
    for address in claim.addresses:
        if address in have:
            continue
        if isinstance(address, IPv4Interface):
            lines += (_address_line(address) + (" secondary" if primary is not None else ""),)
            primary = primary or address
        else:
            lines += (_address_line(address),)
    enter, mode = f"interface {name}", _layer3_mode(claim)
    return [Block(enter=enter, mode=mode, lines=(*lines, "no shutdown"), claims=claims)]


def _layer3_mode(claim: Gateway) -> str:
    return "config-if" if claim.parent is None else "config-subif"


def _address_line(address: Interface) -> str:
    if isinstance(address, IPv6Interface):
        return f"ipv6 address {address}"
    return f"ip address {address.ip} {address.netmask}"
