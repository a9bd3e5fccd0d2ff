"""What a dialect can say, found by letting it say it: sample changes, each with a plausible switch. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_interface
from typing import Literal

from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.dialect import Block, Dialect, Scope
from trunkline.drivers.switch.guards import check_blocks
from trunkline.drivers.switch.state import GatewayRow, PortRow, SwitchState, VlanRow
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import Credentials, PortName, Switch, SwitchName
from trunkline.orchestrator.vlans import Vid, VlanSet

BLUE, GREEN, RED = Vid(777), Vid(778), Vid(901)
UNTAGGED = Vid(1)
PORTS = (
    "GigabitEthernet1/0/1",
    "Ethernet1/1",
    "Ethernet1",
    "ge-0/0/0",
    "eth1",
    "1/1/1",
    "1/1",
    "1",
    "gi1/0/1",
    "ethernet 1/1/1",
    "ethernet1/1/1",
    "TenGigabitEthernet 0/1",
)
"""How vendors name a port; a dialect lets through its own way of naming."""

CANNOT = (ValueError, NotImplementedError, OrchestratorError)
"""How a dialect says that it cannot do something; or it writes nothing."""

Kind = Literal["l3switch", "l2switch", "router"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something that may be asked of a dialect: changes of one kind, with the switch they are made on."""

    name: str
    changes: tuple[Change, ...]
    state: SwitchState
    rules: dict[PortName, PortRule]

    @property
    def vlans(self) -> frozenset[Vid]:
        """Give what the changes are about."""
        return frozenset(change.claim.vlan for change in self.changes)


@functools.cache  # it names every VLAN, and is asked for a hundred times
def sample_switch(platform: str, kind: Kind = "l3switch") -> Switch:
    """Give a switch that Trunkline may write, as the inventory would have it."""
    return Switch(
        name=SwitchName("sample"),
        driver=platform,
        address="198.51.100.1",  # none of a_gateway's: that one is never taken away
        credentials=Credentials(username="trunkline"),
        kind=kind,
        mode="enforce",
    )


def a_gateway(
    vlan: Vid, parent: str | None, *, number: int = 1, ipv4: bool = True, ipv6: bool = True
) -> Gateway:
    """Give a gateway with addresses from the ranges for documentation, which hold no VLAN's id (RFC 5737, 3849)."""
    texts = [f"192.0.2.{number}/28"] * ipv4 + [f"2001:db8:{number:x}::1/64"] * ipv6
    return Gateway(
        vlan=vlan,
        addresses=tuple(ip_interface(text) for text in texts),
        parent=None if parent is None else PortName(parent),
    )


def features(port: PortName, parent: str, *, vlan: Vid = BLUE, name: str = "tl-blue") -> Iterator[Feature]:
    """Give everything that is ever asked of a dialect, one by one."""
    makes = HasVlan(vlan=vlan, name=name)
    carries = Carries(port=port, vlan=vlan)
    trunk = PortRow(port=port, mode="trunk", allowed=VlanSet({UNTAGGED}), native_vlan=UNTAGGED)
    access = replace(
        trunk,
        mode="access",
        shown_mode="access",
        allowed=sample_switch("").managed_vlans,
        access_vlan=Vid(UNTAGGED + 1),
    )
    there = {vlan: VlanRow(vlan=vlan, name=name, active=True)}
    carrying = replace(trunk, allowed=VlanSet({UNTAGGED, vlan}))

    def feature(
        title: str, op: Literal["add", "remove"], claim: Claim, row: PortRow | None = None, **state: object
    ) -> Feature:
        ports = {} if row is None else {port: row}
        return Feature(
            name=title,
            changes=(Change(op=op, claim=claim),),
            state=replace(SwitchState(vlans=there, ports=ports), **state),  # type: ignore[arg-type]  # its own fields
            rules={port: PortRule(port=port, adopt=row is not None and row.mode != "trunk")},
        )

    yield feature("make a VLAN", "add", makes, vlans={})
    yield feature("delete a VLAN", "remove", makes)
    yield feature("put a VLAN on a trunk", "add", carries, trunk)
    yield feature("take a VLAN off a trunk", "remove", carries, carrying)
    yield feature("make a port a trunk (adopt)", "add", carries, access)
    for place, above in (("interface of a VLAN", None), ("sub-interface", parent)):
        for version, only in ((4, {"ipv6": False}), (6, {"ipv4": False})):
            claim = a_gateway(vlan, above, **only)
            row = GatewayRow(
                addresses=frozenset(claim.addresses),
                primary=claim.addresses[0] if version == 4 else None,  # noqa: PLR2004  # of IP
                tagged=None if above is None else vlan,
            )
            title = f"gateway on the {place}, IPv{version}"
            yield feature(f"make a {title}", "add", claim)
            yield feature(f"remove a {title}", "remove", claim, gateways={(claim.parent, vlan): row})


def write(dialect: Dialect, feature: Feature) -> Sequence[Block]:
    """Let the dialect write it, and the guard look at it, as the engine would.

    Raises:
        GuardRefused: a line must not be sent.
        Exception: what the dialect raises for what it cannot do.
    """
    phrases = [phrase for each in dialect.grammar.phrases.values() for phrase in each]
    if any(rule.adopt for rule in feature.rules.values()) and not any(phrase.converts for phrase in phrases):
        raise ValueError("none of its phrases makes a port another one")
    blocks = dialect.render(feature.changes, feature.state, feature.rules)
    check(dialect, feature, blocks)
    return blocks


def check(
    dialect: Dialect, feature: Feature, blocks: Sequence[Block], *, vlans: frozenset[Vid] | None = None
) -> None:
    """Let the guard look at blocks.

    Args:
        dialect: Whose phrases they must be.
        feature: What they are for.
        blocks: What would be sent.
        vlans: What they may be about; None: the feature's own.

    Raises:
        GuardRefused: a line must not be sent.
    """
    intent = SwitchIntent(switch=sample_switch(dialect.platform), generation=1, ports=feature.rules)
    about = feature.vlans if vlans is None else vlans
    check_blocks(blocks, dialect.grammar, intent=intent, vlans=about, before=feature.state)


def why_not(dialect: Dialect, feature: Feature) -> str:
    """Say why a dialect cannot do something; empty when it can."""
    try:
        blocks = write(dialect, feature)
    except CANNOT as error:
        return str(error) or "no lines are written for it"
    return "" if blocks else "no lines are written for it"


def sample_port(dialect: Dialect) -> PortName | None:
    """Find a port name that the dialect's own guard lets through; None when no known way of naming is its."""
    for name in map(PortName, PORTS):
        trunk = next(each for each in features(name, name) if each.name == "put a VLAN on a trunk")
        if not why_not(dialect, trunk):
            return name
    return None


def sample_scope(dialect: Dialect, port: PortName | None, kind: Kind = "l3switch") -> Scope:
    """Give a scope with something of everything."""
    return Scope(
        switch=sample_switch(dialect.platform, kind),
        vlans=frozenset({BLUE}),
        ports=() if port is None or kind == "router" else (port,),
        gateways=((port if kind == "router" else None, BLUE),) if kind != "l2switch" else (),
        removals=() if port is None or kind == "router" else ((port, BLUE),),
    )
