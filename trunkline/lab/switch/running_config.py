"""Turns a switch's state into the text of running-config; pure. Reading it back is what the command line does."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Interface

from trunkline.lab.switch import vlan_lists
from trunkline.lab.switch.state import Interface, PortSecurity, SwitchState, Vtp, default_vlan_name
from trunkline.orchestrator.vlans import VlanSet


def full(state: SwitchState) -> str:
    """Give the whole configuration, from ``version`` to ``end``."""
    sections = [
        [f"version {state.hardware.version}"],
        [f"hostname {state.hostname}"],
        *([line] for line in global_lines(state)),
        *vlan_sections(state),
        *(interface_section(state, interface) for interface in state.ordered()),
        *([heading, *(f" {line}" for line in lines)] for heading, lines in state.blocks.items()),
    ]
    lines = [line for section in sections for line in (*section, "!")]
    return "\n".join([*lines, "end"])


def global_lines(state: SwitchState) -> Iterator[str]:
    """Give the one-line settings."""
    if state.domain_name:
        yield f"ip domain name {state.domain_name}"
    if state.hardware.switching and state.ip_routing:
        yield "ip routing"
    if not state.hardware.switching and not state.ip_routing:
        yield "no ip routing"
    if state.ipv6_unicast_routing:
        yield "ipv6 unicast-routing"
    if state.lldp:
        yield "lldp run"
    if state.hardware.switching:
        yield from _vtp_lines(state.vtp)
    yield from state.settings


def _vtp_lines(vtp: Vtp) -> Iterator[str]:
    if vtp.mode in {"transparent", "off"}:
        if vtp.domain:
            yield f"vtp domain {vtp.domain}"
        yield f"vtp mode {vtp.mode}"
        if vtp.version != 1:
            yield f"vtp version {vtp.version}"


def shows_vlans(state: SwitchState) -> bool:
    """Whether running-config holds the VLANs: only when VTP does not (transparent or off)."""
    return state.hardware.switching and state.vtp.mode in {"transparent", "off"}


def vlan_sections(state: SwitchState, *, always: bool = False) -> Iterator[list[str]]:
    """Give the `vlan` sections; VLANs with nothing to say share one."""
    if not always and not shows_vlans(state):
        return
    plain = []
    for number, vlan in sorted(state.vlans.items()):
        if number == 1 or number in range(1002, 1006):
            continue
        lines = [] if vlan.name == default_vlan_name(number) else [f" name {vlan.name}"]
        lines += [" state suspend"] if vlan.suspended else []
        lines += [" shutdown"] if vlan.shutdown else []
        if lines:
            yield [f"vlan {number}", *lines]
        else:
            plain.append(number)
    if plain:
        yield from ([f"vlan {chunk}"] for chunk in VlanSet(plain).chunks(60))


def interface_section(state: SwitchState, interface: Interface) -> list[str]:
    """Give one `interface` section."""
    lines = [f"description {interface.description}"] if interface.description else []
    if interface.mtu is not None:
        lines.append(f"mtu {interface.mtu}")
    lines += list(_layer_2(state, interface))
    lines += list(_layer_3(state, interface))
    if interface.shutdown:
        lines.append("shutdown")
    lines += interface.other
    if interface.channel is not None:
        lines.append(f"channel-group {interface.channel[0]} mode {interface.channel[1]}")
    return [f"interface {interface.name}", *(f" {line}" for line in lines)]


def _layer_2(state: SwitchState, interface: Interface) -> Iterator[str]:
    switching = interface.switching
    if switching is None:
        if state.hardware.switching and (interface.physical or interface.name.kind == "Port-channel"):
            yield "no switchport"
        return
    if switching.access_vlan != 1:
        yield f"switchport access vlan {switching.access_vlan}"
    if state.hardware.isl and switching.encapsulation != "negotiate":
        yield f"switchport trunk encapsulation {switching.encapsulation}"
    if switching.native_vlan != 1:
        yield f"switchport trunk native vlan {switching.native_vlan}"
    yield from vlan_lists.config_lines(switching.allowed)
    if switching.mode != "dynamic auto":
        yield f"switchport mode {switching.mode}"
    if switching.nonegotiate:
        yield "switchport nonegotiate"
    yield from _security(switching.security)


def _security(security: PortSecurity) -> Iterator[str]:
    if security.maximum != 1:
        yield f"switchport port-security maximum {security.maximum}"
    if security.violation != "shutdown":
        yield f"switchport port-security violation {security.violation}"
    if security.enabled:
        yield "switchport port-security"


def _layer_3(state: SwitchState, interface: Interface) -> Iterator[str]:
    if interface.switching is not None:
        return
    if interface.dot1q is not None:
        yield f"encapsulation dot1Q {interface.dot1q}{' native' if interface.dot1q_native else ''}"
    # Real devices print secondary addresses above the primary one.
    for secondary in interface.secondaries:
        yield f"ip address {dotted(secondary)} secondary"
    if interface.address is not None:
        yield f"ip address {dotted(interface.address)}"
    elif not interface.secondaries and (interface.name.sub is None or interface.dot1q is not None):
        yield "no ip address"
    for address in interface.addresses6:
        yield f"ipv6 address {prefix6(address)}"
    if not state.hardware.switching and interface.physical:
        yield "duplex auto"
        yield "speed auto"


def dotted(address: IPv4Interface) -> str:
    """Give ``10.0.0.1 255.255.255.0``."""
    return f"{address.ip} {address.netmask}"


def prefix6(address: IPv6Interface) -> str:
    """Give ``FD00:31::1/64`` as `ipv6 address` takes it; a link-local address has a word instead of a length."""
    text = str(address.ip).upper()
    return f"{text} link-local" if address.ip.is_link_local else f"{text}/{address.network.prefixlen}"
