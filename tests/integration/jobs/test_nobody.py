"""Waiting for somebody who does not work: each command ends in bounded time and says whom to start."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.integration.cli.site import PROGRAM, Said, Site, stop

pytestmark = pytest.mark.slow

BOUND_SECONDS = 40
NOBODY = "no worker reads queue host.h2; start `trunkline worker host --host h2` and run the job again"
Words = tuple[str, ...]
RECONCILE: Words = ("jobs", "run", "reconcile", "-d", "h2")
PLAN: Words = ("plan", "renumbered.yaml")
ELSEWHERE: tuple[Words, ...] = (("plan",), ("discover",), ("switch", "diff", "sw1"))
Outcome = Callable[[Words], Said]


@pytest.fixture(scope="module")
def before(site: Site) -> tuple[str, int, int]:
    """Give the switch's configuration and the numbers of writes and inventories from before the commands."""
    return facts(site)


def facts(site: Site) -> tuple[str, int, int]:
    store = site.store
    return site.switch.running_config, len(store.operations.tail(1000)), len(store.inventory.history())


@pytest.fixture(scope="module")
def outcome(site: Site, before: tuple[str, int, int]) -> Iterator[Outcome]:
    """Start all of them at once, since all of them wait; give what each said."""
    del before
    site.shell.write(site.inventory().replace("vlan: 10\n", "vlan: 20\n"), "renumbered.yaml")
    base = site.redis.url.removesuffix("/1")
    # Another queue, so that nobody reads it, and another database, so that nobody is alive there.
    elsewhere = {"TRUNKLINE_REDIS_URL": f"{base}/3", "TRUNKLINE_BROKER_URL": f"{base}/2"}
    assert site.shell("apply", "-", given=site.inventory(), **elsewhere).status == 0
    started: dict[Words, subprocess.Popen[str]] = {
        words: begin(site, words, {}) for words in (RECONCILE, PLAN)
    }
    started |= {words: begin(site, words, elsewhere) for words in ELSEWHERE}

    def end(words: Words) -> Said:
        out, err = started[words].communicate(timeout=BOUND_SECONDS)
        return Said(started[words].returncode, out, err)

    yield end
    for process in started.values():
        with process:  # closes its pipes
            stop(process)


def begin(site: Site, words: Words, env: dict[str, str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [PROGRAM, *words],
        stdout=pipe,
        stderr=pipe,
        text=True,
        env=site.shell.env | env,
        cwd=site.shell.folder,
    )


def test_a_plan_names_every_device_changes_nothing_and_says_who_cannot_be_asked(
    site: Site, before: tuple[str, int, int], outcome: Outcome
) -> None:
    said = outcome(PLAN)

    assert said.status == 1
    for line in (
        "switch:sw1",
        "  + vlan 20",
        "  +  switchport trunk allowed vlan add 20",
        "host:h1",
        "  + ip link add link eth0 name eth0.20 mtu 1500 type vlan id 20",
        "host:h2",
        f"  ! error: {NOBODY}",
    ):
        assert line in said.out.splitlines()
    assert said.out.splitlines()[-1].endswith("lines would be sent. Nothing was changed.")
    assert facts(site) == before


def test_a_job_on_a_device_without_a_worker_fails_with_the_command_to_start(outcome: Outcome) -> None:
    said = outcome(RECONCILE)

    assert (said.status, said.out) == (1, f"host:h2: error {NOBODY}\n")


@pytest.mark.parametrize("words", ELSEWHERE)
def test_who_waits_in_vain_for_a_control_worker_is_told(outcome: Outcome, words: Words) -> None:
    said = outcome(words)

    assert (said.status, said.out) == (1, "")
    assert "no control worker shows a sign of life; start `trunkline worker control`" in said.err
