"""Admin jobs from the command line to the switch, on a site at work."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.cli.screen import terminal
from tests.integration.cli.site import PROGRAM, Site, until
from tests.integration.jobs.conftest import is_ready
from trunkline.orchestrator.models import DeviceKey
from trunkline.orchestrator.store import Job

pytestmark = pytest.mark.slow

SW1 = DeviceKey("switch:sw1")
TAKE_AWAY = "interface GigabitEthernet1/0/1\n switchport trunk allowed vlan remove 10\nend"
CARRIED = " switchport trunk allowed vlan 10,100"
ADD = " switchport trunk allowed vlan add 10"


def port(site: Site) -> list[str]:
    text = site.switch.running_config.partition("interface GigabitEthernet1/0/1\n")[2].partition("\n!")[0]
    return text.splitlines()


def newest(site: Site) -> Job:
    return site.store.jobs.list()[0]


def states(site: Site, *jobs: str) -> set[str]:
    return {site.store.jobs.get(job).state for job in jobs}


def queued(site: Site, *words: str) -> str:
    """Queue a job without waiting for it; give its id."""
    said = site.shell("jobs", "run", *words, "--no-wait")
    assert (said.status, said.out) == (0, "")
    return said.err.removeprefix("job ").partition(" ")[0]


@contextmanager
def busy_switch(site: Site) -> Iterator[None]:
    """Be somebody else who works on the switch, so that a step on it has to wait."""
    until(lambda: site.store.devices.status(SW1).lease_holder == "", "the switch is free")
    lease = site.store.devices.acquire(SW1, 60)
    assert lease is not None
    try:
        yield
    finally:
        site.store.devices.release(lease)


def test_audit_reports_what_was_changed_by_hand_and_reconcile_heals_it(site: Site) -> None:
    site.switch.configure(TAKE_AWAY)
    assert CARRIED not in port(site)

    audit = site.shell("jobs", "run", "audit", "-d", "sw1")
    assert audit.status == 0, audit.err
    assert f"  + {ADD}" in audit.out.splitlines()
    assert CARRIED not in port(site)

    dry = site.shell("jobs", "run", "reconcile", "-d", "sw1", "--dry-run")
    assert f"  + {ADD}" in dry.out.splitlines()
    assert CARRIED not in port(site)

    done = site.shell("jobs", "run", "reconcile", "-d", "sw1", "--why", "ticket 4711")
    assert done.status == 0, done.err
    assert CARRIED in port(site)
    assert done.out.startswith("switch:sw1: generation ")
    assert done.err.splitlines() == [f"job {newest(site).id} is queued", "switch:sw1: done"]
    operation = next(each for each in site.store.operations.tail(9, device=SW1) if "4711" in each.why)
    assert operation.why == f"job {newest(site).id}: ticket 4711"
    assert ADD in operation.lines


def test_backup_keeps_the_running_configuration_for_its_owner_only(site: Site) -> None:
    dry = site.shell("jobs", "run", "backup", "--dry-run")
    assert dry.status == 0
    would = Path(dry.out.partition("would_write ")[2].strip())
    assert not would.exists()

    said = site.shell("jobs", "run", "backup", "-d", "sw1")

    assert said.status == 0, said.err
    path = would.with_name(f"{newest(site).id}.cfg")
    assert str(path) in said.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    kept = path.read_text()
    assert hashlib.sha256(kept.encode()).hexdigest() in said.out
    assert content(site.switch.running_config) == content(kept)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def content(configuration: str) -> list[str]:
    """Give a configuration from its first section to its end; what is above are a device's remarks."""
    lines = [line.rstrip() for line in configuration.splitlines() if line.strip() not in {"", "!"}]
    return lines[next(n for n, line in enumerate(lines) if line.startswith("hostname")) :]


def test_drain_empties_a_host_and_undo_takes_it_back(site: Site) -> None:
    dry = site.shell("jobs", "run", "drain", "-d", "h1", "--dry-run")
    assert dry.status == 0
    assert dry.out == "host:h1: would_release container:cccccccccccc\n"
    assert is_ready(site)

    said = site.shell("jobs", "run", "drain", "-d", "h1")

    assert said.status == 0, said.err + said.out
    assert "released container:cccccccccccc\n" in said.out
    until(lambda: CARRIED not in port(site), "the port carries VLAN 10 no more")
    assert site.store.desired.holders_of(next(iter(site.store.desired.cordoned()))) == {}

    undo = site.shell("jobs", "run", "drain", "-d", "h1", "--undo")

    assert (undo.status, undo.out) == (0, "host:h1: uncordoned yes\n")
    until(lambda: is_ready(site) and CARRIED in port(site), "h1/web is ready again")


def test_removals_that_the_brake_holds_back_go_after_a_persons_word(site: Site) -> None:
    site.apply(site.inventory() + "limits: {removals_per_pass: 0}\n")
    assert site.shell("jobs", "run", "drain", "-d", "h1").status == 0
    until(lambda: "need a person's word" in site.shell("status").out, "the brake is shown")
    said = site.shell("jobs", "run", "reconcile", "-d", "sw1")
    assert "--confirm-removals" in said.out
    assert CARRIED in port(site)

    said = site.shell("jobs", "run", "reconcile", "-d", "sw1", "--confirm-removals")

    assert said.status == 0, said.err + said.out
    assert CARRIED not in port(site)
    site.apply()
    site.shell("jobs", "run", "drain", "-d", "h1", "--undo")
    until(lambda: is_ready(site) and CARRIED in port(site), "h1/web is ready again")


def test_a_job_whose_driver_is_killed_is_finished_by_another(site: Site) -> None:
    site.switch.configure(TAKE_AWAY)
    second = site.start("worker", "control", "--concurrency", "2")
    with busy_switch(site):
        job = queued(site, "reconcile", "-d", "sw1")
        until(lambda: states(site, job) == {"running"}, "the job is driven")
        driver = str(site.store.connection.do("GET", f"tl:job:{job}:driver"))
        os.kill(int(driver.rpartition(":")[2]), signal.SIGKILL)
    until(lambda: CARRIED in port(site), "the step is done")
    assert states(site, job) == {"running"}  # nobody noted the step's end yet

    if second.poll() is not None or driver.endswith(f":{second.pid}"):
        second.wait()
    site.start("worker", "control", "--concurrency", "3")
    said = site.shell("jobs", "watch", job)

    assert said.status == 0, said.err
    assert states(site, job) == {"done"}
    assert str(site.store.connection.do("GET", f"tl:job:{job}:driver")) != driver


def test_the_same_job_twice_at_once_sends_every_line_once(site: Site) -> None:
    site.switch.configure(TAKE_AWAY)
    before = len(site.store.operations.tail(1000, device=SW1))
    with busy_switch(site):
        jobs = queued(site, "reconcile", "-d", "sw1"), queued(site, "reconcile", "-d", "sw1")
        until(lambda: states(site, *jobs) == {"running"}, "both are driven")
    until(lambda: states(site, *jobs) == {"done"}, "both are done")

    written = site.store.operations.tail(1000, device=SW1)[before:]
    assert sum(operation.lines.count(ADD) for operation in written) == 1
    assert CARRIED in port(site)


def test_a_cancelled_job_begins_no_further_step(site: Site) -> None:
    with busy_switch(site):
        job = queued(site, "reconcile", "-d", "sw1", "--why", "to be cancelled")
        until(lambda: states(site, job) == {"running"}, "the job is driven")
        said = site.shell("jobs", "cancel", job)
        assert (said.status, said.out) == (0, f"job {job} will start no further step\n")
        until(lambda: states(site, job) == {"cancelled"}, "the job is cancelled")

    again = site.shell("jobs", "cancel", job)
    watched = site.shell("jobs", "watch", job)

    assert (again.status, again.err) == (1, f"trunkline: job {job}: is over already (cancelled)\n")
    assert watched.status == 1


def test_jobs_are_listed_newest_first_and_shown_whole(site: Site) -> None:
    job = queued(site, "audit", "-d", "sw1", "--why", "look\x1b[31m red")
    until(lambda: states(site, job) == {"done"}, "the audit is done")

    listed = json.loads(site.shell("jobs", "list", "-o", "json").out)
    shown = json.loads(site.shell("jobs", "show", job, "-o", "json").out)
    table = site.shell("jobs", "list").out.splitlines()
    text = site.shell("jobs", "show", job)

    assert listed[0] == shown
    assert (shown["id"], shown["kind"], shown["state"], shown["done"], shown["total"]) == (
        job,
        "audit",
        "done",
        1,
        1,
    )
    assert table[0].split() == ["JOB", "KIND", "STATE", "DONE", "WHO", "QUEUED", "WHY"]
    assert table[1].startswith(f"{job}  audit")
    assert "\x1b" not in "".join(table) + text.out
    assert "state done, 1/1" in text.out
    assert "  as desired" in text.out


@pytest.mark.parametrize("words", [("show",), ("watch",), ("cancel",)])
def test_an_unknown_job_is_said_to_be_unknown(site: Site, words: tuple[str, ...]) -> None:
    said = site.shell("jobs", *words, "nope")

    assert (said.status, said.out) == (1, "")
    assert said.err == "trunkline: job nope: is not on record; see `trunkline jobs list`\n"


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (("nonsense",), 2, "'nonsense' is not one of"),
        (("drain",), 2, "--device"),
        (("audit", "--undo"), 2, "--undo is for drain"),
        (("audit", "-d", "sw9"), 1, "there is no device 'sw9'; choose from switch:sw1, host:h1, host:h2"),
        (("backup", "-d", "h1"), 1, "backup has nothing to do on h1"),
    ],
)
def test_a_job_that_makes_no_sense_is_not_queued(
    site: Site, words: tuple[str, ...], status: int, text: str
) -> None:
    before = len(site.store.jobs.list())

    said = site.shell("jobs", "run", *words)

    assert (said.status, said.out) == (status, "")
    assert text in " ".join(said.err.split())
    assert len(site.store.jobs.list()) == before


def test_a_terminal_gets_a_progress_bar_and_a_pipe_gets_lines(site: Site) -> None:
    with (
        busy_switch(site),
        terminal(site.shell, "jobs", "run", "audit", "-d", "sw1", "--why", "bar") as screen,
    ):
        screen.until("audit running")
        screen.until("0%")
        assert newest(site).why == "bar"
    with terminal(site.shell, "jobs", "watch", newest(site).id) as screen:
        screen.until("switch:sw1: done")
        assert screen.status() == 0
    piped = site.shell("jobs", "watch", newest(site).id)
    assert piped.err.splitlines() == ["switch:sw1: done"]


def test_ctrl_c_ends_the_watching_not_the_job(site: Site) -> None:
    with busy_switch(site):
        with site.shell.running(PROGRAM, "jobs", "run", "audit", "-d", "sw1", "--why", "ctrl-c") as process:
            until(lambda: [job.why for job in site.store.jobs.list()[:1]] == ["ctrl-c"], "the job is queued")
            job = newest(site).id
            until(lambda: states(site, job) == {"running"}, "the job is driven")
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        assert states(site, job) == {"running"}
    until(lambda: states(site, job) == {"done"}, "the job goes on")
    words = (site.shell.folder / "trunkline-jobs-run-audit--d-sw1---why-ctrl-c.log").read_text()
    assert words.splitlines()[-1] == "trunkline: interrupted; what was queued continues"
    assert "Traceback" not in words
