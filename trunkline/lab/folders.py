"""Where the lab keeps files on the machine: a cache that survives, a private folder per boot that does not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def cache_folder() -> Path:
    """Give the cache folder (created): $XDG_CACHE_HOME/trunkline, else ~/.cache/trunkline."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(base).expanduser().absolute() / "trunkline"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def runtime_folder() -> Path:
    """Give the folder (created, ours alone) of sockets and state of running labs; short, for socket paths."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"trunkline-lab-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder
