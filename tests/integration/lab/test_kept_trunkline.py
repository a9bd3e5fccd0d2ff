"""A kept lab has the whole of Trunkline at work in it, and whoever ends its program leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.screen import terminal
from tests.integration.cli.site import Shell
from trunkline.lab.kernel import inside

pytestmark = [pytest.mark.lab, pytest.mark.skipif(inside(), reason="tests the outside of the lab kernel")]
COMMAND = [sys.executable, "-m", "trunkline.lab.command"]
UP_SECONDS = 180
STEP_SECONDS = 90
BARE = """\
management: {network: 10.99.0.0/24, address: 10.99.0.1}
switches: {}
hosts:
  alpha: {management: 10.99.0.11, docker: false}
"""


def lab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, timeout=UP_SECONDS)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = STEP_SECONDS) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"{what}: not within {seconds:g} s"
        time.sleep(0.5)


def processes_of(runtime: Path) -> list[bytes]:
    """Command lines and environments of living processes that belong to the lab of this runtime folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(runtime).encode() in words:
            found.append(words)
    return found


@pytest.mark.timeout(420)
def test_a_labelled_container_becomes_ready_in_a_kept_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    up = lab("up", "--keep")
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        docker = "docker run --detach --label trunkline.segment=web --name c1 busybox"
        started = lab("shell", "host1", "--", *docker.split())
        assert started.returncode == 0, started.stderr

        wait_for(lambda: " ready " in lab("shell", "host1", "--", "trunkline", "status").stdout, "ready")

        ping = "docker exec c1 ping -c 3 -W 2 172.31.0.1"
        assert lab("shell", "host1", "--", *ping.split()).returncode == 0

        assert "tl-web" in lab("console", "sw1", "--", "show vlan brief").stdout
        with terminal(Shell(tmp_path, dict(os.environ)), "lab", "console", "sw1") as screen:
            screen.until("sw1>")
            screen.type("show vlan id 10\n")
            screen.until("tl-web")
            screen.type("exit\n")
            assert screen.status() == 0
    finally:
        assert lab("down").returncode == 0
    assert processes_of(tmp_path) == []


@pytest.mark.timeout(240)
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_outer_program_is_the_end_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: signal.Signals
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    file = tmp_path / "bare.yaml"
    file.write_text(BARE)
    outer = subprocess.Popen(
        [*COMMAND, "up", "--bare", "--topology", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: lab("status").returncode == 0, "the lab is up")
        assert processes_of(tmp_path), "nothing of the lab is seen, so its end would not be seen either"
        os.kill(outer.pid, ending)
        outer.wait(30)
    finally:
        outer.kill()
        outer.wait()

    wait_for(lambda: processes_of(tmp_path) == [], "no process is left", seconds=20)
    assert lab("status").returncode != 0


def test_a_topology_of_ones_own_needs_an_inventory_or_bare(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(BARE)

    refused = lab("up", "--keep", "--topology", str(file))

    assert refused.returncode != 0
    assert "--inventory FILE, or --bare" in refused.stderr
