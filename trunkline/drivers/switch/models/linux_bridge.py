"""A played Linux machine with a VLAN-aware bridge: what `bridge vlan` and `ip` do to br0 and its ports. Pure.

A real kernel is tested elsewhere; this plays that a port is a member of the VLANs it is told of and of no others, that
taking away what is not there is no error, and that the bridge itself must be a member where it has a gateway.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from trunkline.drivers.switch.models.console import Model
from trunkline.drivers.switch.models.linux_machine import Json, Link, Machine, failed, not_found

PORTS = ("swp1", "swp2")
ACCESS = "swp3"
BRIDGE = "br0"
DENIED = "RTNETLINK answers: Operation not permitted\nexit status 2"
MISSING = "sh: bridge: not found\nexit status 127"


class BridgedMachine(Machine):
    """One machine; its ports carry VLAN 1 untagged and somebody's VLAN 20."""

    def __init__(self) -> None:
        super().__init__()
        self.links[BRIDGE] = Link(kind="bridge", data={"vlan_filtering": 1, "vlan_protocol": "802.1Q"})
        self.links |= {port: Link(master=BRIDGE) for port in (*PORTS, ACCESS)}
        self.members: dict[str, set[int]] = {port: {1, 20} for port in PORTS} | {ACCESS: {1}, BRIDGE: {1}}
        self.untagged = dict.fromkeys((*PORTS, ACCESS, BRIDGE), 1)
        self.talking: dict[tuple[str, int], str] = {}

    def tool(self, words: Sequence[str]) -> str:
        """Run `bridge`."""
        match words:
            case ["bridge", "-json", "vlan", "show"]:
                return json.dumps(
                    [
                        {"ifname": name, "vlans": self._vlans(name)}
                        for name in self.members
                        if name in self.links
                    ]
                )
            case ["bridge", "-json", "fdb", "show"]:
                rows = [
                    {"mac": mac, "ifname": port, "vlan": vlan, "flags": [], "master": BRIDGE, "state": ""}
                    for (port, vlan), mac in self.talking.items()
                ]
                own = {"mac": "52:54:00:00:00:01", "ifname": PORTS[0], "master": BRIDGE, "state": "permanent"}
                return json.dumps([own, *rows])
            case ["bridge", "vlan", "add" | "del" as op, "dev", name, "vid", text, *where]:
                self._change(op, name, text, itself=where == ["self"])
                return ""
            case _:
                raise not_found(words)

    def _change(self, op: str, name: str, text: str, *, itself: bool) -> None:
        self.link(name)
        if name not in self.members or itself is not (name == BRIDGE):
            raise failed("RTNETLINK answers: Operation not supported", 2)
        first, _, last = text.partition("-")
        ids = set(range(int(first), int(last or first) + 1))
        if op == "add":
            self.members[name] |= ids
            return
        self.members[name] -= ids
        if self.untagged.get(name) in ids:
            del self.untagged[name]

    def _vlans(self, name: str) -> list[Json]:
        return [
            {"vlan": vlan, "flags": ["PVID", "Egress Untagged"]}
            if self.untagged.get(name) == vlan
            else {"vlan": vlan}
            for vlan in sorted(self.members[name])
        ]


def linux_bridge() -> Model:
    """Say what is on a machine that switches."""
    return Model(
        make=BridgedMachine,
        ports=PORTS,
        access_ports=(ACCESS,),
        prompts={"": "trunkline:0# "},
        unreadable=(DENIED, MISSING),
    )


def linux_router() -> Model:
    """Say what is on a machine that routes between sub-interfaces."""
    return Model(
        make=BridgedMachine,
        ports=(),
        gateways=("eth0",),
        prompts={"": "trunkline:0# "},
        unreadable=(DENIED, MISSING),
    )
