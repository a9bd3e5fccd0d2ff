"""Distributions for tests: the example plug-in as its wheel, and small ones written on the spot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "plugin-dialect"
# The build back end itself, in a process of its own: the same call a front end makes, without an index or a network.
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


def install_example(folder: Path) -> Path:
    """Build the example's wheel from a copy and unpack it; give the folder to put on the path."""
    source, target = folder / "source", folder / "site"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=source, capture_output=True, text=True, check=True
    )
    with ZipFile(folder / built.stdout.split()[-1]) as wheel:
        wheel.extractall(target)
    return target


def install(folder: Path, name: str, entry_points: str, modules: Mapping[str, str]) -> Path:
    """Write a distribution of a few modules; give the folder to put on the path."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(entry_points)
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
    return folder
