"""Cisco IOS and IOS-XE: L2 and L3 Catalysts and routers. Pure.

Facts behind it: VLANs 1 to 1005 live in vlan.dat and show in the running configuration only sometimes, so
they are read from `show vlan`; a VLAN takes effect when its sub-mode is left; a trunk without an allowed list
carries every VLAN, and the `no` form of the list opens it to every VLAN; `show` tables use short port names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Grammar, Scope
from trunkline.drivers.switch.state import (
    Facts,
    GatewayRow,
    PortMode,
    PortRow,
    SwitchState,
    VlanRow,
)
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet, vid

LONGEST_NAME = 32
VLANS = "show vlan brief"
VTP = "show vtp status"
ROUTING = "show running-config | include routing"

GRAMMAR = Grammar(
    rejected=re.compile(
        r"^\s*(% ?Invalid input detected|% ?Incomplete command|% ?Ambiguous command|% ?Unrecognized|"
        r"% ?Unknown command|Command rejected|% ?Range command terminated|% .* overlaps with|% ?Bad mask|"
        r"Bad mask|% ?Failed to create VLANs?|Extended VLAN\(s\) not allowed|% ?Failed to commit extended|"
        r"VLAN\(s\) not available in Port Manager|% ?IPv6 routing not enabled|Command authorization failed|"
        r"% ?Configuring IP routing on a LAN subinterface|%You must disable VTPv1|% ?Error|ERROR:|% ?Not enough|"
        r"% ?Duplicate|% ?Warning: cannot|% ?Authorization failed|% ?Insufficient|% ?VLAN .* not|VTP VLAN config|"
        r"VLAN #\d+ and #\d+ have an identical name)"
        r"|^% \S",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(
        r"^\s*(% ?Access VLAN does not exist\. Creating vlan|% ?Warning: portfast|%Portfast has been|"
        r"% ?Not all config may be removed|Not all config may be removed|% ?Generating|% ?Saving)",
        re.MULTILINE | re.IGNORECASE,
    ),
    log_line=re.compile(
        r"^(?:[*.]?\w{3}\s+\d+\s[\d:. ]+\S*:\s|\d+:\s)?%[A-Z0-9_]+-(?:\w+-)?\d-[A-Z0-9_]+: .*$", re.MULTILINE
    ),
    question=re.compile(r"\[(?:confirm|yes/no|y/n)\]\s*:?\s*$|\(y/n\)\s*\??\s*$|--More--\s*$", re.IGNORECASE),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    save="write memory",
    saved=re.compile(r"\[OK\]"),
    backup="show running-config",
    mode_words=frozenset(
        {"end", "exit", "do", "configure", "interface", "vlan", "logout", "quit", "reload", "enable"}
    ),
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
    "et": "Ethernet",
}
_VLAN_ROW = re.compile(
    r"^(?P<vlan>\d{1,4})\s+(?P<name>\S.*?)\s+(?P<status>active|suspended|act/unsup|act/lshut|sus/lshut|sus/ishut|act/ishut)(?:\s|$)",
    re.MULTILINE,
)
_PAIR = re.compile(r"^(?P<key>[A-Z][\w /-]*?):[ \t]*(?P<value>.*(?:\n {5,}\S.*)*)$", re.MULTILINE)
_MAC_ROW = re.compile(
    r"^\s*\*?\s*(?P<vlan>\d+)\s+(?P<mac>[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})\s+(?P<kind>\w+)\s+.*?(?P<port>\S+)\s*$",
    re.MULTILINE | re.IGNORECASE,
)
_ADDRESS = re.compile(r"^ ip address (?P<ip>\S+) (?P<mask>\S+)(?P<secondary> secondary)?$")
_ADDRESS6 = re.compile(r"^ ipv6 address (?P<ip>[0-9A-Fa-f:]+/\d+)$")
_TAG = re.compile(r"^ encapsulation dot1[qQ] (?P<vlan>\d+)")
_CHANNEL = re.compile(r"^ channel-group (?P<number>\d+) ", re.MULTILINE)


def long_name(name: str) -> PortName:
    """Write a port name out: ``Gi1/0/3`` is ``GigabitEthernet1/0/3``; what is not known stays as it is."""
    found = re.fullmatch(r"(?P<kind>[A-Za-z-]+)\s*(?P<place>\d[\d/.]*)", name.strip())
    if found is None:
        return PortName(name.strip())
    kind = found["kind"].lower()
    matches = [long for short, long in _LONG_NAMES.items() if _means(kind, short, long)]
    return PortName((matches[0] if matches else found["kind"]) + found["place"])


def _means(kind: str, short: str, long: str) -> bool:
    """Compare as IOS does: a table entry, or any longer beginning of the long name."""
    return kind == short or (len(kind) > len(short) and long.lower().startswith(kind))


class CiscoIos:
    """The dialect."""

    platform = "cisco_ios"
    grammar = GRAMMAR

    def queries(self, scope: Scope) -> Sequence[str]:
        """Give the show commands; a router is not asked about VLANs and switch ports."""
        commands = [ROUTING]
        if scope.switch.kind != "router":
            commands += [VLANS, VTP]
            commands += [command for port in scope.ports for command in _about_port(port)]
            commands += [
                f"show mac address-table vlan {vlan}" for vlan in sorted({v for _, v in scope.removals})
            ]
        commands += [f"show running-config interface {interface_of(*key)}" for key in scope.gateways]
        return list(dict.fromkeys(commands))

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for; an interface that is not there answers with an error and has no row."""
        texts = {
            command.removeprefix("show running-config interface "): _section(text)
            for command, text in outputs.items()
            if command.startswith("show running-config interface ")
        }
        gateways = {
            key: row
            for key in scope.gateways
            if (row := _gateway(texts.get(interface_of(*key), ()))) is not None
        }
        return SwitchState(
            vlans=parse_vlans(outputs.get(VLANS, "")),
            ports={
                port: _port(port, outputs[f"show interfaces {port} switchport"], texts.get(port, ()))
                for port in scope.ports
                if f"show interfaces {port} switchport" in outputs
            },
            gateways=gateways,
            facts=_facts(outputs, scope),
            texts=texts,
            macs=_macs(outputs, scope),
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
                    blocks.append(_vlan_block(claim, change.op, state))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    blocks += _gateway_blocks(claim, change.op, state)
        for (port, op), vlans in ports.items():
            blocks.append(_trunk_block(port, op, VlanSet(vlans), state.ports[port], rules[port]))
        return blocks


def interface_of(parent: PortName | None, vlan: Vid) -> str:
    """Name the layer 3 interface of a VLAN: ``Vlan10`` or ``GigabitEthernet0/0.10``."""
    return f"Vlan{vlan}" if parent is None else f"{parent}.{vlan}"


def parse_vlans(text: str) -> dict[Vid, VlanRow]:
    """Read `show vlan` or `show vlan brief`; trunk ports are not listed there."""
    rows = {}
    for found in _VLAN_ROW.finditer(text):
        number = vid(int(found["vlan"]))
        rows[number] = VlanRow(vlan=number, name=found["name"], active=found["status"] == "active")
    return rows


def parse_switchport(text: str) -> dict[str, str]:
    """Read one `show interfaces X switchport`: its keys and values, wrapped values joined."""
    found = {}
    for pair in _PAIR.finditer(text.replace("\r", "")):
        found[pair["key"].strip()] = re.sub(r"\s*\n\s*", "", pair["value"]).strip()
    return found


def _about_port(port: PortName) -> tuple[str, str]:
    return f"show interfaces {port} switchport", f"show running-config interface {port}"


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
    if facts.get("Switchport", "Disabled").lower() != "enabled":
        return PortRow(port=port, mode="routed", allowed=VlanSet())
    return PortRow(
        port=port,
        mode=_mode(facts.get("Administrative Mode", "")),
        allowed=VlanSet.parse(facts.get("Trunking VLANs Enabled", "ALL")),
        native_vlan=_number(facts.get("Trunking Native Mode VLAN", "")),
        access_vlan=_number(facts.get("Access Mode VLAN", "")),
        encapsulation_open=facts.get("Administrative Trunking Encapsulation") == "negotiate",
        channel=PortName(f"Port-channel{channel['number']}") if channel else None,
    )


def _mode(text: str) -> PortMode:
    word = text.lower()
    if word == "trunk":
        return "trunk"
    return "access" if "access" in word else "dynamic"


def _number(text: str) -> Vid | None:
    found = re.match(r"\d+", text)
    return vid(int(found[0])) if found else None


def _gateway(config: tuple[str, ...]) -> GatewayRow | None:
    if not config:
        return None
    addresses: set[Interface] = set()
    primary: Interface | None = None
    tagged: Vid | None = None
    for line in config:
        if found := _ADDRESS.match(line):
            address = ip_interface(f"{found['ip']}/{found['mask']}")
            addresses.add(address)
            primary = primary if found["secondary"] else address
        elif found := _ADDRESS6.match(line):
            addresses.add(ip_interface(found["ip"]))
        elif found := _TAG.match(line):
            tagged = vid(int(found["vlan"]))
    return GatewayRow(
        addresses=frozenset(addresses), primary=primary, shutdown=" shutdown" in config, tagged=tagged
    )


def _facts(outputs: Mapping[str, str], scope: Scope) -> Facts:
    routing = {line.strip() for line in outputs.get(ROUTING, "").replace("\r", "").split("\n")}
    vtp = {key.strip(): value.strip() for key, _, value in _colon_lines(outputs.get(VTP, ""))}
    mode = vtp.get("VTP Operating Mode", "transparent").lower()
    version = re.search(r"\d", vtp.get("VTP version running", vtp.get("VTP Version", "1")))
    most = re.search(r"\d+", vtp.get("Maximum VLANs supported locally", ""))
    is_router = scope.switch.kind == "router"
    return Facts(
        vtp_mode=mode.removeprefix("primary ").strip(),
        vtp_version=int(version[0]) if version else 1,
        most_vlans=int(most[0]) if most else None,
        # Routers route unless told not to; Catalysts the other way round.
        routes_ipv4="no ip routing" not in routing if is_router else "ip routing" in routing,
        routes_ipv6="ipv6 unicast-routing" in routing,
    )


def _colon_lines(text: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in text.replace("\r", "").split("\n") if ":" in line]


def _macs(outputs: Mapping[str, str], scope: Scope) -> dict[tuple[PortName, Vid], frozenset[str]]:
    found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in scope.removals}
    for vlan in {vlan for _, vlan in scope.removals}:
        for row in _MAC_ROW.finditer(outputs.get(f"show mac address-table vlan {vlan}", "")):
            key = (long_name(row["port"]), vid(int(row["vlan"])))
            if key in found and row["kind"].lower() == "dynamic":
                found[key] |= {_mac(row["mac"])}
    return found


def _mac(dotted: str) -> str:
    digits = dotted.replace(".", "").lower()
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def _vlan_block(claim: HasVlan, op: str, state: SwitchState) -> Block:
    if op == "remove":
        return Block(enter=f"no vlan {claim.vlan}", mode="config", lines=(), claims=frozenset({claim}))
    return Block(
        enter=f"vlan {claim.vlan}",
        mode="config-vlan",
        lines=(f"name {_free_name(claim, state)}",),
        claims=frozenset({claim}),
    )


def _free_name(claim: HasVlan, state: SwitchState) -> str:
    """Give the VLAN its name, or one with its id when another VLAN has that: IOS refuses two of one name.

    A segment that got another VLAN meets its own name there, since VLANs are never deleted.
    """
    if all(row.name != claim.name for vlan, row in state.vlans.items() if vlan != claim.vlan):
        return claim.name
    suffix = f"-{claim.vlan}"
    return f"{claim.name[: LONGEST_NAME - len(suffix)]}{suffix}"


def _trunk_block(port: PortName, op: str, vlans: VlanSet, row: PortRow, rule: PortRule) -> Block:
    claims: frozenset[Claim] = frozenset(Carries(port=port, vlan=vlan) for vlan in vlans)
    lines = () if op == "remove" or row.mode == "trunk" else _adoption(row, rule)
    word = "add" if op == "add" else "remove"
    lines += tuple(f"switchport trunk allowed vlan {word} {part}" for part in vlans.chunks(180))
    return Block(enter=f"interface {port}", mode="config-if", lines=lines, claims=claims)


def _adoption(row: PortRow, rule: PortRule) -> tuple[str, ...]:
    """Make a port a trunk that carries what it did: the list comes first, so it never opens to ALL."""
    native = rule.native_vlan or row.access_vlan
    lines: tuple[str, ...] = ("switchport trunk encapsulation dot1q",) if row.encapsulation_open else ()
    if native is not None:
        lines += (f"switchport trunk native vlan {native}",)
    return (*lines, f"switchport trunk allowed vlan {native or 'none'}", "switchport mode trunk")


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
