"""`ip address` and `ipv6 address`: what may be where, and the overlaps that are refused."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv6Interface

from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.interface_commands import COMMON, InterfaceScope
from trunkline.lab.switch.session import RefusedError
from trunkline.lab.switch.state import Interface

NEEDS_ENCAPSULATION = (
    "\n% Configuring IP routing on a LAN subinterface is only allowed if that\n"
    "subinterface is already configured as part of an IEEE 802.10, IEEE 802.1Q,\n"
    "or ISL vLAN.\n"
)
_HOST_LENGTHS = 31
"""From this prefix length on there is no network and no broadcast address (RFC 3021)."""


@COMMON.command("ip address {address:ip} {mask:ip}")
def ip_address(scope: InterfaceScope, arguments: Arguments) -> None:
    """Set the primary address; it replaces the one before."""
    address = _checked(scope, arguments)
    interface = scope.interface
    if address in interface.secondaries:
        raise RefusedError(
            f"% {address.network.network_address} is assigned as a secondary address on {interface.name}"
        )
    interface.address = address


@COMMON.command("ip address {address:ip} {mask:ip} secondary")
def ip_address_secondary(scope: InterfaceScope, arguments: Arguments) -> None:
    """Add an address."""
    address = _checked(scope, arguments, secondary=True)
    if address not in scope.interface.secondaries:
        scope.interface.secondaries.append(address)


@COMMON.command("no ip address")
def no_ip_address(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Remove every IPv4 address."""
    scope.interface.address = None
    scope.interface.secondaries.clear()


@COMMON.command("no ip address {address:ip} {mask:ip}")
def no_ip_address_primary(scope: InterfaceScope, arguments: Arguments) -> None:
    """Remove the primary address, after the secondary ones."""
    address = _interface(arguments)
    interface = scope.interface
    if address != interface.address:
        raise RefusedError("Invalid address")
    if interface.secondaries:
        raise RefusedError("Must delete secondary before deleting primary")
    interface.address = None


@COMMON.command("no ip address {address:ip} {mask:ip} secondary")
def no_ip_address_secondary(scope: InterfaceScope, arguments: Arguments) -> None:
    """Remove one secondary address."""
    address = _interface(arguments)
    if address not in scope.interface.secondaries:
        raise RefusedError("Invalid address")
    scope.interface.secondaries.remove(address)


@COMMON.command("ipv6 address {prefix:prefix6}")
def ipv6_address(scope: InterfaceScope, arguments: Arguments) -> None:
    """Add an IPv6 address."""
    _require_layer_3(scope.interface)
    address = IPv6Interface(arguments["prefix"])
    for other in scope.device.state.interfaces.values():
        for theirs in other.addresses6:
            apart = not address.network.overlaps(theirs.network) or theirs.ip.is_link_local
            if other is scope.interface or apart:
                continue
            raise RefusedError(
                f"%{scope.interface.name}: Error: {_prefix(address)} is overlapping with "
                f"{_prefix(theirs)} on {other.name}"
            )
    _add6(scope.interface, address)


@COMMON.command("ipv6 address {address:ip6} link-local")
def ipv6_link_local(scope: InterfaceScope, arguments: Arguments) -> None:
    """Set the link-local address."""
    _require_layer_3(scope.interface)
    address = IPv6Interface(f"{arguments['address']}/64")
    if not address.ip.is_link_local:
        raise RefusedError("% Invalid link-local address")
    kept = [other for other in scope.interface.addresses6 if not other.ip.is_link_local]
    scope.interface.addresses6[:] = [address, *kept]


@COMMON.command("no ipv6 address")
def no_ipv6_addresses(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Remove every IPv6 address."""
    scope.interface.addresses6.clear()


@COMMON.command("no ipv6 address {prefix:prefix6}", "no ipv6 address {address:ip6} link-local")
def no_ipv6_address(scope: InterfaceScope, arguments: Arguments) -> None:
    """Remove one IPv6 address; silent when it is not there."""
    address = IPv6Interface(arguments.get("prefix") or f"{arguments['address']}/64")
    if address in scope.interface.addresses6:
        scope.interface.addresses6.remove(address)


def _add6(interface: Interface, address: IPv6Interface) -> None:
    same = [known for known in interface.addresses6 if known.ip == address.ip]
    for known in same:
        interface.addresses6.remove(known)
    interface.addresses6.append(address)


def _checked(scope: InterfaceScope, arguments: Arguments, *, secondary: bool = False) -> IPv4Interface:
    _require_layer_3(scope.interface)
    address = _interface(arguments)
    network = address.network
    special = {network.network_address, network.broadcast_address}
    if address.ip in special and network.prefixlen < _HOST_LENGTHS:
        raise RefusedError(f"Bad mask /{network.prefixlen} for address {address.ip}")
    for other in scope.device.state.interfaces.values():
        for theirs in other.addresses:
            replaced = theirs == other.address and not secondary
            own = other is scope.interface and (replaced or theirs == address)
            if not own and theirs.network.overlaps(network):
                raise RefusedError(f"% {network.network_address} overlaps with {other.name}")
    return address


def _interface(arguments: Arguments) -> IPv4Interface:
    address, mask = IPv4Address(arguments["address"]), IPv4Address(arguments["mask"])
    bits = f"{int(mask):032b}"
    if "01" in bits or "1" not in bits:
        raise RefusedError(f"Bad mask 0x{int(mask):X} for address {address}")
    return IPv4Interface((address, bits.count("1")))


def _require_layer_3(interface: Interface) -> None:
    if interface.switching is not None:
        raise RefusedError("% IP addresses may not be configured on L2 links.")
    if interface.name.sub is not None and interface.dot1q is None:
        raise RefusedError(NEEDS_ENCAPSULATION)


def _prefix(address: IPv6Interface) -> str:
    return f"{str(address.network.network_address).upper()}/{address.network.prefixlen}"
