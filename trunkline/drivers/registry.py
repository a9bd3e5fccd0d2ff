"""Finds dialects among the installed plug-ins; only those that the settings name are loaded."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from trunkline.orchestrator.errors import UnknownPlatform

if TYPE_CHECKING:
    from collections.abc import Collection

    from trunkline.drivers.switch.dialect import Dialect

GROUP = "trunkline.dialects"


def dialect(platform: str, *, allowed: Collection[str]) -> Dialect:
    """Load the dialect of a platform.

    Args:
        platform: The name under which it is registered, e.g. ``cisco_ios``.
        allowed: Names that may be loaded: a plug-in is code, so it is loaded only when it was named.

    Raises:
        UnknownPlatform: nothing is registered under that name, or it is not allowed.
    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if platform not in found:
        known = ", ".join(sorted(found)) or "none"
        raise UnknownPlatform("has no dialect", subject=f"platform {platform}", fix=f"installed are: {known}")
    if platform not in allowed:
        raise UnknownPlatform(
            "is installed but not allowed",
            subject=f"platform {platform}",
            fix="name it in TRUNKLINE_DIALECTS",
        )
    made: Dialect = found[platform].load()()
    return made
