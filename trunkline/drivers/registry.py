"""Finds dialects among the installed plug-ins; only those that the settings name are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from trunkline.orchestrator.errors import UnknownPlatform

if TYPE_CHECKING:
    from collections.abc import Collection

    from trunkline.drivers.switch.conformance.device import DeviceModel
    from trunkline.drivers.switch.dialect import Dialect

GROUP = "trunkline.dialects"
MODELS = "trunkline.device_models"
"""Played devices that dialects are tested against; a plug-in may bring one under its platform's name, and more of them
under that name with a dot and a word of their own, as in ``our_os.router``."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Registration:
    """A dialect that is installed, loaded or not; ``version`` is that of the distribution."""

    platform: str
    distribution: str
    version: str
    target: str

    @property
    def source(self) -> str:
        """Name who brings it."""
        return f"{self.distribution} {self.version}".rstrip()


def registrations() -> tuple[Registration, ...]:
    """List every dialect that is installed; nothing is imported."""
    return tuple(sorted({_registration(entry) for entry in entry_points(group=GROUP)}))


def dialect(platform: str, *, allowed: Collection[str]) -> Dialect:
    """Load the dialect of a platform.

    Args:
        platform: The name under which it is registered, e.g. ``cisco_ios``.
        allowed: Names that may be loaded: a plug-in is code, so it is loaded only when it was named.

    Raises:
        UnknownPlatform: nothing is registered under that name, or more than one; it is not allowed; or its code fails.
    """
    entry = _found(platform, GROUP)
    if entry is None:
        known = ", ".join(sorted({entry.name for entry in entry_points(group=GROUP)})) or "none"
        raise UnknownPlatform("has no dialect", subject=f"platform {platform}", fix=f"installed are: {known}")
    if platform not in allowed:
        raise UnknownPlatform(
            "is installed but not allowed",
            subject=f"platform {platform}",
            fix="name it in TRUNKLINE_DIALECTS",
        )
    made: Dialect = _made(entry)
    return made


def device_models(platform: str, *, allowed: Collection[str]) -> dict[str, DeviceModel]:
    """Load the played devices that a plug-in brings for its dialect, by the name of each; none when it brings none.

    Raises:
        UnknownPlatform: as `dialect`.
    """
    if platform not in allowed:
        return {}
    names = {entry.name for entry in entry_points(group=MODELS) if entry.name.partition(".")[0] == platform}
    found = {name: _found(name, MODELS) for name in sorted(names)}
    return {name: _made(entry) for name, entry in found.items() if entry is not None}


def _found(platform: str, group: str) -> EntryPoint | None:
    """Find what is registered under a name, which must mean one thing: the allow-list has no other."""
    found = {entry.value: entry for entry in entry_points(group=group, name=platform)}
    if len(found) > 1:
        sources = " and ".join(sorted(_registration(entry).source for entry in found.values()))
        raise UnknownPlatform(
            f"is registered by {sources}", subject=f"platform {platform}", fix="uninstall all but one"
        )
    return next(iter(found.values()), None)


def _made(entry: EntryPoint) -> Any:  # whatever the plug-in registered
    try:
        return entry.load()()
    except Exception as error:  # a plug-in's code may raise anything
        words = " ".join(ascii(str(error))[1:-1].split())[:300]
        raise UnknownPlatform(
            f"cannot be loaded: {type(error).__name__}: {words}",
            subject=f"platform {entry.name}",
            fix=f"repair or reinstall {_registration(entry).source}",
        ) from error


def _registration(entry: EntryPoint) -> Registration:
    dist = entry.dist
    return Registration(
        platform=entry.name,
        distribution="unknown" if dist is None else dist.name,
        version="" if dist is None else dist.version,
        target=entry.value,
    )
