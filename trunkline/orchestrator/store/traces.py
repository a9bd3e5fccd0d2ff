"""What switches, routers and engines remember of addresses that changed hands; written by the ledger's scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from trunkline.orchestrator.models import DeviceKey, HostName
from trunkline.orchestrator.store.connection import PREFIX, Connection
from trunkline.orchestrator.store.places import stale_neighbor
from trunkline.orchestrator.store.records import StaleNeighbor


class Traces:
    """MACs that left their host, addresses that a gateway is to forget, engines that do not announce theirs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note_announcing(self, host: HostName, *, announces: bool) -> None:
        """Record whether a host's engine tells its neighbours of every address that it takes into use.

        While one does not, addresses rest longer, where their segment does not say how long.
        """
        self._connection.do("SREM" if announces else "SADD", f"{PREFIX}silent", host)

    def gone(self, hosts: Collection[HostName]) -> Mapping[HostName, frozenset[str]]:
        """Give the MACs of endpoints that left each of these hosts, for as long as a switch may remember them."""
        names = sorted(hosts)
        found = self._connection.script("gone", *names)
        return {host: frozenset(macs) for host, macs in zip(names, found, strict=True)}

    def stale(self, device: DeviceKey, most: int) -> tuple[StaleNeighbor, ...]:
        """Give addresses that went to another MAC and whose former one this gateway is to forget, the oldest first."""
        found = self._connection.script("stale", device, most)
        return tuple(stale_neighbor(*pair) for pair in zip(found[::2], found[1::2], strict=True))

    def forgotten(self, device: DeviceKey, neighbors: Iterable[StaleNeighbor]) -> int:
        """Record what a gateway forgot; returns how many are left. What was wished for again since is left."""
        words = [word for each in neighbors for word in (each.wish, each.wished_at)]
        return int(self._connection.script("forgotten", device, *words))
