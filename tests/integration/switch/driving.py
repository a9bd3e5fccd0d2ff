"""What the driver tests share: a journal that remembers, and a driver logged in to a virtual switch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.builders import a_switch
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.login import connect
from trunkline.lab.switch.server import RunningSwitch
from trunkline.orchestrator.errors import Superseded
from trunkline.orchestrator.intents import Claim
from trunkline.orchestrator.models import SecretRef, Switch


@dataclass
class Notes:
    """A journal that remembers, and lets everything pass unless told otherwise."""

    begun: list[tuple[str, ...]] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)
    ours: set[Claim] = field(default_factory=set)
    unneeded: bool = True
    superseded: bool = False
    kept: list[str] = field(default_factory=list)

    def keep(self, text: str) -> None:
        self.kept.append(text)

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        if self.superseded:
            raise Superseded("moved on", subject="test")
        self.ours |= adding
        self.begun.append(tuple(lines))
        return str(len(self.begun))

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        del operation, reply
        self.ended.append(ok)

    def still_unneeded(self, claim: Claim) -> bool:
        del claim
        return self.unneeded


def as_inventory(running: RunningSwitch, **changes: object) -> Switch:
    login = replace(a_switch().credentials, username=running.user)
    switch = a_switch(
        address=running.address, port=running.port, host_key=running.host_key, credentials=login
    )
    return replace(switch, **changes)  # type: ignore[arg-type]  # tests pass the field's own type


@contextmanager
def a_driver(running: RunningSwitch, **changes: object) -> Iterator[tuple[SwitchDriver, Switch]]:
    switch = as_inventory(running, **changes)

    def secret(_: SecretRef) -> str:
        return running.password

    session = connect(switch, GRAMMAR, secrets=secret)
    try:
        yield SwitchDriver(switch, CiscoIos(), session), switch
    finally:
        session.close()
