"""The command language of views, which Huawei's VRP and HPE's Comware share. Pure; their dialects build on it.

`<name>` is the user view, `[name-something]` a view to configure in, `undo` takes back, lists are `10 20 to 25`.
A trunk carries VLAN 1 alone until it is told otherwise, so it never opens by itself. A port is not made a trunk here:
VRP asks before it does, and what either does meanwhile to untagged frames was not seen on a device.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Interface, IPv6Interface

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Forgetting, Grammar, Phrase, Query, Scope
from trunkline.drivers.switch.state import GatewayKey, GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.drivers.switch.view_config import gateway, lists, section
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, Neighbor, PortRule
from trunkline.orchestrator.models import Interface, PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

PROMPT = r"(?:<{hostname}>|(?P<inside>\[[*~]?{hostname}(?:-(?P<mode>[^\s\]]+))?\]))"
"""``<sw1>``, ``[sw1]``, ``[sw1-vlan10]``; VRP 8 tells what is not committed, ``[*sw1]``, from what is, ``[~sw1]``."""
MODES = (
    (re.compile(r"vlan\d+", re.IGNORECASE), "vlan"),
    (re.compile(r"Vlan(?:if|-interface)\d+", re.IGNORECASE), "svi"),
    (re.compile(r"\d*[A-Za-z][A-Za-z-]*\d+(?:/\d+)*"), "port"),
)
LONGEST_SYSNAME = 246
QUESTION = re.compile(
    r"[\[(](?:y(?:\(yes\))?/n(?:\(no\))?(?:/c(?:\(cancel\))?)?|yes/no)[\])](?:\[[yn]\])?\s*:?\s*$"
    r"|\bfile ?name[^\n]*:\s*$|press (?:the )?enter[^\n]*:\s*$|---- More ----\s*$",
    re.IGNORECASE,
)

_LIST = r"\d+(?: to \d+)?(?: \d+(?: to \d+)?)*"
_MAC_ROW = re.compile(
    r"^[ \t]*(?P<mac>[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})[ \t]+(?P<vlan>\d+)(?:/\S*)?[ \t]+(?P<rest>\S.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_PORT = re.compile(r"(?P<kind>\d*[A-Za-z][A-Za-z-]*?)(?P<place>\d+(?:/\d+)*)")


def phrases(*, svi: str, trunk: str) -> Mapping[str, Sequence[Phrase]]:
    """Give every line that may be sent to configure; ``svi`` and ``trunk`` are the words that differ."""
    return {
        "config": (
            Phrase(pattern=re.compile(r"(?:undo )?vlan (?P<vlans>\d+)")),
            Phrase(pattern=re.compile(rf"(?:undo )?interface {svi}(?P<vlans>\d+)")),
            Phrase(
                pattern=re.compile(
                    r"interface (?![Vv][Ll][Aa][Nn])(?P<port>\d*[A-Za-z][A-Za-z-]*\d+(?:/\d+)*)"
                )
            ),
        ),
        "vlan": (Phrase(pattern=re.compile(r"description [A-Za-z0-9_-]{1,32}")),),
        "port": (Phrase(pattern=re.compile(rf"(?:undo )?port trunk {trunk} vlan (?P<vlans>{_LIST})")),),
        "svi": (
            Phrase(pattern=re.compile(r"ip address [\d.]+ [\d.]+(?: sub)?")),
            Phrase(pattern=re.compile(r"ipv6 enable|ipv6 address [0-9A-Fa-f:.]+/\d+")),
            Phrase(pattern=re.compile(r"undo shutdown")),
        ),
    }


class ViewDialect(ABC):
    """What the dialects share. The name that we give a VLAN is its description, which both show."""

    platform: str
    grammar: Grammar
    blind = False
    svi: str
    """What the layer 3 interface of a VLAN is called, without the number."""
    trunk: str
    """The word between `port trunk` and `vlan`."""
    enable_ipv6: Sequence[str] = ()
    """Lines before the first IPv6 address of an interface."""
    long_names: Mapping[str, str]
    """Short kinds of ports, in lower case, and how they are written out."""
    vlans: Query
    no_such: str
    """Refusal that says that there is no such interface; a regular expression."""

    @abstractmethod
    def read_vlans(self, text: str) -> dict[Vid, VlanRow]:
        """Read the answer to ``vlans``."""

    @abstractmethod
    def read_port(self, port: PortName, config: tuple[str, ...], outputs: Mapping[str, str]) -> PortRow:
        """Read one port; ``config`` are its own lines, none when there is no such interface."""

    def port_queries(self) -> Sequence[Query]:
        """Give what is asked about all ports at once."""
        return ()

    def queries(self, scope: Scope) -> Sequence[Query]:
        """Give the show commands; a router is not asked about VLANs and switch ports."""
        queries: list[Query] = []
        if scope.switch.kind != "router":
            queries += [self.vlans, *(self.port_queries() if scope.ports else ())]
            queries += [self.interface_query(port) for port in scope.ports]
            queries += [_macs_query(vlan) for vlan in sorted({vlan for _, vlan in scope.removals})]
        queries += [
            self.interface_query(f"{self.svi}{vlan}") for parent, vlan in scope.gateways if parent is None
        ]
        return list(dict.fromkeys(queries))

    def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
        """Read what `queries` asked for; an interface that is not there answers with an error and has no row.

        Raises:
            ValueError: an output says what it cannot say; the text names the command.
        """
        texts = {command: text.replace("\r", "") for command, text in outputs.items()}
        is_router = scope.switch.kind == "router"
        gateways: dict[GatewayKey, GatewayRow] = {}
        for parent, vlan in scope.gateways:
            if parent is None and (config := self._config(f"{self.svi}{vlan}", texts)):
                gateways[None, vlan] = gateway(config, self._running(f"{self.svi}{vlan}"))
        ports = {}
        for port in () if is_router else scope.ports:
            try:
                ports[port] = self.read_port(port, self._config(port, texts), texts)
            except ValueError as error:
                raise ValueError(f"`{self._running(port)}`: {error}") from error
        return SwitchState(
            vlans={} if is_router else self.read_vlans(texts[self.vlans.command]),
            ports=ports,
            gateways=gateways,
            macs={} if is_router else self._macs(texts, scope),
            down={
                parent: f"sub-interfaces of {self.platform} are not written; use an SVI"
                for parent, _ in scope.gateways
                if parent is not None
            },
        )

    def render(
        self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
    ) -> Sequence[Block]:
        """Write changes as blocks: one per VLAN, one per port and direction, one per gateway."""
        del rules
        blocks: list[Block] = []
        ports: dict[tuple[PortName, str], set[Vid]] = {}
        for change in changes:
            match change.claim:
                case HasVlan() as claim:
                    blocks.append(_vlan_block(claim, change.op))
                case Carries(port=port, vlan=vlan):
                    ports.setdefault((port, change.op), set()).add(vlan)
                case Gateway() as claim:
                    blocks.append(
                        self._gateway_block(claim, change.op, state.gateways.get((None, claim.vlan)))
                    )
        for (port, op), vlans in ports.items():
            undo = "undo " if op == "remove" else ""
            claims: frozenset[Claim] = frozenset(Carries(port=port, vlan=vlan) for vlan in vlans)
            lines = tuple(f"{undo}port trunk {self.trunk} vlan {part}" for part in lists(VlanSet(vlans)))
            blocks.append(Block(enter=f"interface {port}", mode="port", lines=lines, claims=claims))
        return blocks

    def restore(self, port: PortName, before: PortRow) -> Block:
        """Refuse: no port is made a trunk, so none is made what it was.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"port {port} was not adopted: it is {before.shown_mode or before.mode}")

    def gateway_query(self, neighbor: Neighbor) -> Query:
        """Give the show command that tells how the gateway's interface of a neighbor is configured."""
        return self.interface_query(f"{self.svi}{neighbor.vlan}")

    def forget(self, neighbor: Neighbor, gateway: str) -> Forgetting | None:
        """Refuse where no command is written.

        Raises:
            ValueError: the interface is there.
        """
        if neighbor.parent is None and not section(gateway):
            return None
        raise ValueError(f"how {self.platform} clears one entry is not known")

    def old_entry(self, neighbor: Neighbor, answer: str, *, seconds: float) -> str:
        """Find nothing, as nothing is cleared."""
        del neighbor, answer, seconds
        return ""

    def interface_query(self, interface: str) -> Query:
        """Ask for an interface's own lines."""
        answer = re.compile(rf"^interface \S|^\s*{self.no_such}", re.MULTILINE)
        return Query(command=self._running(interface), answer=answer)

    def _running(self, interface: str) -> str:
        return f"display current-configuration interface {interface}"

    def _config(self, interface: str, texts: Mapping[str, str]) -> tuple[str, ...]:
        return section(texts[self._running(interface)])

    def _gateway_block(self, claim: Gateway, op: str, row: GatewayRow | None) -> Block:
        name, claims = f"{self.svi}{claim.vlan}", frozenset[Claim]({claim})
        if op == "remove":
            return Block(enter=f"undo interface {name}", mode="config", lines=(), claims=claims)
        have: frozenset[Interface] = row.addresses if row else frozenset()
        lines: tuple[str, ...] = ()
        has_primary = row is not None and row.primary is not None
        has_ipv6 = any(isinstance(address, IPv6Interface) for address in have)
        for address in [each for each in claim.addresses if each not in have]:
            if isinstance(address, IPv4Interface):
                lines += (f"ip address {address.ip} {address.netmask}{' sub' if has_primary else ''}",)
                has_primary = True
            else:
                lines += (*(() if has_ipv6 else self.enable_ipv6), f"ipv6 address {address}")
                has_ipv6 = True
        if row is not None and row.shutdown:
            lines += ("undo shutdown",)
        return Block(enter=f"interface {name}", mode="svi", lines=lines, claims=claims)

    def _macs(self, texts: Mapping[str, str], scope: Scope) -> dict[tuple[PortName, Vid], frozenset[str]]:
        """Give who talks where. A port that cannot be told counts as every port: better kept than cut."""
        found: dict[tuple[PortName, Vid], frozenset[str]] = {key: frozenset() for key in scope.removals}
        for vlan in {vlan for _, vlan in scope.removals}:
            for row in _MAC_ROW.finditer(texts[_macs_query(vlan).command]):
                if int(row["mac"][1], 16) & 1:
                    continue  # a group address: nobody in person
                ports = [self._long(word) for word in row["rest"].split() if _PORT.fullmatch(word)]
                for key in [key for key in found if key[1] == int(row["vlan"])]:
                    if not ports or None in {*ports, self._long(key[0])} or self._long(key[0]) in ports:
                        found[key] |= {_mac(row["mac"])}
        return found

    def _long(self, name: str) -> str | None:
        """Write a port out, in lower case; None for a kind that is not known."""
        found = _PORT.fullmatch(name)
        kind = found["kind"].lower() if found else ""
        if found is None or kind not in {*self.long_names, *map(str.lower, self.long_names.values())}:
            return None
        return f"{self.long_names.get(kind, kind)}{found['place']}".lower()


def _macs_query(vlan: Vid) -> Query:
    believed = r"\A(?!.*^\s*(?:Error|%)).*mac addr"
    flags = re.MULTILINE | re.DOTALL | re.IGNORECASE
    return Query(command=f"display mac-address vlan {vlan}", answer=re.compile(believed, flags))


def _vlan_block(claim: HasVlan, op: str) -> Block:
    claims = frozenset[Claim]({claim})
    if op == "remove":
        return Block(enter=f"undo vlan {claim.vlan}", mode="config", lines=(), claims=claims)
    lines = (f"description {claim.name}",)
    return Block(enter=f"vlan {claim.vlan}", mode="vlan", lines=lines, claims=claims)


def _mac(dashed: str) -> str:
    digits = dashed.replace("-", "").lower()
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
