"""What a change on a switch costs: ours beside networking-generic-switch, NAPALM, bare netmiko and one pasted session.

All talk SSH to the same virtual switch, a process of its own, over a delay line in another. A change puts a VLAN on
one more port; after each run the switch itself is asked whether it did.
Run: `.venv/bin/python -m benchmarks.switch_change`; `--quick` is for the tests: little of everything, no installing.
"""

from __future__ import annotations

import logging
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from benchmarks import rivals
from benchmarks.delay_line import delayed
from benchmarks.switch_clients import Ours, Paste, bare_netmiko, the_lines
from benchmarks.switch_device import PORTS, VLAN, BenchSwitch, a_bench_switch
from benchmarks.switch_figures import Case, Figures, quantile, say
from benchmarks.switch_starts import a_start

FLOOR_COLD = "floor: log in, paste the lines"
FLOOR = "floor: paste the lines, session kept"
SAME_COLD = "log in, paste all that ours says"
SAME = "paste all that ours says, session kept"
STEPS = "the same in three pastes: read, write, read"
OURS_COLD, OURS = "ours, log in", "ours, session kept"
NETMIKO = "bare netmiko, session kept"
NAPALM = "NAPALM merge, session kept, saves"
NGS = "networking-generic-switch, saves"
FLOORS = {
    **dict.fromkeys((FLOOR_COLD, SAME_COLD, OURS_COLD, NGS), FLOOR_COLD),
    **dict.fromkeys((FLOOR, SAME, STEPS, OURS, NETMIKO, NAPALM), FLOOR),
}
ENTER, LEAVE = "configure terminal", "end"
P50_SECONDS, P99_SECONDS, STARTS_SECONDS = 0.010, 0.030, 0.150


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    round_trips: tuple[float, ...] = (0.0, 0.005, 0.020)
    counts: tuple[int, ...] = (1, 20, 200)
    rounds: int = 5
    single_rounds: int = 100
    ngs_rounds: int = 5
    starts: int = 50
    rivals: bool = True

    def slow_rounds(self, count: int) -> int:
        """Give how often a slow rival makes so many changes."""
        return 1 if count > 100 else min(3, self.rounds)


QUICK = Size(round_trips=(0.0, 0.002), counts=(1, 12), rounds=1, single_rounds=3, starts=5, rivals=False)


@dataclass(slots=True, kw_only=True)
class Bench:
    """The switch, one end of a delay line, and what was found."""

    device: BenchSwitch
    size: Size
    figures: Figures
    round_trip: float
    port: int

    def measure(self) -> None:
        """Measure everything at this distance."""
        ours, paste = Ours(self.device, self.port), Paste(self.device, self.port)
        try:
            self.clocked(lambda: ours.sync(1), 1)  # Imports and caches are warm from here on.
            for count in self.size.counts:
                self._ours_and_floor(ours, paste, count)
            for count in self.size.counts:
                self._netmiko(count)
            if self.size.rivals:
                self._rivals()
        finally:
            ours.forget()
            paste.close()

    def clocked(self, act: Callable[[], object], count: int, *, who: str = "a client") -> float:
        """Blank the ports, act, see that the switch did it; gives the seconds it took to act."""
        self.device.ask("reset", count)
        began = time.perf_counter()
        act()
        took = time.perf_counter() - began
        rivals.insist(self.device.ask("ports", VLAN, "trunk"), PORTS[:count], who)
        self.device.ask("reset", count)
        return took

    def said_by_ours(self, ours: Ours, count: int) -> tuple[list[str], list[str], list[str]]:
        """Let ours do it once, and give the lines it read with, wrote, and read back with."""
        said = self.device.ask("said")
        self.clocked(lambda: ours.sync(count), count)
        heard = [line for line in self.device.ask("heard", said) if line]
        start, stop = heard.index(ENTER), heard.index(LEAVE) + 1
        return heard[:start], heard[start:stop], heard[stop:]

    def _ours_and_floor(self, ours: Ours, paste: Paste, count: int) -> None:
        lines = [ENTER, *the_lines(count), LEAVE]
        steps = self.said_by_ours(ours, count)
        everything = [line for step in steps for line in step]
        found: dict[str, list[float]] = {}
        phases: dict[str, list[dict[str, float]]] = {OURS_COLD: [], OURS: []}

        def sync(name: str) -> None:
            phases[name].append(dict(ours.sync(count).timings))

        for _ in range(self.size.rounds):
            for name, act in (
                (FLOOR_COLD, lambda: paste.say(lines)),
                (FLOOR, lambda: paste.say(lines)),
                (SAME_COLD, lambda: paste.say(everything)),
                (SAME, lambda: paste.say(everything)),
                (STEPS, lambda: paste.say(*steps)),
                (OURS_COLD, lambda: sync(OURS_COLD)),
                (OURS, lambda: sync(OURS)),
            ):
                if name in {FLOOR_COLD, SAME_COLD, OURS_COLD}:
                    (ours if name == OURS_COLD else paste).forget()
                found.setdefault(name, []).append(self.clocked(act, count, who=name))
        for name, seconds in found.items():
            self.figures.add((self.round_trip, count), name, seconds, _phases(phases.get(name, [])))

    def _netmiko(self, count: int) -> None:
        with bare_netmiko(self.device, self.port) as session:
            lines = the_lines(count)
            seconds = [
                self.clocked(lambda: session.send_config_set(lines), count, who=NETMIKO)
                for _ in range(self.size.slow_rounds(count))
            ]
        self.figures.add((self.round_trip, count), NETMIKO, seconds)

    def _rivals(self) -> None:
        for count in self.size.counts:
            self.device.ask("reset", count)
            rounds = self.size.slow_rounds(count)
            seconds = rivals.napalm_seconds(self.device, self.port, count, rounds)
            self.figures.add((self.round_trip, count), NAPALM, seconds, "without its file transfer")
        self.device.ask("reset", len(PORTS))
        seconds = rivals.ngs_seconds(self.device, self.port, self.size.ngs_rounds)
        self.device.ask("reset", len(PORTS))
        for count in self.size.counts:
            note = "" if count == 1 else f"scaled: {count} x what one operation took"
            self.figures.add((self.round_trip, count), NGS, [each * count for each in seconds], note)

    def single(self) -> tuple[list[float], float, list[str]]:
        """Make one change often; gives ours, the same dialogue by hand (median), and what is said when it is so."""
        ours, paste = Ours(self.device, self.port), Paste(self.device, self.port)
        try:
            steps = self.said_by_ours(ours, 1)
            paste.say(*steps)
            mine, raw = [], []
            for _ in range(self.size.single_rounds):
                mine.append(self.clocked(lambda: ours.sync(1), 1))
                raw.append(self.clocked(lambda: paste.say(*steps), 1))
            ours.sync(1)
            said = self.device.ask("said")
            result = ours.sync(1)
            heard = [line for line in self.device.ask("heard", said) if line]
            if result.sent:
                raise RuntimeError(f"ours says that it sent {result.sent} though all was true")
        finally:
            ours.forget()
            paste.close()
        return mine, statistics.median(raw), [line for line in heard if not line.startswith("show ")]


def _phases(found: Sequence[dict[str, float]]) -> str:
    if not found:
        return ""
    names = ("read", "apply", "verify")
    return " ".join(f"{name} {statistics.median(f[name] for f in found) * 1000:.1f}" for name in names)


def judge(figures: Figures, size: Size) -> None:
    """Print the goals that the table decides."""
    most = max(size.counts)
    for round_trip in size.round_trips:
        case: Case = (round_trip, most)
        where = f"{most} changes at {round_trip * 1000:.0f} ms"
        pairs = (
            (OURS, FLOOR_COLD),
            (OURS, FLOOR),
            (OURS_COLD, FLOOR_COLD),
            (OURS, SAME),
            (OURS_COLD, SAME_COLD),
        )
        for mine, floor in pairs:
            ratio = figures.median(case, mine) / figures.median(case, floor)
            figures.goal(f"{where}, {mine} <= 2 x ({floor})", f"{ratio:.1f}", met=ratio <= 2)
        if size.rivals:
            ratio = figures.median(case, NGS) / figures.median(case, OURS)
            figures.goal(f"{where}, >= 100 x faster than NGS (scaled)", f"{ratio:.0f}", met=ratio >= 100)


def one_change(device: BenchSwitch, size: Size, figures: Figures) -> None:
    """Measure and judge one change on a warm session, and none."""
    for round_trip in size.round_trips:
        with delayed(device.port, round_trip) as port:
            bench = Bench(device=device, size=size, figures=figures, round_trip=round_trip, port=port)
            mine, raw, said = bench.single()
        p50, p99 = (quantile(mine, share) - raw for share in (0.5, 0.99))
        figures.goal(
            f"1 change at {round_trip * 1000:.0f} ms, above the same dialogue in three pastes: p50 <= 10, p99 <= 30",
            f"p50 {p50 * 1000:.1f}, p99 {p99 * 1000:.1f} ms ({len(mine)} runs, the dialogue takes {raw * 1000:.1f})",
            met=p50 <= P50_SECONDS and p99 <= P99_SECONDS,
        )
        figures.goal("zero commands when all is true", f"{len(said)} beside show", met=not said)


def starts(device: BenchSwitch, size: Size, figures: Figures) -> None:
    """Measure and judge many container starts at once."""
    round_trip = 0.005
    for warm in (True, False):
        found = [
            a_start(device, count=size.starts, round_trip_seconds=round_trip, warm=warm)
            for _ in range(size.rounds)
        ]
        middle = statistics.median(each.seconds for each in found)
        slowest = max(each.seconds for each in found)
        name = f"{size.starts} starts at once at 5 ms, {'session kept' if warm else 'log in'}"
        figures.goal(
            f"{name}, all configured <= 150 ms",
            f"median {middle * 1000:.0f}, slowest {slowest * 1000:.0f} ms ({len(found)} runs)",
            met=middle <= STARTS_SECONDS,
        )
        logins, pushes = max(each.logins for each in found), max(each.pushes for each in found)
        saves = {(each.saves_meanwhile, each.saves_after) for each in found}
        figures.goal(
            f"{name}: one session, one save, put off",
            f"{logins} sessions, {pushes} pushes, saves meanwhile and after {sorted(saves)}",
            met=logins == 1 and saves == {(0, 1)},
        )


def measure(size: Size) -> Figures:
    """Measure all in one run."""
    figures = Figures()
    if size.rivals:
        say(rivals.installed())
    with a_bench_switch() as device:
        for round_trip in size.round_trips:
            with delayed(device.port, round_trip) as port:
                Bench(device=device, size=size, figures=figures, round_trip=round_trip, port=port).measure()
        figures.table(FLOORS)
        say("\ngoals")
        judge(figures, size)
        one_change(device, size, figures)
        starts(device, size, figures)
    return figures


def main() -> int:
    """Measure; the status is 0 when all that was timed was done, also where a goal was missed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    size = QUICK if "--quick" in sys.argv[1:] else Size()
    if not size.rivals:
        say("quick: no figures to rely on; networking-generic-switch and NAPALM are left out")
    figures = measure(size)
    say(f"\n{len(figures.missed)} goals missed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
