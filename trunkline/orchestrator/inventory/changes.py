"""What changed between two inventories, in lines for people: ``+`` new, ``-`` gone, ``~`` changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from trunkline.orchestrator.inventory.document import Plain
from trunkline.orchestrator.inventory.stored import as_plain
from trunkline.orchestrator.models import Inventory

_SINGULAR = {"switches": "switch", "hosts": "host", "segments": "segment"}
_GIST = {
    "switches": ("kind", "address", "mode"),
    "hosts": ("uplinks",),
    "segments": ("vlan", "subnets", "gateway"),
}


def difference(old: Inventory | None, new: Inventory) -> list[str]:
    """Compare; an empty list means that nothing changed. ``old`` None is an empty inventory."""
    before = as_plain(Inventory(switches={}, hosts={}, segments={}) if old is None else old)
    after = as_plain(new)
    lines: list[str] = []
    for section in after:
        one, other = before[section], after[section]
        if isinstance(one, dict) and isinstance(other, dict):
            if section in _SINGULAR:
                lines += _items(section, one, other)
            else:
                lines += [f"~ {section} {line}" for line in _keys(one, other)]
        elif isinstance(one, list) and isinstance(other, list):
            lines += [f"- {section} {_short(item)}" for item in one if item not in other]
            lines += [f"+ {section} {_short(item)}" for item in other if item not in one]
    return lines


def _items(section: str, old: Mapping[str, Plain], new: Mapping[str, Plain]) -> Iterator[str]:
    word = _SINGULAR[section]
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from (f"~ {word} {name}: {line}" for line in _keys(one, other))
        elif isinstance(other, dict):
            gist = ", ".join(f"{key} {_short(other[key])}" for key in _GIST[section])
            yield f"+ {word} {name}: {gist}"
        else:
            yield f"- {word} {name}"


def _keys(old: Mapping[str, Plain], new: Mapping[str, Plain]) -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield f"{key} {_short(old.get(key))} -> {_short(new.get(key))}"


def _short(value: Plain) -> str:
    """Write a value in one line, in the style of YAML's flow notation."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(_short(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{key}: {_short(item)}' for key, item in value.items() if item != [])}}}"
        case str():
            return value
        case _:
            return json.dumps(int(value) if value == int(value) else value)
