"""A host's own interface beside its containers', in a network namespace; what they sit on is a veth pair."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_interface, ip_network

import pytest

from tests.integration.host.conftest import ip
from trunkline.drivers.host.links import Links
from trunkline.drivers.host.shims import Shims
from trunkline.orchestrator.errors import NotOurs, PermanentError
from trunkline.orchestrator.intents import ShimIntent

pytestmark = [pytest.mark.root, pytest.mark.usefixtures("namespace")]

WEB = ShimIntent(
    name="h-up0.10",
    link="up0",
    mac="02:00:00:00:00:aa",
    addresses=(ip_interface("172.31.4.9/32"), ip_interface("fd00:31::9/128")),
    routes=(ip_network("172.31.0.0/16"), ip_network("fd00:31::/64")),
)


@contextmanager
def a_container(*addresses: str) -> Iterator[str]:
    """Be another network namespace with a macvlan on the same link, as Docker makes it; gives its MAC."""
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo ready; exec sleep 1000"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            ip("link", "add", "link", "up0", "name", "c0", "type", "macvlan", "mode", "bridge")
            ip("link", "set", "dev", "c0", "netns", str(process.pid))
            within = ["nsenter", f"--net=/proc/{process.pid}/ns/net", "ip"]
            for address in addresses:
                nodad = ["nodad"] if ":" in address else []
                subprocess.run([*within, "address", "add", address, "dev", "c0", *nodad], check=True)
            subprocess.run([*within, "link", "set", "dev", "c0", "up"], check=True)
            shown = subprocess.run(
                [*within, "-json", "link", "show", "dev", "c0"], check=True, capture_output=True
            )
            yield str(json.loads(shown.stdout)[0]["address"])
        finally:
            process.kill()


def pings(address: str, tries: int) -> bool:
    words = ["ping", "-n", "-q", "-c", "1", "-W", "1", address]
    return any(subprocess.run(words, capture_output=True, check=False).returncode == 0 for _ in range(tries))


def addresses(name: str) -> set[str]:
    (found,) = json.loads(ip("-json", "address", "show", "dev", name))
    return {
        f"{each['local']}/{each['prefixlen']}" for each in found["addr_info"] if each["scope"] == "global"
    }


def test_with_its_shim_a_host_reaches_its_own_containers_and_without_it_does_not() -> None:
    with a_container("172.31.4.1/16", "fd00:31::1/64") as guest:
        assert not pings("172.31.4.1", 1)
        assert Shims().ensure(WEB)
        assert pings("172.31.4.1", 4)
        assert pings("fd00:31::1", 4)
        assert addresses(WEB.name) == {"172.31.4.9/32", "fd00:31::9/128"}
        assert Shims().addresses(WEB.name) == {each.ip for each in WEB.addresses}
        assert WEB.mac in Links().taken_in()
        assert guest in Links().taken_in(), "also what is in another namespace"
        assert "02:00:00:00:00:bb" not in Links().taken_in()
        assert Shims().addresses("up0") == frozenset(), "no shim of ours"
        assert not Shims().ensure(WEB), "a second time nothing changes"
        assert Shims().observe() == {WEB.name: "up0"}
        assert Shims().remove(WEB.name)
        assert not Shims().remove(WEB.name)
        assert Shims().observe() == {}
        assert not pings("172.31.4.1", 1)


def test_other_addresses_and_another_link_are_corrected() -> None:
    Shims().ensure(WEB)
    moved = replace(WEB, addresses=(ip_interface("172.31.4.10/32"),))
    assert Shims().ensure(moved)
    assert addresses(WEB.name) == {"172.31.4.10/32"}
    ip("route", "del", "172.31.0.0/16", "dev", WEB.name)
    assert Shims().ensure(moved)
    assert "172.31.0.0/16" in ip("route", "show", "dev", WEB.name)
    elsewhere = replace(moved, link="peer0", mac="02:00:00:00:00:bb")
    assert Shims().ensure(elsewhere)
    assert Shims().observe() == {WEB.name: "peer0"}
    assert addresses(WEB.name) == {"172.31.4.10/32"}


def test_a_subnet_that_the_segment_lost_is_no_way_through_the_shim_any_more() -> None:
    Shims().ensure(WEB)
    other = replace(WEB, routes=(ip_network("172.30.0.0/16"), ip_network("fd00:30::/64")))
    assert Shims().ensure(other)
    assert "172.31.0.0/16" not in ip("route", "show", "dev", WEB.name)
    assert "fd00:31::/64" not in ip("-6", "route", "show", "dev", WEB.name)
    assert "172.30.0.0/16" in ip("route", "show", "dev", WEB.name)
    assert "fd00:30::/64" in ip("-6", "route", "show", "dev", WEB.name)
    assert not Shims().ensure(other)


def test_the_hosts_own_way_into_the_subnet_stays() -> None:
    ip("address", "add", "172.31.200.1/16", "dev", "peer0")
    with pytest.raises(NotOurs, match=r"shim h-up0\.10: the host has another way to 172\.31\.0\.0/16"):
        Shims().ensure(WEB)
    assert "172.31.0.0/16" in ip("route", "show", "dev", "peer0")


def test_a_shim_that_is_down_is_put_up_again() -> None:
    Shims().ensure(WEB)
    ip("link", "set", "dev", WEB.name, "down")
    assert Shims().ensure(WEB)
    assert "172.31.0.0/16" in ip("route", "show", "dev", WEB.name)
    assert not Shims().ensure(WEB)


def test_what_is_not_ours_is_never_touched() -> None:
    ip("link", "add", "link", "up0", "name", WEB.name, "type", "macvlan", "mode", "bridge")
    with pytest.raises(NotOurs, match=r"shim h-up0\.10: is there and not ours"):
        Shims().ensure(WEB)
    assert not Shims().remove(WEB.name)
    assert Shims().observe() == {}
    assert WEB.name in ip("link", "show")


def test_what_cannot_be_made_says_why() -> None:
    with pytest.raises(PermanentError, match=r"shim h-up0\.10: the link up0\.10 below it is missing"):
        Shims().ensure(replace(WEB, link="up0.10"))
    with pytest.raises(PermanentError, match="longer than 15 characters"):
        Shims().ensure(replace(WEB, name="h-much-too-long.10"))
