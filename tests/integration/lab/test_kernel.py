"""The lab kernel boots, gives back what a program said, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.lab.backends.uml import SHARED_MEMORY, compiled, self_test
from trunkline.lab.kernel import inside, run
from trunkline.orchestrator.errors import Unsupported

pytestmark = [pytest.mark.lab, pytest.mark.skipif(inside(), reason="tests the outside of the lab kernel")]
BOOT_SECONDS = 100
LONG_AGO = 1000000


def command(out: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "trunkline.lab.inside", "--out", str(out), "--", *words]


def processes_with(mark: str) -> list[str]:
    """List the processes whose command line contains a word."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if mark in text:
                found.append(text)
    return found


def boot_folders(runtime: Path) -> list[Path]:
    return list(runtime.glob("trunkline-lab-*/boot-*"))


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of this test alone, so that what is left behind can be seen."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def test_output_status_and_results_come_back(runtime: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"id -u; seq 1 50000 | tail -n1; echo kept > {out}/result; echo lost > /etc/lost; exit 7"

    result = subprocess.run(
        command(out, "sh", "-c", script), capture_output=True, text=True, check=False, timeout=BOOT_SECONDS
    )

    assert result.returncode == 7, result.stderr
    assert result.stdout.splitlines()[1:] == ["0", "50000"]
    assert (out / "result").read_text() == "kept\n"
    assert not Path("/etc/lost").exists()
    assert not boot_folders(runtime)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_ends_the_caller_ends_the_kernel(runtime: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "out"
    before = set(SHARED_MEMORY.iterdir())
    script = f"touch {out}/started; sync; exec sleep {LONG_AGO}"
    caller = subprocess.Popen(command(out, "sh", "-c", script), start_new_session=True)
    try:
        wait_until((out / "started").exists, BOOT_SECONDS)
        assert processes_with(str(runtime))
        caller.send_signal(number)
        assert caller.wait(20) != 0
    finally:
        caller.kill()

    wait_until(lambda: not processes_with(str(runtime)), 10)
    assert set(SHARED_MEMORY.iterdir()) <= before
    assert not Path("/proc/mounts").read_text().count(str(out))
    assert number == signal.SIGKILL or not boot_folders(runtime)


def test_a_program_that_takes_too_long_is_ended(runtime: Path, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        run(["sleep", str(LONG_AGO)], out=tmp_path / "out", timeout_seconds=15)

    assert not boot_folders(runtime)
    assert not processes_with(str(runtime))


def test_the_kernel_has_vlans_macvlan_and_bridges_that_filter(runtime: Path, tmp_path: Path) -> None:
    assert runtime.is_dir()
    script = (
        "ip link add name v0 type veth peer name v1 && ip link add link v0 name v0.10 type vlan id 10 &&"
        " ip link add link v0.10 name m0 type macvlan && ip link add name b0 type bridge vlan_filtering 1 &&"
        " ip link set dev v1 master b0 && bridge vlan add vid 10 dev v1"
    )

    assert run(["sh", "-ec", script], out=tmp_path / "out", timeout_seconds=BOOT_SECONDS) == 0


def test_registers_survive_where_the_test_runs() -> None:
    assert subprocess.run([self_test()], check=False).returncode == 0


def test_an_unknown_backend_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_BACKEND", "vmware")

    with pytest.raises(Unsupported, match="native, uml or qemu"):
        run(["true"], out=tmp_path, timeout_seconds=5)


def test_a_source_is_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = compiled("fp_selftest.c", "-pthread")
    when = first.stat().st_mtime_ns

    assert compiled("fp_selftest.c", "-pthread").stat().st_mtime_ns == when


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.05)
