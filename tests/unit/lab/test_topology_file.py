"""A topology file becomes a topology, or a list of everything that is wrong with it."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from trunkline.lab.topology import NodeName, PortEnd
from trunkline.lab.topology_file import load, locate, parse
from trunkline.orchestrator.errors import ConfigError

GOOD = """\
management:
  network: 10.99.0.0/24
  address: 10.99.0.1
switches:
  sw1:
    model: catalyst-l3
    management: 10.99.0.2
hosts:
  host1:
    management: 10.99.0.11
    nics:
      eth0:
        cable: sw1 GigabitEthernet1/0/1
        addresses: [192.168.0.11/16]
        gateways: [192.168.0.1]
"""


@pytest.mark.parametrize("name", ["seed", "router", "linux", "openvswitch"])
def test_a_shipped_topology_is_found_by_its_name(name: str) -> None:
    topology = load(name)

    assert set(topology.hosts) == {"host1", "host2", "server"}
    assert topology.source.endswith(f"{name}.yaml")


def test_a_file_beats_a_shipped_topology_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed").write_text(GOOD)

    assert locate("seed") == tmp_path / "seed"


def test_values_have_real_types() -> None:
    topology = parse(GOOD, source="x.yaml")

    (host,) = topology.hosts.values()
    assert host.docker
    assert host.nics[0].cable == PortEnd(switch=NodeName("sw1"), port="GigabitEthernet1/0/1")
    assert host.nics[0].gateways == (ip_address("192.168.0.1"),)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("catalyst-l3", "nexus", "x.yaml:6: switches.sw1.model: "),
        ("10.99.0.11", "10.98.0.11", "x.yaml:10: hosts.host1.management: 10.98.0.11 is not in"),
        ("10.99.0.11", "10.99.0.2", "x.yaml:10: hosts.host1.management: 10.99.0.2 is used 2 times"),
        (
            "cable: sw1",
            "cable: sw9",
            "x.yaml:13: hosts.host1.nics.eth0.cable: there is no switch sw9; known: sw1",
        ),
        ("cable: sw1 GigabitEthernet1/0/1", "cable: sw1", "such as: sw1 GigabitEthernet1/0/1"),
        ("    nics:", "    nicks:", "x.yaml:11: hosts.host1.nicks: "),
        ("host1:", "sw1:", "hosts.sw1: a switch has this name too"),
        ("192.168.0.11/16", "192.168.0.300/16", "hosts.host1.nics.eth0.addresses.0"),
        ("management: 10.99.0.2", "management: [", "topology x.yaml:"),
        (
            "    model: catalyst-l3\n",
            "",
            "switches.sw1.model: a virtual switch is one of: catalyst-l3, isr-router",
        ),
        ("model: catalyst-l3", "platform: sonic", "x.yaml:6: switches.sw1.platform: "),
        ("1/0/1", "", "x.yaml:13: hosts.host1.nics.eth0.cable: GigabitEthernet is no port"),
        ("sw1 GigabitEthernet1/0/1", "sw1 swp1", "cable: swp1 is no port; such as: GigabitEthernet1/0/1"),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_key(old: str, new: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(GOOD.replace(old, new, 1), source="x.yaml")

    assert expected in str(caught.value)


LINUX = GOOD.replace("model: catalyst-l3", "platform: linux-bridge").replace("GigabitEthernet1/0/1", "swp1")


@pytest.mark.parametrize("platform", ["linux-bridge", "openvswitch"])
def test_a_switch_may_be_a_linux_machine(platform: str) -> None:
    (switch,) = parse(LINUX.replace("linux-bridge", platform), source="x.yaml").switches.values()

    assert (switch.platform, switch.model) == (platform, None)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "    platform:",
            "    model: catalyst-l3\n    platform:",
            "x.yaml:6: switches.sw1.model: linux-bridge is a",
        ),
        (
            "    platform:",
            "    latency_ms: 5\n    platform:",
            "x.yaml:6: switches.sw1.latency_ms: only virtual",
        ),
        ("sw1 swp1", "sw1 GigabitEthernet1/0/1", "cable: GigabitEthernet1/0/1 is no port of a Linux machine"),
        ("sw1 swp1", "sw1 mgmt0", "cable: mgmt0 is no port of a Linux machine"),
        ("sw1 swp1", "sw1 swp1;reboot", "cable: swp1;reboot is no port of a Linux machine"),
    ],
)
def test_a_mistake_about_a_linux_machine_is_shown_with_its_line_and_key(
    old: str, new: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(LINUX.replace(old, new, 1), source="x.yaml")

    assert expected in str(caught.value)


def test_all_mistakes_are_shown_at_once() -> None:
    text = GOOD.replace("catalyst-l3", "nexus").replace("192.168.0.1]", "gateway]")

    with pytest.raises(ConfigError) as caught:
        parse(text, source="x.yaml")

    assert "model" in str(caught.value)
    assert "gateways" in str(caught.value)


def test_a_port_takes_one_cable() -> None:
    text = GOOD + "links:\n  - [sw1 GigabitEthernet1/0/2, sw1 GigabitEthernet1/0/1]\n"

    with pytest.raises(ConfigError, match="port sw1 GigabitEthernet1/0/1 has 2 cables"):
        parse(text, source="x.yaml")


def test_a_missing_file_names_the_shipped_topologies() -> None:
    with pytest.raises(ConfigError, match="linux, openvswitch, router, seed"):
        load("/nowhere/lab.yaml")
