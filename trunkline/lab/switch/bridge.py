"""The data plane that moves real frames: a VLAN-aware Linux bridge and 802.1Q devices in this network namespace."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_interface
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from trunkline.lab.switch import forwarding
from trunkline.lab.switch.dataplane import LearnedMac, LearnedNeighbor, NeighborState, Observed
from trunkline.lab.switch.forwarding import (
    BRIDGE,
    Address,
    Forwarding,
    Kernel,
    MakeBridge,
    MakeLink,
    Membership,
    RemoveLink,
    SetAddress,
    SetMaster,
    SetRouting,
    SetUp,
    SetVlan,
    Step,
    TaggedLink,
)
from trunkline.lab.switch.hardware import Hardware
from trunkline.lab.switch.lldp import Announcement
from trunkline.lab.switch.lldp_sockets import LldpSockets
from trunkline.lab.switch.state import SwitchState
from trunkline.orchestrator.errors import ConfigError, Unsupported

Message = Any  # pyroute2 has no types for its messages
UP, LOWER_UP = 0x1, 0x10000  # IFF_UP, IFF_LOWER_UP (linux/if.h)
PVID, UNTAGGED = 0x2, 0x4  # BRIDGE_VLAN_INFO_* (linux/if_bridge.h)
PERMANENT, NOARP = 0x80, 0x40  # NUD_* (linux/neighbour.h)
NEIGHBOR_STATES: dict[int, NeighborState] = {
    0x01: "INCMP",
    0x02: "REACH",
    0x04: "STALE",
    0x08: "DELAY",
    0x10: "PROBE",
    PERMANENT: "REACH",
}
TICKS_PER_MINUTE = 60 * 100  # USER_HZ, in which the kernel tells ages
NO_DAD = 0x02  # IFA_F_NODAD (linux/if_addr.h)
PERMANENT_ADDRESS = 0x80  # IFA_F_PERMANENT: made by somebody, not by autoconfiguration
SYSCTL = Path("/proc/sys/net")


class BridgeDataplane:
    """Keeps the kernel as the configuration says. Used from one thread.

    Args:
        hardware: The model.
        devices: Which Linux interface is which port, by the port's long name.

    Raises:
        ConfigError: A mapped interface does not exist here.
        Unsupported: There is no permission to configure the network.
    """

    def __init__(self, hardware: Hardware, devices: Mapping[str, str]) -> None:
        self._hardware = hardware
        self._devices = dict(devices)
        self._ports = {device: port for port, device in devices.items()}
        self._netlink: Any = None  # IPRoute; pyroute2 has no types
        self._done: Forwarding | None = None
        self._layer3: Mapping[str, str] = {}
        self._lldp = LldpSockets(devices)

    def realise(self, state: SwitchState) -> None:
        """Make everything as the state says; nothing is touched that already is.

        Raises:
            Unsupported: The kernel refused; the message says which step and why.
        """
        self._layer3 = forwarding.layer3(state, self._devices)
        desired = forwarding.plan(state, self._devices)
        if desired == self._done:
            return
        if self._netlink is None:
            self._prepare()
        # Removing a primary address takes the secondary ones of its subnet along, hence a second look.
        for _ in range(2):
            todo = list(forwarding.steps(desired, self._kernel()))
            for step in todo:
                self._do(step)
            if not todo:
                break
        self._done = desired

    def observe(self) -> Observed:
        """Look at carriers, at the forwarding table and at the neighbour tables."""
        if self._netlink is None:
            self._prepare()
        names: dict[int, str] = {}
        links: set[str] = set()
        for link in self._netlink.get_links():
            device = link.get("ifname")
            if device not in self._ports:
                continue
            names[link["index"]] = self._ports[device]
            if link["flags"] & UP and link["flags"] & LOWER_UP:
                links.add(self._ports[device])
        return Observed(
            links=frozenset(links),
            macs=tuple(self._learned(names)),
            neighbors=tuple(self._neighbors()),
            heard=self._lldp.heard(),
        )

    def forget(self, neighbors: Sequence[LearnedNeighbor]) -> None:
        """Take them out of the kernel's tables; it asks for a MAC anew when it needs it.

        Raises:
            Unsupported: The kernel refused.
        """
        if self._netlink is None:
            return
        devices = {name: device for device, name in self._layer3.items()}
        for neighbor in neighbors:
            if neighbor.interface not in devices:
                continue  # its interface was taken away in the meantime, and the neighbour with it
            family = AF_INET6 if neighbor.address.version == 6 else AF_INET  # noqa: PLR2004  # IPv6
            try:
                index = self._index(devices[neighbor.interface])
                self._netlink.neigh("del", ifindex=index, dst=str(neighbor.address), family=family)
            except NetlinkError as error:
                if error.code not in {errno.ENOENT, errno.ENODEV}:
                    raise Unsupported(
                        f"the kernel does not forget {neighbor.address}: {error}",
                        subject="switch data plane",
                        fix="it needs root",
                    ) from error

    def announce(self, said: Mapping[str, Announcement]) -> None:
        """Say these by LLDP, and listen there.

        Raises:
            Unsupported: There is no permission to.
        """
        self._lldp.announce(said)

    def close(self) -> None:
        """Remove the bridge and every 802.1Q device; ports lose their addresses and stay."""
        self._lldp.close()
        if self._netlink is None:
            return
        with contextlib.suppress(NetlinkError, OSError):
            for device in self._kernel().links:
                self._netlink.link("del", index=self._index(device))
            if self._hardware.switching:
                self._netlink.link("del", index=self._index(BRIDGE))
            else:
                for device in self._ports:
                    self._netlink.flush_addr(index=self._index(device))
        self._netlink.close()
        self._netlink = None

    def _prepare(self) -> None:
        self._netlink = IPRoute()
        present = {link.get("ifname") for link in self._netlink.get_links()}
        missing = [device for device in self._ports if device not in present]
        if missing:
            raise ConfigError(
                f"there is no interface {', '.join(missing)} in this network namespace",
                subject="switch data plane",
                fix="create them or leave them out of --port-map",
            )
        # A router answers for an address only where it lives, and no host's router advertisement changes its routes.
        _sysctl("ipv4/conf/all/arp_ignore", "1")
        _sysctl("ipv4/conf/all/arp_announce", "2")
        for device in self._ports:
            if self._hardware.switching:
                _sysctl(f"ipv6/conf/{device}/disable_ipv6", "1")
            _sysctl(f"ipv6/conf/{device}/accept_ra", "0")

    def _learned(self, names: Mapping[int, str]) -> Iterator[LearnedMac]:
        if not self._hardware.switching:
            return
        for entry in self._netlink.fdb("dump"):
            vlan, address = entry.get("vlan"), entry.get("lladdr")
            learned = not entry["state"] & (PERMANENT | NOARP)
            if learned and vlan is not None and address is not None and entry["ifindex"] in names:
                yield LearnedMac(vlan=vlan, mac=_dotted(address), port=names[entry["ifindex"]])

    def _neighbors(self) -> Iterator[LearnedNeighbor]:
        names = {
            link["index"]: self._layer3[link.get("ifname")]
            for link in self._netlink.get_links()
            if link.get("ifname") in self._layer3
        }
        for family in (AF_INET, AF_INET6):
            for entry in self._netlink.neigh("dump", family=family):
                state = NEIGHBOR_STATES.get(entry["state"])
                if state is not None and entry["ifindex"] in names:
                    yield LearnedNeighbor(
                        interface=names[entry["ifindex"]],
                        address=ip_address(entry.get("dst")),
                        mac=_dotted(entry.get("lladdr")),
                        age_minutes=_age_minutes(entry),
                        state=state,
                    )

    def _kernel(self) -> Kernel:
        links = {link["index"]: link for link in self._netlink.get_links()}
        names = {index: link.get("ifname") for index, link in links.items()}
        bridge = next((index for index, name in names.items() if name == BRIDGE), None)
        ours = {name: links[index] for index, name in names.items() if name in self._ports}
        tagged: dict[str, TaggedLink] = {}
        for index, link in links.items():
            parent = names.get(link.get("link"))
            if _kind(link) == "vlan" and (parent == BRIDGE or parent in self._ports):
                tagged[names[index]] = TaggedLink(parent, _vlan_id(link))
                ours[names[index]] = link
        return Kernel(
            bridge=bridge is not None,
            up={name: bool(link["flags"] & UP) for name, link in ours.items()},
            bridged=frozenset(
                name for name, link in ours.items() if bridge is not None and link.get("master") == bridge
            ),
            members={} if bridge is None else self._members(),
            links=tagged,
            addresses=self._addresses(names, ours),
            route4=_sysctl_is_on("ipv4/ip_forward"),
            route6=_sysctl_is_on("ipv6/conf/all/forwarding"),
        )

    def _members(self) -> dict[str, frozenset[Membership]]:
        members: dict[str, frozenset[Membership]] = {}
        for link in self._netlink.get_vlans():
            spec = link.get_attr("IFLA_AF_SPEC")
            if spec is None or (link.get("ifname") != BRIDGE and link.get("ifname") not in self._ports):
                continue
            entries = spec.get_attrs("IFLA_BRIDGE_VLAN_INFO")
            members[link.get("ifname")] = frozenset(
                Membership(entry["vid"], bool(entry["flags"] & UNTAGGED)) for entry in entries
            )
        return members

    def _addresses(
        self, names: Mapping[int, str], ours: Mapping[str, Message]
    ) -> dict[str, frozenset[Address]]:
        found: dict[str, set[Address]] = {name: set() for name in ours}
        for family in (AF_INET, AF_INET6):
            for message in self._netlink.get_addr(family=family):
                name = names.get(message["index"])
                if name in found and _own_address(message):
                    text = f"{message.get('local') or message.get('address')}/{message['prefixlen']}"
                    found[name].add(ip_interface(text))
        return {name: frozenset(addresses) for name, addresses in found.items()}

    def _do(self, step: Step) -> None:
        try:
            self._dispatch(step)
        except NetlinkError as error:
            gone = isinstance(step, SetAddress) and not step.present and error.code == errno.EADDRNOTAVAIL
            if not gone:
                raise Unsupported(
                    f"the kernel refused {step}: {error}",
                    subject="switch data plane",
                    fix="it needs root and a kernel with 8021q and VLAN-aware bridges",
                ) from error

    def _dispatch(self, step: Step) -> None:
        match step:
            case MakeBridge():
                self._make_bridge()
            case SetMaster(device, bridged):
                self._netlink.link(
                    "set", index=self._index(device), master=self._index(BRIDGE) if bridged else 0
                )
            case SetUp(device, up):
                self._netlink.link("set", index=self._index(device), state="up" if up else "down")
            case SetVlan(device, membership, present):
                self._set_vlan(device, membership, present=present)
            case MakeLink(device, link):
                self._make_link(device, link)
            case RemoveLink(device):
                self._netlink.link("del", index=self._index(device))
            case SetAddress(device, address, present):
                self._set_address(device, address, present=present)
            case SetRouting(family, on):
                self._set_routing(family, on=on)

    def _make_bridge(self) -> None:
        self._netlink.link(
            "add",
            ifname=BRIDGE,
            kind="bridge",
            br_vlan_filtering=1,
            br_vlan_default_pvid=0,
            br_stp_state=0,
            br_mcast_snooping=0,
        )
        index = self._index(BRIDGE)
        # An address that was set stays; else it would change with the ports, and hosts would lose their gateway.
        [bridge] = self._netlink.get_links(index)
        self._netlink.link("set", index=index, address=bridge.get("address"))
        _sysctl(f"ipv6/conf/{BRIDGE}/disable_ipv6", "1")
        self._netlink.link("set", index=index, state="up")

    def _set_vlan(self, device: str, membership: Membership, *, present: bool) -> None:
        info = {"vid": membership.vlan, "flags": PVID | UNTAGGED if membership.untagged else 0}
        own = {"vlan_flags": "self"} if device == BRIDGE else {}
        command = "add" if present else "del"
        self._netlink.vlan_filter(command, index=self._index(device), vlan_info=info, **own)

    def _make_link(self, device: str, link: TaggedLink) -> None:
        self._netlink.link(
            "add", ifname=device, kind="vlan", link=self._index(link.parent), vlan_id=link.vlan
        )
        _sysctl(f"ipv6/conf/{device}/accept_ra", "0")
        self._netlink.link("set", index=self._index(device), state="up")

    def _set_address(self, device: str, address: Address, *, present: bool) -> None:
        options: dict[str, Any] = {"address": str(address.ip), "prefixlen": address.network.prefixlen}
        if address.version == 6:  # noqa: PLR2004  # IPv6
            options["family"] = AF_INET6
            if present:
                _sysctl(f"ipv6/conf/{device}/disable_ipv6", "0")
                options["flags"] = NO_DAD
        elif present and address.network.prefixlen < 31:  # noqa: PLR2004  # RFC 3021
            options["broadcast"] = str(address.network.broadcast_address)
        self._netlink.addr("add" if present else "del", index=self._index(device), **options)

    def _set_routing(self, family: int, *, on: bool) -> None:
        value = "1" if on else "0"
        if family == 6:  # noqa: PLR2004  # IPv6
            _sysctl("ipv6/conf/all/forwarding", value)
            return
        _sysctl("ipv4/ip_forward", value)
        # That switched every interface; those that are not the switch's, such as a management port, do not route.
        ours = {*self._ports, *self._kernel().links, BRIDGE, "all", "default"}
        for folder in (SYSCTL / "ipv4/conf").iterdir():
            if folder.name not in ours:
                _sysctl(f"ipv4/conf/{folder.name}/forwarding", "0")

    def _index(self, device: str) -> int:
        found: list[int] = self._netlink.link_lookup(ifname=device)
        if not found:
            raise NetlinkError(errno.ENODEV, f"no interface {device}")
        return found[0]


def _kind(link: Message) -> str | None:
    info = link.get_attr("IFLA_LINKINFO")
    return None if info is None else info.get_attr("IFLA_INFO_KIND")


def _vlan_id(link: Message) -> int:
    number: int = link.get_attr("IFLA_LINKINFO").get_attr("IFLA_INFO_DATA").get_attr("IFLA_VLAN_ID")
    return number


def _dotted(mac: str | None) -> str:
    digits = (mac or "").replace(":", "")
    return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}" if digits else ""


def _age_minutes(entry: Message) -> int | None:
    """Give how long ago a neighbour was last confirmed; None for one that somebody configured."""
    if entry["state"] & PERMANENT:
        return None
    times = entry.get("cacheinfo") or {}
    # One that was never confirmed says so by a time before it was entered.
    ticks = min(times.get("ndm_confirmed", 0), times.get("ndm_updated", 0))
    return int(ticks) // TICKS_PER_MINUTE


def _own_address(message: Message) -> bool:
    """Whether somebody configured the address: the kernel's own link-local ones are not in any configuration.

    We add link-local addresses without duplicate detection, the kernel its own with it.
    """
    flags = message.get("flags") or 0
    link_local = message["family"] == AF_INET6 and str(message.get("address")).startswith("fe80:")
    return bool(flags & PERMANENT_ADDRESS) and (not link_local or bool(flags & NO_DAD))


def _sysctl(name: str, value: str) -> None:
    path = SYSCTL / name
    try:
        path.write_text(value)
    except FileNotFoundError:
        return  # a kernel without IPv6, or a device that has just gone
    except OSError as error:
        raise Unsupported(
            f"{path} cannot be written: {error}", subject="switch data plane", fix="it needs root"
        ) from error


def _sysctl_is_on(name: str) -> bool | None:
    try:
        return (SYSCTL / name).read_text().strip() != "0"
    except FileNotFoundError:
        return None
