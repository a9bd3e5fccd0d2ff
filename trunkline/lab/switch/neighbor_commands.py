"""`clear ip arp` and `clear ipv6 neighbors`: what the data plane has to forget."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from trunkline.lab.switch.dataplane import LearnedNeighbor
from trunkline.lab.switch.exec_commands import PRIVILEGED
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.session import Session
from trunkline.lab.switch.shows import selection

IPV6 = 6


@PRIVILEGED.command("clear ip arp {address:ip}")
def clear_arp(session: Session, arguments: Arguments) -> None:
    """Forget who has an IPv4 address; silent whether or not anybody had it (not sourced)."""
    address = IPv4Address(arguments["address"])
    _forget(session, lambda neighbor: neighbor.address == address)


@PRIVILEGED.command("clear ipv6 neighbors")
def clear_neighbors(session: Session, _arguments: Arguments) -> None:
    """Forget every IPv6 neighbour."""
    _forget(session, lambda neighbor: neighbor.address.version == IPV6)


# No recording shows whether the address follows at once or after a word of its own, so both are taken (not sourced).
@PRIVILEGED.command(
    "clear ipv6 neighbors interface {name:interface}",
    "clear ipv6 neighbors interface {name:interface} {address:ip6}",
    "clear ipv6 neighbors interface {name:interface} ipv6 {address:ip6}",
)
def clear_neighbors_of(session: Session, arguments: Arguments) -> None:
    """Forget the IPv6 neighbours of an interface, or one of them."""
    name = str(selection.one(session, arguments).name)
    address = IPv6Address(arguments["address"]) if "address" in arguments else None
    _forget(
        session,
        lambda neighbor: (
            neighbor.interface == name
            and neighbor.address.version == IPV6
            and address in {None, neighbor.address}
        ),
    )


def _forget(session: Session, chosen: Callable[[LearnedNeighbor], bool]) -> None:
    """Leave it to the data plane; what was configured stays."""
    device = session.device
    learned = (each for each in device.observed.neighbors if each.age_minutes is not None)
    device.forgotten += [neighbor for neighbor in learned if chosen(neighbor)]
