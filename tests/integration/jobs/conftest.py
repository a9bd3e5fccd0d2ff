"""A site at work: switch worker, control worker, host h1 with one container; nobody works for h2.

There is no sweeper: it would heal what a test breaks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.integration.cli.site import Site, a_site, until
from trunkline.orchestrator.models import DeviceKey, HostName
from trunkline.orchestrator.settings import Settings
from trunkline.tasks.app import make_app
from trunkline.tasks.bell import CeleryBell


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give the standing site."""
    with a_site(tmp_path_factory.mktemp("site")) as standing:
        standing.apply()
        standing.start("worker", "switch")
        standing.start("worker", "control")
        standing.processes.enter_context(
            standing.shell.running(sys.executable, "-m", "tests.integration.jobs.played_host", "h1")
        )
        standing.until_alive("queue:switch", "queue:control", "queue:host.h1")
        settings = Settings(
            redis_url=standing.redis.url, broker_url=standing.shell.env["TRUNKLINE_BROKER_URL"]
        )
        CeleryBell(make_app(settings, owner="bell")).resync(
            HostName("h1")
        )  # as the agent does when it starts
        until(lambda: is_ready(standing), "h1/web is ready")
        settled(standing)
        yield standing


def is_ready(site: Site) -> bool:
    return [each.state for each in site.store.desired.attachments()] == ["ready"]


def settled(site: Site) -> None:
    """Wait until nothing is left to do on the switch and on h1."""
    devices = DeviceKey("switch:sw1"), DeviceKey("host:h1")
    until(lambda: all(not site.store.devices.status(each).lease_holder for each in devices), "nobody syncs")


def put_back(site: Site) -> None:
    """Apply the site's own inventory again, and leave nothing that a worker would come back to later."""
    site.apply()
    for device in ("sw1", "h1"):
        said = site.shell("jobs", "run", "reconcile", "-d", device)
        assert said.status == 0, said.err + said.out
    settled(site)
