from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.builders import a_host, a_segment, a_subnet, a_switch, an_inventory
from trunkline.orchestrator.inventory import InventoryError, difference, dump, load, restore, schema
from trunkline.orchestrator.models import (
    Credentials,
    ExternalGateway,
    HostName,
    Inventory,
    Limits,
    Link,
    PortName,
    RouterGateway,
    Rule,
    SecretRef,
    SegmentName,
    SwitchName,
    Uplink,
)
from trunkline.orchestrator.vlans import Vid, VlanSet

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


def everything() -> Inventory:
    """An inventory in which no field has its default."""
    sw1, r1 = SwitchName("sw1"), SwitchName("r1")
    span = (ip_address("172.31.4.0"), ip_address("172.31.4.9"))
    uplink = Uplink(
        nic="bond0",
        switch=sw1,
        port=PortName("Port-channel1"),
        native_vlan=Vid(192),
        adopt=True,
        open_trunk="restrict",
        any_peer=True,
    )
    uplinks = (uplink, replace(uplink, port=PortName("Gi1/0/2")))
    ends = ((sw1, PortName("t1")), (r1, PortName("GigabitEthernet0/0")))
    login = Credentials(
        username="u",
        password=SecretRef(kind="file", name="/p"),
        enable=SecretRef(kind="env", name="E"),
        key_file="/k",
    )
    switch = a_switch(
        port=830,
        credentials=login,
        host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        mode="observe",
        protected_ports=frozenset({PortName("TenGigabitEthernet1/1/1")}),
        protected_vlans=VlanSet([192, 193]),
        save_after_seconds=12.5,
        system_name="core1.example.net",
        jump="ops@bastion:2222",
        patience=2.5,
        revert_minutes=7,
        compare="device",
    )
    web = a_segment(
        subnets=(a_subnet(ranges=(span,), exclude=(span, span)), a_subnet("fd00::/64", None)),
        gateway=RouterGateway(router=r1, interface=PortName("GigabitEthernet0/0")),
        mtu_bytes=9000,
        trunk="always",
        grace_seconds=0.0,
        quarantine_seconds=1.5,
        default_route=False,
        networks="declared",
        prune="network",
        host_access=True,
        clear_neighbors=True,
    )
    return Inventory(
        switches={sw1: switch, r1: a_switch("r1", kind="router", address="r1.example.net")},
        hosts={HostName("h1"): a_host("h1", uplinks=uplinks, system_name="h1.example.net")},
        segments={SegmentName("web"): web, SegmentName("x"): a_segment("x", 11, gateway=ExternalGateway())},
        links=(Link(ends=ends, adopt=True, open_trunk="restrict", any_peer=True),),
        policy=(Rule(hosts=frozenset({"*", "h1"}), segments=frozenset({"web"})),),
        limits=Limits(removals_per_pass=0, removals_share=0.5),
    )


@pytest.mark.parametrize("name", ["seed", "router-on-a-stick"])
def test_an_example_survives_storage_unchanged(name: str) -> None:
    inventory = load((EXAMPLES / f"{name}.yaml").read_text(), source=name)
    assert restore(dump(inventory)) == inventory
    assert load(dump(inventory), source="stored") == inventory


def test_every_field_survives_storage() -> None:
    inventory = everything()
    # t1 and the like are no Cisco names, so let the driver be one that keeps names.
    switches = {name: replace(each, driver="lab_os") for name, each in inventory.switches.items()}
    inventory = replace(inventory, switches=switches)
    assert restore(dump(inventory)) == inventory


def test_equal_inventories_are_stored_as_equal_texts() -> None:
    inventory = everything()
    turned = replace(
        inventory,
        switches=dict(sorted(inventory.switches.items(), reverse=True)),
        segments=dict(sorted(inventory.segments.items(), reverse=True)),
    )
    assert dump(turned) == dump(inventory)


def test_what_was_stored_by_somebody_else_is_refused() -> None:
    with pytest.raises(InventoryError, match="the stored inventory"):
        restore(json.dumps({"switches": {"sw1": {"colour": "red"}}}))


class TestTheDifference:
    def test_nothing_changed(self) -> None:
        assert difference(an_inventory(), an_inventory()) == []

    def test_the_first_inventory_is_all_new(self) -> None:
        assert difference(None, an_inventory()) == [
            "+ switch sw1: kind l3switch, address 127.0.0.1, mode enforce",
            "+ host h1: uplinks [{nic: eth0, port: sw1:GigabitEthernet1/0/1, adopt: false}]",
            "+ host h2: uplinks [{nic: eth0, port: sw1:GigabitEthernet1/0/2, adopt: false}]",
            (
                "+ segment web: vlan 10, subnets [{subnet: 172.31.0.0/16, gateway: 172.31.0.1}, "
                "{subnet: fd00:31::/64, gateway: fd00:31::1}], gateway {svi: sw1}"
            ),
            "+ policy {hosts: [*], segments: [*]}",
        ]

    def test_what_came_went_and_changed_is_told(self) -> None:
        old = an_inventory()
        new = an_inventory(
            switches={SwitchName("sw1"): a_switch(mode="observe")},
            hosts={HostName("h1"): a_host("h1")},
            segments={SegmentName("web"): a_segment(vlan=20, grace_seconds=30.0)},
            policy=(),
            limits=Limits(removals_per_pass=3),
        )
        assert difference(old, new) == [
            "~ switch sw1: mode enforce -> observe",
            "- host h2",
            "~ segment web: grace 600 -> 30",
            "~ segment web: vlan 10 -> 20",
            "- policy {hosts: [*], segments: [*]}",
            "~ limits removals_per_pass 20 -> 3",
        ]


def test_the_schema_knows_every_key_of_the_examples() -> None:
    document = schema()
    assert set(document["properties"]) == {"switches", "hosts", "segments", "links", "policy", "limits"}
    assert document["additionalProperties"] is False
    switch = document["$defs"]["SwitchEdge"]
    assert {"driver", "address", "credentials", "kind"} == set(switch["required"])
    assert switch["properties"]["kind"]["enum"] == ["l3switch", "l2switch", "router"]
    json.dumps(document)
