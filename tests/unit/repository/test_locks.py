"""The lock files pin everything, with hashes, and agree with each other and with pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

LOCKS = ("runtime", "dev", "build")
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^ ;\\]+)")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins(path: Path) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := PIN.match(line):
            assert match["name"] not in found, f"{match['name']} is pinned twice"
            found[match["name"]] = match["version"]
    return found


def names(requirements: list[Any]) -> set[str]:
    """Give the normalised names of the packages in a list of requirements, without included groups."""
    texts = [item for item in requirements if isinstance(item, str)]
    return {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~!; ]", text)[0]).lower() for text in texts}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_has_hashes(root: Path, lock: str) -> None:
    lines = (root / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").splitlines()
    words = [line for line in lines if line and not line.lstrip().startswith("#")]

    assert [line for line in words if not PIN.match(line) and not HASH.match(line)] == []
    for line, following in zip(words, [*words[1:], ""], strict=True):
        if PIN.match(line):
            assert HASH.match(following), f"{line} has no hash"
            assert line.endswith("\\")


def test_what_is_tested_is_what_is_shipped(root: Path) -> None:
    runtime, dev, build = (pins(root / "requirements" / f"{lock}.txt") for lock in LOCKS)

    assert runtime
    assert {name: dev.get(name) for name in runtime} == dict(runtime)
    assert {name: dev.get(name) for name in build} == dict(build)


def test_the_locks_hold_every_direct_dependency(root: Path, project: dict[str, Any]) -> None:
    runtime, dev, build = (pins(root / "requirements" / f"{lock}.txt") for lock in LOCKS)
    extras = project["project"]["optional-dependencies"]
    groups = project["dependency-groups"]

    assert names(project["project"]["dependencies"]) <= set(runtime)
    assert names(groups["dev"]) | names(extras["lab"]) <= set(dev)
    assert names(groups["build"]) <= set(build)
    assert names(project["build-system"]["requires"]) <= names(groups["build"])


def test_the_lab_is_not_shipped(root: Path, project: dict[str, Any]) -> None:
    lab = names(project["project"]["optional-dependencies"]["lab"])

    assert lab
    assert not lab & set(pins(root / "requirements" / "runtime.txt"))


def test_every_direct_dependency_has_a_decision(root: Path, project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    pages = (root / "docs/decisions").glob("*.md")
    decisions = "".join(path.read_text(encoding="utf-8") for path in pages).lower().replace(".", "-")
    direct = names(project["project"]["dependencies"]) | names(extras["lab"])

    assert {name for name in direct if name not in decisions} == set()
