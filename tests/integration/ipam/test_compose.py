"""The example for Docker Compose, on a real engine whose network `web` is made as a host's worker makes it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.compose import compose_command
from tests.dockerd import IMAGE, PrivateEngine
from tests.integration.ipam.plugged import H1, WEB, Plugged, place, plugged, ready
from trunkline.drivers.host.networks import Engine
from trunkline.orchestrator.inventory import load
from trunkline.orchestrator.planning import attachment_intent, declared_on
from trunkline.orchestrator.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.compose]

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FIXED = "172.31.0.80"
"""What examples/compose.yaml asks for."""


@pytest.fixture
def plugin(dockerd: PrivateEngine, store: Store, tmp_path: Path) -> Iterator[Plugged]:
    """Run the plug-in with the example's inventory; the network that it declares is there."""
    inventory = load((EXAMPLES / "seed.yaml").read_text(encoding="utf-8"), source="seed.yaml")
    assert declared_on(inventory, H1) == {WEB}
    with plugged(store, tmp_path, path=place(dockerd), inventory=inventory) as running:
        with closing(Engine(dockerd.url)) as engine:
            engine.ensure_network(attachment_intent(inventory, H1, WEB).network)
        ready(store, inventory, H1)
        yield running
        # Docker speaks to the plug-in while it is tidied up.
        dockerd.clean()


def compose(
    dockerd: PrivateEngine, *words: str, project: str = "example"
) -> subprocess.CompletedProcess[str]:
    program = compose_command()
    if not program:
        pytest.skip("neither `docker compose` nor docker-compose is installed; run `make setup`")
    own = {"DOCKER_HOST": dockerd.url, "IMAGE": IMAGE, "COMPOSE_PROJECT_NAME": project}
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | own
    return subprocess.run(
        [*program, "--file", str(EXAMPLES / "compose.yaml"), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def addresses(dockerd: PrivateEngine) -> dict[str, str]:
    """Give the address of each running service."""
    found: dict[str, str] = {}
    for container in dockerd.docker("ps", "--quiet").split():
        (facts,) = json.loads(dockerd.docker("inspect", container))
        service = facts["Config"]["Labels"]["com.docker.compose.service"]
        found[service] = facts["NetworkSettings"]["Networks"]["web"]["IPAddress"]
    return found


def test_the_example_runs_with_addresses_of_the_ledger_and_leaves_the_network_behind(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    ledger, segment = plugin.store.ledger, plugin.inventory.segments[WEB]
    up = compose(dockerd, "up", "--detach")
    assert up.returncode == 0, up.stderr

    given = addresses(dockerd)
    assert given.keys() == {"proxy", "shop"}
    assert given["proxy"] == FIXED
    assert given["shop"].startswith("172.31.4."), "it is from the ranges of the inventory"
    assert {str(lease.address) for lease in ledger.leases(segment)} == set(given.values())

    down = compose(dockerd, "down", "--timeout", "0")
    assert down.returncode == 0, down.stderr
    assert plugin.driver.deliver()
    assert {lease.state for lease in ledger.leases(segment)} == {"QUARANTINE"}
    assert "web" in dockerd.docker("network", "ls", "--format", "{{.Name}}").split()


def test_a_second_project_that_asks_for_the_same_address_is_told_that_it_is_held(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    del plugin
    up = compose(dockerd, "up", "--detach")
    assert up.returncode == 0, up.stderr

    second = compose(dockerd, "up", "--detach", project="second")
    assert second.returncode != 0
    assert f"address {FIXED} of segment web: is held by" in second.stderr
    assert addresses(dockerd)["proxy"] == FIXED
