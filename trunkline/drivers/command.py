"""`trunkline drivers`: which dialects are installed, what they know, whether they conform, what they make of output."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.orchestrator.cli.output import Format, Output, print_json, print_table

if TYPE_CHECKING:
    from trunkline.drivers.switch.dialect import Dialect

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What switches are spoken to with: the dialects."
)
Platform = Annotated[str, typer.Argument(metavar="PLATFORM", help="As `driver` in the inventory names it.")]
RUNS = 25
"""So many times a check that takes chance is run."""


class Notation(StrEnum):
    """What `drivers parse -o` takes."""

    YAML = "yaml"
    JSON = "json"


@app.callback()
def root() -> None:
    """Look at the dialects; no switch is asked anything."""


@app.command("list")
def list_(*, output: Output = Format.TABLE) -> None:
    """List every dialect that is installed. One that the settings do not allow is not loaded."""
    from trunkline.drivers.registry import dialect, registrations
    from trunkline.drivers.switch.dialect import Discovers
    from trunkline.orchestrator.errors import UnknownPlatform
    from trunkline.orchestrator.settings import read_settings

    allowed = read_settings().dialects
    found = []
    for each in registrations():
        blind, discovers, error = None, None, ""
        if each.platform in allowed:
            try:
                loaded = dialect(each.platform, allowed=allowed)
                blind, discovers = loaded.blind, isinstance(loaded, Discovers)
            except UnknownPlatform as refused:
                error = str(refused)
        found.append(
            {
                "platform": each.platform,
                "distribution": each.distribution,
                "version": each.version,
                "allowed": each.platform in allowed,
                "blind": blind,
                "discovers": discovers,
                "error": error,
            }
        )
    if output is Format.JSON:
        print_json(found)
        return
    words = {None: "not loaded", True: "blind", False: "verified"}
    whether = {None: "", True: "yes", False: "no"}
    rows = [
        (
            str(row["platform"]),
            f"{row['distribution']} {row['version']}",
            "yes" if row["allowed"] else "no",
            str(row["error"]) or words[row["blind"] if row["blind"] is None else bool(row["blind"])],
            whether[row["discovers"] if row["discovers"] is None else bool(row["discovers"])],
        )
        for row in found
    ]
    print_table(
        ["PLATFORM", "FROM", "ALLOWED", "WRITTEN", "DISCOVERS"], rows, empty="no dialect is installed"
    )


@app.command()
def show(
    platform: Platform,
    *,
    port: Annotated[
        str | None, typer.Option("--port", metavar="NAME", help="A port as such a device names it.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show what a dialect knows: prompts, modes, every line it may send, what it asks, what it cannot do."""
    from trunkline.drivers.switch.profile import profile, rows

    found = profile(_dialect(platform), source=_source(platform), port=port)
    if output is Format.JSON:
        print_json(found)
        return
    print_table(["PLATFORM", platform], rows(found), empty="")


@app.command("test")
def conform(platform: Platform, *, output: Output = Format.TABLE) -> None:
    """Check that a dialect keeps what every dialect has to keep. Exit status 1 when it does not."""
    from random import Random

    from trunkline.drivers.registry import device_models
    from trunkline.drivers.switch.conformance.checks import CHECKS, Subject, complaints
    from trunkline.orchestrator.settings import read_settings

    dialect = _dialect(platform)
    models = device_models(platform, allowed=read_settings().dialects)
    subjects = {name: Subject(dialect=dialect, model=model) for name, model in models.items()}
    results: list[dict[str, Any]] = []  # JSON is that open
    for check in CHECKS:
        skipped = check.on_device and not models
        wrong: list[str] = []
        for name, subject in ({} if skipped else subjects or {platform: Subject(dialect=dialect)}).items():
            for seed in range(RUNS if check.by_chance else 1):
                found = complaints(check, subject, Random(seed))  # noqa: S311  # the same examples every time, no secret
                if found:
                    wrong += found if name == platform else [f"{name}: {text}" for text in found]
                    break
        outcome = "skipped" if skipped else "failed" if wrong else "ok"
        results.append(
            {"check": check.name, "outcome": outcome, "promise": check.promise, "complaints": wrong}
        )
    if output is Format.JSON:
        print_json(results)
    else:
        lines = [
            (row["outcome"], row["check"], text)
            for row in results
            for text in (row["complaints"] or [row["promise"]])
        ]
        print_table(["", "CHECK", "DETAIL"], lines, empty="")
    if not models:
        sys.stderr.write(
            f"platform {platform}: brings no device model, so what needs a device was skipped; "
            "register one in trunkline.device_models\n"
        )
    if any(row["outcome"] == "failed" for row in results):
        raise typer.Exit(1)


@app.command()
def parse(
    platform: Platform,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="What the device printed; - is standard input.")
    ],
    *,
    command: Annotated[
        list[str],
        typer.Option("--command", "-c", metavar="COMMAND", help="What it printed it for; once per file."),
    ],
    port: Annotated[
        list[str] | None,
        typer.Option("--port", metavar="NAME", help="Which ports are of interest; without it the command's."),
    ] = None,
    vlan: Annotated[
        list[int] | None,
        typer.Option("--vlan", metavar="ID", help="Which VLANs; without it the command's."),
    ] = None,
    gateway: Annotated[
        list[str] | None,
        typer.Option(
            "--gateway",
            metavar="VLAN|PORT:VLAN",
            help="Which gateways: of a VLAN's interface, or of a sub-interface; without it the command's.",
        ),
    ] = None,
    output: Annotated[
        Notation, typer.Option("-o", "--output", help="Both hold the same, without control characters.")
    ] = Notation.YAML,
) -> None:
    """Show what a dialect makes of captured output, for a report about what it reads wrongly."""
    from trunkline.drivers.switch.captured_surroundings import read_surroundings
    from trunkline.drivers.switch.captures import Wish, read_captures, read_file
    from trunkline.orchestrator.cli.output import printable
    from trunkline.orchestrator.errors import ConfigError

    if len(command) != len(files):
        raise ConfigError(
            f"{len(command)} commands and {len(files)} files",
            subject="option --command",
            fix="name the command of every file, in the same order",
        )
    wish = Wish.of(ports=port or (), vlans=vlan or (), gateways=gateway or ())
    captures = [(words, read_file(file)) for words, file in zip(command, files, strict=True)]
    dialect = _dialect(platform)
    found = read_surroundings(dialect, captures) or read_captures(dialect, captures, wish)
    if output is Notation.JSON:
        print_json(found)
    else:
        from trunkline.drivers.switch.captures import as_yaml

        sys.stdout.write(as_yaml(found))
    for missing in found["read_without"]:
        sys.stderr.write(printable(f"read without the output of `{missing}`") + "\n")


def _dialect(platform: str) -> Dialect:
    from trunkline.drivers.registry import dialect
    from trunkline.orchestrator.settings import read_settings

    return dialect(platform, allowed=read_settings().dialects)


def _source(platform: str) -> str:
    from trunkline.drivers.registry import registrations

    return next(each.source for each in registrations() if each.platform == platform)
