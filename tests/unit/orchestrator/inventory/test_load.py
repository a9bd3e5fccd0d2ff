"""The inventory file: what is accepted, and every refusal with its line, its key and what would be right."""

from __future__ import annotations

import base64
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.inventory import InventoryError, load
from trunkline.orchestrator.models import (
    ExternalGateway,
    HostName,
    Inventory,
    Link,
    RouterGateway,
    Rule,
    SecretRef,
    SegmentName,
    SviGateway,
    SwitchName,
)
from trunkline.orchestrator.planning import devices_of, path
from trunkline.orchestrator.vlans import VlanSet

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20" + bytes(32)).decode()

BASE = """\
switches:
  sw1:
    driver: cisco_ios
    kind: l3switch
    address: 10.0.0.1
    credentials: {username: u, password: {file: /run/secrets/sw1}}
    managed_vlans: 2-999
    protected_ports: [Te1/1/1]
  sw2:
    driver: cisco_ios
    kind: l2switch
    address: 10.0.0.2
    credentials: {username: u, password: {env: SW2}}
  r1:
    driver: cisco_ios
    kind: router
    address: 10.0.0.3
    credentials: {username: u, key_file: /etc/trunkline/id}
links:
  - [sw1:Te1/1/2, sw2:Te1/1/2]
  - [sw1:Gi1/0/48, r1:Gi0/0]
hosts:
  h1:
    uplinks: [{nic: eth0, port: sw1:Gi1/0/1, native_vlan: 192}]
  h2:
    uplinks: [{nic: eth0, port: sw2:Gi1/0/1}]
segments:
  web:
    vlan: 10
    subnets:
      - {subnet: 172.31.0.0/16, gateway: 172.31.0.1, ranges: [172.31.4.0-172.31.4.255]}
    gateway: {svi: sw1}
  db:
    vlan: 20
    subnets: [{subnet: 10.20.0.0/24, gateway: 10.20.0.1}]
    gateway: {router: r1, interface: Gi0/0}
policy:
  - {hosts: ["*"], segments: [web, db]}
"""


def read(text: str) -> Inventory:
    return load(text, source="net.yaml")


def changed(old: str, new: str) -> str:
    assert BASE.count(old) == 1, old
    return BASE.replace(old, new)


def problems(text: str) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        read(text)
    return list(caught.value.lines)


def test_the_base_of_these_tests_is_sound() -> None:
    inventory = read(BASE)
    assert set(inventory.switches) == {"sw1", "sw2", "r1"}
    assert path(inventory, [HostName("h2")], SegmentName("db")) == {
        "sw2": {"GigabitEthernet1/0/1", "TenGigabitEthernet1/1/2"},
        "sw1": {"TenGigabitEthernet1/1/2", "GigabitEthernet1/0/48"},
        "r1": set(),
    }


class TestTheExamples:
    def test_the_seed_has_containers_on_vlan_10_and_hosts_untagged_on_one_l3_switch(self) -> None:
        inventory = load((EXAMPLES / "seed.yaml").read_text(), source="seed.yaml")
        web = inventory.segments[SegmentName("web")]
        assert (web.vlan, web.grace_seconds, web.networks) == (10, 600, "declared")
        assert [subnet.network for subnet in web.subnets] == [ip_network("172.31.0.0/16")]
        assert web.gateway == SviGateway(switch=SwitchName("sw1"))
        switch = inventory.switches[SwitchName("sw1")]
        assert (switch.kind, switch.mode) == ("l3switch", "observe")
        assert switch.protected_vlans == VlanSet([192])
        for host in inventory.hosts.values():
            [uplink] = host.uplinks
            assert (uplink.native_vlan, uplink.adopt) == (192, True)
            assert inventory.allows(host.name, web.name)
        assert devices_of(inventory, HostName("h1"), web.name) == ("host:h1", "switch:sw1")

    def test_router_on_a_stick_has_a_dual_stack_sub_interface(self) -> None:
        inventory = load((EXAMPLES / "router-on-a-stick.yaml").read_text(), source="stick.yaml")
        web = inventory.segments[SegmentName("web")]
        assert isinstance(web.gateway, RouterGateway)
        assert (web.gateway.router, web.gateway.interface) == ("r1", "GigabitEthernet0/0")
        assert [subnet.gateway for subnet in web.subnets] == [
            ip_address("172.31.0.1"),
            ip_address("fd00:31::1"),
        ]
        assert path(inventory, [HostName("h1")], web.name) == {
            "sw1": {"GigabitEthernet1/0/1", "GigabitEthernet1/0/48"},
            "r1": set(),
        }


class TestWhatIsPleasantToWrite:
    def test_short_port_names_become_long_ones(self) -> None:
        inventory = read(BASE)
        assert inventory.hosts[HostName("h1")].uplinks[0].port == "GigabitEthernet1/0/1"
        assert inventory.switches[SwitchName("sw1")].protected_ports == {"TenGigabitEthernet1/1/1"}
        assert inventory.links[1].ends[1] == ("r1", "GigabitEthernet0/0")
        gateway = inventory.segments[SegmentName("db")].gateway
        assert isinstance(gateway, RouterGateway)
        assert gateway.interface == "GigabitEthernet0/0"

    def test_a_driver_nobody_here_knows_keeps_its_port_names(self) -> None:
        text = BASE.replace("driver: cisco_ios\n    kind: l2", "driver: arista_eos\n    kind: l2")
        text = text.replace("sw2:Te1/1/2", "sw2:et-0/0/1").replace("sw2:Gi1/0/1", "sw2:Gi1/0/1")
        inventory = read(text)
        assert inventory.links[0].ends[1] == ("sw2", "et-0/0/1")
        assert inventory.hosts[HostName("h2")].uplinks[0].port == "Gi1/0/1"

    def test_a_link_is_a_pair_or_a_mapping(self) -> None:
        adopted = read(
            changed("- [sw1:Te1/1/2, sw2:Te1/1/2]", "- {ends: [sw1:Te1/1/2, sw2:Te1/1/2], adopt: true}")
        )
        plain = read(BASE)
        assert plain.links[0] == Link(ends=adopted.links[0].ends, adopt=False)
        assert adopted.links[0].adopt

    def test_secrets_are_referred_to(self) -> None:
        switches = read(BASE).switches
        assert switches[SwitchName("sw1")].credentials.password == SecretRef(
            kind="file", name="/run/secrets/sw1"
        )
        assert switches[SwitchName("sw2")].credentials.password == SecretRef(kind="env", name="SW2")
        assert switches[SwitchName("r1")].credentials.key_file == "/etc/trunkline/id"

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("600", 600), ("10m", 600), ("30s", 30), ("1h30m", 5400), ("2d", 172800), ("1.5m", 90)],
    )
    def test_durations_have_units(self, text: str, seconds: float) -> None:
        segment = read(changed("    vlan: 10\n", f"    vlan: 10\n    grace: {text}\n")).segments[
            SegmentName("web")
        ]
        assert segment.grace_seconds == seconds

    @pytest.mark.parametrize("text", ["2-99,192", '"2-99,192"', "[2-99, 192]"])
    def test_vlan_sets_are_texts_or_lists(self, text: str) -> None:
        inventory = read(changed("managed_vlans: 2-999", f"managed_vlans: {text}"))
        assert inventory.switches[SwitchName("sw1")].managed_vlans == VlanSet([*range(2, 100), 192])

    def test_a_subnet_may_be_its_text_and_exclusions_blocks_or_single_addresses(self) -> None:
        old = "subnets: [{subnet: 10.20.0.0/24, gateway: 10.20.0.1}]"
        new = (
            "subnets: [{subnet: 10.20.0.0/24, gateway: 10.20.0.1, exclude: [10.20.0.8/29, 10.20.0.200]}, "
            '"fd00:20::/64"]'
        )
        segment = read(changed(old, new)).segments[SegmentName("db")]
        assert [str(subnet.network) for subnet in segment.subnets] == ["10.20.0.0/24", "fd00:20::/64"]
        assert [(str(low), str(high)) for low, high in segment.subnets[0].exclude] == [
            ("10.20.0.8", "10.20.0.15"),
            ("10.20.0.200", "10.20.0.200"),
        ]

    def test_one_name_may_stand_where_a_list_may(self) -> None:
        inventory = read(changed('{hosts: ["*"], segments: [web, db]}', "{hosts: h1, segments: web}"))
        assert inventory.policy == (Rule(hosts=frozenset({"h1"}), segments=frozenset({"web"})),)

    def test_an_external_gateway_is_a_word(self) -> None:
        inventory = read(changed("gateway: {svi: sw1}", "gateway: external"))
        assert inventory.segments[SegmentName("web")].gateway == ExternalGateway()

    def test_the_words_on_and_no_are_words(self) -> None:
        inventory = read(BASE.replace("h1:\n", "on:\n").replace("  h2:\n", "  no:\n"))
        assert list(inventory.hosts) == ["on", "no"]

    def test_aliases_save_typing(self) -> None:
        text = changed(
            "credentials: {username: u, password: {file: /run/secrets/sw1}}",
            "credentials: &c {username: u, password: {file: /p}}",
        )
        text = text.replace("credentials: {username: u, password: {env: SW2}}", "credentials: *c")
        switches = read(text).switches
        assert switches[SwitchName("sw1")].credentials == switches[SwitchName("sw2")].credentials

    def test_a_host_key_is_pinned_without_its_comment(self) -> None:
        inventory = read(
            changed("address: 10.0.0.1", f"address: 10.0.0.1\n    host_key: ssh-ed25519 {KEY} root@sw1")
        )
        assert inventory.switches[SwitchName("sw1")].host_key == f"ssh-ed25519 {KEY}"

    def test_a_share_may_be_a_percentage(self) -> None:
        inventory = read(BASE + "limits: {removals_per_pass: 5, removals_share: 25%}\n")
        assert (inventory.limits.removals_per_pass, inventory.limits.removals_share) == (5, 0.25)


REFUSALS = YAML(typ="safe", pure=True).load(Path(__file__).with_name("refusals.yaml"))


@pytest.mark.parametrize("case", REFUSALS, ids=[case["says"].partition(": ")[2] for case in REFUSALS])
def test_a_mistake_is_named_with_its_line_its_key_and_what_would_be_right(case: dict[str, str]) -> None:
    found = problems(changed(case["old"], case["new"].replace("KEY", KEY)))
    assert any(each.startswith(case["says"]) for each in found), "\n".join(found)
    assert all(each.startswith("net.yaml:") for each in found)


def test_a_secret_in_clear_text_is_never_repeated() -> None:
    text = changed("password: {env: SW2}", "password: hunter2")
    assert "hunter2" not in "\n".join(problems(text))
    assert "hunter2" not in "\n".join(problems(changed("password: {env: SW2}", "password: [hunter2]")))


def test_ipv6_needs_1280_bytes() -> None:
    text = changed("subnets: [{", 'mtu: 1000\n    subnets: ["fd00:20::/64", {')
    assert (
        "net.yaml:35: segments.db.mtu: is 1000, too small or large with IPv6; write 1280 to 9216 bytes"
        in problems(text)
    )


def test_the_router_anycast_address_is_no_gateway() -> None:
    text = changed("subnets: [{", 'subnets: [{subnet: "fd00:20::/64", gateway: "fd00:20::"}, {')
    assert any("fd00:20:: is the network or broadcast address" in line for line in problems(text))


def test_the_last_ipv6_address_may_be_the_gateway() -> None:
    last = "fd00:20::ffff:ffff:ffff:ffff"
    read(changed("subnets: [{", f'subnets: [{{subnet: "fd00:20::/64", gateway: "{last}"}}, {{'))


def test_the_same_vlan_twice_is_fine_where_the_two_never_meet() -> None:
    text = BASE.replace("vlan: 20", "vlan: 10").replace(
        "gateway: {router: r1, interface: Gi0/0}", "gateway: external"
    )
    text = text.replace(
        '- {hosts: ["*"], segments: [web, db]}',
        "- {hosts: [h1], segments: [web]}\n  - {hosts: [h2], segments: [db]}",
    )
    assert {segment.vlan for segment in read(text).segments.values()} == {10}


def test_the_same_subnet_twice_is_fine_where_the_two_never_meet() -> None:
    text = BASE.replace(
        "subnet: 10.20.0.0/24, gateway: 10.20.0.1", "subnet: 172.31.0.0/16, gateway: 172.31.0.1"
    )
    text = text.replace(
        '- {hosts: ["*"], segments: [web, db]}',
        "- {hosts: [h1], segments: [web]}\n  - {hosts: [h2], segments: [db]}",
    )
    assert len(read(text).segments) == 2


def test_overlapping_subnets_on_one_gateway_device_are_refused_even_for_different_hosts() -> None:
    text = BASE.replace(
        "subnet: 10.20.0.0/24, gateway: 10.20.0.1", "subnet: 172.31.0.0/16, gateway: 172.31.0.1"
    )
    text = text.replace("gateway: {router: r1, interface: Gi0/0}", "gateway: {svi: sw1}")
    text = text.replace(
        '- {hosts: ["*"], segments: [web, db]}',
        "- {hosts: [h1], segments: [web]}\n  - {hosts: [h2], segments: [db]}",
    )
    assert any("on the same gateway device sw1" in line for line in problems(text))


def test_what_the_policy_keeps_apart_need_not_be_cabled() -> None:
    text = changed("  - [sw1:Te1/1/2, sw2:Te1/1/2]\n", "").replace('hosts: ["*"]', "hosts: [h1]")
    assert set(read(text).hosts) == {"h1", "h2"}


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = BASE.replace("kind: l3switch", "kind: switch").replace("vlan: 10\n", "vlan: 5000\n")
    text = text.replace("segments: [web, db]", "segments: [wep]").replace(
        "port: sw2:Gi1/0/1}", "port: sw9:Gi1/0/1}"
    )
    with pytest.raises(ConfigError) as caught:
        read(text)
    head, *lines = str(caught.value).splitlines()
    assert head == "inventory net.yaml: 4 problems"
    assert [line.split(": ")[0] for line in lines] == [
        "net.yaml:4",
        "net.yaml:26",
        "net.yaml:29",
        "net.yaml:38",
    ]


def test_a_broken_item_is_still_known_by_its_name() -> None:
    assert len(problems(changed("kind: l3switch", "kind: switch"))) == 1


class TestTextThatIsNoYaml:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("switches: [1,\n", "net.yaml:2: is not YAML: "),
            ("a:\n\tb: 1\n", "net.yaml:2: is not YAML: "),
            ("policy:\n  - hosts: [*]\n", 'put a star in quotes, "*"'),
            ("a: 1\n---\nb: 2\n", "net.yaml:2: is not YAML: "),
            ("a: \x01", "net.yaml:1: holds a character that YAML forbids"),
            ("", "net.yaml:1: is empty; declare switches, hosts, segments"),
            ("- a\n- b\n", "net.yaml:1: is no mapping"),
            ("switches: {? [a, b] : 1}", "net.yaml:1: switches: has a key that is no word"),
            ("switches: !vault x", "net.yaml:1: switches: has the tag '!vault'"),
            ("switches: 3\nhosts:\nlinks: {}\n", "net.yaml:3: links: is no list"),
        ],
    )
    def test_the_line_is_named(self, text: str, line: str) -> None:
        found = problems(text)
        assert any(line in each for each in found), found

    def test_aliases_in_aliases_do_not_fill_the_memory(self) -> None:
        levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))
        assert any("unfolds without end" in line for line in problems(f"a0: &a0 [x]\n{levels}\n"))

    def test_an_alias_to_itself_is_no_trap(self) -> None:
        assert any("unfolds without end" in line for line in problems("switches: &s {sw1: *s}\n"))


@pytest.mark.parametrize("text", ["[" * 3000, "a: " + "[" * 3000 + "]" * 3000, "a: " + "9" * 5000])
def test_a_text_that_no_program_reads_is_refused_and_not_crashed_on(text: str) -> None:
    with pytest.raises(InventoryError):
        read(text)
