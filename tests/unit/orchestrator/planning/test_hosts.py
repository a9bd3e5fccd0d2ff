from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import PORT_2, a_host, a_segment, a_switch, an_inventory
from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.intents import Attachment, HostIntent
from trunkline.orchestrator.models import (
    HostName,
    Inventory,
    Link,
    PortName,
    SegmentName,
    SwitchName,
)
from trunkline.orchestrator.planning import attachment_intent, declared_on, host_intent
from trunkline.orchestrator.vlans import VlanSet

NOW = 10_000.0
H1, WEB, GONE, SW1, SW2 = (
    HostName("h1"),
    SegmentName("web"),
    SegmentName("gone"),
    SwitchName("sw1"),
    SwitchName("sw2"),
)
HELD = frozenset({"container:1"})


def plan(
    *attachments: Attachment, inventory: Inventory | None = None, host: str = "h1", **changes: Any
) -> HostIntent:
    facts: dict[str, Any] = {"switch_status": {SW1: None, SW2: None}, "now": NOW, "generation": 3}
    return host_intent(
        inventory or an_inventory(), host=HostName(host), attachments=attachments, **facts | changes
    )


def an_attachment(segment: str = "web", host: str = "h1", **changes: Any) -> Attachment:
    return Attachment(host=HostName(host), segment=SegmentName(segment), **changes)


def behind_two_switches(**changes: Any) -> Inventory:
    return an_inventory(
        switches={SW1: a_switch("sw1"), SW2: a_switch("sw2", **changes)},
        links=(Link(ends=((SW1, PortName("t1")), (SW2, PortName("t1")))),),
        hosts={H1: a_host("h1", PORT_2, "sw2")},
    )


def test_a_held_segment_gets_its_link_and_its_network() -> None:
    intent = plan(an_attachment(holders=HELD))
    [present] = intent.present
    assert (present.link.name, present.link.parent, present.link.vlan) == ("eth0.10", "eth0", 10)
    assert present.link.mtu_bytes == 1500
    assert (present.network.segment, present.network.parent) == ("web", "eth0.10")
    assert [str(subnet.network) for subnet in present.network.subnets] == ["172.31.0.0/16", "fd00:31::/64"]
    assert (intent.host, intent.generation, intent.absent, intent.waiting) == ("h1", 3, (), {})


def test_the_link_has_the_mtu_of_its_segment() -> None:
    inventory = an_inventory(segments={WEB: a_segment(mtu_bytes=9000)})
    assert attachment_intent(inventory, H1, WEB).link.mtu_bytes == 9000


def test_inside_the_grace_everything_stays() -> None:
    intent = plan(an_attachment(state="draining", drain_at=NOW + 1))
    assert [each.segment for each in intent.present] == ["web"]
    assert not intent.absent


def test_past_the_grace_everything_goes() -> None:
    intent = plan(an_attachment(state="draining", drain_at=NOW))
    assert [each.link.name for each in intent.absent] == ["eth0.10"]
    assert not intent.present


def test_past_the_grace_everything_goes_even_while_a_switch_is_unreachable() -> None:
    gone = an_attachment(state="draining", drain_at=NOW)
    assert plan(gone, switch_status={SW1: "does not answer"}).absent


def test_a_record_whose_grace_never_started_is_left_alone() -> None:
    intent = plan(an_attachment(state="ready", drain_at=None))
    assert (intent.present, intent.absent, intent.waiting) == ((), (), {})


@pytest.mark.parametrize("text", ["does not answer", "refused the login"])
def test_a_held_segment_waits_for_its_switch_and_says_why(text: str) -> None:
    intent = plan(an_attachment(holders=HELD), switch_status={SW1: text})
    assert intent.waiting == {"web": f"switch sw1: {text}"}
    assert not intent.present
    assert not intent.absent


def test_every_switch_on_the_way_must_be_ready_and_every_cause_is_told() -> None:
    inventory = behind_two_switches()
    held = an_attachment(holders=HELD)
    assert plan(held, inventory=inventory).present
    one = plan(held, inventory=inventory, switch_status={SW1: "is asleep", SW2: None})
    assert one.waiting == {"web": "switch sw1: is asleep"}
    both = plan(held, inventory=inventory, switch_status={SW1: "is asleep"})
    assert both.waiting == {"web": "switch sw1: is asleep; switch sw2: not synced yet"}


def test_a_switch_in_observe_mode_that_was_never_synced_says_so() -> None:
    inventory = behind_two_switches(mode="observe")
    intent = plan(an_attachment(holders=HELD), inventory=inventory, switch_status={SW1: None})
    assert "mode observe" in intent.waiting[WEB]


def test_a_switch_in_observe_mode_that_is_as_needed_is_ready() -> None:
    inventory = behind_two_switches(mode="observe")
    assert plan(an_attachment(holders=HELD), inventory=inventory).present


def test_a_vlan_that_must_not_be_touched_keeps_the_attachment_waiting() -> None:
    inventory = an_inventory(switches={SW1: a_switch(protected_vlans=VlanSet([10]))})
    intent = plan(an_attachment(holders=HELD), inventory=inventory)
    assert intent.waiting == {"web": "VLAN 10 is protected on switch sw1"}


def test_other_hosts_attachments_are_none_of_this_hosts_business() -> None:
    assert plan(an_attachment(host="h2", holders=HELD)) == HostIntent(host=H1, generation=3)


class TestWhatLeftTheInventory:
    def test_a_held_segment_waits_and_says_that_it_is_gone(self) -> None:
        intent = plan(an_attachment("gone", holders=HELD))
        assert intent.waiting == {"gone": "the segment is no longer in the inventory"}

    def test_of_a_drained_segment_nothing_is_guessed(self) -> None:
        assert plan(an_attachment("gone", drain_at=NOW - 1)).absent == ()

    @pytest.mark.parametrize("changes", [{"holders": HELD}, {"drain_at": NOW - 1}])
    def test_a_host_that_is_gone_is_planned_without_falling_over(self, changes: dict[str, Any]) -> None:
        intent = plan(an_attachment(host="h9", **changes), host="h9")
        assert intent.present == intent.absent == ()
        assert bool(intent.waiting) == ("holders" in changes)

    def test_an_attachment_that_cannot_be_made_is_refused_by_name(self) -> None:
        with pytest.raises(ConfigError, match="host h9 segment web"):
            attachment_intent(an_inventory(), HostName("h9"), WEB)


def test_a_host_without_a_way_to_the_gateway_waits_and_says_so() -> None:
    inventory = an_inventory(
        switches={SW1: a_switch("sw1"), SW2: a_switch("sw2")}, hosts={H1: a_host("h1", PORT_2, "sw2")}
    )
    intent = plan(an_attachment(holders=HELD), inventory=inventory)
    assert intent.waiting == {"web": "no uplink of the host leads to the gateway"}


ATTACHMENTS = st.builds(
    an_attachment,
    segment=st.sampled_from(["web", "gone"]),
    host=st.sampled_from(["h1", "h2", "h9"]),
    holders=st.sampled_from([frozenset(), HELD]),
    drain_at=st.sampled_from([None, NOW - 1, NOW + 1]),
    state=st.sampled_from(["absent", "requested", "ready", "draining", "failed"]),
)
STATUS = st.dictionaries(st.sampled_from([SW1, SW2]), st.sampled_from([None, "is asleep"]))


@given(
    st.lists(ATTACHMENTS, unique_by=lambda each: (each.host, each.segment)),
    STATUS,
    st.sampled_from(["h1", "h9"]),
)
def test_every_segment_is_in_at_most_one_place_and_nothing_held_is_taken_down(
    attachments: list[Attachment], status: dict[SwitchName, str | None], host: str
) -> None:
    facts: dict[str, Any] = {"switch_status": status, "host": host}
    intent = plan(*attachments, **facts)
    held = {each.segment for each in attachments if each.host == host and each.holders}
    present, absent = ({each.segment for each in side} for side in (intent.present, intent.absent))
    assert not absent & held
    assert not present & absent
    assert held <= present | set(intent.waiting)
    assert not intent.waiting.keys() & (present | absent)
    assert not present or status.get(SW1, "missing") is None
    assert plan(*reversed(attachments), **facts) == intent


def test_declared_networks_are_on_every_host_that_may_use_them_and_can_reach_their_gateway() -> None:
    declared = an_inventory(
        segments={WEB: a_segment(networks="declared"), SegmentName("db"): a_segment("db", vlan=20)}
    )
    assert declared_on(declared, H1) == {WEB}
    assert declared_on(replace(declared, policy=()), H1) == frozenset()
    assert (
        declared_on(replace(declared, hosts={H1: replace(declared.hosts[H1], uplinks=())}), H1) == frozenset()
    )
    assert declared_on(declared, HostName("h9")) == frozenset()
