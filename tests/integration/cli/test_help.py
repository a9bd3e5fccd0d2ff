"""Help: fast, complete, and there even when a command is broken."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.integration.cli.site import PROGRAM, Said

REFERENCE = ROOT / "docs" / "reference" / "cli.md"
COMMANDS = sorted(entry.name for entry in entry_points(group="trunkline.commands"))


def ask(*words: str, **env: str) -> Said:
    done = subprocess.run(
        [PROGRAM, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"} | env,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def cpu_seconds(*command: str | Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_help_names_every_command_with_what_it_does() -> None:
    said = ask("--help")

    assert said.status == 0
    rows = dict(
        line.strip().split(None, 1)
        for line in said.out.partition("Commands:\n")[2].splitlines()[: len(COMMANDS)]
    )
    assert sorted(rows) == COMMANDS
    assert all(len(text) > 10 for text in rows.values())
    assert "(cannot be loaded)" not in said.out
    assert "Exit status: 0 done, 1 failed" in said.out


def test_help_costs_little_more_than_the_library_it_is_made_with() -> None:
    """As a ratio, since machines differ; on a quiet one of 2026 it is 0.15 s against 0.11 s."""
    library = min(cpu_seconds(sys.executable, "-c", "import typer") for _ in range(4))
    ours = min(cpu_seconds(PROGRAM, "--help") for _ in range(4))

    assert ours < library * 2 + 0.05


def test_help_imports_neither_a_command_nor_what_commands_need() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", PROGRAM, "--help"], capture_output=True, text=True, check=True
    )

    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "trunkline.orchestrator.cli.main" in modules
    heavy = {"rich", "pydantic", "redis", "celery", "netmiko", "ruamel", "docker", "pyroute2", "asyncssh"}
    assert modules & heavy == set()
    ours = {entry.module for entry in entry_points(group="trunkline.commands")}
    assert modules & ours == set()


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A distribution with a good command, one whose module fails, and one whose module is not there."""
    folder = tmp_path / "plugins"
    info = folder / "extra-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[trunkline.commands]\ngood = good_one:app\nbad = bad_one:app\nlost = lost_one:app\nodd = odd_one:app\n"
    )
    start = "import typer\napp = typer.Typer()\n\n@app.command()\ndef act() -> None:\n"
    (folder / "good_one.py").write_text(f'{start}    """Do good. And more."""\n    print("done")\n')
    (folder / "bad_one.py").write_text(f'import not_installed\n{start}    """Do bad."""\n')
    (folder / "odd_one.py").write_text("def (\n")
    return folder


def test_a_command_that_cannot_be_imported_breaks_neither_help_nor_the_others(plugins: Path) -> None:
    path = {"PYTHONPATH": str(plugins)}

    said = ask("--help", **path)
    good = ask("good", **path)
    broken = {name: ask(name, **path) for name in ("bad", "lost", "odd")}

    assert said.status == 0
    rows = [line.split(None, 1) for line in said.out.splitlines()]
    assert ["good", "Do good"] in rows
    assert ["bad", "Do bad"] in rows
    assert ["lost", "(cannot be loaded)"] in rows
    assert ["odd", "(cannot be loaded)"] in rows
    assert (good.status, good.out) == (0, "done\n")
    for name, outcome in broken.items():
        assert (outcome.status, outcome.out) == (1, "")
        assert outcome.err.startswith(f"trunkline: command {name}: cannot be loaded: ")
        assert len(outcome.err.splitlines()) == 1


def test_what_is_no_command_is_wrong_usage() -> None:
    for words, text in (
        (("frobnicate",), "No such command 'frobnicate'"),
        (("status", "--frobnicate"), "No such option: --frobnicate"),
        (("status", "-o", "xml"), "'xml' is not one of"),
        (("jobs", "show"), "Missing argument 'JOB'"),
        (("worker", "host"), "name this machine"),
    ):
        said = ask(*words)
        assert (said.status, said.out) == (2, "")
        assert text in said.err


def test_no_command_given_is_wrong_usage_and_shows_the_help() -> None:
    said = ask()

    assert said.status == 2
    assert "Commands:" in said.out + said.err


def tree() -> dict[str, list[str]]:
    """Read from the program itself which options every command has, as ``{"jobs run": ["--device", ...]}``."""
    from typer.main import get_command  # noqa: PLC0415  # only this test asks the program from within

    found: dict[str, list[str]] = {}

    def walk(name: str, command: Any) -> None:  # typer vendors click and does not export its types
        for each in command.list_commands(None) if hasattr(command, "list_commands") else ():
            walk(f"{name} {each}", command.get_command(None, each))
        words = [
            word
            for parameter in getattr(command, "params", ())
            for word in (*parameter.opts, *parameter.secondary_opts)
            if word.startswith("--")
        ]
        found[name] = [word for word in words if "completion" not in word]

    for entry in entry_points(group="trunkline.commands"):
        walk(entry.name, get_command(entry.load()))
    return found


def test_the_reference_names_every_command_and_every_option() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    sections = {
        part.partition("`")[0]: part.partition("\n## ")[0] for part in text.split("### `trunkline ")[1:]
    }
    lost = []
    for command, options in tree().items():
        if command not in sections:
            lost.append(f"trunkline {command}")
            continue
        lost += [f"trunkline {command} {word}" for word in options if f"`{word}" not in sections[command]]

    assert lost == []
    assert sorted(sections.keys() - tree().keys()) == []


def test_the_reference_names_every_setting() -> None:
    from trunkline.orchestrator.settings import Settings  # noqa: PLC0415  # as above

    text = REFERENCE.read_text(encoding="utf-8")

    assert [name for name in Settings.model_fields if f"`TRUNKLINE_{name.upper()}`" not in text] == []
