"""A host's own interface in a segment, over netlink: macvlan keeps a host from its own containers without one."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

from trunkline.drivers.host.links import (
    LONGEST_NAME,
    SYSCTL_NET,
    delete,
    every_link,
    find,
    lower,
    opened,
)
from trunkline.orchestrator.errors import NotOurs, PermanentError, Unsupported
from trunkline.orchestrator.intents import ShimIntent
from trunkline.orchestrator.models import Address, Interface, Network

MARK = "trunkline:shim"
"""Alias of every shim that Trunkline made."""
MACVLAN, BRIDGE = "macvlan", "bridge"
IPV6 = 6
NO_DUPLICATE_DETECTION = 0x02
"""IFA_F_NODAD of linux/if_addr.h."""
MAIN = 254
"""The routing table that counts for everybody."""
IS_UP = 1
"""IFF_UP of linux/if.h."""
UNIVERSE, STATIC = 0, 4
"""Scope and protocol of our routes (rtnetlink(7)): global, made by an administrator."""


class Shims:
    """Reads and makes shims; opens netlink for each call.

    Args:
        sysctl_net: Where this network namespace's settings are.
    """

    def __init__(self, sysctl_net: Path = SYSCTL_NET) -> None:
        self._sysctl_net = sysctl_net

    def observe(self) -> Mapping[str, str]:
        """List ours by name, each with the link it sits on.

        Raises:
            TransientError: the kernel does not say.
        """
        with opened("shims of this host", module=MACVLAN) as netlink:
            links = every_link(netlink)
            names = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in links}
            return {names[link["index"]]: names.get(lower(link) or 0, "") for link in links if _is_ours(link)}

    def addresses(self, name: str) -> frozenset[Address]:
        """Give the addresses of a shim of ours; none when it is not there.

        Raises:
            TransientError: the kernel does not say.
        """
        with opened(f"shim {name}", module=MACVLAN) as netlink:
            found = find(netlink, name)
            if found is None or not _is_ours(found):
                return frozenset()
            return frozenset(each.ip for each in _addresses_of(netlink, found["index"]))

    def ensure(self, intent: ShimIntent) -> bool:
        """Make the shim, or see that the one there is right; says whether anything changed.

        Raises:
            NotOurs: something else has its name, or its way.
            PermanentError: the link below is missing, or the name too long.
            Unsupported: the kernel has no macvlan, or this process may not do it.
        """
        subject = f"shim {intent.name}"
        if len(intent.name) > LONGEST_NAME:
            raise PermanentError(f"its name is longer than {LONGEST_NAME} characters", subject=subject)
        with opened(subject, module=MACVLAN) as netlink:
            below = find(netlink, intent.link)
            if below is None:
                raise PermanentError(f"the link {intent.link} below it is missing", subject=subject)
            there = find(netlink, intent.name)
            if there is not None and not _is_ours(there):
                raise NotOurs(
                    "is there and not ours", subject=subject, fix="rename it; Trunkline does not touch it"
                )
            changed = False
            if there is not None and (lower(there), _mac(there)) != (below["index"], intent.mac):
                netlink.link("del", index=there["index"])
                there, changed = None, True
            if there is None:
                there, changed = self._add(netlink, intent, below["index"], subject), True
            if not there["flags"] & IS_UP:
                changed |= self._begin(netlink, intent.name, there["index"], subject)
            changed |= _correct_addresses(netlink, there["index"], intent)
            return _correct_routes(netlink, there["index"], intent, subject) or changed

    def remove(self, name: str) -> bool:
        """Remove a shim of ours with its addresses and routes; False when it is not there.

        Raises:
            TransientError: the kernel does not answer.
        """
        with opened(f"shim {name}", module=MACVLAN) as netlink:
            found = find(netlink, name)
            if found is None or not _is_ours(found):
                return False
            return delete(netlink, found)

    def _add(self, netlink: Any, intent: ShimIntent, below: int, subject: str) -> Any:
        netlink.link(
            "add",
            ifname=intent.name,
            kind=MACVLAN,
            link=below,
            macvlan_mode=BRIDGE,
            address=intent.mac,
            ifalias=MARK,
        )
        made = find(netlink, intent.name)
        if made is None:
            raise PermanentError("vanished while it was made", subject=subject)
        netlink.link("set", index=made["index"], ifalias=MARK)
        return made

    def _begin(self, netlink: Any, name: str, index: int, subject: str) -> bool:
        """Put a shim up; it may be one that an earlier pass made and did not finish."""
        self._believe_no_router(name, subject)
        netlink.link("set", index=index, state="up")
        return True

    def _believe_no_router(self, name: str, subject: str) -> None:
        """Take no address and no route from router advertisements: the host's ways stay its own."""
        path = self._sysctl_net / "ipv6/conf" / name / "accept_ra"
        try:
            if path.exists():
                path.write_text("0", encoding="ascii")
        except OSError as error:
            raise Unsupported(f"{path} cannot be written ({error.strerror})", subject=subject) from error


def _is_ours(link: Any) -> bool:
    return str(link.get_attr("IFLA_IFALIAS") or "") == MARK


def _mac(link: Any) -> str:
    return str(link.get_attr("IFLA_ADDRESS") or "").lower()


def _addresses_of(netlink: Any, index: int) -> set[Interface]:
    """Read the addresses of an interface, without the link-local ones."""
    found: set[Interface] = {
        ip_interface(f"{entry.get_attr('IFA_ADDRESS')}/{entry['prefixlen']}")
        for entry in netlink.get_addr(index=index)
    }
    return {each for each in found if not each.ip.is_link_local}


def _correct_addresses(netlink: Any, index: int, intent: ShimIntent) -> bool:
    there = _addresses_of(netlink, index)
    for old in there - set(intent.addresses):
        netlink.addr("del", index=index, address=str(old.ip), prefixlen=old.network.prefixlen)
    for new in set(intent.addresses) - there:
        # Usable at once: the ledger has seen to it that nobody else has the address.
        flags = {"flags": NO_DUPLICATE_DETECTION} if new.version == IPV6 else {}
        netlink.addr("add", index=index, address=str(new.ip), prefixlen=new.network.prefixlen, **flags)
    return there != set(intent.addresses)


def _correct_routes(netlink: Any, index: int, intent: ShimIntent, subject: str) -> bool:
    """Have exactly these ways through the shim; one that the host has otherwise is somebody else's and stays.

    Raises:
        NotOurs: the host reaches that network through another interface.
    """
    everything = _routes(netlink)
    there = {network for network, out, proto in everything if out == index and proto == STATIC}
    for old in there - set(intent.routes):
        netlink.route("del", dst=str(old), oif=index, proto=STATIC)
    for new in sorted(set(intent.routes) - there, key=str):
        if any(network == new and out != index for network, out, _ in everything):
            raise NotOurs(
                f"the host has another way to {new}",
                subject=subject,
                fix="take that route or address away, or say `host_access: false` for the segment",
            )
        netlink.route("add", dst=str(new), oif=index, proto=STATIC, scope=UNIVERSE)
    return there != set(intent.routes)


def _routes(netlink: Any) -> list[tuple[Network, int | None, int]]:
    """Read the host's ways: where to, through which interface, and who made them."""
    return [
        (ip_network(f"{where}/{entry['dst_len']}"), entry.get_attr("RTA_OIF"), entry["proto"])
        for family in (socket.AF_INET, socket.AF_INET6)
        for entry in netlink.get_routes(family=family, table=MAIN)
        if (where := entry.get_attr("RTA_DST")) is not None
    ]
