"""``trunkline lab switch`` as a person starts it."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pytest

from trunkline.lab.waiting import until

COMMAND = (sys.executable, "-m", "trunkline.lab.command", "switch")


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[str, int, str]]:
    """Start it on a free port; give address, port and host key from its ready file."""
    (folder / "password").write_text("a-password\n")
    ready = folder / "ready"
    command = [*COMMAND, "--listen", "127.0.0.1:0", "--user", "u", "--ready-file", str(ready)]
    command += ["--password-file", str(folder / "password"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until(
            lambda: ready.exists() or process.poll() is not None,
            subject="switch",
            what="not ready",
            seconds=20,
        )
        where, key = ready.read_text().splitlines()
        address, _, port = where.rpartition(":")
        yield address, int(port), key
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 0, output
        assert re.match(r"\S+ answers SSH on 127.0.0.1:\d+, host key ssh-ed25519 \S+\n", output)


def ask(address: str, port: int, key: str, *lines: str) -> str:
    """Log in, trusting nothing but ``key``, and give what the lines print."""

    async def run() -> str:
        async with asyncssh.connect(
            address,
            port,
            username="u",
            password="a-password",
            known_hosts=asyncssh.import_known_hosts(f"[{address}]:{port} {key}\n"),
            config=None,
        ) as connection:
            result = await connection.run(input="\n".join((*lines, "exit")) + "\n", term_type="vt100")
            return str(result.stdout)

    return asyncio.run(run())


def test_it_prints_where_it_listens_and_stops_on_sigterm(tmp_path: Path) -> None:
    startup = tmp_path / "startup-config"
    startup.write_text("hostname core1\nvlan 10\n name web\n")
    with started(tmp_path, "--startup-config", str(startup), "--latency-ms", "1") as where:
        output = ask(*where, "show vlan brief | include web")

    assert "core1>" in output
    assert re.search(r"^10 +web +active", output, re.MULTILINE)


def test_the_router_model_an_enable_secret_and_a_host_key_that_stays(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("other\n")
    options = ["--model", "isr-router", "--hostname", "r1", "--host-key-file", str(tmp_path / "key")]
    options += ["--enable-secret-file", str(tmp_path / "secret")]
    with started(tmp_path, *options) as where:
        output = ask(*where, "enable", "other", "show ip interface brief | include 0/3")
        first = where[2]
    (tmp_path / "ready").unlink()
    with started(tmp_path, *options) as where:
        assert where[2] == first

    assert "r1#" in output
    assert "GigabitEthernet0/3 " in output
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "catalyst-9"], "known: catalyst-l3, catalyst-l3-isl, isr-router"),
        (["--listen", "nowhere"], "write 127.0.0.1:2222"),
        (["--dataplane", "magic"], "use bridge or none"),
        (["--dataplane", "bridge", "--port-map", "Gi1/0/1"], "write for example GigabitEthernet1/0/1=p1"),
        (["--password-file", "/nonexistent"], "file /nonexistent: it cannot be read"),
        (["--listen", "192.0.2.1:0"], "it cannot listen"),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    (tmp_path / "password").write_text("x")
    command = [*COMMAND, "--user", "u", "--password-file", str(tmp_path / "password"), *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    assert result.returncode != 0
    assert words in result.stderr


def test_a_fault_file_is_checked_and_obeyed(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("events:\n  - {matching: show clock, do: reject, text: '% no clock'}\n")
    with started(tmp_path, "--faults", str(faults)) as where:
        assert "% no clock" in ask(*where, "show clock")
