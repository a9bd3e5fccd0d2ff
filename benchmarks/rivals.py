"""Runs rivals as they are installed from PyPI, each in an environment of its own under build/."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.switch_clients import LOOPBACK, the_lines
from benchmarks.switch_device import PORTS, VLAN, BenchSwitch

HERE = Path(__file__).parent
PLACE = HERE.parent / "build" / "rivals"
INSTALLED_WITHIN_SECONDS = 900
DONE_WITHIN_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A program to beat. ``requirements`` are what PyPI is asked for; ``script`` drives it."""

    name: str
    requirements: tuple[str, ...]
    script: str

    def install(self) -> str:
        """Make its environment unless it is there; give what was installed."""
        place = PLACE / self.name
        python = place / "bin" / "python"
        if not (place / "installed").exists():
            venv.create(place, with_pip=True, clear=True)
            command = [str(python), "-m", "pip", "install", "--quiet", *self.requirements]
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALLED_WITHIN_SECONDS)
            listed = subprocess.run(
                [str(python), "-m", "pip", "list", "--format", "freeze"],
                check=True,
                capture_output=True,
                text=True,
                timeout=60,
            ).stdout
            (place / "installed").write_text(listed)
        kept = ("networking-generic-switch", "napalm==", "netmiko", "paramiko")
        return ", ".join(line for line in (place / "installed").read_text().split() if line.startswith(kept))

    def run(self, device: BenchSwitch, port: int, **order: Any) -> list[float]:  # Any: what JSON takes
        """Let it do its work over there; gives the seconds of each operation.

        Raises:
            RuntimeError: it failed; its last words are in the message.
        """
        order |= {"host": LOOPBACK, "port": port, "user": device.user, "password": device.password}
        python = PLACE / self.name / "bin" / "python"
        command = [str(python), "-W", "ignore", str(HERE / self.script), json.dumps(order)]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=DONE_WITHIN_SECONDS
        )
        if done.returncode:
            raise RuntimeError(f"{self.name} failed: {done.stderr[-2000:]}")
        seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
        return seconds


NGS = Rival(name="ngs", requirements=("networking-generic-switch",), script="rival_ngs.py")
NAPALM = Rival(name="napalm", requirements=("napalm",), script="rival_napalm.py")


def ngs_seconds(device: BenchSwitch, port: int, rounds: int) -> list[float]:
    """Let NGS put so many ports into the VLAN, one after the other, and see that they are in it."""
    ports = PORTS[:rounds]
    seconds = NGS.run(device, port, ports=ports, vlan=VLAN)
    insist(device.ask("ports", VLAN, "access"), ports, NGS.name)
    return seconds


def napalm_seconds(device: BenchSwitch, port: int, count: int, rounds: int) -> list[float]:
    """Let NAPALM merge the lines so many times, and see that they took."""
    lines = (line if line.startswith("interface ") else f" {line}" for line in the_lines(count))
    candidate = "\n".join([*lines, "end", ""])
    device.ask("put", "merge_config.txt", candidate)
    seconds = NAPALM.run(device, port, candidate=candidate, rounds=rounds)
    insist(device.ask("ports", VLAN, "trunk"), PORTS[:count], NAPALM.name)
    return seconds


def insist(found: Sequence[str], wanted: Sequence[str], who: str) -> None:
    """Fail when the work that was timed was not done.

    Raises:
        RuntimeError: as it says.
    """
    if list(found) != list(wanted):
        raise RuntimeError(f"{who}: the switch has VLAN {VLAN} on {len(found)} ports, not on {len(wanted)}")


def installed() -> str:
    """Install all; give their versions."""
    sys.stdout.write("installing the rivals, each in an environment of its own\n")
    sys.stdout.flush()
    return "\n".join(f"{rival.name}: {rival.install()}" for rival in (NGS, NAPALM))
