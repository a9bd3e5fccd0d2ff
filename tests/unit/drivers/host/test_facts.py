"""What Docker's answers mean, where no engine at hand says it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.builders import a_subnet
from trunkline.drivers.host.facts import facts_of, is_ours, shape, shape_of, way_out
from trunkline.orchestrator.addressing import placeholder
from trunkline.orchestrator.intents import NetworkIntent
from trunkline.orchestrator.models import SegmentName

BOTH = {"Gateway": "172.31.0.1", "IPv6Gateway": "fd00:31::1"}
ONE = {"Gateway": "172.17.0.1", "IPv6Gateway": ""}
NONE = {"Gateway": "", "IPv6Gateway": ""}


@pytest.mark.parametrize(
    ("networks", "leads_through"),
    [
        ({}, ""),
        ({"web": NONE}, ""),
        ({"bridge": NONE, "web": ONE}, "web"),
        ({"bridge": ONE, "web": ONE}, "bridge"),
        ({"bridge": ONE, "web": BOTH}, "web"),
    ],
    ids=["nowhere", "no gateway", "only gateway", "by name", "both families first"],
)
def test_the_way_out_is_the_one_docker_takes(networks: dict[str, Any], leads_through: str) -> None:
    assert way_out(networks) == leads_through


def test_an_internal_network_is_no_way_out() -> None:
    without_gateway = {"Gateway": "", "IPv6Gateway": ""}  # as engines answer for an internal network
    assert way_out({"bridge": ONE, "a": without_gateway}) == "bridge"


@pytest.mark.parametrize(
    ("network", "gateway", "declared"),
    [
        ("172.31.0.0/16", "172.31.0.1", "172.31.0.1"),
        ("172.31.0.0/16", None, "172.31.255.254"),
        ("172.31.0.0/31", None, "172.31.0.1"),
        ("fd00:31::/64", None, "fd00:31::ffff:ffff:ffff:fffe"),
    ],
)
def test_a_subnet_without_a_gateway_sacrifices_an_address_at_its_end(
    network: str, gateway: str | None, declared: str
) -> None:
    assert placeholder(a_subnet(network, gateway)) == ip_address(declared)


def test_one_gateway_of_two_families_is_enough_to_lead_out() -> None:
    subnets = (a_subnet(), a_subnet("fd00:31::/64", None))
    assert not NetworkIntent(segment=SegmentName("web"), parent="eth0.10", subnets=subnets).internal


def test_a_network_as_docker_prints_it_has_the_shape_that_was_asked_for() -> None:
    printed = {
        "Options": {"parent": "eth0.10", "macvlan_mode": "bridge"},
        "Internal": False,
        # Some engines print the gateway with its prefix length, and a subnet with its host bits.
        "IPAM": {
            "Driver": "trunkline",
            "Options": {"segment": "web", "gate": "address"},
            "Config": [
                {"Subnet": "fd00:31::/64", "Gateway": "fd00:31::1/64"},
                {"Subnet": "172.31.0.5/16", "Gateway": "172.31.0.1"},
            ],
        },
    }
    subnets = (a_subnet(), a_subnet("fd00:31::/64", "fd00:31::1"))
    assert shape_of(printed) == shape(
        NetworkIntent(segment=SegmentName("web"), parent="eth0.10", subnets=subnets)
    )
    assert shape_of(printed | {"Internal": True}) != shape_of(printed)
    assert shape_of({}) == ("", "bridge", False, "default", "", frozenset())


def test_a_network_of_the_plugin_has_another_shape_than_one_with_dockers_own_addresses() -> None:
    printed: dict[str, Any] = {
        "Options": {"parent": "eth0.10"},
        "IPAM": {
            "Driver": "trunkline",
            "Options": {"segment": "web", "gate": "address"},
            "Config": [{"Subnet": "172.31.0.0/16", "Gateway": "172.31.0.1"}],
        },
    }
    asked = NetworkIntent(segment=SegmentName("web"), parent="eth0.10", subnets=(a_subnet(),))
    assert shape_of(printed) == shape(asked)
    assert shape_of(printed | {"IPAM": {"Config": printed["IPAM"]["Config"]}}) != shape(asked)
    assert shape_of(printed) != shape(replace(asked, segment=SegmentName("db")))


@pytest.mark.parametrize(
    ("labels", "ours"),
    [
        (None, False),
        ({"trunkline.managed": "true", "trunkline.segment": "web"}, True),
        ({"trunkline.managed": "true", "trunkline.segment": "db"}, False),
        ({"trunkline.managed": "yes", "trunkline.segment": "web"}, False),
    ],
)
def test_a_network_is_ours_by_its_mark_and_its_own_name(labels: dict[str, str] | None, *, ours: bool) -> None:
    assert is_ours({"Name": "web", "Labels": labels}) is ours


def a_container(endpoint: dict[str, Any] | None, *, running: bool) -> dict[str, Any]:
    return {
        "Id": "a",
        "Name": "/c1",
        "State": {"Running": running},
        "NetworkSettings": {"Networks": {"web": endpoint}},
    }


WISH = {"IPAMConfig": {"IPv4Address": "172.31.0.10", "IPv6Address": "fd00:31::10"}}


def test_a_container_that_does_not_run_has_the_addresses_it_will_ask_for() -> None:
    endpoint = facts_of(a_container(WISH, running=False)).endpoints["web"]
    assert endpoint.addresses == (ip_address("172.31.0.10"), ip_address("fd00:31::10"))


def test_a_running_one_has_the_addresses_it_got() -> None:
    got = {"EndpointID": "e", "IPAddress": "172.31.0.11", "MacAddress": "02:42:AC:1F:00:0B"}
    endpoint = facts_of(a_container({"IPAMConfig": None} | got, running=True)).endpoints["web"]
    assert endpoint.addresses == (ip_address("172.31.0.11"),)
    assert endpoint.mac == "02:42:ac:1f:00:0b"


def test_an_entry_without_an_endpoint_is_no_connection_of_a_running_container() -> None:
    assert not facts_of(a_container(WISH, running=True)).endpoints
    assert not facts_of(a_container(None, running=True)).endpoints


def test_a_container_of_which_docker_says_little_is_read() -> None:
    facts = facts_of({"Id": "a", "Config": {"Labels": None}, "HostConfig": None})
    assert (facts.name, facts.running, facts.labels, facts.network_mode) == ("", False, {}, "default")
    assert not facts.publishes_ports
