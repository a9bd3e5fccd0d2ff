"""What `trunkline switch diff`, `adopt` and `backup` print."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.cli.output import ago, print_json, print_table, printable

if TYPE_CHECKING:
    from trunkline.orchestrator.models import Switch
    from trunkline.orchestrator.store import Store

SIGNS = {"add": "+", "remove": "-"}


def show_difference(name: str, result: Mapping[str, Any]) -> None:
    """Print what is on a switch against what is wanted, object by object, and the lines that would be sent."""
    changes = result.get("changes", [])
    if changes:
        _say(f"--- {name}, as it is", f"+++ {name}, as desired")
    for thing in dict.fromkeys(about for _, about, _ in changes):
        _say(f"@@ {thing}", *(f"{SIGNS[op]} {what}" for op, about, what in changes if about == thing))
    if result["lines"]:
        _say("", "would be sent:", *(f"  {line}" for line in result["lines"]))
    _say_what_else(result)
    if not changes and not result["problems"]:
        _say("as desired")


def show_comparison(name: str, number: int, result: Mapping[str, Any]) -> None:
    """Print what differs from a backup."""
    _say(*result["lines"], *(f"# {note}" for note in result["notes"]))
    if not result["lines"]:
        _say(
            f"{name} shows what it showed in backup {number}"
            + (", as far as it was compared" if result["notes"] else "")
        )


def show_adoption(name: str, result: Mapping[str, Any]) -> None:
    """Print what of a switch is as desired, what would change, and what is somebody else's."""
    ours = set(result["ours"])
    _section("as desired", (f"{key}{', ours' if key in ours else ''}" for key in result["as_desired"]))
    _section("would change with the next sync, where the mode is enforce", result["lines"])
    _section("foreign, and left alone", result["foreign"])
    takeable = [f"{key}" for key in result["takeable"]]
    _section("as desired and nobody's so far: never taken away, until `--take` makes it ours", takeable)
    _section(
        "as desired, and it cannot become ours", (f"{key}: {text}" for key, text in result["kept"].items())
    )
    _section("ours from now on", result["taken"])
    _say_what_else(result)
    if not any(result[key] for key in ("as_desired", "lines", "foreign", "problems")):
        _say(f"nothing is wanted of {name}, and nothing was found on its ports")


def _section(title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        _say(f"{title}:", *(f"  {line}" for line in found))


def _say_what_else(result: Mapping[str, Any]) -> None:
    _say(*(f"! {subject}: {text}" for subject, text in result["problems"].items()))
    _say(*(f"# {note}" for note in result["notes"]))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{printable(line.expandtabs())}\n" for line in lines))


def list_backups(store: Store, switch: Switch, *, as_json: bool) -> None:
    """Print which backups of sessions are in the record."""
    kept = store.backups.list(switch.name)
    if as_json:
        print_json([{key: value for key, value in asdict(each).items() if key != "text"} for each in kept])
        return
    now = store.now()
    rows: Sequence[Sequence[str]] = [
        [str(each.number), ago(now, each.at), f"{len(each.text.splitlines())}", each.why] for each in kept
    ]
    empty = "none yet; one is made before a session changes something"
    print_table(("BACKUP", "MADE", "LINES", "WHY"), rows, empty=empty)


def show_backup(store: Store, switch: Switch, number: int, *, as_json: bool) -> None:
    """Print one backup of a session.

    Raises:
        ConfigError: it is not kept.
    """
    backup = store.backups.get(switch.name, number)
    if as_json:
        print_json(asdict(backup))
        return
    _say(*backup.text.splitlines())
    if backup.cut:
        sys.stderr.write(f"cut: {backup.cut} bytes more were not kept\n")
