"""What a Linux machine that switches tells of its surroundings: lldpd's neighbors and the bridge's forwarding table.

Pure; part of the Linux dialects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.drivers import lldpcli
from trunkline.drivers.switch.cisco_tables import reading
from trunkline.drivers.switch.dialect import EXIT, Query
from trunkline.drivers.switch.linux_shell import Row
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, vid

NEIGHBORS = " ".join(lldpcli.COMMAND)
_NOBODY = (
    rf"{EXIT}127\s*\Z|unable to connect to socket [^\n]*: (?:No such file or directory|Connection refused)\s"
)
"""lldpd is not installed, or does not run."""
_ANSWER = re.compile(rf"\{{.*\}}\s*\Z|{_NOBODY}", re.DOTALL)
_JSON = re.compile(r"^\{.*\}\s*\Z", re.DOTALL | re.MULTILINE)


class HearsLldpd:
    """The half of `Discovers` that is the same for all Linux switches."""

    def peer_queries(self, port: PortName | None) -> Sequence[Query]:
        """Ask for every neighbor, so that no name of ours is in the command."""
        del port
        return [Query(command=NEIGHBORS, answer=_ANSWER)]

    def peers(self, outputs: Mapping[str, str], port: PortName | None) -> Sequence[Peer]:
        """Read them; without lldpd nothing is known.

        Raises:
            ValueError: it is not what lldpcli prints.
        """
        # Warnings may stand above the answer.
        found = _JSON.search(outputs[NEIGHBORS].replace("\r", ""))
        if found is None:
            return ()
        with reading(NEIGHBORS):
            heard = lldpcli.read_neighbors(found[0])
        return tuple(peer for peer in heard if port in {None, peer.port})


def is_foreign(row: Row) -> bool:
    """Say whether a row of `bridge fdb` is somebody's address.

    What is permanent are the bridge's and the ports' own, what has no master is no bridge's, and a group is nobody.
    """
    mac = str(row.get("mac", ""))
    return row.get("state") != "permanent" and "master" in row and not int(mac[1:2] or "1", 16) & 1


def learned(rows: Sequence[Row]) -> dict[tuple[PortName, Vid], frozenset[str]]:
    """Give the addresses by port and VLAN; what was learned without a VLAN is left out."""
    found: dict[tuple[PortName, Vid], frozenset[str]] = {}
    for row in rows:
        if is_foreign(row) and "vlan" in row:
            place = PortName(str(row.get("ifname"))), vid(int(row["vlan"]))
            found[place] = found.get(place, frozenset()) | {str(row["mac"]).lower()}
    return found
