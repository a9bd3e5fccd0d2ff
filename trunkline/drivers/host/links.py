"""802.1Q sub-interfaces of this host over netlink. The only module outside the lab that imports pyroute2."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from trunkline.orchestrator.errors import NotOurs, OrchestratorError, PermanentError, Unsupported
from trunkline.orchestrator.intents import LinkIntent
from trunkline.orchestrator.vlans import Vid, vid

MARK = "trunkline:vlan="
"""Beginning of the alias of every link that Trunkline made."""
LONGEST_NAME = 15


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
    """Reads and makes links; opens netlink for each call, so that nothing is kept over a fork."""

    def observe(self) -> Mapping[str, LinkState]:
        """List the 802.1Q links of this network namespace by name."""
        with IPRoute() as netlink:
            return _observe(netlink)

    def ensure(self, intent: LinkIntent) -> bool:
        """Make the link, or see that the one there is right; says whether anything changed.

        A right link that somebody else made is used and never removed.

        Raises:
            NotOurs: a link of that name is something else.
            Unsupported: the kernel has no 802.1Q.
            PermanentError: the parent is missing, the name too long, or the MTU larger than the parent's.
        """
        subject = f"link {intent.name}"
        if len(intent.name) > LONGEST_NAME:
            raise PermanentError(f"its name is longer than {LONGEST_NAME} characters", subject=subject)
        with IPRoute() as netlink:
            parent = _find(netlink, intent.parent)
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
            if _find(netlink, intent.name) is None:
                self._add(netlink, intent, parent["index"], subject)
                return True
            return self._correct(netlink, intent, subject)

    def remove(self, intent: LinkIntent) -> bool:
        """Remove our link; False when it is not there.

        Raises:
            NotOurs: it is not ours, or something else sits on it.
        """
        subject = f"link {intent.name}"
        with IPRoute() as netlink:
            state = _observe(netlink).get(intent.name)
            if state is None:
                return False
            if not state.ours:
                return False
            if state.children:
                raise NotOurs(
                    f"still carries {', '.join(state.children)}", subject=subject, fix="remove those first"
                )
            found = _find(netlink, intent.name)
            if found is not None:
                _call(lambda: netlink.link("del", index=found["index"]), subject)
            return True

    def macs(self, nics: Sequence[str]) -> frozenset[str]:
        """Read the hardware addresses of these NICs, lower-case with colons; missing NICs have none."""
        with IPRoute() as netlink:
            found = (_find(netlink, nic) for nic in nics)
            return frozenset(str(link.get_attr("IFLA_ADDRESS")).lower() for link in found if link is not None)

    def _add(self, netlink: Any, intent: LinkIntent, parent: int, subject: str) -> None:
        _call(
            lambda: netlink.link(
                "add",
                ifname=intent.name,
                kind="vlan",
                link=parent,
                vlan_id=intent.vlan,
                mtu=intent.mtu_bytes,
            ),
            subject,
        )
        made = _find(netlink, intent.name)
        if made is None:
            raise PermanentError("vanished while it was made", subject=subject)
        _keep_host_out(intent.name)
        # Marked before it is put up: a parent that is down refuses the second, and the link must be known as ours.
        _call(lambda: netlink.link("set", index=made["index"], ifalias=f"{MARK}{intent.vlan}"), subject)
        _call(lambda: netlink.link("set", index=made["index"], state="up"), subject)

    def _correct(self, netlink: Any, intent: LinkIntent, subject: str) -> bool:
        state = _observe(netlink).get(intent.name)
        if state is None or (state.parent, state.vlan) != (intent.parent, intent.vlan):
            what = f"VLAN {state.vlan} on {state.parent}" if state else "no 802.1Q link"
            raise NotOurs(
                f"is {what}, not VLAN {intent.vlan} on {intent.parent}",
                subject=subject,
                fix="rename or remove it; Trunkline does not touch what it did not make",
            )
        if state.up and state.mtu_bytes == intent.mtu_bytes:
            return False
        if not state.ours:
            raise NotOurs(
                f"is down, or its MTU is {state.mtu_bytes} instead of {intent.mtu_bytes}",
                subject=subject,
                fix="set it up by hand; Trunkline does not change what it did not make",
            )
        found = _find(netlink, intent.name)
        if found is not None:
            _call(
                lambda: netlink.link("set", index=found["index"], mtu=intent.mtu_bytes, state="up"), subject
            )
        return True


def _keep_host_out(name: str) -> None:
    """Keep the host itself from appearing in the VLAN: no link-local address, no router advertisements."""
    folder = Path("/proc/sys/net/ipv6/conf") / name
    if (folder / "addr_gen_mode").exists():
        (folder / "addr_gen_mode").write_text("1", encoding="ascii")
        (folder / "accept_ra").write_text("0", encoding="ascii")


def _find(netlink: Any, name: str) -> Any:
    """Look a link up by its exact name; None when there is none. pyroute2's messages are untyped."""
    if not name or len(name) > LONGEST_NAME:
        return None
    indices = netlink.link_lookup(ifname=name)
    return netlink.get_links(indices[0])[0] if indices else None


def _observe(netlink: Any) -> dict[str, LinkState]:
    links = list(netlink.get_links())
    names = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in links}
    found = {}
    for link in links:
        info = link.get_attr("IFLA_LINKINFO")
        if info is None or info.get_attr("IFLA_INFO_KIND") != "vlan":
            continue
        data = info.get_attr("IFLA_INFO_DATA")
        name = names[link["index"]]
        found[name] = LinkState(
            name=name,
            parent=names.get(link.get_attr("IFLA_LINK"), ""),
            vlan=vid(data.get_attr("IFLA_VLAN_ID")),
            mtu_bytes=link.get_attr("IFLA_MTU"),
            up=bool(link["flags"] & 1),
            ours=str(link.get_attr("IFLA_IFALIAS") or "").startswith(MARK),
            children=tuple(
                names[other["index"]] for other in links if other.get_attr("IFLA_LINK") == link["index"]
            ),
        )
    return found


def _call(action: Any, subject: str) -> None:
    try:
        action()
    except NetlinkError as error:
        raise _translated(error, subject) from error


def _translated(error: NetlinkError, subject: str) -> OrchestratorError:
    if error.code == errno.EOPNOTSUPP:
        return Unsupported(
            "this kernel has no 802.1Q",
            subject=subject,
            fix="run `modprobe 8021q`, and name it in /etc/modules-load.d",
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
