"""A real Docker engine asks our plug-in: networks, containers, restarts, errors. Its links are veth pairs."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.builders import a_segment, an_inventory
from tests.dockerd import PrivateEngine
from tests.integration.ipam.plugged import H1, H2, WEB, Plugged, place, plugged, ready
from trunkline.drivers.host.networks import Engine
from trunkline.orchestrator.models import ContainerId, SegmentName
from trunkline.orchestrator.store import Owner, Store, open_store

pytestmark = pytest.mark.slow


@pytest.fixture
def plugin(dockerd: PrivateEngine, store: Store, tmp_path: Path) -> Iterator[Plugged]:
    with plugged(store, tmp_path, path=place(dockerd)) as running:
        ready(store, running.inventory, running.driver.host)
        yield running
        # Docker speaks to the plug-in while it is tidied up.
        dockerd.clean()


def create(dockerd: PrivateEngine, *words: str, name: str = "web", parent: str = "eth0.10") -> str:
    options = ("-d", "macvlan", "--ipam-driver", "trunkline", "--ipam-opt", "segment=web")
    return dockerd.docker("network", "create", *options, "-o", f"parent={parent}", *words, name)


def addresses(dockerd: PrivateEngine, container: str, network: str = "web") -> tuple[str, str]:
    raw = json.loads(dockerd.docker("inspect", container))[0]["NetworkSettings"]["Networks"][network]
    return str(raw["IPAddress"]), str(raw["GlobalIPv6Address"])


def states(plugin: Plugged, store: Store | None = None) -> dict[str, str]:
    return {
        str(lease.address): lease.state
        for lease in (store or plugin.store).ledger.leases(plugin.inventory.segments[WEB])
    }


def test_a_network_with_both_families_gives_its_containers_addresses_of_the_ledger(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16", "--ipv6", "--subnet", "fd00:31::/64")
    for name in ("one", "two"):
        dockerd.run(name, "--network", "web")
    given = [address for name in ("one", "two") for address in addresses(dockerd, name)]
    assert len(set(given)) == 4
    assert given.count("") == 0
    assert set(states(plugin)) == set(given)
    route = dockerd.docker("exec", "one", "ip", "route")
    assert "default via 172.31.0.1" in route


def test_addresses_rest_when_their_container_ends_and_another_one_gets_others(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16")
    dockerd.run("one", "--network", "web")
    first, _ = addresses(dockerd, "one")
    dockerd.docker("rm", "--force", "one")
    assert plugin.driver.deliver()
    assert states(plugin)[first] == "QUARANTINE"
    dockerd.run("two", "--network", "web")
    assert addresses(dockerd, "two")[0] != first


def test_a_wish_is_granted_once_and_refused_with_the_reason(dockerd: PrivateEngine, plugin: Plugged) -> None:
    del plugin
    create(dockerd, "--subnet", "172.31.0.0/16")
    dockerd.run("one", "--network", "web", "--ip", "172.31.77.7")
    assert addresses(dockerd, "one")[0] == "172.31.77.7"
    with pytest.raises(AssertionError, match=r"172\.31\.77\.7"):
        dockerd.run("two", "--network", "web", "--ip", "172.31.77.7")


def test_while_the_way_is_not_ready_docker_run_says_why_and_leaves_nothing(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16")
    plugin.store.desired.set_state(plugin.driver.host, WEB, "failed", "switch sw1: port Gi1/0/1 is gone")
    with pytest.raises(
        AssertionError, match=r"segment web: is not ready here .* switch sw1: port Gi1/0/1 is gone"
    ):
        dockerd.run("one", "--network", "web")
    assert states(plugin) == {}
    dockerd.docker("rm", "one")


def test_a_segment_that_is_not_there_makes_no_network(dockerd: PrivateEngine, plugin: Plugged) -> None:
    del plugin
    options = (
        "-d",
        "macvlan",
        "--ipam-driver",
        "trunkline",
        "--ipam-opt",
        "segment=wep",
        "-o",
        "parent=eth0.10",
    )
    with pytest.raises(AssertionError, match="did you mean web"):
        dockerd.docker("network", "create", *options, "x")
    assert "x" not in dockerd.docker("network", "ls", "--format", "{{.Name}}").split()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_restart_of_dockerd_leaks_nothing_and_doubles_nothing(
    dockerd: PrivateEngine, plugin: Plugged, how: signal.Signals
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16")
    dockerd.run("one", "--network", "web", "--restart", "always")
    first, _ = addresses(dockerd, "one")
    plugin.linked[0] = True
    dockerd.stop(how)
    dockerd.start()
    assert plugin.driver.deliver()
    dockerd.docker("start", "one")
    second, _ = addresses(dockerd, "one")
    dockerd.run("two", "--network", "web")
    third, _ = addresses(dockerd, "two")
    assert third not in {first, second}
    live = {address for address, state in states(plugin).items() if state != "QUARANTINE"}
    assert live == {second, third}


def test_while_a_start_waits_for_its_address_docker_tells_what_there_is(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16")
    plugin.store.desired.set_state(plugin.driver.host, WEB, "switch-ready")
    waits, ready_now = threading.Event(), threading.Event()

    def opening(segment: SegmentName) -> None:
        waits.set()
        assert ready_now.wait(20), "the questions were not answered meanwhile"
        plugin.store.desired.set_state(plugin.driver.host, segment, "link-ready")

    plugin.gate.on_open = opening
    with ThreadPoolExecutor(1) as docker, closing(Engine(dockerd.url)) as engine:
        label = "trunkline.segment=web"
        started = docker.submit(dockerd.run, "one", "--network", "web", "--label", label)
        assert waits.wait(10)
        (facts,) = engine.containers()
        assert (facts.name, list(facts.endpoints)) == ("one", ["web"])
        assert engine.inspect(facts.id) == facts
        assert [network.name for network in engine.gated()] == ["web"]
        ready_now.set()
        assert started.result(10) == facts.id


def test_docker_gives_up_on_what_it_could_not_connect_and_it_can_be_started_later(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16")
    plugin.store.desired.set_state(plugin.driver.host, WEB, "failed", "switch sw1 does not answer")
    for policy in ("always", "no"):
        with pytest.raises(AssertionError, match="switch sw1 does not answer"):
            dockerd.run(policy, "--network", "web", "--restart", policy)
    dockerd.run("well", "--network", "none", "--restart", "always")
    plugin.store.desired.set_state(plugin.driver.host, WEB, "ready")
    with closing(Engine(dockerd.url)) as engine:
        found = {facts.name: facts.id for facts in engine.all_containers()}
        assert {name: engine.gave_up(each) for name, each in found.items()} == {
            "always": True,
            "no": None,
            "well": False,
        }
        engine.start(found["always"])
        assert not engine.gave_up(found["always"])
    assert addresses(dockerd, "always")[0]


def test_while_the_plugin_is_away_docker_gives_up_and_what_it_releases_is_found_out(
    dockerd: PrivateEngine, store: Store, tmp_path: Path
) -> None:
    socket = place(dockerd)
    with plugged(store, tmp_path, path=socket) as plugin:
        ready(store, plugin.inventory, plugin.driver.host)
        create(dockerd, "--subnet", "172.31.0.0/16")
    with pytest.raises(AssertionError, match="trunkline"):
        dockerd.run("one", "--network", "web", "--restart", "always")
    with plugged(store, tmp_path, path=socket), closing(Engine(dockerd.url)) as engine:
        (facts,) = engine.all_containers()
        assert engine.gave_up(facts.id)
        engine.start(facts.id)
        assert addresses(dockerd, "one")[0]
        dockerd.clean()


def test_forty_containers_at_once_on_two_engines_get_forty_addresses(
    dockerd: PrivateEngine, store: Store, tmp_path: Path
) -> None:
    with PrivateEngine() as other, ExitStack() as running:
        engines = {H1: dockerd, H2: other}
        for host, engine in engines.items():
            plugin = running.enter_context(plugged(store, tmp_path / host, host=host, path=place(engine)))
            running.callback(engine.clean)
            ready(store, plugin.inventory, host)
            create(engine, "--subnet", "172.31.0.0/16", "--ipv6", "--subnet", "fd00:31::/64")

        def run(number: int) -> tuple[str, str]:
            engine = engines[(H1, H2)[number % 2]]
            engine.run(f"c{number}", "--network", "web")
            return addresses(engine, f"c{number}")

        with ThreadPoolExecutor(40) as crowd:
            given = [address for pair in crowd.map(run, range(40)) for address in pair]
        assert len(set(given)) == 80
        assert "" not in given
        assert set(states(plugin)) == set(given)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_with_live_restore_a_restart_of_dockerd_keeps_containers_and_addresses_without_redis(
    store: Store, tmp_path: Path, how: signal.Signals
) -> None:
    with PrivateEngine(live_restore=True) as engine:
        with plugged(store, tmp_path, path=place(engine), has_link=True) as plugin:
            ready(store, plugin.inventory, plugin.driver.host)
            create(engine, "--subnet", "172.31.0.0/16")
            engine.run("one", "--network", "web")
            first = addresses(engine, "one")
            began = engine.docker("inspect", "--format", "{{.State.StartedAt}}", "one")
        with (
            closing(open_store("redis://127.0.0.1:1/1")) as nobody,
            plugged(nobody, tmp_path, path=place(engine), has_link=True, applied=False) as plugin,
        ):
            engine.stop(how)
            engine.start()
            assert addresses(engine, "one") == first
            assert engine.docker("inspect", "--format", "{{.State.StartedAt}}", "one") == began
            with pytest.raises(AssertionError, match=r"record redis://127\.0\.0\.1:1/1: .*start Redis"):
                engine.run("two", "--network", "web")
            engine.docker("rm", "--force", "one")
        assert states(plugin, store) == {first[0]: "PENDING"}, "Redis was not there to be told"
        with plugged(store, tmp_path, path=place(engine), has_link=True) as plugin:
            assert plugin.driver.deliver()
            assert states(plugin) == {first[0]: "QUARANTINE"}
            engine.docker("start", "two")
            assert addresses(engine, "two")[0] not in {"", first[0]}
            engine.clean()


def test_an_auxiliary_address_is_reserved_as_long_as_a_network_names_it(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    words = ("--subnet", "172.31.0.0/16", "--aux-address", "router=172.31.0.9")
    create(dockerd, *words)
    assert states(plugin) == {"172.31.0.9": "RESERVED"}
    dockerd.docker("network", "rm", "web")
    create(dockerd, *words)
    assert plugin.driver.deliver(), "the release of the first network comes late"
    assert states(plugin) == {"172.31.0.9": "RESERVED"}
    with pytest.raises(AssertionError, match=r"172\.31\.0\.9"):
        dockerd.run("one", "--network", "web", "--ip", "172.31.0.9")
    dockerd.docker("rm", "one")
    dockerd.docker("network", "rm", "web")
    assert plugin.driver.deliver()
    assert states(plugin) == {"172.31.0.9": "QUARANTINE"}


def test_two_segments_with_one_subnet_have_their_own_addresses(
    dockerd: PrivateEngine, store: Store, tmp_path: Path
) -> None:
    # As in two VRFs: each VLAN routes for itself.
    db = SegmentName("db")
    inventory = an_inventory(segments={WEB: a_segment(), db: a_segment("db", vlan=20)})
    with plugged(store, tmp_path, path=place(dockerd), inventory=inventory) as plugin:
        for segment, parent in ((WEB, "eth0.10"), (db, "eth0.20")):
            ready(store, inventory, H1, segment)
            options = ("-d", "macvlan", "--ipam-driver", "trunkline", "--ipam-opt", f"segment={segment}")
            where = ("-o", f"parent={parent}", "--subnet", "172.31.0.0/16")
            dockerd.docker("network", "create", *options, *where, segment)
            for number in (1, 2):
                dockerd.run(f"{segment}-{number}", "--network", segment)
        web, other = (
            {addresses(dockerd, f"{segment}-{number}", segment)[0] for number in (1, 2)}
            for segment in (WEB, db)
        )
        assert web == other, "each ledger begins with the first address"
        for segment in (WEB, db):
            leases = store.ledger.leases(inventory.segments[segment])
            assert {str(lease.address): lease.state for lease in leases} == dict.fromkeys(web, "PENDING")
        dockerd.docker("rm", "--force", "web-1", "web-2")
        assert plugin.driver.deliver()
        assert {lease.state for lease in store.ledger.leases(inventory.segments[db])} == {"PENDING"}
        dockerd.clean()


def test_what_a_label_connected_keeps_its_address_when_it_is_restarted_and_nobody_else_gets_it(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16")
    segment, ledger = plugin.inventory.segments[WEB], plugin.store.ledger
    container = ContainerId(dockerd.run("one"))
    owner = Owner(container_id=container, endpoint=WEB)
    kept = ledger.allocate(segment, family=4, owner=owner, host=H1, name="one", kept=True)
    with closing(Engine(dockerd.url)) as engine:
        engine.connect(container, "web", [kept.address], default_route=True)
    macs = {mac(dockerd, "one")}
    for _ in range(2):
        dockerd.docker("restart", "--time", "0", "one")
        assert addresses(dockerd, "one")[0] == str(kept.address)
        macs.add(mac(dockerd, "one"))
    with pytest.raises(AssertionError, match="is held by container one on h1"):
        dockerd.run("two", "--network", "web", "--ip", str(kept.address))
    assert len(macs) == 3, "Docker gives it a new one at every start"
    assert plugin.store.traces.gone([H1])[H1] == macs - {mac(dockerd, "one")}
    dockerd.docker("stop", "--time", "0", "one")
    assert plugin.driver.deliver()
    (lease,) = ledger.leases(segment)
    assert (lease.state, lease.owner) == ("PENDING", owner), "a stopped container keeps it"


def test_after_a_stop_that_nobody_told_of_a_container_gets_the_address_again_that_is_kept_for_it(
    dockerd: PrivateEngine, store: Store, tmp_path: Path
) -> None:
    container, socket = ContainerId(dockerd.run("one")), place(dockerd)
    living = dockerd.run("two")
    with (
        plugged(store, tmp_path, path=socket, has_link=True) as plugin,
        closing(Engine(dockerd.url)) as engine,
    ):
        ready(store, plugin.inventory, H1)
        create(dockerd, "--subnet", "172.31.0.0/16")
        segment = plugin.inventory.segments[WEB]
        for name, each in (("one", container), ("two", ContainerId(living))):
            owner = Owner(container_id=each, endpoint=WEB)
            kept = store.ledger.allocate(segment, family=4, owner=owner, host=H1, name=name, kept=True)
            connected = engine.connect(each, "web", [kept.address], default_route=True)
            store.ledger.confirm(segment, owner=owner, endpoint_id=connected.endpoint_id, mac=connected.mac)
    dockerd.docker("stop", "--time", "0", "one")
    with plugged(store, tmp_path, path=socket, has_link=True) as plugin:
        shown = dockerd.inside("bridge", "fdb", "show").lower()
        present = {word for word in shown.split() if word.count(":") == 5}
        assert mac(dockerd, "two") in present, "what runs is taken in by the link"
        assert plugin.driver.release_those_gone(present, booted=True) == 1
        dockerd.docker("start", "one")
        assert addresses(dockerd, "one")[0] == str(
            next(lease.address for lease in store.ledger.leases(segment) if lease.name == "one")
        )
        dockerd.clean()


def mac(dockerd: PrivateEngine, container: str) -> str:
    raw = json.loads(dockerd.docker("inspect", container))[0]["NetworkSettings"]["Networks"]["web"]
    return str(raw["MacAddress"])


def test_whoever_asked_for_an_address_has_it_again_after_a_restart(
    dockerd: PrivateEngine, plugin: Plugged
) -> None:
    create(dockerd, "--subnet", "172.31.0.0/16", "--ipv6", "--subnet", "fd00:31::/64")
    wish = ("--ip", "172.31.77.7", "--ip6", "fd00:31::77")
    dockerd.run("one", "--network", "web", *wish)
    dockerd.docker("restart", "--time", "0", "one")
    assert addresses(dockerd, "one") == ("172.31.77.7", "fd00:31::77")
    dockerd.docker("stop", "--time", "0", "one")
    assert plugin.driver.deliver()
    dockerd.docker("start", "one")
    assert addresses(dockerd, "one") == ("172.31.77.7", "fd00:31::77")
