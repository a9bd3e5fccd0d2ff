"""802.1Q sub-interfaces of this host over netlink. The only module outside the lab that imports pyroute2."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from trunkline.orchestrator.errors import (
    NotOurs,
    OrchestratorError,
    PermanentError,
    TransientError,
    Unsupported,
)
from trunkline.orchestrator.intents import LinkIntent
from trunkline.orchestrator.vlans import HIGHEST, LOWEST, Vid, vid

MARK = "trunkline:vlan="
"""Beginning of the alias of every link that Trunkline made."""
LONGEST_NAME = 15
DOT1Q = 0x8100
"""EtherType of 802.1Q. A kernel calls 802.1ad service tags (0x88a8) by the same kind of link."""
INTERRUPTED = 0x10
"""NLM_F_DUMP_INTR of linux/netlink.h."""
MOST_READS = 10
SYSCTL_NET = Path("/proc/sys/net")
HOST_KEPT_OUT = {"addr_gen_mode": "1", "accept_ra": "0"}
"""No link-local address, no router advertisements: the host itself does not appear in the VLAN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """An 802.1Q link as the kernel shows it. ``ours`` says that it carries our mark."""

    name: str
    parent: str
    vlan: Vid
    mtu_bytes: int
    up: bool
    ours: bool
    children: tuple[str, ...]


class Links:
    """Reads and makes links; opens netlink for each call, so that nothing is kept over a fork.

    Args:
        sysctl_net: Where this network namespace's settings are; elsewhere than usual in a container, whose own
            ``/proc/sys`` cannot be written.
    """

    def __init__(self, sysctl_net: Path = SYSCTL_NET) -> None:
        self._sysctl_net = sysctl_net

    def observe(self) -> Mapping[str, LinkState]:
        """List the 802.1Q links of this network namespace by name.

        Raises:
            TransientError: the kernel does not say.
        """
        with opened("links of this host") as netlink:
            return _observe(netlink)

    def ensure(self, intent: LinkIntent) -> bool:
        """Make the link, or see that the one there is right; says whether anything changed.

        A right link that somebody else made is used and never removed.

        Raises:
            NotOurs: a link of that name is something else.
            Unsupported: the kernel has no 802.1Q, or this process may not do it.
            PermanentError: the parent is missing, the name too long, or the MTU larger than the parent's.
        """
        subject = f"link {intent.name}"
        if len(intent.name) > LONGEST_NAME:
            raise PermanentError(f"its name is longer than {LONGEST_NAME} characters", subject=subject)
        with opened(subject) as netlink:
            parent = find(netlink, intent.parent)
            if parent is None:
                raise PermanentError(
                    f"its parent {intent.parent} is not on this host",
                    subject=subject,
                    fix="check the host's uplinks in the inventory",
                )
            if intent.mtu_bytes > parent.get_attr("IFLA_MTU"):
                raise PermanentError(
                    f"MTU {intent.mtu_bytes} is larger than {parent.get_attr('IFLA_MTU')} of {intent.parent}",
                    subject=subject,
                    fix=f"raise the MTU of {intent.parent}, or lower the segment's",
                )
            if find(netlink, intent.name) is None:
                self._add(netlink, intent, parent["index"], subject)
                return True
            return self._correct(netlink, intent, subject)

    def remove(self, intent: LinkIntent) -> bool:
        """Remove our link; False when it is not there.

        Raises:
            NotOurs: it is not ours, or something else sits on it.
        """
        subject = f"link {intent.name}"
        with opened(subject) as netlink:
            state = _observe(netlink).get(intent.name)
            if state is None:
                return False
            if not state.ours:
                return False
            if state.children:
                raise NotOurs(
                    f"still carries {', '.join(state.children)}", subject=subject, fix="remove those first"
                )
            found = find(netlink, intent.name)
            if found is None:
                return False
            if guests := _guests(netlink, found):
                raise NotOurs(
                    f"carries {', '.join(guests[:3])}, which is in another network namespace",
                    subject=subject,
                    fix="somebody else's container or machine uses it; remove that first",
                )
            return delete(netlink, found)

    def users(self, name: str) -> Sequence[str]:
        """Name what sits on a link, in other network namespaces by its MAC; nothing on a link that is not there.

        Raises:
            TransientError: the kernel does not say.
        """
        with opened(f"link {name}") as netlink:
            state, found = _observe(netlink).get(name), find(netlink, name)
            return () if state is None or found is None else (*state.children, *_guests(netlink, found))

    def macs(self, nics: Sequence[str]) -> dict[str, str]:
        """Read the hardware addresses of these NICs, lower-case with colons; missing NICs have none."""
        with opened("links of this host") as netlink:
            found = {nic: find(netlink, nic) for nic in nics}
            addresses = {
                nic: link.get_attr("IFLA_ADDRESS") for nic, link in found.items() if link is not None
            }
            return {nic: str(address).lower() for nic, address in addresses.items() if address}

    def taken_in(self) -> frozenset[str]:
        """Give the MACs of this namespace's interfaces and of all that sits on them, in whichever namespace.

        Raises:
            TransientError: the kernel does not say.
        """
        with opened("links of this host") as netlink:
            own = {str(link.get_attr("IFLA_ADDRESS") or "").lower() for link in every_link(netlink)}
            guests = {str(entry.get_attr("NDA_LLADDR") or "").lower() for entry in netlink.fdb("dump")}
            return frozenset(own | guests)

    def _add(self, netlink: Any, intent: LinkIntent, parent: int, subject: str) -> None:
        netlink.link(
            "add",
            ifname=intent.name,
            kind="vlan",
            link=parent,
            vlan_id=intent.vlan,
            mtu=intent.mtu_bytes,
        )
        made = find(netlink, intent.name)
        if made is None:
            raise PermanentError("vanished while it was made", subject=subject)
        # Marked first, so that whatever fails after it is finished by the next pass.
        netlink.link("set", index=made["index"], ifalias=f"{MARK}{intent.vlan}")
        self._keep_host_out(intent.name, subject)
        netlink.link("set", index=made["index"], state="up")

    def _correct(self, netlink: Any, intent: LinkIntent, subject: str) -> bool:
        state = _observe(netlink).get(intent.name)
        if state is None or (state.parent, state.vlan) != (intent.parent, intent.vlan):
            what = f"VLAN {state.vlan} on {state.parent}" if state else "no 802.1Q link"
            raise NotOurs(
                f"is {what}, not VLAN {intent.vlan} on {intent.parent}",
                subject=subject,
                fix="rename or remove it; Trunkline does not touch what it did not make",
            )
        right = state.up and state.mtu_bytes == intent.mtu_bytes
        if not state.ours and not right:
            raise NotOurs(
                f"is down, or its MTU is {state.mtu_bytes} instead of {intent.mtu_bytes}",
                subject=subject,
                fix="set it up by hand; Trunkline does not change what it did not make",
            )
        changed = state.ours and self._keep_host_out(intent.name, subject)
        found = find(netlink, intent.name)
        if not right and found is not None:
            netlink.link("set", index=found["index"], mtu=intent.mtu_bytes, state="up")
        return changed or not right

    def _keep_host_out(self, name: str, subject: str) -> bool:
        """Keep the host itself out of the VLAN; says whether anything had to be changed for it."""
        folder = self._sysctl_net / "ipv6/conf" / name
        changed = False
        for key, value in HOST_KEPT_OUT.items():
            path = folder / key
            try:
                if not path.exists():
                    continue  # a kernel without IPv6
                if path.read_text(encoding="ascii").strip() != value:
                    path.write_text(value, encoding="ascii")
                    changed = True
            except OSError as error:
                raise Unsupported(
                    f"{path} cannot be written ({error.strerror})",
                    subject=subject,
                    fix="in a container mount the host's /proc/sys/net and name it in TRUNKLINE_SYSCTL_NET; under "
                    "systemd say ProtectKernelTunables=no",
                ) from error
        return changed


@contextmanager
def opened(subject: str, *, module: str = "8021q") -> Iterator[Any]:
    """Open netlink; pyroute2's messages are untyped.

    Args:
        subject: What is looked at or changed, for messages.
        module: The kernel's module for links of this kind.

    Raises:
        Unsupported: the kernel has no such links, or this process may not change any.
        PermanentError: the kernel refused for another reason.
        TransientError: it does not answer.
    """
    try:
        with IPRoute() as netlink:
            yield netlink
    except NetlinkError as error:
        raise _translated(error, subject, module) from error
    except OSError as error:
        raise TransientError(
            f"the kernel does not answer over netlink ({error.strerror or error})", subject=subject
        ) from error


def find(netlink: Any, name: str) -> Any:
    """Look a link up by its exact name; None when there is none."""
    if not name or len(name) > LONGEST_NAME:
        return None
    try:
        indices = netlink.link_lookup(ifname=name)
        return netlink.get_links(indices[0])[0] if indices else None
    except NetlinkError as error:
        if error.code == errno.ENODEV:
            return None  # gone between the two questions
        raise


def delete(netlink: Any, link: Any) -> bool:
    """Delete a link; False when it went by itself meanwhile."""
    try:
        netlink.link("del", index=link["index"])
    except NetlinkError as error:
        if error.code == errno.ENODEV:
            return False
        raise
    return True


def _guests(netlink: Any, link: Any) -> list[str]:
    """Name the MAC addresses that the link takes in for others: what sits on it from other namespaces."""
    found = set()
    for entry in netlink.fdb("dump", ifindex=link["index"]):
        mac = str(entry.get_attr("NDA_LLADDR") or "").lower()
        if entry["ifindex"] == link["index"] and mac and not int(mac[1], 16) & 1:
            found.add(mac)
    return sorted(found - {str(link.get_attr("IFLA_ADDRESS")).lower()})


def lower(link: Any) -> int | None:
    """Give the index of the link below, or of a veth's other end; None when it is in another namespace.

    Every namespace counts its links for itself, so a number from another one means nothing here.
    """
    if link.get_attr("IFLA_LINK_NETNSID") is not None:
        return None
    index: int | None = link.get_attr("IFLA_LINK")
    return index


def every_link(netlink: Any) -> list[Any]:
    """List the links; what is removed rests on it, so a list during which links changed is read again.

    Raises:
        TransientError: they change all the time.
    """
    for _ in range(MOST_READS):
        links = list(netlink.get_links())
        # Not in pyroute2's own reading (0.9): the kernel says so in every message that comes after the change.
        if not any(link["header"]["flags"] & INTERRUPTED for link in links):
            return links
    raise TransientError("the links change while they are read", subject="links of this host")


def _observe(netlink: Any) -> dict[str, LinkState]:
    links = every_link(netlink)
    names = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in links}
    found = {}
    for link in links:
        info = link.get_attr("IFLA_LINKINFO")
        if info is None or info.get_attr("IFLA_INFO_KIND") != "vlan":
            continue
        data = info.get_attr("IFLA_INFO_DATA")
        number = data.get_attr("IFLA_VLAN_ID")
        # Id 0 is a priority tag and no VLAN; a service tag is another protocol.
        if data.get_attr("IFLA_VLAN_PROTOCOL") != DOT1Q or not LOWEST <= number <= HIGHEST:
            continue
        name = names[link["index"]]
        found[name] = LinkState(
            name=name,
            parent=names.get(lower(link), ""),
            vlan=vid(number),
            mtu_bytes=link.get_attr("IFLA_MTU"),
            up=bool(link["flags"] & 1),
            ours=str(link.get_attr("IFLA_IFALIAS") or "").startswith(MARK),
            children=tuple(names[other["index"]] for other in links if lower(other) == link["index"]),
        )
    return found


def _translated(error: NetlinkError, subject: str, module: str) -> OrchestratorError:
    if error.code == errno.EOPNOTSUPP:
        return Unsupported(
            f"this kernel lacks the module {module}",
            subject=subject,
            fix=f"run `modprobe {module}`, and name it in /etc/modules-load.d",
        )
    if error.code == errno.EPERM:
        return Unsupported("this process may not change links", subject=subject, fix="give it CAP_NET_ADMIN")
    if error.code == errno.ENETDOWN:
        return PermanentError(
            "cannot be put up while its parent is down",
            subject=subject,
            fix="run `ip link set dev NIC up` for the host's uplink",
        )
    return PermanentError(
        f"the kernel refused ({errno.errorcode.get(error.code, error.code)})", subject=subject
    )
