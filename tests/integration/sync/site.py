"""A site for tests of the syncs: a real Redis, a switch over real SSH; hosts are played by their reports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.builders import a_host, a_segment, a_switch, an_inventory
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.orchestrator.intents import Attachment, HostReport
from trunkline.orchestrator.inventory import dump
from trunkline.orchestrator.models import (
    ContainerId,
    Credentials,
    DeviceKey,
    HostName,
    Inventory,
    PortName,
    SecretRef,
    SegmentName,
    Switch,
    SwitchName,
    switch_key,
)
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import Store, open_store
from trunkline.orchestrator.sync.context import Context
from trunkline.orchestrator.sync.holders import needs_on
from trunkline.orchestrator.sync.observation import Observation
from trunkline.orchestrator.sync.protocols import OpenSwitch
from trunkline.orchestrator.sync.switches import Order, sync_switch
from trunkline.orchestrator.vlans import Vid
from trunkline.tasks.devices import Switches

SW1, H1, H2, WEB = SwitchName("sw1"), HostName("h1"), HostName("h2"), SegmentName("web")
PORT = PortName("GigabitEthernet1/0/1")
TRUNKS = """
ip routing
ipv6 unicast-routing
interface GigabitEthernet1/0/1
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100
 switchport mode trunk
interface GigabitEthernet1/0/2
 switchport trunk native vlan 100
 switchport trunk allowed vlan 100
 switchport mode trunk
end
"""


class Doorbells:
    """Remembers who was rung. The syncs are called by hand here, so nothing has to come of it."""

    def __init__(self) -> None:
        self.devices: list[str] = []

    def container(self, host: HostName, container: ContainerId) -> None:
        """Not remembered."""

    def resync(self, host: HostName) -> None:
        """Not remembered."""

    def device(self, device: DeviceKey) -> None:
        """Remember the device."""
        self.devices.append(device)

    def job(self, job: str) -> None:
        """Not remembered."""

    def job_step(self, job: str, device: DeviceKey) -> None:
        """Not remembered."""


@dataclass
class Site:
    """One switch, two hosts, one segment."""

    running: RunningSwitch
    store: Store
    context: Context
    switches: Switches
    secret: Path
    bell: Doorbells = field(default_factory=Doorbells)

    def apply(self, inventory: Inventory) -> Inventory:
        """Store an inventory and raise every generation, as `trunkline apply` does."""
        self.store.inventory.put(dump(inventory), who="test")
        self.store.desired.touch((switch_key(SW1), DeviceKey("host:h1"), DeviceKey("host:h2")))
        return inventory

    def hold(self, *segments: SegmentName, host: HostName = H1, holder: str = "container:c1") -> None:
        """Let a container hold exactly these segments."""
        needs = needs_on(self.context.inventory(), host)
        self.store.desired.hold(holder, host=host, wanted=frozenset(segments), known=needs)

    def report(self, host: HostName, *segments: SegmentName) -> None:
        """Let a host say what it sees of ours on itself."""
        self.store.devices.report(
            HostReport(
                host=host,
                reported_at=self.store.now(),
                links=frozenset(segments),
                networks=frozenset(segments),
            )
        )

    def sync(
        self, *, confirmed: bool = False, accepts: bool = False, open_switch: OpenSwitch | None = None
    ) -> Observation | None:
        """Sync the switch now, whatever waits."""
        order = Order(removals_confirmed=confirmed, accepts=accepts)
        return sync_switch(SW1, context=self.context, open_switch=open_switch or self.switches, order=order)

    def settle(self) -> Observation | None:
        """Sync the switch as a doorbell would: only when it is due."""
        return sync_switch(SW1, context=self.context, open_switch=self.switches)

    def attachment(self, host: HostName = H1) -> Attachment | None:
        """Find the attachment of a host."""
        return next((each for each in self.store.desired.attachments(host)), None)

    def error(self) -> str:
        """Give the error that `trunkline status` shows for the switch."""
        return self.store.devices.status(switch_key(SW1)).error

    def owned(self) -> frozenset[str]:
        """Give what is ours on the switch."""
        return self.store.devices.owned(SW1)

    def port(self) -> str:
        """Give the configuration of the first host's port."""
        text = self.running.running_config
        return text.partition(f"interface {PORT}\n")[2].partition("\n!")[0]


def a_site_switch(running: RunningSwitch, secret: Path) -> Switch:
    """Describe the running switch as an inventory would."""
    login = Credentials(username=running.user, password=SecretRef(kind="file", name=str(secret)))
    switch = a_switch(
        address=running.address, port=running.port, host_key=running.host_key, credentials=login
    )
    return replace(switch, save_after_seconds=0.0)


@contextmanager
def a_site(redis_url: str, folder: Path) -> Iterator[Site]:
    """Start the switch, apply an inventory in which web's grace is nothing, and give it all."""
    secret = folder / "password"
    store = open_store(redis_url)
    switches = Switches(Settings(), store.devices)
    bell = Doorbells()
    with running_switch(startup_config=TRUNKS) as running:
        secret.write_text(running.password)
        context = Context(store=store, bell=bell, settings=Settings(redis_url=redis_url), process="test")
        site = Site(
            running=running, store=store, context=context, switches=switches, secret=secret, bell=bell
        )
        hosts = (a_host("h1", PORT), a_host("h2", "GigabitEthernet1/0/2"))
        uplinks = {
            host.name: replace(host, uplinks=(replace(host.uplinks[0], native_vlan=Vid(100)),))
            for host in hosts
        }
        site.apply(
            an_inventory(
                switches={SW1: a_site_switch(running, secret)},
                hosts=uplinks,
                segments={WEB: a_segment(grace_seconds=0.0)},
            )
        )
        site.report(H1)
        site.report(H2)
        try:
            yield site
        finally:
            switches.close()
            store.close()
