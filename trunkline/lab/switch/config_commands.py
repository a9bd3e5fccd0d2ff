"""Commands of global configuration mode."""

from __future__ import annotations

import re

from trunkline.lab.switch import interface_names, vlan_database, vlan_lists
from trunkline.lab.switch.grammar import Arguments, Grammar, NotUnderstoodError
from trunkline.lab.switch.hardware import Hardware
from trunkline.lab.switch.interface_names import InterfaceName
from trunkline.lab.switch.session import RefusedError, Session
from trunkline.lab.switch.state import FIRST_EXTENDED, VTP_3, Interface, VtpMode
from trunkline.orchestrator.vlans import VlanSet

ANY: Grammar[Session] = Grammar()
"""What switches and routers know."""
SWITCH: Grammar[Session] = Grammar()
"""What switches know besides."""
MOST_PORT_CHANNELS = 128
REMOVED = "% Not all config may be removed and may reappear after reactivating the sub-interface"


@ANY.command("hostname {name:word}", "no hostname [{rest:line}]")
def hostname(session: Session, arguments: Arguments) -> None:
    """Name the device; the prompt follows at once."""
    name = arguments.get("name", "Switch" if session.device.hardware.switching else "Router")
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", name) is None:
        raise RefusedError("% Hostname contains one or more illegal characters.")
    session.device.state.hostname = name


@ANY.command("ip routing", "no ip routing")
def ip_routing(session: Session, arguments: Arguments) -> None:
    """Route IPv4."""
    session.device.state.ip_routing = "no" not in arguments


@ANY.command("ipv6 unicast-routing", "no ipv6 unicast-routing")
def ipv6_routing(session: Session, arguments: Arguments) -> None:
    """Route IPv6."""
    session.device.state.ipv6_unicast_routing = "no" not in arguments


@ANY.command("ip domain name {name:word}", "ip domain-name {name:word}", "no ip domain name [{rest:line}]")
def domain_name(session: Session, arguments: Arguments) -> None:
    """Set the domain."""
    session.device.state.domain_name = arguments.get("name", "")


@ANY.command("lldp run", "no lldp run")
def lldp(session: Session, arguments: Arguments) -> None:
    """Talk LLDP."""
    session.device.state.lldp = "no" not in arguments


@ANY.command("version {rest:line}", "boot-start-marker", "boot-end-marker", "no version {rest:line}")
def ignored(_session: Session, _arguments: Arguments) -> None:
    """Accept what a saved configuration begins with."""


def _verbatim(words: str) -> None:
    """Accept a setting without meaning here; it only appears in running-config."""

    @ANY.command(f"{words} [{{rest:line}}]", f"no {words} [{{rest:line}}]")
    def keep(session: Session, arguments: Arguments) -> None:
        line = f"{words} {arguments['rest']}" if "rest" in arguments else words
        settings = session.device.state.settings
        negated = line in settings
        if negated:
            settings.remove(line)
        if "no" not in arguments:
            settings.append(line)

    _ = keep


for _words in (
    "service",
    "ip route",
    "ipv6 route",
    "ip default-gateway",
    "ip name-server",
    "ip domain lookup",
    "ip ssh",
    "ip scp",
    "ip http",
    "logging",
    "ntp",
    "snmp-server",
    "spanning-tree",
    "errdisable",
    "cdp run",
    "archive",
    "clock timezone",
    "username",
    "enable secret",
    "aaa",
    "login",
    "file prompt",
    "access-list",
):
    _verbatim(_words)


@ANY.command("line {name:line}")
def line(session: Session, arguments: Arguments) -> None:
    """Enter config-line, whose commands are accepted and shown, nothing more."""
    session.mode = "config-line"
    session.block = f"line {arguments['name']}"
    session.device.state.blocks.setdefault(session.block, [])


@ANY.command("archive")
def archive(session: Session, _arguments: Arguments) -> None:
    """Enter config-archive; with a ``path`` in it the configuration can be taken back."""
    session.mode = "config-archive"
    session.block = "archive"
    session.device.state.blocks.setdefault(session.block, [])


@ANY.command("interface {name:interface}")
def interface(session: Session, arguments: Arguments) -> None:
    """Select an interface, which is made when it is virtual."""
    name = interface_names.named(arguments["name"])
    _enter(session, [_ensure(session, name)])


@SWITCH.command("interface range {range:line}")
def interface_range(session: Session, arguments: Arguments) -> None:
    """Select several interfaces."""
    names = interface_names.parse_range(arguments["range"])
    if not names:
        raise RefusedError("% Invalid input detected at '^' marker.")
    _enter(session, [_ensure(session, name) for name in names])
    session.mode = "config-if-range"


@ANY.command("no interface {name:interface}")
def no_interface(session: Session, arguments: Arguments) -> None:
    """Delete a virtual interface."""
    name = interface_names.named(arguments["name"])
    state = session.device.state
    found = state.interfaces.get(str(name))
    if found is None:
        return
    if found.physical or name == InterfaceName("Vlan", (1,)):
        raise RefusedError(f"%Interface {name} may not be deleted.")
    del state.interfaces[str(name)]
    if name.sub is not None:
        state.removed[str(name)] = found
        raise RefusedError(REMOVED)


@ANY.command("default interface {name:interface}")
def default_interface(session: Session, arguments: Arguments) -> str:
    """Put an interface back to how it left the factory."""
    name = interface_names.named(arguments["name"])
    state = session.device.state
    if str(name) not in state.interfaces:
        raise RefusedError("% Invalid interface")
    state.interfaces[str(name)] = state.blank(name)
    return f"Interface {name} set to default configuration"


def _enter(session: Session, interfaces: list[Interface]) -> None:
    session.interfaces = interfaces
    session.mode = "config-subif" if interfaces[0].name.sub is not None else "config-if"


def _ensure(session: Session, name: InterfaceName) -> Interface:
    state = session.device.state
    found = state.interfaces.get(str(name))
    if found is not None:
        return found
    if not may_exist(session.device.hardware, name):
        # The parser reads any name; that this model has no such interface is "invalid input" under its numbers.
        raise NotUnderstoodError("invalid", -1)
    made = state.removed.pop(str(name), None) or state.blank(name)
    state.interfaces[str(name)] = made
    return made


def may_exist(hardware: Hardware, name: InterfaceName) -> bool:
    """Whether this model can have such an interface."""
    if name.kind in {"GigabitEthernet", "TenGigabitEthernet"}:
        known = str(name.parent) in hardware.ports
        return known and (name.sub is None or not hardware.switching)
    if name.sub is not None or len(name.place) != 1:
        return False
    if name.kind == "Vlan":
        return hardware.switching and 1 <= name.number <= 4094  # noqa: PLR2004  # IEEE 802.1Q
    if name.kind == "Port-channel":
        return hardware.switching and 1 <= name.number <= MOST_PORT_CHANNELS
    return True


@SWITCH.command("vlan {list:word}")
def vlan(session: Session, arguments: Arguments) -> None:
    """Edit one or more VLANs; nothing happens before config-vlan is left."""
    ids = _vlan_list(arguments["list"])
    reason = vlan_database.refusal_by_vtp(session.device.state)
    if reason is not None:
        raise RefusedError(reason)
    session.draft = vlan_database.VlanDraft(ids)
    session.mode = "config-vlan"


@SWITCH.command("no vlan {list:word}")
def no_vlan(session: Session, arguments: Arguments) -> str:
    """Delete VLANs at once."""
    return vlan_database.delete(session.device, _vlan_list(arguments["list"]))


def _vlan_list(text: str) -> VlanSet:
    try:
        return vlan_lists.parse(text)
    except vlan_lists.BadVlanListError as error:
        raise RefusedError(str(error)) from None


def _vtp_mode(word: VtpMode) -> None:
    @SWITCH.command(f"vtp mode {word}")
    def mode(session: Session, _arguments: Arguments) -> str:
        state = session.device.state
        extended = [number for number in state.vlans if number >= FIRST_EXTENDED]
        if word in {"server", "client"} and extended and state.vtp.version != VTP_3:
            raise RefusedError(
                f"Device mode cannot be {word.upper()} because extended VLAN(s) exist"  # not sourced
            )
        if state.vtp.mode == word:
            return f"Device mode already VTP {word.capitalize()} for VLANS."
        state.vtp.mode = word
        state.vtp.primary = False
        session.device.store_vlans()
        return f"Setting device to VTP {word.capitalize()} mode for VLANS."

    _ = mode


_MODES: tuple[VtpMode, ...] = ("server", "client", "transparent", "off")
for _mode in _MODES:
    _vtp_mode(_mode)


@SWITCH.command("vtp domain {name:word}")
def vtp_domain(session: Session, arguments: Arguments) -> str:
    """Name the VTP domain."""
    vtp = session.device.state.vtp
    before, vtp.domain = vtp.domain or "NULL", arguments["name"]
    session.device.store_vlans()
    return f"Changing VTP domain name from {before} to {vtp.domain}"


@SWITCH.command("vtp version {version:1-3}")
def vtp_version(session: Session, arguments: Arguments) -> None:
    """Choose the VTP version."""
    version = int(arguments["version"])
    if version == VTP_3 and not session.device.state.vtp.domain:
        raise RefusedError(
            "Cannot set the version to 3 because domain name is not configured"  # not sourced
        )
    session.device.state.vtp.version = version
    session.device.store_vlans()
