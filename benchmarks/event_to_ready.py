"""From `docker run` to READY, beside a bare netmiko session that sends the same lines to the same switch.

Runs itself in the lab kernel: `.venv/bin/python -m benchmarks.event_to_ready`.
"""

from __future__ import annotations

import statistics
import sys
import time
from importlib.resources import files
from pathlib import Path

import netmiko

from trunkline.lab.building import Lab, default_out
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.kernel import inside, run
from trunkline.lab.topology_file import load

ROUNDS = 5
TIMEOUT_SECONDS = 600
LINES = ["interface GigabitEthernet1/0/1", "switchport trunk allowed vlan add 10"]
UNDO = ["interface GigabitEthernet1/0/1", "switchport trunk allowed vlan remove 10"]


def trunkline_round(plane: ControlPlane) -> tuple[float, float]:
    """Give seconds from `docker run` to READY, and to the switch being ready, then clean up."""
    host = plane.lab.host("host1")
    began = time.monotonic()
    clock = plane.store.now()
    host.docker("run", "--detach", "--label", "trunkline.segment=web", "--name", "bench", "busybox")
    plane.wait_for("host1", "web", "ready")
    ready = time.monotonic() - began
    wrote = [
        operation.finished_at - clock
        for operation in plane.store.operations.tail(50, device="switch:sw1")
        if operation.at >= clock and operation.finished_at is not None
    ]
    host.docker("rm", "--force", "bench")
    plane.wait_for("host1", "web", "absent")
    return ready, max(wrote)


def netmiko_round(lab: Lab) -> float:
    """Give the seconds a bare session needs: log in, enable, send the lines, log out."""
    switch = lab.switch("sw1")
    password = switch.password_file.read_text(encoding="utf-8").strip()
    login = {"host": switch.address, "username": switch.user, "password": password, "secret": password}
    began = time.monotonic()
    with netmiko.ConnectHandler(device_type="cisco_ios", **login) as session:
        session.enable()
        session.send_config_set(LINES)
    took = time.monotonic() - began
    with netmiko.ConnectHandler(device_type="cisco_ios", **login) as session:
        session.enable()
        session.send_config_set(UNDO)
    return took


def measure() -> None:
    """Run both in turn in one lab and print medians and ratios."""
    inventory = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8")
    inventory = inventory.replace("grace: 3s", "grace: 1s")
    with (
        Lab(load("seed"), out=default_out()) as lab,
        ControlPlane(lab, inventory, sweep_seconds=2.0) as plane,
    ):
        trunkline_round(plane)
        netmiko_round(lab)
        ours = [trunkline_round(plane) for _ in range(ROUNDS)]
        rival = [netmiko_round(lab) for _ in range(ROUNDS)]
    ready = [pair[0] for pair in ours]
    switch = [pair[1] for pair in ours]
    base = statistics.median(rival)
    for name, values in (
        ("docker run -> READY (switch, link, network, address, endpoint)", ready),
        ("docker run -> lines on the switch, verified session", switch),
        ("bare netmiko session, the switch's lines only", rival),
    ):
        middle = statistics.median(values)
        print(f"{name:64} median {middle:6.2f} s  slowest {max(values):6.2f} s  ratio {middle / base:5.2f}")


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
