"""Asks lldpd, where it runs on this host, what its NICs are cabled to; the host's worker reports it."""

from __future__ import annotations

import os
import shutil
import subprocess
from threading import Timer

from trunkline.drivers.lldpcli import COMMAND, read_neighbors
from trunkline.orchestrator.intents import Peer

LIMIT_SECONDS = 5.0
MOST_BYTES = 4_000_000
"""A host has a handful of neighbors; more is somebody's flood."""
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where lldpcli is, also for a service whose path ends with the programs of users."""


def peers() -> tuple[Peer, ...]:
    """Tell which switch announces itself at which NIC: `Peer.port` is the NIC, the rest is the other side's words.

    Nothing is known where there is no lldpd, where it does not run or may not be asked, and where its answer takes too
    long, is too large, or cannot be read.
    """
    program, *words = COMMAND
    path = f"{os.environ.get('PATH', os.defpath)}:{_SBIN}"
    found = shutil.which(program, path=path)
    if found is None:
        return ()
    try:
        return read_neighbors(_printed([found, *words], path))
    except (OSError, ValueError):
        return ()


def _printed(words: list[str], path: str) -> str:
    """Run a program, which prints little and soon, or give nothing."""
    with subprocess.Popen(  # fixed words, no shell
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": path, "LC_ALL": "C"},
    ) as process:
        limit = Timer(LIMIT_SECONDS, process.kill)
        limit.start()
        try:
            output = process.stdout.read(MOST_BYTES + 1) if process.stdout else b""
            if len(output) > MOST_BYTES:
                process.kill()
            status = process.wait()
        finally:
            limit.cancel()
    return output.decode(errors="replace") if status == 0 and len(output) <= MOST_BYTES else ""
