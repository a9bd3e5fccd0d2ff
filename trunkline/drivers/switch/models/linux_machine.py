"""A played Linux machine as far as `ip` goes: interfaces, addresses, neighbors, and exit statuses. Pure.

The two Linux dialects are tested on real kernels as well; what is played here is what the checks need, in the words of
iproute2 and of a shell. It has eth0, which is up and routed, and forwards both protocols.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface
from typing import Any

from trunkline.drivers.switch.models.console import RefusedError
from trunkline.orchestrator.models import Interface

Json = dict[str, Any]  # iproute2's own objects

EXISTS = "RTNETLINK answers: File exists"
NO_ENTRY = "RTNETLINK answers: No such file or directory"
INVALID = "RTNETLINK answers: Invalid argument"


def failed(words: str, status: int) -> RefusedError:
    """Give what a tool prints that fails, and its exit status as a session adds it."""
    return RefusedError(f"{words}\nexit status {status}")


@dataclass(slots=True, kw_only=True)
class Link:
    """An interface; ``parent`` and ``vlan`` are those of an 802.1Q interface."""

    kind: str = ""
    parent: str = ""
    vlan: int = 0
    master: str = ""
    up: bool = True
    data: Json = field(default_factory=dict)
    addresses: list[Interface] = field(default_factory=list)
    neighbors: dict[str, str] = field(default_factory=dict)


class Machine(ABC):
    """One machine behind a login shell without modes."""

    def __init__(self) -> None:
        self.links = {"lo": Link(), "eth0": Link(addresses=[ip_interface("192.0.2.240/28")])}

    def answer(self, command: str) -> str:
        """Print what a command prints."""
        return self._said(command)

    def take(self, lines: Sequence[str]) -> Sequence[str]:
        """Run lines."""
        return [self._said(line) for line in lines]

    def _said(self, line: str) -> str:
        try:
            return self.run(line.split())
        except RefusedError as refusal:
            return str(refusal)

    @abstractmethod
    def tool(self, words: Sequence[str]) -> str:
        """Run what is none of `ip`.

        Raises:
            RefusedError: it fails.
        """

    def run(self, words: Sequence[str]) -> str:
        """Run a command.

        Raises:
            RefusedError: it fails.
        """
        match words:
            case ["ip", "-json", "-details", "address", "show"]:
                return json.dumps([self._row(name, link) for name, link in self.links.items()])
            case ["ip", "-json", "-statistics", "neigh", "show", "to", address, "dev", name]:
                mac = self.link(name).neighbors.get(address)
                rows = [{"dst": address, "lladdr": mac, "updated": 99, "state": ["STALE"]}] if mac else []
                return json.dumps(rows)
            case ["cat", *_]:
                return "1\n1\n"
            case ["ip", "link" | "address" | "neigh", *rest]:
                self._ip(words[1], rest)
                return ""
            case _:
                return self.tool(words)

    def link(self, name: str) -> Link:
        """Find an interface.

        Raises:
            RefusedError: there is none.
        """
        if name not in self.links:
            raise failed(f'Cannot find device "{name}"', 1)
        return self.links[name]

    def _ip(self, what: str, words: Sequence[str]) -> None:
        match [what, *words]:
            case ["link", "add", "link", base, "name", name, "type", "vlan", "id", number]:
                self.link(base)
                if name in self.links or any(
                    (link.parent, link.vlan) == (base, int(number)) for link in self.links.values()
                ):
                    raise failed(EXISTS, 2)
                self.links[name] = Link(kind="vlan", parent=base, vlan=int(number), up=False)
            case ["link", "set", "dev", name, "up"]:
                self.link(name).up = True
            case ["link", "del", "dev", name]:
                if self.link(name).kind != "vlan":
                    raise failed("RTNETLINK answers: Operation not supported", 2)
                del self.links[name]
            case ["address", "add", text, "dev", name]:
                address = ip_interface(text)
                if address in self.link(name).addresses:
                    raise failed(EXISTS, 2)
                self.links[name].addresses.append(address)
            case ["neigh", "del", text, "dev", name]:
                if self.link(name).neighbors.pop(str(ip_address(text)), None) is None:
                    raise failed(NO_ENTRY, 2)
            case _:
                raise failed(f'Command "{words[0] if words else ""}" is unknown, try "ip {what} help".', 255)

    def _row(self, name: str, link: Link) -> Json:
        row: Json = {
            "ifname": name,
            "flags": ["BROADCAST", "MULTICAST", *(["UP", "LOWER_UP"] if link.up else [])],
            "mtu": 1500,
            "link_type": "ether",
        }
        data = link.data
        if link.kind == "vlan":
            row["link"] = link.parent
            data = {"protocol": "802.1Q", "id": link.vlan, "flags": ["REORDER_HDR"]}
        info: Json = {"info_kind": link.kind, "info_data": data} if link.kind else {}
        if link.master:
            row["master"] = link.master
            info |= {"info_slave_kind": "bridge", "info_slave_data": {"state": "forwarding"}}
        if info:
            row["linkinfo"] = info
        row["addr_info"] = [
            {
                "family": "inet" if each.version == 4 else "inet6",  # noqa: PLR2004  # of IP
                "local": str(each.ip),
                "prefixlen": each.network.prefixlen,
                "scope": "global",
            }
            for each in link.addresses
        ]
        if link.up:
            row["addr_info"].append(
                {"family": "inet6", "local": "fe80::5054:ff:fe00:1", "prefixlen": 64, "scope": "link"}
            )
        return row


def not_found(words: Sequence[str]) -> RefusedError:
    """Refuse what is no command."""
    return failed(f"sh: {words[0] if words else ''}: not found", 127)
