"""What the switches know of the machines around them, as each was asked last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.orchestrator.intents import Peer, Seen
from trunkline.orchestrator.models import PortName, SwitchName, switch_key
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.vlans import Vid


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one switch saw, and when, in seconds since the epoch by the store's clock."""

    at: float
    seen: Seen


class Sightings:
    """One text per switch; the newest is kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, switch: SwitchName, sighting: Sighting) -> None:
        """Remember what a switch saw, instead of what it saw before."""
        self._connection.do("SET", _key(switch), json.dumps({"at": sighting.at} | dump_seen(sighting.seen)))

    def of(self, switch: SwitchName) -> Sighting | None:
        """Give what a switch saw last; None when it was never asked."""
        text = self._connection.do("GET", _key(switch))
        if not text:
            return None
        raw = json.loads(text)
        return Sighting(at=raw["at"], seen=load_seen(raw))


def dump_seen(seen: Seen) -> dict[str, Any]:
    """Give the JSON form: peers as they are, stations as rows of port, VLAN and MACs."""
    rows = [[port, vlan, sorted(macs)] for (port, vlan), macs in sorted(seen.stations.items())]
    return {"peers": [dump_peer(peer) for peer in seen.peers], "stations": rows}


def load_seen(raw: Mapping[str, Any]) -> Seen:
    """Read what `dump_seen` wrote."""
    stations = {(PortName(port), Vid(vlan)): frozenset(macs) for port, vlan, macs in raw["stations"]}
    return Seen(peers=tuple(map(load_peer, raw["peers"])), stations=stations)


def dump_peer(peer: Peer) -> dict[str, Any]:
    """Give the JSON form of a peer."""
    return asdict(peer) | {"capabilities": sorted(peer.capabilities)}


def load_peer(raw: Mapping[str, Any]) -> Peer:
    """Read what `dump_peer` wrote."""
    return Peer(**{**raw, "capabilities": frozenset(raw["capabilities"])})


def _key(switch: SwitchName) -> str:
    return f"{PREFIX}seen:{switch_key(switch)}"
