"""Whether the machine that announces itself at a port is the one declared there. Pure; for `verify` and the engine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trunkline.orchestrator.intents import Peer

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_SERIAL = re.compile(r"\(.*\)\Z")
"""NX-OS puts its serial number behind its name in CDP."""


def stranger(peers: Sequence[Peer], *, names: frozenset[str], macs: frozenset[str]) -> Peer | None:
    """Find who answers where the declared machine should.

    Args:
        peers: Everybody who announces himself at one port.
        names: Names of the declared machine; empty: whoever answers is right.
        macs: Its hardware addresses, lower-case with colons; empty when nobody knows them.

    Returns:
        The first that tells who it is and is not the declared machine; None when the machine itself is among them, and
        when none of them tells enough.
    """
    if not names or any(is_machine(peer, names=names, macs=macs) for peer in peers):
        return None
    return next((peer for peer in peers if _tells(peer, macs)), None)


def is_machine(peer: Peer, *, names: frozenset[str], macs: frozenset[str]) -> bool:
    """Say whether a peer is the machine with one of these names or hardware addresses.

    A name without a domain stands for every domain; two that have one must have the same.
    """
    if not macs.isdisjoint({peer.chassis, peer.far_port}):
        return True
    told = _labels(peer.name)
    return bool(told) and any(_same(told, _labels(name)) for name in names)


def first_label(name: str) -> str:
    """Give what a name is found by, whatever its domain; empty when it says nothing."""
    return next(iter(_labels(name)), "")


def _tells(peer: Peer, macs: frozenset[str]) -> bool:
    """Say whether a peer that is not the declared machine is known to be another one."""
    return bool(_labels(peer.name)) or (bool(macs) and _MAC.fullmatch(peer.chassis) is not None)


def _labels(name: str) -> list[str]:
    text = _SERIAL.sub("", name.strip()).rstrip(".").lower()
    return text.split(".") if text else []


def _same(one: list[str], other: list[str]) -> bool:
    shorter = min(len(one), len(other))
    return one == other if shorter > 1 else bool(other) and one[0] == other[0]
