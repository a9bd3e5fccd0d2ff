"""A dialect, the real engine and a played device, put together for the checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from trunkline.drivers.switch.claims import holds
from trunkline.drivers.switch.conformance.device import Device, DeviceModel, HasOtherPorts, PlayedSession
from trunkline.drivers.switch.conformance.samples import BLUE, Kind, a_gateway, sample_switch
from trunkline.drivers.switch.dialect import AsksTwice, Dialect, Query, Scope
from trunkline.drivers.switch.engine import SwitchDriver, SwitchResult, scope_of
from trunkline.drivers.switch.reading import ask_all
from trunkline.drivers.switch.state import SwitchState
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid


class _Yes:
    """A journal that writes nothing down and lets everything pass."""

    def keep(self, text: str) -> None:
        """Do nothing."""

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        del lines, adding
        return ""

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        """Do nothing."""

    def still_unneeded(self, claim: Claim) -> bool:
        del claim
        return True


@dataclass(slots=True, kw_only=True)
class Bench:
    """One device under test; ``model`` says what is on it."""

    dialect: Dialect
    model: DeviceModel
    device: Device
    session: PlayedSession = field(init=False)

    def __post_init__(self) -> None:
        self.session = PlayedSession(device=self.device)

    @property
    def kind(self) -> Kind:
        """Say what the inventory would call it."""
        if not self.model.ports:
            return "router"
        return "l3switch" if self.model.gateways else "l2switch"

    @property
    def ports(self) -> tuple[PortName, ...]:
        """Give its trunks."""
        return tuple(PortName(name) for name in self.model.ports)

    @property
    def open_ports(self) -> tuple[PortName, ...]:
        """Give its trunks that carry every VLAN."""
        return tuple(map(PortName, self.model.open_ports)) if isinstance(self.model, HasOtherPorts) else ()

    @property
    def access_ports(self) -> tuple[PortName, ...]:
        """Give its ports that are no trunks."""
        return tuple(map(PortName, self.model.access_ports)) if isinstance(self.model, HasOtherPorts) else ()

    def intent(
        self, present: Iterable[Claim], absent: Iterable[Claim] = (), *, adopt: bool = False
    ) -> SwitchIntent:
        """Say what is wanted of it."""
        ports = (*self.ports, *self.open_ports, *self.access_ports)
        return SwitchIntent(
            switch=sample_switch(self.dialect.platform, self.kind),
            generation=1,
            present=frozenset(present),
            absent=frozenset(absent),
            ports={port: PortRule(port=port, adopt=adopt) for port in ports},
        )

    def sync(
        self, present: Iterable[Claim], absent: Iterable[Claim] = (), *, adopt: bool = False
    ) -> SwitchResult:
        """Make it so, with the engine that does it on real switches."""
        intent = self.intent(present, absent, adopt=adopt)
        return SwitchDriver(intent.switch, self.dialect, self.session).sync(intent, journal=_Yes())

    def read(self, claims: Iterable[Claim], *, removing: bool = False) -> SwitchState:
        """Read what claims are about.

        Raises:
            TransientError: an answer is none.
            ValueError: an answer says what it cannot say.
        """
        scope = scope_of(self.intent(() if removing else claims, claims if removing else ()))
        outputs, _ = self._ask(scope)
        return self.dialect.parse(outputs, scope)

    def queries(self, absent: Iterable[Claim]) -> list[Query]:
        """Give everything that is asked where claims are to go, also what depends on the first answers."""
        _, queries = self._ask(scope_of(self.intent((), absent)))
        return queries

    def _ask(self, scope: Scope) -> tuple[dict[str, str], list[Query]]:
        asked = list(self.dialect.queries(scope))
        outputs = self._answers(asked, scope)
        if isinstance(self.dialect, AsksTwice):
            more = self.dialect.more_queries(outputs, scope)
            outputs |= self._answers(more, scope)
            asked += more
        return outputs, asked

    def _answers(self, queries: Sequence[Query], scope: Scope) -> dict[str, str]:
        return dict(
            ask_all(queries, switch=scope.switch, transport=self.session, grammar=self.dialect.grammar)
        )

    def claims(
        self, vlan: Vid, name: str, *, number: int, ports: Sequence[PortName] | None = None
    ) -> list[Claim]:
        """Give everything that can be wanted of it for one VLAN.

        Args:
            vlan: Which one.
            name: What it is called.
            number: Tells the gateways' addresses apart, 1 to 15.
            ports: Where it is carried; None: everywhere.
        """
        found: list[Claim] = []
        if self.kind != "router":
            found.append(HasVlan(vlan=vlan, name=name))
            found += [Carries(port=port, vlan=vlan) for port in (self.ports if ports is None else ports)]
        facts = self.read([a_gateway(BLUE, parent) for parent in self.model.gateways]).facts
        found += [
            a_gateway(
                vlan, parent, number=16 * number + place, ipv4=facts.routes_ipv4, ipv6=facts.routes_ipv6
            )
            for place, parent in enumerate(self.model.gateways, start=1)
        ]
        return found

    def complaints(self, result: SwitchResult, present: Iterable[Claim]) -> list[str]:
        """Say what is wrong with a sync that had to succeed."""
        present = list(present)
        found = [f"{shown(claim)}: {cause}" for claim, cause in result.problems.items()]
        found += [f"without being asked: {strange}" for strange in result.strange]
        if not result.verified:
            found.append("what was read back is neither what was nor what was wanted")
        state = self.read(present)
        found += [f"{shown(claim)} does not hold afterwards" for claim in present if not holds(claim, state)]
        return found


def shown(claim: Claim) -> str:
    """Name a claim in a few words."""
    match claim:
        case HasVlan(vlan=vlan):
            return f"VLAN {vlan}"
        case Carries(port=port, vlan=vlan):
            return f"VLAN {vlan} on port {port}"
        case Gateway(vlan=vlan, parent=parent):
            return f"gateway of VLAN {vlan}" + ("" if parent is None else f" on {parent}")
