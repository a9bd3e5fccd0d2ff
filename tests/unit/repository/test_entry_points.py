"""What pyproject.toml says can be called can be called."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any


def test_every_entry_point_leads_to_something(project: dict[str, Any]) -> None:
    groups = {**project["project"]["entry-points"], "scripts": project["project"]["scripts"]}
    lost = []
    for group, entries in groups.items():
        for name, value in entries.items():
            module, _, attribute = value.partition(":")
            try:
                getattr(import_module(module), attribute)
            except (ImportError, AttributeError) as error:
                lost.append(f"{group} {name}: {error}")

    assert lost == []


def test_the_installed_commands_are_those_of_this_checkout(project: dict[str, Any]) -> None:
    installed = {entry.name: entry.value for entry in entry_points(group="trunkline.commands")}

    assert installed == project["project"]["entry-points"]["trunkline.commands"], "run `make setup`"
