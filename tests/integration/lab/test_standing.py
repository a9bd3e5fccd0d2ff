"""A lab that stays: other processes enter it, and it goes without a trace."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.lab.kernel import inside

pytestmark = [pytest.mark.lab, pytest.mark.skipif(inside(), reason="tests the outside of the lab kernel")]
SECONDS = 100
LINES = 4
SMALL = """\
management: {network: 10.99.0.0/24, address: 10.99.0.1}
switches:
  sw1:
    platform: linux-bridge
    management: 10.99.0.2
    startup_config: |
      ip link add name br0 type bridge vlan_filtering 1 vlan_default_pvid 0
hosts:
  alpha: {management: 10.99.0.11, docker: false}
  beta: {management: 10.99.0.12, docker: false}
"""


def lab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trunkline.lab.command", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running lab of two plain hosts, with a runtime folder of its own."""
    folder = tmp_path_factory.mktemp("standing")
    file = folder / "small.yaml"
    file.write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        result = lab("up", "--keep", "--bare", "--topology", str(file))
        assert result.returncode == 0, result.stdout + result.stderr
        try:
            yield folder
        finally:
            lab("down")


@pytest.mark.usefixtures("runtime")
def test_a_program_on_a_host_gives_its_output_and_status() -> None:
    result = lab("shell", "alpha", "--", "sh", "-c", "hostname; ping -c1 -W2 10.99.0.12 >/dev/null; exit $?")

    assert (result.stdout, result.returncode) == ("alpha\n", 0)
    assert lab("shell", "beta", "--", "sh", "-c", "exit 5").returncode == 5


@pytest.mark.usefixtures("runtime")
def test_the_status_lists_the_nodes_and_an_unknown_one_is_refused() -> None:
    assert set(json.loads(lab("status").stdout)["hosts"]) == {"alpha", "beta"}

    refused = lab("shell", "gamma")

    assert refused.returncode != 0
    assert "known: alpha, beta, sw1, management" in refused.stderr


@pytest.mark.usefixtures("runtime")
def test_a_linux_machine_is_entered_past_its_ssh_server_and_through_it() -> None:
    words = ("sh", "-c", "hostname; ip -brief link show type bridge; exit 3")
    entered = lab("shell", "sw1", "--", *words)
    logged_in = lab("console", "sw1", "--", "hostname; ip -brief link show type bridge; echo $SSH_CONNECTION")

    assert (entered.stdout.split()[:2], entered.returncode) == (["sw1", "br0"], 3)
    assert logged_in.stdout.split()[:2] == ["sw1", "br0"]
    assert "10.99.0.2 22" in logged_in.stdout
    assert json.loads(lab("status").stdout)["switches"]["sw1"]["platform"] == "linux-bridge"


@pytest.mark.usefixtures("runtime")
def test_a_second_lab_is_refused() -> None:
    result = lab("up", "--keep")

    assert result.returncode != 0
    assert "trunkline lab down" in result.stderr


@pytest.mark.usefixtures("runtime")
def test_a_shell_is_interactive_as_often_as_one_likes() -> None:
    for _ in range(LINES + 1):
        child, terminal = pty.fork()
        if child == 0:
            words = [sys.executable, "-m", "trunkline.lab.command", "shell", "alpha"]
            os.execv(sys.executable, words)  # noqa: S606  # no shell is the point
        expect(terminal, b"alpha")
        os.write(terminal, b"sh -c 'echo st''arted; exec sleep 1000'\n")
        expect(terminal, b"started\r\n")
        os.write(terminal, b"\x03")
        expect(terminal, b"# ")
        os.write(terminal, b"echo status $((40 + 2)); exit 9\n")
        expect(terminal, b"status 42")
        drain(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.usefixtures("runtime")
def test_whoever_hangs_up_ends_the_program() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-m", "trunkline.lab.command", "shell", "alpha", "--", "sleep", "4711"],
            timeout=3,
            check=False,
        )
    limit = time.monotonic() + 10
    while "sleep 4711" in lab("shell", "alpha", "--", "ps", "ax").stdout:
        assert time.monotonic() < limit, "the program outlived its caller"


def test_down_leaves_no_process_and_no_lab(runtime: Path) -> None:
    assert lab("down").returncode == 0

    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert str(runtime).encode() not in entry.read_bytes()
        except FileNotFoundError:
            continue
    assert lab("status").returncode != 0
    assert not list(runtime.glob("trunkline-lab-*/boot-*"))


def expect(terminal: int, text: bytes) -> None:
    seen, limit = b"", time.monotonic() + 20
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, limit - time.monotonic()))
        assert ready, f"{text!r} did not come: {seen!r}"
        seen += os.read(terminal, 4096)


def drain(terminal: int) -> None:
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # the terminal's other side is closed
        os.close(terminal)
