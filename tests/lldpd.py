"""A real lldpd in a network namespace, with a /run of its own; and frames that no sane neighbor sends. Needs root."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trunkline.drivers.lldpcli import COMMAND, read_neighbors
from trunkline.lab.waiting import until
from trunkline.orchestrator.intents import Peer

LLDPD = shutil.which("lldpd", path="/usr/sbin:/usr/local/sbin:/sbin")
START = "mount -t tmpfs tmpfs /run && mkdir /run/lldpd && exec {lldpd}"
"""What is to be run in mount and PID namespaces of its own; it needs a folder to lock itself into."""
OFTEN = ("lldpcli configure lldp tx-interval 1", "lldpcli configure lldp tx-hold 120")
"""Make it announce itself every second instead of every 30, for two minutes."""
GROUP = bytes.fromhex("0180c200000e")
"""Where LLDP is sent: the nearest bridge (IEEE 802.1AB, 7.1)."""


@dataclass(frozen=True)
class Lldpd:
    """One that runs."""

    pid: int

    @property
    def enter(self) -> tuple[str, ...]:
        """Begin a command that runs where it runs."""
        return ("nsenter", "--target", str(self.pid), "--mount", "--net", "--pid")

    def peers(self) -> tuple[Peer, ...]:
        return read_neighbors(self.run(*COMMAND))

    def run(self, *words: str) -> str:
        return subprocess.run([*self.enter, *words], check=True, capture_output=True, text=True).stdout


@contextmanager
def a_real_lldpd(within: Sequence[str], *options: str, log: Path) -> Iterator[Lldpd]:
    """Run it until the block ends.

    Args:
        within: Words that enter a network namespace.
        options: Its own.
        log: Where what it says goes.
    """
    assert LLDPD is not None, "lldpd is not installed; `make setup` installs it"
    alone = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--propagation", "private")
    script = START.format(lldpd=f"{LLDPD} -d {' '.join(options)}")
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*within, *alone, "sh", "-ec", script],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            yield _started(process, log)
        finally:
            # Not by --kill-child: lldpd changes its user, and the kernel forgets the wish then.
            for child in _children(process):
                os.kill(child, signal.SIGKILL)
                process.wait()  # it ends with its child, and takes it out of the table of processes
            process.kill()
            process.wait()


def _children(process: subprocess.Popen[bytes]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def _started(process: subprocess.Popen[bytes], log: Path) -> Lldpd:
    found: list[Lldpd] = []

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        children = _children(process)
        if not children:
            return False
        running = Lldpd(children[0])
        try:
            running.peers()
        except (subprocess.CalledProcessError, ValueError):
            return False
        found.append(running)
        return True

    until(answers, subject="lldpd", what="it does not answer", seconds=30, because=log.read_text)
    for line in OFTEN:
        found[0].run(*line.split())
    return found[0]


def tlv(kind: int, value: bytes) -> bytes:
    """Write one type-length-value (IEEE 802.1AB, 8.4)."""
    return (kind << 9 | len(value)).to_bytes(2, "big") + value


def a_frame(name: bytes, *, seconds: int = 120, mac: str = "0200000000f1") -> bytes:
    """Write a frame of a neighbor with whatever name."""
    source = bytes.fromhex(mac)
    parts = (
        tlv(1, b"\x04" + source),
        tlv(2, b"\x05port1"),
        tlv(3, seconds.to_bytes(2, "big")),
        tlv(4, name[:255]),
        tlv(5, name[:255]),
        tlv(6, name[:255]),
        tlv(7, bytes.fromhex("00940014")),
        tlv(0, b""),
    )
    return GROUP + source + bytes.fromhex("88cc") + b"".join(parts)


def send(device: str, *frames: bytes) -> None:
    """Put frames on the cable at a device of this network namespace."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((device, 0))
        for frame in frames:
            link.send(frame)
