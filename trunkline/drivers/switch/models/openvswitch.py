"""A played machine with Open vSwitch: its database as `ovs-vsctl` writes and prints it, and its addresses. Pure.

A real daemon is tested elsewhere; this plays that a transaction takes effect as a whole, that one that waits for what
does not come ends with an error, and that a trunk without a list carries every VLAN.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from trunkline.drivers.switch.models.console import Model
from trunkline.drivers.switch.models.linux_machine import Link, Machine, failed, not_found

PORTS = ("p1", "p2")
ACCESS, NO_LIST = "p3", "p4"
BRIDGE = "br0"
LOCKED = (
    "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (Permission denied)\n"
    "exit status 1"
)


@dataclass(slots=True, kw_only=True)
class Port:
    """A row of the database, with its interface; ``kind`` is the interface's type."""

    number: int
    tag: int | None = None
    trunks: set[int] = field(default_factory=set)
    mode: str = ""
    kind: str = ""


class OvsMachine(Machine):
    """One machine; its ports carry VLAN 1 untagged and somebody's VLAN 20."""

    def __init__(self) -> None:
        super().__init__()
        self.ports = {
            name: Port(number=number, tag=1, trunks={20}, mode="native-untagged")
            for number, name in enumerate(PORTS, start=1)
        }
        self.ports |= {ACCESS: Port(number=3, tag=7), NO_LIST: Port(number=4)}
        self.ports |= {BRIDGE: Port(number=65534, kind="internal")}
        self.links |= {name: Link() for name in self.ports}
        self.talking: dict[tuple[str, int], str] = {}

    def tool(self, words: Sequence[str]) -> str:
        """Run `ovs-vsctl` and `ovs-appctl`."""
        match words:
            case ["ovs-vsctl", "--format=json", columns, "list", table]:
                return self._table(columns.removeprefix("--columns=").split(","), table)
            case ["ovs-appctl", "fdb/show", _]:
                rows = [
                    f"{self.ports[port].number:>5} {vlan:>5}  {mac}  {7:>3}\n"
                    for (port, vlan), mac in self.talking.items()
                ]
                return " port  VLAN  MAC                Age\n" + "".join(rows)
            case ["ovs-vsctl", "--timeout=5", *rest]:
                self._transaction(rest)
                return ""
            case _:
                raise not_found(words)

    def _transaction(self, words: Sequence[str]) -> None:
        before = deepcopy(self.ports)
        try:
            for command in " ".join(words).split(" -- "):
                self._command(command.split())
        except BaseException:
            self.ports = before
            raise
        for name, port in self.ports.items():
            self.links.setdefault(name, Link(up=port.kind != "internal"))
        for name in before.keys() - self.ports.keys():
            del self.links[name]

    def _command(self, words: Sequence[str]) -> None:  # noqa: C901  # one case per command
        match words:
            case ["wait-until", "port", name, "trunks!=[]"]:
                if name not in self.ports or not self.ports[name].trunks:
                    raise failed("Alarm clock", 142)
            case ["add", "port", name, "trunks", number]:
                self._port(name).trunks |= {int(number)}
            case ["remove", "port", name, "trunks", number]:
                self._port(name).trunks -= {int(number)}
            case ["set", "port", name, "vlan_mode=native-untagged"]:
                self._port(name).mode = "native-untagged"
            case ["clear", "port", name, "vlan_mode", "trunks"]:
                self._port(name).mode, self._port(name).trunks = "", set()
            case ["add-port", bridge, name, tag] if bridge == BRIDGE and tag.startswith("tag="):
                if name in self.ports:
                    raise failed(
                        f"ovs-vsctl: cannot create a port named {name} because a port named {name} already exists"
                        f" on bridge {bridge}",
                        1,
                    )
                highest = max(port.number for port in self.ports.values() if port.kind != "internal")
                self.ports[name] = Port(number=highest + 1, tag=int(tag.removeprefix("tag=")))
            case ["set", "interface", name, "type=internal"]:
                self._port(name).kind = "internal"
            case ["del-port", bridge, name] if bridge == BRIDGE:
                self._port(name)
                del self.ports[name]
            case _:
                raise failed(f"ovs-vsctl: unknown command '{words[0]}'; use --help for help", 1)

    def _port(self, name: str) -> Port:
        if name not in self.ports:
            raise failed(f'ovs-vsctl: no row "{name}" in table Port', 1)
        return self.ports[name]

    def _table(self, columns: Sequence[str], table: str) -> str:
        rows = [{"name": BRIDGE, "ports": _set([_uuid("port", name) for name in self.ports])}]
        if table != "bridge":
            rows = list(self._rows(table))
        data = [[row[column] for column in columns] for row in rows]
        return json.dumps({"headings": columns, "data": data})

    def _rows(self, table: str) -> Iterator[dict[str, object]]:
        for name, port in self.ports.items():
            yield {
                "_uuid": _uuid(table, name),
                "name": name,
                "tag": _set([] if port.tag is None else [port.tag]),
                "trunks": _set(sorted(port.trunks)),
                "vlan_mode": _set([port.mode] if port.mode else []),
                "interfaces": _uuid("interface", name),
                "ofport": port.number,
            }


def _uuid(table: str, name: str) -> list[str]:
    return ["uuid", f"{table}-{name}"]


def _set(values: Sequence[object]) -> object:
    """Write a set as the database does: one value stands for itself."""
    return values[0] if len(values) == 1 else ["set", list(values)]


def openvswitch() -> Model:
    """Say what is on such a machine."""
    return Model(
        make=OvsMachine,
        ports=PORTS,
        access_ports=(ACCESS,),
        open_ports=(NO_LIST,),
        prompts={"": "trunkline:0# "},
        unreadable=(LOCKED, "sh: ovs-vsctl: not found\nexit status 127"),
    )
