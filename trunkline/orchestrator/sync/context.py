"""What every sync is given, and the inventory as the store has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import Interface, Inventory, Segment, SegmentName
from trunkline.orchestrator.planning import gateway_addresses
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import Store
from trunkline.orchestrator.sync.protocols import Bell
from trunkline.orchestrator.vlans import Vid


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The record, the doorbells and the settings of this process. ``process`` names it in the audit trail."""

    store: Store
    bell: Bell
    settings: Settings
    process: str

    def inventory(self) -> Inventory:
        """Read the current inventory.

        Raises:
            ConfigError: none was applied yet.
            StoreUnavailable: Redis does not answer.
        """
        current = self.store.inventory.current()
        if current is None:
            raise ConfigError(
                "no inventory was applied yet", subject="inventory", fix="run `trunkline apply FILE`"
            )
        return self.pinned(restore(current[1]))

    def former_segments(self, inventory: Inventory) -> Mapping[SegmentName, Segment]:
        """Give the last known form of segments that have left the inventory, from its newest versions."""
        found: dict[SegmentName, Segment] = {}
        for _, text in self.store.inventory.history():
            for name, segment in restore(text).segments.items():
                if name not in inventory.segments:
                    found.setdefault(name, segment)
        return found

    def former_gateways(self) -> Mapping[Vid, frozenset[Interface]]:
        """Give the addresses that the newest versions of the inventory gave the gateway of each VLAN."""
        found: dict[Vid, frozenset[Interface]] = {}
        for _, text in self.store.inventory.history():
            for segment in restore(text).segments.values():
                addresses = frozenset(gateway_addresses(segment))
                found[segment.vlan] = found.get(segment.vlan, frozenset()) | addresses
        return found

    def pinned(self, inventory: Inventory) -> Inventory:
        """Fill in the host keys that the inventory leaves open and `trunkline switch trust` has pinned."""
        pins = self.store.inventory.pins()
        switches = {
            name: switch if switch.host_key else replace(switch, host_key=pins.get(name))
            for name, switch in inventory.switches.items()
        }
        return replace(inventory, switches=switches)
