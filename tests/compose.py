"""Docker Compose as it is installed here: the plug-in of `docker` or the program of its own."""

from __future__ import annotations

import shutil
import subprocess


def compose_command() -> tuple[str, ...]:
    """Give the words before its options; none when it is not installed."""
    if shutil.which("docker") is not None:
        probe = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if probe.returncode == 0:
            return ("docker", "compose")
    return ("docker-compose",) if shutil.which("docker-compose") is not None else ()
