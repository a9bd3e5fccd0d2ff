"""Documents that people rely on are there, short, linked and true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

DECISION_LINES = 40
LINK = re.compile(r"\[[^\]]+\]\((?!https?:|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "docs/README.md", "deploy/README.md"]
)
def test_the_document_is_there(root: Path, name: str) -> None:
    assert (root / name).read_text(encoding="utf-8").strip()


def test_every_decision_is_short_and_has_the_three_parts(root: Path) -> None:
    decisions = sorted((root / "docs/decisions").glob("*.md"))

    assert decisions
    for number, path in enumerate(decisions, start=1):
        assert re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", path.name), f"{path.name} is not number {number}"
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {number}. "), path.name
        assert len(lines) <= DECISION_LINES, path.name
        assert [line for line in lines if line.startswith("## ")] == [
            "## Context",
            "## Decision",
            "## Consequences",
        ]


def test_every_decision_is_in_the_index(root: Path) -> None:
    index = (root / "docs/README.md").read_text(encoding="utf-8")

    for path in (root / "docs/decisions").glob("*.md"):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}](decisions/{path.name})" in index


def test_every_link_between_documents_leads_somewhere(tracked: tuple[Path, ...], root: Path) -> None:
    broken = []
    for path in tracked:
        if path.suffix != ".md":
            continue
        for match in LINK.finditer(CODE.sub("", path.read_text(encoding="utf-8"))):
            target = (path.parent / match["path"]).resolve() if match["path"] else path
            if not target.exists():
                broken.append(f"{path.relative_to(root)}: {match['path']} does not exist")
            elif match["anchor"] and match["anchor"] not in anchors(target):
                broken.append(f"{path.relative_to(root)}: {target.name} has no heading #{match['anchor']}")

    assert broken == []


def anchors(path: Path) -> set[str]:
    """Give the anchors of a document's headings, as code hosting sites make them."""
    headings = re.findall(r"^#+ +(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_newest_entry_of_the_changelog_is_this_version(root: Path, project: dict[str, Any]) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]( - \d{4}-\d{2}-\d{2})?$", text, re.MULTILINE)

    assert versions
    newest, date = versions[0]
    assert newest == "Unreleased" or (newest == project["project"]["version"] and date)


def test_every_make_target_that_the_documents_name_exists(tracked: tuple[Path, ...], root: Path) -> None:
    targets = set(
        re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = {
        (str(path.relative_to(root)), target)
        for path in tracked
        if path.suffix == ".md"
        for target in re.findall(
            r"(?:^    |`)make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }

    assert {"help", "setup", "demo", "test", "test-fast", "lint", "lab", "lab-shell", "format"} <= targets
    assert {(where, target) for where, target in named if target not in targets} == set()


def test_every_lint_rule_that_is_off_has_its_reason(root: Path) -> None:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    section = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.pydocstyle]")]
    silent = []
    reason_above = False
    for line in section.splitlines():
        if line.startswith("#"):
            reason_above = True
        elif re.search(r'"[A-Z]{1,4}\d*"', line) and "select" not in line:
            if "#" not in line and not reason_above:
                silent.append(line.strip())
        elif not line.strip() or line.startswith("["):
            reason_above = False

    assert "ignore = [" in section
    assert silent == []
