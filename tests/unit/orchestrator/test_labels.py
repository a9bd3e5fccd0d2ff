from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_segment, a_subnet, an_inventory
from trunkline.orchestrator.errors import AddressError, LabelError, OrchestratorError, PolicyDenied
from trunkline.orchestrator.intents import Wanted
from trunkline.orchestrator.labels import printable, wanted
from trunkline.orchestrator.models import HostName, Inventory, Rule, SegmentName

H1 = HostName("h1")
WEB, DB, SECRET = SegmentName("web"), SegmentName("db"), SegmentName("secret")


def an_office(*rules: tuple[str, str]) -> Inventory:
    excluded = ((ip_address("172.31.9.0"), ip_address("172.31.9.255")),)
    web = a_segment(subnets=(a_subnet(exclude=excluded), a_subnet("fd00:31::/64", "fd00:31::1")))
    return an_inventory(
        segments={
            WEB: web,
            DB: a_segment("db", 20, subnets=(a_subnet("10.0.0.0/24", "10.0.0.1"),)),
            SECRET: a_segment("secret", 30, subnets=()),
        },
        policy=tuple(
            Rule(hosts=frozenset({host}), segments=frozenset({segment}))
            for host, segment in rules or (("h1", "web"), ("h1", "db"))
        ),
    )


def read(**labels: str) -> Wanted:
    return wanted(
        {f"trunkline.{key.replace('__', '.')}": value for key, value in labels.items()}, an_office(), H1
    )


def test_a_container_without_our_labels_wants_nothing() -> None:
    assert wanted({"com.example": "x", "trunklines.segment": "web"}, an_office(), H1) == Wanted()


def test_a_host_that_is_not_declared_still_runs_containers_that_want_nothing() -> None:
    assert wanted({}, an_office(), HostName("h9")) == Wanted()


def test_one_segment_is_named() -> None:
    assert read(segment="web") == Wanted(segments=(WEB,))


def test_several_segments_keep_their_order() -> None:
    assert read(segment=" db , web").segments == ("db", "web")


def test_addresses_of_both_families_are_asked_for() -> None:
    result = read(segment="web,db", ip__web="172.31.0.7, fd00:31::7", ip__db="10.0.0.9")
    assert result.addresses == {
        "web": (ip_address("172.31.0.7"), ip_address("fd00:31::7")),
        "db": (ip_address("10.0.0.9"),),
    }


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"segment": ""}, "names no segment"),
        ({"segment": "web,"}, "names no segment"),
        ({"segment": "web,web"}, "is named twice"),
        ({"segment": "wbe"}, "did you mean web"),
        ({"segment": "Web"}, "did you mean web"),
        ({"segment": "zzz"}, "this host may use db, web"),
        ({"segments": "web"}, "did you mean trunkline.segment"),
        ({"mtu": "9000"}, "known are trunkline.segment and trunkline.ip.<segment>"),
        ({"ip": "172.31.0.7"}, "is no label of Trunkline"),
        ({"ip__web": "172.31.0.7"}, "no segment is named"),
        ({"segment": "db", "ip__web": "172.31.0.7"}, "use one of trunkline.ip.db"),
        ({"segment": "web", "ip__web": "172.31.0.7,172.31.0.8"}, "asks for two IPv4 addresses"),
        ({"segment": "web", "ip__web": "172.31.0"}, "is no address"),
        ({"segment": "web", "ip__web": ""}, "is no address"),
        ({"segment": "web", "ip__web": "172.31.0.7/16"}, "is no address"),
        ({"segment": "web", "ip__web": "fd00:31::7%eth0"}, "is no address"),
        ({"segment": "web," * 400}, "is longer than 1024 characters"),
    ],
)
def test_a_label_that_cannot_be_read_is_refused_with_what_would_be_right(
    labels: dict[str, str], message: str
) -> None:
    with pytest.raises(LabelError) as caught:
        read(**labels)
    assert message in str(caught.value)
    assert str(caught.value).startswith("label trunkline.")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("172.32.0.7", "is outside the segment; its subnets are 172.31.0.0/16, fd00:31::/64"),
        ("fd00:32::7", "is outside the segment"),
        ("172.31.0.1", "is the gateway"),
        ("fd00:31::1", "is the gateway"),
        ("172.31.0.0", "is the subnet's own address"),
        ("fd00:31::", "is the subnet's own address"),
        ("172.31.255.255", "is the broadcast address"),
        ("172.31.9.4", "is excluded by the inventory"),
    ],
)
def test_an_address_that_can_never_be_handed_out_is_refused(address: str, message: str) -> None:
    with pytest.raises(AddressError) as caught:
        read(segment="web", ip__web=address)
    assert message in str(caught.value)


def test_the_last_ipv6_address_of_a_subnet_is_an_ordinary_one() -> None:
    last = "fd00:31::ffff:ffff:ffff:ffff"
    assert read(segment="web", ip__web=last).addresses == {"web": (ip_address(last),)}


def test_a_segment_that_the_policy_does_not_allow_is_denied() -> None:
    with pytest.raises(PolicyDenied, match="host h1 may not use segment secret"):
        read(segment="secret")


def test_without_any_rule_everything_is_denied() -> None:
    with pytest.raises(PolicyDenied):
        wanted({"trunkline.segment": "web"}, an_inventory(policy=()), H1)


def test_a_rule_for_all_hosts_does_not_cover_a_host_that_is_not_declared() -> None:
    with pytest.raises(PolicyDenied, match="host h9: is not in the inventory"):
        wanted({"trunkline.segment": "web"}, an_office(("*", "*")), HostName("h9"))


def test_a_suggestion_never_names_a_segment_the_host_may_not_use() -> None:
    with pytest.raises(LabelError) as caught:
        read(segment="secre")
    assert "did you mean" not in str(caught.value)
    assert "'secre'" in str(caught.value)


def test_a_foreign_text_is_shown_cleaned_and_cut() -> None:
    with pytest.raises(LabelError) as caught:
        read(segment="x\nno vlan 10\x1b[2J" + "y" * 500)
    text = str(caught.value)
    assert "x?no vlan 10?[2J" in text
    assert text.isprintable()
    assert "y" * 65 not in text


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=200), max_size=4))
def test_any_labels_are_read_or_refused_in_printable_words(suffixes: dict[str, str]) -> None:
    labels = {f"trunkline.{key}": value for key, value in suffixes.items()}
    result, text = Wanted(), ""
    try:
        result = wanted(labels, an_office(), H1)
    except OrchestratorError as error:
        text = str(error)
    assert set(result.segments) <= {"web", "db"}
    assert text.isascii()
    assert text.isprintable() or not text
    assert len(text) < 500


@given(st.text(max_size=300))
def test_what_is_shown_is_short_printable_ascii(text: str) -> None:
    shown = printable(text)
    assert len(shown) <= 64
    assert all(" " <= letter <= "~" for letter in shown)
