"""The repository speaks of Trunkline alone: nothing in it belongs to one machine, one site or one secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# Written in pieces, so that this file does not contain what it forbids.
HOSTS_OF_REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npm" + "js", "test.pypi" + ".")
PATHS_OF_MACHINES = re.compile(r"(?<![\w.$}~-])/(?:work|Users|home/[a-z]+|root/\.[a-z]+)(?=/)")
INDEX_OPTIONS = re.compile(r"--(?:extra-)?index-url[ =]\S|--find-links[ =]\S|--trusted[-]host")
PRIVATE_KEY = "-----BEGIN " + "OPENSSH PRIVATE KEY" + "-----"


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def places(paths: tuple[Path, ...], root: Path, pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(root)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]


def test_the_patterns_find_what_they_are_for() -> None:
    assert PATHS_OF_MACHINES.search("see " + "/work" + "/main")
    assert PATHS_OF_MACHINES.search('"/home' + '/ann/notes"')
    assert not PATHS_OF_MACHINES.search("docs/work/main and $HOME/x and " + "~/work/x")
    assert INDEX_OPTIONS.search("--index" + "-url https://example.net/simple")


def test_no_file_names_a_package_registry(tracked: tuple[Path, ...], root: Path) -> None:
    assert places(tracked, root, re.compile("|".join(map(re.escape, HOSTS_OF_REGISTRIES)))) == []


def test_no_file_chooses_a_package_index(tracked: tuple[Path, ...], root: Path) -> None:
    assert places(tracked, root, INDEX_OPTIONS) == []


def test_no_file_names_a_path_of_somebodys_machine(tracked: tuple[Path, ...], root: Path) -> None:
    assert places(tracked, root, PATHS_OF_MACHINES) == []


def test_no_file_holds_a_private_key(tracked: tuple[Path, ...], root: Path) -> None:
    assert places(tracked, root, re.compile(re.escape(PRIVATE_KEY))) == []


def test_only_the_ignore_file_is_in_the_folder_of_secrets(tracked: tuple[Path, ...], root: Path) -> None:
    secrets = root / "deploy" / "secrets"

    assert [path for path in tracked if path.is_relative_to(secrets)] == [secrets / ".gitignore"]


def test_text_files_end_with_one_newline_and_no_spaces(tracked: tuple[Path, ...], root: Path) -> None:
    spaces = re.compile(r"[ \t]+$")
    recorded = root / "tests" / "recorded"  # what a device said, to the byte
    texts = [path for path in tracked if not path.is_relative_to(recorded) and b"\0" not in path.read_bytes()]

    assert places(tuple(texts), root, spaces) == []
    assert [path for path in texts if text_of(path) and not re.search(r"[^\n]\n\Z", text_of(path))] == []


@pytest.mark.parametrize("name", ["scripts/setup", "scripts/system-packages", ".ci/run"])
def test_scripts_can_be_run(root: Path, name: str) -> None:
    assert (root / name).stat().st_mode & 0o111 == 0o111
    assert text_of(root / name).startswith("#!/bin/sh\n")


def test_continuous_integration_runs_make_test_and_nothing_else(root: Path) -> None:
    lines = [line for line in text_of(root / ".ci/run").splitlines() if line and not line.startswith("#")]

    assert lines == ['exec make -C "$(dirname "$0")/.." test']
