"""What Cisco IOS is asked, what must stand in an answer, and which part of it is about which interface. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers.switch.cisco_ios_rows import long_name
from trunkline.drivers.switch.dialect import Query, Scope
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

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
INTERFACE_ANSWER = re.compile(rf"^interface \S|^{_NO_SUCH}", re.MULTILINE)
_SWITCHPORT_ANSWER = re.compile(rf"^Name:\s*\S|^{_NO_SUCH}", re.MULTILINE)
_MACS_ANSWER = re.compile(
    r"mac address|Destination Address|^No entries present", re.MULTILINE | re.IGNORECASE
)


def queries(scope: Scope) -> Sequence[Query]:
    """Give the show commands for a scope; a router is not asked about VLANs and switch ports."""
    commands = [ROUTING]
    queries = []
    if scope.switch.kind != "router":
        commands += [VLANS, VTP] + [ERR_DISABLED] * bool(scope.ports)
        if scope.at_once or len(scope.ports) > FEW:
            commands.append(SWITCHPORTS)
        else:
            queries += [Query(command=switchport(port), answer=_SWITCHPORT_ANSWER) for port in scope.ports]
        vlans = sorted({vlan for _, vlan in scope.removals})
        queries += [Query(command=macs_of(vlan), answer=_MACS_ANSWER) for vlan in vlans]
    names = interfaces(scope)
    if scope.at_once or len(names) > FEW:
        commands.append(INTERFACES)
    else:
        queries += [about(name) for name in names]
    return [*(Query(command=command, answer=_ANSWERS[command]) for command in commands), *queries]


def more_queries(outputs: Mapping[str, str], scope: Scope) -> Sequence[Query]:
    """Ask for each interface where the switch does not know how to show all of them."""
    shown = outputs.get(INTERFACES)
    if shown is None or re.search(r"^interface ", shown, re.MULTILINE):
        return ()
    return [about(name) for name in interfaces(scope)]


def interface_of(parent: PortName | None, vlan: Vid) -> str:
    """Name the layer 3 interface of a VLAN: ``Vlan10`` or ``GigabitEthernet0/0.10``."""
    return f"Vlan{vlan}" if parent is None else f"{parent}.{vlan}"


def interfaces(scope: Scope) -> list[str]:
    """Name every interface whose configuration matters."""
    names: list[str] = [] if scope.switch.kind == "router" else list(scope.ports)
    names += [interface_of(*key) for key in scope.gateways]
    names += [parent for parent, _ in scope.gateways if parent is not None]
    return list(dict.fromkeys(names))


def about(interface: str) -> Query:
    """Ask how one interface is configured."""
    return Query(command=running(interface), answer=INTERFACE_ANSWER)


def one_by_one(outputs: Mapping[str, str], scope: Scope) -> Mapping[str, str]:
    """Give each interface the part that is its own of what was shown of all."""
    if not {SWITCHPORTS, INTERFACES} & outputs.keys():
        return outputs
    found: dict[str, str] = {}
    if SWITCHPORTS in outputs:
        blocks = re.split(r"^(?=Name:)", outputs[SWITCHPORTS].replace("\r", ""), flags=re.MULTILINE)[1:]
        named = {long_name(block.partition("\n")[0].removeprefix("Name:")): block for block in blocks}
        found |= {switchport(port): named.get(port, "") for port in scope.ports}
    if INTERFACES in outputs:
        sections = re.split(r"^(?=interface )", outputs[INTERFACES].replace("\r", ""), flags=re.MULTILINE)[1:]
        own = {section.partition("\n")[0].removeprefix("interface ").strip(): section for section in sections}
        found |= {running(name): own.get(name, "") for name in interfaces(scope)}
    return {**found, **outputs}


def switchport(port: PortName) -> str:
    """Write the command that shows what kind of switch port a port is."""
    return f"show interfaces {port} switchport"


def running(interface: str) -> str:
    """Write the command that shows how an interface is configured."""
    return f"show running-config interface {interface}"


def macs_of(vlan: Vid) -> str:
    """Write the command that shows who talks in a VLAN."""
    return f"show mac address-table vlan {vlan}"


def ports_in(command: str, output: str) -> Sequence[PortName]:
    """Name the ports that an answer about all of them is about."""
    header = {SWITCHPORTS: r"Name:[ \t]*(\S+)", INTERFACES: r"interface (\S+)"}.get(command)
    if header is None:
        return ()
    names = re.findall(rf"^{header}", output.replace("\r", ""), re.MULTILINE)
    return [name for name in map(long_name, names) if not name.startswith("Vlan") and "." not in name]
