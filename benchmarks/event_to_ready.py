"""From `docker run` to READY, beside a bare netmiko session and a script that does every step by hand.

The rivals send the same lines to the same switch, on the same machine, in the same run: a bare netmiko session (the
floor for the switch alone), and a script of a person who knows everything beforehand and checks nothing (netmiko, ip,
docker, one after the other). Runs itself in the lab kernel: `.venv/bin/python -m benchmarks.event_to_ready`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import netmiko

from trunkline.lab.building import Lab, default_out
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.kernel import inside, run
from trunkline.lab.topology_file import load

ROUNDS = 5
TIMEOUT_SECONDS = 900
LINES = ["interface GigabitEthernet1/0/1", "switchport trunk allowed vlan add 10"]
UNDO = ["interface GigabitEthernet1/0/1", "switchport trunk allowed vlan remove 10"]
LABEL = ("--label", "trunkline.segment=web")
SUBNETS = ("--subnet", "172.31.0.0/16", "--gateway", "172.31.0.1")
MACVLAN = ("network", "create", "-d", "macvlan", "-o", "parent=eth0.10", *SUBNETS, "byhand")
PHASES = (
    "docker start",
    "docker run returned",
    "switch begun",
    "switch done",
    "link",
    "network",
    "connected",
    "READY",
)


def trunkline_round(plane: ControlPlane) -> Mapping[str, float]:
    """Give, in seconds since `docker run`, when each phase was over; then clean up."""
    host = plane.lab.host("host1")
    clock, began = plane.store.now(), time.monotonic()
    host.docker("run", "--detach", *LABEL, "--name", "bench", "busybox")
    times = {"docker run returned": time.monotonic() - began}
    plane.wait_for("host1", "web", "ready")
    times["READY"] = time.monotonic() - began
    started = host.docker("inspect", "--format", "{{.State.StartedAt}}", "bench").stdout.strip()
    times["docker start"] = datetime.fromisoformat(f"{started[:26]}+00:00").timestamp() - clock
    for operation in plane.store.operations.tail(50):
        if operation.at < clock or operation.finished_at is None:
            continue
        if operation.device == "switch:sw1" and operation.lines[0] != "write memory":
            times["switch begun"] = min(operation.at - clock, times.get("switch begun", operation.at))
            times["switch done"] = operation.finished_at - clock
        for phase, words in (
            ("link", "ip link"),
            ("network", "network create"),
            ("connected", "network connect"),
        ):
            if words in operation.lines[0]:
                times[phase] = operation.finished_at - clock
    host.docker("rm", "--force", "bench")
    plane.wait_for("host1", "web", "absent")
    return times


def netmiko_round(lab: Lab, lines: list[str]) -> float:
    """Give the seconds a bare session needs: log in, enable, send the lines, log out."""
    switch = lab.switch("sw1")
    login = {"host": switch.address, "username": switch.user, "password": switch.password}
    began = time.monotonic()
    with netmiko.ConnectHandler(device_type="cisco_ios", secret=switch.password, **login) as session:
        session.enable()
        session.send_config_set(lines)
    return time.monotonic() - began


def by_hand_round(lab: Lab) -> float:
    """Give the seconds of a script that does every step, then clean up."""
    host = lab.host("host2")
    began = time.monotonic()
    host.docker("run", "--detach", "--name", "byhand", "busybox")
    netmiko_round(lab, ["interface GigabitEthernet1/0/2", *LINES[1:]])
    host.exec(
        ["ip", "link", "add", "link", "eth0", "name", "eth0.10", "type", "vlan", "id", "10"], check=True
    )
    host.exec(["ip", "link", "set", "eth0.10", "up"], check=True)
    host.docker(*MACVLAN)
    host.docker("network", "connect", "--ip", "172.31.9.9", "byhand", "byhand")
    took = time.monotonic() - began
    host.docker("rm", "--force", "byhand")
    host.docker("network", "rm", "byhand")
    host.exec(["ip", "link", "del", "eth0.10"], check=True)
    netmiko_round(lab, ["interface GigabitEthernet1/0/2", *UNDO[1:]])
    return took


def measure() -> None:
    """Run all in turn in one lab and print medians and ratios."""
    inventory = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8")
    inventory = inventory.replace("grace: 3s", "grace: 1s")
    with (
        Lab(load("seed"), out=default_out()) as lab,
        ControlPlane(lab, inventory, sweep_seconds=5.0) as plane,
    ):
        trunkline_round(plane)
        netmiko_round(lab, UNDO)
        ours, hand, bare = [], [], []
        for _ in range(ROUNDS):
            ours.append(trunkline_round(plane))
            hand.append(by_hand_round(lab))
            bare.append(netmiko_round(lab, LINES))
            netmiko_round(lab, UNDO)
    say("bare netmiko session, the switch's lines only", bare, bare)
    say("every step by hand, in a script", hand, bare)
    for phase in PHASES:
        say(f"Trunkline: docker run -> {phase}", [times[phase] for times in ours if phase in times], bare)
    ratio = statistics.median(times["READY"] for times in ours) / statistics.median(hand)
    sys.stdout.write(f"Trunkline / by hand: {ratio:.2f}\n")


def say(name: str, seconds: list[float], floor: list[float]) -> None:
    """Print one row: median, slowest, and the ratio of the medians to the floor's."""
    middle = statistics.median(seconds)
    ratio = middle / statistics.median(floor)
    sys.stdout.write(f"{name:48} median {middle:6.2f} s  slowest {max(seconds):6.2f} s  ratio {ratio:6.2f}\n")


def main() -> int:
    """Measure, in the lab kernel."""
    if inside():
        measure()
        return 0
    return run(
        [sys.executable, "-m", "benchmarks.event_to_ready"],
        out=Path("build/benchmark").absolute(),
        timeout_seconds=TIMEOUT_SECONDS,
    )


if __name__ == "__main__":
    raise SystemExit(main())
