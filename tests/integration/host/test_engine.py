"""Networks and endpoints on a real Docker engine."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import docker
import pytest

from tests.builders import a_segment, a_subnet
from tests.dockerd import IMAGE, PrivateEngine
from tests.integration.ipam.plugged import Plugged, ready
from trunkline.drivers.host import client
from trunkline.drivers.host.client import Client
from trunkline.drivers.host.networks import Engine
from trunkline.orchestrator.errors import (
    AddressError,
    NotOurs,
    PermanentError,
    TransientError,
    Unreachable,
    Unsupported,
)
from trunkline.orchestrator.intents import NetworkIntent
from trunkline.orchestrator.models import Address, ContainerId, SegmentName, Subnet
from trunkline.orchestrator.sync.writes import network_line

pytestmark = [
    pytest.mark.root,
    # docker-py leaves a socket that could not connect to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

WEB, DB = SegmentName("web"), SegmentName("db")
DUAL = (a_subnet(), a_subnet("fd00:31::/64", "fd00:31::1"))
TEN = (ip_address("172.31.0.10"), ip_address("fd00:31::10"))
THIRTY = (a_subnet("172.30.0.0/16", "172.30.0.1"),)
ELEVEN = (ip_address("172.31.0.11"), ip_address("fd00:31::11"))


def an_intent(
    segment: SegmentName = WEB, parent: str = "eth0.10", subnets: tuple[Subnet, ...] = DUAL
) -> NetworkIntent:
    """Dual-stack on the first parent."""
    return NetworkIntent(segment=segment, parent=parent, subnets=subnets)


@pytest.fixture(autouse=True)
def served(plugin: Plugged) -> Plugged:
    """Have both segments ready on the host that this engine stands for."""
    offer(plugin, an_intent())
    offer(plugin, an_intent(DB, subnets=THIRTY))
    return plugin


def offer(plugin: Plugged, intent: NetworkIntent) -> None:
    """Let the inventory say what the network does."""
    segment = a_segment(intent.segment, 10 if intent.segment == WEB else 20, subnets=intent.subnets)
    segments = {**plugin.inventory.segments, segment.name: segment}
    plugin.inventory = replace(plugin.inventory, segments=segments)
    ready(plugin.store, plugin.inventory, plugin.driver.host, segment.name)


def started(dockerd: PrivateEngine, name: str, *words: str) -> ContainerId:
    """Start a container."""
    return ContainerId(dockerd.run(name, *words))


def api_version(dockerd: PrivateEngine) -> tuple[int, ...]:
    """Ask which version of its API the engine speaks."""
    return tuple(map(int, dockerd.docker("version", "--format", "{{.Server.APIVersion}}").split(".")))


def leads_by_priority(dockerd: PrivateEngine) -> bool:
    """Say whether the engine can be told which network leads out: Docker 28. A container then keeps its bridge."""
    return api_version(dockerd) >= (1, 48)


def routes(dockerd: PrivateEngine, name: str, family: str = "-4") -> str:
    """Read the default routes of a running container."""
    return dockerd.docker("exec", name, "ip", family, "route", "show", "default")


def interface_addresses(dockerd: PrivateEngine, name: str) -> str:
    """Read the addresses that the container's own kernel shows."""
    return dockerd.docker("exec", name, "ip", "addr", "show")


@contextmanager
def answering(version: str, port: int = 0) -> Iterator[HTTPServer]:
    """Play an engine of that API version: only one engine is installed at a time."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"ApiVersion": version}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Keep the test's output to itself."""

    with HTTPServer(("127.0.0.1", port), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class TestContainers:
    def test_every_container_with_a_label_of_ours_is_listed_running_or_not_and_also_a_mistyped_one(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        runs = started(dockerd, "runs", "--label", "trunkline.segment=web")
        mistyped = started(dockerd, "mistyped", "--label", "trunkline.segmnet=web")
        stopped = dockerd.docker("create", "--label", "trunkline.segment=db", "--name", "stopped", IMAGE)
        dockerd.docker("create", "--label", "trunklines=1", "--name", "foreign", IMAGE)
        found = {facts.id: facts for facts in engine.containers()}
        assert {facts.name for facts in found.values()} == {"runs", "mistyped", "stopped"}
        assert found[runs].running
        assert not found[ContainerId(stopped)].running
        assert found[mistyped].labels["trunkline.segmnet"] == "web"

    def test_what_docker_knows_of_a_container_is_read(self, dockerd: PrivateEngine, engine: Engine) -> None:
        container = started(dockerd, "c1", "--publish", "8080")
        facts = engine.inspect(container)
        assert facts is not None
        assert (facts.id, facts.name, facts.running) == (container, "c1", True)
        assert facts.network_mode in {"default", "bridge"}
        bridge = facts.endpoints["bridge"]
        raw = json.loads(dockerd.docker("inspect", "c1"))[0]["NetworkSettings"]["Networks"]["bridge"]
        assert (str(bridge.addresses[0]), bridge.mac, bridge.endpoint_id) == (
            raw["IPAddress"],
            raw["MacAddress"],
            raw["EndpointID"],
        )

    def test_a_container_that_is_gone_is_none(self, dockerd: PrivateEngine, engine: Engine) -> None:
        container = started(dockerd, "c1")
        dockerd.docker("rm", "--force", "c1")
        assert engine.inspect(container) is None

    def test_a_404_that_does_not_say_that_the_container_is_missing_is_no_answer(
        self, dockerd: PrivateEngine
    ) -> None:
        with closing(Client(dockerd.url)) as asked, pytest.raises(Unreachable, match="page not found"):
            asked.post("/nonsense", {}, "ask nonsense")

    def test_the_version_is_told(self, dockerd: PrivateEngine, engine: Engine) -> None:
        assert engine.version().startswith(dockerd.docker("version", "--format", "{{.Server.Version}}"))


class TestEnsureNetwork:
    def test_it_is_made_once_as_asked(self, dockerd: PrivateEngine, engine: Engine) -> None:
        assert engine.ensure_network(an_intent())
        before = dockerd.docker("network", "inspect", "web")
        assert not engine.ensure_network(an_intent())
        assert dockerd.docker("network", "inspect", "web") == before
        made = json.loads(before)[0]
        assert (made["Driver"], made["Options"]["parent"]) == ("macvlan", "eth0.10")
        assert {(pool["Subnet"], pool["Gateway"]) for pool in made["IPAM"]["Config"]} == {
            ("172.31.0.0/16", "172.31.0.1"),
            ("fd00:31::/64", "fd00:31::1"),
        }
        assert made["EnableIPv6"]
        assert not made["Internal"]
        assert list(engine.networks()) == [WEB]

    @pytest.mark.parametrize(
        "subnets",
        [DUAL, (a_subnet(gateway=None),), (a_subnet("fd00:31::/64", None), a_subnet())],
        ids=["both families", "no gateway", "one gateway"],
    )
    def test_whoever_types_the_line_that_is_recorded_gets_the_same_network(
        self, dockerd: PrivateEngine, engine: Engine, plugin: Plugged, subnets: tuple[Subnet, ...]
    ) -> None:
        intent = an_intent(subnets=subnets)
        offer(plugin, intent)
        engine.ensure_network(intent)
        ours = dockerd.network("web")
        engine.remove_network(WEB)
        dockerd.docker(*network_line(intent).split()[1:])
        assert dockerd.network("web") == ours
        assert not engine.ensure_network(intent), "it is taken for ours, and for right"

    def test_ipv6_alone_is_made_where_the_engine_can_and_refused_where_it_cannot(
        self, dockerd: PrivateEngine, engine: Engine, plugin: Plugged
    ) -> None:
        alone = an_intent(subnets=DUAL[1:])
        offer(plugin, alone)
        if api_version(dockerd) < (1, 48):
            with pytest.raises(Unsupported, match="docker network web: its segment has no IPv4 subnet"):
                engine.ensure_network(alone)
            assert "web" not in dockerd.docker("network", "ls", "--format", "{{.Name}}").split()
            return
        engine.ensure_network(alone)
        started(dockerd, "c1", "--network", "web")
        shown = interface_addresses(dockerd, "c1")
        assert "inet6 fd00:31::" in shown
        assert "inet 172" not in shown
        assert not engine.ensure_network(alone)

    def test_a_network_whose_name_only_contains_ours_does_not_count(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        dockerd.docker("network", "create", "web-old")
        assert engine.ensure_network(an_intent())

    def test_the_links_under_all_networks_are_known_whoever_made_them(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        dockerd.docker("network", "create", "-d", "macvlan", "-o", "parent=eth0.20", "by-hand")
        assert engine.parents() == {"eth0.10": "web", "eth0.20": "by-hand"}

    @pytest.mark.parametrize(
        "labels",
        [(), ("--label", "trunkline.managed=true"), ("--label", "trunkline.segment=web")],
        ids=["no mark", "no segment", "segment only"],
    )
    def test_somebody_elses_network_of_that_name_is_refused_and_stays(
        self, dockerd: PrivateEngine, engine: Engine, labels: tuple[str, ...]
    ) -> None:
        dockerd.docker("network", "create", "--subnet", "10.99.0.0/24", *labels, "web")
        before = dockerd.docker("network", "inspect", "web")
        with pytest.raises(NotOurs, match="docker network rm web"):
            engine.ensure_network(an_intent())
        assert not engine.remove_network(WEB)
        assert dockerd.docker("network", "inspect", "web") == before
        assert not engine.networks()

    @pytest.mark.parametrize(
        "other",
        [
            an_intent(parent="eth0.20"),
            an_intent(subnets=THIRTY),
            an_intent(subnets=(a_subnet(gateway="172.31.255.254"), DUAL[1])),
            an_intent(subnets=(a_subnet(gateway=None), a_subnet("fd00:31::/64", None))),
        ],
        ids=["parent", "subnets", "gateway", "no gateway"],
    )
    def test_ours_with_another_shape_is_made_anew_while_nothing_uses_it(
        self, dockerd: PrivateEngine, engine: Engine, plugin: Plugged, other: NetworkIntent
    ) -> None:
        offer(plugin, other)
        engine.ensure_network(other)
        offer(plugin, an_intent())
        assert engine.ensure_network(an_intent())
        made = json.loads(dockerd.docker("network", "inspect", "web"))[0]
        assert made["Options"]["parent"] == "eth0.10"
        assert not engine.ensure_network(an_intent())

    def test_ours_with_another_shape_stays_while_something_uses_it_running_or_not(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        started(dockerd, "runs", "--network", "web")
        dockerd.docker("create", "--network", "web", "--name", "never-ran", IMAGE)
        before = json.loads(dockerd.docker("network", "inspect", "web"))[0]["Id"]
        with pytest.raises(PermanentError, match=r"is used by (runs, never-ran|never-ran, runs)"):
            engine.ensure_network(an_intent(parent="eth0.20"))
        assert json.loads(dockerd.docker("network", "inspect", "web"))[0]["Id"] == before


class TestRejoin:
    def test_a_stopped_container_can_be_started_on_the_network_that_replaced_its_own(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        on_it = started(dockerd, "c1", "--network", "web", "--ip", "172.31.0.10", "--network-alias", "shop")
        beside_it = started(dockerd, "c2")
        engine.connect(beside_it, "web", ELEVEN, default_route=False)
        dockerd.docker("stop", "c1", "c2")
        dockerd.docker("network", "prune", "--force")
        assert engine.ensure_network(an_intent())
        with pytest.raises(AssertionError, match="not found"):
            dockerd.docker("start", "c1")
        for container in (on_it, beside_it):
            engine.rejoin(container, "web")
        dockerd.docker("start", "c1", "c2")
        assert "inet 172.31.0.10/16" in interface_addresses(dockerd, "c1")
        assert "inet 172.31.0.11/16" in interface_addresses(dockerd, "c2")
        raw = json.loads(dockerd.docker("inspect", "c1"))[0]["NetworkSettings"]["Networks"]
        assert "shop" in raw["web"]["Aliases"]


class TestRemoveNetwork:
    def test_ours_goes_once(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        assert engine.remove_network(WEB)
        assert "web" not in dockerd.docker("network", "ls", "--format", "{{.Name}}").split()
        assert not engine.remove_network(WEB)

    def test_it_stays_while_a_container_is_bound_to_it(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        dockerd.docker("create", "--network", "web", "--name", "never-ran", IMAGE)
        with pytest.raises(PermanentError, match="used by never-ran"):
            engine.remove_network(WEB)
        assert list(engine.networks()) == [WEB]
        dockerd.docker("rm", "never-ran")
        assert engine.remove_network(WEB)

    def test_many_users_are_named_shortly(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        for number in range(4):
            dockerd.docker("create", "--network", "web", "--name", f"c{number}", IMAGE)
        with pytest.raises(PermanentError, match=r"used by c\d, c\d, c\d, \.\.\.;"):
            engine.remove_network(WEB)


class TestConnect:
    def test_the_container_gets_exactly_the_addresses_and_the_default_route(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        container = started(dockerd, "c1")
        endpoint = engine.connect(container, "web", TEN, default_route=True)
        assert endpoint.addresses == TEN
        assert endpoint.mac
        assert endpoint.notes == ()
        shown = interface_addresses(dockerd, "c1")
        assert "inet 172.31.0.10/16" in shown
        assert "inet6 fd00:31::10/64" in shown
        assert "via 172.31.0.1 " in routes(dockerd, "c1")
        assert "via fd00:31::1 " in routes(dockerd, "c1", "-6")
        facts = engine.inspect(container)
        assert facts is not None
        assert set(facts.endpoints) == {"web"} | ({"bridge"} if leads_by_priority(dockerd) else set())

    def test_a_network_whose_name_begins_like_a_mode_is_no_such_mode(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        dockerd.docker("network", "create", "hostnet")
        container = started(dockerd, "c1", "--network", "hostnet")
        assert engine.connect(container, "web", TEN, default_route=False).addresses == TEN

    def test_connecting_again_changes_nothing(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        container = started(dockerd, "c1")
        first = engine.connect(container, "web", TEN, default_route=True)
        assert engine.connect(container, "web", tuple(reversed(TEN)), default_route=True) == first

    def test_one_that_is_connected_with_other_addresses_is_refused_and_stays(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        container = started(dockerd, "c1")
        engine.connect(container, "web", TEN, default_route=True)
        with pytest.raises(AddressError, match=r"with 172\.31\.0\.10, fd00:31::10 instead of 172\.31\.0\.11"):
            engine.connect(container, "web", ELEVEN, default_route=True)
        assert "inet 172.31.0.10/16" in interface_addresses(dockerd, "c1")

    def test_an_address_that_is_taken_is_refused_in_the_ledgers_words(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        engine.connect(started(dockerd, "c1"), "web", TEN, default_route=True)
        second = started(dockerd, "c2")
        with pytest.raises(AddressError, match=r"address 172\.31\.0\.10 of segment web: is held by"):
            engine.connect(second, "web", TEN, default_route=True)
        facts = engine.inspect(second)
        assert facts is not None
        assert set(facts.endpoints) == {"bridge"}

    def test_what_docker_left_of_a_refused_connection_is_no_connection(
        self, dockerd: PrivateEngine, engine: Engine, plugin: Plugged
    ) -> None:
        engine.ensure_network(an_intent())
        first, second = started(dockerd, "c1"), started(dockerd, "c2")
        engine.connect(first, "web", TEN, default_route=True)
        with pytest.raises(AssertionError, match="is held by"):
            dockerd.docker("network", "connect", "--ip", "172.31.0.10", "--ip6", "fd00:31::10", "web", "c2")
        with pytest.raises(AddressError, match="is held by"):
            engine.connect(second, "web", TEN, default_route=True)
        segment = plugin.inventory.segments[WEB]
        plugin.inventory = replace(plugin.inventory, segments={WEB: replace(segment, quarantine_seconds=0.0)})
        assert engine.disconnect(first, "web")
        assert plugin.driver.deliver()
        assert engine.connect(second, "web", TEN, default_route=True).mac
        assert "inet 172.31.0.10/16" in interface_addresses(dockerd, "c2")

    def test_an_address_outside_the_network_is_refused(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        outside: tuple[Address, ...] = (ip_address("10.1.2.3"),)
        with pytest.raises(AddressError, match="made anew once nothing uses it"):
            engine.connect(started(dockerd, "c1"), "web", outside, default_route=True)

    def test_a_container_that_is_gone_is_a_matter_of_the_next_pass(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        container = started(dockerd, "c1")
        dockerd.docker("rm", "--force", "c1")
        with pytest.raises(TransientError, match="was removed meanwhile"):
            engine.connect(container, "web", TEN, default_route=True)

    def test_a_network_that_is_gone_is_a_matter_of_the_next_pass(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        with pytest.raises(client.Gone, match="web not found"):
            engine.connect(started(dockerd, "c1"), "web", TEN, default_route=True)

    @pytest.mark.parametrize("mode", ["host", "none", "container:other"])
    def test_a_network_mode_that_excludes_others_is_refused(
        self, dockerd: PrivateEngine, engine: Engine, mode: str
    ) -> None:
        engine.ensure_network(an_intent())
        started(dockerd, "other")
        container = started(dockerd, "c1", "--network", mode)
        with pytest.raises(PermanentError, match=f"network mode {mode.partition(':')[0]}, which excludes"):
            engine.connect(container, "web", TEN, default_route=True)

    def test_published_ports_keep_the_bridge_and_a_note_says_so(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        container = started(dockerd, "c1", "--publish", "8080")
        endpoint = engine.connect(container, "web", TEN, default_route=True)
        facts = engine.inspect(container)
        assert facts is not None
        assert set(facts.endpoints) == {"bridge", "web"}
        if leads_by_priority(dockerd):
            assert endpoint.notes == ()
            assert "via 172.31.0.1 " in routes(dockerd, "c1")
        else:
            assert "publishes ports" in endpoint.notes[0]
        again = engine.connect(container, "web", TEN, default_route=True)
        assert again.notes == endpoint.notes

    def test_without_the_default_route_the_bridge_keeps_the_container(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        # Docker before 28 prefers a network of both families; with one, the bridge's name comes first.
        engine.ensure_network(an_intent(subnets=DUAL[:1]))
        container = started(dockerd, "c1")
        endpoint = engine.connect(container, "web", TEN[:1], default_route=False)
        facts = engine.inspect(container)
        assert facts is not None
        assert set(facts.endpoints) == {"bridge", "web"}
        assert "dev eth0" in routes(dockerd, "c1")
        assert endpoint.notes == ()

    def test_notes_tell_where_the_default_route_really_leads(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        engine.ensure_network(an_intent(DB, "eth0.20", THIRTY))
        container = started(dockerd, "c1")
        engine.connect(container, "db", (ip_address("172.30.0.10"),), default_route=True)
        second = engine.connect(container, "web", TEN, default_route=False)
        if leads_by_priority(dockerd):
            # Which it then is, Docker 28.5 decides by more than the priority: a network of both families wins.
            assert second.notes == ()
            return
        really = "web" if "via 172.31.0.1 " in routes(dockerd, "c1") else "db"
        told = "web" if any("leads through web" in note for note in second.notes) else "db"
        assert told == really

    def test_a_segment_without_a_gateway_gives_no_default_route(
        self, dockerd: PrivateEngine, engine: Engine, plugin: Plugged
    ) -> None:
        nobody = an_intent(subnets=(a_subnet(gateway=None), a_subnet("fd00:31::/64", None)))
        offer(plugin, nobody)
        engine.ensure_network(nobody)
        started(dockerd, "c1", "--network", "web", "--ip", "172.31.0.10", "--ip6", "fd00:31::10")
        assert routes(dockerd, "c1") == ""
        assert routes(dockerd, "c1", "-6") == ""
        assert json.loads(dockerd.docker("network", "inspect", "web"))[0]["Internal"]

    @pytest.mark.parametrize("wanted", [True, False])
    def test_a_segment_without_a_gateway_leaves_the_container_its_bridge_and_default_route(
        self, dockerd: PrivateEngine, engine: Engine, plugin: Plugged, *, wanted: bool
    ) -> None:
        nobody = an_intent(subnets=(a_subnet(gateway=None), a_subnet("fd00:31::/64", None)))
        offer(plugin, nobody)
        engine.ensure_network(nobody)
        container = started(dockerd, "c1")
        before = routes(dockerd, "c1")
        endpoint = engine.connect(container, "web", TEN, default_route=wanted)
        assert "dev eth0" in before
        assert routes(dockerd, "c1") == before
        assert endpoint.notes == ()

    def test_every_low_address_of_a_segment_without_a_gateway_can_be_lent(
        self, dockerd: PrivateEngine, engine: Engine, plugin: Plugged
    ) -> None:
        nobody = an_intent(subnets=(a_subnet(gateway=None),))
        offer(plugin, nobody)
        engine.ensure_network(nobody)
        first = (ip_address("172.31.0.1"),)
        assert engine.connect(started(dockerd, "c1"), "web", first, default_route=False).addresses == first

    def test_a_stopped_container_is_connected_and_has_the_address_when_it_starts(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        container = ContainerId(dockerd.docker("create", "--name", "c1", IMAGE))
        endpoint = engine.connect(container, "web", TEN, default_route=True)
        assert endpoint.addresses == TEN
        assert engine.connect(container, "web", TEN, default_route=True) == endpoint
        dockerd.docker("start", "c1")
        assert "inet 172.31.0.10/16" in interface_addresses(dockerd, "c1")


class TestDisconnect:
    def test_the_container_returns_to_the_bridge_it_came_from(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        container = started(dockerd, "c1")
        engine.connect(container, "web", TEN, default_route=True)
        assert engine.disconnect(container, "web")
        facts = engine.inspect(container)
        assert facts is not None
        assert set(facts.endpoints) == {"bridge"}
        assert "dev eth" in routes(dockerd, "c1")
        assert not engine.disconnect(container, "web")

    def test_one_that_began_elsewhere_does_not_get_a_bridge(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        container = started(dockerd, "c1", "--network", "web")
        assert engine.disconnect(container, "web")
        facts = engine.inspect(container)
        assert facts is not None
        assert set(facts.endpoints) == set()

    def test_one_that_has_another_segment_left_does_not_get_a_bridge(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        engine.ensure_network(an_intent())
        engine.ensure_network(an_intent(DB, "eth0.20", THIRTY))
        container = started(dockerd, "c1")
        engine.connect(container, "web", TEN, default_route=True)
        engine.connect(container, "db", (ip_address("172.30.0.10"),), default_route=False)
        assert engine.disconnect(container, "web")
        facts = engine.inspect(container)
        assert facts is not None
        assert set(facts.endpoints) == {"db"} | ({"bridge"} if leads_by_priority(dockerd) else set())

    def test_one_that_is_gone_is_nothing_to_do(self, dockerd: PrivateEngine, engine: Engine) -> None:
        container = started(dockerd, "c1")
        dockerd.docker("rm", "--force", "c1")
        assert not engine.disconnect(container, "web")

    def test_a_stopped_container_is_disconnected(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        container = ContainerId(dockerd.docker("create", "--name", "c1", IMAGE))
        engine.connect(container, "web", TEN, default_route=True)
        assert engine.disconnect(container, "web")
        assert engine.remove_network(WEB)


class TestRefusals:
    """What Docker says when it refuses, from its own mouth."""

    def test_another_network_on_the_link(self, dockerd: PrivateEngine, engine: Engine) -> None:
        dockerd.docker("network", "create", "--driver", "macvlan", "--opt", "parent=eth0.10", "foreign")
        if api_version(dockerd) >= (1, 46):  # Docker 27: several networks may share a link
            assert engine.ensure_network(an_intent())
            return
        with pytest.raises(PermanentError, match="a link takes one macvlan network"):
            engine.ensure_network(an_intent())

    def test_without_the_plugin_it_is_said_what_to_start(self, engine: Engine, plugin: Plugged) -> None:
        plugin.path.rename(plugin.path.with_suffix(".away"))
        try:
            with pytest.raises(TransientError, match="start `trunkline agent` on this host"):
                engine.ensure_network(an_intent())
        finally:
            plugin.path.with_suffix(".away").rename(plugin.path)

    @pytest.mark.parametrize("parent", ["nope", "nope.30"])
    def test_a_link_that_is_not_there(self, engine: Engine, parent: str) -> None:
        with pytest.raises(PermanentError, match="the link is not where dockerd runs"):
            engine.ensure_network(an_intent(parent=parent))

    def test_a_kernel_without_vlans(self, dockerd: PrivateEngine, engine: Engine) -> None:
        probe = ("ip", "link", "add", "link", "eth0.10", "name", "probe", "type", "vlan", "id", "9")
        try:
            dockerd.inside(*probe)
        except AssertionError:
            dockerd.add_parent("eth9")
            with pytest.raises(Unsupported, match="modprobe 8021q"):
                engine.ensure_network(an_intent(parent="eth9.30"))
            dockerd.inside("ip", "link", "del", "dev", "eth9")
        else:
            dockerd.inside("ip", "link", "del", "dev", "probe")
            pytest.skip("this kernel has 802.1Q")

    def test_a_mac_address_that_is_on_the_link_already(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        words = ("ip", "link", "add", "link", "eth0.10", "name", "same", "address", "02:42:ac:1f:00:0a")
        dockerd.inside(*words, "type", "macvlan", "mode", "bridge")
        try:
            dockerd.inside("ip", "link", "set", "dev", "same", "up")
            # A newer command line does not ask an older engine for a MAC.
            with closing(docker.APIClient(base_url=dockerd.url, version="1.41")) as api:
                wish = api.create_host_config(network_mode="web")
                made = api.create_container(IMAGE, mac_address="02:42:ac:1f:00:0a", host_config=wish)
            container = ContainerId(made["Id"])
            with pytest.raises(PermanentError, match="has the same MAC address") as raised:
                engine.start(container)
            assert not isinstance(raised.value, AddressError)
        finally:
            dockerd.inside("ip", "link", "del", "dev", "same")

    def test_a_link_that_is_a_port_of_a_bridge(self, dockerd: PrivateEngine, engine: Engine) -> None:
        engine.ensure_network(an_intent())
        dockerd.inside("ip", "link", "add", "name", "br7", "type", "bridge")
        try:
            dockerd.inside("ip", "link", "set", "dev", "eth0.10", "master", "br7")
            with pytest.raises(PermanentError, match="the link is a bridge port"):
                engine.connect(started(dockerd, "c1"), "web", TEN, default_route=True)
        finally:
            dockerd.inside("ip", "link", "del", "dev", "br7")

    @pytest.mark.parametrize("mode", ["none", "container:other"])
    def test_a_network_mode_that_excludes_others(
        self, dockerd: PrivateEngine, engine: Engine, mode: str
    ) -> None:
        engine.ensure_network(an_intent())
        started(dockerd, "other")
        container = started(dockerd, "c1", "--network", mode)
        with (
            closing(Client(dockerd.url)) as asked,
            pytest.raises(PermanentError, match="start it without --network host, none or container:"),
        ):
            asked.post("/networks/web/connect", {"Container": container}, "connect it")

    def test_words_of_docker_are_cut_and_cleaned(self) -> None:
        assert client.printable("a\x1b[31m\nb") == "a?[31m?b"
        assert len(client.printable("x" * 1000)) == client.LONGEST_WORDS


class TestTheEngineItself:
    def test_one_that_is_not_there_says_what_to_do(self) -> None:
        with pytest.raises(Unreachable, match="is dockerd running, and may this process use its socket"):
            Engine("unix:///nowhere/docker.sock").containers()

    def test_one_that_hangs_is_unreachable_and_works_again_afterwards(
        self, dockerd: PrivateEngine, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1)
        engine.version()
        with dockerd.frozen():
            with pytest.raises(Unreachable, match="is dockerd running"):
                engine.containers()
            with closing(Engine(dockerd.url)) as fresh, pytest.raises(Unreachable):
                fresh.version()
        assert engine.containers() == ()

    def test_one_that_comes_back_newer_is_asked_for_its_version_again(self) -> None:
        with answering("1.41") as server:
            port = server.server_port
            asked = Client(f"tcp://127.0.0.1:{port}")
            assert asked.api_version() == (1, 41)
        with closing(asked):
            with pytest.raises(Unreachable):
                asked.ask(lambda api: api.version(), "tell its version")
            with answering("1.48", port):
                assert asked.api_version() == (1, 48)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
    def test_one_that_was_restarted_is_used_again(
        self, dockerd: PrivateEngine, engine: Engine, number: signal.Signals
    ) -> None:
        engine.ensure_network(an_intent())
        container = ContainerId(
            dockerd.docker("create", "--label", "trunkline.segment=web", "--name", "c1", IMAGE)
        )
        engine.connect(container, "web", TEN, default_route=True)
        dockerd.stop(number)
        for question in (engine.containers, engine.networks, lambda: engine.inspect(container)):
            with pytest.raises(Unreachable, match="is dockerd running"):
                question()
        dockerd.start()
        assert [facts.name for facts in engine.containers()] == ["c1"]
        assert not engine.ensure_network(an_intent())
        assert engine.connect(container, "web", TEN, default_route=True).addresses == TEN
