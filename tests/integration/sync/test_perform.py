"""A job's step that was rung twice, or after the job was cancelled, sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from tests.builders import PORT_1, PORT_2
from tests.integration.sync.site import SW1, WEB, Site, a_site
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.dell_os10 import DellOs10
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.login import connect
from trunkline.orchestrator import jobs
from trunkline.orchestrator.intents import SwitchIntent
from trunkline.orchestrator.jobs import Tools, perform
from trunkline.orchestrator.models import DeviceKey, Switch, switch_key
from trunkline.orchestrator.store import Job


@pytest.fixture
def site(redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(redis_url, tmp_path) as built:
        yield built


@pytest.fixture
def job(site: Site) -> Job:
    site.hold(WEB)
    arguments = {"devices": [switch_key(SW1)]}
    return site.store.jobs.create("reconcile", who="test", why="test", arguments=arguments, dry_run=False)


def _perform(site: Site, job: Job) -> None:
    perform(job.id, switch_key(SW1), context=site.context, tools=Tools(open_switch=site.switches))


def test_a_step_is_done_and_its_result_kept(site: Site, job: Job) -> None:
    _perform(site, job)
    assert "switchport trunk allowed vlan 10,100" in site.port()
    assert site.store.jobs.steps(job.id)[switch_key(SW1)].get("error") is None


def test_a_step_with_a_result_is_not_done_again(site: Site, job: Job) -> None:
    site.store.jobs.step(job.id, switch_key(SW1), {"generation": 7})
    _perform(site, job)
    assert site.running.config_lines == []
    assert site.store.jobs.steps(job.id)[switch_key(SW1)] == {"generation": 7}


def test_a_step_of_a_cancelled_job_is_not_begun(site: Site, job: Job) -> None:
    site.store.jobs.cancel(job.id)
    _perform(site, job)
    assert site.running.config_lines == []
    assert site.store.jobs.steps(job.id) == {}


def test_a_confirmation_of_removals_that_lay_in_the_queue_is_not_acted_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CONFIRMED_SECONDS", -1.0)
    site.hold(WEB)
    arguments = {"devices": [switch_key(SW1)], "confirm_removals": True}
    job = site.store.jobs.create("reconcile", who="test", why="test", arguments=arguments, dry_run=False)
    _perform(site, job)
    assert site.running.config_lines == []
    assert "run it again" in str(site.store.jobs.steps(job.id)[switch_key(SW1)]["error"])


def test_a_driver_that_cannot_discover_is_the_result_of_its_step_and_nothing_is_kept(site: Site) -> None:
    switch = site.context.inventory().switches[SW1]
    arguments = {"devices": [switch_key(SW1)]}
    job = site.store.jobs.create("discover", who="test", why="test", arguments=arguments, dry_run=True)
    with closing(connect(switch, CiscoIos.grammar, secrets=lambda _: site.running.password)) as session:
        mute = SwitchDriver(switch, DellOs10(), session)
        perform(job.id, switch_key(SW1), context=site.context, tools=Tools(open_switch=lambda _: mute))

    error = site.store.jobs.steps(job.id)[switch_key(SW1)]["error"]
    assert str(error).startswith(
        "switch sw1: the driver dell_os10 cannot tell what its ports are cabled to; "
    )
    assert site.store.sightings.of(SW1) is None


@pytest.mark.parametrize(
    ("take", "dry_run", "ours"),
    [
        (["vlan:10"], False, {"vlan:10"}),
        (["vlan:10", "vlan:30", f"carries:{PORT_2}:10"], False, {"vlan:10"}),
        (["vlan:10"], True, set()),
        ([], False, set()),
    ],
)
def test_of_what_could_be_ours_only_what_was_agreed_to_is_taken(
    site: Site, take: list[str], ours: set[str], *, dry_run: bool
) -> None:
    site.hold(WEB)
    site.settle()
    site.store.devices.own(SW1, remove=site.owned())
    arguments = {"devices": [switch_key(SW1)], "take": take}
    job = site.store.jobs.create("adopt", who="test", why="test", arguments=arguments, dry_run=dry_run)

    _perform(site, job)

    result = site.store.jobs.steps(job.id)[switch_key(SW1)]
    assert result["taken"] == sorted(ours)
    assert f"carries:{PORT_1}:10" in result["takeable"]
    assert site.owned() == ours


class Slow:
    """A driver during whose look somebody else gets the switch."""

    def __init__(self, site: Site, driver: SwitchDriver) -> None:
        self.site, self.driver = site, driver

    def plan(self, intent: SwitchIntent) -> object:
        plan = self.driver.plan(intent)
        if not intent.present and intent.absent:
            self.site.store.connection.do("DEL", f"tl:lease:{switch_key(SW1)}")
            assert self.site.store.devices.acquire(switch_key(SW1), 60.0) is not None
        return plan


def test_what_was_looked_at_while_another_worker_took_over_is_not_taken(site: Site) -> None:
    site.hold(WEB)
    site.settle()
    site.store.devices.own(SW1, remove=site.owned())
    arguments = {"devices": [switch_key(SW1)], "take": ["vlan:10"]}
    job = site.store.jobs.create("adopt", who="test", why="test", arguments=arguments, dry_run=False)

    perform(
        job.id,
        switch_key(SW1),
        context=site.context,
        tools=Tools(open_switch=lambda switch: Slow(site, site.switches(switch))),  # type: ignore[arg-type]  # what adopt asks
    )

    error = str(site.store.jobs.steps(job.id)[switch_key(SW1)]["error"])
    assert error.startswith("switch sw1: another worker took over")
    assert "run it again" in error
    assert site.owned() == frozenset()


def test_a_defect_of_a_driver_is_the_result_of_its_step(site: Site) -> None:
    job = site.store.jobs.create(
        "discover", who="test", why="test", arguments={"devices": [switch_key(SW1)]}, dry_run=True
    )

    def defective(switch: Switch) -> NoReturn:
        raise ZeroDivisionError(switch.name)

    with pytest.raises(ZeroDivisionError):
        perform(job.id, switch_key(SW1), context=site.context, tools=Tools(open_switch=defective))

    error = str(site.store.jobs.steps(job.id)[switch_key(SW1)]["error"])
    assert error.startswith("switch sw1: unforeseen ZeroDivisionError")


def test_a_switch_that_left_the_inventory_meanwhile_is_said_to_have(site: Site) -> None:
    job = site.store.jobs.create(
        "discover", who="test", why="test", arguments={"devices": ["switch:sw9"]}, dry_run=True
    )

    perform(job.id, DeviceKey("switch:sw9"), context=site.context, tools=Tools(open_switch=site.switches))

    error = str(site.store.jobs.steps(job.id)[DeviceKey("switch:sw9")]["error"])
    assert error.startswith("switch sw9: is not in the inventory any more")
