"""The wheel carries what the code reads at run time beside its modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

# The build back end itself, in a process of its own: the same call a front end makes, without an index or a network.
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
DATA = ("lua", "sh", "c", "yaml", "typed")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=root, capture_output=True, text=True, check=True
    )
    with ZipFile(folder / built.stdout.split()[-1]) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("ending", DATA)
def test_every_file_that_is_no_module_is_in_the_wheel(
    root: Path, tracked: tuple[Path, ...], wheel: set[str], ending: str
) -> None:
    wanted = {
        path.relative_to(root).as_posix()
        for path in tracked
        if path.suffix == f".{ending}" or path.name == f"py.{ending}"
    }
    wanted = {name for name in wanted if name.startswith("trunkline/")}

    assert wanted, f"there is no .{ending} file any more; take it off the list"
    assert wanted <= wheel, f"not in the wheel: {sorted(wanted - wheel)}"


def test_the_files_the_lab_starts_with_are_in_the_wheel(wheel: set[str]) -> None:
    lab = "trunkline/lab"

    assert {
        f"{lab}/topologies/seed.yaml",
        f"{lab}/topologies/router.yaml",
        f"{lab}/inventories/seed.yaml",
        f"{lab}/inventories/router.yaml",
        f"{lab}/topologies/linux.yaml",
        f"{lab}/inventories/linux.yaml",
        f"{lab}/topologies/openvswitch.yaml",
        f"{lab}/inventories/openvswitch.yaml",
        f"{lab}/guest/init.sh",
        f"{lab}/backends/xstate_shim.c",
        "trunkline/orchestrator/store/lua/allocate.lua",
    } <= wheel


def test_no_test_or_document_is_in_the_wheel(wheel: set[str]) -> None:
    assert {name.split("/")[0].partition("-")[0] for name in wheel} == {"trunkline"}
