"""`trunkline ip`: the ledger as an operator sees it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from tests.integration.cli.site import Site
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import ContainerId, HostName, Segment, SegmentName
from trunkline.orchestrator.store import LedgerLease, Owner

H1 = HostName("h1")
MAC = "02:00:00:00:00:07"


def web(site: Site) -> Segment:
    current = site.store.inventory.current()
    assert current is not None
    return restore(current[1]).segments[SegmentName("web")]


@pytest.fixture
def lease(empty: Site) -> LedgerLease:
    """One container of h1 has an address, and another one's rests."""
    empty.apply()
    segment, ledger = web(empty), empty.store.ledger
    owner = Owner.by_mac(H1, "02:00:00:00:00:08")
    gone = ledger.allocate(segment, family=4, owner=owner, host=H1, name="gone", mac="02:00:00:00:00:08")
    assert ledger.end(segment, gone)
    given = ledger.allocate(segment, family=4, owner=Owner.by_mac(H1, MAC), host=H1, name="", mac=MAC)
    known = Owner(container_id=ContainerId("c" * 64), endpoint="web")
    ledger.identify(given, owner=known, endpoint_id="e" * 64, name="web-1")
    return given


def test_show_tells_who_has_what_and_how_full_it_is(empty: Site, lease: LedgerLease) -> None:
    said = empty.shell("ip", "show")
    assert said.status == 0
    row = next(line for line in said.out.splitlines() if line.startswith(str(lease.address)))
    assert row.split()[1:6] == ["web", "ACTIVE", "web-1", "h1", MAC]
    assert "held, 1 rest, 0 reserved" in said.out
    assert empty.shell("ip", "show", "web", "--host", "h2").out.startswith("no address is held")
    one = json.loads(empty.shell("ip", "show", str(lease.address), "-o", "json").out)
    assert [each["container"] for each in one["leases"]] == ["c" * 64]
    both = json.loads(empty.shell("ip", "show", "web", "-o", "json").out)
    assert {each["state"] for each in both["leases"]} == {"ACTIVE", "QUARANTINE"}
    assert both["subnets"][0]["held"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "wep"), "'wep': is neither a segment of the inventory nor an address; choose one of web"),
        (("show", "--host", "h9"), "host 'h9': is not in the inventory; choose one of h1, h2"),
        (("show", "1.2.3"), "'1.2.3': is no IP address"),
        (("reserve", "192.0.2.1"), "address 192.0.2.1: is in no subnet of any segment"),
        (("reserve", "172.31.0.9", "--segment", "db"), "is in no subnet of segment 'db'"),
        (("history", "172.31.0.9", "--at", "noon"), "--at 'noon': is no time; write 14:05"),
        (("history", "172.31.0.9", "--at", "2999-01-01T00:00"), "is not over yet"),
    ],
)
def test_what_cannot_be_answered_says_why(empty: Site, words: tuple[str, ...], told: str) -> None:
    empty.apply()
    said = empty.shell("ip", *words)
    assert (said.status, said.out) == (1, "")
    assert told in said.err


def test_without_an_inventory_it_says_what_to_do(empty: Site) -> None:
    said = empty.shell("ip", "show")
    assert (said.status, "inventory: was not applied yet; run `trunkline apply FILE`" in said.err) == (
        1,
        True,
    )


def test_a_reserved_address_is_shown_with_its_reason_and_can_be_taken_back(empty: Site) -> None:
    empty.apply()
    said = empty.shell("ip", "reserve", "172.31.0.77", "--why", "printer of room 3")
    assert (said.status, said.out) == (0, "172.31.0.77 of segment web is reserved\n")
    assert "printer of room 3" in empty.shell("ip", "show", "172.31.0.77").out
    (kept,) = empty.store.ledger.leases(web(empty))
    assert kept.state == "RESERVED"
    said = empty.shell("ip", "release", "172.31.0.77")
    assert (said.status, said.out) == (0, "address 172.31.0.77 of segment web is released\n")
    assert empty.shell("ip", "release", "172.31.0.77").out.endswith("is resting already\n")


def test_what_a_network_reserved_is_not_an_operators_to_release(empty: Site) -> None:
    empty.apply()
    (address,) = [each for each in web(empty).subnets if each.network.version == 4]
    wanted = address.network[99]
    empty.store.ledger.reserve(web(empty), wanted, by="host:h1", why="auxiliary address on h1", host=H1)
    said = empty.shell("ip", "release", str(wanted))
    assert said.status == 1
    assert "is reserved, but not by an operator (auxiliary address on h1)" in said.err


def test_what_a_network_reserved_too_is_not_said_to_be_released(empty: Site) -> None:
    empty.apply()
    empty.shell("ip", "reserve", "172.31.0.77")
    segment = web(empty)
    wanted = segment.subnets[0].network[77]
    empty.store.ledger.reserve(segment, wanted, by="host:h1", why="auxiliary address on h1", host=H1)
    said = empty.shell("ip", "release", str(wanted))
    told = f"address {wanted} of segment web stays reserved by host:h1; your reservation is taken back\n"
    assert (said.status, said.out) == (0, told)
    assert [lease.state for lease in empty.store.ledger.leases(segment)] == ["RESERVED"]


def test_a_containers_address_is_released_by_force_only(empty: Site, lease: LedgerLease) -> None:
    said = empty.shell("ip", "release", str(lease.address))
    assert said.status == 1
    assert f"is held by container web-1 (MAC {MAC}) on h1" in said.err
    said = empty.shell("ip", "release", str(lease.address), "--force")
    assert said.status == 0
    states = {each.address: each.state for each in empty.store.ledger.leases(web(empty))}
    assert states[lease.address] == "QUARANTINE"


def test_history_tells_who_had_it_then(empty: Site, lease: LedgerLease) -> None:
    address = str(lease.address)
    said = empty.shell("ip", "history", address)
    assert [line.split()[2] for line in said.out.splitlines()[1:]] == ["ACTIVE", "PENDING"]
    then = datetime.fromtimestamp(empty.store.now(), UTC).isoformat()
    empty.shell("ip", "release", address, "--force")
    said = empty.shell("ip", "history", address, "--at", then)
    assert said.out.startswith(f"container web-1 (MAC {MAC}) on h1 had {address} at ")
    now = datetime.fromtimestamp(empty.store.now(), UTC).isoformat()
    said = empty.shell("ip", "history", address, "--at", now)
    assert said.out.startswith(f"nobody had {address} at ")
    assert f"container web-1 (MAC {MAC}) on h1 had it until" in said.out
    events = json.loads(empty.shell("ip", "history", address, "-n", "1", "-o", "json").out)
    assert [each["state"] for each in events] == ["QUARANTINE"]
    never = empty.shell("ip", "history", "172.31.200.1", "--at", "2001-01-01T00:00")
    assert re.fullmatch(
        r"nobody had 172\.31\.200\.1 at 2001-01-01 00:00:00\S+, as far back as the history goes\n", never.out
    )
