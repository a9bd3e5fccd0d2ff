"""Checks of ports that are no plain trunks: one that carries every VLAN, and one that is to be made a trunk."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from trunkline.drivers.switch.claims import holds
from trunkline.drivers.switch.conformance.behaviour import MakeBench
from trunkline.drivers.switch.conformance.bench import Bench
from trunkline.drivers.switch.conformance.device import PlayedSession, Refusing
from trunkline.drivers.switch.conformance.samples import BLUE
from trunkline.drivers.switch.state import PortRow
from trunkline.orchestrator.intents import Carries, HasVlan
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import VlanSet

MADE = HasVlan(vlan=BLUE, name="tl-blue")


def open_trunks(make: MakeBench, random: Random) -> Iterator[str]:
    """Want a VLAN on a trunk that carries every one, and no more: the trunk is never touched."""
    del random
    for port in make().open_ports:
        bench, carries = make(), Carries(port=port, vlan=BLUE)
        bench.sync([MADE])
        before = _row(bench, port)
        if before.allowed != VlanSet.every():
            yield f"port {port} carries every VLAN, and is read to carry {before.allowed}"
        bench.session.sent.clear()
        bench.sync([MADE, carries])
        kept = bench.sync([MADE], [carries])
        if bench.session.sent:
            yield f"port {port} carries every VLAN, and it sends {', '.join(map(repr, bench.session.sent))}"
        if carries not in kept.problems:
            yield f"port {port} carries every VLAN; that VLAN {BLUE} stays there is not told"
        if (now := _row(bench, port)) != before:
            yield f"port {port} carried every VLAN, now {now.allowed}"


def adoption(make: MakeBench, random: Random) -> Iterator[str]:
    """Let it make a port a trunk: only when it may, never half, and what the port carries untagged stays."""
    del random
    for port in make().access_ports:
        bench, carries = make(), Carries(port=port, vlan=BLUE)
        bench.sync([MADE])
        before = _row(bench, port)
        bench.session.sent.clear()
        if carries not in bench.sync([MADE, carries]).problems or bench.session.sent:
            yield f"port {port} is no trunk, and is written without adopt: {bench.session.sent}"
        result = bench.sync([MADE, carries], adopt=True)
        if carries in result.problems:
            if bench.session.sent:
                yield f"port {port}: it sends {bench.session.sent}, and yet {result.problems[carries]}"
            if (now := _row(bench, port)) != before:
                yield f"port {port} is not adopted, and yet it is {now}, before: {before}"
            continue
        yield from bench.complaints(result, [MADE, carries])
        yield from _kept(before, _row(bench, port))
        sent = tuple(bench.session.sent)
        yield from _broken_off(make, carries, sent)
        yield from _opening(make, carries, sent)


def _kept(before: PortRow, after: PortRow) -> Iterator[str]:
    """Say what an adopted port carries beside ours that it did not, or not any more."""
    untagged = before.untagged_vlan
    kept = {untagged} if untagged is not None else set()
    if after.untagged_vlan != untagged:
        yield f"port {before.port} carried VLAN {untagged} untagged, adopted {after.untagged_vlan}"
    if after.allowed != VlanSet(kept | {BLUE}):
        yield f"port {before.port}, adopted, carries {after.allowed}"


def _broken_off(make: MakeBench, carries: Carries, lines: tuple[str, ...]) -> Iterator[str]:
    for at, line in enumerate(lines):
        bench = make()
        bench.sync([MADE])
        before = _row(bench, carries.port)
        refusing = Refusing(device=bench.device, at=at, leave=bench.dialect.grammar.leave_block)
        bench.session = PlayedSession(device=refusing)
        if not bench.sync([MADE, carries], adopt=True).problems:
            yield f"{line!r} was refused and nobody is told"
        if (now := _row(bench, carries.port)) != before and not holds(carries, bench.read([MADE, carries])):
            yield f"{line!r} was refused, and port {carries.port} is left as {now}, before: {before}"


def _opening(make: MakeBench, carries: Carries, lines: tuple[str, ...]) -> Iterator[str]:
    """Type the lines one by one: the port never carries every VLAN in between."""
    for at, line in enumerate(lines, start=1):
        bench = make()
        bench.sync([MADE])
        leave = bench.dialect.grammar.leave_block
        bench.device.take((*lines[:at], *([leave] if leave and line != leave else [])))
        row = _row(bench, carries.port)
        if row.is_trunk and row.allowed == VlanSet.every():
            yield f"after {line!r} port {carries.port} carries every VLAN"


def _row(bench: Bench, port: PortName) -> PortRow:
    return bench.read([Carries(port=port, vlan=BLUE)]).ports[port]
