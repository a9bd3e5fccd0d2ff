"""Checks of a dialect on a played device, driven by the real engine: what was wanted is there, nothing else moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from random import Random

from trunkline.drivers.switch.claims import holds, is_gone
from trunkline.drivers.switch.conformance.bench import Bench, shown
from trunkline.drivers.switch.conformance.device import NONSENSE, Mumbling, PlayedSession, Refusing
from trunkline.drivers.switch.conformance.samples import BLUE, GREEN, RED
from trunkline.drivers.switch.guards import check_commands
from trunkline.drivers.switch.state import SwitchState
from trunkline.drivers.switch.transport import is_refusal
from trunkline.orchestrator.errors import GuardRefused, NotVerified, OrchestratorError
from trunkline.orchestrator.intents import Carries, Gateway, Neighbor

MakeBench = Callable[[], Bench]
"""Gives a bench with a device as good as new."""

STEPS = 5
UNREADABLE = (ValueError, OrchestratorError)


def round_trip(make: MakeBench, random: Random) -> Iterator[str]:
    """Go from one random set of claims to the next: each is there afterwards, and what left it is gone."""
    bench = make()
    pool = [
        claim
        for number, (vlan, name) in enumerate([(BLUE, "tl-blue"), (GREEN, "tl-green"), (RED, "tl-red")])
        for claim in bench.claims(vlan, name, number=number)
    ]
    for _ in range(STEPS):
        vlans = {vlan for vlan in (BLUE, GREEN, RED) if random.random() < 0.7}  # noqa: PLR2004  # mostly there
        present = [
            claim
            for claim in pool
            if claim.vlan in vlans and (not isinstance(claim, (Carries, Gateway)) or random.random() < 0.7)  # noqa: PLR2004  # as above
        ]
        absent = [claim for claim in pool if claim not in present]
        yield from bench.complaints(bench.sync(present, absent), present)
        state = bench.read(absent, removing=True)
        yield from (f"{shown(claim)} is not gone" for claim in absent if not is_gone(claim, state))


def idempotence(make: MakeBench, random: Random) -> Iterator[str]:
    """Ask for the same twice: the second time nothing is sent."""
    del random
    bench = make()
    present = bench.claims(BLUE, "tl-blue", number=1)
    yield from bench.complaints(bench.sync(present), present)
    for wanted, unwanted in ((present, []), ([], present), ([], present)):
        bench.sync(wanted, unwanted)
        bench.session.sent.clear()
        bench.sync(wanted, unwanted)
        if bench.session.sent:
            yield f"the second time it sends {', '.join(map(repr, bench.session.sent))}"


def inverse(make: MakeBench, random: Random) -> Iterator[str]:
    """Take away what was added: the device reads as it did before."""
    del random
    bench = make()
    claims = bench.claims(BLUE, "tl-blue", number=1)
    before = bench.read(claims)
    yield from bench.complaints(bench.sync(claims), claims)
    yield from bench.complaints(bench.sync((), claims), ())
    yield from _differences(before, bench.read(claims), "after it was added and removed")


def neighbours(make: MakeBench, random: Random) -> Iterator[str]:
    """Change one VLAN on one port: the others are as before, and so is that port for them."""
    del random
    bench = make()
    standing = bench.claims(RED, "tl-red", number=2)
    yield from bench.complaints(bench.sync(standing), standing)
    before = bench.read(standing)
    claims = bench.claims(BLUE, "tl-blue", number=1, ports=bench.ports[:1])
    for wanted, unwanted, when in ((claims, [], "was added"), ([], claims, "was removed")):
        yield from bench.complaints(bench.sync(wanted, unwanted), wanted)
        yield from _differences(before, _without_blue(bench.read(standing)), f"when VLAN {BLUE} {when}")


def refusals(make: MakeBench, random: Random) -> Iterator[str]:
    """Let the device refuse one line after the other: each time it is told, and nothing is said to be there falsely."""
    del random
    bench = make()
    grammar = bench.dialect.grammar
    (said,) = bench.device.take((NONSENSE,))
    if not is_refusal(said, grammar):
        yield f"grammar.rejected does not know {said!r}, which is what the device says to {NONSENSE!r}"
        return
    present = bench.claims(BLUE, "tl-blue", number=1)
    bench.sync(present)
    for at, line in enumerate(bench.session.sent):
        refusing = make()
        device = Refusing(device=refusing.device, at=at, leave=grammar.leave_block)
        refusing.session = PlayedSession(device=device)
        result = refusing.sync(present)
        if not result.problems:
            yield f"{line!r} was refused and nobody is told"
        state = refusing.read(present)
        yield from (
            f"{line!r} was refused: {shown(claim)} is said to be there and is not"
            for claim in result.gained
            if not holds(claim, state)
        )


def unreadable(make: MakeBench, random: Random) -> Iterator[str]:
    """Give it answers that are none: they are refused, and an empty one is never taken for an empty device."""
    del random
    bench = make()
    claims = bench.claims(BLUE, "tl-blue", number=1)
    bench.sync(claims)
    whole = bench.read(claims, removing=True)
    if not any(text.strip() for text in bench.model.unreadable):
        yield "the device model's `unreadable` is empty: say what it prints to a user who may not run a command"
    for query in bench.queries(claims):
        for text in ("", *bench.model.unreadable):
            bench.session = PlayedSession(
                device=Mumbling(device=bench.device, command=query.command, words=text)
            )
            try:
                read = bench.read(claims, removing=True)
            except UNREADABLE:
                continue
            if text:
                yield f"`{query.command}` is believed when it says {text!r}"
            elif _seen(read) != _seen(whole):
                yield f"`{query.command}` says nothing, and something of the device is no longer seen"


def saving(make: MakeBench, random: Random) -> Iterator[str]:
    """Save: the device confirms it, and a refusal is no confirmation."""
    del random
    bench = make()
    grammar = bench.dialect.grammar
    if not grammar.save:
        return  # that there is nothing to save, the check of the grammar looks at
    try:
        bench.session.save(grammar)
    except NotVerified as error:
        yield f"grammar.saved does not know it: {error}"
    said = bench.device.answer(grammar.save)
    if said.strip() and grammar.saved.search(""):
        yield f"grammar.saved takes silence for a confirmation, and the device says {said!r}"
    for text in (NONSENSE, *bench.model.unreadable):
        if grammar.saved.search(text):
            yield f"grammar.saved takes {text!r} for a confirmation"


def forgetting(make: MakeBench, random: Random) -> Iterator[str]:
    """Let a gateway forget a neighbor: every command is about that one, or it says that it cannot."""
    del random
    bench = make()
    claims = bench.claims(BLUE, "tl-blue", number=1)
    bench.sync(claims)
    for gateway in (claim for claim in claims if isinstance(claim, Gateway)):
        for address in gateway.addresses:
            neighbor = Neighbor(vlan=BLUE, address=address.ip + 1, parent=gateway.parent)
            yield from _forgetting(bench, neighbor)


def _forgetting(bench: Bench, neighbor: Neighbor) -> Iterator[str]:
    dialect, switch = bench.dialect, bench.intent(()).switch
    query = dialect.gateway_query(neighbor)
    answer = bench.session.query(query.command, dialect.grammar)
    if not query.answer.search(answer):
        yield f"`{query.command}` is not believed though the gateway is there: {answer!r}"
        return
    try:
        how = dialect.forget(neighbor, answer)
    except ValueError:
        return  # it says so, and whoever wants it is told
    if how is None:
        yield f"{neighbor.address}: the gateway is there, and forget finds no interface"
        return
    check_commands(how.commands, dialect.grammar, switch=switch, neighbor=neighbor)
    stranger = replace(neighbor, vlan=GREEN, address=ip_address(int(neighbor.address) + 1))
    for command in how.commands:
        try:
            check_commands([command], dialect.grammar, switch=switch, neighbor=stranger)
        except GuardRefused:
            continue
        yield f"the guard lets {command!r} through for another neighbor: its phrase names neither address nor VLAN"


def _differences(before: SwitchState, after: SwitchState, when: str) -> Iterator[str]:
    for name, first, second in (
        ("VLAN", before.vlans, after.vlans),
        ("port", before.ports, after.ports),
        ("gateway", before.gateways, after.gateways),
    ):
        keys: set[object] = {*first, *second}
        for key in sorted(keys, key=str):
            was, now = first.get(key), second.get(key)  # type: ignore[call-overload]  # a key of its own
            if was != now:
                yield f"{name} {key} {when}: {now}, before: {was}"


def _without_blue(state: SwitchState) -> SwitchState:
    """Leave out what was asked for: the VLAN itself, and that a port carries it."""
    ports = {
        port: replace(row, allowed=type(row.allowed)(row.allowed - {BLUE}))
        for port, row in state.ports.items()
    }
    return replace(state, vlans={vlan: row for vlan, row in state.vlans.items() if vlan != BLUE}, ports=ports)


def _seen(state: SwitchState) -> tuple[object, ...]:
    return state.vlans, state.ports, state.gateways, state.macs
