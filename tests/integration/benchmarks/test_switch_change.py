"""The benchmark of a change on a switch does the work that it times, and says when it was not done."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from benchmarks.delay_line import delayed
from benchmarks.rivals import insist
from benchmarks.switch_clients import Ours, Paste, the_lines
from benchmarks.switch_device import PORTS, VLAN, BenchSwitch, a_bench_switch
from tests.conftest import ROOT


@pytest.fixture
def device() -> Iterator[BenchSwitch]:
    with a_bench_switch() as switch:
        yield switch


@pytest.mark.slow
@pytest.mark.redis
def test_a_quick_run_measures_everything_but_what_must_be_installed() -> None:
    command = [sys.executable, "-m", "benchmarks.switch_change", "--quick"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=110)

    assert done.returncode == 0, done.stderr[-2000:]
    for client in ("floor: paste the lines", "ours, log in", "ours, session kept", "bare netmiko"):
        assert done.stdout.count(f"  {client}") >= 4, "two counts at two distances"
    for goal in ("zero commands when all is true: 0", "5 starts at once", "12 changes at 2 ms"):
        assert goal in done.stdout
    assert "1 sessions, 1 pushes, saves meanwhile and after [(0, 1)]" in done.stdout


def test_a_paste_and_ours_bring_the_switch_to_the_same_state(device: BenchSwitch) -> None:
    ours, paste = Ours(device, device.port), Paste(device, device.port)
    try:
        for act in (
            lambda: paste.say(["configure terminal", *the_lines(10), "end"]),
            lambda: ours.sync(10),
        ):
            device.ask("reset", len(PORTS))
            assert device.ask("ports", VLAN, "trunk") == []
            act()
            assert device.ask("ports", VLAN, "trunk") == list(PORTS[:10])
        assert ours.sync(10).sent == ()
    finally:
        ours.forget()
        paste.close()


def test_a_delay_line_takes_a_round_trip_and_keeps_what_is_pasted_together(device: BenchSwitch) -> None:
    with delayed(device.port, 0.1) as port:
        paste = Paste(device, port)
        try:
            paste.say(["show clock"])
            began = time.monotonic()
            paste.say(["show vlan brief"] * 20)
            took = time.monotonic() - began
        finally:
            paste.close()
    assert 0.1 <= took < 1.0, "one round trip, not twenty"


def test_work_that_was_not_done_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="somebody: the switch has VLAN 10 on 0 ports, not on 1"):
        insist([], PORTS[:1], "somebody")
