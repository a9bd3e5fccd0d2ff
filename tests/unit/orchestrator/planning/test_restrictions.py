"""An open trunk gets its list only when it cuts nobody who may be using it (promises I4, I5, I11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import PORT_1, PORT_2, a_host, a_segment, a_switch, an_inventory
from tests.unit.orchestrator.planning.test_switches import (
    DB,
    H1,
    H2,
    NOW,
    STALE,
    SW1,
    WEB,
    a_drained,
    a_report,
    an_attachment,
)
from trunkline.orchestrator.intents import Attachment, HostReport, PortRule
from trunkline.orchestrator.models import Inventory, Link, PortName, SegmentName, SwitchName
from trunkline.orchestrator.planning import switch_intent
from trunkline.orchestrator.vlans import Vid, VlanSet

LINK_PORT = PortName("GigabitEthernet1/0/48")
NEEDED = an_attachment("h1", "web")


def rules(
    *attachments: Attachment, inventory: Inventory | None = None, **reports: HostReport
) -> dict[PortName, PortRule]:
    told = {H1: a_report("h1"), H2: a_report("h2")} | {report.host: report for report in reports.values()}
    intent = switch_intent(
        inventory or two_segments(),
        switch=SW1,
        attachments=[NEEDED, *attachments],
        owned=frozenset(),
        reports=told,
        now=NOW,
        stale_after_seconds=STALE,
        generation=1,
    )
    return dict(intent.ports)


def two_segments(**switch: Any) -> Inventory:
    hosts = [
        replace(host, uplinks=tuple(replace(each, open_trunk="restrict") for each in host.uplinks))
        for host in (a_host("h1", PORT_1), a_host("h2", PORT_2))
    ]
    far = a_switch("sw2")
    link = Link(ends=((SW1, LINK_PORT), (SwitchName("sw2"), LINK_PORT)), adopt=False, open_trunk="restrict")
    return an_inventory(
        switches={SW1: a_switch(**switch), far.name: far},
        hosts={host.name: host for host in hosts},
        segments={WEB: a_segment(), DB: a_segment("db", 20, subnets=())},
        links=(link,),
    )


def test_where_all_is_known_it_gets_its_list() -> None:
    found = rules()
    assert found[PORT_1].restrict
    assert found[LINK_PORT].restrict
    assert not found[PORT_1].why_open


@pytest.mark.parametrize(
    ("attachment", "report"),
    [
        (None, a_report("h1", age=STALE + 1)),
        (None, a_report("h1", links=frozenset({DB}))),
        (None, a_report("h1", networks=frozenset({DB}))),
        (a_drained("h1", "db"), a_report("h1", links=frozenset({DB}))),
        (an_attachment("h1", "db", holders=frozenset(), drain_at=None), a_report("h1")),
    ],
    ids=["silent", "link there", "network there", "drained, link there", "a grace that never started"],
)
def test_it_waits_while_its_host_may_be_using_more_than_is_needed(
    attachment: Attachment | None, report: HostReport
) -> None:
    found = rules(*([attachment] if attachment else []), h1=report)
    assert not found[PORT_1].restrict
    assert "VLAN 20" in found[PORT_1].why_open
    assert found[PORT_2].restrict


@pytest.mark.parametrize(
    "attachment",
    [a_drained("h1", "gone"), an_attachment("h1", "gone"), an_attachment("ghost", "web")],
    ids=["drained", "a segment that left the inventory", "a host that did"],
)
def test_a_link_waits_while_somebody_uses_what_the_inventory_does_not_name(attachment: Attachment) -> None:
    waits = attachment.holders != frozenset()
    found = rules(attachment)
    assert found[LINK_PORT].restrict is not waits
    assert found[PORT_1].restrict is (not waits or attachment.host != H1)


def test_a_host_waits_that_still_has_a_link_of_a_segment_that_is_gone() -> None:
    found = rules(h1=a_report("h1", links=frozenset({SegmentName("gone")})))
    assert not found[PORT_1].restrict
    assert found[PORT_2].restrict


def test_vlans_in_use_by_others_of_the_record_do_not_make_it_wait() -> None:
    assert rules(an_attachment("h2", "db"), h2=a_report("h2", links=frozenset({DB})))[PORT_1].restrict


def test_protected_and_unmanaged_vlans_stay_in_its_list() -> None:
    found = rules(
        inventory=two_segments(protected_vlans=VlanSet({99}), managed_vlans=VlanSet(range(2, 4000)))
    )
    assert found[PORT_1].keeps == frozenset(map(Vid, (99, *range(4000, 4095))))


def test_ports_that_are_left_open_are_not_asked_about() -> None:
    assert PortRule(port=PORT_1).keeps == frozenset()
    assert rules(inventory=replace(two_segments(), hosts=an_inventory().hosts))[PORT_1].keeps == frozenset()
