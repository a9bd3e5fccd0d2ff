"""A switch's sync with everything real but the hosts: what goes wrong is told, kept safe, and healed."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.integration.sync.site import H1, H2, PORT, SW1, WEB, Site, a_site
from trunkline.orchestrator.intents import Claim, HasVlan, Neighbor, Seen, SwitchIntent
from trunkline.orchestrator.models import ContainerId, PortName, Switch, switch_key
from trunkline.orchestrator.status import snapshot
from trunkline.orchestrator.store import Owner
from trunkline.orchestrator.store.connection import PREFIX
from trunkline.orchestrator.sync.protocols import Journal, SwitchDriver, SwitchPlan, SwitchResult
from trunkline.orchestrator.sync.switches import reason

CARRIES = f"carries:{PORT}:10"


@pytest.fixture
def site(redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(redis_url, tmp_path) as built:
        yield built


def dotted(mac: str) -> str:
    """Write a MAC as the switch does."""
    digits = mac.replace(":", "")
    return ".".join(digits[at : at + 4] for at in (0, 4, 8))


def _state(site: Site) -> tuple[str, str]:
    attachment = site.attachment()
    return ("absent", "") if attachment is None else (attachment.state, attachment.cause)


def test_a_holder_brings_the_vlan_and_its_leaving_takes_it_away(site: Site) -> None:
    site.hold(WEB)
    site.sync()
    assert "switchport trunk allowed vlan 10,100" in site.port()
    assert _state(site)[0] == "switch-ready"
    assert "host:h1" in site.bell.devices
    assert CARRIES in site.owned()
    (why,) = {
        operation.why for operation in site.store.operations.tail(9) if operation.lines[0] != "write memory"
    }
    assert why == "segment web is wanted on h1 by container c1"

    site.hold()
    site.sync()
    assert "switchport trunk allowed vlan 100" in site.port()
    assert CARRIES not in site.owned()
    assert site.attachment() is None
    assert "nobody needs it any more" in {operation.why for operation in site.store.operations.tail(9)}


def test_what_somebody_took_away_by_hand_is_put_back_while_it_is_needed(site: Site) -> None:
    site.hold(WEB)
    site.sync()
    site.running.configure(f"interface {PORT}\n switchport trunk allowed vlan remove 10\nend")
    site.sync()
    assert "switchport trunk allowed vlan 10,100" in site.port()


def test_what_somebody_took_away_by_hand_is_not_ours_any_more(site: Site) -> None:
    site.hold(WEB)
    site.sync()
    site.running.configure(f"interface {PORT}\n switchport trunk allowed vlan remove 10\nend")
    site.hold()
    site.sync()
    assert CARRIES not in site.owned()
    assert site.attachment() is None, "nothing is left of it"


def test_a_host_that_still_shows_the_link_keeps_the_vlan_on_its_port(site: Site) -> None:
    site.hold(WEB)
    site.sync()
    site.report(H1, WEB)
    site.hold()
    site.sync()
    assert "switchport trunk allowed vlan 10,100" in site.port()
    site.report(H1)
    site.sync()
    assert "switchport trunk allowed vlan 100" in site.port()


def test_an_unreachable_switch_is_told_and_healed(site: Site) -> None:
    site.hold(WEB)
    inventory = site.context.inventory()
    away = replace(inventory.switches[SW1], port=1)
    site.apply(replace(inventory, switches={SW1: away}))
    assert site.sync() is None
    state, cause = _state(site)
    assert state == "failed"
    assert cause.startswith("switch sw1: 127.0.0.1:1 does not answer")
    assert "127.0.0.1:1 does not answer" in site.error()
    assert site.settle() is None, "it is left alone for a while"

    site.apply(inventory)
    assert site.settle() is not None, "a new inventory is tried at once"
    assert _state(site) == ("switch-ready", "")
    assert site.error() == ""


def test_a_refused_login_is_told_once_per_set_of_credentials_and_healed_by_the_right_one(site: Site) -> None:
    right = site.secret.read_text()
    site.secret.write_text("wrong")
    site.hold(WEB)
    for _ in range(3):
        site.sync()
    assert site.running.refused == 1
    assert "refused" in site.error()
    assert _state(site)[0] == "failed"
    site.sync(accepts=True)
    assert site.running.refused == 2, "an operator asked for one more try"
    site.secret.write_text(right)
    site.sync()
    assert _state(site) == ("switch-ready", "")


def test_a_changed_host_key_gets_no_password_and_is_told(site: Site) -> None:
    site.hold(WEB)
    site.running.change_host_key()
    site.sync()
    assert "host key" in site.error()
    assert "switch trust" in site.error()
    assert (site.running.logins, site.running.refused) == (0, 0)


def test_a_port_that_is_not_there_fails_its_attachment_alone(site: Site) -> None:
    inventory = site.context.inventory()
    nowhere = replace(inventory.hosts[H1].uplinks[0], port=PortName("GigabitEthernet1/0/99"))
    hosts = dict(inventory.hosts) | {H1: replace(inventory.hosts[H1], uplinks=(nowhere,))}
    site.apply(replace(inventory, hosts=hosts))
    site.hold(WEB)
    site.hold(WEB, host=H2, holder="container:c2")
    site.sync()
    states = {each.host: (each.state, each.cause) for each in site.store.desired.attachments()}
    assert states[H1][0] == "failed"
    assert "there is no port GigabitEthernet1/0/99" in states[H1][1]
    assert states[H2] == ("switch-ready", "")


def test_observe_mode_reads_plans_reports_and_writes_nothing(site: Site) -> None:
    inventory = site.context.inventory()
    watched = replace(inventory.switches[SW1], mode="observe")
    site.apply(replace(inventory, switches={SW1: watched}))
    site.hold(WEB)
    before = site.running.running_config
    observation = site.sync()
    assert site.running.running_config == before
    assert site.running.config_lines == []
    assert observation is not None
    assert " switchport trunk allowed vlan add 10" in observation.pending
    state, cause = _state(site)
    assert state == "failed"
    assert "observe mode" in cause
    assert site.owned() == frozenset()


def test_in_observe_mode_a_member_of_a_channel_is_neither_satisfied_by_plans_nor_forgotten(
    site: Site,
) -> None:
    channel = "interface Port-channel1\n switchport trunk native vlan 100\n switchport trunk allowed vlan 100"
    site.running.configure(
        f"{channel}\n switchport mode trunk\ninterface {PORT}\n channel-group 1 mode on\nend"
    )
    inventory = site.context.inventory()
    watched = replace(inventory.switches[SW1], mode="observe")
    site.apply(replace(inventory, switches={SW1: watched}))
    site.hold(WEB)
    observation = site.sync()
    assert observation is not None
    assert "interface Port-channel1" in observation.pending
    assert CARRIES not in observation.satisfied

    site.running.configure("interface Port-channel1\n switchport trunk allowed vlan add 10\nend")
    site.store.devices.own(SW1, add=frozenset({CARRIES}))
    site.hold()
    observation = site.sync()
    assert observation is not None
    assert " switchport trunk allowed vlan remove 10" in observation.pending
    assert CARRIES in site.owned(), "it is there still, and ours"


def test_what_was_configured_is_kept_before_a_session_changes_something(site: Site) -> None:
    site.hold(WEB)
    site.sync()
    (kept,) = site.store.backups.list(SW1)
    assert f"! show running-config interface {PORT}\n" in kept.text
    assert " switchport trunk allowed vlan 100\n" in kept.text
    site.hold()
    site.sync()
    assert len(site.store.backups.list(SW1)) == 1, "the session is the same"


def test_a_session_that_breaks_while_it_writes_is_finished_and_only_then_saved(site: Site) -> None:
    site.hold(WEB)
    site.running.set_faults(events=[{"matching": "switchport trunk allowed vlan add", "do": "drop"}])
    assert site.sync() is None
    assert CARRIES in site.owned(), "it may be there, and is ours"
    assert "tl-web" not in site.running.startup_config
    site.running.set_faults()
    site.sync()
    assert _state(site)[0] == "switch-ready"
    assert "vlan 10" in site.running.startup_config
    assert "switchport trunk allowed vlan 10,100" in site.running.startup_config


def test_what_the_read_back_does_not_confirm_is_not_saved(site: Site) -> None:
    site.hold(WEB)
    site.running.set_faults(
        events=[
            {"matching": "ipv6 address", "do": "reject", "text": "% Invalid input", "times": 0},
            {"matching": "no interface Vlan10", "do": "reject", "text": "% Busy", "times": 0},
        ]
    )
    site.sync()
    assert "% Invalid input" in site.error()
    assert "interface Vlan10" not in site.running.startup_config
    site.running.set_faults()
    site.sync()
    assert "interface Vlan10" in site.running.startup_config


def test_the_status_tells_since_when_a_switch_is_unsaved_and_not_when_it_changed_last(site: Site) -> None:
    inventory = site.context.inventory()
    slow = replace(inventory.switches[SW1], save_after_seconds=3600.0)
    site.apply(replace(inventory, switches={SW1: slow}))
    site.hold(WEB)
    site.sync()
    (before,) = (item for item in snapshot(site.store)["devices"] if item["device"] == switch_key(SW1))
    assert before["unsaved_since"]
    site.hold(WEB, host=H2, holder="container:c2")
    site.sync()
    (after,) = (item for item in snapshot(site.store)["devices"] if item["device"] == switch_key(SW1))
    assert after["unsaved_since"] == before["unsaved_since"]


def test_a_save_that_is_not_confirmed_is_tried_again(site: Site) -> None:
    site.hold(WEB)
    site.running.set_faults(events=[{"matching": "write memory", "do": "reject", "text": "% Flash is full"}])
    site.sync()
    assert "Flash is full" in site.error()
    assert _state(site) == ("switch-ready", ""), "it works all the same"
    assert "interface Vlan10" not in site.running.startup_config
    site.sync()
    assert site.error() == ""
    assert "interface Vlan10" in site.running.startup_config


def test_where_no_command_saves_nothing_is_saved_and_the_trail_does_not_say_so(site: Site) -> None:
    class Forgetful(Meddler):
        save_command = ""

    site.hold(WEB)
    site.sync(open_switch=Forgetful(site, ""))
    assert _state(site) == ("switch-ready", "")
    assert "interface Vlan10" not in site.running.startup_config
    assert all(operation.lines != ("",) for operation in site.store.operations.tail(9))
    assert "write memory" not in {operation.lines[0] for operation in site.store.operations.tail(9)}


def test_the_brake_adds_and_takes_nothing_away_until_somebody_confirms(site: Site) -> None:
    inventory = site.context.inventory()
    limits = replace(inventory.limits, removals_per_pass=0)
    site.apply(replace(inventory, limits=limits))
    site.hold(WEB)
    site.sync()
    site.hold()
    site.sync()
    assert "need a person's word" in site.error()
    assert "switchport trunk allowed vlan 10,100" in site.port()
    site.sync(confirmed=True)
    assert "switchport trunk allowed vlan 100" in site.port()


@pytest.mark.parametrize("breaks", [True, False])
def test_what_the_switch_is_about_to_take_back_is_not_taken_for_ready(site: Site, *, breaks: bool) -> None:
    inventory = site.context.inventory()
    timed = replace(inventory.switches[SW1], revert_minutes=5)
    site.apply(replace(inventory, switches={SW1: timed}))
    site.running.configure("archive\n path flash:before\nend")
    site.hold(WEB)
    if breaks:
        site.running.set_faults(events=[{"matching": "^switchport trunk allowed vlan add", "do": "drop"}])
        site.sync()
        site.running.set_faults()
    else:
        site.sync(open_switch=Meddler(site, f"interface {PORT}\n switchport trunk allowed vlan add 300\nend"))
    assert "allowed vlan 10,100" in site.port(), "it shows what will not stay"

    blocked = site.store.devices.status(switch_key(SW1)).blocked_until
    assert blocked is not None
    assert blocked - site.store.now() > 5 * 60
    assert site.settle() is None
    assert _state(site)[0] != "switch-ready"
    site.running.let_the_timer_end()
    assert "allowed vlan 10,100" not in site.port()


def test_nothing_is_written_after_another_worker_took_over(site: Site) -> None:
    site.hold(WEB)
    holder = site.store.devices.acquire(switch_key(SW1), 30.0)
    assert holder is not None
    assert site.sync() is None
    assert site.running.config_lines == []
    site.store.devices.release(holder)
    site.sync()
    assert site.running.config_lines != []


def test_a_sync_of_several_passes_holds_its_lease_through_each_of_them(site: Site) -> None:
    """Another worker of this process would go on in the middle of its session with the switch."""
    key, lease, left = switch_key(SW1), f"{PREFIX}lease:{switch_key(SW1)}", []

    def nearly_late(switch: Switch) -> SwitchDriver:
        left.append(int(site.store.connection.do("PTTL", lease)))
        if len(left) == 1:
            site.store.connection.do("PEXPIRE", lease, 9000)
            site.store.devices.mark_dirty([key])
        return site.switches(switch)

    site.sync(open_switch=nearly_late)
    assert len(left) == 2
    assert left[1] > 9000


def test_the_macs_of_a_container_that_is_gone_keep_no_vlan_however_often_it_was_restarted(site: Site) -> None:
    segment, ledger = site.context.inventory().segments[WEB], site.store.ledger
    owner = Owner(container_id=ContainerId("c1"), endpoint=WEB)
    site.hold(WEB)
    site.sync()
    kept = ledger.allocate(segment, family=4, owner=owner, host=H1, name="c1", kept=True)
    for mac in ("02:00:00:00:00:01", "02:00:00:00:00:02"):
        guest = Owner.by_mac(H1, mac)
        ledger.allocate(segment, family=4, owner=guest, host=H1, name="", mac=mac, wanted=kept.address)
        site.running.learn(port=PORT, vlan=10, mac=dotted(mac))
        assert ledger.release_endpoint(segment, address=kept.address, host=H1, mac=mac)
    ledger.release(segment, owner)
    site.hold()
    site.sync()
    assert "switchport trunk allowed vlan 100" in site.port()


def test_the_mac_of_an_endpoint_that_is_still_there_keeps_its_vlan(site: Site) -> None:
    segment, mac = site.context.inventory().segments[WEB], "02:00:00:00:00:01"
    site.hold(WEB)
    site.sync()
    for _ in range(2):  # it left and came back, as a container with a fixed MAC does
        lease = site.store.ledger.allocate(
            segment, family=4, owner=Owner.by_mac(H1, mac), host=H1, name="", mac=mac
        )
        there = site.store.ledger.release_endpoint(segment, address=lease.address, host=H1, mac=mac)
    site.store.ledger.allocate(segment, family=4, owner=Owner.by_mac(H1, mac), host=H1, name="", mac=mac)
    assert there
    site.running.learn(port=PORT, vlan=10, mac=dotted(mac))
    site.hold()
    site.sync()
    assert "switchport trunk allowed vlan 10,100" in site.port()


def test_a_stranger_that_talks_in_a_vlan_keeps_it_on_its_port_and_is_named(site: Site) -> None:
    site.hold(WEB)
    site.sync()
    site.running.learn(port=PORT, vlan=10, mac=dotted("0c:0f:fe:e0:00:01"))
    site.hold()
    site.sync()
    assert "switchport trunk allowed vlan 10,100" in site.port()
    assert "0c:0f:fe:e0:00:01 talks there" in site.error()
    site.running.forget_macs()
    site.sync()
    assert "switchport trunk allowed vlan 100" in site.port()


@dataclass
class Meddler:
    """Somebody who types on the switch exactly while it is written."""

    site: Site
    lines: str

    def __call__(self, switch: Switch) -> SwitchDriver:
        """Open the switch, and follow its syncs."""
        self.driver = self.site.switches(switch)
        return self

    def plan(self, intent: SwitchIntent) -> SwitchPlan:
        """Pass on."""
        return self.driver.plan(intent)

    def sync(self, intent: SwitchIntent, *, journal: Journal) -> SwitchResult:
        """Type between the read and the write."""
        self.journal = journal
        return self.driver.sync(intent, journal=self)

    def show(self, intent: SwitchIntent, commands: Container[str]) -> Mapping[str, str]:
        """Pass on."""
        return self.driver.show(intent, commands)

    def forget(self, neighbors: Sequence[Neighbor], *, journal: Journal) -> tuple[str, ...]:
        """Pass on."""
        return self.driver.forget(neighbors, journal=journal)

    def keep(self, text: str) -> None:
        """Pass on."""
        self.journal.keep(text)

    def before_write(self, lines: Sequence[str], adding: frozenset[Claim]) -> str:
        """Type, then pass on."""
        self.site.running.configure(self.lines)
        return self.journal.before_write(lines, adding)

    def after_write(self, operation: str, *, ok: bool, reply: str) -> None:
        """Pass on."""
        self.journal.after_write(operation, ok=ok, reply=reply)

    def still_unneeded(self, claim: Claim) -> bool:
        """Pass on."""
        return self.journal.still_unneeded(claim)

    @property
    def save_command(self) -> str:
        """Pass on."""
        return self.driver.save_command

    def save(self) -> None:
        """Pass on."""
        self.driver.save()

    def discover(self) -> Seen:
        """Pass on."""
        return self.driver.discover()

    def backup(self) -> str:
        """Pass on."""
        return self.driver.backup()

    def close(self) -> None:
        """Pass on."""
        self.driver.close()


@pytest.mark.parametrize(
    "lines", [f"interface {PORT}\n description moved\nend", "vlan 77\n name somebody\nend"]
)
def test_what_changed_though_nobody_asked_is_told_and_not_saved_until_somebody_looked(
    site: Site, lines: str
) -> None:
    site.hold(WEB)
    seen = site.sync(open_switch=Meddler(site, lines))
    assert seen is not None
    assert "nobody asked" in site.error()
    for _ in range(2):
        site.sync()
        assert "jobs run reconcile -d sw1" in site.error()
        assert "tl-web" not in site.running.show("show startup-config")
        assert "interface Vlan10" not in site.running.startup_config
    assert _state(site)[0] == "switch-ready", "the container works meanwhile"
    site.sync(accepts=True)
    assert site.error() == ""
    assert "interface Vlan10" in site.running.startup_config


def test_a_gateway_is_taken_away_with_the_addresses_it_had_from_us_and_kept_with_any_other(
    site: Site,
) -> None:
    site.hold(WEB)
    site.sync()
    site.report(H1)
    site.hold()
    site.sync()
    inventory = site.context.inventory()
    site.apply(replace(inventory, segments={}))
    site.running.configure("interface Vlan10\n ip address 10.9.9.1 255.255.255.0 secondary\nend")
    site.sync(confirmed=True)
    assert "10.9.9.1/24" in site.error()
    assert "ip address 172.31.0.1" in site.running.running_config
    site.running.configure("interface Vlan10\n no ip address 10.9.9.1 255.255.255.0 secondary\nend")
    site.sync(confirmed=True)
    assert site.error() == ""
    assert "interface Vlan10" not in site.running.running_config


@pytest.mark.parametrize("command", ["show vlan brief", "mac address-table", "switchport", "vtp"])
def test_an_answer_that_cannot_be_read_changes_nothing(site: Site, command: str) -> None:
    site.hold(WEB)
    site.sync()
    before = site.running.running_config
    site.hold()
    site.running.set_faults(
        events=[{"matching": command, "do": "reject", "text": "Command authorization failed.", "times": 0}]
    )
    sent = len(site.running.config_lines)
    site.sync()
    assert "cannot be read" in site.error()
    assert len(site.running.config_lines) == sent
    assert site.running.running_config == before
    assert CARRIES in site.owned()


def test_a_defect_of_a_driver_shows_in_the_status_and_is_tried_again_later(site: Site) -> None:
    site.hold(WEB)

    def broken(switch: Switch) -> SwitchDriver:
        raise KeyError(f"no such\nkey {switch.name}")

    with pytest.raises(KeyError):
        site.sync(open_switch=broken)
    assert "switch sw1: unforeseen KeyError" in site.error()
    assert "this is a defect" in site.error()
    assert "\n" not in site.error()
    assert _state(site)[0] == "failed"
    assert site.settle() is None, "it is left alone for a while"
    site.sync()
    assert _state(site) == ("switch-ready", "")


@pytest.mark.parametrize(
    ("holders", "words"),
    [
        ({"container:c1"}, "container c1"),
        ({"container:c1", "request:1", "request:2"}, "container c1 and a docker command that waits"),
        ({"request:1"}, "a docker command that waits"),
        ({"container:c1", "container:c2", "network:n1"}, "container c1 and 2 more"),
    ],
)
def test_the_audit_trail_names_for_whom_a_line_was_sent(site: Site, holders: set[str], words: str) -> None:
    for holder in holders:
        site.hold(WEB, holder=holder)
    vlan = site.context.inventory().segments[WEB].vlan
    claim = HasVlan(vlan=vlan, name="tl-web")
    said = reason(site.context, site.context.inventory(), frozenset({claim}))
    assert said == f"segment web is wanted on h1 by {words}"


def test_what_worked_is_degraded_while_its_switch_cannot_be_asked_and_failed_when_it_shows_that_it_is_gone(
    site: Site,
) -> None:
    site.hold(WEB)
    site.sync()
    site.store.desired.set_state(H1, WEB, "ready")
    site.running.set_faults(refuse_logins_after=0)
    site.switches.close()
    site.store.desired.touch([switch_key(SW1)])
    site.sync()
    attachment = site.attachment()
    assert attachment is not None
    assert attachment.state == "degraded", "nobody knows, and a start may be tried"

    site.running.set_faults(
        events=[
            {
                "matching": "^ ?switchport trunk allowed vlan add",
                "do": "reject",
                "text": "Command rejected",
                "times": 0,
            }
        ]
    )
    site.running.configure("interface GigabitEthernet1/0/1\n switchport trunk allowed vlan remove 10\nend\n")
    site.sync()
    attachment = site.attachment()
    assert attachment is not None
    assert (attachment.state, "Command rejected" in attachment.cause) == ("failed", True)
    site.running.set_faults()
    site.sync()
    attachment = site.attachment()
    assert attachment is not None
    assert attachment.state == "switch-ready"
