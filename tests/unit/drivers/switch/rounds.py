"""What the tests of several dialects share: a device that is played, the engine that brings it there and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_interface

import pytest

from tests.builders import a_switch
from trunkline.drivers.switch.claims import Change, diff
from trunkline.drivers.switch.conformance.device import PlayedSession
from trunkline.drivers.switch.dialect import Block, Dialect, Grammar
from trunkline.drivers.switch.engine import SwitchDriver, SwitchResult, scope_of
from trunkline.drivers.switch.guards import check_blocks
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.transport import Transcript
from trunkline.orchestrator.errors import GuardRefused
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

WEB = HasVlan(vlan=Vid(10), name="tl-web")
GATEWAY = Gateway(
    vlan=Vid(10),
    addresses=(
        ip_interface("172.31.0.1/16"),
        ip_interface("172.30.0.1/24"),
        ip_interface("fd00:31::1/64"),
    ),
)


@dataclass(kw_only=True)
class Played(PlayedSession):
    """A session on a played device.

    ``says`` is what it answers to a command in place of its own words; ``deaf`` tells by a block's first line and a
    line in it which it does not hear.
    """

    says: dict[str, str] = field(default_factory=dict)
    deaf: Callable[[str, str], bool] = lambda enter, line: False  # noqa: ARG005  # it hears all
    taken: list[str] = field(default_factory=list)

    def show(self, command: str) -> str:
        return self.says[command] if command in self.says else self.device.answer(command)

    def query(self, command: str, grammar: Grammar) -> str:
        del grammar
        return self.show(command)

    def configure(self, blocks: Sequence[Block], grammar: Grammar, *, revert_minutes: int = 0) -> Transcript:
        heard = [
            replace(block, lines=tuple(line for line in block.lines if not self.deaf(block.enter, line)))
            for block in blocks
        ]
        transcript = PlayedSession.configure(self, heard, grammar, revert_minutes=revert_minutes)
        self.taken += transcript.sent
        return transcript


class Silent:
    """A journal that lets everything pass."""

    def keep(self, text: str) -> None:
        del text

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        del lines, adding
        return ""

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        del operation, ok, reply

    def still_unneeded(self, claim: Claim) -> bool:
        del claim
        return True


def an_intent(
    *ports: str, gateway: bool = True, adopt: bool = False, native: int | None = None
) -> SwitchIntent:
    """VLAN 10 on these ports, with two IPv4 addresses and one of IPv6."""
    carries = {Carries(port=PortName(port), vlan=Vid(10)) for port in ports}
    rule_of = {
        PortName(port): PortRule(
            port=PortName(port), adopt=adopt, native_vlan=None if native is None else Vid(native)
        )
        for port in ports
    }
    return SwitchIntent(
        switch=a_switch(),
        generation=1,
        present=frozenset({WEB, *carries, *([GATEWAY] if gateway else [])}),
        ports=rule_of,
    )


def sync(dialect: Dialect, device: Played, intent: SwitchIntent) -> SwitchResult:
    device.taken.clear()
    return SwitchDriver(intent.switch, dialect, device).sync(intent, journal=Silent())


def there_and_back(dialect: Dialect, device: Played, intent: SwitchIntent) -> tuple[str, ...]:
    """Bring a device to an intent, see that nothing is left to do, and take all of it away again.

    Returns:
        The lines that were sent on the way there.
    """
    before = read(dialect, device, intent)
    there = sync(dialect, device, intent)
    sent = tuple(device.taken)
    assert (there.problems, there.strange, there.verified) == ({}, (), True)
    assert there.gained == intent.present
    assert not sync(dialect, device, intent).plan.changes
    back = sync(dialect, device, replace(intent, present=frozenset(), absent=intent.present))
    assert (back.problems, back.strange, back.verified) == ({}, (), True)
    assert back.lost == intent.present
    assert read(dialect, device, intent) == before
    return sent


def read(dialect: Dialect, device: Played, intent: SwitchIntent) -> SwitchState:
    scope = scope_of(intent)
    return dialect.parse(
        {query.command: device.show(query.command) for query in dialect.queries(scope)}, scope
    )


def rendered(dialect: Dialect, device: Played, intent: SwitchIntent) -> Sequence[Block]:
    state = read(dialect, device, intent)
    changes, problems = diff(intent, state)
    assert not problems
    return dialect.render(changes, state, intent.ports)


def check(dialect: Dialect, block: Block, intent: SwitchIntent, state: SwitchState | None = None) -> None:
    check_blocks(
        [block], dialect.grammar, intent=intent, vlans=frozenset({Vid(10)}), before=state or SwitchState()
    )


def is_refused(dialect: Dialect, enter: str, mode: str, *lines: str, intent: SwitchIntent) -> None:
    """See that the guard refuses a block, which differs from one that it takes in what is tested."""
    with pytest.raises(GuardRefused):
        check(dialect, Block(enter=enter, mode=mode, lines=lines, claims=frozenset()), intent)


def adding(*claims: Claim) -> list[Change]:
    return [Change(op="add", claim=claim) for claim in claims]
