"""A proposal as YAML is read back as what was proposed, whatever things are called."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.builders import PORT_1, PORT_2, a_host, a_segment, a_switch, an_inventory
from trunkline.orchestrator.cli.cables import as_plain_values, yaml_lines
from trunkline.orchestrator.discovery import Proposal
from trunkline.orchestrator.inventory import as_plain, load
from trunkline.orchestrator.models import (
    ExternalGateway,
    HostName,
    Inventory,
    Link,
    PortName,
    SegmentName,
    SwitchName,
    Uplink,
)
from trunkline.orchestrator.vlans import Vid

SW1, SW2, WEB = SwitchName("sw1"), SwitchName("sw2"), SegmentName("web")


def written(proposal: Proposal) -> str:
    return "\n".join(yaml_lines(as_plain_values(proposal))) + "\n"


def pasted(before: Inventory, text: str) -> Inventory:
    """Put every key of the text in the place of the same key of an inventory, and read that."""
    file: dict[str, Any] = json.loads(json.dumps(as_plain(before)))
    new = YAML(typ="safe", pure=True).load(text) or {}
    for name, host in new.get("hosts", {}).items():
        file["hosts"].setdefault(name, {}).update(host)
    file["links"] = new.get("links", file["links"])
    return load(json.dumps(file), source="pasted")


@pytest.mark.parametrize(
    "name", ["dock7", "null", "True", "no", "123", "1e3", "0x1F", "0b1", "1_000", "2026-11-26", "a.b", "7th"]
)
def test_a_host_is_pasted_under_its_own_name(name: str) -> None:
    before = an_inventory()
    uplink = Uplink(nic="eth0", switch=SW1, port=PortName("GigabitEthernet1/0/7"))
    host = a_host(name, uplinks=(uplink,))
    after = replace(before, hosts={**before.hosts, host.name: host})

    assert pasted(before, written(Proposal(inventory=after, hosts=(host.name,)))) == after


def test_links_and_all_that_uplinks_say_survive() -> None:
    switches = {SW1: a_switch("sw1"), SW2: a_switch("sw2", address="127.0.0.2", driver="linux_bridge")}
    before = an_inventory(switches=switches, segments={WEB: a_segment(gateway=ExternalGateway())})
    uplink = Uplink(
        nic="bond0",
        switch=SW1,
        port=PORT_1,
        native_vlan=Vid(100),
        adopt=True,
        open_trunk="restrict",
        any_peer=True,
    )
    links = (
        Link(ends=((SW1, PortName("TenGigabitEthernet1/1/1")), (SW2, PortName("swp1:")))),
        Link(ends=((SW1, PortName("TenGigabitEthernet1/1/2")), (SW2, PortName("1")))),
        Link(ends=((SW1, PortName("TenGigabitEthernet1/1/3")), (SW2, PortName("swp:3")))),
        Link(ends=((SW1, PortName("TenGigabitEthernet1/1/4")), (SW2, PortName("swp4"))), adopt=True),
    )
    h1 = HostName("h1")
    after = replace(before, hosts={**before.hosts, h1: a_host("h1", uplinks=(uplink,))}, links=links)

    text = written(Proposal(inventory=after, hosts=(h1,), links=True))

    assert pasted(before, text) == after
    assert "  - [sw1:TenGigabitEthernet1/1/1, " in text


def test_remarks_are_comments_whatever_is_in_them() -> None:
    text = written(Proposal(inventory=an_inventory(), remarks=("x\nhosts: {}\r\u2028links: []\x1b",)))

    assert [line for line in text.splitlines() if not line.startswith("#")] == []
    assert YAML(typ="safe", pure=True).load(text) is None


def test_what_is_no_inventory_yet_is_said() -> None:
    lonely = a_host("h9", port=PORT_2)
    after = replace(an_inventory(), hosts={**an_inventory().hosts, lonely.name: lonely})

    values = as_plain_values(Proposal(inventory=after, hosts=(lonely.name,)))

    assert any("is also the end of" in remark for remark in values["remarks"])
