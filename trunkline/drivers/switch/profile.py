"""Describes a dialect as plain values: what it says, what it asks, what it cannot do. For `trunkline drivers show`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from trunkline.drivers.switch.conformance.samples import (
    BLUE,
    Kind,
    features,
    sample_port,
    sample_scope,
    why_not,
)
from trunkline.drivers.switch.dialect import Dialect, Discovers
from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import PortName

KINDS: tuple[Kind, ...] = ("l3switch", "l2switch", "router")


def profile(dialect: Dialect, *, source: str, port: str | None = None) -> dict[str, Any]:  # JSON is that open
    """Describe a dialect.

    Args:
        dialect: Which one.
        source: The distribution it comes from.
        port: A port to give examples with; None: one whose name the dialect's own guard lets through.

    Raises:
        ConfigError: no example can be given with that port, or none with any.
    """
    grammar = dialect.grammar
    name = PortName(port) if port is not None else sample_port(dialect)
    if name is None:
        raise ConfigError(
            "names its ports in a way of its own",
            subject=f"platform {dialect.platform}",
            fix="name one with --port",
        )
    return {
        "platform": dialect.platform,
        "source": source,
        "blind": dialect.blind,
        "about": about(dialect),
        "prompt": grammar.prompt,
        "modes": [{"shown": pattern.pattern, "mode": mode} for pattern, mode in grammar.modes],
        "enter_config": grammar.enter_config,
        "leave_block": grammar.leave_block,
        "commit": grammar.commit,
        "discard": grammar.discard,
        "leave_config": grammar.leave_config,
        "save": grammar.save,
        "saved": grammar.saved.pattern,
        "backup": grammar.backup,
        "longest_line": grammar.longest_line,
        "rejected": grammar.rejected.pattern,
        "phrases": {
            mode: [
                {"pattern": phrase.pattern.pattern, "converts": phrase.converts}
                for phrase in grammar.phrases[mode]
            ]
            for mode in grammar.phrases
        },
        "sample": {"port": name, "vlan": BLUE},
        "queries": {
            kind: [query.command for query in dialect.queries(sample_scope(dialect, name, kind))]
            for kind in KINDS
        },
        "discovery": discovery(dialect),
        "unsupported": {
            feature.name: cause for feature in features(name, name) if (cause := why_not(dialect, feature))
        },
    }


def discovery(dialect: Dialect) -> dict[str, list[str]] | None:
    """Give what a switch is asked about its surroundings; None for a dialect that cannot tell."""
    if not isinstance(dialect, Discovers):
        return None
    return {
        "peers": [query.command for query in dialect.peer_queries(None)],
        "stations": [query.command for query in dialect.station_queries()],
    }


def about(dialect: Dialect) -> str:
    """Give the first paragraph of what its author wrote above the module."""
    module = inspect.getmodule(type(dialect))
    return " ".join((inspect.getdoc(module) or "").partition("\n\n")[0].split())


def rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Lay a profile out as two columns for people."""
    return list(_rows(found))


def _rows(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "from", found["source"]
    yield "about", found["about"]
    yield (
        "written",
        "blind: too little real output stands behind it" if found["blind"] else "verified with real output",
    )
    yield "prompt", found["prompt"]
    yield from (("mode", f"{each['mode']}: {each['shown']}") for each in found["modes"])
    yield "configure", ", ".join(f"`{found[key]}`" for key in ("enter_config", "leave_block", "leave_config"))
    if found["commit"]:
        yield "commit", f"`{found['commit']}`, and `{found['discard']}` when it is refused"
    yield "save", f"`{found['save']}`, confirmed by {found['saved']}"
    yield "backup", f"`{found['backup']}`"
    yield "refusal", found["rejected"]
    yield "longest line", f"{found['longest_line']} characters"
    for mode, phrases in found["phrases"].items():
        for phrase in phrases:
            yield f"in {mode}", phrase["pattern"] + ("  (adopting)" if phrase["converts"] else "")
    sample = found["sample"]
    yield "example", f"port {sample['port']}, VLAN {sample['vlan']}"
    queries = found["queries"]
    yield from (("asks a switch", query) for query in queries["l3switch"])
    if queries["router"] != queries["l3switch"]:
        yield from (("asks a router", query) for query in queries["router"])
    asked = found["discovery"]
    if asked is None:
        yield "discovery", "cannot tell what its ports are cabled to"
    else:
        yield from (("asks for neighbors", query) for query in asked["peers"])
        yield from (("asks for addresses", query) for query in asked["stations"])
    yield from ((f"cannot {name}", cause) for name, cause in found["unsupported"].items())
