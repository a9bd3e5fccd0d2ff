"""What lldpd's `lldpcli` prints of a Linux machine's neighbors, as values. Pure; for Linux switches and for hosts.

lldpcli(8): `json0` is the form in which every value is a list, so that a neighbor's own name is never a key and one
neighbor looks like several.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from trunkline.drivers.announcements import capabilities, identifier, told
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

COMMAND = ("lldpcli", "-f", "json0", "show", "neighbors")
_VIA: dict[str, Literal["lldp", "cdp"]] = {"LLDP": "lldp", "CDPv1": "cdp", "CDPv2": "cdp"}

Node = dict[str, Any]
"""A JSON object; who reads a key checks its type."""


def read_neighbors(text: str) -> tuple[Peer, ...]:
    """Read who announces itself at which interface. Protocols other than LLDP and CDP are left out.

    Raises:
        ValueError: it is not what lldpcli prints.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(found, dict) or "lldp" not in found:
        raise ValueError("no JSON of lldpcli")
    return tuple(peer for each in _nodes(found, "lldp", "interface") if (peer := _peer(each)) is not None)


def _peer(interface: Node) -> Peer | None:
    port, via = interface.get("name"), _VIA.get(str(interface.get("via")))
    if not isinstance(port, str) or not port or port != told(port) or via is None:
        return None
    enabled = [
        str(each.get("type"))
        for each in _nodes(interface, "chassis", "capability")
        if each.get("enabled") is True
    ]
    return Peer(
        port=PortName(port),
        name=told(_first(interface, "chassis", "name")),
        chassis=identifier(_first(interface, "chassis", "id")),
        far_port=identifier(_first(interface, "port", "id")),
        far_description=told(_first(interface, "port", "descr")),
        capabilities=capabilities(" ".join(enabled)),
        via=via,
    )


def _nodes(node: Node, *path: str) -> Iterator[Node]:
    """Go down a path of keys; at each there may be several objects."""
    key, *rest = path
    below = node.get(key)
    for each in below if isinstance(below, list) else [below]:
        if isinstance(each, dict):
            yield from _nodes(each, *rest) if rest else (each,)


def _first(node: Node, *path: str) -> str:
    value = next((each.get("value") for each in _nodes(node, *path)), "")
    return value if isinstance(value, str) else ""
